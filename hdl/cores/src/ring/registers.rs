//! A ring's registers: geometry, head and tail, back-pressure, errors, and when to interrupt.

use super::Decode;
use rust_hdl::prelude::*;

/// The RING block of the register map for one ring, with the counters that stand behind it.
#[derive(LogicBlock, Default)]
pub struct Registers {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Number of the ring.
    pub index: Signal<In, Bits<6>>,
    /// Write strobe of the register bus.
    pub csr_write: Signal<In, Bit>,
    /// Block addressed.
    pub csr_block: Signal<In, Bits<3>>,
    /// Instance addressed.
    pub csr_instance: Signal<In, Bits<6>>,
    /// Word addressed within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Data of a write.
    pub csr_data: Signal<In, Bits<32>>,
    /// The register addressed, two cycles later; 0 when it is not this ring's.
    pub csr_read: Signal<Out, Bits<32>>,
    /// The write of this cycle is refused.
    pub csr_refused: Signal<Out, Bit>,
    /// The card is not idle: no RELEASE.
    pub running: Signal<In, Bit>,
    /// Nothing is under way between ring and host: RELEASE is possible.
    pub quiet: Signal<In, Bit>,
    /// A slot is closed and takes the next sequence number. One cycle.
    pub closed: Signal<In, Bit>,
    /// A completion is in host memory. One cycle.
    pub completed: Signal<In, Bit>,
    /// A burst failed.
    pub failed: Signal<In, Bit>,
    /// A piece waits for a slot to be opened.
    pub offered: Signal<In, Bit>,
    /// A piece is taken. One cycle.
    pub accepted: Signal<In, Bit>,
    /// The ring's interrupt is enabled.
    pub irq_enable: Signal<In, Bit>,
    /// `INT_COALESCE_SLOTS`.
    pub coalesce_slots: Signal<In, Bits<16>>,
    /// `INT_COALESCE_CYCLES`.
    pub coalesce_cycles: Signal<In, Bits<32>>,
    /// A geometry is in force.
    pub committed: Signal<Out, Bit>,
    /// Pieces are taken at all.
    pub usable: Signal<Out, Bit>,
    /// Stopped on a bus error.
    pub in_error: Signal<Out, Bit>,
    /// A geometry is taken: from the next cycle on. One cycle.
    pub commit: Signal<Out, Bit>,
    /// The ring is given up: from the next cycle on. One cycle.
    pub given_up: Signal<Out, Bit>,
    /// Bus address of slot 0's data.
    pub data_base: Signal<Out, Bits<64>>,
    /// Bus address of slot 0's completion.
    pub completion_base: Signal<Out, Bits<64>>,
    /// Bytes from slot to slot.
    pub slot_bytes: Signal<Out, Bits<21>>,
    /// Slots.
    pub slot_count: Signal<Out, Bits<16>>,
    /// FLUSH_CYCLES.
    pub flush_cycles: Signal<Out, Bits<32>>,
    /// Sequence number of the slot that is, or will be, open.
    pub slot_number: Signal<Out, Bits<32>>,
    /// HEAD.
    pub head_count: Signal<Out, Bits<32>>,
    /// TAIL.
    pub tail_count: Signal<Out, Bits<32>>,
    /// STATUS.FULL.
    pub full: Signal<Out, Bit>,
    /// No slot can be opened.
    pub no_slot: Signal<Out, Bit>,
    /// Tail differs from head.
    pub waiting: Signal<Out, Bit>,
    /// Interrupt. One cycle.
    pub irq: Signal<Out, Bit>,
    /// The ring stopped on a bus error. One cycle.
    pub error_event: Signal<Out, Bit>,
    /// The ring was full when a slot was wanted. One cycle.
    pub stall_event: Signal<Out, Bit>,

    decode: Decode,
    data_lo: DFF<Bits<32>>,
    data_hi: DFF<Bits<32>>,
    completion_lo: DFF<Bits<32>>,
    completion_hi: DFF<Bits<32>>,
    /// SLOT_BYTES, kept as its difference to the reset value so that a flip-flop starts at 0.
    bytes_flipped: DFF<Bits<21>>,
    count: DFF<Bits<16>>,
    flush: DFF<Bits<32>>,
    enabled: DFF<Bit>,
    taken_geometry: DFF<Bit>,
    error: DFF<Bit>,
    bad_geometry: DFF<Bit>,
    bad_head: DFF<Bit>,
    armed: DFF<Bit>,
    stalling: DFF<Bit>,
    head: DFF<Bits<32>>,
    tail: DFF<Bits<32>>,
    next: DFF<Bits<32>>,
    errors: DFF<Bits<32>>,
    stalls: DFF<Bits<32>>,
    age: DFF<Bits<32>>,
    /// Cycles until everything that follows from a new head is known.
    hold: DFF<Bits<2>>,
    read: DFF<Bits<32>>,
    error_pulse: DFF<Bit>,
    stall_pulse: DFF<Bit>,
    irq_pulse: DFF<Bit>,

    // Geometry check, in stages: a write is at least four cycles before the COMMIT that uses it.
    shifted: DFF<Bits<24>>,
    shift_rest: DFF<Bits<2>>,
    power: DFF<Bit>,
    bytes_ok: DFF<Bit>,
    aligned: DFF<Bit>,
    data_high: DFF<Bit>,
    completion_high: DFF<Bit>,
    data_wraps: DFF<Bit>,
    completion_wraps: DFF<Bit>,

    // Head and tail, in stages.
    taken: DFF<Bits<32>>,
    some_taken: DFF<Bit>,
    covered: DFF<Bit>,
    waits: DFF<Bits<32>>,
    used: DFF<Bits<32>>,
    enough: DFF<Bit>,
    due: DFF<Bit>,
    is_full: DFF<Bit>,
    is_used: DFF<Bit>,
    /// A geometry was taken by the write of the cycle before.
    committing_now: DFF<Bit>,
    /// The ring was given up by the write of the cycle before.
    released_now: DFF<Bit>,

    write: Signal<Local, Bit>,
    at: Signal<Local, Bits<14>>,
    release_asked: Signal<Local, Bit>,
    released: Signal<Local, Bit>,
    commit_asked: Signal<Local, Bit>,
    committing: Signal<Local, Bit>,
    valid: Signal<Local, Bit>,
    bytes: Signal<Local, Bits<21>>,
    bytes_wide: Signal<Local, Bits<24>>,
    count_less: Signal<Local, Bits<16>>,
    log_odd: Signal<Local, Bit>,
    log_two: Signal<Local, Bit>,
    ring_bytes: Signal<Local, Bits<37>>,
    shifted_wide: Signal<Local, Bits<37>>,
    data_low: Signal<Local, Bits<37>>,
    data_high_nibble: Signal<Local, Bits<37>>,
    data_end: Signal<Local, Bits<37>>,
    completion_low: Signal<Local, Bits<22>>,
    completion_bytes: Signal<Local, Bits<22>>,
    completion_end: Signal<Local, Bits<22>>,
    count_wide: Signal<Local, Bits<32>>,
    slots_wide: Signal<Local, Bits<32>>,
    high_wide: Signal<Local, Bits<64>>,
    low_wide: Signal<Local, Bits<64>>,
    status: Signal<Local, Bits<32>>,
    value: Signal<Local, Bits<32>>,
    fires: Signal<Local, Bit>,
    fails: Signal<Local, Bit>,
    stalled: Signal<Local, Bit>,
    is_usable: Signal<Local, Bit>,
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            data_lo,
            data_hi,
            completion_lo,
            completion_hi,
            bytes_flipped,
            count,
            flush,
            enabled,
            taken_geometry,
            error,
            bad_geometry,
            bad_head,
            armed,
            stalling,
            head,
            tail,
            next,
            errors,
            stalls,
            age,
            hold,
            read,
            error_pulse,
            stall_pulse,
            irq_pulse,
            shifted,
            shift_rest,
            power,
            bytes_ok,
            aligned,
            data_high,
            completion_high,
            data_wraps,
            completion_wraps,
            taken,
            some_taken,
            covered,
            waits,
            used,
            enough,
            due,
            is_full,
            is_used,
            committing_now,
            released_now
        );
        // Decoded a cycle ahead of the strobe.
        self.decode.clock.next = self.clock.val();
        self.decode.mine.next =
            (self.csr_block.val() == 3) & (self.csr_instance.val() == self.index.val());
        self.decode.register.next = self.csr_register.val();
        self.at.next = self.decode.at.val();
        self.write.next = self.csr_write.val();

        // What goes out.
        self.bytes.next = self.bytes_flipped.q.val() ^ 4096;
        self.is_usable.next = self.taken_geometry.q.val()
            & self.enabled.q.val()
            & !self.error.q.val()
            & !self.released_now.q.val();
        self.committed.next = self.taken_geometry.q.val();
        self.usable.next = self.is_usable.val();
        self.in_error.next = self.error.q.val();
        self.high_wide.next = bit_cast::<64, 32>(self.data_hi.q.val());
        self.low_wide.next = bit_cast::<64, 32>(self.completion_hi.q.val());
        self.data_base.next =
            (self.high_wide.val() << 32) | bit_cast::<64, 32>(self.data_lo.q.val());
        self.completion_base.next =
            (self.low_wide.val() << 32) | bit_cast::<64, 32>(self.completion_lo.q.val());
        self.slot_bytes.next = self.bytes.val();
        self.slot_count.next = self.count.q.val();
        self.flush_cycles.next = self.flush.q.val();
        self.slot_number.next = self.next.q.val();
        self.head_count.next = self.head.q.val();
        self.tail_count.next = self.tail.q.val();
        self.full.next = self.is_full.q.val();
        self.no_slot.next = self.is_used.q.val();
        self.waiting.next = self.waits.q.val() != 0;
        self.irq.next = self.irq_pulse.q.val();
        self.error_event.next = self.error_pulse.q.val();
        self.stall_event.next = self.stall_pulse.q.val();
        self.csr_read.next = self.read.q.val();

        // Geometry: a power of two of slots (2 to 32,768), sizes, alignment, no wrap of the address.
        self.count_less.next = self.count.q.val() - 1;
        self.power.d.next = ((self.count.q.val() & self.count_less.val()) == 0)
            & ((self.count.q.val() & 0xfffe) != 0);
        self.bytes_ok.d.next = ((self.bytes.val() & 0x3f) == 0)
            & (self.bytes.val() != 0)
            & (!self.bytes.val().get_bit(20) | ((self.bytes.val() & 0xf_ffff) == 0));
        self.aligned.d.next =
            ((self.data_lo.q.val() & 0x3f) == 0) & ((self.completion_lo.q.val() & 0x1f) == 0);
        self.log_odd.next = (self.count.q.val() & 0xaaaa) != 0;
        self.log_two.next = (self.count.q.val() & 0xcccc) != 0;
        self.bytes_wide.next = bit_cast::<24, 21>(self.bytes.val());
        self.shifted.d.next = self.bytes_wide.val();
        if self.log_odd.val() & !self.log_two.val() {
            self.shifted.d.next = self.bytes_wide.val() << 1;
        }
        if !self.log_odd.val() & self.log_two.val() {
            self.shifted.d.next = self.bytes_wide.val() << 2;
        }
        if self.log_odd.val() & self.log_two.val() {
            self.shifted.d.next = self.bytes_wide.val() << 3;
        }
        self.shift_rest.d.next = 0.into();
        if (self.count.q.val() & 0x00f0) != 0 {
            self.shift_rest.d.next = 1.into();
        }
        if (self.count.q.val() & 0x0f00) != 0 {
            self.shift_rest.d.next = 2.into();
        }
        if (self.count.q.val() & 0xf000) != 0 {
            self.shift_rest.d.next = 3.into();
        }
        self.shifted_wide.next = bit_cast::<37, 24>(self.shifted.q.val());
        self.ring_bytes.next = self.shifted_wide.val();
        if self.shift_rest.q.val() == 1 {
            self.ring_bytes.next = self.shifted_wide.val() << 4;
        }
        if self.shift_rest.q.val() == 2 {
            self.ring_bytes.next = self.shifted_wide.val() << 8;
        }
        if self.shift_rest.q.val() == 3 {
            self.ring_bytes.next = self.shifted_wide.val() << 12;
        }
        self.data_high_nibble.next = bit_cast::<37, 32>(self.data_hi.q.val() & 0xf);
        self.data_low.next =
            (self.data_high_nibble.val() << 32) | bit_cast::<37, 32>(self.data_lo.q.val());
        self.data_end.next = self.data_low.val() + self.ring_bytes.val();
        self.data_high.d.next = (self.data_hi.q.val() | 0xf) == 0xffff_ffff_u64;
        self.data_wraps.d.next = self.data_end.val().get_bit(36) & self.data_high.q.val();
        self.completion_low.next = bit_cast::<22, 32>(self.completion_lo.q.val() & 0x1f_ffff);
        self.completion_bytes.next = bit_cast::<22, 16>(self.count.q.val());
        self.completion_end.next = self.completion_low.val() + (self.completion_bytes.val() << 5);
        self.completion_high.d.next = (self.completion_hi.q.val() == 0xffff_ffff_u64)
            & ((self.completion_lo.q.val() | 0x1f_ffff) == 0xffff_ffff_u64);
        self.completion_wraps.d.next =
            self.completion_end.val().get_bit(21) & self.completion_high.q.val();
        self.valid.next = self.power.q.val()
            & self.bytes_ok.q.val()
            & self.aligned.q.val()
            & !self.data_wraps.q.val()
            & !self.completion_wraps.q.val();

        // Head, tail and what follows from them.
        self.taken.d.next = self.csr_data.val() - self.head.q.val();
        self.some_taken.d.next = self.taken.q.val() != 0;
        self.covered.d.next = self.taken.q.val() <= self.waits.q.val();
        self.waits.d.next = self.tail.q.val() - self.head.q.val();
        self.used.d.next = self.next.q.val() - self.head.q.val();
        self.count_wide.next = bit_cast::<32, 16>(self.count.q.val());
        self.slots_wide.next = bit_cast::<32, 16>(self.coalesce_slots.val());
        self.is_full.d.next =
            self.taken_geometry.q.val() & (self.waits.q.val() >= self.count_wide.val());
        self.is_used.d.next = self.used.q.val() >= self.count_wide.val();
        self.enough.d.next = self.waits.q.val() >= self.slots_wide.val();
        self.due.d.next =
            (self.coalesce_cycles.val() != 0) & (self.age.q.val() >= self.coalesce_cycles.val());
        if self.age.q.val() != 0xffff_ffff_u64 {
            self.age.d.next = self.age.q.val() + 1;
        }
        if self.hold.q.val() != 0 {
            self.hold.d.next = self.hold.q.val() - 1;
        }
        self.fires.next = self.armed.q.val()
            & self.irq_enable.val()
            & (self.hold.q.val() == 0)
            & (self.waits.q.val() != 0)
            & (self.enough.q.val() | self.due.q.val());
        self.irq_pulse.d.next = self.fires.val();
        if self.fires.val() {
            self.armed.d.next = false;
        }
        if self.completed.val() {
            self.tail.d.next = self.tail.q.val() + 1;
            if self.waits.q.val() == 0 {
                self.age.d.next = 0.into();
            }
        }
        if self.closed.val() {
            self.next.d.next = self.next.q.val() + 1;
        }

        // A stall counts once, until a piece is taken.
        self.stalled.next = self.offered.val() & self.is_usable.val() & self.is_used.q.val();
        self.stall_pulse.d.next = self.stalled.val() & !self.stalling.q.val();
        if self.stalled.val() {
            self.stalling.d.next = true;
        }
        if self.accepted.val() {
            self.stalling.d.next = false;
        }
        if self.stall_pulse.q.val() {
            self.stalls.d.next = self.stalls.q.val() + 1;
        }

        self.fails.next = self.failed.val()
            & ((self.taken_geometry.q.val() & !self.error.q.val() & !self.released_now.q.val())
                | self.committing_now.q.val());
        self.error_pulse.d.next = self.fails.val();
        if self.fails.val() {
            self.errors.d.next = self.errors.q.val() + 1;
        }

        // Writes.
        self.release_asked.next =
            self.write.val() & self.at.val().get_bit(6) & self.csr_data.val().get_bit(1);
        self.released.next = self.release_asked.val() & !self.running.val() & self.quiet.val();
        self.commit_asked.next =
            self.write.val() & self.at.val().get_bit(6) & self.csr_data.val().get_bit(0);
        self.committing.next = self.commit_asked.val()
            & self.valid.val()
            & (!self.taken_geometry.q.val() | self.released.val());
        // Both act a cycle after the strobe: much hangs on them, and the path to them is long.
        self.committing_now.d.next = self.committing.val();
        self.released_now.d.next = self.released.val();
        self.commit.next = self.committing_now.q.val();
        self.given_up.next = self.released_now.q.val();
        self.csr_refused.next =
            (self.write.val() & self.decode.geometry.val() & self.taken_geometry.q.val())
                | (self.release_asked.val() & !self.released.val());
        if self.write.val() & !self.taken_geometry.q.val() {
            if self.at.val().get_bit(0) {
                self.data_lo.d.next = self.csr_data.val();
            }
            if self.at.val().get_bit(1) {
                self.data_hi.d.next = self.csr_data.val();
            }
            if self.at.val().get_bit(2) {
                self.completion_lo.d.next = self.csr_data.val();
            }
            if self.at.val().get_bit(3) {
                self.completion_hi.d.next = self.csr_data.val();
            }
            if self.at.val().get_bit(4) {
                self.bytes_flipped.d.next = bit_cast::<21, 32>(self.csr_data.val()) ^ 4096;
            }
            if self.at.val().get_bit(5) {
                self.count.d.next = bit_cast::<16, 32>(self.csr_data.val());
            }
        }
        if self.write.val() & self.at.val().get_bit(7) {
            self.bad_head.d.next = !self.covered.q.val();
            if self.covered.q.val() {
                self.head.d.next = self.csr_data.val();
                self.armed.d.next = true;
                self.hold.d.next = 3.into();
                if self.some_taken.q.val() {
                    self.age.d.next = 0.into();
                }
            }
        }
        if self.write.val() & self.at.val().get_bit(9) {
            self.enabled.d.next = self.csr_data.val().get_bit(0);
        }
        if self.write.val() & self.at.val().get_bit(12) {
            self.flush.d.next = self.csr_data.val();
        }
        if self.released.val() {
            self.bad_geometry.d.next = false;
        }
        if self.commit_asked.val() {
            self.bad_geometry.d.next = !self.committing.val();
        }
        if self.released_now.q.val() {
            self.taken_geometry.d.next = false;
            self.error.d.next = false;
        }
        if self.fails.val() {
            self.error.d.next = true;
        }
        if self.committing_now.q.val() {
            self.taken_geometry.d.next = true;
            self.head.d.next = 0.into();
            self.tail.d.next = 0.into();
            self.next.d.next = 0.into();
            self.waits.d.next = 0.into();
            self.used.d.next = 0.into();
            self.armed.d.next = true;
            self.hold.d.next = 3.into();
            self.bad_head.d.next = false;
            self.stalling.d.next = false;
        }

        // Reads.
        self.status.next = 0.into();
        if self.taken_geometry.q.val() {
            self.status.next = 1.into();
        }
        self.value.next = 0.into();
        if self.at.val().get_bit(0) {
            self.value.next = self.data_lo.q.val();
        }
        if self.at.val().get_bit(1) {
            self.value.next = self.data_hi.q.val();
        }
        if self.at.val().get_bit(2) {
            self.value.next = self.completion_lo.q.val();
        }
        if self.at.val().get_bit(3) {
            self.value.next = self.completion_hi.q.val();
        }
        if self.at.val().get_bit(4) {
            self.value.next = bit_cast::<32, 21>(self.bytes.val());
        }
        if self.at.val().get_bit(5) {
            self.value.next = self.count_wide.val();
        }
        if self.at.val().get_bit(7) {
            self.value.next = self.head.q.val();
        }
        if self.at.val().get_bit(8) {
            self.value.next = self.tail.q.val();
        }
        if self.at.val().get_bit(9) {
            self.value.next = bit_cast::<32, 1>(self.enabled.q.val().into());
        }
        if self.at.val().get_bit(10) {
            self.value.next = self.status.val()
                | (bit_cast::<32, 1>(self.is_full.q.val().into()) << 1)
                | (bit_cast::<32, 1>(self.error.q.val().into()) << 2)
                | (bit_cast::<32, 1>(self.bad_geometry.q.val().into()) << 3)
                | (bit_cast::<32, 1>(self.bad_head.q.val().into()) << 4)
                | (bit_cast::<32, 1>(self.armed.q.val().into()) << 5);
        }
        if self.at.val().get_bit(11) {
            self.value.next = self.errors.q.val();
        }
        if self.at.val().get_bit(12) {
            self.value.next = self.flush.q.val();
        }
        if self.at.val().get_bit(13) {
            self.value.next = self.stalls.q.val();
        }
        self.read.d.next = self.value.val();

        if self.reset.val() {
            self.data_lo.d.next = 0.into();
            self.data_hi.d.next = 0.into();
            self.completion_lo.d.next = 0.into();
            self.completion_hi.d.next = 0.into();
            self.bytes_flipped.d.next = 0.into();
            self.count.d.next = 0.into();
            self.flush.d.next = 0.into();
            self.enabled.d.next = false;
            self.taken_geometry.d.next = false;
            self.error.d.next = false;
            self.bad_geometry.d.next = false;
            self.bad_head.d.next = false;
            self.armed.d.next = false;
            self.stalling.d.next = false;
            self.head.d.next = 0.into();
            self.tail.d.next = 0.into();
            self.next.d.next = 0.into();
            self.errors.d.next = 0.into();
            self.stalls.d.next = 0.into();
            self.age.d.next = 0.into();
            self.hold.d.next = 0.into();
            self.read.d.next = 0.into();
            self.error_pulse.d.next = false;
            self.stall_pulse.d.next = false;
            self.irq_pulse.d.next = false;
            self.waits.d.next = 0.into();
            self.used.d.next = 0.into();
            self.is_full.d.next = false;
            self.committing_now.d.next = false;
            self.released_now.d.next = false;
        }
    }
}
