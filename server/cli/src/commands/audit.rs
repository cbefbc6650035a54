//! `photonbox audit`: the chained log of what was done with the vault.

use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::settings::{self, StoreArgs};
use anyhow::Context as _;
use photonbox_daemon::{AuditLine, AuditMark, AuditOptions};

/// Subcommands of `audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check that the log holds together from its first entry to its last; ends with 1 where it does not. Beside a running hub
    /// or without one.
    Verify(VerifyArgs),
    /// List the entries, oldest first. They are not checked.
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// An entry that must be in the log: a head that an earlier `audit verify` printed and that you kept elsewhere. Without it
    /// a log that was written anew as a whole, or cut together with its head, is not noticed.
    #[arg(long, value_name = "NUMBER:HASH", value_parser = AuditMark::parse)]
    noted: Option<AuditMark>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only entries behind this one.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    #[command(flatten)]
    store: StoreArgs,
    /// Print one JSON document for each entry, each on its own line.
    #[arg(long)]
    json: bool,
}

fn options(store: StoreArgs, common: &Common) -> anyhow::Result<AuditOptions> {
    let mut config = settings::load(common)?;
    store.apply(&mut config.store);
    Ok(AuditOptions {
        state: config.state,
        store: config.store,
    })
}

/// Runs `audit verify` and `audit list`.
pub(crate) fn run(args: AuditCommand, common: &Common) -> anyhow::Result<()> {
    match args.what {
        What::Verify(args) => verify(args, common),
        What::List(args) => {
            let options = options(args.store, common)?;
            photonbox_daemon::audit_list(&options, args.after, |page| {
                let lines: anyhow::Result<String> = if args.json {
                    page.iter().map(as_json).collect()
                } else {
                    Ok(page.iter().map(for_people).collect())
                };
                output::write(&lines?)
            })
        }
    }
}

fn verify(args: VerifyArgs, common: &Common) -> anyhow::Result<()> {
    let options = options(args.store, common)?;
    let report = photonbox_daemon::audit_verify(&options, args.noted.as_ref())?;
    if args.json.json {
        output::json(&report)?;
    }
    if let Some(broken) = report.broken {
        return Err(Failure::failed(
            format!("{} ({} hold together)", broken.what, report.entries),
            "find out who can write the database, and look at a backup (docs/operations.md, \"The audit log\")",
        ));
    }
    if args.json.json {
        return Ok(());
    }
    output::write(&match report.entries {
        0 => "the audit log is empty\n".to_owned(),
        entries => format!(
            "the audit log holds together, {entries} entries\n  head  {}\n",
            report.head
        ),
    })
}

fn as_json(line: &AuditLine) -> anyhow::Result<String> {
    let mut text = serde_json::to_string(line).context("cannot write an entry as JSON")?;
    text.push('\n');
    Ok(text)
}

fn for_people(line: &AuditLine) -> String {
    let at = photonbox_daemon::utc(line.at);
    let mut text = format!("{:>6}  {at}", line.number);
    for part in [
        &line.hub,
        &line.actor,
        &line.action,
        &line.subject,
        &line.detail,
    ] {
        text.push_str("  ");
        // Names are others' words: nothing in them moves the cursor or begins a line.
        for c in part.chars() {
            if c.is_control() {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line_whatever_its_names_hold() {
        let line = AuditLine {
            number: 7,
            at: 1_795_381_440,
            hub: "hub".into(),
            actor: "appliance:alpha".into(),
            action: "item.create".into(),
            subject: "set/\u{1b}[2Jdisk\nof ä".into(),
            detail: String::new(),
            previous: String::new(),
            hash: String::new(),
        };
        assert_eq!(
            for_people(&line),
            "     7  2026-11-22T21:04:00Z  hub  appliance:alpha  item.create  set/\\u{1b}[2Jdisk\\nof ä\n"
        );
    }
}
