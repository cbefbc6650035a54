//! A look into the memory of seeds, and counters that begin far on.

use super::{Ports, ToeplitzBench};
use crate::late::started;
use photonbox_cosim::{Random, Simulation};
use photonbox_regmap::extractor;

/// Blocks and their bits of [`watched`] before its first reset.
pub(super) const FIRST_BLOCKS: u64 = 0x6fff_ffff_ffff_fffc;
pub(super) const FIRST_BITS: u64 = 0x6fff_ffff_ffff_f800;
/// Cycles in which both sweeps end, whatever is loaded meanwhile.
const SWEPT: u64 = 400;

/// The design with ports that show a row of the memory.
pub(super) fn probed(text: &str) -> String {
    const NAMES: &str = "probe_row,probe_even,probe_odd,";
    const PORTS: &str = "\n    input wire [7:0] probe_row;\n    output wire [32:0] probe_even;\n    \
                         output wire [32:0] probe_odd;\n";
    let with = |text: &str, module: &str, after: &str| {
        let head = format!("\nmodule {module}(");
        let (before, rest) = text.split_once(&head).unwrap();
        let (ports, body) = rest.split_once(");").unwrap();
        format!("{before}{head}{NAMES}{ports});{PORTS}{after}{body}")
    };
    let text = with(
        &format!("\n{text}"),
        "top$seeds",
        "    assign probe_even = even[probe_row];\n    assign probe_odd = odd[probe_row];\n",
    );
    with(&text, "top", "").replacen(
        "top$seeds seeds(",
        "top$seeds seeds(\n        .probe_row(probe_row),\n        .probe_even(probe_even),\n        \
         .probe_odd(probe_odd),",
        1,
    )
}

/// The design with counters that are about to carry.
pub(super) fn watched(text: &str) -> String {
    let text = started(text, "top$registers$blocks", "64'h0", FIRST_BLOCKS);
    started(&text, "top$registers$raw", "64'h0", FIRST_BITS)
}

impl ToeplitzBench {
    /// A register is written in this cycle: what it may make the sweeps begin anew with.
    pub(super) fn unswept_by(&mut self, register: u32) {
        if matches!(
            register,
            extractor::N | extractor::M | extractor::SEED_COMMIT
        ) {
            self.swept_since = self.cycles;
        }
    }

    /// A row of the memory holds a word of a seed, or may while it is loaded.
    fn holds(&self, row: u64) -> bool {
        let (n, m) = self.model.shape();
        let seed = (n + m + 30) / 32;
        let in_force = (row >> 7 == 1) == self.model.bank();
        let words = match (in_force, self.model.seed_waits()) {
            (true, _) if self.model.seeded() => seed,
            (true, _) => 0,
            (false, true) => seed,
            (false, false) => self.model.words_loaded(),
        };
        (row & 127) < u64::from(words.div_ceil(2))
    }

    /// Nothing of a seed stays where none is.
    pub(super) fn look(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let Ports {
            probe_row,
            probe_even,
            probe_odd,
            ..
        } = self.ports;
        if self.model.epoch() != self.epoch {
            self.epoch = self.model.epoch();
            self.swept_since = self.cycles;
        }
        let most = if random.one_in(8) { 128 } else { 32 };
        let row = random.below(2) << 7 | random.below(most);
        rtl.set(probe_row, row);
        rtl.settle();
        let empty = rtl.get(probe_even) == 0 && rtl.get(probe_odd) == 0;
        if self.holds(row) {
            if !empty {
                hit("a seed's words");
            }
        } else if self.cycles > self.swept_since + SWEPT {
            hit("swept");
            if !empty {
                return Err(format!("a seed's word stays in row {row}"));
            }
        }
        Ok(())
    }
}
