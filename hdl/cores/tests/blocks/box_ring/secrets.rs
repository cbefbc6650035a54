//! No key stays behind: with nothing open and nothing under way, the memory of keys is zeros.

use super::BoxRingBench;
use photonbox_cores::box_ring::BoxRing;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation, build, lockstep, seed};
use rust_hdl::prelude::{Block, generate_verilog_unchecked};

/// Cycles since a key was taken from which `idle` and the memory belong together.
const LATE: u64 = 3;

/// The box ring's bench with an eye on its memory of keys.
struct SecretsBench {
    bench: BoxRingBench,
    place: PortId,
    word: PortId,
    data: PortId,
}

impl Bench for SecretsBench {
    const NAME: &'static str = "box_ring_secrets";
    const CYCLES: u64 = 400_000;
    const BINS: &'static [&'static str] = &["looked at idle", "looked while keys wait", "swept"];

    fn design() -> Result<Design> {
        let mut block = BoxRing::default();
        block.connect_all();
        // Two ports more: any place of the memory.
        let text = generate_verilog_unchecked(&block)
            .replacen("module top(", "module top(probe_place,probe_word,", 1)
            .replacen(
                ");",
                ");\n    input wire [9:0] probe_place;\n    output wire [255:0] probe_word;\n    \
                 assign probe_word = keys.words[probe_place];",
                1,
            );
        Design::new(Self::NAME, text, "top")
    }

    fn new(rtl: &Simulation, random: &mut Random) -> Self {
        Self {
            bench: BoxRingBench::new(rtl, random),
            place: rtl.port("probe_place"),
            word: rtl.port("probe_word"),
            data: rtl.port("data"),
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        let lost = self.bench.board.error_seen;
        self.bench.cycle(rtl, random, &mut |_| {})?;
        let board = &self.bench.board;
        rtl.set(self.place, random.below(1024));
        rtl.settle();
        let holds = rtl.get_wide(self.word).iter().any(|word| *word != 0);
        if !rtl.is(board.port("idle")) || board.now < board.moved + LATE {
            if holds {
                hit("looked while keys wait");
            }
            return Ok(());
        }
        if holds {
            return Err(format!("a key stays at {}", rtl.get(self.place)));
        }
        // What shows at the port is zeros, or the last completion, which says RING in its third word.
        let shown = rtl.get_wide(self.data);
        if shown.iter().any(|word| *word != 0) && shown[2] & 0x3 != photonbox_regmap::ring::KEYBOX {
            return Err(format!("a key shows: {shown:x?}"));
        }
        hit(if lost { "swept" } else { "looked at idle" });
        Ok(())
    }
}

#[test]
fn no_key_stays_in_the_box_ring() {
    let library = build::<SecretsBench>().unwrap();
    let seed = seed(SecretsBench::NAME);
    let bins = lockstep::<SecretsBench>(&library, seed, SecretsBench::CYCLES).unwrap();
    for (bin, count) in bins {
        assert!(count > 100, "{bin}: {count}");
    }
}
