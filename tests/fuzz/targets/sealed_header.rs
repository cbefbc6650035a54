//! Sealed files: a header that is read is written to the same bytes, nothing that was not sealed opens, and of one that was, no
//! change and no cut passes; what is written of it until then is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_secret::SecretArray;
use photonbox_vault::sealed::{CHUNK, Header, SealedFile, TAG, seal_file};

/// The same key each time: secrecy is not what is tested here.
fn key() -> SecretArray<32> {
    SecretArray::from_array([7; 32])
}

/// Opens a file; what was written of it, and whether it was whole.
fn open(file: &[u8]) -> (Vec<u8>, bool) {
    let mut written = Vec::new();
    let opened = SealedFile::begin(file).and_then(|file| file.open(&key(), &mut written, |_| {}));
    (written, opened.is_ok())
}

/// The plaintext, from little: up to two chunks and what `data` has.
fn text(chunks: usize, data: &[u8]) -> Vec<u8> {
    let mut text = vec![data.first().copied().unwrap_or_default(); chunks * CHUNK];
    text.extend_from_slice(data);
    text
}

fuzz_target!(|data: &[u8]| {
    let (written, whole) = open(data);
    assert!(written.is_empty() && !whole, "nobody has sealed this");
    let Ok((header, length)) = Header::read(data) else {
        return;
    };
    assert_eq!(header.to_bytes().as_deref(), Ok(&data[..length]));

    // A file of this header, with what follows: where it is changed, how, and what is in it.
    let [at @ .., change, chunks] = data[length..].first_chunk::<6>().copied().unwrap_or_default();
    let text = text(usize::from(chunks % 3), data.get(length + 6..).unwrap_or_default());
    let mut sealed = Vec::new();
    seal_file(&key(), &header, &mut text.as_slice(), &mut sealed, |_| {}).expect("a vector has room");
    assert_eq!(open(&sealed), (text.clone(), true));

    let at = u32::from_be_bytes(at) as usize % sealed.len();
    let mut changed = sealed.clone();
    changed[at] ^= change | 1;
    let appended = [&sealed[..], &[change]].concat();
    // Whole chunks before the bad one, and nothing of it.
    let before = at.saturating_sub(length) / (CHUNK + TAG);
    let files = [(&changed[..], before), (&sealed[..at], before), (&appended[..], text.len() / CHUNK)];
    for (file, most) in files {
        let (written, whole) = open(file);
        assert!(!whole && text.starts_with(&written), "byte {at}");
        assert!(written.len() % CHUNK == 0 && written.len() <= most * CHUNK, "byte {at}");
    }
});
