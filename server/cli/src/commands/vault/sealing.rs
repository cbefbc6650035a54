//! `vault seal` and `vault unseal`.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::access::{self, HubArgs, ItemTarget};
use super::files::{self, Destination, Holds};
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use indicatif::{ProgressBar, ProgressStyle};
use photonbox_client::OsRandom;
use photonbox_vault::sealed::{Header, SALT, SealedFile, seal_file};
use serde::Serialize;

/// What a sealed file's name ends with.
const ENDING: &str = "sealed";
/// Bytes between two looks at the progress bar.
const STEP: u64 = 8 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct SealArgs {
    /// The item whose key to use.
    #[arg(value_name = "SET/ITEM")]
    target: ItemTarget,
    /// The file; `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The sealed file, `-` for standard output [default: FILE.sealed; standard output for standard input].
    #[arg(long, short, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Make the item if it is not there.
    #[arg(long)]
    create: bool,
    /// Overwrite the sealed file.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnsealArgs {
    /// The sealed file; `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file, `-` for standard output [default: FILE without .sealed; standard output for standard input].
    #[arg(long, short, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Overwrite the file.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    set: &'a str,
    item: &'a str,
    generation: u64,
    scheme: &'a str,
    bytes: u64,
    out: String,
}

pub(crate) fn seal(args: SealArgs, common: &Common) -> anyhow::Result<()> {
    let out = args.out.unwrap_or_else(|| {
        let mut name = args.file.clone().into_os_string();
        if !files::is_stream(&args.file) {
            name.push(".");
            name.push(ENDING);
        }
        name.into()
    });
    files::check_streams(args.json, &out)?;
    let mut from = files::source(&args.file)?;
    let mut to = Destination::open(&out, args.force, Holds::Bytes)?;
    let ItemTarget { set, item } = &args.target;
    let opened = access::with(&args.hub, common, async |appliance| {
        match appliance.open(set, item).await {
            Err(error) if args.create && is_missing(&error) => {
                appliance.create_item(set, item).await
            }
            opened => opened,
        }
    })?;
    let mut salt = [0; SALT];
    OsRandom::shared().fill(&mut salt)?;
    let header = Header {
        scheme: opened.name.scheme.name().to_owned(),
        set: opened.name.set.clone(),
        generation: opened.name.generation,
        item: opened.name.item.clone(),
        // The share is found by the item's name: at the vault, or in the appliance's state directory.
        share: Vec::new(),
        salt,
    };
    let bar = Bar::new(args.json, &from);
    let bytes = seal_file(&opened.data_key, &header, &mut from, &mut to, bar.shows())?;
    bar.end();
    to.done()?;
    finish(args.json, &header, bytes, &out, "sealed")
}

/// The item was never made, as far as the vault or the appliance knows.
fn is_missing(error: &photonbox_client::Error) -> bool {
    matches!(error, photonbox_client::Error::NoTicket(_)) || error.word() == Some("unknown-item")
}

pub(crate) fn unseal(args: UnsealArgs, common: &Common) -> anyhow::Result<()> {
    let out = match args.out {
        Some(out) => out,
        None if files::is_stream(&args.file) => PathBuf::from("-"),
        None if args.file.extension().is_some_and(|ending| ending == ENDING) => {
            args.file.with_extension("")
        }
        None => {
            return Err(Failure::usage(
                format!("{} does not end with .{ENDING}", args.file.display()),
                "name the file to write: -o OUT",
            ));
        }
    };
    files::check_streams(args.json, &out)?;
    let from = files::source(&args.file)?;
    let bar = Bar::new(args.json, &from);
    let sealed = SealedFile::begin(from)?;
    let mut to = Destination::open(&out, args.force, Holds::Text)?;
    let header = sealed.header.clone();
    let opened = access::with(&args.hub, common, async |appliance| {
        let generation = Some(header.generation);
        appliance
            .open_of(&header.set, &header.item, generation)
            .await
    })?;
    if opened.name.scheme.name() != header.scheme {
        return Err(Failure::failed(
            format!(
                "the file was sealed in a set of scheme {}, and set `{}` has {}",
                header.scheme, header.set, opened.name.scheme
            ),
            "ask the hub where it was sealed",
        ));
    }
    let bytes = sealed.open(&opened.data_key, &mut to, bar.shows())?;
    bar.end();
    to.done()?;
    finish(args.json, &header, bytes, &out, "opened")
}

fn finish(json: Json, header: &Header, bytes: u64, out: &Path, done: &str) -> anyhow::Result<()> {
    if json.json {
        return output::json(&Report {
            set: &header.set,
            item: &header.item,
            generation: header.generation,
            scheme: &header.scheme,
            bytes,
            out: out.display().to_string(),
        });
    }
    if files::is_stream(out) {
        return Ok(());
    }
    let (set, item) = (&header.set, &header.item);
    output::write(&format!(
        "{bytes} bytes {done} under {set}/{item} into {}\n",
        out.display()
    ))
}

/// How far it is, on a terminal.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new(json: Json, from: &File) -> Self {
        if json.json || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let length = from.metadata().ok().filter(|found| found.is_file());
        let (bar, style) = match length {
            Some(found) => (
                ProgressBar::new(found.len()),
                "{bar:40} {bytes}/{total_bytes} ({bytes_per_sec}, {eta} left)",
            ),
            None => (
                ProgressBar::new_spinner(),
                "{spinner} {bytes} ({bytes_per_sec})",
            ),
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self(Some(bar))
    }

    fn shows(&self) -> impl FnMut(u64) {
        let bar = self.0.clone();
        let mut shown = 0;
        move |bytes| {
            if let Some(bar) = &bar
                && bytes >= shown + STEP
            {
                shown = bytes;
                bar.set_position(bytes);
            }
        }
    }

    fn end(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}
