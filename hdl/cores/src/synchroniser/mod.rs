//! From a detector's pin to edges: two flip-flops and an edge detector (spec 6-card §6.1, *Clocks*).

use rust_hdl::prelude::*;

/// An edge that the pin has before the rising clock edge which ends cycle k is seen as `rising` in cycle k + 2.
pub const LATENCY: u64 = photonbox_model::pattern::PIN_LATENCY;

/// A flip-flop that no tool may merge, move, or make part of a shift register.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct SynchroniserFlop {
    /// The clock that `level` belongs to.
    pub clock: Signal<In, Clock>,
    /// May change at any time.
    pub pin: Signal<In, Bit>,
    /// `pin` at the last rising clock edge.
    pub level: Signal<Out, Bit>,
}

impl Logic for SynchroniserFlop {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self.level.next = self.pin.val();
        }
    }

    fn connect(&mut self) {
        self.level.connect();
    }

    fn hdl(&self) -> Verilog {
        // A wrapper, because rust-hdl declares the outputs of anything else itself, without room for attributes.
        Verilog::Wrapper(Wrapper {
            code: "\
(* keep = \"true\", ASYNC_REG = \"TRUE\", SHREG_EXTRACT = \"NO\" *) reg flop = 1'b0;
always @(posedge clock) flop <= pin;
assign level = flop;
"
            .to_owned(),
            cores: String::new(),
        })
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "flop".into(),
            clock: "clock".into(),
            inputs: vec!["pin".into()],
            outputs: vec!["level".into()],
        }]
    }
}

/// A pin's rising edges, one cycle each.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Synchroniser {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// From the detector; belongs to no clock.
    pub pin: Signal<In, Bit>,
    /// High for one cycle for each rising edge; [`LATENCY`] cycles late.
    pub rising: Signal<Out, Bit>,
    // The one that may be metastable, and the one that nobody sees so.
    first: SynchroniserFlop,
    second: SynchroniserFlop,
    earlier: DFF<Bit>,
}

impl Logic for Synchroniser {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, earlier);
        clock!(self, clock, first, second);
        self.first.pin.next = self.pin.val();
        self.second.pin.next = self.first.level.val();
        self.earlier.d.next = self.second.level.val();
        self.rising.next = self.second.level.val() & !self.earlier.q.val();
    }
}
