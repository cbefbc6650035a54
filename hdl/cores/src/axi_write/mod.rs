//! The AXI4 write master that the rings share (spec 6-card §6.1, *Write-only DMA*, *Stopping*). See `README.md`.

mod beats;
mod queue;
mod shape;

pub use beats::Beats;
pub use queue::{Limit, OrderMemory};
pub use shape::Shape;

use rust_hdl::prelude::*;

/// Cycles without a response after which the bus counts as failed.
pub const TIMEOUT_CYCLES: u32 = 1 << 20;

/// The write master whose three ports are 64 bits wide: `D` data bits (64 or 256), `S` = `D` / 8 strobes; eight bursts
/// in flight.
pub type AxiWrite<const D: usize, const S: usize> = WriteMaster<D, S, 64, 3, 4>;

/// The write master of 256 bits whose port 2 is as wide as the bus, for a ring that fills every beat; 32 bursts in
/// flight.
pub type AxiWriteWide = WriteMaster<256, 32, 256, 5, 6>;

/// The write master: `D` data bits, `S` = `D` / 8 strobes; three request ports, of which port 2 is `P` bits wide (64,
/// or `D`); 2^`A` bursts in flight, `B` = `A` + 1.
#[derive(LogicBlock, Default)]
pub struct WriteMaster<
    const D: usize,
    const S: usize,
    const P: usize,
    const A: usize,
    const B: usize,
> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the bus itself (PERST): drops whatever is under way.
    pub reset: Signal<In, Bit>,
    /// Soft reset: no new bursts; those taken end with zero data and no strobes. Ends when `quiet`.
    pub abort_writes: Signal<In, Bit>,
    /// Nothing is under way.
    pub quiet: Signal<Out, Bit>,
    /// The bus did not answer in time; until a soft reset has become quiet.
    pub timed_out: Signal<Out, Bit>,

    /// For each port: a burst waits.
    pub request_valid: Signal<In, Bits<3>>,
    /// For each port: it is taken.
    pub request_ready: Signal<Out, Bits<3>>,
    /// Bus address of port 0's burst, a multiple of 8.
    pub request_address0: Signal<In, Bits<64>>,
    /// Of port 1's.
    pub request_address1: Signal<In, Bits<64>>,
    /// Of port 2's; a multiple of its width.
    pub request_address2: Signal<In, Bits<64>>,
    /// Words of 8 bytes of port 0's burst, 1 to 32; it ends before the next multiple of 4,096.
    pub request_words0: Signal<In, Bits<6>>,
    /// Of port 1's.
    pub request_words1: Signal<In, Bits<6>>,
    /// Of port 2's; a multiple of its width.
    pub request_words2: Signal<In, Bits<6>>,
    /// What comes back with the response to port 0.
    pub request_tag0: Signal<In, Bits<3>>,
    /// To port 1.
    pub request_tag1: Signal<In, Bits<3>>,
    /// To port 2.
    pub request_tag2: Signal<In, Bits<3>>,
    /// Port 0's next word, from the second cycle after its burst was taken.
    pub data0: Signal<In, Bits<64>>,
    /// Port 1's.
    pub data1: Signal<In, Bits<64>>,
    /// Port 2's.
    pub data2: Signal<In, Bits<P>>,
    /// For each port: the word is taken.
    pub take: Signal<Out, Bits<3>>,
    /// For each port: a burst is answered. One cycle.
    pub b_valid: Signal<Out, Bits<3>>,
    /// With an error.
    pub b_error: Signal<Out, Bit>,
    /// The tag of its request.
    pub b_tag: Signal<Out, Bits<3>>,

    /// AXI4 write address channel: identifier, always 0.
    pub m_axi_awid: Signal<Out, Bits<1>>,
    /// Address, aligned to a beat.
    pub m_axi_awaddr: Signal<Out, Bits<64>>,
    /// Beats less one.
    pub m_axi_awlen: Signal<Out, Bits<8>>,
    /// Logarithm of a beat's bytes.
    pub m_axi_awsize: Signal<Out, Bits<3>>,
    /// Incrementing.
    pub m_axi_awburst: Signal<Out, Bits<2>>,
    /// Not bufferable (bit 0), so that a response means that the host has it.
    pub m_axi_awcache: Signal<Out, Bits<4>>,
    /// Unprivileged, secure, data.
    pub m_axi_awprot: Signal<Out, Bits<3>>,
    /// Address is valid.
    pub m_axi_awvalid: Signal<Out, Bit>,
    /// Address is taken.
    pub m_axi_awready: Signal<In, Bit>,
    /// AXI4 write data channel.
    pub m_axi_wdata: Signal<Out, Bits<D>>,
    /// Bytes to write.
    pub m_axi_wstrb: Signal<Out, Bits<S>>,
    /// Last beat.
    pub m_axi_wlast: Signal<Out, Bit>,
    /// Data is valid.
    pub m_axi_wvalid: Signal<Out, Bit>,
    /// Data is taken.
    pub m_axi_wready: Signal<In, Bit>,
    /// AXI4 write response channel: identifier, not looked at.
    pub m_axi_bid: Signal<In, Bits<1>>,
    /// Response; 0 is OKAY.
    pub m_axi_bresp: Signal<In, Bits<2>>,
    /// Response is valid.
    pub m_axi_bvalid: Signal<In, Bit>,
    /// Always: responses are taken at once.
    pub m_axi_bready: Signal<Out, Bit>,

    limit: Limit,
    shape: Shape<P, A, B>,
    beats: Beats<D, S>,
    order: OrderMemory<13, A>,
    aw_valid: DFF<Bit>,
    aw_address: DFF<Bits<64>>,
    aw_len: DFF<Bits<8>>,
    /// Port that is asked first.
    turn: DFF<Bits<2>>,
    /// Bursts taken, whose data was given, that were answered: modulo 2^`B`.
    begun: DFF<Bits<B>>,
    given: DFF<Bits<B>>,
    settled: DFF<Bits<B>>,
    active: DFF<Bit>,
    port: DFF<Bits<3>>,
    left: DFF<Bits<6>>,
    /// Responses that are still to come for bursts that were reported as failed.
    absorb: DFF<Bits<B>>,
    timer: DFF<Bits<32>>,
    failed: DFF<Bit>,
    aborting: DFF<Bit>,
    answer: DFF<Bits<3>>,
    answer_error: DFF<Bit>,
    answer_tag: DFF<Bits<3>>,
    still: DFF<Bit>,

    used: Signal<Local, Bits<B>>,
    waits: Signal<Local, Bits<B>>,
    /// Burst whose data is due next: the one after that which ends, or the first.
    coming: Signal<Local, Bits<B>>,
    ends: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    whole: Signal<Local, Bit>,
    dead: Signal<Local, Bit>,
    /// The port whose turn it is, if there is room for its burst.
    choice: Signal<Local, Bits<3>>,
    grant: Signal<Local, Bits<3>>,
    address: Signal<Local, Bits<64>>,
    words: Signal<Local, Bits<6>>,
    tag: Signal<Local, Bits<3>>,
    entry: Signal<Local, Bits<13>>,
    tag_wide: Signal<Local, Bits<13>>,
    words_wide: Signal<Local, Bits<13>>,
    lane_wide: Signal<Local, Bits<13>>,
    head: Signal<Local, Bits<13>>,
    oldest: Signal<Local, Bits<13>>,
    advance: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    pulled: Signal<Local, Bit>,
    popped: Signal<Local, Bit>,
    word: Signal<Local, Bits<64>>,
    answered: Signal<Local, Bit>,
    gives_up: Signal<Local, Bit>,
    absorbs: Signal<Local, Bit>,
    is_still: Signal<Local, Bit>,
}

impl<const D: usize, const S: usize, const P: usize, const A: usize, const B: usize>
    WriteMaster<D, S, P, A, B>
{
    /// With another time-out, in cycles.
    pub fn new(timeout_cycles: u32) -> Self {
        Self {
            limit: Limit::new(timeout_cycles),
            ..Self::default()
        }
    }
}

impl<const D: usize, const S: usize, const P: usize, const A: usize, const B: usize> Logic
    for WriteMaster<D, S, P, A, B>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            aw_valid,
            aw_address,
            aw_len,
            turn,
            begun,
            given,
            settled,
            active,
            port,
            left,
            absorb,
            timer,
            failed,
            aborting,
            answer,
            answer_error,
            answer_tag,
            still
        );
        clock!(self, clock, beats, order);
        self.used.next = self.begun.q.val() - self.settled.q.val();
        self.waits.next = self.begun.q.val() - self.given.q.val();
        self.dead.next = self.abort_writes.val() | self.aborting.q.val() | self.failed.q.val();

        // Requests: round robin, when the address register and a place in the order are free.
        self.choice.next = 0.into();
        if (self.turn.q.val() == 0) & (self.request_valid.val() != 0) {
            self.choice.next = 4.into();
            if self.request_valid.val().get_bit(1) {
                self.choice.next = 2.into();
            }
            if self.request_valid.val().get_bit(0) {
                self.choice.next = 1.into();
            }
        }
        if (self.turn.q.val() == 1) & (self.request_valid.val() != 0) {
            self.choice.next = 1.into();
            if self.request_valid.val().get_bit(2) {
                self.choice.next = 4.into();
            }
            if self.request_valid.val().get_bit(1) {
                self.choice.next = 2.into();
            }
        }
        if (self.turn.q.val() >= 2) & (self.request_valid.val() != 0) {
            self.choice.next = 2.into();
            if self.request_valid.val().get_bit(0) {
                self.choice.next = 1.into();
            }
            if self.request_valid.val().get_bit(2) {
                self.choice.next = 4.into();
            }
        }
        self.grant.next = self.choice.val();
        if self.aw_valid.q.val() | (self.used.val() >= self.shape.most.val()) | self.dead.val() {
            self.grant.next = 0.into();
        }
        self.address.next = self.request_address0.val();
        self.words.next = self.request_words0.val();
        self.tag.next = self.request_tag0.val();
        if self.choice.val().get_bit(1) {
            self.address.next = self.request_address1.val();
            self.words.next = self.request_words1.val();
            self.tag.next = self.request_tag1.val();
        }
        if self.choice.val().get_bit(2) {
            self.address.next = self.request_address2.val();
            self.words.next = self.request_words2.val();
            self.tag.next = self.request_tag2.val();
        }
        self.beats.request_address.next = self.address.val();
        self.beats.request_words.next = self.words.val();
        self.tag_wide.next = bit_cast::<13, 3>(self.tag.val());
        self.words_wide.next = bit_cast::<13, 6>(self.words.val());
        self.lane_wide.next = bit_cast::<13, 2>(self.beats.request_lane.val());
        // Port as one bit each for 0 and 1; neither is port 2.
        self.entry.next = bit_cast::<13, 3>(self.grant.val() & 3)
            | (self.tag_wide.val() << 2)
            | (self.words_wide.val() << 5)
            | (self.lane_wide.val() << 11);
        self.order.write_address.next = bit_cast::<A, B>(self.begun.q.val());
        self.order.write_data.next = self.entry.val();
        self.order.write_enable.next = self.grant.val() != 0;
        if self.aw_valid.q.val() & self.m_axi_awready.val() {
            self.aw_valid.d.next = false;
        }
        // The address follows the choice until a burst is taken: it waits for nothing that is known late.
        if !self.aw_valid.q.val() {
            self.aw_address.d.next = self.beats.beat_address.val();
            self.aw_len.d.next = self.beats.beats_less_one.val();
        }
        if self.grant.val() != 0 {
            self.begun.d.next = self.begun.q.val() + 1;
            self.aw_valid.d.next = true;
            self.turn.d.next = 0.into();
            if self.grant.val().get_bit(0) {
                self.turn.d.next = 1.into();
            }
            if self.grant.val().get_bit(1) {
                self.turn.d.next = 2.into();
            }
        }

        // Data: in the order of the addresses, one word a cycle (of port 2: of its width) while a beat has room. With
        // a wide port a burst begins right behind the one before.
        self.advance.next = self.active.q.val() & self.beats.room.val();
        self.whole.next = self.shape.wide.val() & self.port.q.val().get_bit(2);
        self.last.next = (self.left.q.val() == 1)
            | (self.whole.val() & (self.left.q.val() == self.shape.words.val()));
        self.pulled.next = self.advance.val() & !self.dead.val();
        self.ends.next = self.advance.val() & self.last.val();
        self.coming.next = self.given.q.val();
        self.begins.next = !self.active.q.val() & (self.waits.val() != 0);
        if self.active.q.val() {
            self.coming.next = self.given.q.val() + 1;
            self.begins.next = self.shape.wide.val() & self.ends.val() & (self.waits.val() > 1);
        }
        self.order.first_address.next = bit_cast::<A, B>(self.coming.val());
        self.head.next = self.order.first.val();
        self.word.next = self.data0.val();
        if self.port.q.val().get_bit(1) {
            self.word.next = self.data1.val();
        }
        if self.port.q.val().get_bit(2) {
            self.word.next = bit_cast::<64, P>(self.data2.val());
        }
        if self.advance.val() {
            self.left.d.next = self.left.q.val() - 1;
            if self.whole.val() {
                self.left.d.next = self.left.q.val() - self.shape.words.val();
            }
            if self.last.val() {
                self.active.d.next = false;
                self.given.d.next = self.given.q.val() + 1;
            }
        }
        self.beats.start.next = self.begins.val();
        self.beats.lane.next = self.head.val().get_bits::<2>(11);
        if self.begins.val() {
            self.active.d.next = true;
            self.left.d.next = self.head.val().get_bits::<6>(5);
            self.port.d.next = self.head.val().get_bits::<3>(0) & 3;
            if (self.head.val() & 3) == 0 {
                self.port.d.next = 4.into();
            }
        }
        self.take.next = 0.into();
        if self.pulled.val() {
            self.take.next = self.port.q.val();
        }
        self.beats.reset.next = self.reset.val();
        self.beats.push.next = self.advance.val();
        self.beats.last.next = self.last.val();
        self.beats.word.next = self.word.val();
        self.beats.whole.next = self.whole.val();
        self.beats.whole_word.next = bit_cast::<D, P>(self.data2.val());
        self.beats.dead.next = self.dead.val();
        self.beats.ready.next = self.m_axi_wready.val();

        // Responses, in order; after a time-out all that is under way fails, and what comes late is absorbed.
        self.order.second_address.next = bit_cast::<A, B>(self.settled.q.val());
        self.oldest.next = self.order.second.val();
        self.gives_up.next = self.failed.q.val() & (self.used.val() != 0);
        self.absorbs.next =
            self.m_axi_bvalid.val() & ((self.absorb.q.val() != 0) | self.gives_up.val());
        self.answered.next = self.m_axi_bvalid.val()
            & (self.absorb.q.val() == 0)
            & !self.failed.q.val()
            & (self.used.val() != 0);
        self.popped.next = self.answered.val() | self.gives_up.val();
        if self.gives_up.val() & !self.absorbs.val() {
            self.absorb.d.next = self.absorb.q.val() + 1;
        }
        if self.absorbs.val() & !self.gives_up.val() {
            self.absorb.d.next = self.absorb.q.val() - 1;
        }
        self.answer.d.next = 0.into();
        self.answer_error.d.next = self.gives_up.val() | (self.m_axi_bresp.val() != 0);
        self.answer_tag.d.next = self.oldest.val().get_bits::<3>(2);
        if self.popped.val() {
            self.settled.d.next = self.settled.q.val() + 1;
            // Rings that were reset do not hear of what they forgot.
            if !self.abort_writes.val() & !self.aborting.q.val() {
                self.answer.d.next = self.oldest.val().get_bits::<3>(0) & 3;
                if (self.oldest.val() & 3) == 0 {
                    self.answer.d.next = 4.into();
                }
            }
        }
        self.timer.d.next = self.timer.q.val() + 1;
        if self.m_axi_bvalid.val() | (self.used.val() == 0) {
            self.timer.d.next = 0.into();
        }
        if (self.timer.q.val() == self.limit.value.val()) & (self.used.val() != 0) {
            self.failed.d.next = true;
        }

        // Stopping.
        self.is_still.next = !self.aw_valid.q.val()
            & (self.waits.val() == 0)
            & (self.used.val() == 0)
            & (self.absorb.q.val() == 0)
            & !self.beats.valid.val();
        self.still.d.next = self.is_still.val() & (self.grant.val() == 0);
        if self.abort_writes.val() {
            self.aborting.d.next = true;
        } else {
            if self.is_still.val() {
                self.aborting.d.next = false;
            }
        }
        if self.aborting.q.val() & self.is_still.val() {
            self.failed.d.next = false;
        }

        self.request_ready.next = self.grant.val();
        self.quiet.next = self.still.q.val();
        self.timed_out.next = self.failed.q.val();
        self.b_valid.next = self.answer.q.val();
        self.b_error.next = self.answer_error.q.val();
        self.b_tag.next = self.answer_tag.q.val();
        self.m_axi_awid.next = 0.into();
        self.m_axi_awaddr.next = self.aw_address.q.val();
        self.m_axi_awlen.next = self.aw_len.q.val();
        self.m_axi_awsize.next = self.beats.beat_size.val();
        self.m_axi_awburst.next = 1.into();
        self.m_axi_awcache.next = 2.into();
        self.m_axi_awprot.next = 0.into();
        self.m_axi_awvalid.next = self.aw_valid.q.val();
        self.m_axi_wdata.next = self.beats.data.val();
        self.m_axi_wstrb.next = self.beats.strobes.val();
        self.m_axi_wlast.next = self.beats.is_last.val();
        self.m_axi_wvalid.next = self.beats.valid.val();
        self.m_axi_bready.next = true;

        if self.reset.val() {
            self.aw_valid.d.next = false;
            self.turn.d.next = 0.into();
            self.begun.d.next = 0.into();
            self.given.d.next = 0.into();
            self.settled.d.next = 0.into();
            self.active.d.next = false;
            self.absorb.d.next = 0.into();
            self.timer.d.next = 0.into();
            self.failed.d.next = false;
            self.aborting.d.next = false;
            self.answer.d.next = 0.into();
        }
    }
}
