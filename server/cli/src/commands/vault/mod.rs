//! `photonbox vault`: sets, the keys of their items, and files that are sealed under them.

mod access;
pub(super) mod files;
mod keys;
mod members;
mod sealing;
mod users;

use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json, Table};
use crate::settings;
use access::{HubArgs, Target};
use photonbox_client::NewSet;
use photonbox_vault::api::{Agent, Appliance, Item, Protocol, Set};
use photonbox_vault::group::Scheme;
use serde::Serialize;

/// `vault` and its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct VaultCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a set, with this host as its first appliance, or the key of an item in it.
    ///
    /// What an earlier try left half done, because an answer was lost or the process died, is ended by the same command.
    Create(CreateArgs),
    /// Give the key of an item: its data key, or the user's own key that it carries.
    Open(keys::OpenArgs),
    /// List the sets of this host, or the items and appliances of one.
    List(ListArgs),
    /// Let another host into a set: it asks, an appliance of the set signs, it accepts.
    Vouch(members::VouchCommand),
    /// Give a set another master key.
    ///
    /// Other appliances follow by themselves when they next create or open. Where shares are in clear (`blinded`, `optimised`), items of
    /// before stay under the master key of then until they are made anew.
    Rotate(members::RotateArgs),
    /// Draw a blinding value, with which a user makes keys that neither hub nor appliance knows.
    Blinding(users::BlindingArgs),
    /// Make the key of an item of what its appliance served (`vault open --served`) and the user's blinding value. Asks no hub.
    Unblind(users::UnblindArgs),
    /// Make an item that carries a user's own key, of 1 byte to 64 KiB.
    Import(keys::ImportArgs),
    /// Revoke an appliance from its next request on, or an item's key for ever.
    Revoke(RevokeArgs),
    /// Seal a file under the key of an item: AES-256-GCM in chunks of 64 KiB (STREAM).
    Seal(sealing::SealArgs),
    /// Open a sealed file.
    ///
    /// A file is there whole or not at all. Through a pipe (`-o -`) chunks come one by one, each of them right, before the whole is
    /// known to be: believe what came only if the exit code is 0.
    Unseal(sealing::UnsealArgs),
}

/// Runs one of them.
pub(crate) fn run(command: VaultCommand, common: &Common) -> anyhow::Result<()> {
    match command.command {
        Action::Create(args) => create(args, common),
        Action::Open(args) => keys::open(args, common),
        Action::List(args) => list(args, common),
        Action::Vouch(command) => members::vouch(command, common),
        Action::Rotate(args) => members::rotate(args, common),
        Action::Blinding(args) => users::blinding(args),
        Action::Unblind(args) => users::unblind(args),
        Action::Import(args) => keys::import(args, common),
        Action::Revoke(args) => revoke(args, common),
        Action::Seal(args) => sealing::seal(args, common),
        Action::Unseal(args) => sealing::unseal(args, common),
    }
}

#[derive(Debug, clap::Args)]
struct CreateArgs {
    /// The set, or an item in it.
    #[arg(value_name = "SET[/ITEM]")]
    target: Target,
    /// Group of a set's keys: `p384` (default), `ristretto255` (faster) or `paillier3072`.
    #[arg(long, value_name = "SCHEME", value_parser = scheme)]
    scheme: Option<Scheme>,
    /// How a set's keys are split: `blinded`, `homomorphic`, `three`, `n` or `optimised` [default: `three` or `n` with agents,
    /// else `blinded`].
    #[arg(long, value_name = "PROTOCOL", value_parser = protocol)]
    protocol: Option<Protocol>,
    /// An agent of `three` or `n`: its name in its certificate, and where the hub reaches it.
    #[arg(long = "agent", value_name = "ID=HOST:PORT", value_parser = agent)]
    agents: Vec<Agent>,
    /// The vault keeps no shares: what an appliance loses with its state directory is lost.
    #[arg(long)]
    appliances_keep_shares: bool,
    /// A user makes the item's key, with a blinding value of its own (`vault blinding`).
    #[arg(long)]
    user_blinded: bool,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

fn scheme(text: &str) -> Result<Scheme, String> {
    Scheme::of_name(text).ok_or_else(|| "write p384, ristretto255 or paillier3072".to_owned())
}

fn protocol(text: &str) -> Result<Protocol, String> {
    Protocol::of_name(text)
        .ok_or_else(|| "write blinded, homomorphic, three, n or optimised".to_owned())
}

fn agent(text: &str) -> Result<Agent, String> {
    match text.split_once('=') {
        Some((host, address)) if !host.is_empty() && !address.is_empty() => Ok(Agent {
            host: host.to_owned(),
            address: address.to_owned(),
        }),
        _ => Err("write ID=HOST:PORT".to_owned()),
    }
}

/// An item as a report names it.
#[derive(Debug, Serialize)]
struct ItemReport<'a> {
    set: &'a str,
    item: &'a str,
    generation: u64,
    scheme: &'a str,
    imported: bool,
    user_blinded: bool,
}

fn create(args: CreateArgs, common: &Common) -> anyhow::Result<()> {
    let of_set = args.scheme.is_some()
        || args.protocol.is_some()
        || !args.agents.is_empty()
        || args.appliances_keep_shares;
    let Target { set, item } = &args.target;
    if let Some(item) = item {
        if of_set {
            return Err(Failure::usage(
                "group, protocol, agents and where shares are kept belong to the set, not to an item",
                "leave them out, or make the set: photonbox vault create SET",
            ));
        }
        let name = access::with(&args.hub, common, async |appliance| {
            Ok(match args.user_blinded {
                true => {
                    let served = appliance.create_item_for_user(set, item).await?;
                    served.name().clone()
                }
                false => appliance.create_item(set, item).await?.name,
            })
        })?;
        if args.json.json {
            return output::json(&ItemReport {
                set,
                item,
                generation: name.generation,
                scheme: name.scheme.name(),
                imported: false,
                user_blinded: args.user_blinded,
            });
        }
        return output::write(&format!("item {set}/{item} has a key\n"));
    }
    if args.user_blinded {
        return Err(Failure::usage(
            "an item is blinded by a user, not a set",
            "give SET/ITEM, or leave --user-blinded out",
        ));
    }
    let new = NewSet {
        set: set.clone(),
        scheme: args.scheme.unwrap_or(Scheme::P384),
        protocol: args.protocol,
        agents: args.agents,
        appliances_keep_shares: args.appliances_keep_shares,
    };
    let made = access::with(&args.hub, common, async |appliance| {
        appliance.create_set(&new).await
    })?;
    if args.json.json {
        return output::json(&made);
    }
    output::write(&format!(
        "set {} is made\n  protocol  {}\n  scheme    {}\n  owner     {}\n",
        made.set, made.protocol, made.scheme, made.owner
    ))
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// The set whose items and appliances to list.
    #[arg(value_name = "SET")]
    set: Option<String>,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Serialize)]
struct Sets {
    sets: Vec<Set>,
}

#[derive(Debug, Serialize)]
struct OneSet {
    set: Set,
    items: Vec<Item>,
    appliances: Vec<Appliance>,
}

fn list(args: ListArgs, common: &Common) -> anyhow::Result<()> {
    let Some(set) = &args.set else {
        let sets = access::with(&args.hub, common, async |appliance| appliance.sets().await)?;
        if args.json.json {
            return output::json(&Sets { sets });
        }
        let mut table = Table::new(&["set", "protocol", "scheme", ">generation", "this host is"]);
        for set in sets {
            table.row([
                set.set,
                set.protocol.to_string(),
                set.scheme,
                set.generation.to_string(),
                set.state.name().to_owned(),
            ]);
        }
        return output::write(&table.text());
    };
    let one = access::with(&args.hub, common, async |appliance| {
        Ok(OneSet {
            set: appliance.set(set).await?,
            items: appliance.items(set).await?,
            appliances: appliance.appliances(set).await?,
        })
    })?;
    if args.json.json {
        return output::json(&one);
    }
    let mut items = Table::new(&["item", ">generation", "made by", "at", "key"]);
    for item in one.items {
        items.row([
            item.item,
            item.generation.to_string(),
            item.appliance,
            photonbox_daemon::utc(item.created),
            match (item.user_blinded, item.imported) {
                (true, _) => "its user's",
                (_, true) => "imported",
                _ => "",
            }
            .to_owned(),
        ]);
    }
    let mut appliances = Table::new(&["appliance", "state", "vouched for by"]);
    for appliance in one.appliances {
        appliances.row([
            appliance.appliance,
            appliance.state.name().to_owned(),
            appliance.vouched_by.unwrap_or_default(),
        ]);
    }
    output::write(&format!("{}\n{}", items.text(), appliances.text()))
}

#[derive(Debug, clap::Args)]
struct RevokeArgs {
    /// The set (with --appliance), or the item whose key to delete.
    #[arg(value_name = "SET[/ITEM]")]
    target: Target,
    /// The appliance's name in its certificate.
    #[arg(long, value_name = "ID")]
    appliance: Option<String>,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Serialize)]
struct Revoked<'a> {
    set: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appliance: Option<&'a str>,
    state: &'a str,
}

fn revoke(args: RevokeArgs, common: &Common) -> anyhow::Result<()> {
    let Target { set, item } = &args.target;
    let (report, told) = match (item, &args.appliance) {
        (Some(item), None) => {
            access::with(&args.hub, common, async |appliance| {
                appliance.delete(set, item).await
            })?;
            let report = Revoked {
                set,
                item: Some(item),
                appliance: None,
                state: "deleted",
            };
            (
                report,
                format!("the key of {set}/{item} is gone for ever\n"),
            )
        }
        (None, Some(other)) => {
            let revoked = access::with(&args.hub, common, async |appliance| {
                appliance.revoke(set, other).await
            })?;
            let report = Revoked {
                set,
                item: None,
                appliance: Some(other),
                state: revoked.state.name(),
            };
            (
                report,
                format!("appliance {other} of set {set} is refused from now on\n"),
            )
        }
        _ => {
            return Err(Failure::usage(
                "an appliance of a set is revoked, or an item, not both",
                "give SET --appliance ID, or SET/ITEM",
            ));
        }
    };
    if args.json.json {
        return output::json(&report);
    }
    output::write(&told)
}

/// The settings of a command, and its state directory.
fn load(common: &Common) -> anyhow::Result<photonbox_daemon::Config> {
    settings::load(common)
}
