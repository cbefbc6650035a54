#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use proptest::prelude::*;

use super::*;

fn data_key(byte: u8) -> SecretArray<32> {
    let mut key = SecretArray::new_zeroed();
    key.as_mut_slice().fill(byte);
    key
}

fn header() -> Header {
    Header {
        scheme: "p384".into(),
        set: "tenant".into(),
        generation: 3,
        item: "0123".into(),
        share: b"vault".to_vec(),
        salt: [9; SALT],
    }
}

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

fn sealed(length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut heard = 0;
    let count = seal_file(
        &data_key(1),
        &header(),
        &mut &text(length)[..],
        &mut out,
        |done| {
            assert!(done >= heard);
            heard = done;
        },
    );
    assert_eq!((count.unwrap(), heard), (length as u64, length as u64));
    out
}

/// The error, and what was written before it.
fn opened(bytes: &[u8], key: u8) -> (Option<FileError>, Vec<u8>) {
    let mut out = Vec::new();
    let opened =
        SealedFile::begin(bytes).and_then(|file| file.open(&data_key(key), &mut out, |_| {}));
    (opened.err(), out)
}

/// What is wrong, and how much of the text came before it: whole chunks of it.
fn refused(bytes: &[u8], of: usize) -> (Error, usize) {
    let (error, out) = opened(bytes, 1);
    assert_eq!(out, text(of)[..out.len()]);
    assert!(out.len().is_multiple_of(CHUNK) && out.len() < of.max(1));
    match error {
        Some(FileError::Sealed(error)) => (error, out.len() / CHUNK),
        other => panic!("{other:?}"),
    }
}

const HEAD: usize = 16 + 2 + (2 + 4) + (2 + 6) + 8 + (2 + 4) + (2 + 5) + SALT;
const PIECE: usize = CHUNK + TAG;

#[test]
fn every_size_around_a_chunk_comes_back() {
    for length in [
        0,
        1,
        15,
        CHUNK - 1,
        CHUNK,
        CHUNK + 1,
        2 * CHUNK,
        3 * CHUNK + 77,
    ] {
        let bytes = sealed(length);
        let chunks = length.div_ceil(CHUNK).max(1);
        assert_eq!(bytes.len(), HEAD + length + chunks * TAG);
        let (error, out) = opened(&bytes, 1);
        assert!(
            error.is_none() && out == text(length),
            "{length}: {error:?}"
        );
        let (error, out) = opened(&bytes, 2);
        let forged = matches!(error, Some(FileError::Sealed(Error::Forged(0))));
        assert!(forged && out.is_empty(), "{error:?}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let of = 3 * CHUNK;
    let bytes = sealed(of);
    for cut in [0, 5, 16, 17, HEAD - 1] {
        let (error, chunks) = refused(&bytes[..cut], of);
        let known = if cut < 16 {
            Error::NotSealed
        } else {
            Error::Truncated
        };
        assert_eq!((error, chunks), (known, 0), "{cut}");
    }
    assert_eq!(refused(&bytes[..HEAD], of), (Error::Truncated, 0));
    assert_eq!(refused(&bytes[..HEAD + 7], of), (Error::Truncated, 0));
    // Between two chunks: the one before was not sealed as the last.
    assert_eq!(refused(&bytes[..HEAD + PIECE], of), (Error::Forged(0), 0));
    assert_eq!(
        refused(&bytes[..HEAD + 2 * PIECE], of),
        (Error::Forged(1), 1)
    );
    assert_eq!(
        refused(&bytes[..HEAD + 2 * PIECE + 9], of),
        (Error::Truncated, 2)
    );
    assert_eq!(
        refused(&bytes[..bytes.len() - 1], of),
        (Error::Forged(2), 2)
    );
}

#[test]
fn chunks_that_are_moved_doubled_left_out_or_of_another_file_are_refused() {
    let of = 3 * CHUNK;
    let bytes = sealed(of);
    let piece = |n: usize| &bytes[HEAD + n * PIECE..][..PIECE];
    let file = |pieces: &[&[u8]]| [&bytes[..HEAD], &pieces.concat()].concat();
    let cases = [
        (file(&[piece(1), piece(0), piece(2)]), 0),
        (file(&[piece(0), piece(0), piece(2)]), 1),
        (file(&[piece(0), piece(2)]), 1),
        (file(&[piece(0), piece(1), piece(2), piece(2)]), 2),
        (file(&[piece(0), piece(1), piece(2), &[0; 20]]), 2),
        (file(&[piece(1), piece(2)]), 0),
    ];
    for (number, (bytes, bad)) in cases.iter().enumerate() {
        let known = (Error::Forged(*bad), *bad as usize);
        assert_eq!(refused(bytes, of), known, "case {number}");
    }
    // Another file of the same item: its key is another.
    let mut other = Vec::new();
    let mut head = header();
    head.salt[0] ^= 1;
    seal_file(&data_key(1), &head, &mut &text(of)[..], &mut other, |_| {}).unwrap();
    let spliced = file(&[piece(0), &other[HEAD + PIECE..]]);
    assert_eq!(refused(&spliced, of), (Error::Forged(1), 1));
    // An empty chunk as the last one, sealed with the right key: no file has two forms.
    let mut sealer = Sealer::new(&data_key(1), &header()).unwrap();
    sealer.seal(&mut text(CHUNK), false).unwrap();
    let size = Error::Size {
        number: 1,
        length: 0,
    };
    assert_eq!(sealer.seal(&mut [], true), Err(size.clone()));
    assert_eq!(
        sealer.seal(&mut [1], false),
        Err(Error::Size {
            number: 1,
            length: 1
        })
    );
    sealer.seal(&mut [1], true).unwrap();
    assert_eq!(sealer.seal(&mut [1], true), Err(Error::Ended));
    let mut empty_last = file(&[piece(0)]);
    empty_last.extend([0; TAG]);
    assert_eq!(refused(&empty_last, of), (size, 1));
}

#[test]
fn each_flipped_bit_is_refused() {
    let of = CHUNK + 40;
    let bytes = sealed(of);
    let places = (0..HEAD).chain([HEAD, HEAD + CHUNK, HEAD + PIECE, bytes.len() - 1]);
    for place in places {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << bit;
            let (_, chunks) = refused(&bytes, of);
            assert_eq!(chunks, usize::from(place >= HEAD + PIECE), "{place}");
        }
    }
}

#[test]
fn a_failed_chunk_leaves_nothing_and_ends_the_file() {
    let bytes = sealed(2 * CHUNK);
    let mut opener = Opener::new(&data_key(1), &header()).unwrap();
    let mut chunk = bytes[HEAD..][..PIECE].to_vec();
    chunk[100] ^= 1;
    assert_eq!(opener.open(&mut chunk, false), Err(Error::Forged(0)));
    assert!(chunk.iter().all(|byte| *byte == 0));
    let mut chunk = bytes[HEAD..][..PIECE].to_vec();
    assert_eq!(opener.open(&mut chunk, false), Err(Error::Ended));
}

#[test]
fn what_does_not_fit_into_a_header_is_said() {
    let mut long = header();
    long.item = "x".repeat(MAX_NAME + 1);
    let error = Sealer::new(&data_key(1), &long).err().unwrap();
    assert_eq!(error.to_string(), "item of 256 bytes; use at most 255");
    let mut newer = sealed(1);
    newer[17] = 2;
    assert_eq!(refused(&newer, 1), (Error::Version(2), 0));
    assert_eq!(
        refused(b"age-encryption.org/v1 and more", 1),
        (Error::NotSealed, 0)
    );
}

proptest! {
    #[test]
    fn headers_come_back(scheme in "\\PC{0,40}", set in "\\PC{0,40}", generation: u64, item in "\\PC{0,40}", share in prop::collection::vec(any::<u8>(), 0..600), salt: [u8; SALT]) {
        let header = Header { scheme, set, generation, item, share, salt };
        let mut bytes = header.to_bytes().unwrap();
        let length = bytes.len();
        bytes.extend([7; 30]);
        prop_assert_eq!(Header::read(&bytes), Ok((header, length)));
        for cut in 0..length {
            prop_assert!(Header::read(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn any_bytes_are_a_header_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Header::read(&bytes);
        bytes.splice(0..0, *b"photonbox sealed\0\x01");
        if let Ok((header, length)) = Header::read(&bytes) {
            prop_assert_eq!(header.to_bytes().unwrap(), &bytes[..length]);
        }
    }
}
