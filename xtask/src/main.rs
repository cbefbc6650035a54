//! Chores of the workspace.
//!
//! - `cargo xtask tidy`: the house rules, as checks that fail.
//! - `cargo xtask regs`: writes `docs/registers.md` from the register map.
#![forbid(unsafe_code)]

mod regs;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

/// The workspace's root: this package's folder is one below it.
fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or(manifest)
}

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let outcome = match command.as_str() {
        "tidy" => tidy::run(&root()),
        "regs" => regs::write(&root()),
        other => {
            eprintln!("error: unknown chore {other:?} / help: cargo xtask tidy | regs");
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
