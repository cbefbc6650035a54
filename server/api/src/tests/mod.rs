//! The interface as its clients see it, on a real store: every protocol in every group, and what is refused.
#![allow(clippy::unwrap_used, reason = "tests")]

mod appliance;
mod document;
mod flows;
mod refusals;
mod world;
