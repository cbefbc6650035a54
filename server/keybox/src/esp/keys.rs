//! The keys of one box, ready for packets.

#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

use photonbox_secret::SecretBytes;

#[cfg(target_arch = "x86_64")]
use super::ready::{self, Group, Ready};
use super::{Header, Instructions, Refusal, cipher};
use crate::KEY_BYTES;

/// Keys that are made ready together, at the first packet that needs one of them: as many as fit 16 KiB, since secret
/// memory comes in powers of two.
#[cfg(target_arch = "x86_64")]
const GROUP: usize = 56;

/// All keys of one box, in locked memory that is wiped when dropped. Round keys and what else a key always gives are
/// computed when the first packet needs them; by libraries they are computed for each packet, in memory that they wipe but
/// do not lock.
pub struct BoxKeys {
    i: u16,
    keys: SecretBytes,
    /// With instructions that were looked for, each group of keys; with libraries empty.
    #[cfg(target_arch = "x86_64")]
    ready: Box<[OnceLock<Option<Group>>]>,
    #[cfg(target_arch = "x86_64")]
    instructions: Instructions,
}

impl BoxKeys {
    /// Box `i`, of which `keys[j − 1]` is K(i, j). The caller's copy is the caller's to wipe.
    #[must_use]
    pub fn new(i: u16, keys: &[[u8; KEY_BYTES]]) -> Self {
        Self::with(Instructions::fastest(), i, keys)
    }

    /// With these instructions, or with libraries where the machine has not got them.
    #[must_use]
    pub fn with(instructions: Instructions, i: u16, keys: &[[u8; KEY_BYTES]]) -> Self {
        #[cfg(target_arch = "x86_64")]
        let groups = match instructions {
            Instructions::AesNi | Instructions::Vaes => keys.len().div_ceil(GROUP),
            Instructions::Libraries => 0,
        };
        #[cfg(not(target_arch = "x86_64"))]
        let _ = instructions;
        Self {
            i,
            keys: SecretBytes::from_slice(keys.as_flattened()),
            #[cfg(target_arch = "x86_64")]
            ready: (0..groups).map(|_| OnceLock::new()).collect(),
            #[cfg(target_arch = "x86_64")]
            instructions,
        }
    }

    /// Number of the box, i.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.i
    }

    /// Keys in the box, J.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len() / KEY_BYTES
    }

    /// Whether it has no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Where the key is that a header names.
    pub(super) fn place(&self, header: &Header) -> Result<usize, Refusal> {
        let at = usize::from(header.j).checked_sub(1);
        let at = at.filter(|at| header.i == self.i && *at < self.len());
        at.ok_or(Refusal::WrongIndex)
    }

    /// The key that a header names.
    pub(super) fn key(&self, header: &Header) -> Result<Key<'_>, Refusal> {
        let (keys, _) = self.keys.as_slice().as_chunks::<KEY_BYTES>();
        let at = self.place(header)?;
        #[cfg(target_arch = "x86_64")]
        if let Some(group) = self.ready.get(at / GROUP) {
            let of_group = &keys[at - at % GROUP..keys.len().min(at - at % GROUP + GROUP)];
            let ready = group.get_or_init(|| Group::new(self.instructions, of_group));
            if let Some(ready) = ready.as_ref().and_then(|ready| ready.key(at % GROUP)) {
                return Ok(ready);
            }
        }
        Ok(Key::Libraries(&keys[at]))
    }
}

/// Packets whose keys are derived together.
pub(super) const AT_ONCE: usize = 4;
#[cfg(target_arch = "x86_64")]
const _: () = assert!(AT_ONCE == ready::AT_ONCE);

/// Encrypts packets as [`Key::seal`] does.
pub(super) fn seal(
    keys: [Key<'_>; AT_ONCE],
    headers: [&Header; AT_ONCE],
    packets: [&mut [u8]; AT_ONCE],
) {
    #[cfg(target_arch = "x86_64")]
    if let [Key::Vaes(a), Key::Vaes(b), Key::Vaes(c), Key::Vaes(d)] = keys {
        return Ready::seal([a, b, c, d], headers, packets);
    }
    // With AES-NI singly, too: four side by side were no faster at any length, and slower at some (decision 27).
    for ((key, header), packet) in keys.iter().zip(headers).zip(packets) {
        key.seal(header, packet);
    }
}

/// Decrypts packets as [`Key::open`] does.
pub(super) fn open(
    keys: [Key<'_>; AT_ONCE],
    headers: [&Header; AT_ONCE],
    packets: [&mut [u8]; AT_ONCE],
) -> [bool; AT_ONCE] {
    #[cfg(target_arch = "x86_64")]
    if let [Key::Vaes(a), Key::Vaes(b), Key::Vaes(c), Key::Vaes(d)] = keys {
        return Ready::open([a, b, c, d], headers, packets);
    }
    let mut good = [false; AT_ONCE];
    for (((key, header), packet), good) in keys.iter().zip(headers).zip(packets).zip(&mut good) {
        *good = key.open(header, packet);
    }
    good
}

impl std::fmt::Debug for BoxKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BoxKeys({}, ..)", self.i)
    }
}

/// One key.
pub(super) enum Key<'a> {
    Libraries(&'a [u8; KEY_BYTES]),
    #[cfg(target_arch = "x86_64")]
    AesNi(Ready<'a, false>),
    #[cfg(target_arch = "x86_64")]
    Vaes(Ready<'a, true>),
}

impl Key<'_> {
    /// Encrypts what lies between header and ICV, and writes the ICV. The header is written.
    pub(super) fn seal(&self, header: &Header, packet: &mut [u8]) {
        match self {
            Self::Libraries(key) => cipher::seal(key, header, packet),
            #[cfg(target_arch = "x86_64")]
            Self::AesNi(ready) => Ready::seal([*ready], [header], [packet]),
            #[cfg(target_arch = "x86_64")]
            Self::Vaes(ready) => Ready::seal([*ready], [header], [packet]),
        }
    }

    /// Decrypts what lies between header and ICV. False: it does not authenticate.
    pub(super) fn open(&self, header: &Header, packet: &mut [u8]) -> bool {
        match self {
            Self::Libraries(key) => cipher::open(key, header, packet),
            #[cfg(target_arch = "x86_64")]
            Self::AesNi(ready) => {
                let [good] = Ready::open([*ready], [header], [packet]);
                good
            }
            #[cfg(target_arch = "x86_64")]
            Self::Vaes(ready) => {
                let [good] = Ready::open([*ready], [header], [packet]);
                good
            }
        }
    }
}
