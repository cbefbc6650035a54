//! Top levels of the card's builds, and their Verilog (spec 6-card §6.1).
#![forbid(unsafe_code)]

pub mod emit;
mod sampler;

pub use sampler::sampler;

use photonbox_cores::card::Small;
use photonbox_model::Build;
use rust_hdl::prelude::{Block, generate_verilog};

/// The Verilog of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verilog {
    /// The text; its top module's parameter `BUILD_HASH` is set.
    pub text: String,
    /// The build hash ([`emit::hash`]).
    pub build_hash: [u8; 32],
}

/// Name of the top module of build *small*.
pub const SMALL_TOP: &str = "photonbox_small";

/// The Verilog of build *small*.
///
/// # Errors
/// Only when the card lacks its input `build_hash`, which is a mistake in `hdl/cores`.
pub fn small() -> Result<Verilog, emit::hash::HashError> {
    let mut card = Small::new(Build::Small);
    card.connect_all();
    publish(&generate_verilog(&card), SMALL_TOP)
}

/// From what rust-hdl emits (its top is called `top`) to what is published.
fn publish(verilog: &str, top: &str) -> Result<Verilog, emit::hash::HashError> {
    let named = emit::named(&emit::dedupe(verilog), top);
    let (text, build_hash) = emit::hash::stamp(&emit::hash::parameterise(&named, top)?)?;
    Ok(Verilog { text, build_hash })
}
