//! Top levels of the card's builds, and their Verilog (spec 6-card §6.1).
#![forbid(unsafe_code)]

pub mod emit;
mod sampler;

pub use sampler::sampler;

/// The Verilog of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verilog {
    /// The text; its top module's parameter `BUILD_HASH` is set.
    pub text: String,
    /// The build hash ([`emit::hash`]).
    pub build_hash: [u8; 32],
}

/// The Verilog of build *small*.
pub fn small() -> Verilog {
    const PLACEHOLDER: &str = "module photonbox_small(clock,q);\n    input wire clock;\n    output wire [255:0] q;\n    \
        parameter [255:0] BUILD_HASH = 256'h0;\n    assign q = BUILD_HASH;\nendmodule\n";
    emit::hash::stamp(PLACEHOLDER).map_or_else(
        |_| Verilog {
            text: String::new(),
            build_hash: [0; 32],
        },
        |(text, build_hash)| Verilog { text, build_hash },
    )
}
