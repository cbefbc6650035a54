//! The command line as a whole. Each command's own flags stand beside the command.

use crate::commands::{
    audit, backup, card, completions, control, demo, enroll, init, join, keybox, man, serve,
    simcard, simulate, tunnel, vault,
};
use crate::logging::LogFormat;
use crate::{assess, bench, capture};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Entropy and keys for data centres, from single photons.
///
/// Flags win over the environment (PHOTONBOX_*), the environment over the configuration file, the
/// file over the defaults. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 unhealthy source,
/// 4 locked. With --json a command prints one JSON document on standard output and nothing else
/// there; logs and progress go to standard error.
#[derive(Debug, Parser)]
#[command(
    name = "photonbox",
    version,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Configuration file (TOML).
    #[arg(long, global = true, value_name = "FILE", env = "PHOTONBOX_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// State directory [default: $STATE_DIRECTORY, /var/lib/photonbox, or the XDG state folder].
    #[arg(long, global = true, value_name = "DIR", env = "PHOTONBOX_STATE")]
    pub(crate) state: Option<PathBuf>,
    /// What to log on standard error: a level or directives such as `warn,photonbox_daemon=debug`.
    #[arg(long, global = true, value_name = "FILTER", env = "PHOTONBOX_LOG")]
    pub(crate) log: Option<String>,
    /// How log lines look [default: text].
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "PHOTONBOX_LOG_FORMAT"
    )]
    pub(crate) log_format: Option<LogFormat>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch photons become random numbers on two hosts, one of them behind a relay.
    Demo(demo::DemoArgs),
    /// Make a hub: local certificate authority, identity, state directory.
    Init(init::InitArgs),
    /// Enrol a host with a one-time token; `enroll token` makes one on the hub.
    Enroll(enroll::EnrollArgs),
    /// Run the hub: card, pool and channels.
    Serve(serve::ServeArgs),
    /// Run an agent of the vault: a third location, which hubs ask.
    HomomorphicAgent(crate::commands::homomorphic_agent::AgentArgs),
    /// Run a host: receive entropy, feed sinks, relay.
    Join(join::JoinArgs),
    /// Show what the running hub or host is doing.
    Status(control::StatusArgs),
    /// Show what was credited, and what was delivered to whom.
    Ledger(control::LedgerArgs),
    /// Let the running hub or host finish what is open, then stop it.
    Drain(control::DrainArgs),
    /// Re-arm a lane that a health test has stopped, after a new start-up test.
    Rearm(control::RearmArgs),
    /// Tell the running hub or host that its virtual machine was cloned or restored, for a hook of the hypervisor.
    Cloned(control::ClonedArgs),
    /// Look at a card, test it, reset it.
    Card(card::CardCommand),
    /// Serve simulated cards on sockets: to `--card vfio-user:PATH`, or to virtual machines.
    Simcard(simcard::SimcardArgs),
    /// Run networks of real channels in virtual time, with faults, and see what rekeying consumes.
    Simulate(simulate::SimulateArgs),
    /// Compute key boxes: orbits of IP keys.
    Keybox(keybox::KeyboxCommand),
    /// Carry packets to other sites, under keys from key boxes.
    Tunnel(tunnel::TunnelCommand),
    /// Split keys: make and open them at a hub's vault, and seal files under them.
    Vault(vault::VaultCommand),
    /// Check the audit log, or list it.
    Audit(audit::AuditCommand),
    /// Write all that a hub's store holds into one file; a running hub goes on.
    Backup(backup::BackupArgs),
    /// Make a hub's store of a backup, in a state directory or database that has none.
    Restore(backup::RestoreArgs),
    /// Look at a recording of photons and turn it into bits.
    Capture(capture::CaptureArgs),
    /// Estimate the min-entropy of a bit file or a recording (SP 800-90B §6.3).
    Assess(assess::AssessArgs),
    /// Measure, each figure beside its peer's in the same run.
    Bench(bench::BenchArgs),
    /// Print the completion script of a shell.
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write all of them into a folder.
    Man(man::ManArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_flag_is_described() {
        fn walk(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} says nothing",
                command.get_name()
            );
            for arg in command.get_arguments() {
                assert!(
                    arg.get_help().is_some() || arg.get_id() == "help" || arg.get_id() == "version",
                    "{} {}",
                    command.get_name(),
                    arg.get_id()
                );
            }
            for sub in command.get_subcommands() {
                walk(sub);
            }
        }
        walk(&Cli::command());
    }
}
