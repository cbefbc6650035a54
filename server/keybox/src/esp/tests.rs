//! Packets made by an independent program, and every way of breaking one, with each kind of instructions.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/esp.json");

#[derive(Deserialize)]
struct Vectors {
    packets: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    key: String,
    spi: u32,
    seq: u32,
    i: u16,
    j: u16,
    flicker: u32,
    next_header: u8,
    inner: String,
    packet_key: String,
    packet: String,
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// What this machine has; the libraries always.
pub(super) fn all() -> impl Iterator<Item = Instructions> {
    Instructions::ALL
        .into_iter()
        .filter(|instructions| instructions.are_available())
}

pub(super) fn pseudo_random(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

pub(super) fn keys(instructions: Instructions, seed: u64, count: usize) -> BoxKeys {
    let bytes = pseudo_random(seed, 32 * count);
    BoxKeys::with(instructions, 7, bytes.as_chunks().0)
}

const HEADER_7_3: Header = Header {
    spi: 0x8000_0001,
    seq: 0xfeed_f00d,
    i: 7,
    j: 3,
    flicker: 99_999_999,
};

fn sealed(keys: &BoxKeys, header: &Header, next_header: u8, inner: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0xaa; sealed_len(inner.len())];
    buffer[HEADER..HEADER + inner.len()].copy_from_slice(inner);
    let len = seal(keys, header, next_header, &mut buffer, inner.len()).unwrap();
    assert_eq!(len, buffer.len());
    buffer
}

#[test]
fn instructions_that_are_there_are_used() {
    assert!(Instructions::Libraries.are_available());
    assert_eq!(all().next(), Some(Instructions::fastest()));
    for instructions in Instructions::ALL {
        let keys = keys(instructions, 1, 60);
        for j in [1, 56, 57, 60] {
            let by_libraries = matches!(
                keys.key(&Header { j, ..HEADER_7_3 }),
                Ok(keys::Key::Libraries(_))
            );
            let expected = instructions == Instructions::Libraries || !instructions.are_available();
            assert_eq!(by_libraries, expected, "{instructions:?}");
        }
    }
}

#[test]
fn packets_of_an_independent_program() {
    let vectors: Vectors =
        serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    assert!(vectors.packets.len() >= 4);
    for case in &vectors.packets {
        let header = Header {
            spi: case.spi,
            seq: case.seq,
            i: case.i,
            j: case.j,
            flicker: case.flicker,
        };
        let key: [u8; 32] = hex(&case.key).try_into().unwrap();
        assert_eq!(
            cipher::packet_key(&key, &header).as_slice(),
            hex(&case.packet_key)
        );
        let (inner, packet) = (hex(&case.inner), hex(&case.packet));
        for instructions in all() {
            let mut keys = vec![[0; 32]; usize::from(case.j)];
            keys[usize::from(case.j) - 1] = key;
            let keys = BoxKeys::with(instructions, case.i, &keys);
            let mut made = sealed(&keys, &header, case.next_header, &inner);
            assert_eq!(made, packet, "{instructions:?}");
            assert_eq!(Header::read(&made), Ok(header));
            let opened = open(&keys, &header, &mut made).unwrap();
            assert_eq!(opened.next_header, case.next_header);
            assert_eq!(made[HEADER..HEADER + opened.len], inner);
        }
    }
}

#[test]
fn every_length_comes_back_and_all_instructions_agree() {
    for len in (0..2000).chain([9000, MAX_PACKET - 37, MAX_PACKET - 38]) {
        let inner = pseudo_random(len as u64 + 1, len);
        let header = Header {
            seq: len as u32,
            j: (len % 70) as u16 + 1,
            ..HEADER_7_3
        };
        let mut packets = Vec::new();
        for instructions in all() {
            let keys = keys(instructions, 5, 70);
            let packet = sealed(&keys, &header, 41, &inner);
            assert_eq!(packet.len() % 4, 0);
            let mut opened = packet.clone();
            let found = open(&keys, &header, &mut opened).unwrap();
            assert_eq!((found.next_header, found.len), (41, len));
            assert_eq!(opened[HEADER..HEADER + len], inner);
            packets.push(packet);
        }
        assert!(packets.windows(2).all(|pair| pair[0] == pair[1]), "{len}");
    }
}

#[test]
fn every_flipped_bit_is_refused_and_leaves_no_plaintext() {
    let inner = pseudo_random(3, 200);
    for instructions in all() {
        let keys = keys(instructions, 5, 10);
        let packet = sealed(&keys, &HEADER_7_3, 4, &inner);
        for bit in 0..packet.len() * 8 {
            let mut flipped = packet.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let header = Header::read(&flipped).unwrap();
            let refusal = open(&keys, &header, &mut flipped).unwrap_err();
            let expected = if (64..80).contains(&bit) || (80..96).contains(&bit) {
                [Refusal::WrongIndex, Refusal::Forged]
            } else {
                [Refusal::Forged; 2]
            };
            assert!(expected.contains(&refusal), "bit {bit}: {refusal:?}");
            assert!(!flipped.windows(8).any(|w| inner.windows(8).any(|i| i == w)));
        }
    }
}

#[test]
fn truncated_and_giant_packets_are_refused() {
    for instructions in all() {
        let keys = keys(instructions, 5, 10);
        let packet = sealed(&keys, &HEADER_7_3, 4, &pseudo_random(3, 100));
        for len in 0..packet.len() {
            let mut cut = packet[..len].to_vec();
            let refusal = open(&keys, &HEADER_7_3, &mut cut).unwrap_err();
            let whole_words = len >= sealed_len(0) && len % 4 == 0;
            let expected = if whole_words {
                Refusal::Forged
            } else {
                Refusal::Truncated
            };
            assert_eq!(refusal, expected, "{len}");
        }
        for (len, refusal) in [
            (MAX_PACKET + 1, Refusal::Oversized),
            (1 << 20, Refusal::Oversized),
        ] {
            let mut giant = vec![0; len.next_multiple_of(4)];
            assert_eq!(open(&keys, &HEADER_7_3, &mut giant), Err(refusal));
            let seal = seal(&keys, &HEADER_7_3, 4, &mut giant, len - 36);
            assert_eq!(seal, Err(Refusal::Oversized));
        }
        let mut small = [1; 51];
        assert_eq!(
            seal(&keys, &HEADER_7_3, 4, &mut small, 18),
            Err(Refusal::Oversized)
        );
        assert_eq!(small, [1; 51]);
        assert_eq!(
            seal(&keys, &HEADER_7_3, 4, &mut small, usize::MAX),
            Err(Refusal::Oversized)
        );
        assert_eq!(Header::read(&packet[..15]), Err(Refusal::Truncated));
    }
}

#[test]
fn pointers_beyond_the_box_are_refused() {
    for instructions in all() {
        let keys = keys(instructions, 5, 65);
        for (i, j, good) in [
            (7, 65, true),
            (7, 66, false),
            (7, 0, false),
            (7, 65_535, false),
            (6, 1, false),
            (8, 1, false),
        ] {
            let header = Header { i, j, ..HEADER_7_3 };
            let sealed = seal(&keys, &header, 4, &mut [0; 100], 20);
            let expected = if good {
                Ok(56)
            } else {
                Err(Refusal::WrongIndex)
            };
            assert_eq!(sealed, expected, "{i}, {j}");
        }
        assert_eq!((keys.number(), keys.len(), keys.is_empty()), (7, 65, false));
    }
}

#[test]
fn padding_that_is_wrong_under_a_right_tag_is_refused() {
    for instructions in all() {
        let keys = keys(instructions, 5, 10);
        // Inner packet, padding and trailer as one: 10 bytes, 4 of padding.
        for (text, good) in [
            ([9, 9, 9, 9, 9, 9, 1, 2, 2, 4], true),
            ([9, 9, 9, 9, 9, 9, 1, 3, 2, 4], false),
            ([9, 9, 9, 9, 9, 9, 2, 1, 2, 4], false),
            ([9, 9, 9, 9, 9, 9, 1, 2, 9, 4], false),
            ([1, 2, 3, 4, 5, 6, 7, 8, 8, 4], true),
            ([9, 9, 9, 9, 9, 9, 9, 9, 0, 4], true),
            ([9, 9, 9, 9, 9, 9, 9, 9, 255, 4], false),
        ] {
            // Two bytes more, so that the whole is a multiple of four.
            let mut packet = vec![0; HEADER + 12 + ICV];
            HEADER_7_3.write(packet.first_chunk_mut().unwrap());
            packet[HEADER] = 77;
            packet[HEADER + 1] = 77;
            packet[HEADER + 2..HEADER + 12].copy_from_slice(&text);
            keys.key(&HEADER_7_3)
                .unwrap()
                .seal(&HEADER_7_3, &mut packet);
            let opened = open(&keys, &HEADER_7_3, &mut packet);
            match opened {
                Ok(opened) => assert!(good && opened.len == 10 - usize::from(text[8])),
                Err(refusal) => assert!(!good && refusal == Refusal::BadPadding),
            }
        }
    }
}

proptest! {
    #[test]
    fn all_instructions_make_the_same_packets(
        key: [u8; 32], spi: u32, seq: u32, i: u16, flicker: u32, next_header: u8,
        inner in proptest::collection::vec(any::<u8>(), 0..1600),
    ) {
        let header = Header { spi, seq, i, j: 1, flicker };
        let packets: Vec<_> = all()
            .map(|instructions| sealed(&BoxKeys::with(instructions, i, &[key]), &header, next_header, &inner))
            .collect();
        prop_assert!(packets.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
