//! A queue of what the lanes made in one cycle each; entries are swept once they are read.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Entries of a queue.
pub const DEPTH: usize = 64;

/// Queue of cycles, oldest at the head. The head is a register; the memory has one write port, which sweeps read
/// entries in cycles without a push; a push may overwrite one that is not swept yet.
#[derive(LogicBlock)]
pub struct Queue<const LANES: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything; the memory is swept in the following cycles.
    pub reset: Signal<In, Bit>,
    /// Adds an entry; ignored when `full`.
    pub push: Signal<In, Bit>,
    /// No room.
    pub full: Signal<Out, Bit>,
    /// Something was lost or is to be discarded before this entry.
    pub in_prior: Signal<In, Bit>,
    /// A mark after this entry.
    pub in_mark: Signal<In, Bit>,
    /// Lanes with a bit.
    pub in_mask: Signal<In, Bits<LANES>>,
    /// Their bits.
    pub in_bits: Signal<In, Bits<LANES>>,
    /// Lanes whose bits are TEST.
    pub in_test: Signal<In, Bits<LANES>>,
    /// SIMULATED (bit 0), REPLAYED (bit 1), GAP (bit 2).
    pub in_flags: Signal<In, Bits<3>>,
    /// Cycle of the bits.
    pub in_time: Signal<In, Bits<56>>,
    /// Takes the head away.
    pub pop: Signal<In, Bit>,
    /// There is a head.
    pub valid: Signal<Out, Bit>,
    /// As pushed.
    pub prior: Signal<Out, Bit>,
    /// As pushed.
    pub mark: Signal<Out, Bit>,
    /// As pushed.
    pub mask: Signal<Out, Bits<LANES>>,
    /// As pushed.
    pub bits: Signal<Out, Bits<LANES>>,
    /// As pushed.
    pub test: Signal<Out, Bits<LANES>>,
    /// As pushed.
    pub flags: Signal<Out, Bits<3>>,
    /// As pushed; 0 when the queue keeps no time.
    pub time_out: Signal<Out, Bits<56>>,
    /// Nothing waits, at the head or behind.
    pub empty: Signal<Out, Bit>,
    _timed: bool,
}

impl<const LANES: usize> Queue<LANES> {
    /// A queue that keeps each entry's time, or not.
    pub fn new(timed: bool) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            push: Default::default(),
            full: Default::default(),
            in_prior: Default::default(),
            in_mark: Default::default(),
            in_mask: Default::default(),
            in_bits: Default::default(),
            in_test: Default::default(),
            in_flags: Default::default(),
            in_time: Default::default(),
            pop: Default::default(),
            valid: Default::default(),
            prior: Default::default(),
            mark: Default::default(),
            mask: Default::default(),
            bits: Default::default(),
            test: Default::default(),
            flags: Default::default(),
            time_out: Default::default(),
            empty: Default::default(),
            _timed: timed,
        }
    }
}

impl<const LANES: usize> Logic for Queue<LANES> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.full.connect();
        self.valid.connect();
        self.prior.connect();
        self.mark.connect();
        self.mask.connect();
        self.bits.connect();
        self.test.connect();
        self.flags.connect();
        self.time_out.connect();
        self.empty.connect();
    }

    fn hdl(&self) -> Verilog {
        let (width, time) = if self._timed {
            (3 * LANES + 61, "in_time, ")
        } else {
            (3 * LANES + 5, "")
        };
        let stamp = if self._timed {
            format!("head[{}:{}]", width - 1, width - 56)
        } else {
            "56'd0".to_owned()
        };
        Verilog::Custom(format!(
            "\
reg [{high}:0] memory [0:{last}];
reg [{high}:0] head;
reg [6:0] pushed, popped, swept;
// pushed - popped, and whether that is more than 0: much hangs on both.
reg [6:0] used;
reg some;
wire [6:0] unswept = pushed - swept;
wire load = some & (~valid | pop);
wire write = push & ~used[6];
wire sweep = ~write & (swept != popped);
integer i;
initial begin
   head = 0;
   pushed = 0;
   popped = 0;
   used = 0;
   some = 0;
   swept = 0;
   valid = 0;
   for (i = 0; i < {DEPTH}; i = i + 1) memory[i] = 0;
end
always @(*) begin
   full = used[6];
   empty = ~some & ~valid;
   prior = head[{prior}];
   mark = head[{mark}];
   flags = head[{mark} - 1 -: 3];
   test = head[{test} -: {LANES}];
   bits = head[{bits} -: {LANES}];
   mask = head[{mask}:0];
   time_out = {stamp};
end
always @(posedge clock) begin
   if (write) memory[pushed[5:0]] <= {{{time}in_prior, in_mark, in_flags, in_test, in_bits, in_mask}};
   else if (sweep) memory[swept[5:0]] <= 0;
   if (write) pushed <= pushed + 7'd1;
   if (sweep | (write & unswept[6])) swept <= swept + 7'd1;
   if (reset) begin
      used <= 0;
      some <= 0;
   end else if (write & ~load) begin
      used <= used + 7'd1;
      some <= 1;
   end else if (load & ~write) begin
      used <= used - 7'd1;
      some <= used != 7'd1;
   end
   if (reset) begin
      popped <= write ? pushed + 7'd1 : pushed;
      valid <= 0;
      head <= 0;
   end else if (load) begin
      popped <= popped + 7'd1;
      valid <= 1;
      head <= memory[popped[5:0]];
   end else if (pop) begin
      valid <= 0;
      head <= 0;
   end
end
",
            high = width - 1,
            last = DEPTH - 1,
            prior = 3 * LANES + 4,
            mark = 3 * LANES + 3,
            test = 3 * LANES - 1,
            bits = 2 * LANES - 1,
            mask = LANES - 1,
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = [
            "reset", "push", "in_prior", "in_mark", "in_mask", "in_bits", "in_test", "in_flags",
            "in_time", "pop",
        ];
        let outputs = [
            "full", "valid", "prior", "mark", "mask", "bits", "test", "flags", "time_out", "empty",
        ];
        vec![TimingInfo {
            name: "queue".into(),
            clock: "clock".into(),
            inputs: inputs.map(Into::into).to_vec(),
            outputs: outputs.map(Into::into).to_vec(),
        }]
    }
}
