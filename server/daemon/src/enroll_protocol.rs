//! The enrolment exchange inside its TLS connection (ALPN `photonbox-enroll/1`), without I/O.
//!
//! One request, one answer. Frame: magic `PBXE`, version 1, kind, length (u32, big endian), body.
//! Fields of a body are a length (u16) and that many bytes; a flag is one byte.
//!
//! | kind | body |
//! |---|---|
//! | 1 request | host id, token, certificate request (PKCS#10, DER) |
//! | 2 granted | hub id, certificate (DER), CA certificate (DER), relay flag |
//! | 3 refused | one line of text |
//! | 4 renewal | certificate in force (DER), certificate request for a new key (PKCS#10, DER), signature by the key in force |
//!
//! Countermeasure T12 (`docs/threat-model.md`).

use zeroize::Zeroizing;

/// Bytes of the header.
pub const HEADER: usize = 10;
/// The longest body.
pub const MAX_BODY: usize = 16 * 1024;

const MAGIC: &[u8; 4] = b"PBXE";
const VERSION: u8 = 1;

/// What cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not ours.
    #[error("the frame does not begin with PBXE")]
    Magic,
    /// Of a later program.
    #[error("the frame has version {0}, and this program knows only 1")]
    Version(u8),
    /// Longer than [`MAX_BODY`].
    #[error("the frame is too long")]
    TooLong,
    /// An unknown kind, or a body that its kind does not have.
    #[error("the frame is malformed")]
    Malformed,
}

/// One message.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// Host to hub.
    Request {
        /// The id that it wants.
        host: String,
        /// The join token.
        token: Zeroizing<String>,
        /// PKCS#10, DER.
        request: Vec<u8>,
    },
    /// Hub to host.
    Granted {
        /// The hub's id.
        hub: String,
        /// DER.
        certificate: Vec<u8>,
        /// DER.
        ca_certificate: Vec<u8>,
        /// May relay.
        relay: bool,
    },
    /// Hub to host.
    Refused {
        /// One line.
        reason: String,
    },
    /// Host to hub: a newer certificate for whom the one in force names.
    Renewal {
        /// The one in force, DER.
        certificate: Vec<u8>,
        /// For a new key: PKCS#10, DER.
        request: Vec<u8>,
        /// By the key in force, over both and this very connection (`labels::SIGN_RENEWAL` of the channel).
        signature: Vec<u8>,
    },
}

/// Without the token: whoever reads it in a log can enrol.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Request { host, .. } => f
                .debug_struct("Request")
                .field("host", host)
                .finish_non_exhaustive(),
            Self::Granted { hub, relay, .. } => f
                .debug_struct("Granted")
                .field("hub", hub)
                .field("relay", relay)
                .finish_non_exhaustive(),
            Self::Refused { reason } => f.debug_struct("Refused").field("reason", reason).finish(),
            Self::Renewal { .. } => f.debug_struct("Renewal").finish_non_exhaustive(),
        }
    }
}

/// Reads a header: kind and length of the body.
///
/// # Errors
/// [`FrameError`].
pub fn parse_header(header: &[u8; HEADER]) -> Result<(u8, usize), FrameError> {
    let [m0, m1, m2, m3, version, kind, length @ ..] = *header;
    if [m0, m1, m2, m3] != *MAGIC {
        return Err(FrameError::Magic);
    }
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_BODY {
        Err(FrameError::TooLong)
    } else {
        Ok((kind, length))
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let (length, rest) = self
            .0
            .split_first_chunk::<2>()
            .ok_or(FrameError::Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (field, rest) = rest.split_at_checked(length).ok_or(FrameError::Malformed)?;
        self.0 = rest;
        Ok(field)
    }

    fn text(&mut self) -> Result<String, FrameError> {
        let text = std::str::from_utf8(self.bytes()?).map_err(|_| FrameError::Malformed)?;
        // Peers write into our logs and terminals only what is one printable line.
        if text.len() > 256 || text.chars().any(char::is_control) {
            return Err(FrameError::Malformed);
        }
        Ok(text.to_owned())
    }

    fn flag(&mut self) -> Result<bool, FrameError> {
        match self.0 {
            [flag @ (0 | 1), rest @ ..] => {
                self.0 = rest;
                Ok(*flag == 1)
            }
            _ => Err(FrameError::Malformed),
        }
    }
}

impl Message {
    /// Reads a body of the given kind, which must be used up.
    ///
    /// # Errors
    /// [`FrameError::Malformed`].
    pub fn decode(kind: u8, body: &[u8]) -> Result<Self, FrameError> {
        let mut fields = Fields(body);
        let message = match kind {
            1 => Self::Request {
                host: fields.text()?,
                token: Zeroizing::new(fields.text()?),
                request: fields.bytes()?.to_vec(),
            },
            2 => Self::Granted {
                hub: fields.text()?,
                certificate: fields.bytes()?.to_vec(),
                ca_certificate: fields.bytes()?.to_vec(),
                relay: fields.flag()?,
            },
            3 => Self::Refused {
                reason: fields.text()?,
            },
            4 => Self::Renewal {
                certificate: fields.bytes()?.to_vec(),
                request: fields.bytes()?.to_vec(),
                signature: fields.bytes()?.to_vec(),
            },
            _ => return Err(FrameError::Malformed),
        };
        if fields.0.is_empty() {
            Ok(message)
        } else {
            Err(FrameError::Malformed)
        }
    }

    /// Header and body.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        let (kind, fields, flag): (u8, Vec<&[u8]>, Option<bool>) = match self {
            Self::Request {
                host,
                token,
                request,
            } => (1, vec![host.as_bytes(), token.as_bytes(), request], None),
            Self::Granted {
                hub,
                certificate,
                ca_certificate,
                relay,
            } => (
                2,
                vec![hub.as_bytes(), certificate, ca_certificate],
                Some(*relay),
            ),
            Self::Refused { reason } => (3, vec![reason.as_bytes()], None),
            Self::Renewal {
                certificate,
                request,
                signature,
            } => (4, vec![certificate, request, signature], None),
        };
        let mut body = Vec::new();
        for field in fields {
            let length = u16::try_from(field.len()).map_err(|_| FrameError::TooLong)?;
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(field);
        }
        body.extend(flag.map(u8::from));
        if body.len() > MAX_BODY {
            return Err(FrameError::TooLong);
        }
        let mut frame = MAGIC.to_vec();
        frame.extend([VERSION, kind]);
        frame.extend_from_slice(&(body.len() as u32).to_be_bytes());
        frame.extend_from_slice(&body);
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(frame: &[u8]) -> Result<Message, FrameError> {
        let header = frame.first_chunk().ok_or(FrameError::Malformed)?;
        let (kind, length) = parse_header(header)?;
        let body = frame
            .get(HEADER..HEADER + length)
            .ok_or(FrameError::Malformed)?;
        Message::decode(kind, body)
    }

    fn messages() -> [Message; 4] {
        [
            Message::Request {
                host: "h".into(),
                token: Zeroizing::new("t-1".into()),
                request: vec![1, 2, 3],
            },
            Message::Granted {
                hub: "a".into(),
                certificate: vec![4; 900],
                ca_certificate: vec![],
                relay: true,
            },
            Message::Refused {
                reason: "the join token is wrong".into(),
            },
            Message::Renewal {
                certificate: vec![4; 900],
                request: vec![1, 2, 3],
                signature: vec![7; 104],
            },
        ]
    }

    #[test]
    fn round_trip_and_every_cut_is_refused() {
        for message in messages() {
            let frame = message.encode().expect("short");
            assert_eq!(decode(&frame).as_ref(), Ok(&message));
            let (kind, _) = parse_header(frame.first_chunk().expect("header")).expect("header");
            for cut in HEADER..frame.len() {
                assert!(Message::decode(kind, &frame[HEADER..cut]).is_err());
            }
            let mut longer = frame[HEADER..].to_vec();
            longer.push(0);
            assert!(Message::decode(kind, &longer).is_err(), "trailing byte");
        }
    }

    #[test]
    fn no_token_is_shown() {
        let shown = format!("{:?}", messages());
        assert!(
            !shown.contains("t-1") && shown.contains("is wrong"),
            "{shown}"
        );
    }

    #[test]
    fn each_fault_has_its_answer() {
        let good = messages()[0].encode().expect("short");
        let with = |at: usize, byte: u8| {
            let mut frame = good.clone();
            frame[at] = byte;
            decode(&frame)
        };
        assert_eq!(with(0, b'X'), Err(FrameError::Magic));
        assert_eq!(with(4, 2), Err(FrameError::Version(2)));
        assert_eq!(with(5, 9), Err(FrameError::Malformed));
        assert_eq!(with(6, 1), Err(FrameError::TooLong));
        assert_eq!(with(12, b'\n'), Err(FrameError::Malformed));
        let long = Message::Request {
            host: "h".into(),
            token: Zeroizing::new("t".into()),
            request: vec![0; 20_000],
        };
        assert_eq!(long.encode(), Err(FrameError::TooLong));
    }

    proptest! {
        #[test]
        fn nothing_panics(kind in 0_u8..6, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(message) = Message::decode(kind, &body) {
                prop_assert_eq!(&message.encode().expect("short")[HEADER..], &body[..]);
            }
        }
    }
}
