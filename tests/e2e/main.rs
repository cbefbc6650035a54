//! Real processes on loopback: hub, hosts, a host behind a relay, and everything that can be wrong.
//!
//! Photons come from the recording that `PHOTONBOX_CAPTURE` names, otherwise from the stochastic
//! model. Deadlines here only end a test that hangs; none of them is a measurement.

mod attested;
mod bad_input;
mod bad_peers;
mod capture_tools;
mod card_and_bench;
mod dark_channel;
mod database;
mod dissector;
mod first_light;
mod health;
mod keybox;
mod metrics;
mod openmetrics;
mod packaging;
mod process;
mod ptu_file;
mod renewal;
mod root_key;
mod scene;
mod simcard;
mod simulate;
mod sinks;
mod survival;
mod tshark;
mod tunnel;
mod vault;
