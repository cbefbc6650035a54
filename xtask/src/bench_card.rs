//! `cargo xtask bench-card`: every way to the card in one run, in one table.
//!
//! In process, over a socket, and in the guests of virtual machines behind two IOMMUs, all with one release build. The
//! figures are `photonbox`'s own; this only starts it and puts what it says side by side.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// Rounds of doorbell, data and interrupt, where the first argument doesn't say how many.
const ROUNDS: &str = "20000";
/// The guests' IOMMUs, as their figures' files are called, and in words.
const GUESTS: [(&str, &str); 2] = [
    ("intel-iommu", "guest, Intel's IOMMU"),
    ("virtio-iommu-pci", "guest, virtio's IOMMU"),
];

/// A way to the card, and `card bench`'s report on it; null where it could not be measured.
type Way = (&'static str, Value);

/// Measures, prints the table, and leaves the whole as JSON in `out/bench-card.json`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let rounds = match *arguments {
        [] => ROUNDS,
        [count] if count.parse::<u32>().is_ok_and(|count| count > 0) => count,
        _ => bail!("`bench-card` takes a number of rounds: cargo xtask bench-card [ROUNDS]"),
    };
    let out = root.join("out");
    let folder = out.join("bench-card");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;

    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let tests = || {
        let mut command = Command::new(&cargo);
        command
            .current_dir(root)
            .args(["test", "--locked", "--release", "-p", "photonbox"])
            .args(["--test", "vm"]);
        command
    };
    // With the program that it runs in the guests: one build for all of this.
    finish(tests().arg("--no-run"), "the release build")?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let photonbox = root.join(target).join("release/photonbox");

    let suite = json_of(Command::new(&photonbox).args(["bench", "card", "--json"]))?;
    let mut bench = Command::new(&photonbox);
    bench.args(["card", "bench", "--json", "--rounds", rounds]);
    let mut ways: Vec<Way> = vec![("in process", json_of(&mut bench)?)];
    ways.push(("vfio-user socket", over_a_socket(&photonbox, rounds)?));

    let mut guests = tests();
    guests
        .args(["--", "--test-threads", "1", "card::a_user_drives"])
        .env("PHOTONBOX_VM_ROUNDS", rounds)
        .env("PHOTONBOX_BENCH_FOLDER", &folder);
    finish(&mut guests, "the guests' test")?;
    for (file, name) in GUESTS {
        let file = folder.join(format!("{file}.json"));
        // The test says itself what it lacks where it skips a guest.
        let report = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is no report", file.display()))?,
            Err(_) => Value::Null,
        };
        ways.push((name, report));
    }

    say!("{}", table(&suite, &ways));
    let ways = ways
        .iter()
        .map(|(way, report)| json!({ "way": way, "report": report }));
    let whole = json!({ "bench": suite, "ways": ways.collect::<Vec<_>>() });
    let file = out.join("bench-card.json");
    std::fs::write(&file, format!("{whole:#}\n"))
        .with_context(|| format!("cannot write {}", file.display()))?;
    say!("all of it: {}", file.display());
    Ok(())
}

/// Runs to a good end; what it prints goes to standard error, which is not the table's.
fn finish(command: &mut Command, what: &str) -> Result<()> {
    let status = command
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("{what} did not start"))?;
    ensure!(status.success(), "{what} failed: {status}");
    Ok(())
}

fn json_of(command: &mut Command) -> Result<Value> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{command:?} did not start"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).with_context(|| format!("{command:?} printed no JSON"))
}

/// A served card, ended with this.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn over_a_socket(photonbox: &Path, rounds: &str) -> Result<Value> {
    // Short enough for a socket's name.
    let folder = std::env::temp_dir().join(format!("pb{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let socket = folder.join("card").display().to_string();
    let mut server = Command::new(photonbox)
        .args(["simcard", "--socket", &socket])
        .stdout(Stdio::piped())
        .spawn()
        .map(Served)
        .context("the card's server did not start")?;
    let said = server.0.stdout.take().context("a pipe")?;
    let mut lines = BufReader::new(said).lines();
    let serves = lines
        .by_ref()
        .any(|line| line.is_ok_and(|line| line.contains("vfio-user:")));
    ensure!(serves, "no card was served at {socket}");
    let drain = std::thread::spawn(move || lines.for_each(drop));
    let card = format!("vfio-user:{socket}");
    let report = json_of(Command::new(photonbox).args([
        "card", "bench", "--json", "--rounds", rounds, "--card", &card,
    ]));
    drop(server);
    let _ = drain.join();
    std::fs::remove_dir_all(&folder)
        .with_context(|| format!("cannot remove {}", folder.display()))?;
    report
}

/// A number of a report to three digits; a dash where there is none.
fn figure(value: Option<f64>, scale: f64) -> String {
    match value.map(|value| value * scale) {
        None => "-".to_owned(),
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

/// A report's columns, after the way's name.
fn columns(report: &Value) -> Vec<String> {
    let micros = |times: &str, quantile: &str| figure(report[times][quantile].as_f64(), 1.0);
    let ring = |name: &str| {
        let rings = report["rings"].as_array().map_or(&[][..], Vec::as_slice);
        let found = rings.iter().find(|ring| ring["ring"] == name);
        figure(
            found.and_then(|ring| ring["bytes_per_second"].as_f64()),
            1e-6,
        )
    };
    vec![
        micros("doorbell_us", "p50"),
        micros("doorbell_us", "p99"),
        micros("doorbell_us", "p99.9"),
        micros("interrupt_us", "p50"),
        micros("interrupt_us", "p99"),
        ring("entropy"),
        ring("raw"),
        ring("keybox"),
        figure(report["cpu_percent_at_gigabit"].as_f64(), 1.0),
    ]
}

/// Markdown, as `docs/benchmarks.md` has it.
fn table(suite: &Value, ways: &[Way]) -> String {
    let mut text =
        String::from("| name | value | unit | baseline | ratio |\n|---|---|---|---|---|\n");
    for result in suite["results"].as_array().into_iter().flatten() {
        let word = |key: &str| result[key].as_str().unwrap_or("-").to_owned();
        let number = |key: &str| match result[key].as_f64() {
            // Bytes a second have up to eleven digits, their share of memory's speed as many zeroes.
            Some(value) if !(0.01..1e4).contains(&value) => format!("{value:.2e}"),
            other => figure(other, 1.0),
        };
        let (name, unit) = (word("name"), word("unit"));
        text.push_str(&format!(
            "| `{name}` | {} | {unit} | {} | {} |\n",
            number("value"),
            number("baseline"),
            number("ratio"),
        ));
    }
    text.push_str(
        "\n| way to the card | data p50, us | p99 | p99.9 | interrupt p50, us | p99 | entropy, MB/s | raw | keybox | \
         driver's core at 1 Gbit/s, % |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (way, report) in ways {
        if report.is_null() {
            text.push_str(&format!("| {way} | skipped |\n"));
        } else {
            text.push_str(&format!("| {way} | {} |\n", columns(report).join(" | ")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_stand_side_by_side_and_one_that_is_missing_says_so() {
        let report = json!({
            "doorbell_us": {"p50": 3.21, "p99": 7.0, "p99.9": 424.4},
            "interrupt_us": {"p50": 12.34, "p99": 0.5},
            "rings": [
                {"ring": "keybox", "bytes_per_second": 98.7e6},
                {"ring": "entropy", "bytes_per_second": 0.31e6},
            ],
            "cpu_percent_at_gigabit": 4.321,
        });
        let suite = json!({"results": [
            {"name": "card.doorbell.p50", "value": 3.2, "unit": "us", "baseline": null, "ratio": null},
            {"name": "card.ring.raw", "value": 4e7, "unit": "B/s", "baseline": 2e10, "ratio": 0.002},
        ]});
        let text = table(&suite, &[("in process", report), ("guest", Value::Null)]);
        for line in [
            "| `card.doorbell.p50` | 3.20 | us | - | - |",
            "| `card.ring.raw` | 4.00e7 | B/s | 2.00e10 | 2.00e-3 |",
            "| in process | 3.21 | 7.00 | 424 | 12.3 | 0.50 | 0.31 | - | 98.7 | 4.32 |",
            "| guest | skipped |",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is missing in\n{text}"
            );
        }
    }

    #[test]
    fn rounds_are_a_number() {
        for bad in [&["0"][..], &["many"], &["1", "2"]] {
            let error = run(Path::new("/nowhere"), bad).expect_err("refused");
            assert!(error.to_string().contains("bench-card [ROUNDS]"), "{error}");
        }
    }
}
