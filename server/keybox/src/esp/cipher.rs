//! The packet's key and cipher, by libraries: CMAC of `cmac` and `aes`, AES-256-GCM of aws-lc.

use aes::Aes256;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use cmac::{Cmac, KeyInit as _, Mac as _};
use zeroize::{Zeroize as _, Zeroizing};

use super::{HEADER, Header, ICV};
use crate::KEY_BYTES;

/// Label of the derivation (§2.4).
pub(super) const LABEL: &[u8; 13] = b"photonbox-esp";
/// Bytes of the message that a block of a packet's key is the CMAC of.
pub(super) const MESSAGE: usize = 38;

/// What computes packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    /// Libraries, which choose for themselves.
    Libraries,
    /// AES-NI with PCLMULQDQ, on registers of 128 bits.
    AesNi,
    /// AVX-512 with VAES and VPCLMULQDQ.
    Vaes,
}

impl Instructions {
    /// All of them, the fastest first.
    pub const ALL: [Self; 3] = [Self::Vaes, Self::AesNi, Self::Libraries];

    /// Whether this machine has them.
    #[must_use]
    pub fn are_available(self) -> bool {
        match self {
            Self::Libraries => true,
            #[cfg(target_arch = "x86_64")]
            Self::AesNi => super::aesni::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Vaes => super::vaes::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::AesNi | Self::Vaes => false,
        }
    }

    /// The fastest that this machine has.
    #[must_use]
    pub fn fastest() -> Self {
        let available = Self::ALL.into_iter().find(|these| these.are_available());
        available.unwrap_or(Self::Libraries)
    }
}

/// `[n]32 || "photonbox-esp" || 00 || SPI || Seq || i || j || flicker || [256]32`, n to be filled in.
pub(super) fn message(header: &Header) -> [u8; MESSAGE] {
    let mut message = [0; MESSAGE];
    message[4..17].copy_from_slice(LABEL);
    let mut fields = [0; HEADER];
    header.write(&mut fields);
    message[18..34].copy_from_slice(&fields);
    message[34..].copy_from_slice(&256_u32.to_be_bytes());
    message
}

/// The second and the last block of the CMAC of [`message`], padded (SP 800-38B §6.2): the same for both n. Shifted
/// together, since what is written byte by byte can't be read at once as a block.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn rest_of_message(header: &Header) -> [[u8; 16]; 2] {
    let words = u128::from(header.spi) << 96 | u128::from(header.seq) << 64;
    let pointers = u128::from(header.i) << 48 | u128::from(header.j) << 32;
    let fields = words | pointers | u128::from(header.flicker);
    let second = u128::from(LABEL[12]) << 120 | fields >> 16;
    let last = fields << 112 | 256 << 80 | 0x80 << 72;
    [second.to_be_bytes(), last.to_be_bytes()]
}

/// The packet's key.
pub(super) fn packet_key(key: &[u8; KEY_BYTES], header: &Header) -> Zeroizing<[u8; KEY_BYTES]> {
    let mac = Cmac::<Aes256>::new(key.into());
    let mut message = message(header);
    let mut packet_key = Zeroizing::new([0; KEY_BYTES]);
    for (half, n) in packet_key.as_chunks_mut::<16>().0.iter_mut().zip(1..) {
        message[3] = n;
        let mut block = mac.clone().chain_update(message).finalize().into_bytes();
        half.copy_from_slice(&block);
        block.zeroize();
    }
    packet_key
}

/// SPI || 0 || Seq.
pub(super) fn nonce(header: &Header) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&header.spi.to_be_bytes());
    nonce[8..].copy_from_slice(&header.seq.to_be_bytes());
    nonce
}

fn gcm(key: &[u8; KEY_BYTES], header: &Header) -> (LessSafeKey, Nonce) {
    let key = UnboundKey::new(&AES_256_GCM, &*packet_key(key, header));
    let Ok(key) = key else {
        unreachable!("32 bytes are a key of AES-256")
    };
    (
        LessSafeKey::new(key),
        Nonce::assume_unique_for_key(nonce(header)),
    )
}

/// Encrypts what lies between header and ICV, and writes the ICV. The header is written.
pub(super) fn seal(key: &[u8; KEY_BYTES], header: &Header, packet: &mut [u8]) {
    let (gcm, nonce) = gcm(key, header);
    let (head, rest) = packet.split_at_mut(HEADER);
    let (text, icv) = rest.split_at_mut(rest.len() - ICV);
    match gcm.seal_in_place_separate_tag(nonce, Aad::from(head), text) {
        Ok(tag) => icv.copy_from_slice(tag.as_ref()),
        Err(_) => unreachable!("64 KiB are not too long for GCM"),
    }
}

/// Decrypts what lies between header and ICV. False: it does not authenticate, and aws-lc has zeroed it.
pub(super) fn open(key: &[u8; KEY_BYTES], header: &Header, packet: &mut [u8]) -> bool {
    let (gcm, nonce) = gcm(key, header);
    let (head, rest) = packet.split_at_mut(HEADER);
    gcm.open_in_place(nonce, Aad::from(head), rest).is_ok()
}
