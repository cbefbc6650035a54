//! The status page: what clients map and read without a message.

use photonbox_driver::Error;
use photonbox_driver::dma::{DmaMemory, Locking};
use photonbox_driver::transport::About;
use photonbox_driver::transport::pci::status_page as at;
use rustix::fs::{SealFlags, fcntl_add_seals};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The page, and what is counted on it.
pub(crate) struct StatusPage {
    memory: DmaMemory,
    writes: AtomicU64,
    refused: AtomicU64,
    interrupts: AtomicU64,
    gone: AtomicBool,
    text: Vec<u8>,
    about: About,
}

impl StatusPage {
    /// A page that says what the card is. Clients can map it, but neither write nor shrink it.
    pub(crate) fn new(text: &str, about: About) -> Result<Self, Error> {
        let memory = DmaMemory::allocate(at::BYTES, Locking::Preferred)?;
        let seals = SealFlags::FUTURE_WRITE | SealFlags::SEAL;
        fcntl_add_seals(memory.descriptor(), seals).map_err(|error| Error::DmaMemory {
            bytes: at::BYTES,
            source: error.into(),
        })?;
        // Cut between characters; the last byte stays 0.
        let end = (0..at::TEXT_BYTES)
            .rev()
            .find(|&end| text.is_char_boundary(end));
        let page = Self {
            memory,
            writes: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            interrupts: AtomicU64::new(0),
            gone: AtomicBool::new(true),
            text: text.as_bytes()[..end.unwrap_or(0)].to_vec(),
            about,
        };
        page.put_back();
        Ok(page)
    }

    /// The card is in its slot, again: what it is, and the counts as they go on.
    pub(crate) fn put_back(&self) {
        if !self.gone.swap(false, Ordering::Relaxed) {
            return;
        }
        self.put(0, &[0; at::BYTES]);
        self.put(at::TEXT_AT, &self.text);
        self.put_word(at::VERSION_AT, 1);
        self.put_word(at::FLAGS_AT, self.about.reproducible.into());
        self.put_word(at::LIT_LANES_AT, self.about.lit_lanes.unwrap_or(0).into());
        for (counter, offset) in [
            (&self.writes, at::WRITES_AT),
            (&self.refused, at::REFUSED_AT),
            (&self.interrupts, at::INTERRUPTS_AT),
        ] {
            self.put_word(offset, counter.load(Ordering::Relaxed));
        }
        self.put_word(at::MAGIC_AT, at::MAGIC);
    }

    fn put(&self, offset: usize, bytes: &[u8]) {
        // The layout lies in the page.
        let fits = self.memory.device_write(offset, bytes);
        debug_assert!(fits, "{offset}");
    }

    fn put_word(&self, offset: usize, word: u64) {
        self.put(offset, &word.to_le_bytes());
    }

    fn count(&self, counter: &AtomicU64, offset: usize) {
        let now = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.gone.load(Ordering::Relaxed) {
            self.put_word(offset, now);
        }
    }

    /// A write reached host memory, or nothing was mapped for it.
    pub(crate) fn wrote(&self, landed: bool) {
        if landed {
            self.count(&self.writes, at::WRITES_AT);
        } else {
            self.count(&self.refused, at::REFUSED_AT);
        }
    }

    /// An interrupt was raised.
    pub(crate) fn raised(&self) {
        self.count(&self.interrupts, at::INTERRUPTS_AT);
    }

    /// The card left its slot: all-ones, until it is put back.
    pub(crate) fn remove(&self) {
        if !self.gone.swap(true, Ordering::Relaxed) {
            self.put(0, &[0xff; at::BYTES]);
        }
    }

    /// Reads bytes of it. The caller has checked that they are there.
    pub(crate) fn read(&self, offset: usize, bytes: &mut [u8]) {
        let mut page = [0; at::BYTES];
        self.memory.copy_out(0, &mut page);
        bytes.copy_from_slice(&page[offset..offset + bytes.len()]);
    }

    /// What clients map.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.memory.descriptor()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use photonbox_driver::transport::pci::CardStatusPage;
    use std::fs::File;

    #[test]
    fn clients_read_what_the_card_counts_and_cannot_write() {
        let page = StatusPage::new(
            &"é".repeat(200),
            About {
                reproducible: true,
                lit_lanes: Some(1),
            },
        )
        .unwrap();
        let theirs = || File::from(page.descriptor().try_clone_to_owned().unwrap());
        let mapped = DmaMemory::of_peer_to_read(theirs()).unwrap();
        assert!(DmaMemory::of_peer(theirs()).is_err());
        assert!(theirs().set_len(0).is_err());
        page.wrote(true);
        page.wrote(true);
        page.wrote(false);
        page.raised();
        let read = CardStatusPage::read(&mapped).unwrap();
        assert_eq!((read.writes, read.refused, read.interrupts), (2, 1, 1));
        assert_eq!(read.about.lit_lanes, Some(1));
        assert!(read.about.reproducible && read.text == "é".repeat(127));
        page.remove();
        page.wrote(true);
        assert!(matches!(
            CardStatusPage::read(&mapped),
            Err(Error::DeadCard)
        ));
        let mut bytes = [0; 3];
        page.read(at::WRITES_AT, &mut bytes);
        assert_eq!(bytes, [0xff; 3]);
        page.put_back();
        let read = CardStatusPage::read(&mapped).unwrap();
        assert_eq!((read.writes, read.refused, read.interrupts), (3, 1, 1));
        assert!(read.about.reproducible && read.text == "é".repeat(127));
    }
}
