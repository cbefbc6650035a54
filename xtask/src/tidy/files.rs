//! Rules on single files: length, unfinished marks, unsafe code, I/O in sans-IO crates.

use std::path::Path;

use anyhow::{Context, Result};

/// About one screen-hour of reading; longer files are split by meaning.
const LONGEST: usize = 600;

/// Marks of unfinished work, put together here so that this file does not trip over itself.
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("#[ig", "nore]"),
    concat!("static ", "mut "),
];

/// Where `unsafe` may stand, each with the reason; everything else forbids it.
const UNSAFE: &[(&str, &str)] = &[
    ("driver/", "DMA memory and, later, BAR maps"),
    ("hdl/cosim/", "calls into verilated designs"),
    (
        "hdl/simcard/src/core/ffi.rs",
        "calls into the embedded verilated designs",
    ),
    ("server/secret/", "locked memory"),
    (
        "server/keybox/src/cpu/ifma.rs",
        "a function for instructions that were looked for",
    ),
    (
        "server/keybox/src/esp/ready.rs",
        "functions for instructions that were looked for",
    ),
    ("server/ecdh/", "calls into aws-lc's curve arithmetic"),
    (
        "server/daemon/src/os.rs",
        "ioctls and signals of the operating system",
    ),
    ("server/daemon/src/sinks/kernel.rs", "RNDADDENTROPY"),
    (
        "server/cli/src/bench/",
        "CPU affinity and clocks for measurement",
    ),
];

/// Crate roots that may not say `#![forbid(unsafe_code)]` since a module of theirs needs `unsafe`.
const ROOTS_WITH_UNSAFE: &[&str] = &[
    "driver/src/lib.rs",
    "hdl/cosim/src/lib.rs",
    "hdl/simcard/src/lib.rs",
    "server/secret/src/lib.rs",
    "server/ecdh/src/lib.rs",
    "server/keybox/src/lib.rs",
    "server/daemon/src/lib.rs",
];

/// What a sans-IO crate may not say outside its tests.
const IO_WORDS: &[&str] = &[
    "std::net",
    "std::fs",
    "Instant::now",
    "SystemTime::now",
    "tokio::",
    "OsRng",
    "SystemRandom",
    "getrandom",
    "std::thread::sleep",
];
const SANS_IO: &[&str] = &[
    "server/entropy/src/",
    "server/channel/src/",
    "server/keybox/src/",
    "server/vault/src/",
    "server/simulate/src/",
];

/// What a sans-IO file may say all the same, and why.
const IO_EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "server/channel/src/identity.rs",
    "SystemRandom",
    "AWS-LC makes ECDSA nonces itself; a nonce that a caller repeats would reveal the identity key",
)];

/// Complaints about all Rust sources and scripts of the tree.
pub(crate) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for file in files {
        let source = file.ends_with(".rs")
            || file.ends_with(".sh")
            || file.ends_with(".py")
            || file == "Makefile";
        if !source {
            continue;
        }
        let text = std::fs::read_to_string(root.join(file))
            .with_context(|| format!("cannot read {file}"))?;
        complaints.extend(check_one(file, &text));
    }
    Ok(complaints)
}

/// Complaints about one file.
fn check_one(file: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = text.lines().count();
    if file.ends_with(".rs") && lines > LONGEST {
        complaints.push(format!(
            "{file}: {lines} lines; split it by meaning (at most {LONGEST})"
        ));
    }
    for (number, line) in text.lines().enumerate() {
        for mark in MARKS {
            if line.contains(mark) {
                complaints.push(format!(
                    "{file}:{}: {} may not be merged",
                    number + 1,
                    mark.trim()
                ));
            }
        }
    }
    if !file.ends_with(".rs") {
        return complaints;
    }
    let code = code_before_tests(text);
    let root_file = file.ends_with("src/lib.rs") || file.ends_with("src/main.rs");
    if root_file && !ROOTS_WITH_UNSAFE.contains(&file) && !text.contains("#![forbid(unsafe_code)]")
    {
        complaints.push(format!("{file}: a crate root says #![forbid(unsafe_code)]"));
    }
    if !UNSAFE.iter().any(|(place, _)| file.starts_with(place)) {
        for (number, line) in text.lines().enumerate() {
            let word = concat!("uns", "afe");
            if line.contains(&format!("{word} {{"))
                || line.contains(&format!("{word} fn"))
                || line.contains(&format!("{word} impl"))
            {
                complaints.push(format!(
                    "{file}:{}: unsafe code has its places (xtask/src/tidy/files.rs)",
                    number + 1
                ));
            }
        }
    }
    let tests = file.ends_with("_tests.rs") || file.ends_with("/tests.rs");
    if !tests && SANS_IO.iter().any(|place| file.starts_with(place)) {
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            let excepted = |word: &str| {
                IO_EXCEPTIONS
                    .iter()
                    .any(|(at, what, _)| *at == file && *what == word)
            };
            for word in IO_WORDS
                .iter()
                .filter(|w| line.contains(**w) && !excepted(w))
            {
                complaints.push(format!(
                    "{file}:{}: a sans-IO crate may not say {word}",
                    number + 1
                ));
            }
        }
    }
    complaints
}

/// Unit tests stand at the end of a file; what precedes them is what ships.
fn code_before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_a_complaint() {
        let text = "\n".repeat(LONGEST + 1);
        assert_eq!(check_one("hdl/model/src/long.rs", &text).len(), 1);
        assert_eq!(
            check_one("hdl/model/src/short.rs", "\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_mark_is_a_complaint() {
        for mark in MARKS {
            assert_eq!(
                check_one("driver/src/ring.rs", &format!("// {mark} later\n")).len(),
                1,
                "{mark}"
            );
        }
    }

    #[test]
    fn a_root_that_does_not_forbid_unsafe_is_a_complaint() {
        assert_eq!(check_one("server/channel/src/lib.rs", "//! x\n").len(), 1);
        assert!(check_one("server/channel/src/lib.rs", "#![forbid(unsafe_code)]\n").is_empty());
    }

    #[test]
    fn unsafe_code_out_of_its_places_is_a_complaint() {
        let text = concat!("uns", "afe { x() }\n");
        assert_eq!(check_one("hdl/model/src/card.rs", text).len(), 1);
        assert!(check_one("driver/src/dma.rs", text).is_empty());
    }

    #[test]
    fn a_clock_in_a_sans_io_crate_is_a_complaint_but_not_in_its_tests() {
        assert_eq!(
            check_one("server/channel/src/x.rs", "let t = Instant::now();\n").len(),
            1
        );
        let in_test = "#[cfg(test)]\nmod tests { fn f() { Instant::now(); } }\n";
        assert!(check_one("server/channel/src/x.rs", in_test).is_empty());
        let clock = "let t = Instant::now();\n";
        assert!(check_one("server/channel/src/x_tests.rs", clock).is_empty());
    }
}
