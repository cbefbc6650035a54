//! The block's registers in the map.

use crate::csr::Select;
use photonbox_model::keybox::JOB_SLOTS;
use photonbox_regmap::{BLOCKS, Register, keybox};
use rust_hdl::prelude::*;

/// Registers on the CSR bus.
#[derive(LogicBlock)]
pub struct Registers {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Back to power-on.
    pub reset: Signal<In, Bit>,
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
    /// A job or the self-test runs.
    pub busy: Signal<In, Bit>,
    /// A job ended in this cycle.
    pub ended: Signal<In, Bit>,
    /// How, as `outcome`.
    pub ended_as: Signal<In, Bits<3>>,
    /// A key went to the ring in this cycle.
    pub key_made: Signal<In, Bit>,
    /// S.
    pub s: Signal<Out, Bits<4>>,
    /// BOXES.
    pub boxes: Signal<Out, Bits<16>>,
    /// KEYS.
    pub keys: Signal<Out, Bits<16>>,
    /// TAG.
    pub tag: Signal<Out, Bits<32>>,
    /// Words of X_0 that are written.
    pub x0_write: Signal<Out, Bits<8>>,
    /// A job is submitted.
    pub submit: Signal<Out, Bit>,
    /// The job is aborted.
    pub abort: Signal<Out, Bit>,
    s_now: DFF<Bits<4>>,
    boxes_now: DFF<Bits<16>>,
    keys_now: DFF<Bits<16>>,
    tag_now: DFF<Bits<32>>,
    done: DFF<Bit>,
    met_weak: DFF<Bit>,
    bad: DFF<Bit>,
    aborted: DFF<Bit>,
    jobs_done: DFF<Bits<32>>,
    jobs_failed: DFF<Bits<32>>,
    keys_made: DFF<Bits<64>>,
    copy: DFF<Bits<64>>,
    read: DFF<Bits<32>>,
    // Of the access that may come: its address and data stand for cycles before the strobe.
    select: Select<20>,
    mine: DFF<Bit>,
    other_slot: DFF<Bit>,
    at: Signal<Local, Bits<20>>,
    write: Signal<Local, Bit>,
    idle_write: Signal<Local, Bit>,
    is_held: Signal<Local, Bit>,
    submits: Signal<Local, Bit>,
    aborts: Signal<Local, Bit>,
    failed: Signal<Local, Bit>,
    status: Signal<Local, Bits<32>>,
    copied: Signal<Local, Bits<64>>,
    data: Signal<Local, Bits<32>>,
    s_reset: Constant<Bits<4>>,
    boxes_reset: Constant<Bits<16>>,
    keys_reset: Constant<Bits<16>>,
    caps: Constant<Bits<32>>,
    end_done: Constant<Bits<3>>,
    end_weak: Constant<Bits<3>>,
    end_bad: Constant<Bits<3>>,
    end_aborted: Constant<Bits<3>>,
}

/// How a job ended.
pub(crate) mod outcome {
    pub(crate) const NONE: u64 = 0;
    pub(crate) const DONE: u64 = 1;
    pub(crate) const WEAK: u64 = 2;
    pub(crate) const BAD: u64 = 3;
    pub(crate) const ABORTED: u64 = 4;
}

/// A constant of any width.
pub(crate) fn number<const N: usize>(value: u64) -> Constant<Bits<N>> {
    Constant::new(value.into())
}

/// Registers in the order of the bits of `at`: the words of X_0, the settings, and the others.
const ORDER: [u32; 20] = [
    keybox::X0_0,
    keybox::X0_1,
    keybox::X0_2,
    keybox::X0_3,
    keybox::X0_4,
    keybox::X0_5,
    keybox::X0_6,
    keybox::X0_7,
    keybox::S,
    keybox::BOXES,
    keybox::KEYS,
    keybox::TAG,
    keybox::JOB_SLOT,
    keybox::SUBMIT,
    keybox::STATUS,
    keybox::CAPS,
    keybox::JOBS_DONE,
    keybox::JOBS_FAILED,
    keybox::KEYS_MADE_LO,
    keybox::KEYS_MADE_HI,
];

fn reset_of<const N: usize>(offset: u32) -> Constant<Bits<N>> {
    let register = keybox::REGISTERS
        .iter()
        .find(|register: &&Register| register.offset == offset);
    number(register.map_or(0, |register| u64::from(register.reset)))
}

impl Registers {
    /// Registers of an engine that makes a key in `key_cycles` cycles.
    pub fn new(key_cycles: u32) -> Self {
        let block = BLOCKS.iter().position(|block| block.base == keybox::BASE);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            csr_write: Default::default(),
            csr_block: Default::default(),
            csr_instance: Default::default(),
            csr_register: Default::default(),
            csr_data: Default::default(),
            csr_read: Default::default(),
            csr_refused: Default::default(),
            snapshot: Default::default(),
            busy: Default::default(),
            ended: Default::default(),
            ended_as: Default::default(),
            key_made: Default::default(),
            s: Default::default(),
            boxes: Default::default(),
            keys: Default::default(),
            tag: Default::default(),
            x0_write: Default::default(),
            submit: Default::default(),
            abort: Default::default(),
            s_now: Default::default(),
            boxes_now: Default::default(),
            keys_now: Default::default(),
            tag_now: Default::default(),
            done: Default::default(),
            met_weak: Default::default(),
            bad: Default::default(),
            aborted: Default::default(),
            jobs_done: Default::default(),
            jobs_failed: Default::default(),
            keys_made: Default::default(),
            copy: Default::default(),
            read: Default::default(),
            select: Select::new(block.unwrap_or(0) as u64, ORDER),
            mine: Default::default(),
            other_slot: Default::default(),
            at: Default::default(),
            write: Default::default(),
            idle_write: Default::default(),
            is_held: Default::default(),
            submits: Default::default(),
            aborts: Default::default(),
            failed: Default::default(),
            status: Default::default(),
            copied: Default::default(),
            data: Default::default(),
            s_reset: reset_of(keybox::S),
            boxes_reset: reset_of(keybox::BOXES),
            keys_reset: reset_of(keybox::KEYS),
            caps: number(u64::from(
                keybox::CAPS_JOB_SLOTS.put(JOB_SLOTS) | keybox::CAPS_KEY_CYCLES.put(key_cycles),
            )),
            end_done: number(outcome::DONE),
            end_weak: number(outcome::WEAK),
            end_bad: number(outcome::BAD),
            end_aborted: number(outcome::ABORTED),
        }
    }
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            s_now,
            boxes_now,
            keys_now,
            tag_now,
            done,
            met_weak,
            bad,
            aborted,
            jobs_done,
            jobs_failed,
            keys_made,
            copy,
            read,
            mine,
            other_slot
        );
        self.s.next = self.s_now.q.val();
        self.boxes.next = self.boxes_now.q.val();
        self.keys.next = self.keys_now.q.val();
        self.tag.next = self.tag_now.q.val();
        self.data.next = self.csr_data.val();

        // Decoded a cycle ahead of the strobe. There is one job context, number 0; ABORT wins over SUBMIT.
        self.select.clock.next = self.clock.val();
        self.select.csr_block.next = self.csr_block.val();
        self.select.csr_register.next = self.csr_register.val();
        self.at.next = self.select.at.val();
        self.mine.d.next = self.csr_instance.val() == 0;
        self.other_slot.d.next = self.csr_data.val() != 0;
        self.is_held.next = self.at.val().get_bits::<12>(0).any()
            | (self.at.val().get_bit(13)
                & self.data.val().get_bit(0)
                & !self.data.val().get_bit(1));
        self.submits.next =
            self.at.val().get_bit(13) & self.data.val().get_bit(0) & !self.data.val().get_bit(1);
        self.aborts.next = self.at.val().get_bit(13) & self.data.val().get_bit(1);
        self.write.next = self.csr_write.val() & self.mine.q.val();
        self.idle_write.next = self.write.val() & !self.busy.val();
        self.csr_refused.next = self.write.val()
            & ((self.at.val().get_bit(12) & self.other_slot.q.val())
                | (self.busy.val() & self.is_held.val()));
        self.x0_write.next = 0.into();
        if self.idle_write.val() {
            self.x0_write.next = self.at.val().get_bits::<8>(0);
        }
        self.submit.next = self.idle_write.val() & self.submits.val();
        self.abort.next = self.write.val() & self.aborts.val() & self.busy.val();
        if self.idle_write.val() {
            if self.at.val().get_bit(8) {
                self.s_now.d.next = self.data.val().get_bits::<4>(0);
            }
            if self.at.val().get_bit(9) {
                self.boxes_now.d.next = self.data.val().get_bits::<16>(0);
            }
            if self.at.val().get_bit(10) {
                self.keys_now.d.next = self.data.val().get_bits::<16>(0);
            }
            if self.at.val().get_bit(11) {
                self.tag_now.d.next = self.data.val();
            }
        }
        if self.submit.val() {
            self.done.d.next = false;
            self.met_weak.d.next = false;
            self.bad.d.next = false;
            self.aborted.d.next = false;
        }

        self.failed.next = (self.ended_as.val() == self.end_weak.val())
            | (self.ended_as.val() == self.end_bad.val())
            | (self.ended_as.val() == self.end_aborted.val());
        if self.ended.val() {
            self.done.d.next = self.ended_as.val() == self.end_done.val();
            self.met_weak.d.next = self.ended_as.val() == self.end_weak.val();
            self.bad.d.next = self.ended_as.val() == self.end_bad.val();
            self.aborted.d.next = self.ended_as.val() == self.end_aborted.val();
            if self.ended_as.val() == self.end_done.val() {
                self.jobs_done.d.next = self.jobs_done.q.val() + 1;
            }
            if self.failed.val() {
                self.jobs_failed.d.next = self.jobs_failed.q.val() + 1;
            }
        }
        if self.key_made.val() {
            self.keys_made.d.next = self.keys_made.q.val() + 1;
        }
        if self.snapshot.val() {
            self.copy.d.next = self.keys_made.q.val();
        }

        self.status.next = 0.into();
        if self.busy.val() {
            self.status.next = 1.into();
        } else {
            if self.done.q.val() {
                self.status.next = 2.into();
            }
            if self.met_weak.q.val() {
                self.status.next = 4.into();
            }
            if self.bad.q.val() {
                self.status.next = 8.into();
            }
            if self.aborted.q.val() {
                self.status.next = 16.into();
            }
        }
        self.copied.next = self.copy.q.val();
        self.read.d.next = 0.into();
        if self.mine.q.val() {
            if self.at.val().get_bit(8) {
                self.read.d.next = bit_cast::<32, 4>(self.s_now.q.val());
            }
            if self.at.val().get_bit(9) {
                self.read.d.next = bit_cast::<32, 16>(self.boxes_now.q.val());
            }
            if self.at.val().get_bit(10) {
                self.read.d.next = bit_cast::<32, 16>(self.keys_now.q.val());
            }
            if self.at.val().get_bit(11) {
                self.read.d.next = self.tag_now.q.val();
            }
            if self.at.val().get_bit(14) {
                self.read.d.next = self.status.val();
            }
            if self.at.val().get_bit(15) {
                self.read.d.next = self.caps.val();
            }
            if self.at.val().get_bit(16) {
                self.read.d.next = self.jobs_done.q.val();
            }
            if self.at.val().get_bit(17) {
                self.read.d.next = self.jobs_failed.q.val();
            }
            if self.at.val().get_bit(18) {
                self.read.d.next = self.copied.val().get_bits::<32>(0);
            }
            if self.at.val().get_bit(19) {
                self.read.d.next = self.copied.val().get_bits::<32>(32);
            }
        }
        self.csr_read.next = self.read.q.val();

        if self.reset.val() {
            self.s_now.d.next = self.s_reset.val();
            self.boxes_now.d.next = self.boxes_reset.val();
            self.keys_now.d.next = self.keys_reset.val();
            self.tag_now.d.next = 0.into();
            self.done.d.next = false;
            self.met_weak.d.next = false;
            self.bad.d.next = false;
            self.aborted.d.next = false;
            self.jobs_done.d.next = 0.into();
            self.jobs_failed.d.next = 0.into();
            self.keys_made.d.next = 0.into();
            self.copy.d.next = 0.into();
        }
    }
}
