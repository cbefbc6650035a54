//! `photonbox tunnel status`, for people.

use crate::output::{Table, si};
use serde_json::Value;

/// The status as a text.
pub(super) fn text(status: &Value) -> String {
    let word = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if status["role"] != "tunnel" {
        return format!(
            "this is a {}, not a tunnel: ask `photonbox status`\n",
            word(&status["role"])
        );
    }
    let mut text = format!(
        "tunnel {} listening on {}, MTU {}, {} queues{}\n\n",
        word(&status["device"]),
        word(&status["listen"]),
        word(&status["mtu"]),
        word(&status["queues"]),
        if status["locked"] == true {
            ""
        } else {
            ", secrets not locked in memory"
        },
    );
    let peers = status["peers"].as_array().map_or(&[][..], Vec::as_slice);
    let mut table = Table::new(&[
        "peer",
        "endpoint",
        ">heard",
        "spi",
        "peer's spi",
        ">box",
        ">left",
        ">sent",
        ">received",
        ">dropped",
    ]);
    for peer in peers {
        let drops = peer["drops"].as_object();
        let dropped: u64 = drops.map_or(0, |all| all.values().filter_map(Value::as_u64).sum());
        let bytes = |way: &str| format!("{}B", si(peer[way]["bytes"].as_f64().unwrap_or(0.0)));
        table.row([
            word(&peer["name"]),
            word(&peer["endpoint"]),
            peer["heard_seconds_ago"]
                .as_f64()
                .map_or("never".to_owned(), |ago| format!("{ago:.0} s")),
            word(&peer["spi"]),
            word(&peer["peer_spi"]),
            word(&peer["box"]),
            word(&peer["boxes_left"]),
            bytes("sent"),
            bytes("received"),
            dropped.to_string(),
        ]);
    }
    text.push_str(&table.text());
    let drops = |text: &mut String, whose: &str, all: &Value| {
        if let Some(all) = all.as_object().filter(|all| !all.is_empty()) {
            let all: Vec<String> = all
                .iter()
                .map(|(why, count)| format!("{why} {count}"))
                .collect();
            text.push_str(&format!("\n  dropped, {whose}: {}\n", all.join(", ")));
        }
    };
    for peer in peers {
        drops(&mut text, &word(&peer["name"]), &peer["drops"]);
        if let Some(why) = peer["hub"]["waits"].as_str() {
            text.push_str(&format!(
                "\n  {}: no new key box: {why}\n",
                word(&peer["name"])
            ));
        }
        if let Some(label) = peer["hub"]["label"].as_str() {
            text.push_str(&format!(
                "\n  {}: key boxes from a source that is {label}: not secret\n",
                word(&peer["name"])
            ));
        }
        if peer["exhausted"] == true {
            text.push_str(&format!(
                "\n  {}: all key boxes are used up; nothing is carried until both sides have new keys\n",
                word(&peer["name"])
            ));
        }
    }
    drops(&mut text, "of no peer", &status["drops"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn peers_keys_and_drops_are_shown() {
        let text = text(&json!({
            "role": "tunnel", "device": "pb0", "listen": "[::]:4510", "mtu": 1418, "queues": 2, "locked": true,
            "drops": {"unrouted": 3},
            "peers": [{
                "name": "west", "endpoint": "192.0.2.1:4510", "heard_seconds_ago": 1.6, "spi": "00000100",
                "peer_spi": "80000100", "box": 198, "boxes_left": 197, "sent": {"packets": 2, "bytes": 2048},
                "received": {"packets": 1, "bytes": 0}, "drops": {"replayed": 5, "forged": 1}, "exhausted": true,
                "hub": {"boxes": 1, "waits": "the hub was not reached yet", "label": "simulated"},
            }, {"name": "east", "heard_seconds_ago": null, "drops": {}}],
        }));
        for part in [
            "tunnel pb0 listening on [::]:4510, MTU 1418, 2 queues\n",
            "west",
            "192.0.2.1:4510",
            "2 s",
            "00000100",
            "80000100",
            "198",
            "2.048 kB",
            "dropped, west: forged 1, replayed 5",
            "dropped, of no peer: unrouted 3",
            "never",
            "west: all key boxes are used up",
            "west: no new key box: the hub was not reached yet",
            "west: key boxes from a source that is simulated: not secret",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(super::text(&json!({"role": "hub"})).contains("not a tunnel"));
    }
}
