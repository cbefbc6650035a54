//! The key boxes of a build: its engine and its ring (spec 6-card §6.1). See the README beside this file.

use crate::box_ring::BoxRing;
use crate::keybox::KeyBox;
use crate::keybox_wide::KeyBoxWide;
use crate::ring::Ring;
use rust_hdl::prelude::*;

/// Engine and ring, whose port to the write master is `P` bits wide: those of build *small* if `SMALL` is 1, those of
/// build *wide* if `WIDE` is 1. One of the two is 1, the other 0.
#[derive(LogicBlock)]
pub struct Boxes<const P: usize, const SMALL: usize, const WIDE: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset, together with the write master's `abort_writes`.
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
    /// Value of the addressed register, one cycle later; 0 for others.
    pub csr_read: Signal<Out, Bits<32>>,
    /// The write is refused.
    pub csr_refused: Signal<Out, Bit>,
    /// The register bus is to wait: a ring that was given up is being swept.
    pub hold: Signal<Out, Bit>,
    /// The card is not idle: RELEASE is refused.
    pub running: Signal<In, Bit>,
    /// GENERATION, for completions.
    pub generation: Signal<In, Bits<32>>,
    /// Complete the open slot (STOP). One cycle.
    pub flush: Signal<In, Bit>,
    /// Copies the 64-bit counter into its registers.
    pub snapshot: Signal<In, Bit>,
    /// The ring's interrupt is enabled.
    pub irq_enable: Signal<In, Bit>,
    /// `INT_COALESCE_SLOTS`.
    pub coalesce_slots: Signal<In, Bits<16>>,
    /// `INT_COALESCE_CYCLES`.
    pub coalesce_cycles: Signal<In, Bits<32>>,
    /// Begin the engine's known-answer test.
    pub kat_start: Signal<In, Bit>,
    /// Makes it fail.
    pub kat_fault: Signal<In, Bit>,
    /// It has ended (pulse).
    pub kat_done: Signal<Out, Bit>,
    /// It was passed.
    pub kat_ok: Signal<Out, Bit>,
    /// A job runs, or something is being swept.
    pub busy: Signal<Out, Bit>,
    /// What STOP waits for has ended.
    pub stopped: Signal<Out, Bit>,
    /// Boxes go on while the card is idle: a constant of the build.
    pub goes_on: Signal<Out, Bit>,
    /// The ring stopped on a bus error.
    pub in_error: Signal<Out, Bit>,
    /// Tail differs from acknowledged head.
    pub waiting: Signal<Out, Bit>,
    /// Interrupt. One cycle.
    pub irq: Signal<Out, Bit>,
    /// The ring stopped on a bus error. One cycle.
    pub error_event: Signal<Out, Bit>,
    /// The ring was full when a slot was wanted. One cycle.
    pub stall_event: Signal<Out, Bit>,
    /// A burst waits for the bus.
    pub request_valid: Signal<Out, Bit>,
    /// It is taken.
    pub request_ready: Signal<In, Bit>,
    /// Its bus address.
    pub request_address: Signal<Out, Bits<64>>,
    /// Its words of 8 bytes.
    pub request_words: Signal<Out, Bits<6>>,
    /// Comes back with its response.
    pub request_tag: Signal<Out, Bits<3>>,
    /// The next word of the burst that was taken.
    pub data: Signal<Out, Bits<P>>,
    /// It is taken.
    pub take: Signal<In, Bit>,
    /// A burst is answered. One cycle.
    pub b_valid: Signal<In, Bit>,
    /// With an error.
    pub b_error: Signal<In, Bit>,
    /// Its tag.
    pub b_tag: Signal<In, Bits<3>>,
    /// The bus does not answer.
    pub bus_failed: Signal<In, Bit>,
    engine: [KeyBox; SMALL],
    ring: [Ring; SMALL],
    wide_engine: [KeyBoxWide; WIDE],
    wide_ring: [BoxRing; WIDE],
    number: Constant<Bits<6>>,
    piece: Constant<Bits<16>>,
    words: Signal<Local, Bits<64>>,
    beats: Signal<Local, Bits<256>>,
}

impl<const P: usize, const SMALL: usize, const WIDE: usize> Default for Boxes<P, SMALL, WIDE> {
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
            hold: Default::default(),
            running: Default::default(),
            generation: Default::default(),
            flush: Default::default(),
            snapshot: Default::default(),
            irq_enable: Default::default(),
            coalesce_slots: Default::default(),
            coalesce_cycles: Default::default(),
            kat_start: Default::default(),
            kat_fault: Default::default(),
            kat_done: Default::default(),
            kat_ok: Default::default(),
            busy: Default::default(),
            stopped: Default::default(),
            goes_on: Default::default(),
            in_error: Default::default(),
            waiting: Default::default(),
            irq: Default::default(),
            error_event: Default::default(),
            stall_event: Default::default(),
            request_valid: Default::default(),
            request_ready: Default::default(),
            request_address: Default::default(),
            request_words: Default::default(),
            request_tag: Default::default(),
            data: Default::default(),
            take: Default::default(),
            b_valid: Default::default(),
            b_error: Default::default(),
            b_tag: Default::default(),
            bus_failed: Default::default(),
            engine: core::array::from_fn(|_| KeyBox::default()),
            ring: core::array::from_fn(|_| Ring::default()),
            wide_engine: core::array::from_fn(|_| KeyBoxWide::default()),
            wide_ring: core::array::from_fn(|_| BoxRing::default()),
            number: Constant::new(u64::from(photonbox_regmap::ring::KEYBOX).into()),
            piece: Constant::new(u64::from(photonbox_regmap::keybox::KEY_BYTES).into()),
            words: Default::default(),
            beats: Default::default(),
        }
    }
}

impl<const P: usize, const SMALL: usize, const WIDE: usize> Logic for Boxes<P, SMALL, WIDE> {
    #[hdl_gen]
    fn update(&mut self) {
        // What the part that is not there would say.
        self.csr_read.next = 0.into();
        self.csr_refused.next = false;
        self.hold.next = false;
        self.kat_done.next = false;
        self.kat_ok.next = false;
        self.busy.next = false;
        self.stopped.next = true;
        self.goes_on.next = true;
        self.in_error.next = false;
        self.waiting.next = false;
        self.irq.next = false;
        self.error_event.next = false;
        self.stall_event.next = false;
        self.request_valid.next = false;
        self.request_address.next = 0.into();
        self.request_words.next = 0.into();
        self.request_tag.next = 0.into();
        self.words.next = 0.into();
        self.beats.next = 0.into();

        // Build small: a key in four words, one slot open at a time, which STOP completes.
        for i in 0..SMALL {
            self.engine[i].clock.next = self.clock.val();
            self.engine[i].reset.next = self.reset.val();
            self.engine[i].csr_write.next = self.csr_write.val();
            self.engine[i].csr_block.next = self.csr_block.val();
            self.engine[i].csr_instance.next = self.csr_instance.val();
            self.engine[i].csr_register.next = self.csr_register.val();
            self.engine[i].csr_data.next = self.csr_data.val();
            self.engine[i].snapshot.next = self.snapshot.val();
            self.engine[i].kat_start.next = self.kat_start.val();
            self.engine[i].kat_fault.next = self.kat_fault.val();
            self.engine[i].ring_usable.next = self.ring[i].usable.val();
            self.engine[i].ring_slot_bytes.next = self.ring[i].slot_bytes.val();
            self.engine[i].out_ready.next = self.ring[i].in_ready.val();
            self.kat_done.next = self.engine[i].kat_done.val();
            self.kat_ok.next = self.engine[i].kat_ok.val();
            self.busy.next = self.engine[i].busy.val();

            self.ring[i].clock.next = self.clock.val();
            self.ring[i].reset.next = self.reset.val();
            self.ring[i].index.next = self.number.val();
            self.ring[i].csr_write.next = self.csr_write.val();
            self.ring[i].csr_block.next = self.csr_block.val();
            self.ring[i].csr_instance.next = self.csr_instance.val();
            self.ring[i].csr_register.next = self.csr_register.val();
            self.ring[i].csr_data.next = self.csr_data.val();
            self.csr_read.next = self.engine[i].csr_read.val() | self.ring[i].csr_read.val();
            self.csr_refused.next =
                self.engine[i].csr_refused.val() | self.ring[i].csr_refused.val();
            self.ring[i].running.next = self.running.val();
            self.ring[i].generation.next = self.generation.val();
            self.ring[i].flush.next = self.flush.val();
            self.ring[i].irq_enable.next = self.irq_enable.val();
            self.ring[i].coalesce_slots.next = self.coalesce_slots.val();
            self.ring[i].coalesce_cycles.next = self.coalesce_cycles.val();
            self.ring[i].piece_bytes.next = self.piece.val();
            self.ring[i].in_valid.next = self.engine[i].out_valid.val();
            self.ring[i].in_data.next = self.engine[i].out_data.val();
            self.ring[i].in_last.next = self.engine[i].out_last.val();
            self.ring[i].in_close.next = self.engine[i].out_close.val();
            self.ring[i].in_flags.next = self.engine[i].out_flags.val();
            self.ring[i].in_lanes.next = self.engine[i].out_lanes.val();
            self.ring[i].in_raw_bits.next = 0.into();
            self.ring[i].in_seed_epoch.next = 0.into();
            self.stopped.next = self.ring[i].idle.val();
            self.goes_on.next = false;
            self.in_error.next = self.ring[i].in_error.val();
            self.waiting.next = self.ring[i].waiting.val();
            self.irq.next = self.ring[i].irq.val();
            self.error_event.next = self.ring[i].error_event.val();
            self.stall_event.next = self.ring[i].stall_event.val();
            self.request_valid.next = self.ring[i].request_valid.val();
            self.request_address.next = self.ring[i].request_address.val();
            self.request_words.next = self.ring[i].request_words.val();
            self.request_tag.next = self.ring[i].request_tag.val();
            self.words.next = self.ring[i].data.val();
            self.ring[i].request_ready.next = self.request_ready.val();
            self.ring[i].take.next = self.take.val();
            self.ring[i].b_valid.next = self.b_valid.val();
            self.ring[i].b_error.next = self.b_error.val();
            self.ring[i].b_tag.next = self.b_tag.val();
            self.ring[i].bus_failed.next = self.bus_failed.val();
        }

        // Build wide: a key a cycle, a slot open for each context.
        for i in 0..WIDE {
            self.wide_engine[i].clock.next = self.clock.val();
            self.wide_engine[i].reset.next = self.reset.val();
            self.wide_engine[i].csr_write.next = self.csr_write.val();
            self.wide_engine[i].csr_block.next = self.csr_block.val();
            self.wide_engine[i].csr_instance.next = self.csr_instance.val();
            self.wide_engine[i].csr_register.next = self.csr_register.val();
            self.wide_engine[i].csr_data.next = self.csr_data.val();
            self.wide_engine[i].snapshot.next = self.snapshot.val();
            self.wide_engine[i].kat_start.next = self.kat_start.val();
            self.wide_engine[i].kat_fault.next = self.kat_fault.val();
            self.wide_engine[i].ring_usable.next = self.wide_ring[i].usable.val();
            self.wide_engine[i].ring_slot_bytes.next = self.wide_ring[i].slot_bytes.val();
            self.wide_engine[i].key_taken.next = self.wide_ring[i].key_taken.val();
            self.kat_done.next = self.wide_engine[i].kat_done.val();
            self.kat_ok.next = self.wide_engine[i].kat_ok.val();
            self.busy.next = self.wide_engine[i].busy.val() | self.wide_ring[i].sweeping.val();

            self.wide_ring[i].clock.next = self.clock.val();
            self.wide_ring[i].reset.next = self.reset.val();
            self.wide_ring[i].index.next = self.number.val();
            self.wide_ring[i].csr_write.next = self.csr_write.val();
            self.wide_ring[i].csr_block.next = self.csr_block.val();
            self.wide_ring[i].csr_instance.next = self.csr_instance.val();
            self.wide_ring[i].csr_register.next = self.csr_register.val();
            self.wide_ring[i].csr_data.next = self.csr_data.val();
            self.csr_read.next =
                self.wide_engine[i].csr_read.val() | self.wide_ring[i].csr_read.val();
            self.csr_refused.next =
                self.wide_engine[i].csr_refused.val() | self.wide_ring[i].csr_refused.val();
            self.hold.next = self.wide_ring[i].sweeping.val() & !self.wide_ring[i].in_error.val();
            self.wide_ring[i].running.next = self.running.val();
            self.wide_ring[i].generation.next = self.generation.val();
            self.wide_ring[i].irq_enable.next = self.irq_enable.val();
            self.wide_ring[i].coalesce_slots.next = self.coalesce_slots.val();
            self.wide_ring[i].coalesce_cycles.next = self.coalesce_cycles.val();
            self.wide_ring[i].next_context.next = self.wide_engine[i].next_context.val();
            self.wide_ring[i].key_valid.next = self.wide_engine[i].key_valid.val();
            self.wide_ring[i].key_context.next = self.wide_engine[i].key_context.val();
            self.wide_ring[i].key.next = self.wide_engine[i].key.val();
            self.wide_ring[i].key_first.next = self.wide_engine[i].key_first.val();
            self.wide_ring[i].key_last.next = self.wide_engine[i].key_last.val();
            self.wide_ring[i].key_tag.next = self.wide_engine[i].key_tag.val();
            self.wide_ring[i].key_box.next = self.wide_engine[i].key_box.val();
            self.wide_ring[i].cut_valid.next = self.wide_engine[i].cut_valid.val();
            self.wide_ring[i].cut_context.next = self.wide_engine[i].cut_context.val();
            self.in_error.next = self.wide_ring[i].in_error.val();
            self.waiting.next = self.wide_ring[i].waiting.val();
            self.irq.next = self.wide_ring[i].irq.val();
            self.error_event.next = self.wide_ring[i].error_event.val();
            self.stall_event.next = self.wide_ring[i].stall_event.val();
            self.request_valid.next = self.wide_ring[i].request_valid.val();
            self.request_address.next = self.wide_ring[i].request_address.val();
            self.request_words.next = self.wide_ring[i].request_words.val();
            self.beats.next = self.wide_ring[i].data.val();
            self.wide_ring[i].request_ready.next = self.request_ready.val();
            self.wide_ring[i].take.next = self.take.val();
            self.wide_ring[i].b_valid.next = self.b_valid.val();
            self.wide_ring[i].b_error.next = self.b_error.val();
            self.wide_ring[i].bus_failed.next = self.bus_failed.val();
        }
        self.data.next = bit_cast::<P, 64>(self.words.val()) | bit_cast::<P, 256>(self.beats.val());
    }
}
