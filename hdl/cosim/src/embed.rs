//! Verilated designs inside a Rust program: a static library, made in a build script.
//!
//! Where [`Library`](crate::Library) loads any design at run time and drives it port by port, an embedded design is
//! driven by C++ that its crate writes for it (a *shim*), a batch of cycles a call: only results cross into Rust.
//!
//! The verilated class is not the design itself but a wrapper around it, in which every input passes a register that
//! `sample` clocks. Verilator evaluates what hangs on an input of its top at each `eval`, changed or not; behind the
//! wrapper it does so only when the shim has changed something, which for a card is once in hundreds of cycles.

use crate::design::{Design, Direction};
use crate::{Error, Result, Tools};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Verilog files, and the shim that drives them.
#[derive(Clone, Debug)]
pub struct Embedded<'a> {
    /// The Verilog file.
    pub verilog: &'a Path,
    /// Its top module.
    pub top: &'a str,
    /// Name of the C++ class that the shim uses, and of its header.
    pub class: &'a str,
    /// The shim: C++ that exports plain C functions.
    pub shim: &'a Path,
}

/// Verilates `designs` and compiles them with their shims into one static library `name` in `out`. Prints what cargo
/// needs to link it, and what it must watch.
///
/// A class has the ports of its design and an input `sample`: inputs reach the design at its rising edge.
///
/// # Errors
/// A tool is missing, or refuses one of the texts.
pub fn embed(name: &str, designs: &[Embedded], out: &Path) -> Result<()> {
    for variable in ["PHOTONBOX_TOOLS", "PHOTONBOX_TARGET"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let tools = Tools::find()?;
    let include = tools.root.join("include");
    let (mut build, mut slow) = (compiler(&include, 2), compiler(&include, 0));
    for runtime in ["verilated.cpp", "verilated_threads.cpp"] {
        build.file(include.join(runtime));
    }
    for design in designs {
        println!("cargo:rerun-if-changed={}", design.verilog.display());
        println!("cargo:rerun-if-changed={}", design.shim.display());
        let generated = verilate(&tools, design, &out.join(design.class))?;
        let folder = out.join(design.class);
        let (once, often): (Vec<_>, Vec<_>) = generated.into_iter().partition(|path| is_slow(path));
        slow.include(&folder).files(once);
        build.include(&folder).files(often).file(design.shim);
    }
    // The linker resolves names from left to right: what is called comes after its callers.
    for (library, build) in [(name, build), (&format!("{name}_slow"), slow)] {
        build.try_compile(library).map_err(|error| Error::Tool {
            tool: "the C++ compiler".to_owned(),
            what: library.to_owned(),
            said: error.to_string(),
        })?;
    }
    println!("cargo:rustc-link-lib=pthread");
    Ok(())
}

/// A compiler of what Verilator writes, at level 2: level 3 was no faster on the small card, and takes longer.
fn compiler(include: &Path, level: u32) -> cc::Build {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .opt_level(level)
        .debug(false)
        .include(include)
        .include(include.join("vltstd"));
    for off in [
        "VM_COVERAGE",
        "VM_TRACE",
        "VM_TRACE_FST",
        "VM_SC",
        "VM_TIMING",
    ] {
        build.define(off, "0");
    }
    build
}

/// Whether a file has only what runs once, before the first cycle: half of all the text, and not worth optimising.
fn is_slow(path: &Path) -> bool {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .is_some_and(|stem| stem.ends_with("__Slow"))
}

/// Runs Verilator into `folder`; gives the C++ files that it wrote.
fn verilate(tools: &Tools, design: &Embedded, folder: &Path) -> Result<Vec<PathBuf>> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let text = fs::read_to_string(design.verilog).map_err(file(design.verilog))?;
    let parsed = Design::new(design.class, text, design.top)?;
    // What an older design left would be compiled as well.
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(file(folder))?;
    }
    fs::create_dir_all(folder).map_err(file(folder))?;
    let wrapper = folder.join("wrapper.v");
    fs::write(&wrapper, wrapped(&parsed)).map_err(file(&wrapper))?;
    let output = Command::new(&tools.verilator)
        .env("VERILATOR_ROOT", &tools.root)
        .args(["--cc", "-O3", "--noassert", "--prefix", design.class])
        .args(["--top-module", WRAPPER])
        .args(["--x-assign", "fast", "--x-initial", "fast"])
        .args(["--output-split", "20000"])
        .args(["-Wno-WIDTH", "-Wno-CASEINCOMPLETE", "-Wno-UNOPTFLAT"])
        .args(["-Wno-fatal", "--Mdir"])
        .arg(folder)
        .arg(design.verilog)
        .arg(&wrapper)
        .output();
    let refused = |said: String| Error::Tool {
        tool: "Verilator".to_owned(),
        what: design.verilog.display().to_string(),
        said,
    };
    let output = output.map_err(|error| refused(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().collect();
        return Err(refused(lines[lines.len().saturating_sub(20)..].join(" | ")));
    }
    let mut sources: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(file(folder))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .collect();
    sources.sort();
    Ok(sources)
}

/// Name of the wrapper module; no design has a module of this name.
const WRAPPER: &str = "photonbox_embedded";

/// The wrapper's text: each input but the clock behind a register that `sample` clocks.
fn wrapped(design: &Design) -> String {
    let (mut ports, mut registers, mut wires) = (String::new(), String::new(), String::new());
    for port in &design.ports {
        let (name, high) = (&port.name, port.width - 1);
        let (direction, mut inner) = match port.direction {
            Direction::Input => ("input", name.clone()),
            Direction::Output => ("output", name.clone()),
        };
        if port.direction == Direction::Input && name != "clock" {
            inner = format!("{name}_sampled");
            // Writing to a String cannot fail.
            let _ = writeln!(
                registers,
                "  reg [{high}:0] {inner} = 0;\n  always @(posedge sample) {inner} <= {name};"
            );
        }
        let range = match port.width {
            1 => String::new(),
            _ => format!("[{high}:0] "),
        };
        let _ = write!(ports, ",\n  {direction} wire {range}{name}");
        let comma = if wires.is_empty() { "" } else { ",\n" };
        let _ = write!(wires, "{comma}    .{name}({inner})");
    }
    format!(
        "module {WRAPPER}(\n  input wire sample{ports}\n);\n{registers}  {} enclosed(\n{wires}\n  );\nendmodule\n",
        design.top
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_wrapper_samples_every_input_but_the_clock() {
        let text = "module top(clock,a,q);\n\
                    input wire clock;\ninput wire [6:0] a;\noutput wire [63:0] q;\nendmodule\n";
        let wrapper = wrapped(&Design::new("top", text.to_owned(), "top").unwrap());
        assert!(wrapper.contains("input wire sample,\n  input wire clock,\n  input wire [6:0] a"));
        assert!(wrapper.contains("always @(posedge sample) a_sampled <= a;"));
        assert!(wrapper.contains(".clock(clock)") && wrapper.contains(".a(a_sampled)"));
        assert!(wrapper.contains(".q(q)"));
        assert!(!wrapper.contains("clock_sampled"));
    }
}
