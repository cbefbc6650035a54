//! The scripted card: one ring, every fault on command.

use super::{GENERATION, KIND};
use crate::device::{Device, HostBus};
use photonbox_regmap::{Completion, Flags, Phase, global, layout::COMPLETION_BYTES, ring};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// The card's side of one ring.
#[derive(Default)]
pub(super) struct Script {
    pub(super) host: Option<Arc<dyn HostBus>>,
    pub(super) registers: HashMap<u32, u32>,
    pub(super) tail: u32,
    pub(super) dead: bool,
    pub(super) lose_interrupts: bool,
    /// Completions aren't written, though counted: as after an IOMMU fault.
    pub(super) lose_writes: bool,
    pub(super) doorbells: u32,
    /// So many doorbells come before the card knows that its completion was taken, and are ignored.
    pub(super) early_doorbells: u32,
    /// So many times RELEASE is refused, as while a burst is unanswered.
    pub(super) unanswered: u32,
    /// A slot to complete, without an interrupt, when the driver next reads the generation.
    pub(super) on_generation_read: Option<Vec<u8>>,
}

pub(super) struct ScriptedCard(Mutex<Script>);

pub(super) fn at(register: u32) -> u32 {
    ring::base(KIND.number()) + register
}

impl ScriptedCard {
    pub(super) fn new() -> Arc<Self> {
        let script = Script {
            registers: HashMap::from([(global::GENERATION, GENERATION)]),
            ..Script::default()
        };
        Arc::new(Self(Mutex::new(script)))
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().expect("script")
    }

    /// Completes a slot as a healthy card would; false when the ring is full.
    pub(super) fn complete(&self, data: &[u8]) -> bool {
        self.complete_as(data, |_| {})
    }

    pub(super) fn complete_as(&self, data: &[u8], change: impl FnOnce(&mut Completion)) -> bool {
        let mut script = self.script();
        let register = |name| script.registers.get(&at(name)).copied().unwrap_or(0);
        let address = |low, high| u64::from(register(low)) | u64::from(register(high)) << 32;
        let (slots, slot_bytes) = (register(ring::SLOT_COUNT), register(ring::SLOT_BYTES));
        let count = script.tail;
        if count.wrapping_sub(register(ring::HEAD)) >= slots {
            return false;
        }
        let place = count % slots;
        let mut completion = Completion {
            slot: place as u16,
            blocks: 1,
            bytes: data.len() as u32,
            ring: KIND.number(),
            flags: Flags {
                simulated: true,
                ..Flags::default()
            },
            seed_epoch: 1,
            lanes: 1,
            raw_bits: 100,
            sequence: count,
            generation: GENERATION,
            phase: Phase::of(count, slots),
        };
        change(&mut completion);
        let data_at = address(ring::DATA_BASE_LO, ring::DATA_BASE_HI)
            + u64::from(place) * u64::from(slot_bytes);
        let completion_at = address(ring::CPL_BASE_LO, ring::CPL_BASE_HI)
            + u64::from(place) * COMPLETION_BYTES as u64;
        script.tail = count.wrapping_add(1);
        let (lose_writes, lose_interrupts) = (script.lose_writes, script.lose_interrupts);
        let host = script.host.clone().expect("attached");
        drop(script);
        if !lose_writes {
            host.dma_write(data_at, data).expect("mapped");
            host.dma_write(completion_at, &completion.to_bytes())
                .expect("mapped");
        }
        if !lose_interrupts {
            host.raise_irq(KIND.number() as u16);
        }
        true
    }
}

impl Device for ScriptedCard {
    fn read32(&self, offset: u32) -> u32 {
        if offset == global::GENERATION {
            let late = self.script().on_generation_read.take();
            if let Some(data) = late {
                self.script().lose_interrupts = true;
                assert!(self.complete(&data), "no slot is free");
            }
        }
        let script = self.script();
        if script.dead {
            u32::MAX
        } else if offset == at(ring::TAIL) {
            script.tail
        } else {
            script.registers.get(&offset).copied().unwrap_or(0)
        }
    }

    fn write32(&self, offset: u32, value: u32) {
        let mut script = self.script();
        let before = script.registers.insert(offset, value).unwrap_or(0);
        if offset == at(ring::HEAD) {
            script.doorbells += 1;
            let early = script.early_doorbells > 0;
            script.early_doorbells = script.early_doorbells.saturating_sub(1);
            if early {
                script.registers.insert(offset, before);
            }
            let status = ring::STATUS_COMMITTED.put(1) | ring::STATUS_BAD_HEAD.put(early.into());
            script.registers.insert(at(ring::STATUS), status);
        } else if offset == at(ring::COMMIT)
            && value == ring::COMMIT_RELEASE.mask()
            && script.unanswered > 0
        {
            script.unanswered -= 1;
        } else if offset == at(ring::COMMIT) {
            let committed = value == ring::COMMIT_COMMIT.mask();
            script.registers.insert(
                at(ring::STATUS),
                ring::STATUS_COMMITTED.put(u32::from(committed)),
            );
            script.registers.insert(at(ring::HEAD), 0);
            script.tail = 0;
        }
    }

    fn attach(&self, host: Arc<dyn HostBus>) {
        self.script().host = Some(host);
    }

    fn bus_master_enable(&self, _on: bool) {}

    fn function_level_reset(&self) {}

    fn describe(&self) -> String {
        "scripted".into()
    }
}
