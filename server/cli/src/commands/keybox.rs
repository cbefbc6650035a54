//! `photonbox keybox`: IP keys and their orbits.

mod audit;

use crate::args::Common;
use crate::commands::ip_key;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::settings::{self, CardArgs};
use photonbox_daemon::CardEngine;
use photonbox_keybox::{Cpu, Engine, IpKey, Orbit, Parameters, Position, Reference, derive};
use photonbox_secret::SecretBytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// `keybox` and its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyboxCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Draw an IP key: 64 digits and two check digits, for both gateways of one tunnel.
    New(NewArgs),
    /// Compute the orbit of an IP key: a hash over all session keys, or one key with --at.
    Orbit(Box<OrbitArgs>),
    /// Attack the orbit of an IP key, and look at its cycles, digits and bits: what the map gives away.
    ///
    /// The key should be one that nothing uses, since what is computed here is not wiped; without one a key is drawn, and shown,
    /// for this audit alone. The statistics need 1000 keys (I * J) at least.
    Audit(audit::AuditArgs),
}

#[derive(Debug, clap::Args)]
struct NewArgs {
    /// Write it into this file, which only its owner may read and which must not be there yet, and not to the terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// Which orbit: its IP key, s, I and J.
#[derive(Debug, clap::Args)]
struct OrbitOf {
    /// The IP key, 64 decimal digits, with or without its check digits. Other users of this machine can see a command line:
    /// for keys that are in use take --ip-key-file.
    #[arg(long, value_name = "DIGITS", conflicts_with = "ip_key_file")]
    ip_key: Option<String>,
    /// File with the IP key; /dev/fd/N reads from a file descriptor, `-` from standard input.
    #[arg(long, value_name = "FILE")]
    ip_key_file: Option<PathBuf>,
    /// Leading digits that a session key drops, 1 to 8.
    #[arg(long = "s", value_name = "S", default_value_t = 4)]
    s: u32,
    /// Boxes.
    #[arg(long, value_name = "I", default_value_t = 200)]
    boxes: u32,
    /// Keys of a box; I * J is at most 2^20.
    #[arg(long, value_name = "J", default_value_t = 512)]
    keys: u32,
}

impl OrbitOf {
    fn parameters(&self) -> anyhow::Result<Parameters> {
        Parameters::new(self.s, self.boxes, self.keys).map_err(|error| usage(&error.to_string()))
    }

    /// The IP key that the command line names, if it names one.
    fn ip_key(&self) -> anyhow::Result<Option<IpKey>> {
        match (&self.ip_key, &self.ip_key_file) {
            (_, Some(path)) => ip_key::from_file("", path).map(Some),
            (Some(digits), None) => ip_key::from_line("", digits).map(Some),
            (None, None) => Ok(None),
        }
    }
}

#[derive(Debug, clap::Args)]
struct OrbitArgs {
    #[command(flatten)]
    of: OrbitOf,
    /// What computes: `reference` (big integers), `cpu` (fixed-width limbs), `card` (the card's engine).
    #[arg(long, value_name = "ENGINE", default_value = "reference")]
    engine: EngineName,
    /// Show the key with number J of box I, both from 1, with the value X of the orbit.
    #[arg(long, value_name = "I,J", value_parser = place)]
    at: Option<(u32, u32)>,
    #[command(flatten)]
    card: CardArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EngineName {
    /// Big integers: slow and obviously right.
    Reference,
    /// Fixed-width limbs.
    Cpu,
    /// The card's engine.
    Card,
}

/// Where the digits of a new key come from.
const SOURCE: &str = "the operating system's generator";

/// The answer of `new`.
#[derive(Debug, Serialize)]
struct New<'a> {
    /// The digits; null with `--out`.
    ip_key: Option<&'a str>,
    /// The check digits; null with `--out`.
    check_digits: Option<&'a str>,
    /// The file with both, if one was asked for.
    file: Option<PathBuf>,
    source: &'static str,
}

/// The answer without `--at`.
#[derive(Debug, Serialize)]
struct Whole {
    sha256_of_all_session_keys_le32: String,
    keys: u32,
}

/// The answer with `--at`.
#[derive(Debug, Serialize)]
struct One {
    n: u32,
    i: u32,
    j: u32,
    x: String,
    session_key: String,
    key: String,
}

/// Runs a `keybox` command.
pub(crate) fn run(command: KeyboxCommand, common: &Common) -> anyhow::Result<()> {
    match command.command {
        Action::New(args) => new(args),
        Action::Orbit(args) => orbit(*args, common),
        Action::Audit(args) => audit::run(&args),
    }
}

fn new(args: NewArgs) -> anyhow::Result<()> {
    let key = photonbox_daemon::boxes::new_ip_key()?;
    let check = ip_key::check_digits(key.digits());
    let (digits, check) = (
        std::str::from_utf8(key.digits())?,
        std::str::from_utf8(&check)?,
    );
    // Six at a time can be read aloud and typed.
    let mut groups = SecretBytes::from_slice(&[b'\n'; 77]);
    let places = groups.as_mut_slice().chunks_mut(7);
    for (place, group) in places.zip(key.digits().chunks(6)) {
        place[..group.len()].copy_from_slice(group);
        place[6] = b' ';
    }
    groups.as_mut_slice()[74..76].copy_from_slice(check.as_bytes());
    groups.as_mut_slice()[76] = b'\n';
    if let Some(file) = args.out {
        write_new(&file, groups.as_slice())?;
        if args.json.json {
            return output::json(&New {
                ip_key: None,
                check_digits: None,
                file: Some(file),
                source: SOURCE,
            });
        }
        return output::write(&format!(
            "wrote an IP key drawn from {SOURCE} to {}: carry it to the other gateway, and give it to no other pair\n",
            file.display()
        ));
    }
    if args.json.json {
        return output::json(&New {
            ip_key: Some(digits),
            check_digits: Some(check),
            file: None,
            source: SOURCE,
        });
    }
    output::write(std::str::from_utf8(groups.as_slice())?)
}

/// Makes a file that only its owner may read.
fn write_new(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let fail = |error: std::io::Error| {
        let help = match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                "give another file: a key that may be in use is never written over"
            }
            _ => "give a file in a folder that you may write to",
        };
        Failure::failed(
            format!("cannot write the IP key to {}: {error}", path.display()),
            help,
        )
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).map_err(fail)?;
    file.write_all(text)
        .and_then(|()| file.sync_all())
        .map_err(fail)
}

fn orbit(args: OrbitArgs, common: &Common) -> anyhow::Result<()> {
    let parameters = args.of.parameters()?;
    let at = args
        .at
        .map(|(i, j)| parameters.position(i, j))
        .transpose()
        .map_err(|error| usage(&error.to_string()))?;
    let given = args.of.ip_key()?;
    let ip_key = given.ok_or_else(|| {
        Failure::usage(
            "there is no IP key",
            "give --ip-key-file, or --ip-key for one that nothing uses",
        )
    })?;
    let mut engine: Box<dyn Engine> = match args.engine {
        EngineName::Reference => Box::new(Reference),
        EngineName::Cpu => Box::new(Cpu::new()),
        EngineName::Card => {
            let options = args.card.apply(settings::load(common)?.card);
            Box::new(CardEngine::new(photonbox_daemon::open_card(&options)?.card))
        }
    };
    match at {
        Some(at) => one(&ip_key, parameters, at, engine.as_mut(), args.json),
        None => whole(&ip_key, parameters, engine.as_mut(), args.json),
    }
}

fn whole(
    ip_key: &IpKey,
    parameters: Parameters,
    engine: &mut dyn Engine,
    form: Json,
) -> anyhow::Result<()> {
    let mut hash = Sha256::new();
    let mut keys = 0;
    engine.orbit(ip_key, parameters, &mut |_, key| {
        hash.update(key);
        keys += 1;
    })?;
    let whole = Whole {
        sha256_of_all_session_keys_le32: hex(&hash.finalize()),
        keys,
    };
    if form.json {
        return output::json(&whole);
    }
    output::write(&format!(
        "{} session keys, SHA-256 over all of them (32 bytes little-endian each):\n{}\n",
        whole.keys, whole.sha256_of_all_session_keys_le32
    ))
}

fn one(
    ip_key: &IpKey,
    parameters: Parameters,
    at: Position,
    engine: &mut dyn Engine,
    form: Json,
) -> anyhow::Result<()> {
    // Boxes behind the one asked for need not be made.
    let parameters = Parameters::new(parameters.s(), at.i, parameters.keys())?;
    let salt = derive::ip_key_salt(ip_key, at.i);
    let mut found = None;
    let mut key = None;
    engine.orbit(ip_key, parameters, &mut |place, session_key| {
        if place == at {
            found = Some(*session_key);
            key = Some(derive::key(&salt, session_key, at));
        }
    })?;
    // X itself never leaves a card: it is shown from the reference engine, which must agree.
    let mut orbit = Orbit::new(ip_key, parameters.s())?;
    while orbit.n() < at.n {
        orbit.step()?;
    }
    let (Some(found), Some(key)) = (found, key) else {
        anyhow::bail!(
            "the engine gave no key {} of box {}; try another engine",
            at.j,
            at.i
        );
    };
    if found != orbit.session_key() {
        return Err(Failure::failed(
            format!(
                "the engine `{}` and the reference engine differ at n = {}",
                engine.name(),
                at.n
            ),
            "run `photonbox card selftest`, and report it",
        ));
    }
    let one = One {
        n: at.n,
        i: at.i,
        j: at.j,
        x: orbit.x(),
        session_key: orbit.session_key_digits(),
        key: hex(key.as_slice()),
    };
    if form.json {
        return output::json(&one);
    }
    output::write(&format!(
        "n           {}\nbox, key    {}, {}\nX           {}\nsession key {}\nkey         {}\n",
        one.n, one.i, one.j, one.x, one.session_key, one.key
    ))
}

fn place(text: &str) -> Result<(u32, u32), String> {
    let parse = |part: &str| part.trim().parse().map_err(|_| "write I,J".to_owned());
    let (i, j) = text.split_once(',').ok_or("write I,J")?;
    Ok((parse(i)?, parse(j)?))
}

/// The library's messages say what failed and, after a semicolon, what to do.
fn usage(message: &str) -> anyhow::Error {
    let (what, help) = message
        .rsplit_once("; ")
        .unwrap_or((message, "correct the command line"));
    Failure::usage(what, help)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}
