//! From Verilog to a loaded shared object, kept by hash.

use crate::simulation::{Api, Simulation};
use crate::{Design, Error, Result, Tools, shim};
use sha2::{Digest, Sha256};
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
    let mut hash = Sha256::new();
    for part in [
        design.verilog.as_str(),
        &design.top,
        &format!("{options:?} {}", shim::VERSION),
        &tools.root.display().to_string(),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = format!("{}-{}", design.name, &digest[..24]);
    let library = tools.cache.join(format!("{name}.so"));
    if library.exists() {
        return Ok(library);
    }
    // Built beside its place and moved there whole, so that another process never loads half of it.
    let work = tools.cache.join(format!("{name}.{}", std::process::id()));
    let result = compile(tools, design, options, &work);
    let moved = result.and_then(|object| {
        fs::rename(&object, &library).map_err(|source| Error::File {
            path: library.clone(),
            source,
        })
    });
    // What is left is of no use to anybody.
    let _ = fs::remove_dir_all(&work);
    moved.map(|()| library)
}

fn compile(tools: &Tools, design: &Design, options: &Options, work: &Path) -> Result<PathBuf> {
    let generated = work.join("verilated");
    let file = |path: PathBuf, text: &str| {
        fs::write(&path, text).map_err(|source| Error::File { path, source })
    };
    fs::create_dir_all(&generated).map_err(|source| Error::File {
        path: generated.clone(),
        source,
    })?;
    let verilog = work.join("design.v");
    file(verilog.clone(), &design.verilog)?;
    let mut verilator = Command::new(&tools.verilator);
    verilator
        .env("VERILATOR_ROOT", &tools.root)
        .args([
            "--cc",
            "--prefix",
            "Vdesign",
            "-O3",
            "--noassert",
            "--top-module",
        ])
        .arg(&design.top)
        .args(["--x-assign", "fast", "--x-initial", "fast"])
        // rust-hdl widens by context and emits full case statements without defaults; latches and multiple
        // drivers are yosys's to find.
        .args([
            "-Wno-WIDTH",
            "-Wno-CASEINCOMPLETE",
            "-Wno-UNOPTFLAT",
            "-Wno-fatal",
        ])
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
        file(path.clone(), &text)?;
        verilator.arg(path);
    }
    verilator.arg(&verilog);
    run(&mut verilator, "Verilator", &design.name)?;
    let shim = work.join("shim.cpp");
    file(shim.clone(), &shim::source(design))?;

    let include = tools.root.join("include");
    let mut build = compiler(tools, options, work);
    build.include(&generated).file(&shim);
    for runtime in ["verilated.cpp", "verilated_threads.cpp"] {
        build.file(include.join(runtime));
    }
    if options.coverage {
        build.file(include.join("verilated_cov.cpp"));
    }
    if options.waves {
        build.file(include.join("verilated_fst_c.cpp"));
    }
    let entries = fs::read_dir(&generated).map_err(|source| Error::File {
        path: generated.clone(),
        source,
    })?;
    let mut sources: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .collect();
    sources.sort();
    build.files(sources);
    let refused = |said: String| Error::Tool {
        tool: "the C++ compiler".to_owned(),
        what: design.name.clone(),
        said,
    };
    let objects = build
        .try_compile_intermediates()
        .map_err(|error| refused(error.to_string()))?;
    let compiler = build
        .try_get_compiler()
        .map_err(|error| refused(error.to_string()))?;
    let library = work.join("design.so");
    let mut link = Command::new(compiler.path());
    link.arg("-shared").arg("-o").arg(&library).args(objects);
    link.args(["-lpthread"]);
    if options.waves {
        link.arg("-lz");
    }
    run(&mut link, "the linker", &design.name)?;
    Ok(library)
}

fn compiler(tools: &Tools, options: &Options, work: &Path) -> cc::Build {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let include = tools.root.join("include");
    let flag = |on: bool| if on { "1" } else { "0" };
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .pic(true)
        .warnings(false)
        .cargo_metadata(false)
        .target(&target)
        .host(&target)
        .opt_level(if options.quick { 0 } else { 2 })
        .debug(false)
        .out_dir(work.join("objects"))
        .include(&include)
        .include(include.join("vltstd"))
        .define("VM_COVERAGE", flag(options.coverage))
        .define("VM_TRACE", flag(options.waves))
        .define("VM_TRACE_FST", flag(options.waves))
        .define("VM_SC", "0")
        .define("VM_TIMING", "0");
    build
}

fn run(command: &mut Command, tool: &str, what: &str) -> Result<()> {
    let failed = |said: String| Error::Tool {
        tool: tool.to_owned(),
        what: what.to_owned(),
        said,
    };
    let output = command
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    Err(failed(lines[lines.len().saturating_sub(20)..].join(" | ")))
}
