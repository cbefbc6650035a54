//! The block's registers in the map, those of a job once for each context.

use super::readout::{Readout, block};
use crate::csr::{At, Fixed, Given};
use crate::keybox::outcome;
use photonbox_model::keybox::wide::{JOB_SLOTS, KEY_CYCLES};
use photonbox_regmap::keybox;
use rust_hdl::prelude::*;

/// Bits of a job's numbers: S, BOXES, KEYS, TAG, lowest first.
const JOB_BITS: usize = 68;

/// Registers on the CSR bus.
#[derive(LogicBlock, Default)]
pub struct Registers {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Back to power-on: what is not in memories.
    pub reset: Signal<In, Bit>,
    /// The memories, too: the context `last_turn` in this cycle.
    pub sweep: Signal<In, Bit>,
    /// A register is written in this cycle.
    pub csr_write: Signal<In, Bit>,
    /// Block of the register.
    pub csr_block: Signal<In, Bits<3>>,
    /// Instance of the block.
    pub csr_instance: Signal<In, Bits<6>>,
    /// Number of the register in its block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Value to write.
    pub csr_data: Signal<In, Bits<32>>,
    /// Value of the addressed register, two cycles later.
    pub csr_read: Signal<Out, Bits<32>>,
    /// The write is refused.
    pub csr_refused: Signal<Out, Bit>,
    /// Copies KEYS_MADE.
    pub snapshot: Signal<In, Bit>,
    /// The selected context has a job, or the engine has something else to do.
    pub busy: Signal<In, Bit>,
    /// The job of `last_turn` has ended.
    pub ended: Signal<In, Bit>,
    /// How, as `outcome`.
    pub ended_as: Signal<In, Bits<3>>,
    /// A key went to the ring in this cycle.
    pub key_made: Signal<In, Bit>,
    /// The key-box ring can be used.
    pub ring_usable: Signal<In, Bit>,
    /// Bytes of a slot of it.
    pub ring_slot_bytes: Signal<In, Bits<21>>,
    /// Context whose S is read: `turn_s` in the next cycle.
    pub first_turn: Signal<In, Bits<6>>,
    /// Its dropped digits.
    pub turn_s: Signal<Out, Bits<4>>,
    /// Context whose numbers are read: the next ports in the next cycle.
    pub read_turn: Signal<In, Bits<6>>,
    /// Boxes of its job.
    pub turn_boxes: Signal<Out, Bits<16>>,
    /// Keys of its boxes.
    pub turn_keys: Signal<Out, Bits<16>>,
    /// Its tag.
    pub turn_tag: Signal<Out, Bits<32>>,
    /// Context that is written back.
    pub last_turn: Signal<In, Bits<6>>,
    /// JOB_SLOT.
    pub slot: Signal<Out, Bits<6>>,
    /// What its registers say of a job can be done.
    pub allowed: Signal<Out, Bit>,
    /// A word of X_0 is written.
    pub x0_write: Signal<Out, Bit>,
    /// A job is submitted.
    pub submit: Signal<Out, Bit>,
    /// The job is aborted.
    pub abort: Signal<Out, Bit>,
    of_slot: RAM<Bits<JOB_BITS>, 6>,
    of_step: RAM<Bits<JOB_BITS>, 6>,
    of_turn: RAM<Bits<4>, 6>,
    outcomes: RAM<Bits<3>, 6>,
    readout: Readout,
    slot_now: DFF<Bits<6>>,
    was_busy: DFF<Bit>,
    all_keys: DFF<Bits<32>>,
    few_keys: DFF<Bit>,
    in_range: DFF<Bit>,
    fits: DFF<Bit>,
    jobs_done: DFF<Bits<32>>,
    jobs_failed: DFF<Bits<32>>,
    keys_made: DFF<Bits<64>>,
    copy: DFF<Bits<64>>,
    mine: Signal<Local, Bit>,
    write: Signal<Local, Bit>,
    is_x0: Signal<Local, Bit>,
    is_setting: Signal<Local, Bit>,
    is_submit: Signal<Local, Bit>,
    submits: Signal<Local, Bit>,
    aborts: Signal<Local, Bit>,
    sets: Signal<Local, Bit>,
    failed: Signal<Local, Bit>,
    status: Signal<Local, Bits<5>>,
    data: Signal<Local, Bits<32>>,
    job: Signal<Local, Bits<JOB_BITS>>,
    step_job: Signal<Local, Bits<JOB_BITS>>,
    s: Signal<Local, Bits<4>>,
    boxes: Signal<Local, Bits<16>>,
    keys: Signal<Local, Bits<16>>,
    tag: Signal<Local, Bits<32>>,
    s_after: Signal<Local, Bits<4>>,
    boxes_after: Signal<Local, Bits<16>>,
    keys_after: Signal<Local, Bits<16>>,
    tag_after: Signal<Local, Bits<32>>,
    job_after: Signal<Local, Bits<JOB_BITS>>,
    job_address: Signal<Local, Bits<6>>,
    key_bytes: Signal<Local, Bits<21>>,
    out: Signal<Local, Bits<3>>,
    block: Given<3>,
    x0_end: At<{ keybox::X0_7 }>,
    s_at: At<{ keybox::S }>,
    boxes_at: At<{ keybox::BOXES }>,
    keys_at: At<{ keybox::KEYS }>,
    tag_at: At<{ keybox::TAG }>,
    slot_at: At<{ keybox::JOB_SLOT }>,
    submit_at: At<{ keybox::SUBMIT }>,
    caps: Given<32>,
    most_s: Fixed<4, { keybox::MAX_S as u64 }>,
    most_keys: Fixed<32, { keybox::MAX_JOB_KEYS as u64 }>,
    key_shift: Fixed<5, 5>,
    boxes_shift: Fixed<7, 4>,
    keys_shift: Fixed<7, 20>,
    tag_shift: Fixed<7, 36>,
    s_reset: Given<4>,
    boxes_reset: Given<16>,
    keys_reset: Given<16>,
    end_none: Fixed<3, { outcome::NONE }>,
    end_done: Fixed<3, { outcome::DONE }>,
    end_weak: Fixed<3, { outcome::WEAK }>,
    end_bad: Fixed<3, { outcome::BAD }>,
    end_aborted: Fixed<3, { outcome::ABORTED }>,
}

impl Registers {
    /// The registers, their reset values from the map.
    pub fn new() -> Self {
        let reset_of = |offset| {
            let mut registers = keybox::REGISTERS.iter();
            let register = registers.find(|register| register.offset == offset);
            register.map_or(0, |register| u64::from(register.reset))
        };
        Self {
            block: Given::new(u64::from(block())),
            caps: Given::new(u64::from(
                keybox::CAPS_JOB_SLOTS.put(JOB_SLOTS) | keybox::CAPS_KEY_CYCLES.put(KEY_CYCLES),
            )),
            s_reset: Given::new(reset_of(keybox::S)),
            boxes_reset: Given::new(reset_of(keybox::BOXES)),
            keys_reset: Given::new(reset_of(keybox::KEYS)),
            ..Self::default()
        }
    }
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            slot_now,
            was_busy,
            all_keys,
            few_keys,
            in_range,
            fits,
            jobs_done,
            jobs_failed,
            keys_made,
            copy
        );
        clock!(self, clock, readout);
        self.of_slot.read_clock.next = self.clock.val();
        self.of_slot.write_clock.next = self.clock.val();
        self.of_step.read_clock.next = self.clock.val();
        self.of_step.write_clock.next = self.clock.val();
        self.of_turn.read_clock.next = self.clock.val();
        self.of_turn.write_clock.next = self.clock.val();
        self.outcomes.read_clock.next = self.clock.val();
        self.outcomes.write_clock.next = self.clock.val();

        self.mine.next =
            (self.csr_block.val() == self.block.val()) & (self.csr_instance.val() == 0);
        self.write.next = self.csr_write.val() & self.mine.val();
        self.data.next = self.csr_data.val();
        self.is_x0.next = self.csr_register.val() <= self.x0_end.val();
        self.is_setting.next = (self.csr_register.val() == self.s_at.val())
            | (self.csr_register.val() == self.boxes_at.val())
            | (self.csr_register.val() == self.keys_at.val())
            | (self.csr_register.val() == self.tag_at.val());
        self.is_submit.next = self.csr_register.val() == self.submit_at.val();
        // ABORT wins over SUBMIT.
        self.aborts.next = self.is_submit.val() & self.data.val().get_bit(1);
        self.submits.next =
            self.is_submit.val() & self.data.val().get_bit(0) & !self.data.val().get_bit(1);
        self.csr_refused.next = self.write.val()
            & self.busy.val()
            & (self.is_x0.val() | self.is_setting.val() | self.submits.val());
        self.x0_write.next = self.write.val() & self.is_x0.val() & !self.busy.val();
        self.submit.next = self.write.val() & self.submits.val() & !self.busy.val();
        self.abort.next = self.write.val() & self.aborts.val() & self.busy.val();
        self.sets.next = self.write.val() & self.is_setting.val() & !self.busy.val();
        if self.write.val() & (self.csr_register.val() == self.slot_at.val()) {
            self.slot_now.d.next = self.data.val().get_bits::<6>(0);
        }
        self.slot.next = self.slot_now.q.val();

        // A job's numbers. The selected context's are always read: some cycles later they can be changed and judged.
        self.of_slot.read_address.next = self.slot_now.q.val();
        self.job.next = self.of_slot.read_data.val();
        self.s.next = self.job.val().get_bits::<4>(0);
        self.boxes.next = self.job.val().get_bits::<16>(4);
        self.keys.next = self.job.val().get_bits::<16>(20);
        self.tag.next = self.job.val().get_bits::<32>(36);
        self.s_after.next = self.s.val();
        self.boxes_after.next = self.boxes.val();
        self.keys_after.next = self.keys.val();
        self.tag_after.next = self.tag.val();
        if self.csr_register.val() == self.s_at.val() {
            self.s_after.next = self.data.val().get_bits::<4>(0);
        }
        if self.csr_register.val() == self.boxes_at.val() {
            self.boxes_after.next = self.data.val().get_bits::<16>(0);
        }
        if self.csr_register.val() == self.keys_at.val() {
            self.keys_after.next = self.data.val().get_bits::<16>(0);
        }
        if self.csr_register.val() == self.tag_at.val() {
            self.tag_after.next = self.data.val();
        }
        self.job_address.next = self.slot_now.q.val();
        if self.sweep.val() {
            self.s_after.next = self.s_reset.val();
            self.boxes_after.next = self.boxes_reset.val();
            self.keys_after.next = self.keys_reset.val();
            self.tag_after.next = 0.into();
            self.job_address.next = self.last_turn.val();
        }
        self.job_after.next = bit_cast::<68, 4>(self.s_after.val())
            | (bit_cast::<68, 16>(self.boxes_after.val())
                << bit_cast::<68, 7>(self.boxes_shift.val()))
            | (bit_cast::<68, 16>(self.keys_after.val())
                << bit_cast::<68, 7>(self.keys_shift.val()))
            | (bit_cast::<68, 32>(self.tag_after.val()) << bit_cast::<68, 7>(self.tag_shift.val()));
        self.of_slot.write_enable.next = self.sets.val() | self.sweep.val();
        self.of_slot.write_address.next = self.job_address.val();
        self.of_slot.write_data.next = self.job_after.val();
        self.of_step.write_enable.next = self.sets.val() | self.sweep.val();
        self.of_step.write_address.next = self.job_address.val();
        self.of_step.write_data.next = self.job_after.val();
        self.of_turn.write_enable.next = self.sets.val() | self.sweep.val();
        self.of_turn.write_address.next = self.job_address.val();
        self.of_turn.write_data.next = self.s_after.val();
        self.of_turn.read_address.next = self.first_turn.val();
        self.turn_s.next = self.of_turn.read_data.val();
        self.of_step.read_address.next = self.read_turn.val();
        self.step_job.next = self.of_step.read_data.val();
        self.turn_boxes.next = self.step_job.val().get_bits::<16>(4);
        self.turn_keys.next = self.step_job.val().get_bits::<16>(20);
        self.turn_tag.next = self.step_job.val().get_bits::<32>(36);

        // What can be said of a job before it is submitted.
        self.all_keys.d.next = self.boxes.val() * self.keys.val();
        self.few_keys.d.next = self.all_keys.q.val() <= self.most_keys.val();
        self.in_range.d.next = (self.s.val() != 0)
            & (self.s.val() <= self.most_s.val())
            & (self.boxes.val() != 0)
            & (self.keys.val() != 0);
        self.key_bytes.next =
            bit_cast::<21, 16>(self.keys.val()) << bit_cast::<21, 5>(self.key_shift.val());
        self.fits.d.next =
            (self.key_bytes.val() <= self.ring_slot_bytes.val()) & self.ring_usable.val();
        self.allowed.next = self.few_keys.q.val() & self.in_range.q.val() & self.fits.q.val();

        // How jobs ended.
        self.outcomes.read_address.next = self.slot_now.q.val();
        self.outcomes.write_address.next = self.last_turn.val();
        self.outcomes.write_enable.next = self.ended.val() | self.sweep.val();
        self.outcomes.write_data.next = self.ended_as.val();
        if self.sweep.val() {
            self.outcomes.write_data.next = self.end_none.val();
        }
        self.failed.next = self.ended_as.val() != self.end_done.val();
        if self.ended.val() {
            if self.failed.val() {
                self.jobs_failed.d.next = self.jobs_failed.q.val() + 1;
            } else {
                self.jobs_done.d.next = self.jobs_done.q.val() + 1;
            }
        }
        if self.key_made.val() {
            self.keys_made.d.next = self.keys_made.q.val() + 1;
        }
        if self.snapshot.val() {
            self.copy.d.next = self.keys_made.q.val();
        }
        // The memory says how a job ended one cycle after the job is no longer there.
        self.was_busy.d.next = self.busy.val();
        self.out.next = self.outcomes.read_data.val();
        self.status.next = 0.into();
        if self.busy.val() | self.was_busy.q.val() {
            self.status.next = 1.into();
        } else {
            if self.out.val() == self.end_done.val() {
                self.status.next = 2.into();
            }
            if self.out.val() == self.end_weak.val() {
                self.status.next = 4.into();
            }
            if self.out.val() == self.end_bad.val() {
                self.status.next = 8.into();
            }
            if self.out.val() == self.end_aborted.val() {
                self.status.next = 16.into();
            }
        }

        self.readout.csr_block.next = self.csr_block.val();
        self.readout.csr_register.next = self.csr_register.val();
        self.readout.slot.next = self.slot_now.q.val();
        self.readout.s.next = self.s.val();
        self.readout.boxes.next = self.boxes.val();
        self.readout.keys.next = self.keys.val();
        self.readout.tag.next = self.tag.val();
        self.readout.status.next = self.status.val();
        self.readout.caps.next = self.caps.val();
        self.readout.done.next = self.jobs_done.q.val();
        self.readout.failed.next = self.jobs_failed.q.val();
        self.readout.made.next = self.copy.q.val();
        self.csr_read.next = self.readout.csr_read.val();

        if self.reset.val() {
            self.slot_now.d.next = 0.into();
            self.jobs_done.d.next = 0.into();
            self.jobs_failed.d.next = 0.into();
            self.keys_made.d.next = 0.into();
            self.copy.d.next = 0.into();
        }
    }
}
