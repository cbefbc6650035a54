//! Which of the 64 contexts has a job, and whose turn it is.

use crate::csr::{Fixed, Given};
use rust_hdl::prelude::*;

/// A bit for each context and each thing that may be said of it; contexts by turns.
#[derive(LogicBlock, Default)]
pub struct Contexts {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets every job.
    pub reset: Signal<In, Bit>,
    /// The context that the registers speak of.
    pub slot: Signal<In, Bits<6>>,
    /// It gets a job.
    pub submit: Signal<In, Bit>,
    /// Its job is to end.
    pub abort: Signal<In, Bit>,
    /// The key-box ring can be used.
    pub ring_usable: Signal<In, Bit>,
    /// The job of `last_turn` has ended.
    pub ended: Signal<In, Bit>,
    /// That context needs its X_0 no longer.
    pub started: Signal<In, Bit>,
    /// Context whose X is read from memory in this cycle.
    pub first_turn: Signal<Out, Bits<6>>,
    /// The one of the cycle before has a job.
    pub running: Signal<Out, Bit>,
    /// That job has made no key yet.
    pub fresh: Signal<Out, Bit>,
    /// Context whose job's numbers are read in this cycle.
    pub read_turn: Signal<Out, Bits<6>>,
    /// Context whose step of the map is complete in this cycle: the one of the cycle before.
    pub judge_turn: Signal<Out, Bits<6>>,
    /// Its job is to end.
    pub aborting: Signal<Out, Bit>,
    /// It has lost its ring.
    pub lost: Signal<Out, Bit>,
    /// Context whose key leaves in this cycle, and which is written back: again one later.
    pub last_turn: Signal<Out, Bits<6>>,
    /// Its X_0 is overwritten in this cycle.
    pub sweep_x0: Signal<Out, Bit>,
    /// `slot` has a job, or something to be swept.
    pub slot_busy: Signal<Out, Bit>,
    /// Some context has.
    pub any: Signal<Out, Bit>,
    turn: DFF<Bits<6>>,
    read_at: DFF<Bits<6>>,
    judge_at: DFF<Bits<6>>,
    last_at: DFF<Bits<6>>,
    runs: DFF<Bits<64>>,
    pending: DFF<Bits<64>>,
    stale: DFF<Bits<64>>,
    to_abort: DFF<Bits<64>>,
    without_ring: DFF<Bits<64>>,
    is_running: DFF<Bit>,
    is_fresh: DFF<Bit>,
    is_aborting: DFF<Bit>,
    is_lost: DFF<Bit>,
    of_turn: DFF<Bits<64>>,
    of_read: DFF<Bits<64>>,
    of_last: DFF<Bits<64>>,
    of_slot: DFF<Bits<64>>,
    added: Signal<Local, Bits<64>>,
    over: Signal<Local, Bits<64>>,
    begun: Signal<Local, Bits<64>>,
    swept: Signal<Local, Bits<64>>,
    cut: Signal<Local, Bits<64>>,
    lose: Signal<Local, Bits<64>>,
    sweeps: Signal<Local, Bit>,
    turn_after: Signal<Local, Bits<6>>,
    read_after: Signal<Local, Bits<6>>,
    one: Fixed<64, 1>,
    to_read: Given<6>,
}

impl Contexts {
    /// Contexts whose steps are complete `cycles` after their X is read.
    pub fn new(cycles: usize) -> Self {
        assert!(cycles < 63, "the next X is there when its turn comes");
        Self {
            // One earlier than complete, and the register itself takes one.
            to_read: Given::new(64 - (cycles as u64 - 2)),
            ..Self::default()
        }
    }
}

impl Logic for Contexts {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            turn,
            of_turn,
            of_read,
            of_last,
            of_slot,
            read_at,
            judge_at,
            last_at,
            runs,
            pending,
            stale,
            to_abort,
            without_ring,
            is_running,
            is_fresh,
            is_aborting,
            is_lost
        );
        self.judge_at.d.next = self.read_at.q.val();
        self.last_at.d.next = self.judge_at.q.val();
        self.first_turn.next = self.turn.q.val();
        self.read_turn.next = self.read_at.q.val();
        self.judge_turn.next = self.judge_at.q.val();
        self.last_turn.next = self.last_at.q.val();
        // Each context's bit is decoded one cycle ahead; JOB_SLOT has been still for longer when it matters.
        self.turn_after.next = self.turn.q.val() + 1;
        self.read_after.next = self.turn.q.val() + self.to_read.val();
        self.turn.d.next = self.turn_after.val();
        self.read_at.d.next = self.read_after.val();
        self.of_turn.d.next = self.one.val() << bit_cast::<64, 6>(self.turn_after.val());
        self.of_read.d.next = self.one.val() << bit_cast::<64, 6>(self.read_after.val());
        self.of_last.d.next = self.one.val() << bit_cast::<64, 6>(self.judge_at.q.val());
        self.of_slot.d.next = self.one.val() << bit_cast::<64, 6>(self.slot.val());

        self.is_running.d.next = (self.runs.q.val() & self.of_turn.q.val()) != 0;
        self.is_fresh.d.next = (self.pending.q.val() & self.of_turn.q.val()) != 0;
        self.is_aborting.d.next = (self.to_abort.q.val() & self.of_read.q.val()) != 0;
        self.running.next = self.is_running.q.val();
        self.fresh.next = self.is_fresh.q.val();
        self.aborting.next = self.is_aborting.q.val();
        self.lost.next = self.is_lost.q.val();

        // The memory of X_0 has one port to write by; who submits has it first, and a sweep its next turn.
        self.sweeps.next = (((self.pending.q.val() & self.of_last.q.val()) == 0)
            | self.started.val())
            & !self.submit.val();
        self.sweep_x0.next = self.sweeps.val();

        self.added.next = 0.into();
        if self.submit.val() {
            self.added.next = self.of_slot.q.val();
        }
        self.cut.next = 0.into();
        if self.abort.val() {
            self.cut.next = self.of_slot.q.val() & self.runs.q.val();
        }
        self.lose.next = 0.into();
        if !self.ring_usable.val() {
            self.lose.next = self.runs.q.val();
        }
        // A ring that is lost for one cycle must not be overlooked in the next.
        self.is_lost.d.next =
            ((self.without_ring.q.val() | self.lose.val()) & self.of_read.q.val()) != 0;
        self.over.next = 0.into();
        if self.ended.val() {
            self.over.next = self.of_last.q.val();
        }
        self.begun.next = 0.into();
        if self.started.val() {
            self.begun.next = self.of_last.q.val();
        }
        self.swept.next = 0.into();
        if self.sweeps.val() {
            self.swept.next = self.of_last.q.val();
        }
        self.runs.d.next = (self.runs.q.val() & !self.over.val()) | self.added.val();
        self.pending.d.next = (self.pending.q.val() & !self.begun.val()) | self.added.val();
        self.stale.d.next = (self.stale.q.val() & !self.swept.val()) | self.added.val();
        self.to_abort.d.next = (self.to_abort.q.val() | self.cut.val()) & !self.over.val();
        self.without_ring.d.next = (self.without_ring.q.val() | self.lose.val()) & !self.over.val();

        self.slot_busy.next =
            ((self.runs.q.val() | self.stale.q.val()) & self.of_slot.q.val()) != 0;
        self.any.next = (self.runs.q.val() | self.stale.q.val()) != 0;

        if self.reset.val() {
            self.runs.d.next = 0.into();
            self.pending.d.next = 0.into();
            self.stale.d.next = 0.into();
            self.to_abort.d.next = 0.into();
            self.without_ring.d.next = 0.into();
            self.is_running.d.next = false;
            self.is_fresh.d.next = false;
            self.is_aborting.d.next = false;
            self.is_lost.d.next = false;
        }
    }
}
