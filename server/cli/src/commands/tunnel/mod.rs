//! `photonbox tunnel`: a gateway to other sites under keys from key boxes.

mod status;
mod up;

use super::control;
use crate::args::Common;
use crate::output::{self, Json};
use photonbox_daemon::ControlCommand;

/// `tunnel` and its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct TunnelCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Bring a tunnel up and keep it up until it is stopped: a TUN device, and UDP to its peers. Needs root or
    /// CAP_NET_ADMIN.
    Up(Box<up::UpArgs>),
    /// Show the peers of the running tunnel: where they are, keys, traffic, and what was dropped.
    Status(StatusArgs),
    /// Take the running tunnel down.
    Down(DownArgs),
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct DownArgs {
    #[command(flatten)]
    json: Json,
}

impl TunnelCommand {
    /// Whether it runs until it is stopped, and logs as such.
    pub(crate) fn stays(&self) -> bool {
        matches!(self.command, Action::Up(_))
    }
}

/// Runs a `tunnel` command.
pub(crate) fn run(command: TunnelCommand, common: &Common) -> anyhow::Result<()> {
    match command.command {
        Action::Up(args) => up::run(*args, common),
        Action::Status(args) => {
            let answer = control::ask(common, ControlCommand::Status)?;
            if args.json.json {
                output::json(&answer)
            } else {
                output::write(&status::text(&answer))
            }
        }
        Action::Down(args) => {
            let answer = control::ask(common, ControlCommand::Drain)?;
            if args.json.json {
                output::json(&answer)
            } else {
                output::write("the tunnel goes down\n")
            }
        }
    }
}
