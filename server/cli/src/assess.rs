//! `photonbox assess`: min-entropy of a bit file or a recording after SP 800-90B.

use crate::capture::{Sampling, open, packing, write_json};
use crate::exit::Failure;
use crate::plots;
use indicatif::{ProgressBar, ProgressStyle};
use photonbox_entropy::assess::{self, Assessment, IidReport, Packing, RECOMMENDED_BITS};
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

/// Flags of `assess`.
#[derive(Debug, clap::Args)]
pub(crate) struct AssessArgs {
    /// A file of bits.
    #[arg(
        required_unless_present = "capture",
        conflicts_with = "capture",
        requires = "packing"
    )]
    file: Option<PathBuf>,
    /// How bits lie in the file: `msb`, eight a byte, first bit highest; `byte`, one a byte.
    #[arg(long, value_name = "PACKING", value_parser = packing, requires = "file")]
    packing: Option<Packing>,
    /// Assess the bits that the sampler makes of this recording (.ptu, T2 mode).
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    #[command(flatten)]
    sampling: Sampling,
    /// Run the IID tests of SP 800-90B §5 too: minutes, where the source fails them.
    #[arg(long)]
    iid: bool,
    /// Draw plots (SVG) into this folder.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Print one JSON document on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
}

/// The bits to assess, and where they come from.
struct Input {
    bits: Vec<u8>,
    origin: String,
    /// When photons arrived, where that is known.
    arrivals: Option<plots::Arrivals>,
}

/// Assesses, reports, plots.
pub(crate) fn run(args: AssessArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let input = read(&args)?;
    let mut assessment = assess::assess(&input.bits)?;
    if args.iid {
        assessment.iid = Some(iid(&input.bits)?);
    }
    let drawn = match &args.plots {
        Some(folder) => plots::draw(folder, &input.bits, input.arrivals.as_ref())?,
        None => Vec::new(),
    };
    if args.json {
        return write_json(out, &assessment);
    }
    Ok(out.write_all(report(&assessment, &input.origin, &drawn).as_bytes())?)
}

fn read(args: &AssessArgs) -> anyhow::Result<Input> {
    match (&args.capture, &args.file, args.packing) {
        (Some(path), _, _) => {
            let capture = open(path)?;
            let bits = args.sampling.sample(&capture)?.values;
            let arrivals = args.plots.as_ref().map(|_| plots::Arrivals::of(&capture));
            Ok(Input {
                bits,
                origin: format!("{} ({})", path.display(), args.sampling.describe()),
                arrivals,
            })
        }
        (None, Some(_), _) if args.sampling.is_given() => Err(Failure::usage(
            "--period-ps, --window and --holdoff say how a recording is sampled, and this is a file of bits",
            "leave them out, or give the recording with --capture",
        )),
        (None, Some(path), Some(packing)) => {
            let file = std::fs::read(path).map_err(|error| {
                let help = "give a file of bits, such as `capture bits --out` writes";
                Failure::failed(format!("cannot read {}: {error}", path.display()), help)
            })?;
            let bits = packing.unpack(&file).map_err(|error| {
                let message = error.to_string();
                let (what, help) = message
                    .split_once("; ")
                    .unwrap_or((&message, "check --packing"));
                Failure::failed(format!("cannot read {}: {what}", path.display()), help)
            })?;
            Ok(Input {
                bits,
                origin: format!("{} ({packing})", path.display()),
                arrivals: None,
            })
        }
        // The argument parser asks for one of the two, and for the packing of a file.
        (None, _, _) => Err(Failure::usage(
            "there is nothing to assess",
            "give a file of bits with --packing, or a recording with --capture",
        )),
    }
}

/// The IID tests, with a progress bar where somebody can see it.
fn iid(bits: &[u8]) -> anyhow::Result<IidReport> {
    let mut seed = [0; 32];
    aws_lc_rs::rand::fill(&mut seed).map_err(|_| {
        Failure::failed(
            "the operating system gave no random bytes to shuffle with",
            "check that getrandom works here",
        )
    })?;
    // Drawn on standard error, and only if that is a terminal.
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("shuffles {bar:40} {pos}/{len}, {msg}, {elapsed}")
    {
        bar.set_style(style);
    }
    let report = assess::iid::test(bits, &seed, &mut |progress| {
        bar.set_length(progress.limit as u64);
        bar.set_position(progress.shuffles as u64);
        bar.set_message(format!("{} of 19 statistics undecided", progress.undecided));
    });
    bar.finish_and_clear();
    Ok(report?)
}

/// The report for people.
fn report(assessment: &Assessment, origin: &str, plots: &[PathBuf]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail, so the results are not looked at.
    let _ = writeln!(
        text,
        "Min-entropy of {} bits from {origin}",
        grouped(assessment.bits)
    );
    let _ = writeln!(
        text,
        "by the ten estimators of NIST SP 800-90B §6.3 for binary data:\n"
    );
    let _ = writeln!(
        text,
        "  section  estimator                         bits per bit"
    );
    let h = assessment.estimates.h;
    for (section, name, estimate) in assessment.estimates.named() {
        let mark = if estimate == h { "  <- least" } else { "" };
        let _ = writeln!(text, "  {section:<7}  {name:<34}    {estimate:.6}{mark}");
    }
    let _ = writeln!(
        text,
        "\n  assessed min-entropy per bit, h               {h:.6}"
    );
    if let Some(iid) = &assessment.iid {
        text.push_str(&iid_report(iid));
    }
    text.push('\n');
    if assessment.bits < RECOMMENDED_BITS {
        let _ = writeln!(
            text,
            "The recording is shorter than the {} samples that the standard wants.",
            grouped(RECOMMENDED_BITS)
        );
    }
    text.push_str(
        "Nothing here is validated: these are estimates of one recording, not a NIST (ESV) validation.\n",
    );
    if !plots.is_empty() {
        let _ = writeln!(text, "\nPlots:");
        plots.iter().for_each(|path| {
            let _ = writeln!(text, "  {}", path.display());
        });
    }
    text
}

fn iid_report(iid: &IidReport) -> String {
    let verdict = |passed: bool| if passed { "passed" } else { "FAILED" };
    let mut text = format!(
        "\nIID tests of §5, {} shuffles: {}\n\n",
        grouped(iid.shuffles),
        verdict(iid.passed)
    );
    let _ = writeln!(
        text,
        "  permutation test            statistic  greater  equal   less"
    );
    for test in &iid.permutation {
        let _ = writeln!(
            text,
            "  {:<22} {:>14.3} {:>8} {:>6} {:>6}  {}",
            test.name,
            test.statistic,
            test.greater,
            test.equal,
            test.less,
            verdict(test.passed)
        );
    }
    let _ = writeln!(text);
    for (name, test) in [
        ("independence", &iid.independence),
        ("goodness of fit", &iid.goodness_of_fit),
    ] {
        let _ = writeln!(
            text,
            "  chi-square {name:<16} {:.3} with {} degrees of freedom, p = {:.3e}  {}",
            test.statistic,
            test.degrees,
            test.p,
            verdict(test.passed)
        );
    }
    let repeat = &iid.longest_repeat;
    let _ = writeln!(
        text,
        "  longest repeat              {} bits, p = {:.3e}  {}",
        repeat.length,
        repeat.p,
        verdict(repeat.passed)
    );
    text
}

/// A number with commas between groups of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use clap::Parser as _;
    use serde_json::Value;
    use std::path::Path;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: AssessArgs,
    }

    fn photonbox(arguments: &[&str]) -> anyhow::Result<String> {
        let cli = Cli::try_parse_from([&["assess"], arguments].concat())?;
        let mut out = Vec::new();
        run(cli.args, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    /// Bits that look random enough: a 32-bit xorshift's top bits.
    fn random_bits(count: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_u32;
        (0..count)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                (state >> 31) as u8
            })
            .collect()
    }

    /// The recording, or nothing where it is not at hand.
    fn recording() -> Option<String> {
        let path = std::env::var("PHOTONBOX_CAPTURE")
            .ok()
            .filter(|path| !path.is_empty());
        if path.is_none() {
            println!("skipped: PHOTONBOX_CAPTURE is not set");
        }
        path
    }

    #[test]
    fn agrees_with_nists_tool_on_the_recording() {
        let Some(path) = recording() else { return };
        let vectors = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/vectors/assess.json"
        );
        let vectors: Value = serde_json::from_slice(&std::fs::read(vectors).unwrap()).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 2);
        for case in cases {
            let flag = |name: &str| case[name].to_string();
            let (period, window, holdoff) = (flag("period_ps"), flag("window"), flag("holdoff"));
            let text = photonbox(&[
                "--capture",
                &path,
                "--period-ps",
                &period,
                "--window",
                &window,
                "--holdoff",
                &holdoff,
                "--json",
            ]);
            let json: Value = serde_json::from_str(&text.unwrap()).unwrap();
            assert_eq!(json["bits"], case["bits"]);
            assert!(json["iid"].is_null());
            for (name, ours) in json["estimates"].as_object().unwrap() {
                let theirs = case[name].as_f64().unwrap();
                let ours = ours.as_f64().unwrap();
                assert!(
                    (ours - theirs).abs() <= 1e-6,
                    "{name}: {ours}, NIST's tool {theirs}"
                );
            }
            assert_eq!(json["estimates"].as_object().unwrap().len(), 11);
        }
    }

    #[test]
    fn the_recordings_report_and_plots() {
        let Some(path) = recording() else { return };
        let folder = tempfile::tempdir().unwrap();
        let plots = folder.path().join("plots");
        let text = photonbox(&["--capture", &path, "--plots", plots.to_str().unwrap()]).unwrap();
        assert!(
            text.contains("336,488 bits") && text.contains("hold-off 30 cycles"),
            "{text}"
        );
        assert!(text.contains("0.548783  <- least"), "{text}");
        assert!(
            text.contains("shorter than the 1,000,000 samples"),
            "{text}"
        );
        assert!(text.contains("Nothing here is validated"), "{text}");
        let mut drawn: Vec<_> = std::fs::read_dir(&plots)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        drawn.sort();
        assert_eq!(
            drawn,
            ["autocorrelation.svg", "bias.svg", "inter-arrival.svg"]
        );
    }

    #[test]
    fn both_packings_of_the_same_bits_agree() {
        let folder = tempfile::tempdir().unwrap();
        let bits = random_bits(16_000);
        let reports: Vec<String> = [Packing::Msb, Packing::Byte]
            .into_iter()
            .map(|packing| {
                let path = folder.path().join(packing.to_string());
                std::fs::write(&path, packing.pack(&bits)).unwrap();
                photonbox(&[
                    path.to_str().unwrap(),
                    "--packing",
                    &packing.to_string(),
                    "--json",
                ])
                .unwrap()
            })
            .collect();
        assert_eq!(reports[0], reports[1]);
        let json: Value = serde_json::from_str(&reports[0]).unwrap();
        assert_eq!(json["bits"], 16_000);
    }

    #[test]
    fn iid_tests_are_opt_in_and_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bits");
        std::fs::write(&path, random_bits(8_000)).unwrap();
        let file = path.to_str().unwrap();
        let json: Value = serde_json::from_str(
            &photonbox(&[file, "--packing", "byte", "--iid", "--json"]).unwrap(),
        )
        .unwrap();
        assert_eq!(json["iid"]["permutation"].as_array().unwrap().len(), 19);
        assert!(json["iid"]["passed"].is_boolean());
        let text = photonbox(&[file, "--packing", "byte", "--iid"]).unwrap();
        assert!(
            text.contains("IID tests of §5") && text.contains("avgCollision"),
            "{text}"
        );
    }

    #[test]
    fn bad_input_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bits");
        let file = path.to_str().unwrap();
        std::fs::write(&path, [0, 1, 7]).unwrap();
        let error = photonbox(&[file, "--packing", "byte"]).unwrap_err();
        assert!(error.to_string().contains("byte 2 is 7"), "{error}");
        std::fs::write(&path, [0; 10_000]).unwrap();
        let error = photonbox(&[file, "--packing", "byte"]).unwrap_err();
        assert!(error.to_string().contains("no entropy"), "{error}");
        std::fs::write(&path, [0x5a; 10]).unwrap();
        let error = photonbox(&[file, "--packing", "msb"]).unwrap_err();
        assert!(error.to_string().contains("80 bits are too few"), "{error}");
        let error = photonbox(&[file, "--packing", "msb", "--holdoff", "3"]).unwrap_err();
        assert!(error.to_string().contains("--holdoff"), "{error}");
        assert!(
            photonbox(&["/nowhere", "--packing", "msb"])
                .unwrap_err()
                .to_string()
                .contains("/nowhere")
        );
        // Left to the argument parser: neither, both, no packing.
        for arguments in [
            &[][..],
            &[file],
            &[file, "--packing", "msb", "--capture", file],
        ] {
            assert!(
                Cli::try_parse_from([&["assess"], arguments].concat()).is_err(),
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(
            ["0", "999", "1,000", "336,488", "1,000,000"],
            [0, 999, 1_000, 336_488, 1_000_000]
                .map(grouped)
                .each_ref()
                .map(String::as_str)
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path: &Path = &folder.path().join("bits");
        std::fs::write(path, random_bits(8_000)).unwrap();
        let file = path.to_str().unwrap();
        let inside = path.join("plots");
        let error = photonbox(&[
            file,
            "--packing",
            "byte",
            "--plots",
            inside.to_str().unwrap(),
        ])
        .unwrap_err();
        assert!(error.to_string().contains("plots"), "{error}");
    }
}
