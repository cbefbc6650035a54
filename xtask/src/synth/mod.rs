//! Judges of the emitted Verilog that know nothing of Rust-HDL: yosys and nextpnr.

mod check;
mod levels;
mod report;
mod targets;

pub(crate) use report::stale;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use targets::Target;

use crate::tools::Tools;

const HELP: &str = "cargo xtask synth [--check-only] [--board ecp5-evn|xcup] [--seeds N] [--wide | --block NAME | --file FILE]
  --check-only   yosys checks of every module: latches, drivers, loops, implicit wires; nothing else
  --board        ecp5-evn: synthesis, place and route out of context (default); xcup: an estimate of synthesis
  --seeds N      place and route with seeds 1 to N (default 5)
  --wide         build wide in place of build small
  --block NAME   a block of hdl/cores as its example `emit` prints it, in place of build small
  --file FILE    a Verilog file in place of build small
Reports of the builds go to bitstreams/reports and into docs/hardware.md, all others to the screen.";

/// Verilog text that is to be judged.
struct Design {
    name: String,
    text: String,
    /// A whole build: its report is kept.
    published: bool,
}

/// What was asked for.
struct Request {
    check_only: bool,
    target: Target,
    seeds: u32,
    design: Option<Source>,
}

enum Source {
    Wide,
    Block(String),
    File(String),
}

/// Runs the judges as the arguments say.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    if arguments.contains(&"--help") {
        say!("{HELP}");
        return Ok(());
    }
    let request = parse(arguments)?;
    let tools = Tools::find()?;
    let design = design(root, request.design)?;
    let judged = check::check(&tools, &design.name, &design.text)?;
    say!(
        "synth: {}: {judged} modules: no latch, no loop, one driver each",
        design.name
    );
    if request.check_only {
        return Ok(());
    }
    let report = targets::measure(&tools, request.target, &design, request.seeds)?;
    print!("{}", report::table(std::slice::from_ref(&report)));
    if design.published {
        report::publish(root, &report)?;
    }
    Ok(())
}

fn parse(arguments: &[&str]) -> Result<Request> {
    let mut request = Request {
        check_only: false,
        target: Target::Ecp5,
        seeds: 5,
        design: None,
    };
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        if argument == "--check-only" {
            request.check_only = true;
            continue;
        }
        if argument == "--wide" {
            request.design = Some(Source::Wide);
            continue;
        }
        let value = rest.next().copied().with_context(|| {
            format!("{argument} is unknown or wants a value: cargo xtask synth --help")
        })?;
        match argument {
            "--board" => {
                request.target = Target::from_name(value)
                    .with_context(|| format!("there is no board {value}: ecp5-evn or xcup"))?;
            }
            "--seeds" => {
                request.seeds = value
                    .parse()
                    .ok()
                    .filter(|seeds| (1..=100).contains(seeds))
                    .with_context(|| format!("--seeds {value}: choose 1 to 100"))?;
            }
            "--block" => request.design = Some(Source::Block(value.to_owned())),
            "--file" => request.design = Some(Source::File(value.to_owned())),
            other => bail!("{other} is unknown: cargo xtask synth --help"),
        }
    }
    Ok(request)
}

fn design(root: &Path, source: Option<Source>) -> Result<Design> {
    let (name, text) = match source {
        None => {
            return Ok(Design {
                name: "small".to_owned(),
                text: crate::verilog::small()?,
                published: true,
            });
        }
        Some(Source::Wide) => {
            return Ok(Design {
                name: "wide".to_owned(),
                text: crate::verilog::wide()?.text.clone(),
                published: true,
            });
        }
        Some(Source::Block(name)) => {
            let text = emit(root, &name)?;
            (name, text)
        }
        Some(Source::File(file)) => {
            let text =
                std::fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
            let stem = Path::new(&file).file_stem().unwrap_or_default();
            (stem.to_string_lossy().into_owned(), text)
        }
    };
    Ok(Design {
        name,
        text,
        published: false,
    })
}

/// The Verilog of one block.
fn emit(root: &Path, block: &str) -> Result<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--locked", "-q", "-p", "photonbox-cores"])
        .args(["--example", "emit", "--", block])
        .current_dir(root)
        .output()
        .context("cargo did not start")?;
    if !output.status.success() {
        bail!(
            "block {block} was not emitted: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).context("the example `emit` printed something other than text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_taken_or_refused() {
        let request = parse(&["--board", "xcup", "--seeds", "3"]).expect("good");
        assert_eq!((request.seeds, request.target), (3, Target::Ultrascale));
        assert!(parse(&["--check-only"]).expect("good").check_only);
        for bad in [
            &["--board", "none"][..],
            &["--seeds", "0"],
            &["--seeds"],
            &["--what", "x"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
