//! `vault.seal`, `vault.unseal`: a file of 16 MiB in memory, beside bare AES-256-GCM of the same library over the same chunks in place.

use crate::bench::harness::{self, Effort, Measured};
use anyhow::anyhow;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use photonbox_secret::SecretArray;
use photonbox_vault::sealed::{CHUNK, Header, SALT, SealedFile, seal_file};

/// Bytes of the file.
const FILE: usize = 16 << 20;

fn header() -> Header {
    Header {
        scheme: "p384".into(),
        set: "tenant".into(),
        generation: 1,
        item: "database/volume-1".into(),
        share: Vec::new(),
        salt: [3; SALT],
    }
}

/// Seals or opens each chunk in place under a nonce of its own.
struct Bare {
    key: LessSafeKey,
    file: Vec<u8>,
    tags: Vec<[u8; 16]>,
}

impl Bare {
    fn new() -> anyhow::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &[5; 32]).map_err(|_| anyhow!("no AES-256 key"))?;
        Ok(Self {
            key: LessSafeKey::new(key),
            file: vec![7; FILE],
            tags: vec![[0; 16]; FILE / CHUNK],
        })
    }

    fn nonce(number: usize) -> Nonce {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&(number as u64).to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self) -> anyhow::Result<u64> {
        let chunks = self.file.chunks_mut(CHUNK).zip(&mut self.tags);
        for (number, (chunk, out)) in chunks.enumerate() {
            let sealed =
                self.key
                    .seal_in_place_separate_tag(Self::nonce(number), Aad::empty(), chunk);
            let tag = sealed.map_err(|_| anyhow!("cannot seal a chunk"))?;
            out.copy_from_slice(tag.as_ref());
        }
        Ok(FILE as u64)
    }

    /// Opens what was sealed and leaves it sealed: into another buffer, as reading a file does.
    fn open(&self, into: &mut [u8]) -> anyhow::Result<u64> {
        let chunks = self.file.chunks(CHUNK).zip(&self.tags);
        for (number, ((chunk, tag), out)) in chunks.zip(into.chunks_mut(CHUNK)).enumerate() {
            self.key
                .open_separate_gather(Self::nonce(number), Aad::empty(), chunk, tag, out)
                .map_err(|_| anyhow!("a chunk does not open"))?;
        }
        Ok(FILE as u64)
    }
}

/// Measures both.
pub(super) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let (slice, data_key) = (effort.slice, SecretArray::from_array([9; 32]));
    let (header, text) = (header(), vec![7; FILE]);
    let mut bare = Bare::new()?;

    measuring("vault.seal");
    let mut sealed = Vec::with_capacity(2 * FILE);
    let medians = harness::pairs(
        effort.pairs,
        || {
            harness::rate(slice, || {
                sealed.clear();
                let bytes = seal_file(
                    &data_key,
                    &header,
                    &mut text.as_slice(),
                    &mut sealed,
                    |_| {},
                )?;
                anyhow::Ok(bytes)
            })
        },
        || harness::rate(slice, || bare.seal()),
    )?;
    let seal = Measured::beside("vault.seal", "B/s", medians.ours, medians.baseline);
    results.push(seal);

    measuring("vault.unseal");
    let (mut opened, mut into) = (Vec::with_capacity(FILE), vec![0; FILE]);
    bare.seal()?;
    let medians = harness::pairs(
        effort.pairs,
        || {
            harness::rate(slice, || {
                opened.clear();
                let file = SealedFile::begin(sealed.as_slice())?;
                anyhow::Ok(file.open(&data_key, &mut opened, |_| {})?)
            })
        },
        || harness::rate(slice, || bare.open(&mut into)),
    )?;
    anyhow::ensure!(opened == text, "a sealed file opens to something else");
    let unseal = Measured::beside("vault.unseal", "B/s", medians.ours, medians.baseline);
    results.push(unseal);
    Ok(())
}
