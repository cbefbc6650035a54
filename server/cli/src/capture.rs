//! `photonbox capture`: what is in a recording, and the bits that the sampler makes of it.

use crate::exit::Failure;
use anyhow::Context as _;
use photonbox_entropy::assess::Packing;
use photonbox_model::sampler::SamplerSettings;
use photonbox_simcard::CoreKind;
use photonbox_simcard::capture_bits::{BitsError, CaptureBits, capture_bits_by};
use photonbox_simcard::ptu::{Capture, CaptureInfo};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Flags of `capture`.
#[derive(Debug, clap::Args)]
pub(crate) struct CaptureArgs {
    #[command(subcommand)]
    command: CaptureCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CaptureCommand {
    /// Show what a recording holds.
    Info(InfoArgs),
    /// Turn a recording into bits, as the card's sampler does.
    Bits(BitsArgs),
}

#[derive(Debug, clap::Args)]
struct InfoArgs {
    /// The recording (.ptu, T2 mode).
    file: PathBuf,
    /// Print one JSON document on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct BitsArgs {
    /// The recording (.ptu, T2 mode).
    file: PathBuf,
    #[command(flatten)]
    sampling: Sampling,
    /// What samples: the reference model, or the verilated hardware.
    #[arg(long, value_enum, default_value_t = Core::Model)]
    card: Core,
    /// Write the bits into this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How bits lie in the file: `msb`, eight a byte, first bit highest, whole bytes only; `byte`,
    /// one a byte.
    #[arg(long, value_name = "PACKING", default_value = "msb", value_parser = packing, requires = "out")]
    packing: Packing,
    /// Print one JSON document on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
}

/// What makes the bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Core {
    /// The reference model.
    Model,
    /// The hardware design, verilated.
    Rtl,
}

/// How a recording is sampled.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Sampling {
    /// Length of a cycle, picoseconds [default: 4000].
    #[arg(long, value_name = "PS")]
    period_ps: Option<u64>,
    /// Coincidence window W, cycles [default: 0].
    #[arg(long, value_name = "CYCLES")]
    window: Option<u32>,
    /// Hold-off after a bit or a coincidence, cycles [default: 30].
    #[arg(long, value_name = "CYCLES")]
    holdoff: Option<u32>,
}

impl Sampling {
    /// The cycle of the card, 250 MHz.
    const DEFAULT_PERIOD_PS: u64 = 4_000;

    fn period_ps(self) -> u64 {
        self.period_ps.unwrap_or(Self::DEFAULT_PERIOD_PS)
    }

    fn settings(self) -> SamplerSettings {
        let defaults = SamplerSettings::default();
        SamplerSettings {
            window: self.window.unwrap_or(defaults.window),
            holdoff: self.holdoff.unwrap_or(defaults.holdoff),
            ..defaults
        }
    }

    /// Whether any of the flags was given.
    pub(crate) fn is_given(self) -> bool {
        self.period_ps.is_some() || self.window.is_some() || self.holdoff.is_some()
    }

    /// The settings in words, for a report.
    pub(crate) fn describe(self) -> String {
        let settings = self.settings();
        format!(
            "cycle {} ps, window {} and hold-off {} cycles",
            self.period_ps(),
            settings.window,
            settings.holdoff
        )
    }

    /// What the sampler makes of `capture`.
    pub(crate) fn sample(self, capture: &Capture) -> anyhow::Result<CaptureBits> {
        self.sample_by(CoreKind::Model, capture)
    }

    /// The same, by the sampler of the model or of the verilated hardware.
    fn sample_by(self, core: CoreKind, capture: &Capture) -> anyhow::Result<CaptureBits> {
        let bits = capture_bits_by(core, capture, self.period_ps(), self.settings());
        bits.map_err(|error| match error.to_string().split_once("; ") {
            Some((what, help)) if error != BitsError::ZeroPeriod => Failure::usage(what, help),
            _ => error.into(),
        })
    }
}

/// Parses a packing, for clap.
pub(crate) fn packing(name: &str) -> Result<Packing, String> {
    name.parse()
        .map_err(|error: photonbox_entropy::assess::PackingError| error.to_string())
}

/// Writes one JSON document and a newline.
pub(crate) fn write_json(out: &mut dyn Write, value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value).context("cannot write the report as JSON")?;
    Ok(writeln!(out, "{text}")?)
}

/// Opens a recording; the error names the file.
pub(crate) fn open(file: &Path) -> anyhow::Result<Capture> {
    Capture::open(file).map_err(|error| {
        let message = error.to_string();
        if message.contains(&*file.to_string_lossy()) {
            return anyhow::Error::new(error);
        }
        // The library says what failed and, after a semicolon, what to do.
        let (what, help) = message.split_once("; ").unwrap_or((
            message.as_str(),
            "give a T2 recording in PicoQuant's .ptu format",
        ));
        Failure::failed(format!("cannot read {}: {what}", file.display()), help)
    })
}

/// `capture info` and `capture bits`.
pub(crate) fn run(args: CaptureArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.command {
        CaptureCommand::Info(args) => info(&args, out),
        CaptureCommand::Bits(args) => bits(&args, out),
    }
}

fn info(args: &InfoArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let capture = open(&args.file)?;
    if args.json {
        return write_json(out, capture.info());
    }
    Ok(out.write_all(info_text(capture.info()).as_bytes())?)
}

fn info_text(info: &CaptureInfo) -> String {
    let seconds = info.duration_ps as f64 * 1e-12;
    let (a, b) = (info.detections.a, info.detections.b);
    let share = |part: u64| 100.0 * part as f64 / (a + b) as f64;
    format!(
        "  format      {}, mode {}, resolution {} ps\n  \
           duration    {seconds:.6} s\n  \
           records     {}, of which {} overflows, {} markers, {} on other channels\n  \
           detector A  {a} ({:.2} %)\n  \
           detector B  {b} ({:.2} %)\n  \
           rate        {:.0} detections/s\n",
        info.format,
        info.mode,
        info.resolution_ps,
        info.records,
        info.overflows,
        info.markers,
        info.other_channels,
        share(a),
        share(b),
        // A recording of one instant has no rate.
        if seconds > 0.0 {
            (a + b) as f64 / seconds
        } else {
            0.0
        },
    )
}

fn bits(args: &BitsArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let core = match args.card {
        Core::Model => CoreKind::Model,
        Core::Rtl => CoreKind::Rtl,
    };
    let sampled = args.sampling.sample_by(core, &open(&args.file)?)?;
    if let Some(path) = &args.out {
        std::fs::write(path, args.packing.pack(&sampled.values)).map_err(|error| {
            Failure::failed(
                format!("cannot write {}: {error}", path.display()),
                "name a file in a folder that exists and may be written, with room for the bits",
            )
        })?;
    }
    let report = &sampled.report;
    if args.json {
        return write_json(out, report);
    }
    let lag1 = report.lag1.map_or_else(
        || "not defined: all bits are equal".to_owned(),
        |r| format!("{r:+.5}"),
    );
    let share = if report.bits == 0 {
        0.0
    } else {
        100.0 * report.ones as f64 / report.bits as f64
    };
    write!(
        out,
        "  sampled       {}\n  \
           bits          {}\n  \
           ones          {} ({share:.3} %)\n  \
           coincidences  {}\n  \
           ignored       {}\n  \
           lag-1         {lag1}\n  \
           sha256        {} (whole bytes, first bit highest)\n",
        args.sampling.describe(),
        report.bits,
        report.ones,
        report.coincidences,
        report.ignored,
        report.sha256_packed_msb_first,
    )?;
    if let Some(path) = &args.out {
        writeln!(out, "  written       {} ({})", path.display(), args.packing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use clap::Parser as _;
    use photonbox_simcard::ptu::{Detector, RecordType, Writer};

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: CaptureArgs,
    }

    fn photonbox(arguments: &[&str]) -> anyhow::Result<String> {
        let cli = Cli::try_parse_from([&["capture"], arguments].concat())?;
        let mut out = Vec::new();
        run(cli.args, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    /// The arrivals AABABBABAB, one microsecond apart.
    fn example(folder: &Path) -> PathBuf {
        let mut writer = Writer::new(RecordType::HydraHarpV2, 1e-12);
        for (index, letter) in "AABABBABAB".chars().enumerate() {
            let detector = if letter == 'A' {
                Detector::A
            } else {
                Detector::B
            };
            writer.photon(detector, index as u64 * 1_000_000);
        }
        let path = folder.join("example.ptu");
        std::fs::write(&path, writer.to_bytes()).unwrap();
        path
    }

    #[test]
    fn info_has_the_keys_of_the_specification() {
        let folder = tempfile::tempdir().unwrap();
        let path = example(folder.path());
        let text = photonbox(&["info", path.to_str().unwrap(), "--json"]).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        for key in [
            "format",
            "mode",
            "resolution_ps",
            "records",
            "overflows",
            "detections",
            "duration_ps",
        ] {
            assert!(json.get(key).is_some(), "{key}: {text}");
        }
        assert_eq!(json["mode"], "T2");
        assert_eq!(
            (
                json["detections"]["a"].as_u64(),
                json["detections"]["b"].as_u64()
            ),
            (Some(5), Some(5))
        );
        let report = photonbox(&["info", path.to_str().unwrap()]).unwrap();
        assert!(report.contains("detector A  5 (50.00 %)"), "{report}");
    }

    #[test]
    fn the_seeds_example_in_both_packings() {
        let folder = tempfile::tempdir().unwrap();
        let path = example(folder.path());
        let out = folder.path().join("bits");
        let written = out.to_str().unwrap();
        let text = photonbox(&[
            "bits",
            path.to_str().unwrap(),
            "--out",
            written,
            "--packing",
            "byte",
        ])
        .unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), [1, 1, 0, 1, 0, 0, 1, 0, 1, 0]);
        assert!(
            text.contains("bits          10\n") && text.contains("(byte)"),
            "{text}"
        );
        let text =
            photonbox(&["bits", path.to_str().unwrap(), "--out", written, "--json"]).unwrap();
        assert_eq!(
            std::fs::read(&out).unwrap(),
            [0b1101_0010],
            "whole bytes only"
        );
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (json["bits"].as_u64(), json["ones"].as_u64()),
            (Some(10), Some(5))
        );
        for key in ["coincidences", "ignored", "lag1", "sha256_packed_msb_first"] {
            assert!(json.get(key).is_some(), "{key}: {text}");
        }
    }

    #[test]
    fn failures_say_what_and_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = example(folder.path());
        let file = path.to_str().unwrap();
        if CoreKind::Rtl.available() {
            let by = |card| photonbox(&["bits", file, "--card", card, "--json"]).unwrap();
            assert_eq!(by("rtl"), by("model"));
        } else {
            let error = photonbox(&["bits", file, "--card", "rtl"]).unwrap_err();
            assert!(error.to_string().contains("not in this build"), "{error}");
        }
        let error = photonbox(&["bits", file, "--period-ps", "0"]).unwrap_err();
        assert!(error.to_string().contains("--period-ps"), "{error}");
        let error = photonbox(&["bits", file, "--out", "/nowhere/at/all"]).unwrap_err();
        assert!(
            error.to_string().contains("cannot write /nowhere/at/all"),
            "{error}"
        );
        let foreign = folder.path().join("foreign.ptu");
        std::fs::write(&foreign, "not a recording").unwrap();
        let error = photonbox(&["info", foreign.to_str().unwrap()]).unwrap_err();
        assert!(error.to_string().contains("foreign.ptu"), "{error}");
        let error = photonbox(&["info", "/nowhere.ptu"]).unwrap_err();
        assert!(error.to_string().contains("/nowhere.ptu"), "{error}");
        assert!(photonbox(&["bits", file, "--packing", "lsb", "--out", "x"]).is_err());
        assert!(
            photonbox(&["bits", file, "--packing", "msb"]).is_err(),
            "without --out it has no meaning"
        );
    }
}
