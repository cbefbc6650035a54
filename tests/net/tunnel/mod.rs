//! Two gateways and a machine behind each: `photonbox tunnel` in both modes.

mod capture;
mod changes;
mod flow;
mod hub;
mod kills;
mod losses;
mod pair;
mod paths;
mod several;
