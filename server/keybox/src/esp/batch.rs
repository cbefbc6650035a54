//! Several packets of one box at a time.

use super::keys::{self, AT_ONCE};
use super::{BoxKeys, Header, Opened, Refusal, fits, frame, inside, open, whole};

/// A packet that is to be sealed.
#[derive(Debug, Default)]
pub struct Sealing<'a> {
    /// Its header.
    pub header: Header,
    /// Protocol of the inner packet.
    pub next_header: u8,
    /// The inner packet lies at `buffer[16..16 + inner]`; the packet becomes `buffer[..sealed_len(inner)]`.
    pub buffer: &'a mut [u8],
    /// Length of the inner packet.
    pub inner: usize,
}

/// A packet that is to be opened.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Its header.
    pub header: Header,
    /// The packet, opened in place: the inner packet is `packet[16..16 + len]`.
    pub packet: &'a mut [u8],
    /// What [`open_batch`] found; before it, that nothing is there.
    pub opened: Result<Opened, Refusal>,
}

impl Default for Opening<'_> {
    fn default() -> Self {
        Self {
            header: Header::default(),
            packet: &mut [],
            opened: Err(Refusal::Truncated),
        }
    }
}

/// Seals packets in place, the keys of several derived together.
///
/// # Errors
/// As [`seal()`](super::seal()), for the first packet that can't be sealed: then none is, and the buffers are as they were.
pub fn seal_batch(keys: &BoxKeys, batch: &mut [Sealing<'_>]) -> Result<(), Refusal> {
    for one in &*batch {
        fits(one.buffer, one.inner)?;
        keys.place(&one.header)?;
    }
    let (several, others) = batch.as_chunks_mut::<AT_ONCE>();
    for several in several {
        let keys = several.each_ref().map(|one| keys.key(&one.header));
        let headers = several.each_ref().map(|one| one.header);
        if let [Ok(a), Ok(b), Ok(c), Ok(d)] = keys {
            let packets = several.each_mut().map(Sealing::frame);
            keys::seal([a, b, c, d], headers.each_ref(), packets);
        }
    }
    for one in others {
        let key = keys.key(&one.header)?;
        let header = one.header;
        key.seal(&header, one.frame());
    }
    Ok(())
}

impl Sealing<'_> {
    fn frame(&mut self) -> &mut [u8] {
        frame(&self.header, self.next_header, self.buffer, self.inner)
    }
}

/// Opens packets in place, each for itself, as [`open()`], the keys of several derived together.
pub fn open_batch(keys: &BoxKeys, batch: &mut [Opening<'_>]) {
    let (several, others) = batch.as_chunks_mut::<AT_ONCE>();
    for several in several {
        let keys_of = several.each_ref().map(|one| {
            whole(one.packet)?;
            keys.key(&one.header)
        });
        let [Ok(a), Ok(b), Ok(c), Ok(d)] = keys_of else {
            open_singly(keys, several);
            continue;
        };
        let headers = several.each_ref().map(|one| one.header);
        let packets = several.each_mut().map(|one| &mut *one.packet);
        let good = keys::open([a, b, c, d], headers.each_ref(), packets);
        for (one, good) in several.iter_mut().zip(good) {
            one.opened = if good {
                inside(one.packet)
            } else {
                Err(Refusal::Forged)
            };
        }
    }
    open_singly(keys, others);
}

fn open_singly(keys: &BoxKeys, batch: &mut [Opening<'_>]) {
    for one in batch {
        one.opened = open(keys, &one.header, one.packet);
    }
}
