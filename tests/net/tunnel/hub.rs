//! Mode `boxes` while the hub is away: the gateways go on with the box that they have, and nothing is lost.

use super::changes::nothing_lost;
use super::flow::{self, Flow};
use super::losses::Look;
use super::pair::{EAST, Pair, Settings, WEST};
use crate::process;
use serde_json::Value;

/// Datagrams a second and flow.
const RATE: u32 = 300;

/// The gateways serve a box for up to four times this while they wait for the next one: longer than what is tried here.
const BOX_SECONDS: u32 = 8;

/// Both gateways on a hub, with traffic both ways while `away` does something to the hub and undoes it.
fn under_traffic(away: impl FnOnce(&Pair)) {
    let settings = Settings {
        box_seconds: BOX_SECONDS,
        hub: true,
        ..Settings::default()
    };
    let Some(pair) = Pair::new(settings) else {
        return;
    };
    pair.meet();
    let flows = [("east", "west", WEST[0]), ("west", "east", EAST[1])];
    let flows = flows.map(|(from, to, address)| Flow {
        from,
        to,
        address,
        bytes: 400,
    });
    let look = Look::at(&pair);
    let outcomes = flow::run(&pair, &flows, RATE, || away(&pair));
    println!("{outcomes:?}");
    nothing_lost(&pair, &look, &outcomes);
    for side in 0..2 {
        let drops = pair.peer(side)["drops"].clone();
        assert_eq!(drops["hard-limit"], Value::Null, "{drops}");
    }
}

/// A side's orbit, box, and boxes that it was given.
fn place(pair: &Pair, side: usize) -> (Value, Option<u64>, u64) {
    let peer = pair.peer(side);
    let given = peer["hub"]["boxes"].as_u64().expect("a number");
    (peer["orbit"].clone(), peer["box"].as_u64(), given)
}

/// What a side waits for.
fn waits(pair: &Pair, side: usize) -> Value {
    pair.peer(side)["hub"]["waits"].clone()
}

#[test]
fn a_hub_that_is_killed_and_comes_back_costs_no_packet() {
    under_traffic(|pair| {
        let before = [0, 1].map(|side| place(pair, side));
        pair.kill_hub();
        for side in 0..2 {
            process::until(
                "it says why there is no box",
                || waits(pair, side),
                Value::is_string,
            );
        }
        pair.serve_hub();
        for (side, (orbit, _, given)) in before.into_iter().enumerate() {
            // Nothing of the orbit outlived the hub's process.
            let after = process::until(
                "it sends from another orbit",
                || place(pair, side),
                |(now, ..)| now.is_string() && *now != orbit,
            );
            assert!(after.2 > given, "{after:?}");
            assert_eq!(waits(pair, side), Value::Null);
        }
    });
}

#[test]
fn a_gateway_that_loses_its_hub_goes_on_in_the_same_orbit() {
    under_traffic(|pair| {
        let before = [0, 1].map(|side| place(pair, side));
        pair.network.lose_the_way("a", pair.hub_address());
        let lost = || waits(pair, 0);
        process::until("it says why there is no box", lost, Value::is_string);
        // What an alarm is made of.
        let waits = "photonbox_tunnel_peer_waits_for_hub{peer=\"b\"}";
        assert_eq!(pair.page(0).value(waits), 1.0);
        pair.network.find_the_way("a", pair.hub_address());
        for (side, (orbit, number, given)) in before.into_iter().enumerate() {
            let after = process::until(
                "it sends from a lower box",
                || place(pair, side),
                |(.., now, _)| *now < number,
            );
            assert_eq!(after.0, orbit, "side {side}");
            assert!(after.2 > given, "{after:?}");
        }
    });
}
