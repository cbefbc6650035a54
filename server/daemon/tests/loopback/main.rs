//! Hub, hosts and relays in this process, over loopback TCP with real channels.
#![allow(clippy::unwrap_used, reason = "tests")]

mod bad_peers;
mod boxes;
mod cloned;
mod failover;
mod health;
mod hub_and_hosts;
mod world;
