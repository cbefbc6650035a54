//! Relative links in the documents point at something that exists.

use std::path::Path;

use anyhow::{Context, Result};

/// Complaints about dead relative links in Markdown files.
pub(crate) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|f| f.ends_with(".md")) {
        let text = std::fs::read_to_string(root.join(file))
            .with_context(|| format!("cannot read {file}"))?;
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
    }
    Ok(complaints)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_links_only() {
        let text = "[a](docs/a.md#x) [b](https://example.org) [c](#here) `f(x)[0](y z)`";
        assert_eq!(targets(text), ["docs/a.md"]);
    }

    #[test]
    fn a_dead_link_is_a_complaint() {
        let folder = std::env::temp_dir().join(format!("tidy-links-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("temporary folder");
        std::fs::write(folder.join("a.md"), "[x](gone.md) [y](a.md)").expect("file");
        let complaints = check(&folder, &["a.md".to_owned()]).expect("readable");
        std::fs::remove_dir_all(&folder).expect("clean up");
        assert_eq!(complaints, ["a.md: link to gone.md, which is not there"]);
    }
}
