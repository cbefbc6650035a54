//! The Entropy Gathering Daemon's protocol, without I/O: commands 00 to 04.
//!
//! | command | bytes | answer |
//! |---|---|---|
//! | 00 entropy level | `00` | bits available, 4 bytes big endian |
//! | 01 read, no waiting | `01 n` | count, then that many bytes (0 … n) |
//! | 02 read, waiting | `02 n` | n bytes |
//! | 03 write | `03 bits(2) n data(n)` | nothing |
//! | 04 process id | `04` | count, then the id in decimal |
//!
//! QEMU's `rng-egd` speaks 02 only.
//!
//! Countermeasure T12 (`docs/threat-model.md`).

/// The longest command: 03 with 255 bytes.
pub const MAX_COMMAND: usize = 4 + 255;

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// 00: how many bits are there?
    Level,
    /// 01: up to `n` bytes, now.
    ReadNow(u8),
    /// 02: `n` bytes, when they are there.
    ReadWaiting(u8),
    /// 03: bytes that the client believes to hold `bits` of entropy.
    Write {
        /// The client's claim; never credited.
        bits: u16,
        /// Its bytes.
        data: &'a [u8],
    },
    /// 04: who are you?
    ProcessId,
}

/// A command that does not exist; the connection cannot be understood from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown EGD command {0:#04x}")]
pub struct UnknownCommand(pub u8);

/// Reads one command from the front of `input`: the command and its length, or none while bytes are
/// missing.
///
/// # Errors
/// [`UnknownCommand`].
pub fn parse(input: &[u8]) -> Result<Option<(Command<'_>, usize)>, UnknownCommand> {
    Ok(match *input {
        [] | [1 | 2] => None,
        [0, ..] => Some((Command::Level, 1)),
        [1, n, ..] => Some((Command::ReadNow(n), 2)),
        [2, n, ..] => Some((Command::ReadWaiting(n), 2)),
        [3, ref rest @ ..] => match *rest {
            [high, low, n, ref data @ ..] if data.len() >= usize::from(n) => {
                let bits = u16::from_be_bytes([high, low]);
                let data = &data[..usize::from(n)];
                Some((Command::Write { bits, data }, 4 + data.len()))
            }
            _ => None,
        },
        [4, ..] => Some((Command::ProcessId, 1)),
        [other, ..] => return Err(UnknownCommand(other)),
    })
}

/// Answer to 00; `bytes` saturates at 2^32 − 1 bits.
#[must_use]
pub fn level_answer(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes.saturating_mul(8))
        .unwrap_or(u32::MAX)
        .to_be_bytes()
}

/// Answer to 04.
#[must_use]
pub fn process_id_answer(id: u32) -> Vec<u8> {
    let text = id.to_string();
    let mut answer = vec![text.len() as u8];
    answer.extend_from_slice(text.as_bytes());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn table() {
        type Parsed<'a> = Result<Option<(Command<'a>, usize)>, UnknownCommand>;
        let cases: &[(&[u8], Parsed<'_>)] = &[
            (&[], Ok(None)),
            (&[0], Ok(Some((Command::Level, 1)))),
            (&[0, 9, 9], Ok(Some((Command::Level, 1)))),
            (&[1], Ok(None)),
            (&[1, 0], Ok(Some((Command::ReadNow(0), 2)))),
            (&[1, 255, 7], Ok(Some((Command::ReadNow(255), 2)))),
            (&[2], Ok(None)),
            (&[2, 64], Ok(Some((Command::ReadWaiting(64), 2)))),
            (&[3], Ok(None)),
            (&[3, 1, 2], Ok(None)),
            (
                &[3, 1, 2, 0],
                Ok(Some((
                    Command::Write {
                        bits: 258,
                        data: &[],
                    },
                    4,
                ))),
            ),
            (&[3, 0, 8, 2, 0xaa], Ok(None)),
            (
                &[3, 0, 8, 1, 0xaa, 0xbb],
                Ok(Some((
                    Command::Write {
                        bits: 8,
                        data: &[0xaa],
                    },
                    5,
                ))),
            ),
            (&[4], Ok(Some((Command::ProcessId, 1)))),
            (&[5], Err(UnknownCommand(5))),
            (&[0xff, 0], Err(UnknownCommand(0xff))),
        ];
        for (input, expected) in cases {
            assert_eq!(parse(input), *expected, "{input:?}");
        }
    }

    #[test]
    fn answers() {
        assert_eq!(level_answer(0), [0, 0, 0, 0]);
        assert_eq!(level_answer(4096), [0, 0, 0x80, 0]);
        assert_eq!(level_answer(usize::MAX), [0xff; 4]);
        assert_eq!(process_id_answer(1234), b"\x041234");
    }

    proptest! {
        /// However the bytes are cut, the same commands come out, and waiting is bounded.
        #[test]
        fn cutting_changes_nothing(bytes in proptest::collection::vec(0_u8..6, 0..600)) {
            let mut rest = &bytes[..];
            loop {
                match parse(rest) {
                    Ok(Some((command, used))) => {
                        prop_assert!(used >= 1 && used <= rest.len() && used <= MAX_COMMAND);
                        for shorter in 0..used {
                            prop_assert_eq!(parse(&rest[..shorter]), Ok(None));
                        }
                        prop_assert_eq!(parse(&rest[..used]), Ok(Some((command, used))));
                        rest = &rest[used..];
                    }
                    Ok(None) => {
                        prop_assert!(rest.len() < MAX_COMMAND);
                        break;
                    }
                    Err(UnknownCommand(byte)) => {
                        prop_assert_eq!(byte, 5);
                        break;
                    }
                }
            }
        }
    }
}
