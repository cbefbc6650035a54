//! The vault (specification 4-vault): so far the files that are sealed under its items' keys.

#![forbid(unsafe_code)]

pub mod sealed;
