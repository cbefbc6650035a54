//! Boxes and SPIs change under load, and nothing is lost.

use super::flow::{self, Flow, Outcome};
use super::losses::Look;
use super::pair::{EAST, Pair, Settings, WEST};
use crate::process;
use std::time::Duration;

/// Datagrams a second and flow: enough that each change meets some on the way.
const RATE: u32 = 2000;

#[test]
fn boxes_and_spis_change_under_load_and_no_packet_is_lost() {
    // One after the other: both take what the machine has.
    for hub in [false, true] {
        run(10, 3, hub);
    }
}

#[test]
fn an_orbit_of_a_hub_that_is_used_up_is_followed_by_another_and_no_packet_is_lost() {
    let Some(pair) = Pair::new(Settings {
        box_seconds: 1,
        boxes: 2,
        hub: true,
        ..Settings::default()
    }) else {
        return;
    };
    pair.meet();
    let orbit = || pair.peer(0)["orbit"].clone();
    let before = orbit();
    let flows = [Flow {
        from: "east",
        to: "west",
        address: WEST[0],
        bytes: 500,
    }];
    let look = Look::at(&pair);
    let outcomes = flow::run(&pair, &flows, 200, || {
        let mut seen = vec![before];
        let look = || {
            let now = orbit();
            if now.is_string() && !seen.contains(&now) {
                seen.push(now);
            }
            seen.len()
        };
        process::until("three further orbits", look, |orbits| *orbits > 3);
    });
    nothing_lost(&pair, &look, &outcomes);
    let hub = &pair.peer(0)["hub"];
    assert!(hub["boxes"].as_u64() >= Some(7), "{hub}");
    assert_eq!(hub["label"], "simulated");
    let status = pair.status(0);
    assert_eq!(status["hub"]["parent"], "hub", "{status}");
    let page = pair.page(0);
    for (series, value) in [
        (
            "photonbox_build_info{version=\"0.1.0\",role=\"tunnel\"}",
            1.0,
        ),
        ("photonbox_parent_reached", 1.0),
        ("photonbox_health{state=\"healthy\"}", 1.0),
        (
            "photonbox_channels{side=\"parent\",class=\"symmetric\"}",
            1.0,
        ),
        ("photonbox_tunnel_peer_waits_for_hub{peer=\"b\"}", 0.0),
        ("photonbox_tunnel_peer_exhausted{peer=\"b\"}", 0.0),
    ] {
        assert_eq!(page.value(series), value, "{series}\n{}", page.text);
    }
    let boxes = page.value("photonbox_tunnel_peer_boxes_total{peer=\"b\"}");
    assert!(boxes >= 7.0 && page.value("photonbox_tunnel_peer_boxes_left{peer=\"b\"}") <= 2.0);
    let end = page.value("photonbox_certificate_end_timestamp_seconds");
    assert_eq!(
        Some(end),
        status["hub"]["certificate"]["not_after"].as_f64()
    );
}

/// Ten minutes in each mode, or what `PHOTONBOX_SOAK_SECONDS` says.
#[test]
fn soak_of_a_tunnel() {
    let Some(seconds) = std::env::var("PHOTONBOX_SOAK_SECONDS").ok() else {
        println!(
            "skipped: a tunnel for ten minutes in each mode (set PHOTONBOX_SOAK_SECONDS, or make soak)"
        );
        return;
    };
    let seconds: u64 = seconds.parse().expect("a number of seconds");
    for hub in [false, true] {
        run(seconds.min(600), 60, hub);
    }
}

fn run(seconds: u64, spi_seconds: u32, hub: bool) {
    let boxes = 2 * seconds as u32 + 50;
    let Some(pair) = Pair::new(Settings {
        box_seconds: 1,
        spi_seconds,
        boxes,
        six: true,
        hub,
    }) else {
        return;
    };
    pair.meet();
    let before = [0, 1].map(|side| pair.peer(side));
    let flows = [
        Flow {
            from: "east",
            to: "west",
            address: WEST[0],
            bytes: 1000,
        },
        Flow {
            from: "west",
            to: "east",
            address: EAST[1],
            bytes: 100,
        },
    ];
    let look = Look::at(&pair);
    let outcomes = flow::run(&pair, &flows, RATE, || {
        std::thread::sleep(Duration::from_secs(seconds))
    });
    println!("{outcomes:?}");
    let after = [0, 1].map(|side| pair.peer(side));
    for (side, (before, after)) in before.iter().zip(&after).enumerate() {
        let number = |peer: &serde_json::Value, key: &str| {
            peer[key]
                .as_u64()
                .unwrap_or_else(|| panic!("{key} in {peer}"))
        };
        let steps = number(before, "box") - number(after, "box");
        assert!(
            steps >= seconds / 2,
            "side {side}: {steps} box changes\n{after}"
        );
        let spi = |peer: &serde_json::Value| {
            u32::from_str_radix(peer["spi"].as_str().expect("an SPI"), 16).expect("hex")
        };
        let spis = u64::from(spi(after) - spi(before));
        assert!(
            spis >= seconds / u64::from(spi_seconds) - 1,
            "side {side}: {spis} SPI changes\n{after}"
        );
        // What was to be sent before there was a first box is not what this is about.
        assert_eq!(after["drops"], before["drops"], "side {side}");
    }
    for outcome in &outcomes {
        assert!(
            outcome.sent as u64 > seconds * u64::from(RATE) / 2,
            "{outcome:?}"
        );
    }
    nothing_lost(&pair, &look, &outcomes);
}

/// Each datagram came, and once; but what the network says that it lost.
pub(super) fn nothing_lost(pair: &Pair, before: &Look, outcomes: &[Outcome]) {
    let losses = Look::at(pair).since(before);
    let missing: u64 = outcomes.iter().map(Outcome::missing).sum();
    if missing > 0 {
        println!("{missing} missing; {losses}");
    }
    assert!(losses.explain(missing), "{outcomes:?}\n{losses}");
    for outcome in outcomes {
        assert_eq!(outcome.twice, 0, "{outcome:?}");
    }
}
