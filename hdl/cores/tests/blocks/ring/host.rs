//! What the ring's bench drives: host memory, pieces, bursts, bus accesses.

use photonbox_model::{BusError, BusMaster};
use photonbox_regmap::{Flags, ring};
use std::collections::HashMap;

/// Host memory, by bus address.
#[derive(Default)]
pub(super) struct Host(pub(super) HashMap<u64, u8>);

impl Host {
    pub(super) fn read(&self, address: u64, bytes: usize) -> Vec<u8> {
        (address..address + bytes as u64)
            .map(|at| self.0.get(&at).copied().unwrap_or(0))
            .collect()
    }
}

impl BusMaster for Host {
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), BusError> {
        self.0.extend((address..).zip(data.iter().copied()));
        Ok(())
    }

    fn interrupt(&mut self, _vector: u16) {}
}

/// A piece as it is offered.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) words: Vec<u64>,
    pub(super) given: usize,
    pub(super) flags: u64,
    pub(super) lanes: u64,
    pub(super) raw_bits: u64,
    pub(super) epoch: u64,
    pub(super) close: bool,
}

impl Offer {
    pub(super) fn flags(&self) -> Flags {
        let on = |bit: u32| self.flags >> bit & 1 == 1;
        Flags {
            not_creditable: on(0),
            test: on(1),
            simulated: on(2),
            replayed: on(3),
            error: on(4),
            gap: on(5),
        }
    }
}

/// A burst on its way.
#[derive(Clone, Debug)]
pub(super) struct Burst {
    pub(super) address: u64,
    pub(super) words: usize,
    pub(super) tag: u64,
    pub(super) data: Vec<u64>,
    pub(super) at: u64,
    pub(super) due: u64,
}

/// A bus access of the host, some cycles long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) register: u32,
    pub(super) value: u32,
    pub(super) write: bool,
    /// Cycles since it began.
    pub(super) age: u64,
    /// Block and instance: mostly the ring's own.
    pub(super) place: (u64, u64),
}

impl Access {
    /// The ring is switched off.
    pub(super) fn off() -> Self {
        Self {
            register: ring::CONTROL,
            value: 0,
            write: true,
            age: 0,
            place: HERE,
        }
    }

    /// The time of open slots.
    pub(super) fn of_timer(cycles: u32) -> Self {
        Self {
            register: ring::FLUSH_CYCLES,
            value: cycles,
            write: true,
            age: 0,
            place: HERE,
        }
    }

    /// Whether it is the ring under test that is meant.
    pub(super) fn is_here(&self) -> bool {
        self.place == HERE
    }
}

/// Block and instance of the ring under test.
pub(super) const HERE: (u64, u64) = (super::BLOCK, super::INDEX as u64);
