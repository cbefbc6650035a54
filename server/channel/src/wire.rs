//! Big-endian reading and writing of bounded fields. A reader never panics and never allocates
//! by a length that it has not checked against what is there.

/// A field that is cut short, out of its bounds, or unknown. The text names the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed: {0}")]
pub struct Malformed(pub &'static str);

/// Reads fields from the front of a slice.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.rest.split_at_checked(len).ok_or(Malformed(what))?;
        self.rest = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(Malformed(what))?;
        self.rest = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        Ok(self.array::<1>(what)?[0])
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Malformed> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, Malformed> {
        Ok(u64::from_be_bytes(self.array(what)?))
    }

    /// A field with a 16-bit length before it, of at most `max` bytes.
    pub(crate) fn short(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let len = usize::from(self.u16(what)?);
        if len > max {
            return Err(Malformed(what));
        }
        self.take(len, what)
    }

    /// UTF-8 text with a 16-bit length before it, of at most `max` bytes.
    pub(crate) fn text(&mut self, max: usize, what: &'static str) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.short(max, what)?).map_err(|_| Malformed(what))
    }

    /// A field with a 32-bit length before it, of at most `max` bytes.
    pub(crate) fn long(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let len = self.u32(what)? as usize;
        if len > max {
            return Err(Malformed(what));
        }
        self.take(len, what)
    }

    /// A flag byte that must be 0 or 1.
    pub(crate) fn flag(&mut self, what: &'static str) -> Result<bool, Malformed> {
        match self.u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed(what)),
        }
    }

    /// An optional 64-bit number: a flag byte, then the number if the flag is 1.
    pub(crate) fn maybe_u64(&mut self, what: &'static str) -> Result<Option<u64>, Malformed> {
        Ok(if self.flag(what)? {
            Some(self.u64(what)?)
        } else {
            None
        })
    }

    /// Everything that is left.
    pub(crate) fn remainder(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Refuses bytes after the last field.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed("bytes after the last field"))
        }
    }
}

/// Writes fields into a slice, or only counts them: so that a message is sized first and then
/// encoded straight into the record that will be sealed in place.
#[derive(Debug)]
pub(crate) struct Out<'a> {
    buf: Option<&'a mut [u8]>,
    at: usize,
}

impl<'a> Out<'a> {
    /// Counts only.
    pub(crate) fn counting() -> Self {
        Self { buf: None, at: 0 }
    }

    /// Writes into `buf`, which must be at least as long as the counted length; what does not
    /// fit is counted but not written.
    pub(crate) fn new(buf: &'a mut [u8]) -> Self {
        Self {
            buf: Some(buf),
            at: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.at
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let end = self.at.saturating_add(bytes.len());
        if let Some(buf) = self.buf.as_mut()
            && let Some(target) = buf.get_mut(self.at..end)
        {
            target.copy_from_slice(bytes);
        }
        self.at = end;
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    /// A 16-bit length and the bytes. Longer input is cut at 65,535 bytes; every caller's field
    /// has a smaller bound of its own, which the reader enforces.
    pub(crate) fn short(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(usize::from(u16::MAX));
        self.u16(len as u16);
        self.bytes(&bytes[..len]);
    }

    /// A 32-bit length and the bytes.
    pub(crate) fn long(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.bytes(bytes);
    }

    pub(crate) fn maybe_u64(&mut self, value: Option<u64>) {
        match value {
            Some(value) => {
                self.u8(1);
                self.u64(value);
            }
            None => self.u8(0),
        }
    }
}

/// Encodes into a fresh vector; for messages that carry no secrets.
pub(crate) fn to_vec(encode: impl Fn(&mut Out<'_>)) -> Vec<u8> {
    let mut count = Out::counting();
    encode(&mut count);
    let mut bytes = vec![0; count.len()];
    encode(&mut Out::new(&mut bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_and_written_lengths_agree_and_read_back() {
        let bytes = to_vec(|out| {
            out.u8(7);
            out.u16(0x0102);
            out.u32(3);
            out.u64(4);
            out.short(b"ab");
            out.long(b"cde");
            out.maybe_u64(Some(9));
            out.maybe_u64(None);
        });
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.u8("a"), Ok(7));
        assert_eq!(reader.u16("b"), Ok(0x0102));
        assert_eq!(reader.u32("c"), Ok(3));
        assert_eq!(reader.u64("d"), Ok(4));
        assert_eq!(reader.text(2, "e"), Ok("ab"));
        assert_eq!(reader.long(3, "f"), Ok(&b"cde"[..]));
        assert_eq!(reader.maybe_u64("g"), Ok(Some(9)));
        assert_eq!(reader.maybe_u64("h"), Ok(None));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn bounds_are_enforced() {
        assert_eq!(
            Reader::new(&[0, 3, 1, 2, 3]).short(2, "x"),
            Err(Malformed("x"))
        );
        assert_eq!(
            Reader::new(&[0, 3, 1, 2]).short(9, "x"),
            Err(Malformed("x"))
        );
        assert_eq!(Reader::new(&[2]).flag("x"), Err(Malformed("x")));
        assert!(Reader::new(&[0]).end().is_err());
        assert_eq!(Reader::new(&[0, 1, 0xff]).text(4, "x"), Err(Malformed("x")));
    }
}
