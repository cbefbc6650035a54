//! Packets are sealed and opened where they lie, without allocating anything for them.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use photonbox_keybox::esp::{BoxKeys, Header, Instructions, open, seal, sealed_len};

const PACKETS: u32 = 1000;

fn allocations(instructions: Instructions) -> u64 {
    let keys = BoxKeys::with(instructions, 1, &[[9; 32]; 64]);
    let mut buffer = vec![0x45; sealed_len(1420)];
    let mut carry = |seq: u32| {
        let header = Header {
            spi: 1,
            seq,
            i: 1,
            j: (seq % 64) as u16 + 1,
            flicker: seq,
        };
        let len = seal(&keys, &header, 4, &mut buffer, 1420).unwrap();
        let opened = open(&keys, &header, &mut buffer[..len]).unwrap();
        assert_eq!(opened.len, 1420);
    };
    // The first packet of each group of keys makes them ready.
    (0..64).for_each(&mut carry);
    let measured = allocation_counter::measure(|| (1..=PACKETS).for_each(carry));
    measured.count_total
}

#[test]
fn no_packet_allocates() {
    // The counter counts.
    let measured = allocation_counter::measure(|| drop(std::hint::black_box(vec![1; 100])));
    assert_eq!(measured.count_total, 1);
    for instructions in [Instructions::Libraries, Instructions::Vaes] {
        if instructions.are_available() {
            assert_eq!(allocations(instructions), 0, "{instructions:?}");
        }
    }
}
