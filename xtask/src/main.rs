//! Chores of the workspace.
//!
//! - `cargo xtask tidy`: the house rules, as checks that fail.
//! - `cargo xtask regs [--json]`: writes `docs/registers.md` from the register map, or prints the map as JSON.
//! - `cargo xtask verilog [--check]`: writes the builds' Verilog (`hdl/verilog`), or says whether it is fresh.
//! - `cargo xtask bench-card [ROUNDS]`: every way to the card, measured in one run.
//! - `cargo xtask synth …`: yosys checks, synthesis, place and route; `cargo xtask synth --help` says more.
#![forbid(unsafe_code)]

/// A line to standard output. Who stops reading (`| head`) ends the printing, not the work.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _closed = writeln!(std::io::stdout(), $($line)*);
    }};
}

mod bench_card;
mod regs;
mod synth;
mod tidy;
mod tools;
mod verilog;

use std::path::PathBuf;
use std::process::ExitCode;

/// The workspace's root: this package's folder is one below it. Asked of cargo first: a target folder that several
/// checkouts share may hold the binary of another.
fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["regs"] => regs::write(&root()),
        ["regs", "--json"] => regs::json().map(|text| say!("{text}")),
        ["verilog"] => verilog::write(&root()),
        ["verilog", "--check"] => verilog::check(&root()),
        ["bench-card", rest @ ..] => bench_card::run(&root(), rest),
        ["synth", rest @ ..] => synth::run(&root(), rest),
        other => {
            eprintln!(
                "error: unknown chore {:?} / help: cargo xtask tidy | regs [--json] | verilog [--check] | synth | bench-card [ROUNDS]",
                other.join(" ")
            );
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
