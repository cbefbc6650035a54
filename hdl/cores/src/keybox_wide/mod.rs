//! The wide key-box engine: 64 jobs interleaved, one session key a cycle (spec 2-keybox §2.1, 6-card §6.1).
//!
//! See `README.md` in this folder.

mod arithmetic;
mod contexts;
mod delay;
mod finish;
mod load;
mod map;
mod readout;
mod registers;
mod sum;
mod sums;

pub use contexts::Contexts;
pub use delay::Delay;
pub use finish::Finish;
pub use load::Load;
pub use map::{Map, stages};
pub use readout::Readout;
pub use registers::Registers;
pub use sums::{Correct, Dropped, Estimate, Next, Range, Remainder, Square, Strip};

use crate::csr::Fixed;
use crate::keybox::outcome;
use num_bigint::BigUint;
use photonbox_model::keybox::{KAT_S, KAT_SIGNATURE, kat_x0};
use rust_hdl::prelude::*;

/// Cycles from the read of a context's X to the cycle in which its step is judged: memory and register, then the map.
fn judged_after() -> usize {
    2 + stages()
}

/// Cycles from the read of a context's X to its key at the ring.
pub fn key_latency() -> u32 {
    judged_after() as u32 + 1
}

/// The key-box engine of build *wide*: 64 job contexts, one key a cycle.
#[derive(LogicBlock)]
pub struct KeyBoxWide {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Back to power-on; what is secret is swept.
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
    /// Value of the addressed register, two cycles later; 0 for others.
    pub csr_read: Signal<Out, Bits<32>>,
    /// The write is refused: a job runs in the selected context, or the self-test, or a sweep.
    pub csr_refused: Signal<Out, Bit>,
    /// Copies the 64-bit counter into its registers.
    pub snapshot: Signal<In, Bit>,
    /// The key-box ring is committed, enabled and not in error.
    pub ring_usable: Signal<In, Bit>,
    /// Bytes of a slot of that ring.
    pub ring_slot_bytes: Signal<In, Bits<21>>,
    /// Context of the next cycle's key, if there is one.
    pub next_context: Signal<Out, Bits<6>>,
    /// That key is the first of its box.
    pub next_first: Signal<Out, Bit>,
    /// A session key is there, for one cycle.
    pub key_valid: Signal<Out, Bit>,
    /// The ring takes it; else it is made again.
    pub key_taken: Signal<In, Bit>,
    /// Context of its job.
    pub key_context: Signal<Out, Bits<6>>,
    /// The key; 0 if there is none.
    pub key: Signal<Out, Bits<256>>,
    /// It is the first of its box.
    pub key_first: Signal<Out, Bit>,
    /// It is the last.
    pub key_last: Signal<Out, Bit>,
    /// TAG of the job.
    pub key_tag: Signal<Out, Bits<32>>,
    /// Number of the box, from 1.
    pub key_box: Signal<Out, Bits<32>>,
    /// The box that a context has open will not be completed (pulse).
    pub cut_valid: Signal<Out, Bit>,
    /// Which context.
    pub cut_context: Signal<Out, Bits<6>>,
    /// Begin the known-answer test. While a job runs the answer is that of the last one.
    pub kat_start: Signal<In, Bit>,
    /// Makes it fail.
    pub kat_fault: Signal<In, Bit>,
    /// It has ended (pulse).
    pub kat_done: Signal<Out, Bit>,
    /// It was passed.
    pub kat_ok: Signal<Out, Bit>,
    /// Something runs or is being swept.
    pub busy: Signal<Out, Bit>,
    registers: Registers,
    contexts: Contexts,
    load: Load,
    map: Map,
    finish: Finish,
    marks: Delay<4>,
    memory_x: RAM<Bits<240>, 6>,
    memory_x0: RAM<Bits<241>, 6>,
    x: DFF<Bits<240>>,
    s: DFF<Bits<4>>,
    mark: DFF<Bits<4>>,
    tag: DFF<Bits<32>>,
    linger: DFF<Bits<7>>,
    awake: DFF<Bit>,
    sweep: DFF<Bits<7>>,
    kat: DFF<Bit>,
    kat_fresh: DFF<Bit>,
    kat_waits: DFF<Bit>,
    kat_turn: DFF<Bit>,
    kat_over: DFF<Bit>,
    kat_good: DFF<Bit>,
    kat_pulse: DFF<Bit>,
    kat_passed: DFF<Bit>,
    signature: DFF<Bits<64>>,
    sweeping: Signal<Local, Bit>,
    working: Signal<Local, Bit>,
    submitted: Signal<Local, Bits<241>>,
    loaded: Signal<Local, Bits<241>>,
    is_allowed: Signal<Local, Bit>,
    is_fresh: Signal<Local, Bit>,
    is_live: Signal<Local, Bit>,
    live_mark: Signal<Local, Bits<1>>,
    fresh_mark: Signal<Local, Bits<1>>,
    allowed_mark: Signal<Local, Bits<1>>,
    kat_mark: Signal<Local, Bits<1>>,
    marks_late: Signal<Local, Bits<4>>,
    kat_begins: Signal<Local, Bit>,
    key_now: Signal<Local, Bits<256>>,
    turned: Signal<Local, Bits<64>>,
    word0: Signal<Local, Bits<64>>,
    word1: Signal<Local, Bits<64>>,
    word2: Signal<Local, Bits<64>>,
    word3: Signal<Local, Bits<64>>,
    kat_number: Constant<Bits<240>>,
    kat_s: Fixed<4, { KAT_S as u64 }>,
    kat_signature: Fixed<64, KAT_SIGNATURE>,
    allowed_at: Fixed<8, 240>,
    most: Fixed<7, 127>,
    end_done: Fixed<3, { outcome::DONE }>,
    one: Fixed<1, 1>,
    back1: Fixed<6, 63>,
    back2: Fixed<6, 62>,
    back3: Fixed<6, 61>,
    back4: Fixed<6, 60>,
}

impl Default for KeyBoxWide {
    fn default() -> Self {
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
            ring_usable: Default::default(),
            ring_slot_bytes: Default::default(),
            next_context: Default::default(),
            next_first: Default::default(),
            key_valid: Default::default(),
            key_taken: Default::default(),
            key_context: Default::default(),
            key: Default::default(),
            key_first: Default::default(),
            key_last: Default::default(),
            key_tag: Default::default(),
            key_box: Default::default(),
            cut_valid: Default::default(),
            cut_context: Default::default(),
            kat_start: Default::default(),
            kat_fault: Default::default(),
            kat_done: Default::default(),
            kat_ok: Default::default(),
            busy: Default::default(),
            registers: Registers::new(),
            contexts: Contexts::new(judged_after()),
            load: Default::default(),
            map: Default::default(),
            finish: Default::default(),
            marks: Delay::new(stages()),
            memory_x: Default::default(),
            memory_x0: Default::default(),
            x: Default::default(),
            s: Default::default(),
            mark: Default::default(),
            tag: Default::default(),
            linger: Default::default(),
            awake: Default::default(),
            sweep: Default::default(),
            kat: Default::default(),
            kat_fresh: Default::default(),
            kat_waits: Default::default(),
            kat_turn: Default::default(),
            kat_over: Default::default(),
            kat_good: Default::default(),
            kat_pulse: Default::default(),
            kat_passed: Default::default(),
            signature: Default::default(),
            sweeping: Default::default(),
            working: Default::default(),
            submitted: Default::default(),
            loaded: Default::default(),
            is_allowed: Default::default(),
            is_fresh: Default::default(),
            is_live: Default::default(),
            live_mark: Default::default(),
            fresh_mark: Default::default(),
            allowed_mark: Default::default(),
            kat_mark: Default::default(),
            marks_late: Default::default(),
            kat_begins: Default::default(),
            key_now: Default::default(),
            turned: Default::default(),
            word0: Default::default(),
            word1: Default::default(),
            word2: Default::default(),
            word3: Default::default(),
            kat_number: Constant::new(BigUint::from_bytes_le(&kat_x0()).into()),
            kat_s: Default::default(),
            kat_signature: Default::default(),
            allowed_at: Default::default(),
            most: Default::default(),
            end_done: Default::default(),
            one: Default::default(),
            back1: Default::default(),
            back2: Default::default(),
            back3: Default::default(),
            back4: Default::default(),
        }
    }
}

impl Logic for KeyBoxWide {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, x, s, mark, tag, linger, awake, sweep, kat, kat_fresh, kat_waits,
            kat_turn, kat_over, kat_good, kat_pulse, kat_passed, signature
        );
        clock!(self, clock, registers, contexts, load, map, finish, marks);
        self.memory_x.read_clock.next = self.clock.val();
        self.memory_x.write_clock.next = self.clock.val();
        self.memory_x0.read_clock.next = self.clock.val();
        self.memory_x0.write_clock.next = self.clock.val();

        // Whether there is anything to do. The pipeline goes on until it holds zeros only; then it stands.
        self.sweeping.next = self.sweep.q.val() != 0;
        self.working.next = self.contexts.any.val()
            | self.kat.q.val()
            | self.kat_waits.q.val()
            | self.kat_over.q.val()
            | self.sweeping.val();
        self.busy.next = self.working.val();
        if self.sweeping.val() {
            self.sweep.d.next = self.sweep.q.val() - 1;
        }
        self.awake.d.next = self.working.val() | (self.linger.q.val() != 0);
        if self.linger.q.val() != 0 {
            self.linger.d.next = self.linger.q.val() - 1;
        }
        if self.working.val() {
            self.linger.d.next = self.most.val();
        }

        // Registers.
        self.registers.reset.next = self.reset.val();
        self.registers.sweep.next = self.sweeping.val();
        self.registers.csr_write.next = self.csr_write.val();
        self.registers.csr_block.next = self.csr_block.val();
        self.registers.csr_instance.next = self.csr_instance.val();
        self.registers.csr_register.next = self.csr_register.val();
        self.registers.csr_data.next = self.csr_data.val();
        self.csr_read.next = self.registers.csr_read.val();
        self.csr_refused.next = self.registers.csr_refused.val();
        self.registers.snapshot.next = self.snapshot.val();
        self.registers.busy.next = self.contexts.slot_busy.val()
            | self.kat.q.val()
            | self.kat_waits.q.val()
            | self.kat_over.q.val()
            | self.sweeping.val();
        self.registers.ended.next = self.finish.ended.val();
        self.registers.ended_as.next = self.finish.ended_as.val();
        self.registers.key_made.next = self.finish.key_made.val();
        self.registers.ring_usable.next = self.ring_usable.val();
        self.registers.ring_slot_bytes.next = self.ring_slot_bytes.val();
        self.registers.first_turn.next = self.contexts.first_turn.val();
        self.registers.read_turn.next = self.contexts.read_turn.val();
        self.registers.last_turn.next = self.contexts.last_turn.val();

        // Contexts.
        self.contexts.reset.next = self.reset.val();
        self.contexts.slot.next = self.registers.slot.val();
        self.contexts.submit.next = self.registers.submit.val();
        self.contexts.abort.next = self.registers.abort.val();
        self.contexts.ring_usable.next = self.ring_usable.val();
        self.contexts.ended.next = self.finish.ended.val();
        self.contexts.started.next = self.finish.started.val();

        // The self-test begins, when the sweep is over. While a job has the engine, the answer is the last one.
        self.kat_begins.next = false;
        self.kat_pulse.d.next = false;
        if self.kat_start.val() & !self.kat.q.val() & !self.kat_over.q.val() {
            self.kat_waits.d.next = true;
        }
        if self.kat_waits.q.val() & !self.sweeping.val() {
            self.kat_waits.d.next = false;
            if self.contexts.any.val() {
                self.kat_pulse.d.next = true;
            } else {
                self.kat_begins.next = true;
            }
        }

        // X_0 waits in a memory of its own until the first key has left.
        self.load.clear.next = self.registers.submit.val() | self.kat_begins.val();
        self.load.write.next = self.registers.x0_write.val();
        self.load.index.next = self.csr_register.val().get_bits::<3>(0);
        self.load.data.next = self.csr_data.val();
        self.submitted.next = bit_cast::<241, 240>(self.load.x0.val());
        if self.registers.allowed.val() {
            self.submitted.next = bit_cast::<241, 240>(self.load.x0.val())
                | (bit_cast::<241, 1>(self.one.val()) << bit_cast::<241, 8>(self.allowed_at.val()));
        }
        self.memory_x0.read_address.next = self.contexts.first_turn.val();
        self.memory_x0.write_enable.next =
            self.registers.submit.val() | (self.contexts.sweep_x0.val() & self.awake.q.val());
        self.memory_x0.write_address.next = self.contexts.last_turn.val();
        self.memory_x0.write_data.next = 0.into();
        if self.registers.submit.val() {
            self.memory_x0.write_address.next = self.registers.slot.val();
            self.memory_x0.write_data.next = self.submitted.val();
        }

        // A turn begins: X or X_0 of the context, or zeros.
        self.memory_x.read_address.next = self.contexts.first_turn.val();
        self.kat_turn.d.next = self.kat.q.val() & (self.contexts.first_turn.val() == 0);
        self.loaded.next = self.memory_x0.read_data.val();
        self.is_allowed.next = self.loaded.val().get_bit(240);
        self.is_live.next = self.contexts.running.val() | self.kat_turn.q.val();
        self.is_fresh.next = (self.contexts.running.val() & self.contexts.fresh.val())
            | (self.kat_turn.q.val() & self.kat_fresh.q.val());
        self.x.d.next = 0.into();
        self.s.d.next = 0.into();
        if self.contexts.running.val() {
            self.s.d.next = self.registers.turn_s.val();
            self.x.d.next = self.memory_x.read_data.val();
            if self.contexts.fresh.val() {
                self.x.d.next = self.loaded.val().get_bits::<240>(0);
            }
        }
        if self.kat_turn.q.val() {
            self.s.d.next = self.kat_s.val();
            self.x.d.next = self.memory_x.read_data.val();
            if self.kat_fresh.q.val() {
                self.x.d.next = self.kat_number.val();
            }
        }
        // Live, first step, numbers in order, self-test.
        self.live_mark.next = self.is_live.val().into();
        self.fresh_mark.next = self.is_fresh.val().into();
        self.allowed_mark.next = (self.is_allowed.val() | self.kat_turn.q.val()).into();
        self.kat_mark.next = self.kat_turn.q.val().into();
        self.mark.d.next = bit_cast::<4, 1>(self.live_mark.val())
            | (bit_cast::<4, 1>(self.fresh_mark.val()) << 1)
            | (bit_cast::<4, 1>(self.allowed_mark.val()) << 2)
            | (bit_cast::<4, 1>(self.kat_mark.val()) << 3);
        self.map.run.next = self.awake.q.val();
        self.map.x.next = self.x.q.val();
        self.map.s.next = self.s.q.val();
        self.marks.run.next = self.awake.q.val();
        self.marks.early.next = self.mark.q.val();
        self.marks_late.next = self.marks.late.val();

        // A step is complete.
        self.finish.clear.next = self.sweeping.val() | self.reset.val();
        self.finish.read_turn.next = self.contexts.read_turn.val();
        self.finish.last_turn.next = self.contexts.last_turn.val();
        self.finish.live.next = self.marks_late.val().get_bit(0);
        self.finish.fresh.next = self.marks_late.val().get_bit(1);
        self.finish.allowed.next = self.marks_late.val().get_bit(2);
        self.finish.kat.next = self.marks_late.val().get_bit(3);
        self.finish.below.next = self.map.below.val();
        self.finish.weak_value.next = self.map.weak_value.val();
        self.finish.aborting.next = self.contexts.aborting.val();
        self.finish.lost.next = self.contexts.lost.val();
        self.finish.ring_usable.next = self.ring_usable.val();
        self.finish.keys.next = self.registers.turn_keys.val();
        self.finish.boxes.next = self.registers.turn_boxes.val();
        self.finish.after.next = self.map.after.val();
        self.finish.key.next = self.map.key.val();
        self.finish.key_taken.next = self.key_taken.val();
        self.next_context.next = self.contexts.judge_turn.val();
        self.next_first.next = self.finish.next_first.val();
        self.tag.d.next = self.registers.turn_tag.val();

        // A key leaves, and X is written back.
        self.key_valid.next = self.finish.key_valid.val();
        self.key_context.next = self.contexts.last_turn.val();
        self.key_now.next = self.finish.key_out.val();
        self.key.next = 0.into();
        if self.finish.key_valid.val() {
            self.key.next = self.key_now.val();
        }
        self.key_first.next = self.finish.key_first.val();
        self.key_last.next = self.finish.key_last.val();
        self.key_tag.next = self.tag.q.val();
        self.key_box.next = self.finish.key_box.val();
        self.cut_valid.next = self.finish.cut.val();
        self.cut_context.next = self.contexts.last_turn.val();
        self.memory_x.write_enable.next = self.finish.store.val() & self.awake.q.val();
        self.memory_x.write_address.next = self.contexts.last_turn.val();
        self.memory_x.write_data.next = self.finish.stored.val();

        // The self-test: a job of context 0 whose keys go into a signature, rotated by one before each word.
        if self.kat_begins.val() {
            self.kat.d.next = true;
            self.kat_fresh.d.next = true;
            self.signature.d.next = 0.into();
        }
        self.word0.next = self.key_now.val().get_bits::<64>(0);
        self.word1.next = self.key_now.val().get_bits::<64>(64);
        self.word2.next = self.key_now.val().get_bits::<64>(128);
        self.word3.next = self.key_now.val().get_bits::<64>(192);
        self.turned.next = ((self.signature.q.val() << 4)
            | (self.signature.q.val() >> bit_cast::<64, 6>(self.back4.val())))
            ^ ((self.word0.val() << 3) | (self.word0.val() >> bit_cast::<64, 6>(self.back3.val())))
            ^ ((self.word1.val() << 2) | (self.word1.val() >> bit_cast::<64, 6>(self.back2.val())))
            ^ ((self.word2.val() << 1) | (self.word2.val() >> bit_cast::<64, 6>(self.back1.val())))
            ^ self.word3.val();
        if self.finish.kat_made.val() {
            self.kat_fresh.d.next = false;
            self.signature.d.next = self.turned.val();
        }
        self.kat_over.d.next = false;
        if self.finish.kat_ended.val() {
            self.kat.d.next = false;
            self.kat_over.d.next = true;
            self.kat_good.d.next = self.finish.ended_as.val() == self.end_done.val();
        }
        if self.kat_over.q.val() {
            self.kat_pulse.d.next = true;
            self.kat_passed.d.next = self.kat_good.q.val()
                & !self.kat_fault.val()
                & (self.signature.q.val() == self.kat_signature.val());
        }
        self.kat_done.next = self.kat_pulse.q.val();
        self.kat_ok.next = self.kat_passed.q.val();

        if self.reset.val() {
            self.sweep.d.next = self.most.val();
            self.load.clear.next = true;
            self.x.d.next = 0.into();
            self.mark.d.next = 0.into();
            self.kat.d.next = false;
            self.kat_fresh.d.next = false;
            self.kat_waits.d.next = false;
            self.kat_turn.d.next = false;
            self.kat_over.d.next = false;
            self.kat_pulse.d.next = false;
            self.kat_passed.d.next = false;
            self.signature.d.next = 0.into();
        }
    }
}
