//! `photonbox completions`: the completion script of a shell.

use crate::args::Cli;
use crate::output;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "photonbox", &mut script);
    output::write(&String::from_utf8(script)?)
}
