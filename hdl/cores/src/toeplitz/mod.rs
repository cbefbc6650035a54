//! The Toeplitz extractor: seed banks, block sequence and columns behind the EXTRACTOR registers
//! (spec 1-entropy §1.3, 6-card §6.1). See the README beside this file.

mod columns;
mod engine;
mod kat;
mod registers;
mod seeds;
mod sweep;

pub use columns::Columns;
pub use engine::{Engine, Phase};
pub use registers::Registers;
pub use seeds::{BANK_BITS, Seeds};
pub use sweep::Sweep;

use photonbox_regmap::extractor;
use rust_hdl::prelude::*;

/// Place of the EXTRACTOR block in the register map's list of blocks.
pub(crate) const BLOCK: u64 = 1;

/// Reset value of the register at `offset`.
fn reset<const N: usize>(offset: u32) -> Constant<Bits<N>> {
    let found = extractor::REGISTERS
        .iter()
        .find(|register| register.offset == offset);
    Constant::new(bits(u64::from(found.map_or(0, |register| register.reset))))
}

/// The extractor: `W` input bits a cycle, at most `M` output bits a block.
#[derive(LogicBlock)]
pub struct Toeplitz<const W: usize, const M: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset; sweeps all secrets.
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
    /// The card runs (or drains): the shape is in use.
    pub running: Signal<In, Bit>,
    /// Copies the counters for BLOCKS and INPUT_BITS.
    pub snapshot: Signal<In, Bit>,
    /// A chunk is offered.
    pub in_valid: Signal<In, Bit>,
    /// The chunk is taken when it is offered.
    pub in_ready: Signal<Out, Bit>,
    /// Bits, the first lowest; those beyond `in_count` are 0.
    pub in_bits: Signal<In, Bits<W>>,
    /// 1 to W; below W only at a block's end or before a discard.
    pub in_count: Signal<In, Bits<8>>,
    /// Bits are refused: no seed, or an exhausted one.
    pub in_refuse: Signal<Out, Bit>,
    /// Route holds bits of the block in progress, beyond those taken here.
    pub in_pending: Signal<In, Bit>,
    /// Route holds nothing, and nothing arrives.
    pub in_quiet: Signal<In, Bit>,
    /// A seed was committed: all bits after this cycle's come after it. One cycle.
    pub mark: Signal<Out, Bit>,
    /// All bits before the mark are counted in `in_pending` or were given. One cycle.
    pub marked: Signal<In, Bit>,
    /// Discard the block in progress, until `discarded`; no chunk is offered meanwhile.
    pub discard: Signal<In, Bit>,
    /// It is discarded (a block that the ring has begun to take is made instead, and then this follows). One cycle.
    pub discarded: Signal<Out, Bit>,
    /// The last beat of a block was taken in the cycle before. One cycle.
    pub made: Signal<Out, Bit>,
    /// A beat is given.
    pub out_valid: Signal<Out, Bit>,
    /// The beat is taken. At a block's first beat: the ring takes the whole block.
    pub out_ready: Signal<In, Bit>,
    /// Output bits, the first lowest; those beyond m are 0.
    pub out_data: Signal<Out, Bits<64>>,
    /// The block's last beat.
    pub out_last: Signal<Out, Bit>,
    /// The block is not to be used: a parity error was seen, its beats are 0.
    pub out_error: Signal<Out, Bit>,
    /// Low bits of SEED_EPOCH of the block's seed.
    pub out_seed_epoch: Signal<Out, Bits<16>>,
    /// Bits of the block in progress.
    pub taken: Signal<Out, Bits<13>>,
    /// A seed is in force.
    pub seeded: Signal<Out, Bit>,
    /// It has served all the blocks that it may.
    pub exhausted: Signal<Out, Bit>,
    /// Three quarters of them are used and no seed waits. One cycle.
    pub seed_due_event: Signal<Out, Bit>,
    /// Input bits of a block.
    pub n: Signal<Out, Bits<16>>,
    /// Output bits of a block.
    pub m: Signal<Out, Bits<16>>,
    /// CLAIMED_H.
    pub claimed_h: Signal<Out, Bits<17>>,
    /// No bit of a block is here.
    pub idle: Signal<Out, Bit>,
    /// A seed bank is being swept.
    pub sweeping: Signal<Out, Bit>,
    /// Begin a known-answer test; it fails at once unless no bit of a block is here.
    pub kat_start: Signal<In, Bit>,
    /// Inject a fault into it.
    pub kat_fault: Signal<In, Bit>,
    /// The test is over. One cycle.
    pub kat_done: Signal<Out, Bit>,
    /// It passed: valid from `kat_done` on.
    pub kat_ok: Signal<Out, Bit>,
    /// A seed was read with wrong parity: once a block. One cycle.
    pub parity_error: Signal<Out, Bit>,
    /// Store wrong parity with the seed words written: a fault to inject, 0 on a card.
    pub seed_fault: Signal<In, Bit>,

    registers: Registers,
    engine: Engine<W>,
    seeds: Seeds<W>,
    columns: Columns<W, M>,
    empty: Signal<Local, Bit>,
}

impl<const W: usize, const M: usize> Default for Toeplitz<W, M> {
    fn default() -> Self {
        const {
            assert!(W.is_power_of_two() && W >= 4 && W <= 64);
        }
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
            in_valid: Default::default(),
            in_ready: Default::default(),
            in_bits: Default::default(),
            in_count: Default::default(),
            in_refuse: Default::default(),
            in_pending: Default::default(),
            in_quiet: Default::default(),
            mark: Default::default(),
            marked: Default::default(),
            discard: Default::default(),
            discarded: Default::default(),
            made: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            out_data: Default::default(),
            out_last: Default::default(),
            out_error: Default::default(),
            out_seed_epoch: Default::default(),
            taken: Default::default(),
            seeded: Default::default(),
            exhausted: Default::default(),
            seed_due_event: Default::default(),
            n: Default::default(),
            m: Default::default(),
            claimed_h: Default::default(),
            idle: Default::default(),
            sweeping: Default::default(),
            kat_start: Default::default(),
            kat_fault: Default::default(),
            kat_done: Default::default(),
            kat_ok: Default::default(),
            parity_error: Default::default(),
            seed_fault: Default::default(),
            registers: Registers::default(),
            engine: Engine::new(M),
            seeds: Seeds::default(),
            columns: Columns::default(),
            empty: Default::default(),
        }
    }
}

impl<const W: usize, const M: usize> Logic for Toeplitz<W, M> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, registers, engine, seeds, columns);
        self.empty.next = self.engine.untouched.val() & !self.in_pending.val();

        self.registers.reset.next = self.reset.val();
        self.registers.csr_write.next = self.csr_write.val();
        self.registers.csr_block.next = self.csr_block.val();
        self.registers.csr_register.next = self.csr_register.val();
        self.registers.csr_data.next = self.csr_data.val();
        self.registers.running.next = self.running.val();
        self.registers.snapshot.next = self.snapshot.val();
        self.registers.marked.next = self.marked.val();
        self.registers.empty.next = self.empty.val();
        self.registers.quiet.next = self.in_quiet.val();
        self.registers.made.next = self.engine.made.val();
        self.registers.discarded.next = self.engine.discarded.val();

        self.engine.reset.next = self.reset.val();
        self.engine.n.next = self.registers.n.val();
        self.engine.m.next = self.registers.m.val();
        self.engine.seeded.next = self.registers.seeded.val();
        self.engine.exhausted.next = self.registers.exhausted.val();
        self.engine.changed.next = self.registers.changed.val();
        self.engine.in_valid.next = self.in_valid.val();
        self.engine.in_bits.next = self.in_bits.val();
        self.engine.in_count.next = self.in_count.val();
        self.engine.discard.next = self.discard.val();
        self.engine.out_ready.next = self.out_ready.val();
        self.engine.kat_start.next = self.kat_start.val();
        self.engine.kat_fault.next = self.kat_fault.val();
        self.engine.corrupt.next = self.seeds.corrupt.val();
        self.engine.out.next = self.columns.out.val();

        self.seeds.write_row.next = self.registers.row.val();
        self.seeds.write_even.next = self.registers.write_even.val();
        self.seeds.write_odd.next = self.registers.write_odd.val();
        self.seeds.write_data.next = self.registers.data.val();
        self.seeds.write_fault.next = self.seed_fault.val();
        self.seeds.wipe.next = self.engine.wipe.val();
        self.seeds.advance.next = self.engine.shift.val();
        self.seeds.bank.next = self.registers.bank.val();
        self.seeds.address.next = self.engine.address.val();
        self.seeds.pad.next = self.engine.pad.val();
        self.seeds.test.next = self.engine.test.val();

        self.columns.wipe.next = self.engine.wipe.val();
        self.columns.clear.next = self.engine.clear.val();
        self.columns.shift.next = self.engine.shift.val();
        self.columns.add.next = self.engine.add.val();
        self.columns.bits.next = self.engine.bits.val();
        self.columns.word.next = self.seeds.word.val();
        self.columns.fetch.next = self.engine.fetch.val();
        self.columns.forget.next = self.engine.forget.val();
        self.columns.beat.next = self.engine.beat.val();
        self.columns.mask.next = self.engine.mask.val();

        self.csr_read.next = self.registers.csr_read.val();
        self.csr_refused.next = self.registers.csr_refused.val();
        self.in_ready.next = self.engine.in_ready.val();
        self.in_refuse.next = self.engine.in_refuse.val();
        self.mark.next = self.registers.mark.val();
        self.discarded.next = self.engine.discarded.val();
        self.made.next = self.engine.made.val();
        self.out_valid.next = self.engine.out_valid.val();
        self.out_data.next = self.columns.out.val();
        self.out_last.next = self.engine.out_last.val();
        self.out_error.next = self.engine.out_error.val();
        self.out_seed_epoch.next = self.registers.epoch.val();
        self.taken.next = self.engine.taken.val();
        self.seeded.next = self.registers.seeded.val();
        self.exhausted.next = self.registers.exhausted.val();
        self.seed_due_event.next = self.registers.due_event.val();
        self.n.next = self.registers.n.val();
        self.m.next = self.registers.m.val();
        self.claimed_h.next = self.registers.claimed_h.val();
        self.idle.next = self.engine.untouched.val();
        self.sweeping.next = self.registers.sweeping.val();
        self.kat_done.next = self.engine.kat_done.val();
        self.kat_ok.next = self.engine.kat_ok.val();
        self.parity_error.next = self.engine.parity_error.val();
    }
}
