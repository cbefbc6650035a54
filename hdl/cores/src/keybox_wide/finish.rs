//! What becomes of a step of the map: a key that leaves, or a job that ends.

use crate::csr::Fixed;
use crate::keybox::outcome;
use photonbox_model::keybox::KAT_KEYS;
use rust_hdl::prelude::*;

/// Judges one context a cycle, and counts its keys and boxes.
#[derive(LogicBlock, Default)]
pub struct Finish {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Nothing is to become of anything: what is under way is swept.
    pub clear: Signal<In, Bit>,
    /// Context that is read.
    pub read_turn: Signal<In, Bits<6>>,
    /// Context that is written back.
    pub last_turn: Signal<In, Bits<6>>,
    /// The step was one of a job or of the self-test.
    pub live: Signal<In, Bit>,
    /// It was one of the self-test.
    pub kat: Signal<In, Bit>,
    /// It began with X_0.
    pub fresh: Signal<In, Bit>,
    /// The job's numbers are in order.
    pub allowed: Signal<In, Bit>,
    /// X_0 is.
    pub below: Signal<In, Bit>,
    /// The next X is weak.
    pub weak_value: Signal<In, Bit>,
    /// The job is to end.
    pub aborting: Signal<In, Bit>,
    /// It has lost its ring.
    pub lost: Signal<In, Bit>,
    /// The ring can be used.
    pub ring_usable: Signal<In, Bit>,
    /// Keys of a box.
    pub keys: Signal<In, Bits<16>>,
    /// Boxes of the job.
    pub boxes: Signal<In, Bits<16>>,
    /// The next X.
    pub after: Signal<In, Bits<240>>,
    /// Its session key.
    pub key: Signal<In, Bits<256>>,
    /// The ring takes the key of this cycle.
    pub key_taken: Signal<In, Bit>,
    /// In the cycle before the key's: it is the first of a box.
    pub next_first: Signal<Out, Bit>,
    /// There is a key for the ring.
    pub key_valid: Signal<Out, Bit>,
    /// The key, for the ring or the self-test; else 0.
    pub key_out: Signal<Out, Bits<256>>,
    /// First key of its box.
    pub key_first: Signal<Out, Bit>,
    /// Last key of its box.
    pub key_last: Signal<Out, Bit>,
    /// Number of the box.
    pub key_box: Signal<Out, Bits<32>>,
    /// A box that has begun is not completed.
    pub cut: Signal<Out, Bit>,
    /// The key is the ring's.
    pub key_made: Signal<Out, Bit>,
    /// A key of the self-test.
    pub kat_made: Signal<Out, Bit>,
    /// X_0 is needed no longer.
    pub started: Signal<Out, Bit>,
    /// The job has ended.
    pub ended: Signal<Out, Bit>,
    /// The self-test has.
    pub kat_ended: Signal<Out, Bit>,
    /// How, as `outcome`.
    pub ended_as: Signal<Out, Bits<3>>,
    /// The context's X is replaced.
    pub store: Signal<Out, Bit>,
    /// What by.
    pub stored: Signal<Out, Bits<240>>,
    counts: RAM<Bits<32>, 6>,
    has_key: DFF<Bit>,
    fails: DFF<Bit>,
    fails_as: DFF<Bits<3>>,
    cuts: DFF<Bit>,
    is_kat: DFF<Bit>,
    is_fresh: DFF<Bit>,
    is_first: DFF<Bit>,
    is_last: DFF<Bit>,
    job_last: DFF<Bit>,
    box_held: DFF<Bits<16>>,
    count_held: DFF<Bits<16>>,
    key_held: DFF<Bits<256>>,
    after_held: DFF<Bits<240>>,
    count: Signal<Local, Bits<32>>,
    box_now: Signal<Local, Bits<16>>,
    count_now: Signal<Local, Bits<16>>,
    count_after: Signal<Local, Bits<16>>,
    box_after: Signal<Local, Bits<16>>,
    count_more: Signal<Local, Bits<16>>,
    keys_now: Signal<Local, Bits<16>>,
    boxes_now: Signal<Local, Bits<16>>,
    first: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    bad: Signal<Local, Bit>,
    ringless: Signal<Local, Bit>,
    good: Signal<Local, Bit>,
    valid: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    over: Signal<Local, Bit>,
    box_shift: Fixed<5, 16>,
    kat_keys: Fixed<16, { KAT_KEYS as u64 }>,
    end_done: Fixed<3, { outcome::DONE }>,
    end_weak: Fixed<3, { outcome::WEAK }>,
    end_bad: Fixed<3, { outcome::BAD }>,
    end_aborted: Fixed<3, { outcome::ABORTED }>,
}

impl Logic for Finish {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, has_key, fails, fails_as, cuts, is_kat, is_fresh, is_first, is_last,
            job_last, box_held, count_held, key_held, after_held
        );
        self.counts.read_clock.next = self.clock.val();
        self.counts.write_clock.next = self.clock.val();

        // Where the context stands: number of the box from 1, keys of the box that have left.
        self.counts.read_address.next = self.read_turn.val();
        self.count.next = self.counts.read_data.val();
        self.box_now.next = self.count.val().get_bits::<16>(16);
        self.count_now.next = self.count.val().get_bits::<16>(0);
        if self.fresh.val() {
            self.box_now.next = 1.into();
            self.count_now.next = 0.into();
        }
        self.keys_now.next = self.keys.val();
        self.boxes_now.next = self.boxes.val();
        if self.kat.val() {
            self.keys_now.next = self.kat_keys.val();
            self.boxes_now.next = 1.into();
        }
        self.count_after.next = self.count_now.val() + 1;
        self.first.next = self.count_now.val() == 0;
        self.last.next = self.count_after.val() == self.keys_now.val();
        self.next_first.next = self.first.val();

        // A key, or how the job ends.
        self.bad.next = self.fresh.val() & (!self.allowed.val() | !self.below.val());
        self.ringless.next = (self.lost.val() | !self.ring_usable.val()) & !self.kat.val();
        self.good.next = self.live.val()
            & !self.clear.val()
            & !self.bad.val()
            & !self.ringless.val()
            & !self.aborting.val()
            & !self.weak_value.val();
        self.has_key.d.next = self.good.val();
        self.fails.d.next = self.live.val() & !self.clear.val() & !self.good.val();
        self.fails_as.d.next = self.end_weak.val();
        if self.aborting.val() | self.ringless.val() {
            self.fails_as.d.next = self.end_aborted.val();
        }
        if self.bad.val() {
            self.fails_as.d.next = self.end_bad.val();
        }
        self.cuts.d.next = self.live.val()
            & !self.clear.val()
            & !self.good.val()
            & !self.bad.val()
            & !self.ringless.val()
            & !self.first.val()
            & !self.kat.val();
        self.is_kat.d.next = self.kat.val();
        self.is_fresh.d.next = self.fresh.val();
        self.is_first.d.next = self.first.val();
        self.is_last.d.next = self.last.val();
        self.job_last.d.next = self.last.val() & (self.box_now.val() == self.boxes_now.val());
        self.box_held.d.next = self.box_now.val();
        self.count_held.d.next = self.count_now.val();
        self.key_held.d.next = 0.into();
        self.after_held.d.next = 0.into();
        if self.good.val() {
            self.key_held.d.next = self.key.val();
            self.after_held.d.next = self.after.val();
        }

        // The ring takes the key, or it is made again: X stays then.
        self.valid.next = self.has_key.q.val() & !self.is_kat.q.val() & self.ring_usable.val();
        self.taken.next = (self.valid.val() & self.key_taken.val())
            | (self.has_key.q.val() & self.is_kat.q.val());
        self.key_valid.next = self.valid.val();
        self.key_out.next = self.key_held.q.val();
        self.key_first.next = self.is_first.q.val();
        self.key_last.next = self.is_last.q.val();
        self.key_box.next = bit_cast::<32, 16>(self.box_held.q.val());
        self.cut.next = self.cuts.q.val() & self.ring_usable.val();
        self.key_made.next = self.taken.val() & !self.is_kat.q.val();
        self.kat_made.next = self.taken.val() & self.is_kat.q.val();
        self.over.next = self.fails.q.val() | (self.taken.val() & self.job_last.q.val());
        self.started.next =
            self.is_fresh.q.val() & !self.is_kat.q.val() & (self.fails.q.val() | self.taken.val());
        self.ended.next = self.over.val() & !self.is_kat.q.val();
        self.kat_ended.next = self.over.val() & self.is_kat.q.val();
        self.ended_as.next = self.end_done.val();
        if self.fails.q.val() {
            self.ended_as.next = self.fails_as.q.val();
        }
        // Without a job, or after its end, X is 0.
        self.store.next = !self.has_key.q.val() | self.taken.val();
        self.stored.next = 0.into();
        if self.taken.val() & !self.job_last.q.val() {
            self.stored.next = self.after_held.q.val();
        }
        self.box_after.next = self.box_held.q.val() + 1;
        self.count_more.next = self.count_held.q.val() + 1;
        self.counts.write_address.next = self.last_turn.val();
        self.counts.write_enable.next = self.store.val();
        self.counts.write_data.next = (bit_cast::<32, 16>(self.box_held.q.val())
            << bit_cast::<32, 5>(self.box_shift.val()))
            | bit_cast::<32, 16>(self.count_more.val());
        if self.is_last.q.val() {
            self.counts.write_data.next =
                bit_cast::<32, 16>(self.box_after.val()) << bit_cast::<32, 5>(self.box_shift.val());
        }
        if self.clear.val() {
            self.has_key.d.next = false;
            self.fails.d.next = false;
            self.cuts.d.next = false;
        }
    }
}
