//! The host's way to the registers: an AXI4-Lite slave (spec 6-card §6.1, *CSR*). See `README.md`.

use rust_hdl::prelude::*;

/// AXI4-Lite slave with one access at a time. Every access ends with OKAY.
#[derive(LogicBlock, Default)]
pub struct AxiLite {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: power-on only, for a soft reset answers its own write first.
    pub reset: Signal<In, Bit>,
    /// Write address, byte offset in BAR 0.
    pub s_axil_awaddr: Signal<In, Bits<16>>,
    /// Not used: protection is the host's.
    pub s_axil_awprot: Signal<In, Bits<3>>,
    /// Write address valid.
    pub s_axil_awvalid: Signal<In, Bit>,
    /// Write address taken.
    pub s_axil_awready: Signal<Out, Bit>,
    /// Write data.
    pub s_axil_wdata: Signal<In, Bits<32>>,
    /// Bytes of the write data that count.
    pub s_axil_wstrb: Signal<In, Bits<4>>,
    /// Write data valid.
    pub s_axil_wvalid: Signal<In, Bit>,
    /// Write data taken.
    pub s_axil_wready: Signal<Out, Bit>,
    /// Always OKAY.
    pub s_axil_bresp: Signal<Out, Bits<2>>,
    /// The write is done.
    pub s_axil_bvalid: Signal<Out, Bit>,
    /// Write response taken.
    pub s_axil_bready: Signal<In, Bit>,
    /// Read address, byte offset in BAR 0.
    pub s_axil_araddr: Signal<In, Bits<16>>,
    /// Not used: protection is the host's.
    pub s_axil_arprot: Signal<In, Bits<3>>,
    /// Read address valid.
    pub s_axil_arvalid: Signal<In, Bit>,
    /// Read address taken.
    pub s_axil_arready: Signal<Out, Bit>,
    /// Read data.
    pub s_axil_rdata: Signal<Out, Bits<32>>,
    /// Always OKAY.
    pub s_axil_rresp: Signal<Out, Bits<2>>,
    /// Read data valid.
    pub s_axil_rvalid: Signal<Out, Bit>,
    /// Read data taken.
    pub s_axil_rready: Signal<In, Bit>,
    /// An access is asked for; stable until `req_ready`.
    pub req_valid: Signal<Out, Bit>,
    /// It is a write.
    pub req_write: Signal<Out, Bit>,
    /// Byte offset in BAR 0.
    pub req_addr: Signal<Out, Bits<16>>,
    /// Data of a write.
    pub req_data: Signal<Out, Bits<32>>,
    /// Bytes of a write that count.
    pub req_strb: Signal<Out, Bits<4>>,
    /// The access is done; one cycle.
    pub req_ready: Signal<In, Bit>,
    /// Data of a read, valid with `req_ready`.
    pub rsp_data: Signal<In, Bits<32>>,
    /// No further access may begin; one that has begun goes on.
    pub hold: Signal<In, Bit>,
    aw_full: DFF<Bit>,
    aw_addr: DFF<Bits<16>>,
    w_full: DFF<Bit>,
    w_data: DFF<Bits<32>>,
    w_strb: DFF<Bits<4>>,
    ar_full: DFF<Bit>,
    ar_addr: DFF<Bits<16>>,
    b_valid: DFF<Bit>,
    r_valid: DFF<Bit>,
    r_data: DFF<Bits<32>>,
    active: DFF<Bit>,
    writing: DFF<Bit>,
    addr: DFF<Bits<16>>,
    /// The last access was a write: a read goes first now.
    turn: DFF<Bit>,
    ready: DFF<Bit>,
    may_write: Signal<Local, Bit>,
    may_read: Signal<Local, Bit>,
}

impl Logic for AxiLite {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, aw_full, aw_addr, w_full, w_data, w_strb, ar_full, ar_addr
        );
        dff_setup!(
            self, clock, b_valid, r_valid, r_data, active, writing, addr, turn, ready
        );
        // READY depends on registers only; not before the first cycle after reset.
        self.ready.d.next = true;
        self.s_axil_awready.next = self.ready.q.val() & !self.aw_full.q.val();
        self.s_axil_wready.next = self.ready.q.val() & !self.w_full.q.val();
        self.s_axil_arready.next = self.ready.q.val() & !self.ar_full.q.val();
        self.s_axil_bresp.next = 0.into();
        self.s_axil_bvalid.next = self.b_valid.q.val();
        self.s_axil_rresp.next = 0.into();
        self.s_axil_rvalid.next = self.r_valid.q.val();
        self.s_axil_rdata.next = self.r_data.q.val();
        self.req_valid.next = self.active.q.val();
        self.req_write.next = self.writing.q.val();
        self.req_addr.next = self.addr.q.val();
        self.req_data.next = self.w_data.q.val();
        self.req_strb.next = self.w_strb.q.val();

        if self.s_axil_awvalid.val() & self.ready.q.val() & !self.aw_full.q.val() {
            self.aw_full.d.next = true;
            self.aw_addr.d.next = self.s_axil_awaddr.val();
        }
        if self.s_axil_wvalid.val() & self.ready.q.val() & !self.w_full.q.val() {
            self.w_full.d.next = true;
            self.w_data.d.next = self.s_axil_wdata.val();
            self.w_strb.d.next = self.s_axil_wstrb.val();
        }
        if self.s_axil_arvalid.val() & self.ready.q.val() & !self.ar_full.q.val() {
            self.ar_full.d.next = true;
            self.ar_addr.d.next = self.s_axil_araddr.val();
        }
        if self.s_axil_bready.val() {
            self.b_valid.d.next = false;
        }
        if self.r_valid.q.val() & self.s_axil_rready.val() {
            self.r_valid.d.next = false;
            // What was read does not stay on the wires.
            self.r_data.d.next = 0.into();
        }

        self.may_write.next = self.aw_full.q.val() & self.w_full.q.val() & !self.b_valid.q.val();
        self.may_read.next = self.ar_full.q.val() & !self.r_valid.q.val();
        if self.active.q.val() {
            if self.req_ready.val() {
                self.active.d.next = false;
                if self.writing.q.val() {
                    self.b_valid.d.next = true;
                    self.aw_full.d.next = false;
                    self.w_full.d.next = false;
                    self.w_data.d.next = 0.into();
                } else {
                    self.r_valid.d.next = true;
                    self.r_data.d.next = self.rsp_data.val();
                    self.ar_full.d.next = false;
                }
            }
        } else {
            if !self.hold.val() {
                if self.may_write.val() & (!self.may_read.val() | !self.turn.q.val()) {
                    self.active.d.next = true;
                    self.writing.d.next = true;
                    self.turn.d.next = true;
                    self.addr.d.next = self.aw_addr.q.val();
                } else if self.may_read.val() {
                    self.active.d.next = true;
                    self.writing.d.next = false;
                    self.turn.d.next = false;
                    self.addr.d.next = self.ar_addr.q.val();
                }
            }
        }

        if self.reset.val() {
            self.ready.d.next = false;
            self.aw_full.d.next = false;
            self.aw_addr.d.next = 0.into();
            self.w_full.d.next = false;
            self.w_data.d.next = 0.into();
            self.w_strb.d.next = 0.into();
            self.ar_full.d.next = false;
            self.ar_addr.d.next = 0.into();
            self.b_valid.d.next = false;
            self.r_valid.d.next = false;
            self.r_data.d.next = 0.into();
            self.active.d.next = false;
            self.writing.d.next = false;
            self.addr.d.next = 0.into();
            self.turn.d.next = false;
        }
    }
}
