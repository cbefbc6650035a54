//! What was measured: `bitstreams/reports/*.json`, and the table made of it in `docs/hardware.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::levels::Depth;

const FOLDER: &str = "bitstreams/reports";
const DOCUMENT: &str = "docs/hardware.md";
const BEGIN: &str = "<!-- begin: cargo xtask synth -->";
const END: &str = "<!-- end: cargo xtask synth -->";

/// One place-and-route run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seed {
    pub(crate) seed: u32,
    pub(crate) fmax_mhz: f64,
}

/// One design on one target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    pub(crate) build: String,
    pub(crate) target: String,
    pub(crate) device: String,
    /// How far it went: what the figures may be taken for.
    pub(crate) kind: String,
    pub(crate) source_sha256: String,
    pub(crate) tools: BTreeMap<String, String>,
    /// Cells after synthesis, in order of interest.
    pub(crate) cells: Vec<(String, u64)>,
    /// Depth of the logic, where no placer tells of time.
    pub(crate) depth: Option<Depth>,
    /// Used and available, as the placer counts.
    pub(crate) utilisation: BTreeMap<String, [u64; 2]>,
    pub(crate) seeds: Vec<Seed>,
}

impl Report {
    /// Median of the seeds' fmax in MHz.
    fn median(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.seeds.iter().map(|seed| seed.fmax_mhz).collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let upper = sorted.get(middle)?;
        if sorted.len().is_multiple_of(2) {
            return Some((sorted[middle - 1] + upper) / 2.0);
        }
        Some(*upper)
    }

    fn to_json(&self) -> Value {
        let seeds = self.seeds.iter();
        let seeds: Vec<Value> = seeds
            .map(|one| json!({"seed": one.seed, "fmax_mhz": tenth(one.fmax_mhz)}))
            .collect();
        let cells = self.cells.iter();
        let cells: Vec<Value> = cells
            .map(|(name, count)| json!({"name": name, "count": count}))
            .collect();
        json!({
            "build": self.build,
            "target": self.target,
            "device": self.device,
            "kind": self.kind,
            "source_sha256": self.source_sha256,
            "tools": self.tools,
            "cells": cells,
            "logic_levels": self.depth.as_ref().map(|depth| depth.levels),
            "longest_carry_bits": self.depth.as_ref().map(|depth| depth.carry_bits),
            "deepest_path_begins_at": self.depth.as_ref().map(|depth| depth.begins_at.as_str()),
            "deepest_path_ends_at": self.depth.as_ref().map(|depth| depth.ends_at.as_str()),
            "utilisation": self.utilisation,
            "seeds": seeds,
            "fmax_median_mhz": self.median().map(tenth),
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |key: &str| Some(value[key].as_str()?.to_owned());
        let seed = |one: &Value| {
            Some(Seed {
                seed: u32::try_from(one["seed"].as_u64()?).ok()?,
                fmax_mhz: one["fmax_mhz"].as_f64()?,
            })
        };
        let depth = || {
            Some(Depth {
                levels: value["logic_levels"].as_u64()?,
                carry_bits: value["longest_carry_bits"].as_u64()?,
                begins_at: text("deepest_path_begins_at")?,
                ends_at: text("deepest_path_ends_at")?,
            })
        };
        let cell = |one: &Value| Some((one["name"].as_str()?.to_owned(), one["count"].as_u64()?));
        Some(Self {
            build: text("build")?,
            target: text("target")?,
            device: text("device")?,
            kind: text("kind")?,
            source_sha256: text("source_sha256")?,
            tools: serde_json::from_value(value["tools"].clone()).ok()?,
            cells: value["cells"]
                .as_array()?
                .iter()
                .map(cell)
                .collect::<Option<_>>()?,
            depth: depth(),
            utilisation: serde_json::from_value(value["utilisation"].clone()).ok()?,
            seeds: value["seeds"]
                .as_array()?
                .iter()
                .map(seed)
                .collect::<Option<_>>()?,
        })
    }
}

/// To a tenth of a megahertz: more is noise.
fn tenth(mhz: f64) -> f64 {
    (mhz * 10.0).round() / 10.0
}

/// Writes a report and the document's table.
pub(crate) fn publish(root: &Path, report: &Report) -> Result<()> {
    let folder = root.join(FOLDER);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {FOLDER}"))?;
    let name = format!("{}-{}.json", report.build, report.target);
    let text = serde_json::to_string_pretty(&report.to_json())? + "\n";
    std::fs::write(folder.join(&name), text)
        .with_context(|| format!("cannot write {FOLDER}/{name}"))?;
    say!("wrote {FOLDER}/{name}");
    let document = std::fs::read_to_string(root.join(DOCUMENT))
        .with_context(|| format!("cannot read {DOCUMENT}"))?;
    let fresh = with_table(&document, &table(&read(root)?))?;
    std::fs::write(root.join(DOCUMENT), fresh).with_context(|| format!("cannot write {DOCUMENT}"))
}

/// A complaint when the document's table is not what the reports say.
pub(crate) fn stale(root: &Path) -> Result<Option<String>> {
    let document = std::fs::read_to_string(root.join(DOCUMENT))
        .with_context(|| format!("cannot read {DOCUMENT}"))?;
    let fresh = with_table(&document, &table(&read(root)?))?;
    Ok((fresh != document)
        .then(|| format!("{DOCUMENT}: its table is not that of {FOLDER}: cargo xtask synth")))
}

/// All reports, by file name.
fn read(root: &Path) -> Result<Vec<Report>> {
    let Ok(entries) = std::fs::read_dir(root.join(FOLDER)) else {
        return Ok(Vec::new());
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let value: Value = serde_json::from_slice(&std::fs::read(path)?)?;
            Report::from_json(&value).context("it lacks something")
        })
        .zip(&paths)
        .map(|(report, path)| report.with_context(|| format!("{} is no report", path.display())))
        .collect()
}

fn with_table(document: &str, table: &str) -> Result<String> {
    let lost = || format!("{DOCUMENT} has lost its marks {BEGIN} and {END}");
    let (before, rest) = document.split_once(BEGIN).with_context(lost)?;
    let (_, after) = rest.split_once(END).with_context(lost)?;
    Ok(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

/// Reports as a table.
pub(crate) fn table(reports: &[Report]) -> String {
    if reports.is_empty() {
        return "No report yet: run `cargo xtask synth`.\n".to_owned();
    }
    let mut out = String::from(
        "| build | device | cells after synthesis | placed, of | fmax in MHz, median (seeds) | tools | source |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for report in reports {
        let cells = report.cells.iter().filter(|(_, count)| *count != 0);
        let cells: Vec<String> = cells
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        let placed = report.utilisation.iter();
        let placed: Vec<String> = placed
            .map(|(kind, [used, available])| format!("{kind} {used} / {available}"))
            .collect();
        let each = report.seeds.iter();
        let each: Vec<String> = each.map(|seed| format!("{:.1}", seed.fmax_mhz)).collect();
        let fmax = match (report.median(), &report.depth) {
            (Some(median), _) => format!("**{median:.1}** ({})", each.join(", ")),
            (None, Some(depth)) => format!(
                "not measured; at most {} levels of logic, carry of {} bits",
                depth.levels, depth.carry_bits
            ),
            (None, None) => "not measured".to_owned(),
        };
        let tools = report.tools.iter();
        let tools: Vec<String> = tools
            .map(|(tool, version)| {
                if version
                    .to_lowercase()
                    .contains(tool.split('-').next().unwrap_or(tool))
                {
                    version.clone()
                } else {
                    format!("{tool} {version}")
                }
            })
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| {} | {}; {} | {} | {} | {} | {} | `{}` |",
            report.build,
            report.device,
            report.kind,
            cells.join(", "),
            if placed.is_empty() {
                "-".to_owned()
            } else {
                placed.join(", ")
            },
            fmax,
            tools.join(", "),
            report
                .source_sha256
                .get(..12)
                .unwrap_or(&report.source_sha256)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(fmax: &[f64]) -> Report {
        let seeds = (1..).zip(fmax);
        Report {
            build: "small".to_owned(),
            target: "ecp5".to_owned(),
            device: "a device".to_owned(),
            kind: "an estimate".to_owned(),
            source_sha256: "00112233445566778899".to_owned(),
            tools: BTreeMap::from([("yosys".to_owned(), "Yosys 1".to_owned())]),
            cells: vec![("LUT4".to_owned(), 7), ("FF".to_owned(), 0)],
            depth: None,
            utilisation: BTreeMap::from([("TRELLIS_FF".to_owned(), [3, 10])]),
            seeds: seeds
                .map(|(seed, &fmax_mhz)| Seed { seed, fmax_mhz })
                .collect(),
        }
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(example(&[]).median(), None);
        assert_eq!(example(&[120.0, 100.0, 110.0]).median(), Some(110.0));
        assert_eq!(example(&[120.0, 100.0]).median(), Some(110.0));
    }

    #[test]
    fn a_report_survives_its_file() {
        let report = example(&[101.5, 99.0, 120.3]);
        assert_eq!(Report::from_json(&report.to_json()), Some(report));
        let report = Report {
            depth: Some(Depth {
                levels: 7,
                carry_bits: 60,
                begins_at: "here".to_owned(),
                ends_at: "there".to_owned(),
            }),
            ..example(&[])
        };
        assert!(table(std::slice::from_ref(&report)).contains("at most 7 levels"));
        assert_eq!(Report::from_json(&report.to_json()), Some(report));
        assert_eq!(Report::from_json(&json!({})), None);
    }

    #[test]
    fn an_old_table_is_a_complaint() {
        let root = std::env::temp_dir().join(format!("xtask-report-{}", std::process::id()));
        std::fs::create_dir_all(root.join("docs")).expect("temporary folder");
        let empty = format!("# Hardware\n\n{BEGIN}{END}\nend\n");
        std::fs::write(root.join(DOCUMENT), &empty).expect("written");
        assert!(stale(&root).expect("readable").is_some());
        publish(&root, &example(&[101.5])).expect("written");
        assert_eq!(stale(&root).expect("readable"), None);
        let document = std::fs::read_to_string(root.join(DOCUMENT)).expect("readable");
        assert!(document.contains("**101.5** (101.5)") && document.ends_with("\nend\n"));
        assert!(document.contains("LUT4 7 |") && document.contains("`001122334455`"));
        std::fs::write(root.join(DOCUMENT), document.replace("101.5", "201.5")).expect("written");
        assert!(stale(&root).expect("readable").is_some());
        std::fs::remove_dir_all(&root).expect("clean up");
    }
}
