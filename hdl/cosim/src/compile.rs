//! The C++ compiler: Verilator's own runtime, compiled once for each set of options, and one file for each design
//! (for a big one, a file for each that Verilator wrote).
//!
//! A small block has a few kilobytes of generated code, but the headers that it includes take the compiler a second
//! and the runtime ten. Both are therefore compiled once: the headers to a precompiled one, the runtime to a static
//! archive. What is left is about half a second a block.

use crate::{Error, Options, Result, Tools, shim};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Verilator's runtime, compiled for one set of options.
#[derive(Debug)]
pub(crate) struct Runtime {
    archive: PathBuf,
    /// Folder of the precompiled header.
    headers: PathBuf,
}

const HEADER: &str = "runtime.h";
const ARCHIVE: &str = "libruntime.a";

/// What every design includes; the precompiled form is found beside it.
const HEADER_TEXT: &str = r#"#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif
#if VM_TRACE
#include "verilated_fst_c.h"
#endif
#include <cstdint>
#include <memory>
"#;

impl Runtime {
    /// The runtime for these options, compiled now or earlier.
    pub(crate) fn get(tools: &Tools, options: &Options) -> Result<Self> {
        let made =
            |kind: &str, optimisation: u32, make: fn(&Tools, &Options, &Path) -> Result<()>| {
                let key = key(tools, options, optimisation);
                let name = format!("{kind}-{}", &digest(&[&key])[..24]);
                kept(&tools.cache, &name, |work| {
                    make(tools, options, work)?;
                    Ok(work.to_owned())
                })
            };
        Ok(Self {
            // The runtime of a quick build is optimised too: it is compiled once only.
            archive: made("runtime", 2, build_archive)?.join(ARCHIVE),
            headers: made("headers", options.optimisation(), build_header)?,
        })
    }

    /// Compiles the shim and all generated files as one unit, and links them with the runtime.
    pub(crate) fn library(
        &self,
        tools: &Tools,
        options: &Options,
        name: &str,
        shim: &Path,
        generated: &Path,
        work: &Path,
    ) -> Result<PathBuf> {
        let entries = fs::read_dir(generated).map_err(|source| file_error(generated, source))?;
        let mut sources: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension() == Some(OsStr::new("cpp")))
            .collect();
        sources.sort();
        sources.push(shim.to_owned());
        let bytes: u64 = sources
            .iter()
            .filter_map(|path| Some(fs::metadata(path).ok()?.len()))
            .sum();
        let include = |command: &mut Command| {
            // The precompiled header must be found first.
            let folders = [&self.headers, generated];
            for folder in folders {
                command.arg("-I").arg(folder);
            }
        };
        let objects = if bytes > BIG {
            big(tools, options, name, &sources, work, &include)?
        } else {
            let mut text = format!("#include <{HEADER}>\n");
            for source in &sources {
                text.push_str(&format!("#include \"{}\"\n", source.display()));
            }
            let unit = work.join("unit.cpp");
            write(&unit, &text)?;
            let object = work.join("unit.o");
            let mut compile = compiler(tools, options, options.optimisation())?;
            include(&mut compile);
            compile.arg("-c").arg(&unit).arg("-o").arg(&object);
            run(&mut compile, "the C++ compiler", name)?;
            vec![object]
        };

        let library = work.join("design.so");
        let mut link = compiler(tools, options, options.optimisation())?;
        link.args(["-shared", "-s", "-o"]).arg(&library);
        link.args(&objects).arg(&self.archive).arg("-lpthread");
        if options.waves {
            link.args(["-lz", "-llz4"]);
        }
        run(&mut link, "the linker", name)?;
        Ok(library)
    }
}

/// Bytes of generated code above which a design is compiled in parts.
const BIG: u64 = 4 << 20;

/// Compiles each file for itself, as many at once as there are processors. What runs once only, when an instance is
/// made, is not optimised; that is half of the code.
fn big(
    tools: &Tools,
    options: &Options,
    name: &str,
    sources: &[PathBuf],
    work: &Path,
    include: &dyn Fn(&mut Command),
) -> Result<Vec<PathBuf>> {
    let mut waiting = Vec::new();
    let mut objects = Vec::new();
    // The last is taken first: the biggest.
    let mut sources = sources.to_vec();
    sources.sort_by_key(|path| fs::metadata(path).map_or(0, |of| of.len()));
    for (number, source) in sources.iter().enumerate() {
        let once = source.to_string_lossy().contains("__Slow");
        let optimisation = if once { 0 } else { 1 };
        let object = work.join(format!("{number}.o"));
        let mut compile = compiler(tools, options, optimisation)?;
        include(&mut compile);
        compile.args(["-include", HEADER, "-c"]).arg(source);
        compile.arg("-o").arg(&object);
        objects.push(object);
        waiting.push(compile);
    }
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let waiting = std::sync::Mutex::new(waiting);
    let work = || -> Result<()> {
        loop {
            let next = waiting.lock().map_or(None, |mut waiting| waiting.pop());
            let Some(mut compile) = next else {
                return Ok(());
            };
            run(&mut compile, "the C++ compiler", name)?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(objects)
    })
}

fn build_header(tools: &Tools, options: &Options, work: &Path) -> Result<()> {
    let header = work.join(HEADER);
    write(&header, HEADER_TEXT)?;
    let mut precompile = compiler(tools, options, options.optimisation())?;
    precompile.args(["-x", "c++-header"]).arg(&header).arg("-o");
    precompile.arg(work.join(format!("{HEADER}.gch")));
    run(&mut precompile, "the C++ compiler", "Verilator's headers").map(|_| ())
}

fn build_archive(tools: &Tools, options: &Options, work: &Path) -> Result<()> {
    let include = tools.root.join("include");
    let mut sources = vec!["verilated.cpp", "verilated_threads.cpp"];
    if options.coverage {
        sources.push("verilated_cov.cpp");
    }
    if options.waves {
        sources.push("verilated_fst_c.cpp");
    }
    let mut commands = Vec::new();
    let mut objects = Vec::new();
    for source in sources {
        let object = work.join(source).with_extension("o");
        let mut compile = compiler(tools, options, 2)?;
        compile
            .arg("-c")
            .arg(include.join(source))
            .arg("-o")
            .arg(&object);
        objects.push(object);
        commands.push(compile);
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = commands
            .iter_mut()
            .map(|command| scope.spawn(|| run(command, "the C++ compiler", "Verilator's runtime")))
            .collect();
        for thread in running {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })?;
    let mut archive = Command::new("ar");
    archive.arg("rcs").arg(work.join(ARCHIVE)).args(&objects);
    run(&mut archive, "ar", "Verilator's runtime")?;
    for object in &objects {
        fs::remove_file(object).map_err(|source| file_error(object, source))?;
    }
    Ok(())
}

/// All that decides what the runtime and its headers are compiled to.
fn key(tools: &Tools, options: &Options, optimisation: u32) -> String {
    format!(
        "{} {HEADER_TEXT} {} {} {} {optimisation}",
        shim::VERSION,
        tools.root.display(),
        options.coverage,
        options.waves,
    )
}

impl Options {
    /// The compiler's `-O`.
    fn optimisation(&self) -> u32 {
        if self.quick { 1 } else { 2 }
    }
}

fn compiler(tools: &Tools, options: &Options, optimisation: u32) -> Result<Command> {
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
        .opt_level(optimisation)
        .debug(false)
        .out_dir(&tools.cache)
        .include(&include)
        .include(include.join("vltstd"))
        .define("VM_COVERAGE", flag(options.coverage))
        .define("VM_TRACE", flag(options.waves))
        .define("VM_TRACE_FST", flag(options.waves))
        .define("VM_SC", "0")
        .define("VM_TIMING", "0");
    let compiler = build.try_get_compiler().map_err(|error| Error::Tool {
        tool: "the C++ compiler".to_owned(),
        what: "its options".to_owned(),
        said: error.to_string(),
    })?;
    Ok(compiler.to_command())
}

/// Hash of some texts, in hexadecimal.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

static WORKS: AtomicU32 = AtomicU32::new(0);

/// A file or folder `name` of the cache, made by `make` when it is not there yet.
///
/// `make` gets a fresh folder and says which file in it (or the folder itself) to keep; that is moved into its place
/// whole, so that nobody sees half of it. A lock lets threads and processes that want the same thing wait for the
/// one that makes it.
pub(crate) fn kept(
    cache: &Path,
    name: &str,
    make: impl FnOnce(&Path) -> Result<PathBuf>,
) -> Result<PathBuf> {
    let place = cache.join(name);
    if place.exists() {
        return Ok(place);
    }
    let locks = cache.join("locks");
    fs::create_dir_all(&locks).map_err(|source| file_error(&locks, source))?;
    let path = locks.join(name);
    let lock = fs::File::create(&path).map_err(|source| file_error(&path, source))?;
    lock.lock().map_err(|source| file_error(&path, source))?;
    if place.exists() {
        return Ok(place);
    }
    let moved = in_folder(cache, name, |work| {
        let made = make(work)?;
        match fs::rename(&made, &place) {
            // The lock's file is removed below, so another may have made the same meanwhile.
            Err(source) if !place.exists() => Err(file_error(&place, source)),
            _ => Ok(()),
        }
    });
    let _ = fs::remove_file(&path);
    forget_old(cache);
    moved.map(|()| place)
}

/// What is kept for so long is made again when it is wanted again.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Removes what was made long ago, so that the cache does not grow with each change of a design.
fn forget_old(cache: &Path) {
    let old = |path: &Path| {
        let made = fs::metadata(path).and_then(|of| of.modified());
        made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > KEPT))
    };
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| old(path)) {
        // Another process may be doing the same.
        let _ = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
    }
}

/// Does something in a fresh folder of the cache, which is removed at the end.
pub(crate) fn in_folder<T>(
    cache: &Path,
    name: &str,
    work: impl FnOnce(&Path) -> Result<T>,
) -> Result<T> {
    let number = WORKS.fetch_add(1, Ordering::Relaxed);
    let folder = cache.join(format!("{name}.{}.{number}", std::process::id()));
    // Left by a process that was killed and had this one's number.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|source| file_error(&folder, source))?;
    let result = work(&folder);
    // It may have been moved elsewhere, and what is left is of no use to anybody.
    let _ = fs::remove_dir_all(&folder);
    result
}

pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|source| file_error(path, source))
}

pub(crate) fn file_error(path: &Path, source: std::io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}

/// Runs a program; what it wrote to its standard output.
pub(crate) fn run(command: &mut Command, tool: &str, what: &str) -> Result<String> {
    let failed = |said: String| Error::Tool {
        tool: tool.to_owned(),
        what: what.to_owned(),
        said,
    };
    let output = command
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    Err(failed(lines[lines.len().saturating_sub(20)..].join(" | ")))
}
