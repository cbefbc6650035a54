//! Huge pages: how many the system has, and what to say where there are too few.

use super::HUGE_PAGE;
use std::{fs, path::Path};

/// The system's pool of 2 MiB pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HugePages {
    total: u64,
    free: u64,
}

impl HugePages {
    /// The pool as it is now; empty where the kernel has none.
    pub(super) fn of_the_system() -> Self {
        Self::at(Path::new("/sys/kernel/mm/hugepages/hugepages-2048kB"))
    }

    fn at(folder: &Path) -> Self {
        let number = |name: &str| {
            let text = fs::read_to_string(folder.join(name)).ok()?;
            text.trim().parse().ok()
        };
        Self {
            total: number("nr_hugepages").unwrap_or(0),
            // Promised to others, though not yet touched by them.
            free: number("free_hugepages")
                .unwrap_or(0_u64)
                .saturating_sub(number("resv_hugepages").unwrap_or(0)),
        }
    }

    /// What to change so that memory of so many bytes lies in huge pages.
    pub(super) fn advice(self, bytes: usize) -> String {
        let needed = bytes.div_ceil(HUGE_PAGE) as u64;
        let advised = self.total + needed.saturating_sub(self.free);
        format!(
            "{} MiB of ring memory lie in small pages: {needed} huge pages of 2 MiB are needed and {} are free; set \
             `sysctl vm.nr_hugepages={advised}`",
            bytes >> 20,
            self.free
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_counts_what_is_there() {
        let folder = std::env::temp_dir().join(format!("photonbox-pages-{}", std::process::id()));
        assert_eq!(
            HugePages::at(&folder),
            HugePages::default(),
            "no such pages"
        );
        fs::create_dir_all(&folder).expect("folder");
        for (name, text) in [
            ("nr_hugepages", "40\n"),
            ("free_hugepages", "30\n"),
            ("resv_hugepages", "10\n"),
        ] {
            fs::write(folder.join(name), text).expect("file");
        }
        let pool = HugePages::at(&folder);
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(
            pool,
            HugePages {
                total: 40,
                free: 20
            }
        );
        let said = pool.advice(1 << 30);
        assert!(
            said.contains("1024 MiB") && said.contains("512 huge pages"),
            "{said}"
        );
        assert!(
            said.contains("20 are free") && said.ends_with("nr_hugepages=532`"),
            "{said}"
        );
    }
}
