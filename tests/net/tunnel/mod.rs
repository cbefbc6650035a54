//! Two gateways and a machine behind each: `photonbox tunnel` in mode ip-key.

mod capture;
mod changes;
mod flow;
mod kills;
mod pair;
mod paths;
mod several;
