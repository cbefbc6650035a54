//! `vault blinding` and `vault unblind`: what a user does with keys that only it knows. No hub is asked, and no state directory needed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::files::{self, Destination, Holds};
use super::keys::{KeyArgs, cannot_write};
use crate::output::{self, Json};
use photonbox_client::{Blinding, MAX_USER_FILE, OsRandom, Served};
use photonbox_vault::group::Scheme;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(crate) struct BlindingArgs {
    /// Group of the sets that it is for: `p384`, `ristretto255` or `paillier3072`.
    #[arg(long, value_name = "SCHEME", default_value = "p384", value_parser = super::scheme)]
    scheme: Scheme,
    /// The file (0600): who loses it loses the keys that were made with it.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnblindArgs {
    /// What the appliance served; `-` for standard input.
    #[arg(value_name = "FILE")]
    served: PathBuf,
    /// The user's blinding value.
    #[arg(long, value_name = "FILE")]
    blinding: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Serialize)]
struct Drawn<'a> {
    scheme: &'a str,
    out: String,
}

#[derive(Debug, Serialize)]
struct GaveServed<'a> {
    set: &'a str,
    item: &'a str,
    generation: u64,
    scheme: &'a str,
    user_blinded: bool,
    out: String,
}

pub(crate) fn blinding(args: BlindingArgs) -> anyhow::Result<()> {
    files::check_streams(args.json, &args.out)?;
    // A lost value is a lost key: there is no flag that overwrites one.
    let mut to = Destination::open(&args.out, false, Holds::Text)?;
    let drawn = Blinding::draw(args.scheme, &*OsRandom::shared())?;
    let wrote = to.write_all(drawn.to_file()?.as_slice());
    wrote.map_err(|error| cannot_write(&args.out, &error))?;
    to.done()?;
    let (scheme, out) = (args.scheme.name(), args.out.display().to_string());
    if args.json.json {
        return output::json(&Drawn { scheme, out });
    }
    if files::is_stream(&args.out) {
        return Ok(());
    }
    output::write(&format!(
        "{out} is a blinding value for sets of {scheme}: keep a copy where its user alone can get it\n"
    ))
}

/// Writes what the user of an item makes its key of.
pub(crate) fn give_served(
    served: &Served,
    path: &Path,
    mut to: Destination,
    json: Json,
) -> anyhow::Result<()> {
    let wrote = to.write_all(served.to_file()?.as_slice());
    wrote.map_err(|error| cannot_write(path, &error))?;
    to.done()?;
    let name = served.name();
    if json.json {
        return output::json(&GaveServed {
            set: &name.set,
            item: &name.item,
            generation: name.generation,
            scheme: name.scheme.name(),
            user_blinded: true,
            out: path.display().to_string(),
        });
    }
    Ok(())
}

pub(crate) fn unblind(args: UnblindArgs) -> anyhow::Result<()> {
    let blinding = files::whole(&args.blinding, MAX_USER_FILE)?;
    let blinding = Blinding::read(blinding.as_slice())?;
    let served = files::whole(&args.served, MAX_USER_FILE)?;
    let served = Served::read(served.as_slice())?;
    let out = args.key.ready(args.json)?;
    let key = blinding.key(&served)?;
    out.give(served.name(), key.as_slice(), false)
}
