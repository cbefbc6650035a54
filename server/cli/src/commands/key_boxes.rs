//! The key boxes of a hub, in `status`.

use super::control::plain;
use crate::output::Table;
use serde_json::Value;

/// A line for each pair of gateways; nothing where there is none.
pub(super) fn text(boxes: &Value) -> String {
    let pairs = boxes["pairs"].as_array().map_or(&[][..], Vec::as_slice);
    if pairs.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        "key boxes of",
        "state",
        "orbit",
        ">box",
        ">left",
        ">given",
        "engine",
        "source",
    ]);
    for pair in pairs {
        let gateways = &pair["gateways"];
        table.row([
            format!("{} + {}", plain(&gateways[0]), plain(&gateways[1])),
            plain(&pair["state"]),
            plain(&pair["orbit"]),
            plain(&pair["box"]),
            plain(&pair["boxes_left"]),
            plain(&pair["boxes_given"]),
            plain(&pair["engine"]),
            plain(&pair["label"]),
        ]);
    }
    format!("\n{}", table.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_pair_has_a_line() {
        assert_eq!(text(&json!({ "pairs": [] })), "");
        assert_eq!(text(&Value::Null), "", "of a host");
        let shown = text(&json!({ "pairs": [{
            "gateways": ["east", "west"], "connected": ["east", "west"], "state": "ready", "orbit": "00ff", "engine": "card",
            "box": 199, "ready": true, "boxes_left": 198, "boxes_given": 2, "label": "simulated",
        }]}));
        for part in [
            "east + west",
            "ready",
            "00ff",
            "199",
            "198",
            "card",
            "simulated",
        ] {
            assert!(shown.contains(part), "{part} is missing in\n{shown}");
        }
    }
}
