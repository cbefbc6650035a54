//! The key-box ring with several open slots.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

use photonbox_model::boxes::{Boxes, IN_FLIGHT, KEY_BYTES, Key};
use photonbox_model::ring::Geometry;
use photonbox_model::{BusError, BusMaster};
use photonbox_regmap::{Completion, layout::COMPLETION_BYTES};

const DATA: u64 = 0x1_0000;
const COMPLETIONS: u64 = 0x8_0000;

/// Remembers what was written, in order; fails from a burst on.
#[derive(Default)]
struct Host {
    writes: Vec<(u64, Vec<u8>)>,
    fails_at: Option<usize>,
}

impl BusMaster for Host {
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), BusError> {
        if self.fails_at == Some(self.writes.len()) {
            return Err(BusError);
        }
        self.writes.push((address, data.to_vec()));
        Ok(())
    }

    fn interrupt(&mut self, _vector: u16) {}
}

impl Host {
    fn completions(&self) -> Vec<Completion> {
        self.writes
            .iter()
            .filter(|(address, _)| *address >= COMPLETIONS)
            .map(|(_, data)| {
                let bytes: [u8; COMPLETION_BYTES] = data.as_slice().try_into().unwrap();
                Completion::from_bytes(&bytes)
            })
            .collect()
    }
}

fn boxes(slot_bytes: u32, slot_count: u32) -> Boxes {
    let mut boxes = Boxes::default();
    boxes.enable(true);
    assert!(boxes.commit(Geometry {
        data_base: DATA,
        completion_base: COMPLETIONS,
        slot_bytes,
        slot_count,
    }));
    boxes
}

/// Key `index` of a box of `keys` keys of a context, whose tag and number are told from it.
fn take(boxes: &mut Boxes, context: usize, index: u8, keys: u8) -> bool {
    boxes.take(Key {
        context,
        key: &[16 * context as u8 + index; KEY_BYTES],
        first: index == 0,
        last: index + 1 == keys,
        tag: 100 + context as u32,
        number: 1 + context as u32,
    })
}

#[test]
fn slots_are_completed_in_the_order_of_first_keys() {
    let (mut boxes, mut host) = (boxes(512, 8), Host::default());
    for context in [2, 0, 1] {
        assert!(take(&mut boxes, context, 0, 9));
    }
    // The last slot is closed first, and waits.
    for context in [1, 0, 2] {
        for index in 1..9 {
            assert!(!boxes.complete(0, 7, &mut host), "context {context}");
            assert!(take(&mut boxes, context, index, 9));
        }
    }
    while boxes.complete(0, 7, &mut host) {}
    let completions = host.completions();
    let shown: Vec<_> = completions
        .iter()
        .map(|it| (it.slot, it.sequence, it.lanes, it.blocks, it.bytes))
        .collect();
    let of = |context: u64| (100 + context) | (1 + context) << 32;
    assert_eq!(
        shown,
        [
            (0, 0, of(2), 9, 288),
            (1, 1, of(0), 9, 288),
            (2, 2, of(1), 9, 288)
        ]
    );
    assert!(completions.iter().all(|it| !it.flags.error && it.phase.0));
    // Each slot: a burst of 256 bytes, one of 32, then its completion.
    let sizes: Vec<_> = host.writes.iter().map(|(_, data)| data.len()).collect();
    assert_eq!(sizes, [256, 32, 32].repeat(3));
    assert_eq!(
        host.writes[0],
        (DATA, (0..8).flat_map(|i| [32 + i; 32]).collect())
    );
    assert_eq!(boxes.tail(), 3);
}

#[test]
fn a_box_that_is_cut_is_complete_with_what_it_has() {
    let (mut boxes, mut host) = (boxes(512, 8), Host::default());
    assert!(take(&mut boxes, 3, 0, 5) && take(&mut boxes, 3, 1, 5));
    boxes.cut(4);
    assert!(!boxes.complete(0, 0, &mut host));
    boxes.cut(3);
    // The rest of it is nobody's.
    assert!(!take(&mut boxes, 3, 2, 5));
    assert!(boxes.complete(0, 0, &mut host));
    let [completion] = host.completions()[..] else {
        panic!("one completion");
    };
    assert!(completion.flags.error && completion.bytes == 64 && completion.blocks == 2);
}

#[test]
fn a_ring_that_is_switched_off_cuts_its_boxes() {
    let (mut boxes, mut host) = (boxes(512, 8), Host::default());
    assert!(take(&mut boxes, 0, 0, 2) && take(&mut boxes, 1, 0, 1));
    boxes.enable(false);
    assert!(!take(&mut boxes, 0, 1, 2));
    while boxes.complete(0, 0, &mut host) {}
    let errors: Vec<_> = host.completions().iter().map(|it| it.flags.error).collect();
    assert_eq!(errors, [true, false]);
}

#[test]
fn a_full_ring_refuses_first_keys_and_counts_a_stall_once() {
    let (mut boxes, mut host) = (boxes(64, 2), Host::default());
    assert!(take(&mut boxes, 0, 0, 2) && take(&mut boxes, 1, 0, 1));
    assert!(!take(&mut boxes, 2, 0, 1) && !take(&mut boxes, 3, 0, 1));
    assert!(take(&mut boxes, 0, 1, 2), "its slot is its own");
    assert_eq!((boxes.stalls(), boxes.full()), (1, false));
    while boxes.complete(0, 0, &mut host) {}
    assert!(boxes.full() && boxes.no_slot());
    boxes.set_head(1, 0);
    assert!(take(&mut boxes, 2, 0, 1));
    assert!(!take(&mut boxes, 3, 0, 1));
    assert_eq!(boxes.stalls(), 2);
}

#[test]
fn so_many_slots_are_in_flight_and_no_more() {
    let mut boxes = boxes(64, 256);
    assert!(take(&mut boxes, 0, 0, 2));
    for _ in 1..IN_FLIGHT {
        assert!(take(&mut boxes, 1, 0, 1));
    }
    assert!(!take(&mut boxes, 1, 0, 1));
    assert_eq!((boxes.in_flight(), boxes.stalls()), (IN_FLIGHT, 0));
}

#[test]
fn keys_beyond_a_slot_are_dropped_and_spoil_it() {
    let (mut boxes, mut host) = (boxes(64, 2), Host::default());
    for index in 0..3 {
        assert!(take(&mut boxes, 0, index, 3));
    }
    assert!(boxes.complete(0, 0, &mut host));
    let [completion] = host.completions()[..] else {
        panic!("one completion");
    };
    assert!(completion.flags.error && completion.bytes == 64);
}

#[test]
fn an_error_and_a_release_forget_what_is_not_completed() {
    let (mut boxes, mut host) = (boxes(512, 8), Host::default());
    host.fails_at = Some(3);
    assert!(take(&mut boxes, 0, 0, 1) && take(&mut boxes, 1, 0, 1) && take(&mut boxes, 2, 0, 2));
    assert!(boxes.complete(0, 0, &mut host));
    assert!(!boxes.complete(0, 0, &mut host));
    assert!(boxes.in_error() && !boxes.usable());
    assert_eq!((boxes.tail(), boxes.errors(), boxes.in_flight()), (1, 1, 0));
    boxes.release();
    assert!(!boxes.in_error() && !boxes.committed());
}
