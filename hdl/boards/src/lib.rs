//! Top levels of the card's builds, and their Verilog (spec 6-card §6.1).
#![forbid(unsafe_code)]

pub mod emit;
mod sampler;

pub use sampler::sampler;

use photonbox_cores::card::{Small, Wide};
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

/// Name of the top module of build *wide*.
pub const WIDE_TOP: &str = "photonbox_wide";

/// The Verilog of build *small*.
///
/// # Errors
/// Only when the card lacks its input `build_hash`, which is a mistake in `hdl/cores`.
pub fn small() -> Result<Verilog, emit::hash::HashError> {
    let mut card = Small::new(Build::Small);
    card.connect_all();
    publish(&generate_verilog(&card), SMALL_TOP)
}

/// Bytes of stack for the emission of a wide card.
const STACK: usize = 1 << 28;

/// The Verilog of build *wide*: some seconds of work.
///
/// # Errors
/// As [`small`], and when no thread can be started.
pub fn wide() -> Result<Verilog, emit::hash::HashError> {
    // The card with all its lanes is built on the stack before it is anywhere else.
    let emit = || {
        let mut card = Box::new(Wide::new(Build::Wide));
        card.connect_all();
        generate_verilog(&*card)
    };
    let verilog = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK);
        let thread = builder.spawn_scoped(scope, emit);
        thread.map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    });
    let verilog = verilog.map_err(|_| emit::hash::HashError::NoThread)?;
    publish(&verilog, WIDE_TOP)
}

/// From what rust-hdl emits (its top is called `top`) to what is published.
fn publish(verilog: &str, top: &str) -> Result<Verilog, emit::hash::HashError> {
    let named = emit::named(&emit::dedupe(verilog), top);
    let (text, build_hash) = emit::hash::stamp(&emit::hash::parameterise(&named, top)?)?;
    Ok(Verilog { text, build_hash })
}
