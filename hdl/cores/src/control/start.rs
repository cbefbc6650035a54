//! Why START would be refused: the reasons of `START_ERROR`, kept up to date.

use super::leftover::Leftover;
use crate::csr::{Fixed, Given};
use photonbox_regmap::global;
use rust_hdl::prelude::*;

/// The checks of START. `problems` follows its inputs by at most [`StartCheck::LATENCY`] cycles.
#[derive(LogicBlock, Default)]
pub struct StartCheck {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// An enabled lane is routed to EXTRACT.
    pub any_extract: Signal<In, Bit>,
    /// An enabled lane is routed to TAP.
    pub any_tap: Signal<In, Bit>,
    /// Every enabled lane has a window that its front end allows.
    pub window_ok: Signal<In, Bit>,
    /// The entropy ring is committed, enabled and without error.
    pub entropy_usable: Signal<In, Bit>,
    /// The entropy ring is committed.
    pub entropy_committed: Signal<In, Bit>,
    /// Bytes of a slot of the entropy ring.
    pub entropy_slot_bytes: Signal<In, Bits<21>>,
    /// The raw ring is committed, enabled and without error.
    pub raw_usable: Signal<In, Bit>,
    /// Input bits of a block.
    pub n: Signal<In, Bits<16>>,
    /// Output bits of a block.
    pub m: Signal<In, Bits<16>>,
    /// Claimed min-entropy of a raw bit, times 65536.
    pub claimed_h: Signal<In, Bits<17>>,
    /// A seed is in force.
    pub seeded: Signal<In, Bit>,
    /// The last self-test passed wholly.
    pub selftest_ok: Signal<In, Bit>,
    /// The bits of `START_ERROR`, but NOT_IDLE.
    pub problems: Signal<Out, Bits<9>>,
    leftover: Leftover,
    shape: DFF<Bit>,
    room: DFF<Bit>,
    result: DFF<Bits<9>>,
    max_n: Given<16>,
    max_m: Given<16>,
    no_lane: Fixed<9, { global::START_ERROR_NO_LANE.mask64() }>,
    bad_shape: Fixed<9, { global::START_ERROR_GEOMETRY.mask64() }>,
    no_leftover: Fixed<9, { global::START_ERROR_LEFTOVER.mask64() }>,
    no_seed: Fixed<9, { global::START_ERROR_NO_SEED.mask64() }>,
    no_ring: Fixed<9, { global::START_ERROR_NO_RING.mask64() }>,
    small_slot: Fixed<9, { global::START_ERROR_SLOT.mask64() }>,
    not_tested: Fixed<9, { global::START_ERROR_SELFTEST.mask64() }>,
    no_window: Fixed<9, { global::START_ERROR_WINDOW.mask64() }>,
    block_bytes: Signal<Local, Bits<21>>,
    bits: Signal<Local, Bits<9>>,
}

impl StartCheck {
    /// Cycles from a change of an input to `problems`.
    pub const LATENCY: u64 = 4;

    /// With an extractor of at most `max_n` input and `max_m` output bits.
    pub fn new(max_n: u32, max_m: u32) -> Self {
        Self {
            max_n: Given::new(max_n.into()),
            max_m: Given::new(max_m.into()),
            ..Self::default()
        }
    }
}

impl Logic for StartCheck {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, shape, room, result);
        self.problems.next = self.result.q.val();
        self.leftover.clock.next = self.clock.val();
        self.leftover.n.next = self.n.val();
        self.leftover.m.next = self.m.val();
        self.leftover.claimed_h.next = self.claimed_h.val();
        // The data path is 64 bits wide: a block is whole words.
        self.shape.d.next = (self.n.val() != 0)
            & (self.n.val() <= self.max_n.val())
            & (self.m.val() != 0)
            & (self.m.val() <= self.max_m.val())
            & (self.m.val().get_bits::<6>(0) == 0);
        self.block_bytes.next = bit_cast::<21, 16>(self.m.val() >> 3);
        self.room.d.next = self.block_bytes.val() <= self.entropy_slot_bytes.val();

        self.bits.next = 0.into();
        if !self.any_extract.val() & !self.any_tap.val() {
            self.bits.next = self.bits.val() | self.no_lane.val();
        }
        if !self.selftest_ok.val() {
            self.bits.next = self.bits.val() | self.not_tested.val();
        }
        if !self.window_ok.val() {
            self.bits.next = self.bits.val() | self.no_window.val();
        }
        if (self.any_extract.val() & !self.entropy_usable.val())
            | (self.any_tap.val() & !self.raw_usable.val())
        {
            self.bits.next = self.bits.val() | self.no_ring.val();
        }
        if self.any_extract.val() {
            if !self.shape.q.val() {
                self.bits.next = self.bits.val() | self.bad_shape.val();
            }
            if !self.leftover.fits.val() {
                self.bits.next = self.bits.val() | self.no_leftover.val();
            }
            if !self.seeded.val() {
                self.bits.next = self.bits.val() | self.no_seed.val();
            }
            if self.entropy_committed.val() & !self.room.q.val() {
                self.bits.next = self.bits.val() | self.small_slot.val();
            }
        }
        self.result.d.next = self.bits.val();
    }
}
