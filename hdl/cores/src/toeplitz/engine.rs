//! Sequence of a block: load the window, take chunks, give beats; and the known-answer test.

use rust_hdl::prelude::*;

use super::kat::{KAT_BITS, KAT_CHUNKS, kat_answer};

/// Where the engine is.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum Phase {
    /// No seed is in force.
    Idle,
    /// The constants of the shape settle.
    Prepare,
    /// The window is loaded.
    Load,
    /// Chunks are taken.
    Take,
    /// The last chunk is added.
    Settle,
    /// Beats are given.
    Give,
}

/// Control of the columns and of the seed memory's read side.
#[derive(LogicBlock)]
pub struct Engine<const W: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Input bits of a block.
    pub n: Signal<In, Bits<16>>,
    /// Output bits of a block.
    pub m: Signal<In, Bits<16>>,
    /// A seed is in force.
    pub seeded: Signal<In, Bit>,
    /// It has served all its blocks.
    pub exhausted: Signal<In, Bit>,
    /// Another seed is in force since a cycle.
    pub changed: Signal<In, Bit>,
    /// A chunk is offered.
    pub in_valid: Signal<In, Bit>,
    /// Its bits, the first lowest; those beyond `in_count` are 0.
    pub in_bits: Signal<In, Bits<W>>,
    /// How many.
    pub in_count: Signal<In, Bits<8>>,
    /// Chunks are taken.
    pub in_ready: Signal<Out, Bit>,
    /// Bits are refused: no seed, or an exhausted one.
    pub in_refuse: Signal<Out, Bit>,
    /// Discard the block in progress, until `discarded`.
    pub discard: Signal<In, Bit>,
    /// It is discarded.
    pub discarded: Signal<Out, Bit>,
    /// The last beat of a block is taken.
    pub made: Signal<Out, Bit>,
    /// A beat is given.
    pub out_valid: Signal<Out, Bit>,
    /// The beat is taken.
    pub out_ready: Signal<In, Bit>,
    /// It is the block's last.
    pub out_last: Signal<Out, Bit>,
    /// The block is not to be used: its beats are 0.
    pub out_error: Signal<Out, Bit>,
    /// Bits of the block in progress.
    pub taken: Signal<Out, Bits<13>>,
    /// `taken` is 0.
    pub untouched: Signal<Out, Bit>,
    /// Begin a known-answer test.
    pub kat_start: Signal<In, Bit>,
    /// Inject a fault into it.
    pub kat_fault: Signal<In, Bit>,
    /// It is over.
    pub kat_done: Signal<Out, Bit>,
    /// The answer was right.
    pub kat_ok: Signal<Out, Bit>,
    /// A row of the seed was read with wrong parity.
    pub corrupt: Signal<In, Bit>,
    /// A block is spoiled by that: once a block.
    pub parity_error: Signal<Out, Bit>,

    /// Sweep the window and the read pipeline.
    pub wipe: Signal<Out, Bit>,
    /// Sweep the sum.
    pub clear: Signal<Out, Bit>,
    /// Move the window and the read pipeline.
    pub shift: Signal<Out, Bit>,
    /// Add the columns of `bits`.
    pub add: Signal<Out, Bit>,
    /// Chunk to add.
    pub bits: Signal<Out, Bits<W>>,
    /// W-bit word of the seed to read.
    pub address: Signal<Out, Bits<13>>,
    /// Bits by which the seed is moved up.
    pub pad: Signal<Out, Bits<6>>,
    /// Read the test's rows.
    pub test: Signal<Out, Bit>,
    /// Take a beat to the output register.
    pub fetch: Signal<Out, Bit>,
    /// Sweep the output register.
    pub forget: Signal<Out, Bit>,
    /// Which beat.
    pub beat: Signal<Out, Bits<8>>,
    /// Its output bits.
    pub mask: Signal<Out, Bits<64>>,
    /// The output register.
    pub out: Signal<In, Bits<64>>,

    phase: DFF<Phase>,
    kat: DFF<Bit>,
    settle: DFF<Bits<2>>,
    // Constants of the shape in use.
    n_used: DFF<Bits<17>>,
    m_used: DFF<Bits<17>>,
    chunks: DFF<Bits<17>>,
    loads: DFF<Bits<17>>,
    first: DFF<Bits<13>>,
    pad_bits: DFF<Bits<6>>,
    last_beat: DFF<Bits<8>>,
    tail: DFF<Bits<64>>,
    // The block in progress.
    at: DFF<Bits<13>>,
    load_left: DFF<Bits<13>>,
    left: DFF<Bits<17>>,
    count: DFF<Bits<13>>,
    /// `count` is not 0.
    bits_here: DFF<Bit>,
    /// A block was discarded in the cycle before: what it left is still to go.
    dropped: DFF<Bit>,
    /// Neither idle nor taking. Beside `phase`, for the path to route.
    closed: DFF<Bit>,
    chunk: DFF<Bits<W>>,
    shifting: DFF<Bit>,
    adding: DFF<Bit>,
    wiping: DFF<Bit>,
    spoiled: DFF<Bit>,
    next_beat: DFF<Bits<8>>,
    more: DFF<Bit>,
    begun: DFF<Bit>,
    valid: DFF<Bit>,
    last: DFF<Bit>,
    /// The ring took the last beat.
    ended: DFF<Bit>,
    /// The ring did not take the first beat of a block that is discarded.
    refused: DFF<Bit>,
    alarm: DFF<Bit>,
    kat_chunk: DFF<Bits<4>>,
    /// It is the test's last.
    kat_last: DFF<Bit>,
    signature: DFF<Bits<64>>,
    done: DFF<Bit>,
    ok: DFF<Bit>,

    load: Signal<Local, Bit>,
    accept: Signal<Local, Bit>,
    bits_in: Signal<Local, Bits<W>>,
    count_in: Signal<Local, Bits<8>>,
    ready: Signal<Local, Bit>,
    n_up: Signal<Local, Bits<17>>,
    m_up: Signal<Local, Bits<17>>,
    m_down: Signal<Local, Bits<17>>,
    top: Signal<Local, Bits<17>>,
    minus: Signal<Local, Bits<17>>,
    is_last: Signal<Local, Bit>,
    folded: Signal<Local, Bits<64>>,

    log: Constant<Bits<4>>,
    w_mask: Constant<Bits<17>>,
    kat_n: Constant<Bits<17>>,
    kat_m: Constant<Bits<17>>,
    kat_bits: Constant<Bits<W>>,
    kat_tail: Constant<Bits<W>>,
    kat_answer: Constant<Bits<64>>,
    w_count: Constant<Bits<8>>,
    kat_tail_count: Constant<Bits<8>>,
    ones: Constant<Bits<64>>,
    flip: Constant<Bits<W>>,
}

impl<const W: usize> Engine<W> {
    /// An engine for columns of at most `max_m` bits.
    pub fn new(max_m: usize) -> Self {
        let w_mask = if W == 64 { u64::MAX } else { (1 << W) - 1 };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            n: Default::default(),
            m: Default::default(),
            seeded: Default::default(),
            exhausted: Default::default(),
            changed: Default::default(),
            in_valid: Default::default(),
            in_bits: Default::default(),
            in_count: Default::default(),
            in_ready: Default::default(),
            in_refuse: Default::default(),
            discard: Default::default(),
            discarded: Default::default(),
            made: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            out_last: Default::default(),
            out_error: Default::default(),
            taken: Default::default(),
            untouched: Default::default(),
            kat_start: Default::default(),
            kat_fault: Default::default(),
            kat_done: Default::default(),
            kat_ok: Default::default(),
            corrupt: Default::default(),
            parity_error: Default::default(),
            wipe: Default::default(),
            clear: Default::default(),
            shift: Default::default(),
            add: Default::default(),
            bits: Default::default(),
            address: Default::default(),
            pad: Default::default(),
            test: Default::default(),
            fetch: Default::default(),
            forget: Default::default(),
            beat: Default::default(),
            mask: Default::default(),
            out: Default::default(),
            phase: Default::default(),
            kat: Default::default(),
            settle: Default::default(),
            n_used: Default::default(),
            m_used: Default::default(),
            chunks: Default::default(),
            loads: Default::default(),
            first: Default::default(),
            pad_bits: Default::default(),
            last_beat: Default::default(),
            tail: Default::default(),
            at: Default::default(),
            load_left: Default::default(),
            left: Default::default(),
            count: Default::default(),
            bits_here: Default::default(),
            dropped: Default::default(),
            closed: Default::default(),
            chunk: Default::default(),
            shifting: Default::default(),
            adding: Default::default(),
            wiping: Default::default(),
            spoiled: Default::default(),
            next_beat: Default::default(),
            more: Default::default(),
            begun: Default::default(),
            valid: Default::default(),
            last: Default::default(),
            ended: Default::default(),
            refused: Default::default(),
            alarm: Default::default(),
            kat_chunk: Default::default(),
            kat_last: Default::default(),
            signature: Default::default(),
            done: Default::default(),
            ok: Default::default(),
            load: Default::default(),
            accept: Default::default(),
            bits_in: Default::default(),
            count_in: Default::default(),
            ready: Default::default(),
            n_up: Default::default(),
            m_up: Default::default(),
            m_down: Default::default(),
            top: Default::default(),
            minus: Default::default(),
            is_last: Default::default(),
            folded: Default::default(),
            log: Constant::new(bits(u64::from(W.trailing_zeros()))),
            w_mask: Constant::new(bits(W as u64 - 1)),
            kat_n: Constant::new(bits((KAT_CHUNKS * W - 3) as u64)),
            kat_m: Constant::new(bits(max_m as u64)),
            kat_bits: Constant::new(bits(KAT_BITS & w_mask)),
            kat_tail: Constant::new(bits(w_mask >> 3)),
            kat_answer: Constant::new(bits(kat_answer(W, max_m))),
            w_count: Constant::new(bits(W as u64)),
            kat_tail_count: Constant::new(bits(W as u64 - 3)),
            ones: Constant::new(bits(u64::MAX)),
            flip: Constant::new(bits(1)),
        }
    }
}

impl<const W: usize> Logic for Engine<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, phase, kat, settle, n_used, m_used, chunks, loads, first, pad_bits,
            last_beat, tail, at, load_left, left, count, bits_here, dropped, closed, chunk,
            shifting, adding, wiping, spoiled, next_beat, more, begun, valid, last, ended, refused,
            alarm, kat_chunk, kat_last, signature, done, ok
        );
        // Constants of the shape, a register a step: they settle while nothing is loaded.
        self.n_used.d.next = bit_cast::<17, 16>(self.n.val());
        self.m_used.d.next = bit_cast::<17, 16>(self.m.val());
        if self.kat.q.val() {
            self.n_used.d.next = self.kat_n.val();
            self.m_used.d.next = self.kat_m.val();
        }
        self.n_up.next = self.n_used.q.val() + self.w_mask.val();
        self.chunks.d.next = self.n_up.val() >> self.log.val();
        // Words that fill the window: ceil((m - 1) / W) + 1; and three more fill the read pipeline.
        self.m_up.next = self.m_used.q.val() + self.w_mask.val() - 1;
        self.loads.d.next = (self.m_up.val() >> self.log.val()) + 1;
        self.top.next = self.chunks.q.val() + self.loads.q.val() - 2;
        self.first.d.next = self.top.val().get_bits::<13>(0);
        self.minus.next = (self.chunks.q.val() << self.log.val()) - self.n_used.q.val();
        self.pad_bits.d.next = self.minus.val().get_bits::<6>(0);
        self.m_down.next = self.m_used.q.val() - 1;
        self.last_beat.d.next = self.m_down.val().get_bits::<8>(6);
        self.tail.d.next = (self.ones.val() << self.m_down.val().get_bits::<6>(0)) << 1;

        // What is taken: from the input, or the test's own chunks.
        self.ready.next = (self.phase.q.val() == Phase::Take)
            & !self.kat.q.val()
            & !self.exhausted.val()
            & !self.changed.val();
        self.in_ready.next = self.ready.val();
        self.in_refuse.next = (!self.seeded.val() | self.exhausted.val()) & !self.closed.q.val();
        self.accept.next = self.ready.val() & self.in_valid.val();
        self.bits_in.next = self.in_bits.val();
        self.count_in.next = self.in_count.val();
        if self.kat.q.val() {
            self.accept.next = self.phase.q.val() == Phase::Take;
            self.bits_in.next = self.kat_bits.val() ^ bit_cast::<W, 4>(self.kat_chunk.q.val());
            self.count_in.next = self.w_count.val();
            if self.kat_last.q.val() {
                self.bits_in.next = (self.kat_bits.val()
                    ^ bit_cast::<W, 4>(self.kat_chunk.q.val()))
                    & self.kat_tail.val();
                self.count_in.next = self.kat_tail_count.val();
            }
            if self.kat_fault.val() & (self.kat_chunk.q.val() == 3) {
                self.bits_in.next = self.kat_bits.val()
                    ^ bit_cast::<W, 4>(self.kat_chunk.q.val())
                    ^ self.flip.val();
            }
        }
        self.load.next = false;
        self.dropped.d.next = false;
        self.shifting.d.next = false;
        self.adding.d.next = false;
        self.wiping.d.next = false;
        self.alarm.d.next = false;
        self.done.d.next = false;
        self.chunk.d.next = 0.into();
        self.discarded.next = false;
        self.made.next = false;
        self.ended.d.next = false;
        self.refused.d.next = false;
        self.fetch.next = false;
        self.forget.next = false;
        self.is_last.next = self.next_beat.q.val() == self.last_beat.q.val();
        if self.shifting.q.val() {
            self.at.d.next = self.at.q.val() - 1;
        }
        if self.dropped.q.val() {
            self.spoiled.d.next = false;
        }
        if self.corrupt.val() & (!self.spoiled.q.val() | self.dropped.q.val()) & !self.kat.q.val() {
            self.spoiled.d.next = true;
            self.alarm.d.next = true;
        }
        self.folded.next = (self.signature.q.val() << 1)
            ^ bit_cast::<64, 1>(self.signature.q.val().get_bits::<1>(63))
            ^ self.out.val();

        match self.phase.q.val() {
            Phase::Idle => {
                self.discarded.next = self.discard.val();
                if self.seeded.val() {
                    self.load.next = true;
                }
            }
            Phase::Prepare => {
                self.discarded.next = self.discard.val() & !self.kat.q.val();
                self.settle.d.next = self.settle.q.val() - 1;
                if self.settle.q.val() == 0 {
                    self.phase.d.next = Phase::Load;
                    self.at.d.next = self.first.q.val();
                    self.load_left.d.next = self.loads.q.val().get_bits::<13>(0) + 2;
                    self.left.d.next = self.n_used.q.val();
                    if !self.seeded.val() & !self.kat.q.val() {
                        self.phase.d.next = Phase::Idle;
                    }
                }
            }
            Phase::Load => {
                self.discarded.next = self.discard.val() & !self.kat.q.val();
                self.shifting.d.next = true;
                self.load_left.d.next = self.load_left.q.val() - 1;
                if self.load_left.q.val() == 0 {
                    self.phase.d.next = Phase::Take;
                }
            }
            Phase::Take => {
                // Counts with `adding` only: it does not wait for what is offered.
                self.chunk.d.next = self.bits_in.val();
                if self.accept.val() {
                    self.shifting.d.next = true;
                    self.adding.d.next = true;
                    self.kat_chunk.d.next = self.kat_chunk.q.val() + 1;
                    self.kat_last.d.next = self.kat_chunk.q.val() == 6;
                    self.bits_here.d.next = true;
                    self.count.d.next = self.count.q.val() + bit_cast::<13, 8>(self.count_in.val());
                    self.left.d.next = self.left.q.val() - bit_cast::<17, 8>(self.count_in.val());
                    if (self.left.q.val().get_bits::<9>(8) == 0)
                        & (self.left.q.val().get_bits::<8>(0) <= self.count_in.val())
                    {
                        self.phase.d.next = Phase::Settle;
                    }
                }
                if self.discard.val() & !self.kat.q.val() {
                    // The rest of `load` follows a cycle later: the path from the lanes' alarms ends here.
                    self.discarded.next = true;
                    self.dropped.d.next = true;
                    self.phase.d.next = Phase::Prepare;
                    self.settle.d.next = 3.into();
                }
            }
            Phase::Settle => {
                self.phase.d.next = Phase::Give;
                self.next_beat.d.next = 0.into();
                self.more.d.next = true;
                self.begun.d.next = false;
            }
            Phase::Give => {
                if !self.valid.q.val() | self.out_ready.val() | self.kat.q.val() {
                    self.valid.d.next = self.more.q.val();
                    self.fetch.next = self.more.q.val();
                    self.last.d.next = self.is_last.val();
                    self.next_beat.d.next = self.next_beat.q.val() + 1;
                    self.more.d.next = self.more.q.val() & !self.is_last.val();
                    self.begun.d.next = self.begun.q.val() | self.valid.q.val();
                }
                if self.kat.q.val() & self.valid.q.val() {
                    self.signature.d.next = self.folded.val();
                }
                // What the ring takes or leaves is acted upon a cycle later: the path from the ring ends here.
                if self.valid.q.val()
                    & self.last.q.val()
                    & (self.out_ready.val() | self.kat.q.val())
                {
                    self.valid.d.next = false;
                    self.ended.d.next = true;
                }
                // The ring decides in the first beat's cycle whether a block that is discarded was made.
                if self.discard.val()
                    & self.valid.q.val()
                    & !self.begun.q.val()
                    & !self.out_ready.val()
                    & !self.kat.q.val()
                {
                    self.valid.d.next = false;
                    self.refused.d.next = true;
                }
                if self.ended.q.val() | self.refused.q.val() {
                    self.valid.d.next = false;
                    self.forget.next = true;
                    self.load.next = true;
                    self.made.next = self.ended.q.val() & !self.kat.q.val();
                    self.discarded.next = self.refused.q.val();
                    if self.kat.q.val() {
                        self.kat.d.next = false;
                        self.done.d.next = true;
                        self.ok.d.next = self.signature.q.val() == self.kat_answer.val();
                    }
                }
            }
        }

        // A seed that came into force between blocks, or all seeds dropped.
        if (self.changed.val()
            | (!self.seeded.val()
                & (self.phase.q.val() != Phase::Idle)
                & (self.phase.q.val() != Phase::Prepare)))
            & !self.kat.q.val()
        {
            self.load.next = true;
        }
        // The test runs between blocks only; elsewhere it fails at once.
        if self.kat_start.val() {
            if self.kat.q.val()
                | (self.bits_here.q.val() & !self.dropped.q.val())
                | (self.phase.q.val() == Phase::Settle)
                | (self.phase.q.val() == Phase::Give)
            {
                self.done.d.next = true;
                self.ok.d.next = false;
            } else {
                self.kat.d.next = true;
                self.load.next = true;
            }
        }
        if self.load.val() {
            self.phase.d.next = Phase::Prepare;
            self.settle.d.next = 3.into();
            self.spoiled.d.next = false;
        }
        if self.load.val() | self.dropped.q.val() {
            self.wiping.d.next = true;
            self.shifting.d.next = false;
            self.adding.d.next = false;
            self.chunk.d.next = 0.into();
            self.count.d.next = 0.into();
            self.bits_here.d.next = false;
            self.kat_chunk.d.next = 0.into();
            self.kat_last.d.next = false;
        }
        if self.wiping.q.val() {
            self.signature.d.next = 0.into();
        }

        self.out_valid.next = self.valid.q.val() & !self.kat.q.val();
        self.out_last.next = self.last.q.val();
        self.out_error.next = self.spoiled.q.val();
        self.untouched.next = !self.bits_here.q.val() | self.dropped.q.val() | self.kat.q.val();
        self.taken.next = self.count.q.val();
        if self.kat.q.val() | self.dropped.q.val() {
            self.taken.next = 0.into();
        }
        self.kat_done.next = self.done.q.val();
        self.kat_ok.next = self.ok.q.val();
        self.parity_error.next = self.alarm.q.val();
        self.wipe.next = self.wiping.q.val();
        self.clear.next = self.wiping.q.val();
        self.shift.next = self.shifting.q.val();
        self.add.next = self.adding.q.val();
        self.bits.next = self.chunk.q.val();
        self.address.next = self.at.q.val();
        self.pad.next = self.pad_bits.q.val();
        self.test.next = self.kat.q.val();
        self.beat.next = self.next_beat.q.val();
        self.mask.next = self.ones.val();
        if self.is_last.val() {
            self.mask.next = !self.tail.q.val();
        }
        if self.spoiled.q.val() {
            self.mask.next = 0.into();
        }

        if self.reset.val() {
            self.phase.d.next = Phase::Idle;
            self.kat.d.next = false;
            self.wiping.d.next = true;
            self.shifting.d.next = false;
            self.adding.d.next = false;
            self.chunk.d.next = 0.into();
            self.count.d.next = 0.into();
            self.bits_here.d.next = false;
            self.dropped.d.next = false;
            self.spoiled.d.next = false;
            self.valid.d.next = false;
            self.ended.d.next = false;
            self.refused.d.next = false;
            self.forget.next = true;
            self.alarm.d.next = false;
            self.done.d.next = false;
            self.ok.d.next = false;
        }
        self.closed.d.next =
            (self.phase.d.val() != Phase::Idle) & (self.phase.d.val() != Phase::Take);
    }
}
