//! What the documents point at exists: relative links, paths in back-quotes, and for each numbered
//! threat the code that answers it.

use std::path::Path;

use anyhow::{Context, Result};

/// A back-quoted word that begins so is taken for a path from the root of the tree.
const TOP: &[&str] = &[
    "hdl/", "driver/", "server/", "tests/", "docs/", "xtask/", "scripts/", "tools/",
];

/// Where the threats are numbered.
const THREATS: &str = "docs/threat-model.md";

/// Complaints about all documents of the tree.
pub(crate) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|f| f.ends_with(".md")) {
        let text = read(root, file)?;
        let folder = root
            .join(file)
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default();
        for target in targets(&text) {
            if !folder.join(&target).exists() {
                complaints.push(format!("{file}: link to {target}, which is not there"));
            }
        }
        for path in quoted_paths(&text) {
            if !root.join(&path).exists() && !folder.join(&path).exists() {
                complaints.push(format!("{file}: names {path}, which is not there"));
            }
        }
    }
    if files.iter().any(|f| f == THREATS) {
        let mut sources = String::new();
        for file in files
            .iter()
            .filter(|f| f.ends_with(".rs") && !f.starts_with("xtask/"))
        {
            sources.push_str(&read(root, file)?);
        }
        complaints.extend(unanswered(&read(root, THREATS)?, &sources));
    }
    Ok(complaints)
}

fn read(root: &Path, file: &str) -> Result<String> {
    std::fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"))
}

/// The relative targets of inline links, without fragments.
fn targets(text: &str) -> Vec<String> {
    text.match_indices("](")
        .filter_map(|(at, _)| text[at + 2..].split_once(')').map(|(target, _)| target))
        .filter(|target| {
            !target.contains("://")
                && !target.starts_with('#')
                && !target.contains(char::is_whitespace)
        })
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| !target.is_empty())
        .collect()
}

/// Back-quoted words that are paths of the tree; wildcards and placeholders are not.
fn quoted_paths(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| TOP.iter().any(|top| word.starts_with(top)))
        .filter(|word| !word.contains(|c: char| c.is_whitespace() || "*{}<>$…".contains(c)))
        .map(str::to_owned)
        .collect()
}

/// Threats of the table that no source file names as answered, or as shown by a test.
fn unanswered(threats: &str, sources: &str) -> Vec<String> {
    let numbers = threats
        .lines()
        .filter_map(|line| line.strip_prefix("| T")?.split(' ').next())
        .filter(|number| number.chars().all(|c| c.is_ascii_digit()));
    numbers
        .filter(|number| {
            !sources.lines().any(|line| {
                line.contains("Countermeasure T")
                    && line
                        .split(|c: char| !c.is_ascii_alphanumeric())
                        .any(|w| w == format!("T{number}"))
            })
        })
        .map(|number| format!("{THREATS}: no code says that it answers T{number}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_links_only() {
        let text = "[a](docs/a.md#x) [b](https://example.org) [c](#here) `f(x)[0](y z)`";
        assert_eq!(targets(text), ["docs/a.md"]);
    }

    #[test]
    fn quoted_paths_are_those_of_the_tree() {
        let text = "`hdl/model/src/lane.rs`, `RUN`, `server/*/src`, `tests/e2e` and `docs/a b`";
        assert_eq!(quoted_paths(text), ["hdl/model/src/lane.rs", "tests/e2e"]);
    }

    #[test]
    fn dead_links_and_paths_are_complaints() {
        let folder = std::env::temp_dir().join(format!("tidy-links-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("temporary folder");
        std::fs::write(folder.join("a.md"), "[x](gone.md) [y](a.md) `docs/gone.md`").expect("file");
        let complaints = check(&folder, &["a.md".to_owned()]).expect("readable");
        std::fs::remove_dir_all(&folder).expect("clean up");
        assert_eq!(
            complaints,
            [
                "a.md: link to gone.md, which is not there",
                "a.md: names docs/gone.md, which is not there"
            ]
        );
    }

    #[test]
    fn a_threat_that_no_code_answers_is_a_complaint() {
        let table = "| T1 | a | b |\n| T12 | c | d |\n";
        assert_eq!(
            unanswered(table, "//! Countermeasure T12 (x)."),
            ["docs/threat-model.md: no code says that it answers T1"]
        );
        assert!(unanswered(table, "//! Countermeasure T1, T12.").is_empty());
    }
}
