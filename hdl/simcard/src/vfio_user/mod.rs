//! A card served as a PCI function, over vfio-user 0.1 on a Unix socket: to the driver, or to a virtual machine.
//!
//! ```text
//!  socket ── server ── session ── function ─┬─ config, msix, status ── registers ──▶ Device
//!            one thread a card              └─ Host: dma, msix, status ◀── posted writes, interrupts
//! ```
//!
//! A client is one at a time, and trusted with nothing but its own memory: whatever it sends, the card is there for
//! the next one (see `docs/decisions/0012-vfio-user.md`).

mod config;
mod dma;
mod function;
mod msix;
mod server;
mod session;
mod socket;
mod status;

pub use photonbox_driver::transport::About;
pub use server::{ServeError, Server, serve_connection};
