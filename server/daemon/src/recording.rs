//! Recordings that this hub has played: the first pass of one is `simulated`, every later one
//! `replayed`, also across restarts.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use photonbox_store::Store;
use sha2::{Digest, Sha256};

use crate::options::CardOptions;
use crate::{Error, Result, os};

fn hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut hash = Sha256::new();
    loop {
        let part = file.fill_buf()?;
        let length = part.len();
        if length == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(part);
        file.consume(length);
    }
}

/// The options of the card that is about to play, its recording noted as played; it is known by
/// its content, whatever its name.
///
/// # Errors
/// A file that cannot be read; failures of the store.
pub(crate) fn about_to_play(options: &CardOptions, store: &dyn Store) -> Result<CardOptions> {
    let mut options = options.clone();
    if let Some(path) = &options.capture {
        let sha256 = hash(path).map_err(|error| {
            Error::failed(
                format!("cannot read {}: {error}", path.display()),
                "check --capture and the file's mode",
            )
        })?;
        options.played_before |= store.play_recording(&sha256, os::unix_now())?;
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use photonbox_store::SqliteStore;

    #[test]
    fn a_recording_is_known_after_a_restart_by_any_name() {
        let directory = tempfile::tempdir().unwrap();
        let play = |name: &str, content: &[u8]| {
            // Opened anew, as after a restart.
            let store = SqliteStore::create(&directory.path().join("state")).unwrap();
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            let options = CardOptions {
                capture: Some(path),
                ..CardOptions::default()
            };
            about_to_play(&options, &store).unwrap().played_before
        };
        let long = vec![7; 200_000];
        assert!(!play("a.ptu", &long));
        assert!(play("b.ptu", &long));
        assert!(!play("a.ptu", &long[1..]));
    }

    #[test]
    fn other_sources_are_left_alone_and_a_missing_file_is_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::create(directory.path()).unwrap();
        let plain = CardOptions::default();
        assert_eq!(about_to_play(&plain, &store).unwrap(), plain);
        let missing = CardOptions {
            capture: Some(directory.path().join("none.ptu")),
            ..plain
        };
        let error = about_to_play(&missing, &store).unwrap_err();
        assert!(error.to_string().contains("none.ptu") && error.exit_code() == 1);
    }
}
