//! Structured logs on standard error.

use crate::args::Common;
use crate::exit::Failure;
use crate::settings;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging as flags, environment and file say.
///
/// `default` is the level without a word from any of them: `info` for what runs for long, less for
/// the others, since a report should not drown in what led to it.
pub(crate) fn start(common: &Common, default: &str) -> anyhow::Result<()> {
    let from_file = match common.log {
        Some(_) => None,
        None => settings::load(common)?.log,
    };
    let filter = common
        .log
        .as_deref()
        .or(from_file.as_deref())
        .unwrap_or(default);
    let format = common.log_format.unwrap_or_default();
    let parsed = EnvFilter::try_new(filter).map_err(|e| {
        Failure::usage(
            format!("--log {filter}: {e}"),
            "give a level (error, warn, info, debug, trace, off) or directives such as warn,photonbox_daemon=debug",
        )
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started
        .map_err(|e| Failure::failed(format!("cannot start logging: {e}"), "report this as a bug"))
}
