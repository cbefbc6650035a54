//! JSON of what may be secret: nothing is left behind where a buffer grew.

use std::io::{self, Write};

use photonbox_secret::SecretBytes;
use serde::Serialize;

/// Counts.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How long a value is as JSON.
///
/// # Errors
/// What cannot be JSON.
pub fn json_length(value: &impl Serialize) -> serde_json::Result<usize> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value)?;
    Ok(length.0)
}

/// A value as JSON in locked memory. Written twice, the first time to know how long it is.
///
/// # Errors
/// What cannot be JSON.
pub fn to_secret_json(value: &impl Serialize) -> serde_json::Result<SecretBytes> {
    let mut text = SecretBytes::new_zeroed(json_length(value)?);
    let rest = text.as_mut_slice();
    serde_json::to_writer(rest, value)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_text() {
        for value in [
            serde_json::json!(null),
            serde_json::json!({"a": ["ä\n", 1], "b": "x".repeat(70_000)}),
        ] {
            let text = to_secret_json(&value).expect("JSON");
            assert_eq!(text.as_slice(), serde_json::to_vec(&value).expect("JSON"));
        }
    }
}
