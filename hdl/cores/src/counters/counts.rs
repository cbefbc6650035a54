//! The small counts of all lanes, which the sweep empties into the RAM.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Seven counts a lane, each with what it was at the last snapshot until the sweep has come by. Digit d of a count is
/// one word of all lanes, so that the lanes count together.
///
/// Between two visits of the sweep (eight cycles a lane of the card) a count grows by one a cycle, or by up to three
/// where it has two inputs; [`digits`] says how many digits are enough: 6 or 7 with 4 lanes, 10 or 11 with 64. The bits of discarded blocks are kept apart, in 16 digits: they come to one
/// lane at a time.
#[derive(LogicBlock, Default)]
pub struct Counts<const LANES: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Bits made in this cycle.
    pub bits: Signal<In, Bits<LANES>>,
    /// Ones among them.
    pub ones: Signal<In, Bits<LANES>>,
    /// Coincidences.
    pub coincidences: Signal<In, Bits<LANES>>,
    /// Edges ignored, low bit of their number.
    pub ignored_low: Signal<In, Bits<LANES>>,
    /// Edges ignored, high bit of their number.
    pub ignored_high: Signal<In, Bits<LANES>>,
    /// Edges of A.
    pub edges_a: Signal<In, Bits<LANES>>,
    /// Edges of B.
    pub edges_b: Signal<In, Bits<LANES>>,
    /// Bits that went nowhere, low bit of their number.
    pub discarded_low: Signal<In, Bits<LANES>>,
    /// Bits that went nowhere, high bit of their number.
    pub discarded_high: Signal<In, Bits<LANES>>,
    /// Bits of a block that was thrown away.
    pub bulk_count: Signal<In, Bits<14>>,
    /// Their lane.
    pub bulk_lane: Signal<In, Bits<6>>,
    /// They count.
    pub bulk_valid: Signal<In, Bit>,
    /// Keep all counts, this cycle's included.
    pub snapshot: Signal<In, Bit>,
    /// Lane that the sweep visits, one-hot.
    pub lane: Signal<In, Bits<LANES>>,
    /// Which count it takes; 7 is none.
    pub index: Signal<In, Bits<3>>,
    /// The count that was taken, one cycle later; 0 when none was.
    pub count: Signal<Out, Bits<16>>,
    /// And of discarded blocks.
    pub count_bulk: Signal<Out, Bits<16>>,
    /// What the count was at the snapshot.
    pub kept: Signal<Out, Bits<16>>,
    /// And of discarded blocks.
    pub kept_bulk: Signal<Out, Bits<16>>,
    /// The count is visited for the first time since the snapshot.
    pub fresh: Signal<Out, Bit>,
}

/// The counts in order of the sweep: name, and what adds 1 and 2.
const COUNTS: [(&str, &str, Option<&str>); 7] = [
    ("bits", "bits", None),
    ("ones", "ones", None),
    ("coincidences", "coincidences", None),
    ("ignored", "ignored_low", Some("ignored_high")),
    ("edges_a", "edges_a", None),
    ("edges_b", "edges_b", None),
    ("discarded", "discarded_low", Some("discarded_high")),
];
const BULK_DIGITS: usize = 16;

/// Binary digits of a count that grows by `most` in each of the `8 * lanes` cycles from one visit to the next.
const fn digits(lanes: usize, most: usize) -> usize {
    (most * 8 * lanes).ilog2() as usize + 1
}

/// Verilog of the digits, by what is done with them.
#[derive(Default)]
struct Text {
    declared: String,
    start: String,
    cleared: String,
    counted: String,
    kept: String,
    /// Digit d of the count that the sweep takes, and of what was kept of it.
    taken: Vec<Vec<String>>,
    taken_kept: Vec<Vec<String>>,
}

impl Text {
    fn declare(&mut self, lanes: usize, word: &str) {
        self.declared += &format!("reg [{}:0] {word}, {word}_kept;\n", lanes - 1);
    }

    /// A word of all lanes becomes `next` each cycle, which a snapshot keeps.
    fn word(&mut self, lanes: usize, word: &str, next: &str) {
        self.declared += &format!("wire [{}:0] {word}_next = {next};\n", lanes - 1);
        self.start += &format!("   {word} = 0; {word}_kept = 0;\n");
        self.cleared += &format!("      {word} <= 0; {word}_kept <= 0;\n");
        self.counted += &format!("      {word} <= {word}_next;\n");
        self.kept += &format!("         {word}_kept <= {word}_next;\n");
    }

    fn counts(lanes: usize) -> Self {
        let mut text = Self {
            taken: vec![Vec::new(); digits(lanes, 3)],
            taken_kept: vec![Vec::new(); digits(lanes, 3)],
            ..Self::default()
        };
        let high = lanes - 1;
        for (index, (name, one, two)) in COUNTS.into_iter().enumerate() {
            text.declared += &format!(
                "wire take_{name} = index == 3'd{index};\nwire [{high}:0] stay_{name} = ~(lane & {{{lanes}{{take_{name}}}}});\n\
                 wire [{high}:0] {name}_carry0 = {one};\n"
            );
            let most = if two.is_some() { 3 } else { 1 };
            for digit in 0..digits(lanes, most) {
                let word = format!("{name}{digit}");
                let (carry, more) = (format!("{name}_carry{digit}"), digit + 1);
                let stays = format!("({word} & stay_{name})");
                let (next, over) = match two.filter(|_| digit == 1) {
                    Some(two) => (
                        format!("{stays} ^ {carry} ^ {two}"),
                        format!("({stays} & ({carry} | {two})) | ({carry} & {two})"),
                    ),
                    None => (format!("{stays} ^ {carry}"), format!("{stays} & {carry}")),
                };
                text.declare(lanes, &word);
                text.word(lanes, &word, &next);
                text.declared += &format!("wire [{high}:0] {name}_carry{more} = {over};\n");
                text.taken[digit].push(format!("({word} & {{{lanes}{{take_{name}}}}})"));
                text.taken_kept[digit].push(format!("({word}_kept & {{{lanes}{{take_{name}}}}})"));
            }
        }
        text
    }

    /// The bits of discarded blocks: one lane's are taken out, added to and put back.
    fn bulk(&mut self, lanes: usize) {
        let high = lanes - 1;
        for digit in 0..BULK_DIGITS {
            self.declare(lanes, &format!("bulk{digit}"));
        }
        let now: Vec<String> = (0..BULK_DIGITS)
            .rev()
            .map(|digit| format!("|(bulk{digit} & stay_discarded & bulk_one)"))
            .collect();
        self.declared += &format!(
            "wire [{high}:0] bulk_one = {{{high}'d0, bulk_valid}} << bulk_lane;\nwire [15:0] bulk_sum = {{{}}} + {{2'd0, bulk_count}};\n",
            now.join(", ")
        );
        for digit in 0..BULK_DIGITS {
            let next = format!(
                "(bulk{digit} & stay_discarded & ~bulk_one) | (bulk_one & {{{lanes}{{bulk_sum[{digit}]}}}})"
            );
            self.word(lanes, &format!("bulk{digit}"), &next);
        }
    }
}

impl<const LANES: usize> Logic for Counts<LANES> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.count.connect();
        self.count_bulk.connect();
        self.kept.connect();
        self.kept_bulk.connect();
        self.fresh.connect();
    }

    fn hdl(&self) -> Verilog {
        let mut text = Text::counts(LANES);
        text.bulk(LANES);
        let high = LANES - 1;
        let chosen = |to: &str, words: &[Vec<String>]| -> String {
            let digit = |(digit, words): (usize, &Vec<String>)| {
                format!(
                    "      {to}[{digit}] <= |(lane & ({}));\n",
                    words.join(" | ")
                )
            };
            words.iter().enumerate().map(digit).collect()
        };
        let of_bulk = |to: &str, kept: &str| -> String {
            (0..BULK_DIGITS)
                .map(|digit| {
                    format!(
                        "      {to}[{digit}] <= take_discarded & |(lane & bulk{digit}{kept});\n"
                    )
                })
                .collect()
        };
        let waits: String = COUNTS
            .iter()
            .map(|(name, ..)| {
                format!(
                    "      waiting_{name} <= snapshot ? {{{LANES}{{1'b1}}}} : waiting_{name} & stay_{name};\n"
                )
            })
            .collect();
        let waiting: Vec<String> = COUNTS
            .iter()
            .map(|(name, ..)| format!("(take_{name} & |(lane & waiting_{name}))"))
            .collect();
        let each = |line: &dyn Fn(&str) -> String| -> String {
            COUNTS.iter().map(|(name, ..)| line(name)).collect()
        };
        Verilog::Custom(format!(
            "\
{declared}{waiting_declared}initial begin
{start}{waiting_start}   count = 0;
   count_bulk = 0;
   kept = 0;
   kept_bulk = 0;
   fresh = 0;
end
always @(posedge clock) begin
   count <= 0;
   kept <= 0;
   if (reset) begin
{cleared}{waiting_cleared}      count_bulk <= 0;
      kept_bulk <= 0;
      fresh <= 0;
   end else begin
{counted}      if (snapshot) begin
{kept}      end
{waits}      fresh <= {waiting};
{taken}{taken_kept}{bulk}{bulk_kept}   end
end
",
            declared = text.declared,
            start = text.start,
            cleared = text.cleared,
            counted = text.counted,
            kept = text.kept,
            waiting = waiting.join(" | "),
            waiting_declared = each(&|name| format!("reg [{high}:0] waiting_{name};\n")),
            waiting_start = each(&|name| format!("   waiting_{name} = 0;\n")),
            waiting_cleared = each(&|name| format!("      waiting_{name} <= 0;\n")),
            taken = chosen("count", &text.taken),
            taken_kept = chosen("kept", &text.taken_kept),
            bulk = of_bulk("count_bulk", ""),
            bulk_kept = of_bulk("kept_bulk", "_kept"),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = [
            "reset",
            "bits",
            "ones",
            "coincidences",
            "ignored_low",
            "ignored_high",
            "edges_a",
            "edges_b",
            "discarded_low",
            "discarded_high",
            "bulk_count",
            "bulk_lane",
            "bulk_valid",
            "snapshot",
            "lane",
            "index",
        ];
        let outputs = ["count", "count_bulk", "kept", "kept_bulk", "fresh"];
        vec![TimingInfo {
            name: "counts".into(),
            clock: "clock".into(),
            inputs: inputs.map(Into::into).to_vec(),
            outputs: outputs.map(Into::into).to_vec(),
        }]
    }
}
