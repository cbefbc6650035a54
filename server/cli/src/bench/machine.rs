//! What the figures were measured on.

use serde::Serialize;

/// The machine and the build that a report belongs to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// Processor model as the kernel names it.
    cpu: String,
    /// Cores that the process may use.
    cores: usize,
    /// Kernel and architecture.
    system: String,
    /// Whether threads could be pinned to cores.
    pinned: bool,
    /// `release`, or `debug` with assertions (figures of that one are not worth recording).
    build: &'static str,
    /// Version of photonbox.
    version: &'static str,
}

impl Machine {
    /// Describes this machine.
    pub(crate) fn here(pinned: bool) -> Self {
        Self {
            cpu: cpu_model().unwrap_or_else(|| "unknown".to_owned()),
            cores: super::harness::cores(),
            system: system(),
            pinned,
            build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} × {}, {}, {} build, photonbox {}{}",
            self.cores,
            self.cpu,
            self.system,
            self.build,
            self.version,
            if self.pinned {
                ""
            } else {
                ", threads not pinned"
            },
        )
    }
}

fn cpu_model() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, name)| name.trim().to_owned())
}

fn system() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let os = std::env::consts::OS;
    format!("{os} {} {}", release.trim(), std::env::consts::ARCH).replace("  ", " ")
}
