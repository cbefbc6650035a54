//! MSI-X: the table with its masks, what is pending, and the eventfds that vectors go to.
//!
//! A host's kernel programs the table of a real card; a client of vfio-user that hands over eventfds has none. So the
//! server plays the kernel's part, too: connecting an eventfd enables MSI-X and unmasks the vector, and a reset leaves
//! connected vectors unmasked, as a kernel that restores them does.

use photonbox_regmap::global::VECTORS;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Bytes of the BAR.
pub(crate) const BAR_BYTES: u32 = 4096;
/// Where the pending bits are in the BAR.
pub(crate) const PENDING_AT: u32 = 0x800;
const ENTRY_BYTES: usize = 16;
const TABLE_BYTES: usize = VECTORS as usize * ENTRY_BYTES;
const MASKED: u32 = 1;

/// What became of an interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raised {
    /// It is on its way.
    Sent,
    /// It waits until its vector is unmasked.
    Held,
    /// There is no such vector, or MSI-X is off.
    Lost,
}

#[derive(Default)]
struct Vector {
    /// Address and data of the message, which nobody reads here.
    message: [u32; 3],
    masked: bool,
    pending: bool,
    to: Option<EventFd>,
}

/// The interrupts of one function.
pub(crate) struct Msix {
    vectors: [Vector; VECTORS as usize],
    enabled: bool,
    function_mask: bool,
}

impl Msix {
    /// As after power-on: all masked, none connected.
    pub(crate) fn new() -> Self {
        let mut msix = Self {
            vectors: Default::default(),
            enabled: false,
            function_mask: false,
        };
        msix.reset();
        msix
    }

    /// After a function-level reset. Eventfds stay connected: they are the host's.
    pub(crate) fn reset(&mut self) {
        for vector in &mut self.vectors {
            vector.message = [0; 3];
            vector.pending = false;
            vector.masked = vector.to.is_none();
        }
    }

    /// What the capability's control register says.
    pub(crate) fn control(&mut self, enabled: bool, function_mask: bool) {
        (self.enabled, self.function_mask) = (enabled, function_mask);
        self.fire();
    }

    /// The card raises an interrupt.
    pub(crate) fn raise(&mut self, vector: u16) -> Raised {
        let Some(found) = self
            .vectors
            .get_mut(usize::from(vector))
            .filter(|_| self.enabled)
        else {
            return Raised::Lost;
        };
        found.pending = true;
        self.fire();
        if self.vectors[usize::from(vector)].pending {
            Raised::Held
        } else {
            Raised::Sent
        }
    }

    /// Sends what is pending and may go.
    fn fire(&mut self) {
        if !self.enabled || self.function_mask {
            return;
        }
        for vector in &mut self.vectors {
            if vector.pending
                && !vector.masked
                && let Some(to) = &vector.to
            {
                to.signal();
                vector.pending = false;
            }
        }
    }

    /// Connects a vector, or disconnects it. False where there is no such vector.
    #[must_use]
    pub(crate) fn connect(&mut self, vector: u32, to: Option<EventFd>) -> bool {
        let Some(found) = self.vectors.get_mut(vector as usize) else {
            return false;
        };
        found.masked = to.is_none();
        found.to = to;
        self.fire();
        true
    }

    /// Masks a vector, or unmasks it. False where there is no such vector.
    #[must_use]
    pub(crate) fn mask(&mut self, vector: u32, masked: bool) -> bool {
        let Some(found) = self.vectors.get_mut(vector as usize) else {
            return false;
        };
        found.masked = masked;
        self.fire();
        true
    }

    /// Whether any vector is connected.
    pub(crate) fn any_connected(&self) -> bool {
        self.vectors.iter().any(|vector| vector.to.is_some())
    }

    /// Reads the BAR. The caller has checked that the bytes are there.
    pub(crate) fn read(&self, offset: usize, bytes: &mut [u8]) {
        for (at, byte) in (offset..).zip(bytes) {
            *byte = self.word(at & !3).to_le_bytes()[at & 3];
        }
    }

    fn word(&self, at: usize) -> u32 {
        if at < TABLE_BYTES {
            let vector = &self.vectors[at / ENTRY_BYTES];
            return match at % ENTRY_BYTES / 4 {
                3 => u32::from(vector.masked),
                word => vector.message[word],
            };
        }
        if at != PENDING_AT as usize {
            return 0;
        }
        self.vectors
            .iter()
            .rev()
            .fold(0, |bits, vector| bits << 1 | u32::from(vector.pending))
    }

    /// Writes a word of the BAR; only the table can be written.
    pub(crate) fn write(&mut self, at: usize, value: u32) {
        if at >= TABLE_BYTES {
            return;
        }
        let vector = &mut self.vectors[at / ENTRY_BYTES];
        match at % ENTRY_BYTES / 4 {
            3 => vector.masked = value & MASKED != 0,
            // The address is that of a whole word.
            0 => vector.message[0] = value & !3,
            word => vector.message[word] = value,
        }
        self.fire();
    }
}

/// A client's eventfd.
pub(crate) struct EventFd(OwnedFd);

impl EventFd {
    /// Takes a descriptor that came over the socket.
    ///
    /// # Errors
    /// It is no eventfd. Anything else could block the card when it is written.
    pub(crate) fn new(descriptor: OwnedFd) -> io::Result<Self> {
        let path = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
        if std::fs::read_link(path)?.as_os_str() != "anon_inode:[eventfd]" {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // Nor may a full counter block it. Clients that wait do so with poll, whatever this flag is.
        let flags = rustix::fs::fcntl_getfl(&descriptor)?;
        rustix::fs::fcntl_setfl(&descriptor, flags | OFlags::NONBLOCK)?;
        Ok(Self(descriptor))
    }

    /// Raises it. A full counter has told the client already.
    fn signal(&self) {
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let mut writable = [PollFd::new(&self.0, PollFlags::OUT)];
        // Asked first, because the client may have taken the flag back.
        if poll(&mut writable, Some(&now)) == Ok(1) {
            let sent = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
            if let Err(error) = sent {
                tracing::debug!(%error, "an interrupt couldn't be raised");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rustix::event::{EventfdFlags, eventfd};

    fn connected(msix: &mut Msix, vector: u32) -> OwnedFd {
        let ours = eventfd(0, EventfdFlags::NONBLOCK).unwrap();
        let to = EventFd::new(ours.try_clone().unwrap()).unwrap();
        assert!(msix.connect(vector, Some(to)));
        ours
    }

    fn count(eventfd: &OwnedFd) -> u64 {
        let mut bytes = [0; 8];
        match rustix::io::read(eventfd, &mut bytes) {
            Ok(_) => u64::from_ne_bytes(bytes),
            Err(_) => 0,
        }
    }

    fn word(msix: &Msix, at: usize) -> u32 {
        let mut bytes = [0; 4];
        msix.read(at, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    #[test]
    fn a_masked_vector_is_pending_and_fires_when_unmasked() {
        let mut msix = Msix::new();
        msix.control(true, false);
        let fd = connected(&mut msix, 2);
        assert_eq!(msix.raise(2), Raised::Sent);
        assert_eq!(count(&fd), 1);
        let control = 2 * ENTRY_BYTES + 12;
        msix.write(control, 1);
        assert_eq!(msix.raise(2), Raised::Held);
        assert_eq!(msix.raise(2), Raised::Held);
        assert_eq!((count(&fd), word(&msix, PENDING_AT as usize)), (0, 0b100));
        msix.write(control, 0);
        assert_eq!((count(&fd), word(&msix, PENDING_AT as usize)), (1, 0));
        // The function's mask holds all of them.
        msix.control(true, true);
        assert_eq!(msix.raise(2), Raised::Held);
        assert!(msix.mask(2, true));
        msix.control(true, false);
        assert_eq!(count(&fd), 0);
        assert!(msix.mask(2, false));
        assert_eq!(count(&fd), 1);
    }

    #[test]
    fn without_msix_or_a_vector_nothing_is_kept() {
        let mut msix = Msix::new();
        let fd = connected(&mut msix, 0);
        assert_eq!(msix.raise(0), Raised::Lost);
        msix.control(true, false);
        assert_eq!((count(&fd), msix.raise(VECTORS)), (0, Raised::Lost));
        assert!(!msix.connect(VECTORS.into(), None) && !msix.mask(u32::MAX, true));
        assert_eq!(msix.raise(1), Raised::Held, "connected to nothing");
        let late = connected(&mut msix, 1);
        assert_eq!(count(&late), 1);
    }

    #[test]
    fn a_reset_leaves_connected_vectors_unmasked() {
        let mut msix = Msix::new();
        msix.control(true, false);
        let fd = connected(&mut msix, 0);
        msix.write(0, 0xfee0_0003);
        assert_eq!(word(&msix, 0), 0xfee0_0000);
        msix.write(12, 1);
        assert_eq!(msix.raise(0), Raised::Held);
        msix.reset();
        let masks: Vec<_> = (0..4).map(|v| word(&msix, v * ENTRY_BYTES + 12)).collect();
        assert_eq!(masks, [0, 1, 1, 1]);
        assert_eq!((word(&msix, 0), count(&fd)), (0, 0), "nothing is pending");
        assert_eq!(msix.raise(0), Raised::Sent);
    }

    #[test]
    fn a_full_counter_does_not_block_and_other_descriptors_are_refused() {
        let mut msix = Msix::new();
        msix.control(true, false);
        let ours = eventfd(0, EventfdFlags::empty()).unwrap();
        rustix::io::write(&ours, &(u64::MAX - 1).to_ne_bytes()).unwrap();
        let to = EventFd::new(ours.try_clone().unwrap()).unwrap();
        assert!(msix.connect(3, Some(to)));
        assert_eq!(msix.raise(3), Raised::Sent);
        assert_eq!(count(&ours), u64::MAX - 1);
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(EventFd::new(file.into()).is_err());
    }
}
