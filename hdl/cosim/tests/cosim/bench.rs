//! A bench of a small block in plain Verilog: lockstep, bins, coverage, mutants, waveforms.

use photonbox_cosim::{Bench, Design, Fate, PortId, Random, Result, Simulation};
use photonbox_cosim::{check, cover, kills_one, mutate};

/// Counts up to 9 while enabled; `carry` while it starts again. One constant is never seen.
const DECADE: &str = "module top(clock,reset,enable,count,carry);
    input wire clock;
    input wire reset;
    input wire enable;
    output reg [3:0] count;
    output reg carry;
    initial count = 4'd0;
    initial carry = 1'd0;
    wire last;
    assign last = count == 4'd9;
    always @(posedge clock) begin
        carry <= enable & last;
        if (enable) count <= last ? 4'd0 : count + 4'd1;
        if (reset) begin count <= 4'd0; carry <= 1'd0; end
    end
endmodule
";

/// The bench; with `BLIND` it compares nothing.
struct DecadeBench<const BLIND: bool> {
    reset: PortId,
    enable: PortId,
    outputs: [PortId; 2],
    count: u64,
    carry: bool,
}

impl<const BLIND: bool> Bench for DecadeBench<BLIND> {
    const NAME: &'static str = if BLIND { "blind" } else { "decade" };
    const CYCLES: u64 = 2_000;
    const BINS: &'static [&'static str] = &["carry", "reset"];

    fn design() -> Result<Design> {
        Design::new(Self::NAME, DECADE.to_owned(), "top")
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        Self {
            reset: rtl.port("reset"),
            enable: rtl.port("enable"),
            outputs: [rtl.port("count"), rtl.port("carry")],
            count: 0,
            carry: false,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let (reset, enable) = (random.one_in(50), !random.one_in(3));
        rtl.set(self.reset, u64::from(reset));
        rtl.set(self.enable, u64::from(enable));
        rtl.clock();
        self.carry = enable && !reset && self.count == 9;
        self.count = match (reset, enable) {
            (true, _) => 0,
            (false, true) => (self.count + 1) % 10,
            (false, false) => self.count,
        };
        if self.carry {
            hit("carry");
        }
        if reset {
            hit("reset");
        }
        let seen = self.outputs.map(|port| rtl.get(port));
        let expected = [self.count, u64::from(self.carry)];
        if BLIND || seen == expected {
            Ok(())
        } else {
            Err(format!("{seen:?}, model {expected:?}"))
        }
    }
}

#[test]
fn lockstep_and_bins() {
    check::<DecadeBench<false>>().unwrap();
}

#[test]
fn coverage() {
    let covered = cover::<DecadeBench<false>>(1).unwrap();
    println!("{covered}");
    assert_eq!(covered.missing(), [""; 0]);
    let coverage = covered.coverage;
    assert!(
        coverage.lines.all > 0 && coverage.branches.all >= 4,
        "{coverage:?}"
    );
    assert_eq!(coverage.lines.hit, coverage.lines.all, "{coverage:?}");
    assert_eq!(coverage.branches.hit, coverage.branches.all, "{coverage:?}");
    // Every bit of every signal moves.
    assert_eq!(coverage.toggles.hit, coverage.toggles.all, "{coverage:?}");
    assert!(coverage.toggles.all >= 2 * (4 + 1 + 3), "{coverage:?}");
}

#[test]
fn mutants_are_killed() {
    let mutation = mutate::<DecadeBench<false>>(30, 1, "").unwrap();
    println!("{mutation}\n{}", mutation.left().join("\n"));
    assert_eq!(mutation.mutants.len(), 30);
    assert!(mutation.enough());
    let how = kills_one::<DecadeBench<false>>(1).unwrap();
    assert!(how.contains("] of "), "{how}");
}

/// A bench that compares nothing fails, and no explanation of other mutants helps it.
#[test]
fn blind_bench_is_found_out() {
    let stale = "inv A[0] of none # is not there";
    let mutation = mutate::<DecadeBench<true>>(4, 1, stale).unwrap();
    assert_eq!(mutation.killed(), 0);
    assert!(!mutation.enough());
    assert_eq!(mutation.stale.len(), 1);
    let error = kills_one::<DecadeBench<true>>(1).unwrap_err();
    assert!(
        error.starts_with("blind: the bench notices none"),
        "{error}"
    );

    // With a reason for each of them there is nothing left to notice, which is not enough either.
    let names = mutation.mutants.iter().map(|(name, _)| name);
    let reasons: Vec<String> = names.map(|name| format!("{name} # why")).collect();
    let mutation = mutate::<DecadeBench<true>>(4, 1, &reasons.join("\n")).unwrap();
    let explained = |fate: &Fate| matches!(fate, Fate::Explained(why) if why == "why");
    assert!(mutation.mutants.iter().any(|(_, fate)| explained(fate)));
    assert_eq!(mutation.unseen(), 4);
    assert!(!mutation.enough());
}

/// A mutant that never does what the bench waits for is killed, not waited for.
struct WaitingBench(DecadeBench<false>);

impl Bench for WaitingBench {
    const NAME: &'static str = "waiting";
    const CYCLES: u64 = 100;
    const BINS: &'static [&'static str] = &[];

    fn design() -> Result<Design> {
        Design::new(Self::NAME, DECADE.to_owned(), "top")
    }

    fn new(rtl: &Simulation, random: &mut Random) -> Self {
        Self(DecadeBench::new(rtl, random))
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        _random: &mut Random,
        _hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        rtl.set(self.0.enable, 1);
        while !rtl.is(self.0.outputs[1]) {
            rtl.clock();
        }
        rtl.clock();
        Ok(())
    }
}

#[test]
fn waiting_in_vain_ends() {
    let mutation = mutate::<WaitingBench>(12, 1, "").unwrap();
    let waited = Fate::Killed("did not end".to_owned());
    assert!(
        mutation.mutants.iter().any(|(_, fate)| *fate == waited),
        "{mutation}"
    );
}

/// Run by [`waves_are_written`] with `WAVES=1` and a folder of its own.
#[test]
#[ignore = "started by waves_are_written"]
fn write_waves() {
    check::<DecadeBench<false>>().unwrap();
}

#[test]
fn waves_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "bench::write_waves", "--ignored"])
        .env("WAVES", "1")
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    let files = std::fs::read_dir(folder.path().join("waves")).unwrap();
    let sizes: Vec<u64> = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .collect();
    assert!(sizes.len() == 1 && sizes[0] > 1_000, "{sizes:?}");
}
