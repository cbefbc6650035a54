//! The provisioned key of a line.

use crate::error::Error;
use std::fmt;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// A key that both ends of a line were provisioned with: 256 bits. Zeroised when dropped, and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SerialKey(Box<[u8; KEY_BYTES]>);

impl SerialKey {
    /// A key of these bytes.
    #[must_use]
    pub fn new(mut bytes: [u8; KEY_BYTES]) -> Self {
        let key = Self(Box::new(bytes));
        bytes.zeroize();
        key
    }

    /// The key in a file of exactly 32 bytes that nobody but its owner may read; or in a credential of this service.
    ///
    /// # Errors
    /// [`Error::SerialKey`].
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
        Self::from_file_or_credential(path, credentials.as_deref().map(Path::new))
    }

    fn from_file_or_credential(path: &Path, credentials: Option<&Path>) -> Result<Self, Error> {
        let refuse = |what: String| Error::SerialKey {
            path: path.to_owned(),
            what,
        };
        let system = |error: io::Error| refuse(error.to_string());
        let mut file = std::fs::File::open(path).map_err(system)?;
        let mode = file.metadata().map_err(system)?.permissions().mode();
        // The folder of credentials is the service's alone; its entry in their access lists looks like a group's.
        let exposed = if credentials.is_some_and(|folder| path.starts_with(folder)) {
            0o037
        } else {
            0o077
        };
        if mode & exposed != 0 {
            return Err(refuse(format!(
                "others may read it (mode {:04o}); `chmod 600` it, and draw another if they did",
                mode & 0o7777
            )));
        }
        let mut bytes = [0; KEY_BYTES];
        let length = file
            .read_exact(&mut bytes)
            .and_then(|()| file.read(&mut [0]))
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    refuse(format!("it has fewer than {KEY_BYTES} bytes"))
                }
                _ => system(error),
            });
        let key = Self::new(bytes);
        bytes.zeroize();
        match length? {
            0 => Ok(key),
            _ => Err(refuse(format!("it has more than {KEY_BYTES} bytes"))),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0[..]
    }
}

impl fmt::Debug for SerialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SerialKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_key_is_32_bytes_of_its_owners() {
        let folder =
            std::env::temp_dir().join(format!("photonbox-serial-key-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("folder");
        let path = folder.join("key");
        for (length, mode, says) in [
            (32, 0o600, None),
            (32, 0o400, None),
            (31, 0o600, Some("fewer than 32")),
            (33, 0o600, Some("more than 32")),
            (32, 0o640, Some("others may read it (mode 0640)")),
        ] {
            let _ = fs::remove_file(&path);
            fs::write(&path, vec![7; length]).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            let key = SerialKey::from_file(&path);
            match says {
                None => assert_eq!(key.expect("a key").bytes(), [7; 32]),
                Some(says) => {
                    let said = key.expect_err("refused").to_string();
                    assert!(said.contains(says) && said.contains("key"), "{said}");
                }
            }
        }
        fs::write(&path, [7; 32]).expect("written");
        for (mode, taken) in [(0o440, true), (0o444, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            let key = SerialKey::from_file_or_credential(&path, Some(&folder));
            assert_eq!(key.is_ok(), taken, "a credential, {mode:o}");
        }
        assert!(SerialKey::from_file(&folder.join("none")).is_err());
        fs::remove_dir_all(&folder).expect("removed");
    }
}
