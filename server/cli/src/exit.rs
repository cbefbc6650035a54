//! How a command ends: the exit codes that scripts rely on, and the one line that says why.
//!
//! 0 done · 1 failed · 2 wrong usage · 3 unhealthy source · 4 locked. A failure is one line on
//! standard error, `error: what failed / help: what to do`.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

/// The exit codes, by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command could not do what it was asked.
    Failed = 1,
    /// The command line or the configuration asks for something that does not exist.
    Usage = 2,
    /// The source of entropy is unhealthy.
    Unhealthy = 3,
    /// The hub is locked.
    Locked = 4,
}

/// A failure that the command line itself found, with what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    help: String,
}

impl Failure {
    /// A failure with exit code 1.
    pub(crate) fn failed(what: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
        Self::with(Exit::Failed, what, help)
    }

    /// Wrong usage that the argument parser alone cannot see.
    pub(crate) fn usage(what: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
        Self::with(Exit::Usage, what, help)
    }

    /// A failure with any exit code.
    pub(crate) fn with(
        exit: Exit,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> anyhow::Error {
        anyhow::Error::new(Self {
            exit,
            what: what.into(),
            help: help.into(),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// Prints the failure's one line and gives its exit code.
///
/// Standard output closed by its reader (`photonbox … | head`) is not a failure of ours: nobody is
/// left to tell, and the code is 0.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let (exit, line) = describe(error);
    // Standard error may be closed too; there is nowhere left to say so.
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::from(exit as u8)
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Exit code and line of a failure.
fn describe(error: &anyhow::Error) -> (Exit, String) {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return (failure.exit, line(&failure.what, &failure.help));
    }
    if let Some(daemon) = error.downcast_ref::<photonbox_daemon::Error>() {
        let exit = match daemon.exit_code() {
            2 => Exit::Usage,
            3 => Exit::Unhealthy,
            4 => Exit::Locked,
            _ => Exit::Failed,
        };
        return (exit, line(&daemon.to_string(), &daemon.help()));
    }
    if let Some(client) = error.downcast_ref::<photonbox_client::Error>() {
        let exit = if client.is_locked() {
            Exit::Locked
        } else {
            Exit::Failed
        };
        return (exit, line(&client.to_string(), &client.help()));
    }
    // The libraries' messages say what failed and then, after a semicolon, what to do.
    let mut message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Some messages tell their cause themselves.
        if !message.contains(&cause) {
            message.push_str(": ");
            message.push_str(&cause);
        }
    }
    match message.rsplit_once("; ") {
        Some((what, help)) => (Exit::Failed, line(what, help)),
        None => (
            Exit::Failed,
            line(
                &message,
                "run it again with --log debug to see what led to it",
            ),
        ),
    }
}

/// `error: … / help: …` on one line, whatever the parts hold.
fn line(what: &str, help: &str) -> String {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("error: {} / help: {}", flat(what), flat(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn each_kind_keeps_its_code_and_is_one_line() {
        let cases = [
            (
                Failure::failed("a\nb", "c"),
                Exit::Failed,
                "error: a b / help: c",
            ),
            (Failure::usage("a", "c"), Exit::Usage, "error: a / help: c"),
            (
                photonbox_daemon::Error::unhealthy("no lane left", "re-arm one").into(),
                Exit::Unhealthy,
                "error: no lane left / help: re-arm one",
            ),
            (
                anyhow::anyhow!("the file is short; record it again"),
                Exit::Failed,
                "error: the file is short / help: record it again",
            ),
        ];
        for (error, exit, expected) in cases {
            assert_eq!(describe(&error), (exit, expected.to_owned()));
        }
    }

    #[test]
    fn a_cause_is_told() {
        let error = Err::<(), _>(std::io::Error::other("disk on fire"))
            .context("cannot write x")
            .expect_err("an error");
        let (_, line) = describe(&error);
        assert!(
            line.starts_with("error: cannot write x: disk on fire / help: "),
            "{line}"
        );
    }

    #[test]
    fn a_closed_reader_is_no_failure() {
        let error = std::io::Error::from(std::io::ErrorKind::BrokenPipe).into();
        assert!(is_closed_pipe(&error));
        assert!(!is_closed_pipe(&anyhow::anyhow!("else")));
    }
}
