//! Where state lives, and that only one process runs on it.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

const SYSTEM: &str = "/var/lib/photonbox";
const LOCK_FILE: &str = "running.lock";
const SOCKET_FILE: &str = "control.sock";

/// Finds the state directory: `--state`, else `$STATE_DIRECTORY` (systemd), else
/// `/var/lib/photonbox` where it exists or root asks, else the XDG state folder.
///
/// # Errors
/// A usage error when not even `$HOME` is known.
pub fn resolve(given: Option<&Path>) -> Result<PathBuf> {
    resolve_from(
        given,
        |name| std::env::var_os(name).map(PathBuf::from),
        system_is_ours(),
    )
}

fn resolve_from(
    given: Option<&Path>,
    variable: impl Fn(&str) -> Option<PathBuf>,
    system_is_ours: bool,
) -> Result<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    // systemd joins several directories with colons; the first one is ours.
    let from_systemd = variable("STATE_DIRECTORY")
        .and_then(|list| list.to_str()?.split(':').next().map(PathBuf::from))
        .filter(|path| !path.as_os_str().is_empty());
    if let Some(path) = from_systemd {
        return Ok(path);
    }
    if system_is_ours {
        return Ok(PathBuf::from(SYSTEM));
    }
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map(|base| base.join("photonbox"))
        .ok_or_else(|| {
            Error::usage(
                "there is no state directory to fall back to",
                "give --state DIR",
            )
        })
}

fn system_is_ours() -> bool {
    let me = std::fs::metadata("/proc/self").map(|own| own.uid()).ok();
    match std::fs::metadata(SYSTEM) {
        Ok(system) => me == Some(system.uid()) || me == Some(0),
        Err(_) => me == Some(0),
    }
}

/// Path of the control socket.
#[must_use]
pub fn control_socket(state: &Path) -> PathBuf {
    state.join(SOCKET_FILE)
}

/// Held while a hub or host runs; the system lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub(crate) struct RunningLock {
    _file: File,
}

impl RunningLock {
    /// # Errors
    /// Exit code 1 when another process runs on this directory.
    pub(crate) fn take(state: &Path) -> Result<Self> {
        let path = state.join(LOCK_FILE);
        let open = File::options().create(true).append(true).open(&path);
        let file = open.map_err(|error| {
            Error::failed(
                format!("cannot open {}: {error}", path.display()),
                "check that the state directory exists and that you own it",
            )
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::failed(
                format!("another photonbox runs on {}", state.display()),
                "stop it, or give this one its own --state",
            )),
            Err(TryLockError::Error(error)) => Err(Error::failed(
                format!("cannot lock {}: {error}", path.display()),
                "put the state directory on a file system that has locks",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(given: Option<&str>, variables: &[(&str, &str)], system: bool) -> Option<String> {
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, v)| PathBuf::from(v))
        };
        resolve_from(given.map(Path::new), lookup, system)
            .ok()
            .map(|path| path.display().to_string())
    }

    #[test]
    fn order_of_places() {
        let all = [
            ("STATE_DIRECTORY", "/s:/t"),
            ("XDG_STATE_HOME", "/x"),
            ("HOME", "/h"),
        ];
        assert_eq!(resolved(Some("g"), &all, true).as_deref(), Some("g"));
        assert_eq!(resolved(None, &all, true).as_deref(), Some("/s"));
        assert_eq!(resolved(None, &all[1..], true).as_deref(), Some(SYSTEM));
        assert_eq!(
            resolved(None, &all[1..], false).as_deref(),
            Some("/x/photonbox")
        );
        assert_eq!(
            resolved(None, &all[2..], false).as_deref(),
            Some("/h/.local/state/photonbox")
        );
        assert_eq!(resolved(None, &[("HOME", "relative")], false), None);
    }

    #[test]
    fn one_runner_a_directory() {
        let directory = tempfile::tempdir().expect("tempdir");
        let first = RunningLock::take(directory.path()).expect("free");
        let second = RunningLock::take(directory.path()).expect_err("taken");
        assert_eq!(second.exit_code(), 1);
        drop(first);
        RunningLock::take(directory.path()).expect("free again");
    }
}
