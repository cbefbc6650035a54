//! A batch of packets is what its packets are one by one, with each kind of instructions.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use proptest::prelude::*;

use super::tests::{all, keys, pseudo_random};
use super::*;

const KEYS: u16 = 9;

/// What a packet is, and what is done to it before it is opened.
#[derive(Clone, Debug)]
struct Packet {
    inner: Vec<u8>,
    j: u16,
    seq: u32,
    flipped: Option<usize>,
    cut: bool,
    lost_place: bool,
}

fn packet() -> impl Strategy<Value = Packet> {
    let sizes = prop_oneof![0..80_usize, 200..330_usize, 1400..1500_usize];
    let flipped = prop::option::weighted(0.15, any::<usize>());
    let rare = || prop::bool::weighted(0.07);
    (sizes, 1..=KEYS, any::<u32>(), flipped, rare(), rare()).prop_map(
        |(size, j, seq, flipped, cut, lost_place)| Packet {
            inner: pseudo_random(u64::from(seq), size),
            j,
            seq,
            flipped,
            cut,
            lost_place,
        },
    )
}

impl Packet {
    fn header(&self) -> Header {
        Header {
            spi: 5,
            seq: self.seq,
            i: 7,
            j: self.j,
            flicker: self.seq % 100_000_000,
        }
    }

    fn buffer(&self) -> Vec<u8> {
        let mut buffer = vec![0; sealed_len(self.inner.len())];
        buffer[HEADER..][..self.inner.len()].copy_from_slice(&self.inner);
        buffer
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_is_what_its_packets_are(packets in prop::collection::vec(packet(), 0..12)) {
        for instructions in all() {
            let keys = keys(instructions, 3, KEYS.into());
            let singly: Vec<Vec<u8>> = packets
                .iter()
                .map(|packet| {
                    let mut buffer = packet.buffer();
                    seal(&keys, &packet.header(), 4, &mut buffer, packet.inner.len()).unwrap();
                    buffer
                })
                .collect();
            let mut buffers: Vec<_> = packets.iter().map(Packet::buffer).collect();
            let mut batch: Vec<_> = packets
                .iter()
                .zip(&mut buffers)
                .map(|(packet, buffer)| Sealing {
                    header: packet.header(),
                    next_header: 4,
                    buffer,
                    inner: packet.inner.len(),
                })
                .collect();
            seal_batch(&keys, &mut batch).unwrap();
            prop_assert_eq!(&buffers, &singly);
            for (packet, bytes) in packets.iter().zip(&mut buffers) {
                if let Some(bit) = packet.flipped {
                    let bit = bit % (8 * bytes.len());
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
                if packet.cut {
                    bytes.truncate(31);
                }
            }
            let headers: Vec<_> = packets
                .iter()
                .zip(&buffers)
                .map(|(packet, bytes)| {
                    let mut header = Header::read(bytes).unwrap();
                    if packet.lost_place {
                        header.i = 8;
                    }
                    header
                })
                .collect();
            let singly: Vec<_> = buffers
                .iter()
                .zip(&headers)
                .map(|(bytes, header)| {
                    let mut bytes = bytes.clone();
                    let opened = open(&keys, header, &mut bytes);
                    (opened, bytes)
                })
                .collect();
            let mut batch: Vec<_> = buffers
                .iter_mut()
                .zip(headers)
                .map(|(packet, header)| Opening { header, packet, ..Opening::default() })
                .collect();
            open_batch(&keys, &mut batch);
            for ((packet, one), singly) in packets.iter().zip(&batch).zip(singly) {
                prop_assert_eq!((one.opened, &*one.packet), (singly.0, &singly.1[..]));
                let whole = packet.flipped.is_none() && !packet.cut && !packet.lost_place;
                prop_assert_eq!(one.opened.is_ok(), whole);
            }
        }
    }
}

#[test]
fn of_a_batch_with_a_packet_that_cannot_be_sealed_none_is() {
    for instructions in all() {
        let keys = keys(instructions, 3, KEYS.into());
        for (j, room, refusal) in [
            (KEYS + 1, 60, Refusal::WrongIndex),
            (0, 60, Refusal::WrongIndex),
            (1, 59, Refusal::Oversized),
        ] {
            let mut buffers = vec![vec![1; 60]; 6];
            buffers[4].truncate(room);
            let before = buffers.clone();
            let mut batch: Vec<_> = buffers
                .iter_mut()
                .zip([1, 2, 3, 4, j, 5])
                .map(|(buffer, j)| Sealing {
                    header: Header {
                        i: 7,
                        j,
                        ..Header::default()
                    },
                    next_header: 4,
                    buffer,
                    inner: 26,
                })
                .collect();
            assert_eq!(seal_batch(&keys, &mut batch), Err(refusal));
            assert_eq!(buffers, before);
        }
    }
}
