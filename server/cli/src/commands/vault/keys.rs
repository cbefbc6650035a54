//! `vault open` and `vault import`: keys as bytes.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::access::{self, HubArgs, ItemTarget};
use super::files::{self, Destination, Holds};
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use photonbox_secret::SecretBytes;
use photonbox_vault::item::MAX_IMPORT;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(crate) struct OpenArgs {
    /// The item.
    #[arg(value_name = "SET/ITEM")]
    target: ItemTarget,
    /// Write the key into this file (0600) and not to standard output.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file.
    #[arg(long, requires = "out")]
    force: bool,
    /// Print the key in hexadecimal digits, on a terminal, too.
    #[arg(long, conflicts_with = "out")]
    hex: bool,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Serialize)]
struct Opened<'a> {
    set: &'a str,
    item: &'a str,
    generation: u64,
    scheme: &'a str,
    imported: bool,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

pub(crate) fn open(args: OpenArgs, common: &Common) -> anyhow::Result<()> {
    if args.json.json && args.out.is_none() && !args.hex {
        return Err(Failure::usage(
            "--json and the key both want standard output",
            "give --out FILE, or --hex to have the key in the JSON document",
        ));
    }
    if args.out.is_none() && !args.hex && std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "a key is not written to a terminal",
            "give --out FILE, redirect the output, or ask for --hex",
        ));
    }
    // Before the vault is asked: what can't be written need not be opened.
    let path = args.out.as_deref().unwrap_or(Path::new("-"));
    let mut to = match args.hex {
        true => None,
        false => Some(Destination::open(path, args.force, Holds::Bytes)?),
    };
    let ItemTarget { set, item } = &args.target;
    let opened = access::with(&args.hub, common, async |appliance| {
        appliance.open(set, item).await
    })?;
    let key = match &opened.imported {
        Some(imported) => imported.as_slice(),
        None => opened.data_key.as_slice(),
    };
    if let Some(to) = &mut to {
        to.write_all(key).map_err(|error| {
            Failure::failed(
                format!("cannot write {}: {error}", path.display()),
                "check that there is room, and that you may write there",
            )
        })?;
    }
    if let Some(to) = to {
        to.done()?;
    }
    let digits = args.hex.then(|| hex(key));
    if args.json.json {
        let key_digits = digits.as_ref().map(|digits| digits.as_slice());
        return output::json(&Opened {
            set,
            item,
            generation: opened.name.generation,
            scheme: opened.name.scheme.name(),
            imported: opened.imported.is_some(),
            bytes: key.len(),
            key: key_digits.and_then(|digits| std::str::from_utf8(digits).ok()),
        });
    }
    match digits {
        Some(digits) => {
            let text = std::str::from_utf8(digits.as_slice()).unwrap_or_default();
            output::write(text)?;
            output::write("\n")
        }
        None => Ok(()),
    }
}

fn hex(key: &[u8]) -> SecretBytes {
    let mut digits = SecretBytes::new_zeroed(2 * key.len());
    for (pair, byte) in digits.as_mut_slice().chunks_exact_mut(2).zip(key) {
        for (digit, four) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = b"0123456789abcdef"[usize::from(four)];
        }
    }
    digits
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The item, which is made.
    #[arg(value_name = "SET/ITEM")]
    target: ItemTarget,
    /// The key, 1 byte to 64 KiB; `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

pub(crate) fn import(args: ImportArgs, common: &Common) -> anyhow::Result<()> {
    let key = files::whole(&args.file, MAX_IMPORT)?;
    if !(1..=MAX_IMPORT).contains(&key.len()) {
        return Err(Failure::failed(
            format!(
                "{} has {} bytes",
                args.file.display(),
                if key.is_empty() { "no" } else { "too many" }
            ),
            "import a key of 1 to 65536 bytes; what is longer can be sealed (photonbox vault seal)",
        ));
    }
    let ItemTarget { set, item } = &args.target;
    let made = access::with(&args.hub, common, async |appliance| {
        appliance.import(set, item, key.as_slice()).await
    })?;
    if args.json.json {
        return output::json(&super::ItemReport {
            set,
            item,
            generation: made.name.generation,
            scheme: made.name.scheme.name(),
            imported: true,
        });
    }
    output::write(&format!("item {set}/{item} carries the key\n"))
}
