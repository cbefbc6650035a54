//! From the bits of some lanes to chunks: the lanes without a bit are squeezed out, and what is left is appended.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// A pipeline that takes up to `LANES` bits a cycle and gives chunks of `W`; the last chunk of a block may be shorter.
///
/// `LANES` is at most `W`, and `W` is a power of two. Registers are swept when they are left.
#[derive(LogicBlock, Default)]
pub struct Pack<const LANES: usize, const W: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub clear: Signal<In, Bit>,
    /// Takes bits; only when `ready`.
    pub push: Signal<In, Bit>,
    /// Lanes that have one.
    pub mask: Signal<In, Bits<LANES>>,
    /// The bits.
    pub bits: Signal<In, Bits<LANES>>,
    /// How many.
    pub count: Signal<In, Bits<7>>,
    /// They are the block's last.
    pub last: Signal<In, Bit>,
    /// The pipeline moves.
    pub ready: Signal<Out, Bit>,
    /// Bits are here.
    pub busy: Signal<Out, Bit>,
    /// A chunk is offered.
    pub offered: Signal<Out, Bit>,
    /// Its bits, the first lowest; the others are 0.
    pub chunk: Signal<Out, Bits<W>>,
    /// How many.
    pub chunk_count: Signal<Out, Bits<8>>,
    /// It is taken.
    pub sent: Signal<In, Bit>,
}

impl<const LANES: usize, const W: usize> Logic for Pack<LANES, W> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.ready.connect();
        self.busy.connect();
        self.offered.connect();
        self.chunk.connect();
        self.chunk_count.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(Text { lanes: LANES, w: W }.to_string())
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = ["clear", "push", "mask", "bits", "count", "last", "sent"];
        let outputs = ["ready", "busy", "offered", "chunk", "chunk_count"];
        vec![TimingInfo {
            name: "pack".into(),
            clock: "clock".into(),
            inputs: inputs.map(Into::into).to_vec(),
            outputs: outputs.map(Into::into).to_vec(),
        }]
    }
}

/// The block's Verilog.
struct Text {
    lanes: usize,
    w: usize,
}

impl core::fmt::Display for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        assert!(self.lanes <= self.w && self.w.is_power_of_two());
        let stages = self.lanes.next_power_of_two().trailing_zeros() as usize;
        self.prefix(f, stages)?;
        self.rotate(f)?;
        self.squeeze(f, stages)?;
        self.append(f, stages)
    }
}

impl Text {
    /// Parity of a word's bits up to each place.
    fn prefix(&self, f: &mut core::fmt::Formatter<'_>, stages: usize) -> core::fmt::Result {
        let high = self.lanes - 1;
        writeln!(
            f,
            "function [{high}:0] prefix;\n   input [{high}:0] word;\n   reg [{high}:0] sum;\n   begin\n      sum = word;"
        )?;
        for stage in 0..stages {
            writeln!(f, "      sum = sum ^ (sum << {});", 1 << stage)?;
        }
        writeln!(f, "      prefix = sum;\n   end\nendfunction")
    }

    fn rotate(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (high, log) = (self.w - 1, self.w.trailing_zeros() as usize);
        writeln!(
            f,
            "function [{high}:0] rotate;\n   input [{high}:0] word;\n   input [{}:0] by;\n   reg [{high}:0] turned;\n   begin\n      turned = word;",
            log - 1
        )?;
        for step in 0..log {
            let by = 1 << step;
            writeln!(
                f,
                "      if (by[{step}]) turned = {{turned[{}:0], turned[{high}:{}]}};",
                high - by,
                self.w - by
            )?;
        }
        writeln!(f, "      rotate = turned;\n   end\nendfunction")
    }

    /// Stage s moves each bit down by 2^s places if that bit of the number of empty lanes below it is 1. That
    /// number's bit s is the parity of `empty`, of which each stage keeps every second 1.
    fn squeeze(&self, f: &mut core::fmt::Formatter<'_>, stages: usize) -> core::fmt::Result {
        let high = self.lanes - 1;
        for stage in 0..=stages {
            writeln!(
                f,
                "reg valid{stage}, last{stage};\nreg [6:0] count{stage};\nreg [{high}:0] bits{stage}, mask{stage}, empty{stage};"
            )?;
        }
        for stage in 0..stages {
            writeln!(
                f,
                "wire [{high}:0] odd{stage} = prefix(empty{stage});\nwire [{high}:0] moves{stage} = odd{stage} & mask{stage};"
            )?;
        }
        writeln!(f, "initial begin")?;
        for stage in 0..=stages {
            writeln!(
                f,
                "   valid{stage} = 0; last{stage} = 0; count{stage} = 0; bits{stage} = 0; mask{stage} = 0; empty{stage} = 0;"
            )?;
        }
        writeln!(f, "end\nalways @(posedge clock) begin\n   if (clear) begin")?;
        for stage in 0..=stages {
            writeln!(f, "      valid{stage} <= 0; bits{stage} <= 0;")?;
        }
        writeln!(
            f,
            "   end else if (ready) begin\n      valid0 <= push;\n      bits0 <= 0;\n      if (push) begin\n         \
             bits0 <= bits & mask;\n         mask0 <= mask;\n         empty0 <= ~mask << 1;\n         count0 <= count;\n         \
             last0 <= last;\n      end"
        )?;
        for stage in 0..stages {
            let (next, by) = (stage + 1, 1 << stage);
            writeln!(
                f,
                "      valid{next} <= valid{stage};\n      bits{next} <= 0;\n      if (valid{stage}) begin\n         \
                 bits{next} <= (bits{stage} & ~moves{stage}) | ((bits{stage} & moves{stage}) >> {by});\n         \
                 mask{next} <= (mask{stage} & ~moves{stage}) | (moves{stage} >> {by});\n         \
                 empty{next} <= empty{stage} & ~odd{stage};\n         \
                 count{next} <= count{stage};\n         last{next} <= last{stage};\n      end"
            )?;
        }
        writeln!(f, "   end\nend")
    }

    /// Two steps: turn the bits to their place in the chunk, then join them with what is there.
    fn append(&self, f: &mut core::fmt::Formatter<'_>, stages: usize) -> core::fmt::Result {
        let log = self.w.trailing_zeros() as usize;
        let valid: Vec<String> = (0..=stages).map(|stage| format!("valid{stage}")).collect();
        write!(
            f,
            "\
reg [{at}:0] place, turned_place, rest_count;
reg turned_valid, turned_last, tail, some;
reg [{log}:0] turned_end;
reg [{high}:0] turned, rest;
wire [{log}:0] end_place = {{1'b0, place}} + count{stages}[{log}:0];
wire [{high}:0] below = ~({{{w}{{1'b1}}}} << turned_place);
wire [{high}:0] joined = rest | (turned & ~below);
initial begin
   place = 0;
   turned_valid = 0;
   turned_last = 0;
   turned_place = 0;
   turned_end = 0;
   turned = 0;
   tail = 0;
   some = 0;
   rest = 0;
   rest_count = 0;
   offered = 0;
   chunk = 0;
   chunk_count = 0;
end
always @(*) begin
   ready = ~offered | sent;
   busy = {valid} | turned_valid | some | offered;
end
always @(posedge clock) begin
   if (clear) begin
      place <= 0;
      turned_valid <= 0;
      turned <= 0;
      tail <= 0;
      some <= 0;
      rest <= 0;
      offered <= 0;
      chunk <= 0;
      chunk_count <= 0;
   end else if (ready) begin
      turned_valid <= valid{stages};
      turned <= 0;
      if (valid{stages}) begin
         turned <= rotate(bits{stages}, place);
         turned_place <= place;
         turned_end <= end_place;
         turned_last <= last{stages};
         place <= last{stages} ? {log}'d0 : end_place[{at}:0];
      end
      offered <= 0;
      chunk <= 0;
      chunk_count <= 0;
      if (tail) begin
         offered <= 1;
         chunk <= rest;
         chunk_count <= rest_count;
         tail <= 0;
         some <= 0;
         rest <= 0;
      end else if (turned_valid) begin
         rest_count <= turned_end[{at}:0];
         if (turned_end[{log}]) begin
            offered <= 1;
            chunk <= joined;
            chunk_count <= 8'd{w};
            rest <= turned & below;
            some <= |turned_end[{at}:0];
            tail <= turned_last & |turned_end[{at}:0];
         end else if (turned_last) begin
            offered <= 1;
            chunk <= joined;
            chunk_count <= turned_end;
            rest <= 0;
            some <= 0;
         end else begin
            rest <= joined;
            some <= 1;
         end
      end
   end
end
",
            at = log - 1,
            high = self.w - 1,
            w = self.w,
            valid = valid.join(" | "),
        )
    }
}
