//! From accesses of BAR 0 to the card's register bus (spec 6-card §6.1, *CSR*). See `README.md`.

mod decode;
mod fixed;
mod readout;
mod select;

pub use decode::Rom;
pub use fixed::{At, Fixed, Given};
pub use readout::{readout, readout_of};
pub use select::Select;

use photonbox_regmap::{BLOCKS, Block, lane};
use rust_hdl::prelude::*;

/// Cycles from the first one with `req_valid` to the one with `csr_write`: a write takes effect at its end.
pub const STROBE_CYCLE: u64 = 5;
/// Cycles from the first one with `req_valid` to the one at whose end `csr_read` is taken.
pub const READ_CYCLE: u64 = 6;
/// Cycles from the first one with `req_valid` to the one with `req_ready`.
pub const READY_CYCLE: u64 = 7;

/// Decodes an access by the register map and makes one bus cycle of it.
#[derive(LogicBlock)]
pub struct Csr {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// An access is asked for; stable with its address and data until `req_ready`.
    pub req_valid: Signal<In, Bit>,
    /// It is a write.
    pub req_write: Signal<In, Bit>,
    /// Byte offset in BAR 0.
    pub req_addr: Signal<In, Bits<16>>,
    /// Data of a write.
    pub req_data: Signal<In, Bits<32>>,
    /// Bytes of a write that count.
    pub req_strb: Signal<In, Bits<4>>,
    /// The access is done, and `rsp_data` valid; one cycle.
    pub req_ready: Signal<Out, Bit>,
    /// Data of a read.
    pub rsp_data: Signal<Out, Bits<32>>,
    /// Write strobe; one cycle.
    pub csr_write: Signal<Out, Bit>,
    /// The same for the lanes alone, which are many and far away.
    pub lane_write: Signal<Out, Bit>,
    /// Block, by its index in the map.
    pub csr_block: Signal<Out, Bits<3>>,
    /// Instance of the block.
    pub csr_instance: Signal<Out, Bits<6>>,
    /// Word within the block.
    pub csr_register: Signal<Out, Bits<7>>,
    /// Data, only the register's own bits.
    pub csr_data: Signal<Out, Bits<32>>,
    /// All consumers' `csr_read`, ORed.
    pub csr_read: Signal<In, Bits<32>>,
    /// All consumers' `csr_refused`, ORed.
    pub csr_refused: Signal<In, Bit>,
    /// The access was to a register that does not exist; one cycle.
    pub unknown: Signal<Out, Bit>,
    /// The write was refused; one cycle.
    pub refused: Signal<Out, Bit>,
    pages: Rom<9, 12>,
    registers: Rom<10, 35>,
    /// One-hot: the cycles 1, 2, … of an access.
    step: DFF<Bits<7>>,
    step_up: Signal<Local, Bits<7>>,
    page: Signal<Local, Bits<12>>,
    register: Signal<Local, Bits<35>>,
    word: Signal<Local, Bits<10>>,
    place: DFF<Bits<11>>,
    aligned: DFF<Bit>,
    readable: DFF<Bit>,
    writable: DFF<Bit>,
    missing: DFF<Bit>,
    block: DFF<Bits<3>>,
    number: DFF<Bits<6>>,
    offset: DFF<Bits<7>>,
    data: DFF<Bits<32>>,
    strobe: DFF<Bit>,
    lane_strobe: DFF<Bit>,
    value: DFF<Bits<32>>,
    unknown_now: DFF<Bit>,
    refused_now: DFF<Bit>,
    /// The strobe's cycle has passed, and what the consumers said in it.
    struck: DFF<Bit>,
    objected: DFF<Bit>,
    whole: Signal<Local, Bit>,
    /// Number of the lanes' block in the map.
    lanes: Constant<Bits<3>>,
}

impl Csr {
    /// The card's map with this number of lanes.
    pub fn new(lanes: u32) -> Self {
        Self::from_map(&BLOCKS, &|block| match block.base {
            lane::BASE => lanes,
            _ => block.count,
        })
    }

    /// Any map, with as many instances of each block as there are in this build.
    ///
    /// # Panics
    /// When a block does not begin on a page of 128 bytes, there are more than eight, or none is the lanes'.
    pub fn from_map(blocks: &[Block], instances: &dyn Fn(&Block) -> u32) -> Self {
        assert!(blocks.len() <= 8, "the bus has three bits for the block");
        let lanes = blocks.iter().position(|block| block.base == lane::BASE);
        let lanes = lanes.expect("a map of a card has lanes");
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            req_valid: Signal::default(),
            req_write: Signal::default(),
            req_addr: Signal::default(),
            req_data: Signal::default(),
            req_strb: Signal::default(),
            req_ready: Signal::default(),
            rsp_data: Signal::default(),
            csr_write: Signal::default(),
            lane_write: Signal::default(),
            csr_block: Signal::default(),
            csr_instance: Signal::default(),
            csr_register: Signal::default(),
            csr_data: Signal::default(),
            csr_read: Signal::default(),
            csr_refused: Signal::default(),
            unknown: Signal::default(),
            refused: Signal::default(),
            pages: Rom::new(decode::pages(blocks, instances)),
            registers: Rom::new(decode::registers(blocks)),
            step: DFF::default(),
            step_up: Signal::default(),
            page: Signal::default(),
            register: Signal::default(),
            word: Signal::default(),
            place: DFF::default(),
            aligned: DFF::default(),
            readable: DFF::default(),
            writable: DFF::default(),
            missing: DFF::default(),
            block: DFF::default(),
            number: DFF::default(),
            offset: DFF::default(),
            data: DFF::default(),
            strobe: DFF::default(),
            lane_strobe: DFF::default(),
            value: DFF::default(),
            unknown_now: DFF::default(),
            refused_now: DFF::default(),
            struck: DFF::default(),
            objected: DFF::default(),
            whole: Signal::default(),
            lanes: Constant::new((lanes as u64).into()),
        }
    }
}

impl Logic for Csr {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, step, place, aligned, readable, writable, missing
        );
        dff_setup!(
            self,
            clock,
            block,
            number,
            offset,
            data,
            strobe,
            lane_strobe,
            value,
            unknown_now,
            refused_now,
            struck,
            objected
        );
        clock!(self, clock, pages, registers);
        self.req_ready.next = self.step.q.val().get_bit(6);
        self.rsp_data.next = self.value.q.val();
        self.csr_write.next = self.strobe.q.val();
        self.lane_write.next = self.lane_strobe.q.val();
        self.csr_block.next = self.block.q.val();
        self.csr_instance.next = self.number.q.val();
        self.csr_register.next = self.offset.q.val();
        self.csr_data.next = self.data.q.val();
        self.unknown.next = self.unknown_now.q.val();
        self.refused.next = self.refused_now.q.val();
        self.unknown_now.d.next = false;
        self.refused_now.d.next = false;
        self.strobe.d.next = false;
        self.lane_strobe.d.next = false;
        self.whole.next = self.req_strb.val() == 15;

        // Bit k of `step` is high in cycle k + 1 of an access; in cycle 0 it is 0.
        self.step_up.next = self.step.q.val() << 1;
        self.step.d.next = self.step_up.val();
        if (self.step.q.val() == 0) & self.req_valid.val() {
            self.step.d.next = 1.into();
        }

        // Cycle 0: page ROM. Cycle 1: register ROM.
        self.pages.address.next = self.req_addr.val().get_bits::<9>(7);
        self.page.next = self.pages.data.val();
        self.word.next = (bit_cast::<10, 5>(self.page.val().get_bits::<5>(1)) << 5)
            | bit_cast::<10, 5>(self.req_addr.val().get_bits::<5>(2));
        self.registers.address.next = self.word.val();
        self.register.next = self.registers.data.val();
        if self.step.q.val().get_bit(0) {
            self.place.d.next = self.page.val().get_bits::<11>(1);
            self.aligned.d.next = self.page.val().get_bit(0)
                & !self.req_addr.val().get_bit(0)
                & !self.req_addr.val().get_bit(1);
        }
        // Cycle 2: what the access may do; the bus has it from cycle 3 on.
        if self.step.q.val().get_bit(1) {
            self.missing.d.next = !(self.aligned.q.val() & self.register.val().get_bit(0));
            self.writable.d.next = self.aligned.q.val() & self.register.val().get_bit(1);
            self.readable.d.next = self.aligned.q.val() & self.register.val().get_bit(2);
            self.block.d.next = self.place.q.val().get_bits::<3>(2);
            self.number.d.next = self.place.q.val().get_bits::<6>(5);
            self.offset.d.next = (bit_cast::<7, 2>(self.place.q.val().get_bits::<2>(0)) << 5)
                | bit_cast::<7, 5>(self.req_addr.val().get_bits::<5>(2));
            self.data.d.next = self.req_data.val() & self.register.val().get_bits::<32>(3);
        }
        // Cycle 4: the strobe for cycle 5, or a refusal.
        if self.step.q.val().get_bit(3) {
            self.unknown_now.d.next = self.missing.q.val();
            self.strobe.d.next = self.req_write.val() & self.writable.q.val() & self.whole.val();
            self.lane_strobe.d.next =
                self.strobe.d.val() & (self.block.q.val() == self.lanes.val());
            self.refused_now.d.next =
                self.req_write.val() & self.writable.q.val() & !self.whole.val();
        }
        // Cycle 5: consumers may refuse. It counts a cycle later: they are many and far away.
        self.struck.d.next = self.strobe.q.val();
        self.objected.d.next = self.csr_refused.val();
        if self.struck.q.val() {
            self.refused_now.d.next = self.objected.q.val();
        }
        // Cycle 6: what the consumers say.
        if self.step.q.val().get_bit(5) {
            self.value.d.next = 0.into();
            if self.readable.q.val() & !self.req_write.val() {
                self.value.d.next = self.csr_read.val();
            }
        }
        // The value must not outlive its access.
        if self.step.q.val().get_bit(6) {
            self.value.d.next = 0.into();
        }

        if self.reset.val() {
            self.step.d.next = 0.into();
            self.place.d.next = 0.into();
            self.aligned.d.next = false;
            self.readable.d.next = false;
            self.writable.d.next = false;
            self.missing.d.next = false;
            self.block.d.next = 0.into();
            self.number.d.next = 0.into();
            self.offset.d.next = 0.into();
            self.data.d.next = 0.into();
            self.strobe.d.next = false;
            self.lane_strobe.d.next = false;
            self.value.d.next = 0.into();
            self.unknown_now.d.next = false;
            self.refused_now.d.next = false;
            self.struck.d.next = false;
        }
    }
}
