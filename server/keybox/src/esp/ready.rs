//! Keys made ready for packets, and the calls into instructions that were looked for: AVX-512 with VAES, or AES-NI.
//!
//! What makes a key per packet cheap: the first block of either CMAC is the same for all packets of K(i, j), and so are its
//! round keys; the two CMACs go side by side; and a short packet needs few powers of H.
//!
//! GHASH is computed as POLYVAL of the reversed blocks (RFC 8452, appendix A), by the multiplication of Gueron and Kounavis
//! ("Intel Carry-Less Multiplication Instruction and its Usage for Computing the GCM Mode", 2010).
//!
//! What is unsafe are the calls in [`Group`] and [`Ready`]. The rest, in [`vaes`] and [`aesni`], is safe code: intrinsics
//! that take and give registers are safe in a function that has their features. No branch and no address depends on a
//! secret, but that a forged packet is refused. A packet's round keys and hash key are wiped; what the compiler spills of
//! registers beside them is not, and lies on the stack, which is not locked, until a later call overwrites it.

use photonbox_secret::SecretBytes;

use super::keys::Key;
use super::{Header, Instructions, aesni, vaes};
use crate::KEY_BYTES;

/// Rounds of AES-256, and one.
pub(super) const ROUND_KEYS: usize = 15;
pub(super) const LAST_ROUND: usize = ROUND_KEYS - 1;
/// Round keys of K(i, j), the two CMACs after their first block, and the second subkey: 16 bytes each.
pub(super) const READY: usize = 16 * (ROUND_KEYS + 3);

/// Round constants of the key expansion (FIPS 197 §5.2).
pub(super) const RCON: [i32; 7] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40];
/// Bits 127, 126 and 121 of the reduction's polynomial, as its high half.
pub(super) const POLYNOMIAL: i64 = 0xc200_0000_0000_0000_u64 as i64;

/// What packets need of some keys. There is one only on a machine that has AES-NI.
pub(super) struct Group {
    bytes: SecretBytes,
    /// Made only on a machine that has VAES, too.
    wide: bool,
}

/// What packets need of one key, out of a [`Group`]; `WIDE` out of one that is wide. A pointer and no more, since a batch
/// copies it about: with a flag beside it, and a call for each header, batches were a sixth slower.
#[derive(Clone, Copy)]
pub(super) struct Ready<'a, const WIDE: bool>(&'a [u8; READY]);

impl Group {
    /// None where the machine has not got the instructions, or they are those of libraries.
    pub(super) fn new(instructions: Instructions, keys: &[[u8; KEY_BYTES]]) -> Option<Self> {
        let wide = match instructions {
            Instructions::Libraries => return None,
            Instructions::AesNi => false,
            Instructions::Vaes => true,
        };
        if !aesni::is_available() || wide && !vaes::is_available() {
            return None;
        }
        let mut bytes = SecretBytes::new_zeroed(keys.len() * READY);
        for (key, ready) in keys.iter().zip(bytes.as_mut_slice().as_chunks_mut().0) {
            // SAFETY: the machine has the features.
            unsafe { aesni::prepare(key, ready) }
        }
        Some(Self { bytes, wide })
    }

    /// A key by its place in the group.
    pub(super) fn key(&self, at: usize) -> Option<Key<'_>> {
        let (keys, _) = self.bytes.as_slice().as_chunks();
        let bytes = keys.get(at)?;
        Some(if self.wide {
            Key::Vaes(Ready(bytes))
        } else {
            Key::AesNi(Ready(bytes))
        })
    }
}

/// Packets whose keys are derived together: as many as a register of AVX-512 has lanes.
pub(super) const AT_ONCE: usize = 4;

impl<const WIDE: bool> Ready<'_, WIDE> {
    /// Encrypts what lies between header and ICV of each packet, and writes the ICV. The headers are written. At most
    /// [`AT_ONCE`] packets.
    pub(super) fn seal<const N: usize>(
        ready: [Self; N],
        headers: [&Header; N],
        packets: [&mut [u8]; N],
    ) {
        let bytes = ready.map(|ready| ready.0);
        if WIDE {
            // SAFETY: there is a wide group, so the machine has the features.
            unsafe { vaes::seal(bytes, headers, packets) }
        } else {
            // SAFETY: there is a group, so the machine has the features.
            unsafe { aesni::seal(bytes, headers, packets) }
        }
    }

    /// Decrypts what lies between header and ICV of each packet. False: it does not authenticate, and is as it was. At most
    /// [`AT_ONCE`] packets.
    pub(super) fn open<const N: usize>(
        ready: [Self; N],
        headers: [&Header; N],
        packets: [&mut [u8]; N],
    ) -> [bool; N] {
        let bytes = ready.map(|ready| ready.0);
        if WIDE {
            // SAFETY: there is a wide group, so the machine has the features.
            unsafe { vaes::open(bytes, headers, packets) }
        } else {
            // SAFETY: there is a group, so the machine has the features.
            unsafe { aesni::open(bytes, headers, packets) }
        }
    }
}

/// Sealing and opening, for a module that has `gcms`, `apply` and `icv` for its instructions, and a macro that gives a
/// function their features.
macro_rules! seal_and_open {
    ($with_features:ident) => {
        $with_features! {
            /// Encrypts the packets and writes their ICVs.
            pub(super) fn seal<const N: usize>(
                ready: [&[u8; READY]; N],
                headers: [&Header; N],
                packets: [&mut [u8]; N],
            ) {
                for (gcm, packet) in gcms(ready, headers).iter().zip(packets) {
                    let (clear, icv_bytes) = packet.split_at_mut(packet.len() - ICV);
                    apply(gcm, &mut clear[HEADER..]);
                    icv_bytes.copy_from_slice(&icv(gcm, clear));
                }
            }
        }

        $with_features! {
            /// Decrypts those packets that authenticate.
            pub(super) fn open<const N: usize>(
                ready: [&[u8; READY]; N],
                headers: [&Header; N],
                packets: [&mut [u8]; N],
            ) -> [bool; N] {
                let mut good = [false; N];
                let gcms = gcms(ready, headers);
                for ((gcm, packet), good) in gcms.iter().zip(packets).zip(&mut good) {
                    let (clear, icv_bytes) = packet.split_at_mut(packet.len() - ICV);
                    *good = bool::from(icv(gcm, clear).ct_eq(icv_bytes));
                    if *good {
                        apply(gcm, &mut clear[HEADER..]);
                    }
                }
                good
            }
        }
    };
}
pub(super) use seal_and_open;
