//! Commands that ask the running hub or host over its control socket: `status`, `ledger`, `drain`,
//! `rearm`, `cloned`.

use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::output::{self, Json, Table};
use crate::settings;
use photonbox_daemon::ControlCommand;
use serde_json::Value;

/// Flags of `status`.
#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    json: Json,
}

/// Flags of `ledger`.
#[derive(Debug, clap::Args)]
pub(crate) struct LedgerArgs {
    #[command(flatten)]
    json: Json,
}

/// Flags of `drain`.
#[derive(Debug, clap::Args)]
pub(crate) struct DrainArgs {
    #[command(flatten)]
    json: Json,
}

/// Flags of `rearm`.
#[derive(Debug, clap::Args)]
pub(crate) struct RearmArgs {
    /// The lane, from 0.
    #[arg(value_name = "LANE")]
    lane: u8,
    #[command(flatten)]
    json: Json,
}

/// Flags of `cloned`.
#[derive(Debug, clap::Args)]
pub(crate) struct ClonedArgs {
    #[command(flatten)]
    json: Json,
}

pub(super) fn ask(common: &Common, command: ControlCommand) -> anyhow::Result<Value> {
    let config = settings::load(common)?;
    let answer = photonbox_daemon::control_request(config.state.as_deref(), command);
    Ok(settings::runtime()?.block_on(answer)?)
}

/// Runs `status`.
pub(crate) fn status(args: &StatusArgs, common: &Common) -> anyhow::Result<()> {
    let answer = ask(common, ControlCommand::Status)?;
    if args.json.json {
        output::json(&answer)?;
    } else {
        output::write(&status_text(&answer))?;
    }
    if answer["health"] == "unhealthy" {
        return Err(Failure::with(
            Exit::Unhealthy,
            "the source is unhealthy",
            "on the hub, look the lanes' alarms up in docs/operations.md, find their cause, then re-arm them",
        ));
    }
    Ok(())
}

/// Runs `ledger`.
pub(crate) fn ledger(args: &LedgerArgs, common: &Common) -> anyhow::Result<()> {
    let answer = ask(common, ControlCommand::Ledger)?;
    if args.json.json {
        return output::json(&answer);
    }
    output::write(&ledger_text(&answer))
}

/// Runs `drain`.
pub(crate) fn drain(args: &DrainArgs, common: &Common) -> anyhow::Result<()> {
    let answer = ask(common, ControlCommand::Drain)?;
    if args.json.json {
        return output::json(&answer);
    }
    output::write("draining: nothing new is taken, what is open is finished\n")
}

/// Runs `rearm`.
pub(crate) fn rearm(args: &RearmArgs, common: &Common) -> anyhow::Result<()> {
    let answer = ask(common, ControlCommand::Rearm { lane: args.lane })?;
    if args.json.json {
        return output::json(&answer);
    }
    output::write(&format!(
        "lane {} restarts; it gives bits again once its start-up test has passed\n",
        args.lane
    ))
}

/// Runs `cloned`.
pub(crate) fn cloned(args: &ClonedArgs, common: &Common) -> anyhow::Result<()> {
    let answer = ask(common, ControlCommand::Cloned)?;
    if args.json.json {
        return output::json(&answer);
    }
    output::write("new generator state; what waited is thrown away, channels are made anew\n")
}

fn status_text(status: &Value) -> String {
    let mut text = format!(
        "{} {}{}{}\n",
        plain(&status["role"]),
        plain(&status["health"]),
        match status["label"].as_str() {
            Some(label) => format!(", source {label}"),
            None => String::new(),
        },
        if status["locked"] == Value::Bool(true) {
            ", locked"
        } else {
            ""
        },
    );
    if let Some(copies @ 1..) = status["vm_events"]["count"].as_u64() {
        let last = &status["vm_events"]["last"];
        let at = last["at"].as_u64().map(photonbox_daemon::utc);
        text.push_str(&format!(
            "this machine may have been copied {copies} times, last {} ({})\n",
            at.unwrap_or_else(|| "-".to_owned()),
            plain(&last["kind"]),
        ));
    }
    if let Some(until) = status["certificate"]["not_after"].as_u64() {
        let renewed = status["certificate"]["renewed"].as_u64();
        let renewed = renewed.map_or(String::new(), |at| {
            format!(", renewed {}", photonbox_daemon::utc(at))
        });
        text.push_str(&format!(
            "certificate until {}{renewed}\n",
            photonbox_daemon::utc(until)
        ));
    }
    if let Value::Object(pool) = &status["pool"] {
        let mut table = Table::new(&["pool", ">"]);
        for (key, value) in pool {
            table.row([key.replace('_', " "), plain(value)]);
        }
        text.push('\n');
        text.push_str(&table.text());
    }
    let lanes = status["lanes"].as_array().map_or(&[][..], Vec::as_slice);
    if !lanes.is_empty() {
        let mut table = Table::new(&["lane", "state", "alarms", "held since"]);
        for lane in lanes {
            let since = lane["held_since"].as_u64().map(photonbox_daemon::utc);
            table.row([
                plain(&lane["lane"]),
                plain(&lane["state"]),
                plain(&lane["alarms"]),
                since.unwrap_or_else(|| "-".to_owned()),
            ]);
        }
        text.push('\n');
        text.push_str(&table.text());
    }
    let mut table = Table::new(&[
        "channel",
        ">epoch",
        "class",
        ">rekeys",
        ">prekeys",
        ">packets left",
        ">seconds left",
        ">bytes",
        ">hops",
        ">trust*",
    ]);
    let channels = rows(
        &mut table,
        &status["channels"],
        &[
            "peer",
            "epoch",
            "class",
            "rekeys",
            "prekeys",
            "packets_left",
            "seconds_left",
            "bytes",
            "hops",
            "trust",
        ],
    );
    if channels {
        text.push('\n');
        text.push_str(&table.text());
        text.push_str("  * ln(1 + seconds connected)/N; it has no security meaning\n");
        for channel in status["channels"].as_array().into_iter().flatten() {
            if let Some(times @ 1..) = channel["stepped_down"].as_u64() {
                text.push_str(&format!(
                    "  {}: prekeys were used up and data went on under an old key {times} times\n",
                    plain(&channel["peer"])
                ));
            }
        }
    }
    text.push_str(&super::key_boxes::text(&status["boxes"]));
    if let Some(sinks) = status["sinks"].as_array().filter(|s| !s.is_empty()) {
        text.push_str("\n  sinks\n");
        for sink in sinks {
            text.push_str(&format!("  {}\n", plain(sink)));
        }
    }
    text
}

fn ledger_text(ledger: &Value) -> String {
    let mut text = format!(
        "credited {} bits, delivered as full entropy {} bits\n",
        plain(&ledger["credited_bits"]),
        plain(&ledger["delivered_full_bits"]),
    );
    for source in ledger["sources"].as_array().into_iter().flatten() {
        text.push_str(&format!("  source {}\n", plain(source)));
    }
    for run in ledger["runs"].as_array().into_iter().flatten() {
        if run["clean"] == Value::Bool(false) {
            text.push_str(&format!(
                "  run {} did not end in order: its figures may be too low\n",
                plain(&run["run"])
            ));
        }
    }
    let mut table = Table::new(&["host", ">bytes", "class", "sha256"]);
    if rows(
        &mut table,
        &ledger["deliveries"],
        &["host", "bytes", "class", "sha256"],
    ) {
        text.push('\n');
        text.push_str(&table.text());
    }
    text
}

/// Adds a row for each object of an array; false if there is none.
fn rows(table: &mut Table, array: &Value, keys: &[&str]) -> bool {
    let objects = array.as_array().map_or(&[][..], Vec::as_slice);
    for object in objects {
        table.row(keys.iter().map(|key| plain(&object[*key])));
    }
    !objects.is_empty()
}

/// A JSON value as people read it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(n) if n.is_f64() => format!("{:.3}", n.as_f64().unwrap_or_default()),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{} {}", key.replace('_', " "), plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn status_shows_the_label_the_channels_and_their_bounds() {
        let text = status_text(&json!({
            "role": "hub", "health": "healthy", "simulated": true, "locked": false, "label": "replayed",
            "lanes": [{"lane": 2, "state": "failed", "alarms": ["rate-low", "start-up"], "held_since": 1_795_381_440}],
            "pool": {"full_bits": 384, "credited_bits": 1000, "delivered_bits": 0},
            "channels": [{"peer": "alpha", "epoch": 3, "class": "symmetric", "rekeys": 2,
                "packets_left": null, "seconds_left": 7, "bytes": 99, "hops": 1, "trust": 0.25, "prekeys": 17,
                "stepped_down": 2}],
            "certificate": {"serial": "4a", "not_after": 1_795_381_440, "renewed": 1_795_381_440},
            "sinks": ["stdout"],
            "vm_events": {"count": 3, "last": {"kind": "generation-id", "at": 1_795_381_440}},
        }));
        for part in [
            "copied 3 times, last 2026-11-22T21:04:00Z (generation-id)",
            "hub healthy, source replayed",
            "failed rate-low start-up 2026-11-22T21:04:00Z",
            "certificate until 2026-11-22T21:04:00Z, renewed 2026-11-22T21:04:00Z",
            "full bits",
            "384",
            "alpha",
            "0.250",
            "no security meaning",
            "17",
            "alpha: prekeys were used up and data went on under an old key 2 times",
            "stdout",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn a_ledger_lists_each_delivery_with_its_hash() {
        let text = ledger_text(&json!({
            "credited_bits": 455, "delivered_full_bits": 384, "sources": [{"source": "card", "credited_bits": 455}],
            "deliveries": [{"host": "alpha", "bytes": 48, "class": "full", "sha256": "c0ffee"}],
            "runs": [{"run": 1, "clean": false}, {"run": 2, "clean": true}, {"run": 3, "clean": null}],
        }));
        assert_eq!(text.matches("did not end in order").count(), 1);
        for part in [
            "run 1 did not end in order",
            "credited 455 bits",
            "source credited bits 455, source card",
            "alpha    48 full  c0ffee",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}
