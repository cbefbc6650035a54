//! What can fail.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a design could not be built, loaded or driven.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tool is not installed.
    #[error("{tool} was not found: run `make tools`, or name it in {variable}")]
    Missing {
        /// The tool.
        tool: &'static str,
        /// The environment variable that may name it.
        variable: &'static str,
    },
    /// A tool ended with an error.
    #[error("{tool} refused {what}: {said}")]
    Tool {
        /// The tool.
        tool: String,
        /// What it was given.
        what: String,
        /// The end of what it printed.
        said: String,
    },
    /// The Verilog text is not what was expected.
    #[error("{design}: {what}")]
    Design {
        /// Name of the design.
        design: String,
        /// What is wrong.
        what: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A built library could not be loaded.
    #[error("cannot load {path}: {what}")]
    Load {
        /// The library.
        path: PathBuf,
        /// Why.
        what: String,
    },
}
