//! `vault open` and `vault import`: keys as bytes.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::access::{self, HubArgs, ItemTarget};
use super::files::{self, Destination, Holds};
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use photonbox_secret::SecretBytes;
use photonbox_vault::item::{ItemName, MAX_IMPORT};
use serde::Serialize;

/// Where a key goes.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyArgs {
    /// Write the key into this file (0600) and not to standard output.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file.
    #[arg(long)]
    force: bool,
    /// Print the key in hexadecimal digits, on a terminal, too.
    #[arg(long, conflicts_with = "out")]
    hex: bool,
}

/// A key, and what is said about it.
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

/// A place that is ready for a key.
pub(crate) struct KeyOut {
    to: Option<Destination>,
    path: PathBuf,
    json: bool,
}

impl KeyArgs {
    /// Looks at it before the key is asked for: what can't be written need not be opened.
    pub(crate) fn ready(&self, json: Json) -> anyhow::Result<KeyOut> {
        if json.json && self.out.is_none() && !self.hex {
            return Err(Failure::usage(
                "--json and the key both want standard output",
                "give --out FILE, or --hex to have the key in the JSON document",
            ));
        }
        if self.out.is_none() && !self.hex && std::io::stdout().is_terminal() {
            return Err(Failure::usage(
                "a key is not written to a terminal",
                "give --out FILE, redirect the output, or ask for --hex",
            ));
        }
        let path = self.out.clone().unwrap_or_else(|| "-".into());
        let to = match self.hex {
            true => None,
            false => Some(Destination::open(&path, self.force, Holds::Bytes)?),
        };
        let json = json.json;
        Ok(KeyOut { to, path, json })
    }
}

impl KeyOut {
    pub(crate) fn give(self, name: &ItemName, key: &[u8], imported: bool) -> anyhow::Result<()> {
        let digits = self.to.is_none().then(|| hex(key));
        if let Some(mut to) = self.to {
            to.write_all(key)
                .map_err(|error| cannot_write(&self.path, &error))?;
            to.done()?;
        }
        let digits = digits.as_ref().map(|digits| digits.as_slice());
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        if self.json {
            return output::json(&Opened {
                set: &name.set,
                item: &name.item,
                generation: name.generation,
                scheme: name.scheme.name(),
                imported,
                bytes: key.len(),
                key: digits,
            });
        }
        match digits {
            Some(digits) => {
                output::write(digits)?;
                output::write("\n")
            }
            None => Ok(()),
        }
    }
}

pub(crate) fn cannot_write(path: &Path, error: &std::io::Error) -> anyhow::Error {
    Failure::failed(
        format!("cannot write {}: {error}", path.display()),
        "check that there is room, and that you may write there",
    )
}

#[derive(Debug, clap::Args)]
pub(crate) struct OpenArgs {
    /// The item.
    #[arg(value_name = "SET/ITEM")]
    target: ItemTarget,
    #[command(flatten)]
    key: KeyArgs,
    /// Of an item that is blinded by a user: write into this file (0600) what the user makes its key of (`vault unblind`).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "hex"])]
    served: Option<PathBuf>,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

pub(crate) fn open(args: OpenArgs, common: &Common) -> anyhow::Result<()> {
    let ItemTarget { set, item } = &args.target;
    if let Some(path) = &args.served {
        files::check_streams(args.json, path)?;
        let to = Destination::open(path, args.key.force, Holds::Text)?;
        let served = access::with(&args.hub, common, async |appliance| {
            appliance.serve(set, item).await
        })?;
        return super::users::give_served(&served, path, to, args.json);
    }
    let out = args.key.ready(args.json)?;
    let opened = access::with(&args.hub, common, async |appliance| {
        appliance.open(set, item).await
    })?;
    match &opened.imported {
        Some(imported) => out.give(&opened.name, imported.as_slice(), true),
        None => out.give(&opened.name, opened.data_key.as_slice(), false),
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
            user_blinded: false,
        });
    }
    output::write(&format!("item {set}/{item} carries the key\n"))
}
