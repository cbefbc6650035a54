//! The vault (specification 4-vault): so far the groups in which keys are split, and the files that are sealed under its items'
//! keys.

#![forbid(unsafe_code)]

pub mod api;
pub mod group;
pub mod item;
pub mod kept;
pub mod protocol;
pub mod sealed;
pub mod ticket;
