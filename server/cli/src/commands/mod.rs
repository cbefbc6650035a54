//! The commands, one file a group.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod card;
pub(crate) mod completions;
pub(crate) mod control;
pub(crate) mod demo;
pub(crate) mod enroll;
pub(crate) mod homomorphic_agent;
pub(crate) mod init;
pub(crate) mod ip_key;
pub(crate) mod join;
mod key_boxes;
pub(crate) mod keybox;
pub(crate) mod man;
pub(crate) mod serve;
pub(crate) mod signals;
pub(crate) mod simcard;
pub(crate) mod simulate;
pub(crate) mod tunnel;
pub(crate) mod vault;
