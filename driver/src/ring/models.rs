//! The ring logic under loom: a card that writes as its data sheet says, on a thread of its own, against the consumer.
//! Loom runs each model once for every order of their steps that matters (with at most [`PREEMPTIONS`] switches that
//! nobody asked for) and for every value that a relaxed load may see. `make loom` runs them, and then once more with
//! faults planted (`tests/loom`).

use super::*;
use crate::{
    dma::{DmaBuffer, DmaMemory},
    sync::{Condvar, Mutex},
    transport::{Interrupt, Transport},
};
use loom::{future::block_on, thread};
use photonbox_regmap::{Phase, global, layout::COMPLETION_BYTES, ring};
use std::{
    collections::HashMap,
    sync::{OnceLock, PoisonError},
};

const KIND: RingKind = RingKind::Entropy;
const SLOTS: u32 = 2;
const SLOT_BYTES: u32 = ring::SLOT_ALIGN;
/// Unless LOOM_MAX_PREEMPTIONS says otherwise; more find no more here.
const PREEMPTIONS: usize = 3;

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.max_branches = 20_000;
    builder.check(model);
}

/// The card's side of one ring, and the bus.
#[derive(Default)]
struct Card {
    ring: Mutex<CardRing>,
    room: Condvar,
    interrupt: Arc<Interrupt>,
    memory: OnceLock<Arc<DmaMemory>>,
}

#[derive(Default)]
struct CardRing {
    registers: HashMap<u32, u32>,
    generation: u32,
    head: u32,
    tail: u32,
    armed: bool,
}

impl CardRing {
    /// Whether to interrupt now; then not again before the next doorbell.
    fn take_interrupt(&mut self) -> bool {
        let raise = self.armed && self.tail != self.head;
        self.armed &= !raise;
        raise
    }
}

fn at(register: u32) -> u32 {
    ring::base(KIND.number()) + register
}

impl Card {
    fn ring(&self) -> crate::sync::MutexGuard<'_, CardRing> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a slot with this one word once there is room, its completion, and then raises the interrupt if it is armed.
    fn complete(&self, word: u64) {
        let mut ring = self.ring();
        while ring.tail.wrapping_sub(ring.head) == SLOTS {
            ring = self.room.wait(ring).unwrap_or_else(PoisonError::into_inner);
        }
        let (count, generation) = (ring.tail, ring.generation);
        drop(ring);
        let place = count % SLOTS;
        let completion = Completion {
            slot: place as u16,
            blocks: 1,
            bytes: 8,
            ring: KIND.number(),
            flags: Flags::default(),
            seed_epoch: 1,
            lanes: 1,
            raw_bits: 1,
            sequence: count,
            generation,
            phase: Phase::of(count, SLOTS),
        };
        let memory = self.memory.get().expect("armed");
        let completions = (SLOTS * SLOT_BYTES) as usize;
        assert!(memory.device_write((place * SLOT_BYTES) as usize, &word.to_le_bytes()));
        // The bus has answered before a host that sees the completion can reach a register: TAIL is never behind HEAD.
        let mut ring = self.ring();
        assert!(memory.device_write(
            completions + place as usize * COMPLETION_BYTES,
            &completion.to_bytes()
        ));
        ring.tail = count.wrapping_add(1);
        let raise = ring.take_interrupt();
        drop(ring);
        if raise {
            self.interrupt.raise();
        }
    }
}

/// The card as the driver reaches it.
struct Bus(Arc<Card>);

impl Transport for Bus {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        let ring = self.0.ring();
        Ok(match offset {
            global::GENERATION => ring.generation,
            offset if offset == at(ring::TAIL) => ring.tail,
            offset => ring.registers.get(&offset).copied().unwrap_or(0),
        })
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        let mut ring = self.0.ring();
        ring.registers.insert(offset, value);
        let mut raise = false;
        if offset == at(ring::HEAD) {
            assert!(
                value.wrapping_sub(ring.head) <= ring.tail.wrapping_sub(ring.head),
                "a slot was given back that the card never completed"
            );
            ring.head = value;
            ring.armed = true;
            raise = ring.take_interrupt();
            self.0.room.notify_all();
        } else if offset == at(ring::COMMIT) {
            let committed = u32::from(value == ring::COMMIT_COMMIT.mask());
            ring.registers
                .insert(at(ring::STATUS), ring::STATUS_COMMITTED.put(committed));
            ring.generation += committed;
            (ring.head, ring.tail, ring.armed) = (0, 0, true);
        }
        drop(ring);
        if raise {
            self.0.interrupt.raise();
        }
        Ok(())
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        let memory = DmaMemory::modelled(bytes).map(Arc::new);
        let memory = memory.map_err(|source| Error::DmaMemory { bytes, source })?;
        assert!(self.0.memory.set(Arc::clone(&memory)).is_ok(), "once");
        Ok(DmaBuffer::new(memory, 0x1000, Box::new(())))
    }

    fn interrupt(&self, _vector: u16) -> Result<Arc<Interrupt>, Error> {
        Ok(Arc::clone(&self.0.interrupt))
    }

    fn bus_master(&self, _on: bool) -> Result<(), Error> {
        Ok(())
    }

    fn reset(&self) -> Result<(), Error> {
        Ok(())
    }

    fn describe(&self) -> String {
        "model".into()
    }
}

fn arming(generation: u32) -> Arming {
    Arming {
        geometry: Geometry {
            slots: SLOTS,
            slot_bytes: SLOT_BYTES,
        },
        generation,
        extractor: (1024, 384),
        flush_cycles: 0,
    }
}

fn set_up() -> (Arc<Card>, Arc<RingCore>, Ring) {
    let card = Arc::new(Card::default());
    let transport: Arc<dyn Transport> = Arc::new(Bus(Arc::clone(&card)));
    let core = RingCore::new(KIND, transport, Duration::MAX).expect("ring");
    core.arm(arming(1)).expect("armed");
    let ring = Ring::take(&core).expect("free");
    (card, core, ring)
}

/// The slot's word; none if the ring was taken away under it.
fn word(slot: &Slot<'_>) -> Option<u64> {
    let mut bytes = [0; 8];
    match slot.copy_to(&mut bytes) {
        Ok(length) => {
            assert_eq!(length, 8);
            Some(u64::from_le_bytes(bytes))
        }
        Err(Error::StaleSlot) => None,
        Err(error) => panic!("{error}"),
    }
}

const WORDS: std::ops::Range<u64> = 0xa0..0xa3;

#[test]
fn a_thread_gets_every_slot_once_in_order_and_is_woken() {
    check(|| {
        let (card, _core, mut ring) = set_up();
        let writer = Arc::clone(&card);
        let writing = thread::spawn(move || WORDS.for_each(|word| writer.complete(word)));
        for expected in WORDS {
            let slot = ring.wait(Duration::MAX).expect("healthy").expect("in time");
            assert_eq!(word(&slot), Some(expected));
            slot.release().expect("doorbell");
        }
        assert!(ring.poll().expect("healthy").is_none(), "nothing twice");
        writing.join().expect("card");
        let counts = ring.counts();
        assert_eq!((counts.slots, counts.discarded_slots), (3, 0));
    });
}

#[test]
fn a_task_gets_every_slot_once_in_order_and_is_woken() {
    check(|| {
        let (card, _core, mut ring) = set_up();
        let writer = Arc::clone(&card);
        let writing = thread::spawn(move || WORDS.for_each(|word| writer.complete(word)));
        for expected in WORDS {
            let slot = block_on(ring.next()).expect("healthy");
            assert_eq!(word(&slot), Some(expected));
            slot.release().expect("doorbell");
        }
        writing.join().expect("card");
        assert_eq!(ring.counts().slots, 3);
    });
}

/// The ring is taken away and armed anew while its consumer waits, reads or gives back: he gets the old slots' data or
/// `StaleSlot`, never touches the next life's, and sleeps through none of it.
#[test]
fn a_reset_under_the_consumer_leaves_him_nothing_stale() {
    const NEW: u64 = 0xb0;
    check(|| {
        let (card, core, mut ring) = set_up();
        card.complete(0xa0);
        card.complete(0xa1);
        let taking = thread::spawn(move || {
            let mut taken = Vec::new();
            let mut stale = 0;
            while taken.last() != Some(&NEW) {
                let slot = ring.wait(Duration::MAX).expect("healthy").expect("in time");
                match word(&slot) {
                    Some(word) => taken.push(word),
                    None => stale += 1,
                }
                slot.release().expect("doorbell");
            }
            (taken, stale, ring)
        });
        core.disarm();
        core.arm(arming(2)).expect("armed");
        card.complete(NEW);
        let (taken, stale, ring) = taking.join().expect("consumer");
        let old = &taken[..taken.len() - 1];
        assert!(
            [&[][..], &[0xa0], &[0xa0, 0xa1]].contains(&old),
            "{old:x?}: in order, each once"
        );
        assert!(stale <= 1, "the next look finds the new life");
        let counts = ring.counts();
        assert_eq!(counts.slots + counts.discarded_slots, 3, "none is lost");
        // Read or not: what is counted as discarded was not given back.
        assert!(counts.slots >= 1 && counts.slots <= taken.len() as u64);
    });
}

#[test]
fn an_interrupt_wakes_a_thread_and_a_task() {
    check(|| {
        let interrupt = Arc::new(Interrupt::default());
        let raiser = Arc::clone(&interrupt);
        let raising = thread::spawn(move || raiser.raise());
        assert!(interrupt.wait(Duration::MAX));
        raising.join().expect("raiser");
        assert!(!interrupt.wait(Duration::ZERO), "once");
    });
    check(|| {
        let interrupt = Arc::new(Interrupt::default());
        let raiser = Arc::clone(&interrupt);
        let raising = thread::spawn(move || raiser.raise());
        assert!(block_on(interrupt.wait_async(Duration::MAX)));
        raising.join().expect("raiser");
    });
}
