//! `card` and `bench`: the keys that scripts rely on.

use crate::process::{json, refusal, text};
use photonbox_keybox::esp::Instructions;
use serde_json::Value;

#[test]
fn a_card_can_be_listed_described_and_reset() {
    let list = json(&["card", "list", "--json"]);
    assert!(list.to_string().contains("model"), "{list:#}");
    let info = json(&["card", "info", "--json"]);
    for key in ["identity", "abi", "build_hash"] {
        assert!(!info[key].is_null(), "{key} is missing in {info:#}");
    }
    json(&["card", "reset", "--json"]);
    assert!(text(&["card", "info"]).contains("small"));
}

#[test]
fn card_status_counts_photons_per_lane() {
    let status = json(&["card", "status", "--json"]);
    for key in ["identity", "abi", "build_hash", "generation", "simulated"] {
        assert!(!status[key].is_null(), "{key} is missing in {status:#}");
    }
    assert_eq!(status["simulated"], true);
    let lanes = status["lanes"].as_array().expect("lanes");
    assert_eq!(lanes.len(), 4);
    for lane in lanes {
        for key in [
            "state",
            "alarms",
            "bits",
            "ones",
            "coincidences",
            "ignored",
            "rate_a",
            "rate_b",
        ] {
            assert!(!lane[key].is_null(), "{key} is missing in {lane:#}");
        }
        assert!(
            lane["bits"].as_u64().is_some_and(|bits| bits > 0),
            "{lane:#}"
        );
        assert!(lane["ones"].as_u64() < lane["bits"].as_u64(), "{lane:#}");
    }
}

#[test]
fn a_dead_lane_is_alarmed_and_the_others_go_on() {
    let status = json(&["card", "status", "--fault", "dead-lane:1", "--json"]);
    let lanes = status["lanes"].as_array().expect("lanes");
    let alarmed: Vec<bool> = lanes
        .iter()
        .map(|lane| {
            lane["alarms"]
                .as_array()
                .is_some_and(|alarms| !alarms.is_empty())
        })
        .collect();
    assert_eq!(alarmed, [false, true, false, false], "{status:#}");
}

#[test]
fn the_selftest_passes_on_the_model() {
    let report = json(&["card", "selftest", "--json"]);
    let checks = report["checks"].as_array().expect("checks");
    assert!(checks.len() >= 5, "{report:#}");
    for check in checks {
        assert_eq!(check["ok"], true, "{check:#}");
        assert!(
            check["name"].is_string() && check["detail"].is_string(),
            "{check:#}"
        );
    }
    assert_eq!(report["passed"], checks.len());
    assert_eq!(report["failed"], 0);
}

#[test]
fn a_card_that_was_removed_fails_in_one_line() {
    let line = refusal(&["card", "selftest", "--fault", "removal"], 1);
    assert!(line.contains("dead"), "{line}");
}

#[test]
fn card_bench_measures_rounds_and_rings() {
    let short = ["card", "bench", "--rounds", "50", "--for", "20ms"];
    let report = json(&[&short[..], &["--json"]].concat());
    assert_eq!(report["rounds"], 50);
    assert_eq!(report["lost_interrupts"], 0, "{report:#}");
    for latency in ["doorbell_us", "interrupt_us"] {
        let at = |name: &str| report[latency][name].as_f64().expect("microseconds");
        assert!(at("min") > 0.0 && at("min") <= at("p50"), "{report:#}");
        assert!(at("p50") <= at("p99") && at("p99") <= at("max"));
    }
    let rings = report["rings"].as_array().expect("rings");
    assert_eq!(rings.len(), 3);
    for ring in rings {
        assert!(ring["bytes_per_second"].as_f64() > Some(0.0), "{ring:#}");
    }
    assert!(
        report["cpu_percent_at_gigabit"].as_f64() > Some(0.0),
        "{report:#}"
    );
    assert!(text(&short).contains("50 rounds, each key as the reference engine has it"));
}

fn names(report: &Value) -> Vec<&str> {
    let results = report["results"].as_array().expect("results");
    for result in results {
        assert!(
            result["value"].as_f64().is_some_and(|value| value > 0.0),
            "{result:#}"
        );
        assert!(result["unit"].is_string(), "{result:#}");
        match (result["baseline"].as_f64(), result["ratio"].as_f64()) {
            (Some(baseline), Some(ratio)) => {
                let value = result["value"].as_f64().expect("a value");
                assert!(
                    (ratio - value / baseline).abs() < 1e-9 * ratio,
                    "{result:#}"
                );
            }
            (None, None) => assert!(
                result["baseline"].is_null() && result["ratio"].is_null(),
                "{result:#}"
            ),
            _ => panic!("{result:#}"),
        }
    }
    results
        .iter()
        .filter_map(|result| result["name"].as_str())
        .collect()
}

/// Short slices: this tests that the figures are there, not what they are.
#[test]
fn bench_prints_the_agreed_names() {
    let pipeline = json(&["bench", "pipeline", "--slice", "5", "--json"]);
    assert!(pipeline["machine"].is_object(), "{pipeline:#}");
    let mut expected = vec!["pipeline.model", "pipeline.bits"];
    if cfg!(feature = "verilated") {
        expected.push("pipeline.rtl");
    }
    if cfg!(feature = "verilated-wide") {
        expected.push("pipeline.rtl-wide");
    }
    expected.push("drbg");
    assert_eq!(names(&pipeline), expected);
    let channel = json(&["bench", "channel", "--slice", "5", "--json"]);
    assert_eq!(
        names(&channel),
        [
            "ecdh.p384",
            "channel.stream.inf",
            "channel.stream.1000",
            "channel.stream.1",
            "channel.stream.1.far",
            "channel.latency32.p50",
            "channel.latency32.p99",
            "channel.latency32.p999",
            "channel.latency32.1000.p50",
            "channel.latency32.1000.p99",
            "channel.latency32.1000.p999",
            "channel.latency32.1.p50",
            "channel.latency32.1.p99",
            "channel.latency32.1.p999",
        ]
    );
    assert_eq!(
        names(&json(&["bench", "card", "--slice", "5", "--json"])),
        [
            "card.doorbell.p50",
            "card.doorbell.p99",
            "card.interrupt.p50",
            "card.interrupt.p99",
            "card.ring.entropy",
            "card.ring.raw",
            "card.ring.keybox",
            "card.ring.driver",
            "card.cpu.gigabit",
        ]
    );
    assert_eq!(
        names(&json(&["bench", "drbg", "--slice", "5", "--json"])),
        ["drbg"]
    );
    assert_eq!(
        names(&json(&["bench", "ecdh", "--slice", "5", "--json"])),
        ["ecdh.p384"]
    );
    let keybox = json(&["bench", "keybox", "--slice", "5", "--json"]);
    assert_eq!(
        names(&keybox),
        [
            "keybox.cpu.one",
            "keybox.cpu.one.gmp",
            "keybox.cpu.many",
            "keybox.cpu.many.portable",
            "keybox.cpu.threads",
            "keybox.cpu.set.ms",
        ]
    );
    let gmp = &keybox["results"][1];
    assert_eq!(gmp["ratio"].is_null(), !cfg!(feature = "bench-peers"));
    let esp = json(&["bench", "esp", "--slice", "5", "--json"]);
    let mut expected = Vec::new();
    for size in [64, 576, 1420] {
        for way in [
            "",
            ".libraries",
            ".aesni",
            ".batch",
            ".engine",
            ".aesni.batch",
            ".aesni.engine",
        ] {
            if !way.starts_with(".aesni") || Instructions::AesNi.are_available() {
                expected.push(format!("esp.{size}{way}"));
            }
        }
    }
    expected.extend(["p50", "p99", "p999"].map(|time| format!("esp.64.{time}")));
    assert_eq!(names(&esp), expected);
    let boringtun = &esp["results"][0];
    assert_eq!(boringtun["ratio"].is_null(), !cfg!(feature = "bench-peers"));
    assert!(text(&["bench", "drbg", "--slice", "5"]).contains("drbg"));
}

#[test]
fn bench_custody_prints_each_sharing() {
    let report = json(&["bench", "custody", "--slice", "5", "--json"]);
    let expected = [
        "custody.split.3of5",
        "custody.combine.3of5",
        "custody.split.16of31",
        "custody.combine.16of31",
    ];
    assert_eq!(names(&report), expected);
    for result in report["results"].as_array().expect("results") {
        let rate = result["value"].as_f64().expect("a rate");
        assert!(rate > 0.0, "{result}");
        assert_eq!(result["ratio"].is_null(), !cfg!(feature = "bench-peers"));
    }
}

#[test]
fn bench_hub_prints_shares_waits_and_memory() {
    let report = json(&["bench", "hub", "--hosts", "20", "--seconds", "1", "--json"]);
    let of = |class: &str| {
        let figures = [
            "total",
            "share.least",
            "share.p1",
            "share.most",
            "share.greedy",
            "latency32.p50",
            "latency32.p99",
            "latency32.p999",
        ];
        figures.map(|figure| match figure.split_once('.') {
            Some((kind, figure)) => format!("hub.{kind}.{class}.{figure}"),
            None => format!("hub.{figure}.{class}"),
        })
    };
    let expected: Vec<String> = ["hub.connect", "hub.memory.idle"]
        .map(str::to_owned)
        .into_iter()
        .chain(of("full"))
        .chain(of("drbg"))
        .chain(["hub.memory.busy".to_owned()])
        .collect();
    assert_eq!(names(&report), expected);
}

#[test]
fn bench_vault_prints_each_protocol_in_each_group() {
    let report = json(&["bench", "vault", "--slice", "1", "--json"]);
    let with_times = |name: String| {
        let times = ["p50", "p99"].map(|time| format!("{name}.{time}"));
        [name].into_iter().chain(times)
    };
    let mut expected: Vec<String> = Vec::new();
    for step in ["create", "open"] {
        expected.extend(with_times(format!("vault.envelope.{step}")));
    }
    for scheme in ["p384", "ristretto255", "paillier3072"] {
        for protocol in ["blinded", "homomorphic", "three", "optimised", "n3"] {
            for step in ["create", "open"] {
                expected.extend(with_times(format!("vault.{step}.{protocol}.{scheme}")));
            }
        }
        expected.push(format!("vault.ticket.refuse.{scheme}"));
    }
    expected.extend(["vault.seal", "vault.unseal"].map(str::to_owned));
    assert_eq!(names(&report), expected);
    let results = report["results"].as_array().expect("results");
    let alone = |result: &&Value| result["ratio"].is_null();
    assert_eq!(results.iter().filter(alone).count(), 6, "envelopes alone");
}
