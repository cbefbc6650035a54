//! The vault (specification 4-vault), without I/O: groups, protocols, tickets, vouchers, and the files that are sealed under its
//! items' keys.

#![forbid(unsafe_code)]

pub mod api;
pub mod group;
pub mod item;
pub mod kept;
pub mod note;
pub mod protocol;
pub mod sealed;
pub mod ticket;
pub mod voucher;
