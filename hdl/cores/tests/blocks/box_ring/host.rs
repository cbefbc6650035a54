//! What the box ring's bench drives: host memory, bursts, bus accesses.

use photonbox_model::ring::Geometry;
use photonbox_model::{BusError, BusMaster};
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

/// A burst on its way.
#[derive(Clone, Debug)]
pub(super) struct Burst {
    pub(super) address: u64,
    pub(super) bytes: usize,
    pub(super) completion: bool,
    pub(super) data: Vec<u8>,
    /// Cycle in which it was taken.
    pub(super) at: u64,
    /// Cycle of the response.
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
}

/// Bytes of the data, and of the completions.
pub(super) fn areas(geometry: &Geometry) -> (u64, u64) {
    let slots = u64::from(geometry.slot_count);
    (u64::from(geometry.slot_bytes) * slots, 32 * slots)
}
