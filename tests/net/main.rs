//! Real processes in network namespaces of their own: hub, relay and hosts on a network that loses, delays and reorders
//! packets, falls apart, and whose machines die. Needs root, `ip` and, for the bad links, Python; says *skipped* without.
//!
//! Asserted times are those that are promised (2 s and 5 s); all others only end a test that hangs.

mod account;
mod crowd;
mod drains;
mod links;
mod moves;
mod namespaces;
// The end-to-end tests' ways of reading metrics and of running the binary; this test uses a part of them.
#[allow(dead_code)]
#[path = "../e2e/openmetrics.rs"]
mod openmetrics;
#[allow(dead_code)]
#[path = "../e2e/process.rs"]
mod process;
mod rotation;
mod site;
mod soak;
#[path = "../e2e/tshark.rs"]
mod tshark;
mod tunnel;
mod world;
