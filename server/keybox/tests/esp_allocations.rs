//! Packets are sealed and opened where they lie, without allocating anything for them.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use photonbox_keybox::esp::{
    BoxKeys, Header, Instructions, Opening, Sealing, open, open_batch, seal, seal_batch, sealed_len,
};

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

fn allocations_of_batches(instructions: Instructions) -> u64 {
    let keys = BoxKeys::with(instructions, 1, &[[9; 32]; 64]);
    let mut buffers = [(); 6].map(|()| vec![0x45; sealed_len(1420)]);
    let mut carry = |seq: u32| {
        let header = |n: usize| Header {
            spi: 1,
            seq: 6 * seq + n as u32,
            i: 1,
            j: ((seq as usize * 6 + n) % 64) as u16 + 1,
            flicker: seq,
        };
        let mut n = 0;
        let mut batch = buffers.each_mut().map(|buffer| {
            n += 1;
            Sealing {
                header: header(n),
                next_header: 4,
                buffer,
                inner: 1420,
            }
        });
        seal_batch(&keys, &mut batch).unwrap();
        let mut batch = batch.map(|one| Opening {
            header: one.header,
            packet: one.buffer,
            ..Opening::default()
        });
        open_batch(&keys, &mut batch);
        for one in &batch {
            assert_eq!(one.opened.unwrap().len, 1420);
        }
    };
    (0..64).for_each(&mut carry);
    let measured = allocation_counter::measure(|| (1..=PACKETS).for_each(carry));
    measured.count_total
}

#[test]
fn no_packet_allocates() {
    // The counter counts.
    let measured = allocation_counter::measure(|| drop(std::hint::black_box(vec![1; 100])));
    assert_eq!(measured.count_total, 1);
    for instructions in Instructions::ALL {
        if instructions.are_available() {
            assert_eq!(allocations(instructions), 0, "{instructions:?}");
            assert_eq!(allocations_of_batches(instructions), 0, "{instructions:?}");
        }
    }
}
