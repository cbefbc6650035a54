//! `vault vouch` and `vault rotate`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::access::{self, HubArgs};
use super::files::{self, Destination, Holds};
use super::keys::cannot_write;
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::quantity;
use photonbox_vault::voucher::MAX_SIGNED;
use serde::Serialize;

/// `vault vouch` and its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct VouchCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// On the newcomer: write a signed request, which is no secret, for an appliance of the set.
    Request(RequestArgs),
    /// On an appliance of the set: vouch for the host whose request this is, and write a letter for it.
    ///
    /// The letter is good once, for that host alone, and as long as --valid says.
    Sign(SignArgs),
    /// On the newcomer: come into the set by the letter.
    Accept(AcceptArgs),
}

#[derive(Debug, clap::Args)]
struct RequestArgs {
    /// The set.
    #[arg(value_name = "SET")]
    set: String,
    /// The request [default: SET.request].
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct SignArgs {
    /// The newcomer's request; `-` for standard input.
    #[arg(value_name = "FILE")]
    request: PathBuf,
    /// Whose request it is: the newcomer's name in its certificate.
    #[arg(long = "for", value_name = "HOST")]
    newcomer: String,
    /// How long the letter is good, at most 7d.
    #[arg(long, value_name = "T", default_value = "1h", value_parser = quantity::time)]
    valid: Duration,
    /// The letter [default: FILE with .letter for its ending; standard output for standard input].
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct AcceptArgs {
    /// The letter; `-` for standard input.
    #[arg(value_name = "FILE")]
    letter: PathBuf,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Serialize)]
struct Requested<'a> {
    set: &'a str,
    out: String,
}

#[derive(Debug, Serialize)]
struct Signed<'a> {
    set: &'a str,
    newcomer: &'a str,
    expires: u64,
    out: String,
}

/// Runs one of them.
pub(crate) fn vouch(command: VouchCommand, common: &Common) -> anyhow::Result<()> {
    match command.step {
        Step::Request(args) => request(args, common),
        Step::Sign(args) => sign(args, common),
        Step::Accept(args) => accept(args, common),
    }
}

/// Opened before anything is asked for: what can't be written need not be made.
fn destination(path: &Path, force: bool, json: Json) -> anyhow::Result<Destination> {
    files::check_streams(json, path)?;
    Destination::open(path, force, Holds::Bytes)
}

fn written(mut to: Destination, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let wrote = to.write_all(bytes);
    wrote.map_err(|error| cannot_write(path, &error))?;
    to.done()
}

/// A file that another host made, which is not longer than any right one.
fn given(path: &Path, what: &str) -> anyhow::Result<photonbox_secret::SecretBytes> {
    let bytes = files::whole(path, MAX_SIGNED)?;
    if bytes.len() > MAX_SIGNED {
        return Err(Failure::failed(
            format!("{} is too long for {what}", path.display()),
            "look whether it is the right file",
        ));
    }
    Ok(bytes)
}

fn request(args: RequestArgs, common: &Common) -> anyhow::Result<()> {
    let set = &args.set;
    let usual = || PathBuf::from(format!("{set}.request"));
    let out = args.out.unwrap_or_else(usual);
    let to = destination(&out, args.force, args.json)?;
    let request = access::with(&args.hub, common, async |appliance| appliance.request(set))?;
    written(to, &out, &request)?;
    let file = out.display().to_string();
    if args.json.json {
        return output::json(&Requested { set, out: file });
    }
    if files::is_stream(&out) {
        return Ok(());
    }
    output::write(&format!(
        "{file} asks to be let into set {set}: give it to one of its appliances (photonbox vault vouch sign)\n"
    ))
}

fn sign(args: SignArgs, common: &Common) -> anyhow::Result<()> {
    let out = match args.out {
        Some(out) => out,
        None if files::is_stream(&args.request) => PathBuf::from("-"),
        None => args.request.with_extension("letter"),
    };
    let request = given(&args.request, "a request")?;
    let to = destination(&out, args.force, args.json)?;
    let vouched = access::with(&args.hub, common, async |appliance| {
        let newcomer = &args.newcomer;
        appliance
            .vouch(request.as_slice(), newcomer, args.valid)
            .await
    })?;
    written(to, &out, &vouched.letter)?;
    let file = out.display().to_string();
    if args.json.json {
        return output::json(&Signed {
            set: &vouched.set,
            newcomer: &vouched.newcomer,
            expires: vouched.expires,
            out: file,
        });
    }
    if files::is_stream(&out) {
        return Ok(());
    }
    let until = photonbox_daemon::utc(vouched.expires);
    output::write(&format!(
        "{file} lets {} into set {}, once and until {until} (photonbox vault vouch accept)\n",
        vouched.newcomer, vouched.set
    ))
}

fn accept(args: AcceptArgs, common: &Common) -> anyhow::Result<()> {
    let letter = given(&args.letter, "a letter")?;
    let set = access::with(&args.hub, common, async |appliance| {
        appliance.accept(letter.as_slice()).await
    })?;
    if args.json.json {
        return output::json(&set);
    }
    output::write(&format!("this host is in set {} now\n", set.set))
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// The set.
    #[arg(value_name = "SET")]
    set: String,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

pub(crate) fn rotate(args: RotateArgs, common: &Common) -> anyhow::Result<()> {
    let rotated = access::with(&args.hub, common, async |appliance| {
        appliance.rotate(&args.set).await
    })?;
    if args.json.json {
        return output::json(&rotated);
    }
    output::write(&format!(
        "set {} has another master key, of generation {}\n",
        rotated.set, rotated.generation
    ))
}
