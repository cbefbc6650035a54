//! Signed objects as bytes, for what goes over as files or lies in a store: magic, version, parts each with its length (32 bits,
//! big-endian), then who signed, and the signature over label and parts.
//!
//! Signatures are arguments: what makes and judges them lies outside. Nothing of an object is believed before [`Signed::check`].
#![forbid(unsafe_code)]

/// Version of the wire form.
const VERSION: u8 = 1;
/// The longest signer, bytes: a signer, or a public key.
const MAX_SIGNER: usize = 4096;
/// The longest signature, bytes.
const MAX_SIGNATURE: usize = 256;

/// Appends a part and, before it, its length (32 bits, big-endian).
pub fn put(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&(part.len() as u32).to_be_bytes());
    out.extend_from_slice(part);
}

/// Why bytes are not the signed object that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Another magic or version.
    #[error("not {0}, or of another version; look whether it is the right file")]
    Other(&'static str),
    /// A part is too short, too long or not text.
    #[error("{0} that is cut or damaged; have it made anew")]
    Damaged(&'static str),
}

/// What can be signed.
pub trait Body: Sized {
    /// What it is, in words.
    const WHAT: &'static str;
    /// First bytes of its file.
    const MAGIC: [u8; 4];
    /// Before what is signed.
    const LABEL: &'static [u8];
    /// The longest object of its kind, bytes, its signature included.
    const MOST: usize;

    /// Its parts.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads them; none if they are not right.
    fn read(parts: &mut Parts<'_>) -> Option<Self>;
}

/// Bytes that are read from left to right.
#[derive(Debug)]
pub struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    /// So many bytes.
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    /// Bytes of a fixed number.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A part of at most so many bytes, which has its length before it.
    pub fn part(&mut self, most: usize) -> Option<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        (length <= most).then(|| self.take(length)).flatten()
    }

    /// Text of 1 byte to so many.
    pub fn text(&mut self, most: usize) -> Option<String> {
        let text = std::str::from_utf8(self.part(most)?).ok()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A number of 64 bits.
    pub fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.array()?))
    }

    /// A number of 32 bits that is at most this.
    pub fn count(&mut self, most: u32) -> Option<u32> {
        let count = u32::from_be_bytes(self.array()?);
        (count <= most).then_some(count)
    }

    /// A byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }
}

/// A body with who signed it (a certificate or a public key) and the signature. What reads one believes nothing of it before [`Signed::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<T> {
    body: T,
    signer: Vec<u8>,
    signature: Vec<u8>,
}

impl<T: Body> Signed<T> {
    /// Signs a body: `sign` is called with the message; `signer` is what its signature is judged by, a certificate or a public key.
    ///
    /// # Errors
    /// What `sign` returns.
    pub fn sign<E>(
        body: T,
        signer: &[u8],
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let signature = sign(&message(&body))?;
        let signer = signer.to_vec();
        Ok(Self {
            body,
            signer,
            signature,
        })
    }

    /// The body, if `judge` says of signer, message and signature that the signer is good and the signature its own. With it what the judge
    /// found of the signer.
    ///
    /// # Errors
    /// What `judge` returns.
    pub fn check<S, E>(
        &self,
        judge: impl FnOnce(&[u8], &[u8], &[u8]) -> Result<S, E>,
    ) -> Result<(&T, S), E> {
        let signer = judge(&self.signer, &message(&self.body), &self.signature)?;
        Ok((&self.body, signer))
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = T::MAGIC.to_vec();
        out.push(VERSION);
        self.body.write(&mut out);
        put(&mut out, &self.signer);
        put(&mut out, &self.signature);
        out
    }

    /// Reads one. It is not checked.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (head, version) = (T::MAGIC, [VERSION]);
        let rest = bytes
            .strip_prefix(&head)
            .and_then(|rest| rest.strip_prefix(&version))
            .ok_or(Malformed::Other(T::WHAT))?;
        let damaged = Malformed::Damaged(T::WHAT);
        if bytes.len() > T::MOST {
            return Err(damaged);
        }
        let mut parts = Parts(rest);
        let read = (|| {
            let body = T::read(&mut parts)?;
            let signer = parts.part(MAX_SIGNER)?.to_vec();
            let signature = parts.part(MAX_SIGNATURE)?.to_vec();
            parts.0.is_empty().then_some(Self {
                body,
                signer,
                signature,
            })
        })();
        read.ok_or(damaged)
    }
}

/// Label, version and body.
fn message<T: Body>(body: &T) -> Vec<u8> {
    let mut message = Vec::new();
    put(&mut message, T::LABEL);
    message.push(VERSION);
    body.write(&mut message);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Order {
        who: String,
        what: Vec<u8>,
        number: u64,
    }

    impl Body for Order {
        const WHAT: &'static str = "an order";
        const MAGIC: [u8; 4] = *b"TEST";
        const LABEL: &'static [u8] = b"photonbox/test/v1/order";
        const MOST: usize = 200;

        fn write(&self, out: &mut Vec<u8>) {
            put(out, self.who.as_bytes());
            put(out, &self.what);
            out.extend_from_slice(&self.number.to_be_bytes());
            out.extend_from_slice(&7_u32.to_be_bytes());
            out.push(1);
        }

        fn read(parts: &mut Parts<'_>) -> Option<Self> {
            let order = Self {
                who: parts.text(16)?,
                what: parts.part(100)?.to_vec(),
                number: parts.number()?,
            };
            (parts.count(7)? == 7 && parts.byte()? == 1).then_some(order)
        }
    }

    /// A "signature" that is the message shows what is signed.
    fn order(what: &[u8]) -> Signed<Order> {
        let body = Order {
            who: "alpha".into(),
            what: what.to_vec(),
            number: 3,
        };
        let signed = Signed::sign(body, b"key", |message| Ok::<_, ()>(message.to_vec()));
        signed.expect("signed")
    }

    fn judge(
        signer: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<&'static str, &'static str> {
        match signer == b"key" && message == signature {
            true => Ok("alpha"),
            false => Err("forged"),
        }
    }

    #[test]
    fn what_is_signed_is_all_of_it() {
        let signed = order(b"lock");
        let read = Signed::<Order>::read(&signed.to_bytes());
        assert_eq!(read.as_ref(), Ok(&signed));
        let (body, signer) = signed.check(judge).expect("it is good");
        assert_eq!((body.number, signer), (3, "alpha"));
        let change: [fn(&mut Order); 4] = [
            |order| order.who = "alph".into(),
            |order| order.what.push(0),
            |order| order.number = 4,
            // The same bytes, otherwise divided.
            |order| (order.who, order.what) = ("alphal".into(), b"ock".to_vec()),
        ];
        for (at, change) in change.iter().enumerate() {
            let mut other = signed.clone();
            change(&mut other.body);
            assert_eq!(other.check(judge).err(), Some("forged"), "{at}");
        }
        let mut other = signed;
        other.signer = b"kez".to_vec();
        assert_eq!(other.check(judge).err(), Some("forged"), "another signer");
    }

    #[test]
    fn bytes_that_are_not_it_are_refused() {
        let bytes = order(b"lock").to_bytes();
        let read = |bytes: &[u8]| Signed::<Order>::read(bytes).err();
        assert_eq!(read(&bytes), None);
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at]).is_some(), "cut at {at}");
        }
        let damaged = Some(Malformed::Damaged("an order"));
        assert_eq!(read(&[&bytes[..], &[0]].concat()), damaged, "longer");
        assert_eq!(
            read(&order(&[1; 101]).to_bytes()),
            damaged,
            "a part too long"
        );
        let long = Signed {
            signer: vec![0; 150],
            ..order(b"lock")
        };
        assert_eq!(read(&long.to_bytes()), damaged, "too long as a whole");
        for (at, other) in [(0, "magic"), (4, "version")] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let refused = Some(Malformed::Other("an order"));
            assert_eq!(read(&changed), refused, "{other}");
        }
        // Not text, none, and a length that is more than there is.
        for text in [&b"\xff"[..], b""] {
            let mut parts = Vec::new();
            put(&mut parts, text);
            assert_eq!(Parts(&parts).text(16), None);
        }
        assert_eq!(Parts(&[255; 4]).part(usize::MAX), None);
        assert_eq!(Parts(&[0, 0, 0, 8]).count(7), None);
    }
}
