//! The EXTRACTOR registers: shape, seed loading and sweeping, which seed is in force, and the counters.

use super::{BLOCK, Sweep, reset};
use crate::csr::Select;
use photonbox_regmap::extractor;
use rust_hdl::prelude::*;

/// The registers, in the order of the bits of `at`.
const ORDER: [u32; 13] = [
    extractor::N,
    extractor::M,
    extractor::CLAIMED_H,
    extractor::BLOCKS_PER_SEED,
    extractor::SEED_DATA,
    extractor::SEED_COMMIT,
    extractor::SEED_STATUS,
    extractor::SEED_EPOCH,
    extractor::SEED_BLOCKS,
    extractor::BLOCKS_LO,
    extractor::BLOCKS_HI,
    extractor::INPUT_BITS_LO,
    extractor::INPUT_BITS_HI,
];

/// Register block and seed-bank control of the extractor.
#[derive(LogicBlock)]
pub struct Registers {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Strobe of a write.
    pub csr_write: Signal<In, Bit>,
    /// Block of the register map.
    pub csr_block: Signal<In, Bits<3>>,
    /// Number of the register.
    pub csr_register: Signal<In, Bits<7>>,
    /// Value to write.
    pub csr_data: Signal<In, Bits<32>>,
    /// Value of the register addressed two cycles before.
    pub csr_read: Signal<Out, Bits<32>>,
    /// This write is refused.
    pub csr_refused: Signal<Out, Bit>,
    /// The card runs: the shape is in use.
    pub running: Signal<In, Bit>,
    /// Copies the counters for BLOCKS and INPUT_BITS.
    pub snapshot: Signal<In, Bit>,
    /// All bits before the commit's mark are packed.
    pub marked: Signal<In, Bit>,
    /// No bit of a block waits anywhere.
    pub empty: Signal<In, Bit>,
    /// Route says that it holds nothing, now and before.
    pub quiet: Signal<In, Bit>,
    /// The last beat of a block was taken.
    pub made: Signal<In, Bit>,
    /// The block in progress was discarded.
    pub discarded: Signal<In, Bit>,
    /// A seed was committed: all bits after this cycle's belong to it.
    pub mark: Signal<Out, Bit>,
    /// Another seed is in force: load the window again.
    pub changed: Signal<Out, Bit>,
    /// Input bits of a block.
    pub n: Signal<Out, Bits<16>>,
    /// Output bits of a block.
    pub m: Signal<Out, Bits<16>>,
    /// CLAIMED_H.
    pub claimed_h: Signal<Out, Bits<17>>,
    /// A seed is in force.
    pub seeded: Signal<Out, Bit>,
    /// The seed in force has served all its blocks.
    pub exhausted: Signal<Out, Bit>,
    /// Three quarters of the seed's blocks are used, and no seed waits: at the block that makes it so.
    pub due_event: Signal<Out, Bit>,
    /// Low bits of SEED_EPOCH.
    pub epoch: Signal<Out, Bits<16>>,
    /// Bank in force.
    pub bank: Signal<Out, Bit>,
    /// A bank is being swept.
    pub sweeping: Signal<Out, Bit>,
    /// Seed memory's write port: bank and row.
    pub row: Signal<Out, Bits<8>>,
    /// Write the row's low word.
    pub write_even: Signal<Out, Bit>,
    /// Write the row's high word.
    pub write_odd: Signal<Out, Bit>,
    /// Word to write.
    pub data: Signal<Out, Bits<32>>,

    n_bits: DFF<Bits<16>>,
    m_bits: DFF<Bits<16>>,
    claimed: DFF<Bits<17>>,
    limit: DFF<Bits<32>>,
    active: DFF<Bit>,
    waiting: DFF<Bit>,
    armed: DFF<Bit>,
    error: DFF<Bit>,
    in_force: DFF<Bit>,
    committed: DFF<Bit>,
    changing: DFF<Bit>,
    number: DFF<Bits<32>>,
    served: DFF<Bits<32>>,
    blocks: DFF<Bits<64>>,
    raw: DFF<Bits<64>>,
    blocks_copy: DFF<Bits<64>>,
    raw_copy: DFF<Bits<64>>,
    // Loading: words taken, words wanted, and the word on its way into the bank.
    words: DFF<Bits<13>>,
    wanted: DFF<Bits<13>>,
    pending: DFF<Bit>,
    pending_word: DFF<Bits<32>>,
    pending_at: DFF<Bits<13>>,
    sweep0: Sweep,
    sweep1: Sweep,
    // Comparisons of wide registers, kept up to date with a few cycles' delay.
    three_quarters: DFF<Bits<32>>,
    over: DFF<Bit>,
    nearly: DFF<Bit>,
    seen: DFF<Bit>,
    check: DFF<Bits<3>>,
    read: DFF<Bits<32>>,
    // Of the write that may come: data stands for cycles before the strobe, and nothing else changes these.
    new_n: DFF<Bit>,
    new_m: DFF<Bit>,
    short: DFF<Bit>,
    full: DFF<Bit>,

    select: Select<13>,
    at: Signal<Local, Bits<13>>,
    write_shape: Signal<Local, Bit>,
    write_seed: Signal<Local, Bit>,
    commit: Signal<Local, Bit>,
    abandon: Signal<Local, Bit>,
    room: Signal<Local, Bit>,
    complete: Signal<Local, Bit>,
    reshape: Signal<Local, Bit>,
    fast: Signal<Local, Bit>,
    switch: Signal<Local, Bit>,
    total: Signal<Local, Bits<18>>,
    spare_sweep: Signal<Local, Bits<8>>,
    other_sweep: Signal<Local, Bits<8>>,
    spare: Signal<Local, Bit>,
    pending_row: Signal<Local, Bits<8>>,
    ahead: Signal<Local, Bit>,
    store: Signal<Local, Bit>,
    sweep_bank: Signal<Local, Bit>,
    sweep_row: Signal<Local, Bits<7>>,
    restart0: Signal<Local, Bit>,
    restart1: Signal<Local, Bit>,
    due: Signal<Local, Bit>,
    status: Signal<Local, Bits<32>>,

    n_reset: Constant<Bits<16>>,
    m_reset: Constant<Bits<16>>,
    claimed_reset: Constant<Bits<17>>,
}

impl Default for Registers {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            csr_write: Default::default(),
            csr_block: Default::default(),
            csr_register: Default::default(),
            csr_data: Default::default(),
            csr_read: Default::default(),
            csr_refused: Default::default(),
            running: Default::default(),
            snapshot: Default::default(),
            marked: Default::default(),
            empty: Default::default(),
            quiet: Default::default(),
            made: Default::default(),
            discarded: Default::default(),
            mark: Default::default(),
            changed: Default::default(),
            n: Default::default(),
            m: Default::default(),
            claimed_h: Default::default(),
            seeded: Default::default(),
            exhausted: Default::default(),
            due_event: Default::default(),
            epoch: Default::default(),
            bank: Default::default(),
            sweeping: Default::default(),
            row: Default::default(),
            write_even: Default::default(),
            write_odd: Default::default(),
            data: Default::default(),
            n_bits: Default::default(),
            m_bits: Default::default(),
            claimed: Default::default(),
            limit: Default::default(),
            active: Default::default(),
            waiting: Default::default(),
            armed: Default::default(),
            error: Default::default(),
            in_force: Default::default(),
            committed: Default::default(),
            changing: Default::default(),
            number: Default::default(),
            served: Default::default(),
            blocks: Default::default(),
            raw: Default::default(),
            blocks_copy: Default::default(),
            raw_copy: Default::default(),
            words: Default::default(),
            wanted: Default::default(),
            pending: Default::default(),
            pending_word: Default::default(),
            pending_at: Default::default(),
            sweep0: Default::default(),
            sweep1: Default::default(),
            three_quarters: Default::default(),
            over: Default::default(),
            nearly: Default::default(),
            seen: Default::default(),
            check: Default::default(),
            read: Default::default(),
            new_n: Default::default(),
            new_m: Default::default(),
            short: Default::default(),
            full: Default::default(),
            at: Default::default(),
            write_shape: Default::default(),
            write_seed: Default::default(),
            commit: Default::default(),
            abandon: Default::default(),
            room: Default::default(),
            complete: Default::default(),
            reshape: Default::default(),
            fast: Default::default(),
            switch: Default::default(),
            total: Default::default(),
            spare_sweep: Default::default(),
            other_sweep: Default::default(),
            spare: Default::default(),
            pending_row: Default::default(),
            ahead: Default::default(),
            store: Default::default(),
            sweep_bank: Default::default(),
            sweep_row: Default::default(),
            restart0: Default::default(),
            restart1: Default::default(),
            due: Default::default(),
            status: Default::default(),
            select: Select::new(BLOCK, ORDER),
            n_reset: reset(extractor::N),
            m_reset: reset(extractor::M),
            claimed_reset: reset(extractor::CLAIMED_H),
        }
    }
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            n_bits,
            m_bits,
            claimed,
            limit,
            active,
            waiting,
            armed,
            error,
            in_force,
            committed,
            changing,
            number,
            served,
            blocks,
            raw,
            blocks_copy,
            raw_copy,
            words,
            wanted,
            pending,
            pending_word,
            pending_at,
            three_quarters,
            over,
            nearly,
            seen,
            check,
            read,
            new_n,
            new_m,
            short,
            full
        );
        clock!(self, clock, sweep0, sweep1);
        self.sweep0.reset.next = self.reset.val();
        self.sweep1.reset.next = self.reset.val();
        // Decoded a cycle ahead of the strobe.
        self.select.clock.next = self.clock.val();
        self.select.csr_block.next = self.csr_block.val();
        self.select.csr_register.next = self.csr_register.val();
        self.at.next = self.select.at.val();
        self.write_shape.next = self.csr_write.val()
            & (self.at.val().get_bit(0) | self.at.val().get_bit(1) | self.at.val().get_bit(2));
        self.write_seed.next = self.csr_write.val() & self.at.val().get_bit(4);
        self.commit.next =
            self.csr_write.val() & self.at.val().get_bit(5) & self.csr_data.val().get_bit(0);
        self.abandon.next =
            self.csr_write.val() & self.at.val().get_bit(5) & self.csr_data.val().get_bit(1);

        // Shape and limit. A change of the shape drops both seeds.
        self.new_n.d.next = self.csr_data.val().get_bits::<16>(0) != self.n_bits.q.val();
        self.new_m.d.next = self.csr_data.val().get_bits::<16>(0) != self.m_bits.q.val();
        self.reshape.next = false;
        if self.csr_write.val() & !self.running.val() {
            if self.at.val().get_bit(0) {
                self.n_bits.d.next = self.csr_data.val().get_bits::<16>(0);
                self.reshape.next = self.new_n.q.val();
            }
            if self.at.val().get_bit(1) {
                self.m_bits.d.next = self.csr_data.val().get_bits::<16>(0);
                self.reshape.next = self.new_m.q.val();
            }
            if self.at.val().get_bit(2) {
                self.claimed.d.next = self.csr_data.val().get_bits::<17>(0);
            }
        }
        if self.csr_write.val() & self.at.val().get_bit(3) {
            self.limit.d.next = self.csr_data.val();
        }
        // ceil((n + m - 1) / 32); 0 when nothing can be loaded.
        self.total.next =
            bit_cast::<18, 16>(self.n_bits.q.val()) + bit_cast::<18, 16>(self.m_bits.q.val()) + 30;
        self.wanted.d.next = self.total.val().get_bits::<13>(5);

        // Loading: the word goes through a register of its own into the spare bank.
        self.short.d.next = self.words.q.val() < self.wanted.q.val();
        self.room.next = !self.waiting.q.val() & self.short.q.val();
        self.csr_refused.next = (self.write_shape.val() & self.running.val())
            | (self.write_seed.val() & !self.room.val());
        self.spare.next = !self.in_force.q.val();
        self.spare_sweep.next = self.sweep0.at.val();
        self.other_sweep.next = self.sweep1.at.val();
        if self.spare.val() {
            self.spare_sweep.next = self.sweep1.at.val();
            self.other_sweep.next = self.sweep0.at.val();
        }
        self.pending_row.next = bit_cast::<8, 7>(self.pending_at.q.val().get_bits::<7>(1));
        self.ahead.next = self.pending_row.val() < self.spare_sweep.val();
        self.store.next = self.pending.q.val() & self.ahead.val();
        if self.store.val() {
            self.pending.d.next = false;
            self.pending_word.d.next = 0.into();
        }
        if self.write_seed.val() & self.room.val() {
            self.words.d.next = self.words.q.val() + 1;
            self.pending.d.next = true;
            self.pending_word.d.next = self.csr_data.val();
            self.pending_at.d.next = self.words.q.val();
        }

        // The write port: a seed word first, then the sweep of the spare bank, then that of the other.
        self.sweep_bank.next = self.spare.val();
        self.sweep_row.next = self.spare_sweep.val().get_bits::<7>(0);
        if self.spare_sweep.val().get_bit(7) {
            self.sweep_bank.next = self.in_force.q.val();
            self.sweep_row.next = self.other_sweep.val().get_bits::<7>(0);
        }
        self.row.next = bit_cast::<8, 7>(self.sweep_row.val());
        if self.sweep_bank.val() {
            self.row.next = bit_cast::<8, 7>(self.sweep_row.val()) | 0x80;
        }
        self.data.next = 0.into();
        self.sweeping.next = !(self.sweep0.at.val().get_bit(7) & self.sweep1.at.val().get_bit(7));
        self.write_even.next = self.sweeping.val();
        self.write_odd.next = self.sweeping.val();
        self.sweep0.step.next = false;
        self.sweep1.step.next = false;
        if self.store.val() {
            self.row.next = self.pending_row.val();
            if self.spare.val() {
                self.row.next = self.pending_row.val() | 0x80;
            }
            self.data.next = self.pending_word.q.val();
            // Words beyond the bank belong to a shape that START refuses.
            self.write_even.next = !self.pending_at.q.val().get_bit(0)
                & (self.pending_at.q.val().get_bits::<5>(8) == 0);
            self.write_odd.next = self.pending_at.q.val().get_bit(0)
                & (self.pending_at.q.val().get_bits::<5>(8) == 0);
        } else if self.sweeping.val() {
            if self.sweep_bank.val() {
                self.sweep1.step.next = true;
            } else {
                self.sweep0.step.next = true;
            }
        }

        // Commit: the seed takes over at a block boundary, counted in the stream of bits and not in time.
        self.full.d.next = (self.words.q.val() == self.wanted.q.val())
            & (self.n_bits.q.val() != 0)
            & (self.m_bits.q.val() != 0);
        self.complete.next = self.full.q.val();
        self.restart0.next = false;
        self.restart1.next = false;
        self.committed.d.next = false;
        if self.abandon.val() {
            self.error.d.next = false;
        }
        if self.abandon.val() | (self.commit.val() & !self.complete.val()) {
            self.restart0.next = self.in_force.q.val() & !self.waiting.q.val();
            self.restart1.next = !self.in_force.q.val() & !self.waiting.q.val();
        }
        if self.abandon.val() | self.commit.val() {
            self.words.d.next = 0.into();
        }
        if self.abandon.val() {
            self.pending.d.next = false;
            self.pending_word.d.next = 0.into();
        }
        if self.commit.val() {
            self.error.d.next = true;
            if self.complete.val() & !self.abandon.val() {
                self.error.d.next = false;
                self.waiting.d.next = true;
                self.committed.d.next = true;
            }
        }
        self.fast.next = self.committed.q.val() & self.quiet.val() & self.empty.val();
        self.mark.next = self.committed.q.val() & !self.fast.val();
        if self.marked.val() {
            self.armed.d.next = true;
        }
        self.switch.next = self.fast.val()
            | (self.waiting.q.val()
                & ((self.marked.val() & self.empty.val())
                    | ((self.armed.q.val() | self.marked.val())
                        & (self.made.val() | self.discarded.val()))));

        // Counters.
        self.check.d.next = bit_cast::<3, 2>(self.check.q.val().get_bits::<2>(0)) << 1;
        if self.made.val() {
            self.blocks.d.next = self.blocks.q.val() + 1;
            self.raw.d.next = self.raw.q.val() + bit_cast::<64, 16>(self.n_bits.q.val());
            if !self.served.q.val().all() {
                self.served.d.next = self.served.q.val() + 1;
            }
            self.check.d.next = 1.into();
        }
        if self.snapshot.val() {
            self.blocks_copy.d.next = self.blocks.q.val();
            self.raw_copy.d.next = self.raw.q.val();
        }
        self.changing.d.next = false;
        if self.switch.val() {
            self.active.d.next = true;
            self.waiting.d.next = false;
            self.armed.d.next = false;
            self.in_force.d.next = !self.in_force.q.val();
            self.number.d.next = self.number.q.val() + 1;
            self.served.d.next = 0.into();
            self.changing.d.next = true;
            // The bank that was in force becomes the spare one.
            self.restart0.next = !self.in_force.q.val();
            self.restart1.next = self.in_force.q.val();
        }
        if self.reshape.val() {
            self.active.d.next = false;
            self.waiting.d.next = false;
            self.armed.d.next = false;
            self.error.d.next = false;
            self.committed.d.next = false;
            self.words.d.next = 0.into();
            self.pending.d.next = false;
            self.pending_word.d.next = 0.into();
            self.restart0.next = true;
            self.restart1.next = true;
        }
        self.sweep0.restart.next = self.restart0.val();
        self.sweep1.restart.next = self.restart1.val();
        self.three_quarters.d.next = self.limit.q.val() - (self.limit.q.val() >> 2);
        self.over.d.next = (self.limit.q.val() != 0) & (self.served.q.val() >= self.limit.q.val());
        self.nearly.d.next =
            (self.limit.q.val() != 0) & (self.served.q.val() >= self.three_quarters.q.val());
        if self.switch.val() {
            // A new seed is neither, from its first cycle on.
            self.over.d.next = false;
            self.nearly.d.next = false;
        }
        self.due.next = self.nearly.q.val() & self.active.q.val() & !self.waiting.q.val();
        self.due_event.next = self.check.q.val().get_bit(2) & self.due.val() & !self.seen.q.val();
        if self.check.q.val().get_bit(2) {
            self.seen.d.next = self.due.val();
        }

        // Reading.
        self.status.next = bit_cast::<32, 12>(self.words.q.val().get_bits::<12>(0));
        if self.active.q.val() {
            self.status.next = self.status.val() | 0x0001_0000;
        }
        if self.waiting.q.val() {
            self.status.next = self.status.val() | 0x0002_0000;
        }
        if self.due.val() {
            self.status.next = self.status.val() | 0x0004_0000;
        }
        if self.over.q.val() & self.active.q.val() {
            self.status.next = self.status.val() | 0x0008_0000;
        }
        if self.error.q.val() {
            self.status.next = self.status.val() | 0x0010_0000;
        }
        if self.in_force.q.val() {
            self.status.next = self.status.val() | 0x0020_0000;
        }
        self.read.d.next = 0.into();
        if self.at.val().get_bit(0) {
            self.read.d.next = bit_cast::<32, 16>(self.n_bits.q.val());
        }
        if self.at.val().get_bit(1) {
            self.read.d.next = bit_cast::<32, 16>(self.m_bits.q.val());
        }
        if self.at.val().get_bit(2) {
            self.read.d.next = bit_cast::<32, 17>(self.claimed.q.val());
        }
        if self.at.val().get_bit(3) {
            self.read.d.next = self.limit.q.val();
        }
        if self.at.val().get_bit(6) {
            self.read.d.next = self.status.val();
        }
        if self.at.val().get_bit(7) {
            self.read.d.next = self.number.q.val();
        }
        if self.at.val().get_bit(8) {
            self.read.d.next = self.served.q.val();
        }
        if self.at.val().get_bit(9) {
            self.read.d.next = self.blocks_copy.q.val().get_bits::<32>(0);
        }
        if self.at.val().get_bit(10) {
            self.read.d.next = self.blocks_copy.q.val().get_bits::<32>(32);
        }
        if self.at.val().get_bit(11) {
            self.read.d.next = self.raw_copy.q.val().get_bits::<32>(0);
        }
        if self.at.val().get_bit(12) {
            self.read.d.next = self.raw_copy.q.val().get_bits::<32>(32);
        }

        self.csr_read.next = self.read.q.val();
        self.changed.next = self.changing.q.val();
        self.n.next = self.n_bits.q.val();
        self.m.next = self.m_bits.q.val();
        self.claimed_h.next = self.claimed.q.val();
        self.seeded.next = self.active.q.val();
        self.exhausted.next = self.over.q.val() & self.active.q.val();
        self.epoch.next = self.number.q.val().get_bits::<16>(0);
        self.bank.next = self.in_force.q.val();

        if self.reset.val() {
            self.n_bits.d.next = self.n_reset.val();
            self.m_bits.d.next = self.m_reset.val();
            self.claimed.d.next = self.claimed_reset.val();
            self.limit.d.next = 0.into();
            self.active.d.next = false;
            self.waiting.d.next = false;
            self.armed.d.next = false;
            self.error.d.next = false;
            self.in_force.d.next = false;
            self.committed.d.next = false;
            self.changing.d.next = false;
            self.number.d.next = 0.into();
            self.served.d.next = 0.into();
            self.blocks.d.next = 0.into();
            self.raw.d.next = 0.into();
            self.blocks_copy.d.next = 0.into();
            self.raw_copy.d.next = 0.into();
            self.words.d.next = 0.into();
            self.pending.d.next = false;
            self.pending_word.d.next = 0.into();
            self.seen.d.next = false;
            self.check.d.next = 0.into();
            self.over.d.next = false;
            self.nearly.d.next = false;
        }
    }
}
