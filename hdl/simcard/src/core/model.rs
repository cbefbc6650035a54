//! The Rust model as a core: everything happens at once, and nothing but photons takes the caller's time.

use super::Core;
use crate::bus::Bridge;
use photonbox_model::{Card, EdgeError, Provenance};

impl Core for Card {
    #[inline]
    fn now(&self) -> u64 {
        self.now()
    }

    #[inline]
    fn running(&self) -> bool {
        self.running()
    }

    fn quiet(&self) -> bool {
        // A key-box job goes on without photons.
        !self.running() && self.next_due().is_none()
    }

    #[inline]
    fn edges(
        &mut self,
        cycle: u64,
        lane: u32,
        a: bool,
        b: bool,
        bus: &mut Bridge,
    ) -> Result<(), EdgeError> {
        self.edges(cycle, lane, a, b, bus)
    }

    #[inline]
    fn advance_to(&mut self, cycle: u64, bus: &mut Bridge) {
        self.advance_to(cycle, bus);
    }

    fn read32(&mut self, offset: u32, _: &mut Bridge) -> u32 {
        self.read32(offset)
    }

    fn write32(&mut self, offset: u32, value: u32, bus: &mut Bridge) {
        self.write32(offset, value, bus);
    }

    fn ring_full(&mut self, _: &mut Bridge) -> bool {
        self.rings().iter().any(|ring| ring.usable() && ring.full())
    }

    fn label(&mut self, replayed: bool, cycle: u64, bus: &mut Bridge) {
        // The model labels edges when it executes their cycle: first those that it still holds.
        self.advance_to(cycle, bus);
        self.set_provenance(Provenance {
            simulated: true,
            replayed,
        });
    }

    fn inject_selftest_fault(&mut self, mask: u32) {
        self.inject_selftest_fault(mask);
    }

    fn violation(&self) -> Option<String> {
        None
    }

    #[inline]
    fn access_cycles(&self) -> u64 {
        0
    }

    #[inline]
    fn stride(&self) -> u64 {
        u64::MAX
    }
}
