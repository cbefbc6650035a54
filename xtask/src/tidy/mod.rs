//! The house rules, each as a function from the facts to a list of complaints, so that a unit test
//! can show that the rule is able to fail.

mod arrows;
mod files;
mod links;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs every rule and prints each complaint on a line of its own.
pub(crate) fn run(root: &Path) -> Result<()> {
    let metadata = metadata(root)?;
    let files = tracked_files(root)?;
    let mut complaints = arrows::check(&arrows::packages(&metadata)?);
    complaints.extend(files::check(root, &files)?);
    complaints.extend(links::check(root, &files)?);
    complaints.extend(crate::regs::stale(root)?);
    complaints.extend(crate::verilog::stale(root)?);
    complaints.extend(crate::synth::stale(root)?);
    for complaint in &complaints {
        eprintln!("tidy: {complaint}");
    }
    if !complaints.is_empty() {
        bail!("tidy found {} thing(s) to mend", complaints.len());
    }
    say!("tidy: {} files, no complaints", files.len());
    Ok(())
}

fn metadata(root: &Path) -> Result<serde_json::Value> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root)
        .output()
        .context("cargo metadata did not start")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata gave something other than JSON")
}

/// Every file git tracks or would track, relative to the root, sorted.
fn tracked_files(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root)
        .output()
        .context("git ls-files did not start")?;
    if !output.status.success() {
        bail!(
            "git ls-files failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let mut files: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|f| !f.is_empty() && root.join(f).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
