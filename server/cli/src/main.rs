//! The `photonbox` command: parsing, merging of settings, printing, exit codes. What is done is
//! done in the crates below.
#![forbid(unsafe_code)]

mod args;
mod assess;
mod bench;
mod capture;
mod commands;
mod exit;
mod logging;
mod output;
mod plots;
mod quantity;
mod settings;

use args::{Cli, Command};
use clap::Parser as _;
use commands::{
    audit, backup, card, completions, control, demo, enroll, init, join, keybox, man, serve,
    simcard, simulate, tunnel, vault,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap prints usage errors itself and ends with 2; --help and --version end with 0.
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let common = cli.common;
    let quiet_level = match &cli.command {
        Command::Serve(_) | Command::Join(_) | Command::HomomorphicAgent(_) => "info",
        Command::Tunnel(tunnel) if tunnel.stays() => "info",
        // Its screen says what a warning would, and a log line would tear it.
        Command::Demo(_) => "error",
        _ => "warn",
    };
    logging::start(&common, quiet_level)?;
    match cli.command {
        Command::Tunnel(args) => tunnel::run(args, &common),
        Command::Vault(args) => vault::run(args, &common),
        Command::Audit(args) => audit::run(args, &common),
        Command::Backup(args) => backup::backup(args, &common),
        Command::Restore(args) => backup::restore(args, &common),
        Command::Demo(args) => demo::run(args, &common),
        Command::Init(args) => init::run(args, &common),
        Command::Enroll(args) => enroll::run(args, &common),
        Command::Serve(args) => serve::run(args, &common),
        Command::HomomorphicAgent(args) => commands::homomorphic_agent::run(args, &common),
        Command::Join(args) => join::run(args, &common),
        Command::Status(args) => control::status(&args, &common),
        Command::Ledger(args) => control::ledger(&args, &common),
        Command::Drain(args) => control::drain(&args, &common),
        Command::Rearm(args) => control::rearm(&args, &common),
        Command::Cloned(args) => control::cloned(&args, &common),
        Command::Card(args) => card::run(args, &common),
        Command::Simcard(args) => simcard::run(args, &common),
        Command::Simulate(args) => simulate::run(args, &common),
        Command::Keybox(args) => keybox::run(args, &common),
        Command::Capture(args) => capture::run(args, &mut std::io::stdout().lock()),
        Command::Assess(args) => assess::run(args, &mut std::io::stdout().lock()),
        Command::Bench(args) => bench::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
