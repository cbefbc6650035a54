//! From Verilog to a loaded shared object, kept by hash.

use crate::compile::{Runtime, digest, file_error, kept, run, write};
use crate::simulation::{Api, Simulation};
use crate::{Design, Result, Tools, shim};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// How a design is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Count lines and toggles.
    pub coverage: bool,
    /// Be able to write a waveform (FST).
    pub waves: bool,
    /// For a design that runs a few thousand cycles only: compile fast rather than run fast.
    pub quick: bool,
    /// Signals that the harness may read or write, as lines of a Verilator configuration file.
    pub config: Vec<String>,
}

/// A built and loaded design.
#[derive(Clone, Debug)]
pub struct Library {
    design: Arc<Design>,
    options: Options,
    api: Arc<Api>,
}

impl Library {
    /// Builds a design, or takes it from the cache, and loads it.
    ///
    /// # Errors
    /// When a tool is missing or refuses the text.
    pub fn build(design: Design, options: Options) -> Result<Self> {
        let tools = Tools::find()?;
        let path = built(&tools, &design, &options)?;
        let api = Api::load(&path)?;
        Ok(Self {
            design: Arc::new(design),
            options,
            api: Arc::new(api),
        })
    }

    /// A new instance, its clock low. With `WAVES=1` in the environment and waves built in, its waveform goes to
    /// `waves/NAME-PID-N.fst`.
    pub fn simulation(&self) -> Simulation {
        Simulation::new(self.design.clone(), self.api.clone(), self.options.waves)
    }

    /// The design.
    pub fn design(&self) -> &Design {
        &self.design
    }
}

fn built(tools: &Tools, design: &Design, options: &Options) -> Result<PathBuf> {
    let digest = digest(&[
        &design.verilog,
        &design.top,
        &format!("{options:?} {}", shim::VERSION),
        &tools.root.display().to_string(),
    ]);
    let name = format!("{}-{}.so", design.name, &digest[..24]);
    kept(&tools.cache, &name, |work| {
        compile(tools, design, options, work)
    })
}

fn compile(tools: &Tools, design: &Design, options: &Options, work: &Path) -> Result<PathBuf> {
    let generated = work.join("verilated");
    fs::create_dir_all(&generated).map_err(|source| file_error(&generated, source))?;
    let verilog = work.join("design.v");
    write(&verilog, &design.verilog)?;
    let mut verilator = Command::new(&tools.verilator);
    verilator
        .env("VERILATOR_ROOT", &tools.root)
        .args(["--cc", "--prefix", "Vdesign", "-O3", "--noassert"])
        .args(["--top-module", &design.top])
        .args(["--x-assign", "fast", "--x-initial", "fast"])
        // rust-hdl widens by context and emits full case statements without defaults; latches and multiple
        // drivers are yosys's to find.
        .args(["-Wno-WIDTH", "-Wno-CASEINCOMPLETE"])
        .args(["-Wno-UNOPTFLAT", "-Wno-fatal"])
        .arg("--Mdir")
        .arg(&generated);
    if options.coverage {
        verilator.args(["--coverage-line", "--coverage-toggle"]);
    }
    if options.waves {
        verilator.arg("--trace-fst");
    }
    if !options.config.is_empty() {
        let path = work.join("config.vlt");
        let text = format!("`verilator_config\n{}\n", options.config.join("\n"));
        write(&path, &text)?;
        verilator.arg(path);
    }
    verilator.arg(&verilog);
    run(&mut verilator, "Verilator", &design.name)?;
    let shim = work.join("shim.cpp");
    write(&shim, &shim::source(design))?;
    let runtime = Runtime::get(tools, options)?;
    runtime.library(tools, options, &design.name, &shim, &generated, work)
}
