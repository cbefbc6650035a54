//! The queue's two last places, in which the bits of an entry are counted.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Takes entries from a queue, one a cycle, and gives each with the number of its bits. Lanes can be taken out of the
/// entry that is given. Registers are swept when they are left.
#[derive(LogicBlock, Default)]
pub struct Head<const LANES: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Forgets both entries.
    pub reset: Signal<In, Bit>,
    /// The queue has an entry.
    pub in_valid: Signal<In, Bit>,
    /// As the queue gives it.
    pub in_prior: Signal<In, Bit>,
    /// As the queue gives it.
    pub in_mark: Signal<In, Bit>,
    /// As the queue gives it.
    pub in_mask: Signal<In, Bits<LANES>>,
    /// As the queue gives it.
    pub in_bits: Signal<In, Bits<LANES>>,
    /// As the queue gives it.
    pub in_test: Signal<In, Bits<LANES>>,
    /// As the queue gives it.
    pub in_flags: Signal<In, Bits<3>>,
    /// To the queue: its entry is taken.
    pub pop: Signal<Out, Bit>,
    /// An entry is given.
    pub valid: Signal<Out, Bit>,
    /// Something was lost or is to be discarded before it.
    pub prior: Signal<Out, Bit>,
    /// A mark after it.
    pub mark: Signal<Out, Bit>,
    /// Its lanes.
    pub mask: Signal<Out, Bits<LANES>>,
    /// Their bits.
    pub bits: Signal<Out, Bits<LANES>>,
    /// Lanes whose bits are TEST.
    pub test: Signal<Out, Bits<LANES>>,
    /// SIMULATED (bit 0), REPLAYED (bit 1), GAP (bit 2).
    pub flags: Signal<Out, Bits<3>>,
    /// Bits of `mask`.
    pub count: Signal<Out, Bits<7>>,
    /// The entry is done with.
    pub advance: Signal<In, Bit>,
    /// Takes one lane out of it.
    pub take_one: Signal<In, Bit>,
    /// That lane, one-hot.
    pub one: Signal<In, Bits<LANES>>,
    /// No entry is here.
    pub empty: Signal<Out, Bit>,
}

/// Lanes that are counted by one table.
const GROUP: usize = 6;

impl<const LANES: usize> Logic for Head<LANES> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.pop.connect();
        self.valid.connect();
        self.prior.connect();
        self.mark.connect();
        self.mask.connect();
        self.bits.connect();
        self.test.connect();
        self.flags.connect();
        self.count.connect();
        self.empty.connect();
    }

    fn hdl(&self) -> Verilog {
        let groups = LANES.div_ceil(GROUP);
        let high = LANES - 1;
        let (mut few, mut all) = (String::new(), Vec::new());
        for group in 0..groups {
            let lanes = group * GROUP..LANES.min((group + 1) * GROUP);
            let terms: Vec<String> = lanes
                .map(|lane| format!("{{2'd0, in_mask[{lane}]}}"))
                .collect();
            let place = 3 * group;
            few.push_str(&format!(
                "      next_few[{place} +: 3] <= {};\n",
                terms.join(" + ")
            ));
            all.push(format!("{{4'd0, next_few[{place} +: 3]}}"));
        }
        Verilog::Custom(format!(
            "\
reg next_valid, next_prior, next_mark;
reg [2:0] next_flags;
reg [{high}:0] next_mask, next_bits, next_test;
reg [{few_high}:0] next_few;
wire free = ~valid | advance;
initial begin
   next_valid = 0;
   next_prior = 0;
   next_mark = 0;
   next_flags = 0;
   next_mask = 0;
   next_bits = 0;
   next_test = 0;
   next_few = 0;
   valid = 0;
   prior = 0;
   mark = 0;
   flags = 0;
   mask = 0;
   bits = 0;
   test = 0;
   count = 0;
end
always @(*) begin
   pop = in_valid & (~next_valid | free);
   empty = ~next_valid & ~valid;
end
always @(posedge clock) begin
   if (reset) begin
      next_valid <= 0;
      next_mask <= 0;
      next_bits <= 0;
   end else if (pop) begin
      next_valid <= 1;
      next_prior <= in_prior;
      next_mark <= in_mark;
      next_flags <= in_flags;
      next_mask <= in_mask;
      next_bits <= in_bits;
      next_test <= in_test;
{few}   end else if (free) begin
      next_valid <= 0;
      next_mask <= 0;
      next_bits <= 0;
   end
   if (reset) begin
      valid <= 0;
      mask <= 0;
      bits <= 0;
   end else if (free) begin
      valid <= next_valid;
      mask <= next_mask;
      bits <= next_bits;
      if (next_valid) begin
         prior <= next_prior;
         mark <= next_mark;
         flags <= next_flags;
         test <= next_test;
         count <= {all};
      end
   end else if (take_one) begin
      mask <= mask & ~one;
      count <= count - 7'd1;
   end
end
",
            few_high = 3 * groups - 1,
            all = all.join(" + "),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = [
            "reset", "in_valid", "in_prior", "in_mark", "in_mask", "in_bits", "in_test",
            "in_flags", "advance", "take_one", "one",
        ];
        let outputs = [
            "pop", "valid", "prior", "mark", "mask", "bits", "test", "flags", "count", "empty",
        ];
        vec![TimingInfo {
            name: "head".into(),
            clock: "clock".into(),
            inputs: inputs.map(Into::into).to_vec(),
            outputs: outputs.map(Into::into).to_vec(),
        }]
    }
}
