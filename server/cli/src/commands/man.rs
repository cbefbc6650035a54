//! `photonbox man`: the manual, from the same words as `--help`.

use crate::args::Cli;
use crate::exit::Failure;
use crate::output;
use clap::CommandFactory as _;
use std::path::{Path, PathBuf};

/// Flags of `man`.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder instead of printing the first one.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// Prints or writes the manual.
pub(crate) fn run(args: &ManArgs) -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    let Some(dir) = &args.dir else {
        return output::write(&page(command)?);
    };
    std::fs::create_dir_all(dir).map_err(|e| unwritable(dir, &e))?;
    write_pages(dir, command)
}

fn page(command: clap::Command) -> anyhow::Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    Ok(String::from_utf8(text)?)
}

fn write_pages(dir: &Path, command: clap::Command) -> anyhow::Result<()> {
    for sub in command.get_subcommands() {
        // clap's own `help` command repeats the whole tree below itself.
        if sub.get_name() != "help" {
            write_pages(dir, sub.clone())?;
        }
    }
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .replace(' ', "-");
    let path = dir.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).map_err(|e| unwritable(&path, &e))
}

fn unwritable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    Failure::failed(
        format!("cannot write {}: {error}", path.display()),
        "choose a folder that you may write to",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_of_its_own_name() {
        let dir = tempfile::tempdir().expect("a folder");
        run(&ManArgs {
            dir: Some(dir.path().to_owned()),
        })
        .expect("pages");
        for name in [
            "photonbox",
            "photonbox-serve",
            "photonbox-card-selftest",
            "photonbox-enroll-token",
        ] {
            let page = std::fs::read_to_string(dir.path().join(format!("{name}.1"))).expect(name);
            assert!(page.contains(".TH"), "{name}");
        }
    }
}
