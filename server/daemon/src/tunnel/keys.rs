//! A peer's engine, made ready: its record, and in mode `ip-key` all its boxes, after which the IP key is erased.

use photonbox_keybox::esp::BoxKeys;
use photonbox_keybox::peer::{self, Peer, Record, fingerprint, ip_key_boxes};
use photonbox_keybox::schedule::{Budgets, NoRandom, Random};
use photonbox_keybox::{Cpu, IpKey};

use super::options::{Keys, PeerPlan, Role};
use super::records::Records;
use crate::failure::split;
use crate::{Error, Result, os};

/// The operating system's generator, for the flicker, which is no secret.
struct System;

impl Random for System {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandom> {
        os::random(out).map_err(|_| NoRandom)
    }
}

/// The engine of a peer, bound by what its earlier lives left, and with the boxes of its IP key.
pub(super) fn engine(plan: &PeerPlan, records: &Records, ip_key: Option<IpKey>) -> Result<Peer> {
    let role = match plan.keys {
        // Until the hub has said it, before which there are no keys.
        Keys::Hub => peer::Role::Zero,
        Keys::IpKey(Role::A) => peer::Role::Zero,
        Keys::IpKey(Role::B) => peer::Role::One,
    };
    let budgets = Budgets::new(plan.box_packets, plan.box_time, plan.spi_time);
    let store = records.of_peer(&plan.name)?;
    let before = store.records();
    let engine = Peer::new(role, budgets, before.clone(), Box::new(store), &mut System);
    let mut engine = engine.map_err(|error| failed(&plan.name, &error.to_string()))?;
    if let Some(ip_key) = ip_key {
        add_ip_key(&mut engine, plan, ip_key, &before)?;
    }
    Ok(engine)
}

/// Gives an engine all boxes of an IP key that it may still use.
fn add_ip_key(engine: &mut Peer, plan: &PeerPlan, ip_key: IpKey, before: &[Record]) -> Result<()> {
    let id = fingerprint(&ip_key);
    let earlier = before.iter().find(|record| record.orbit == id);
    let below = earlier.map_or(plan.parameters.boxes() + 1, |record| record.lowest);
    if below <= 1 {
        return Err(Error::failed(
            format!(
                "all key boxes of the IP key of peer `{}` are used up",
                plan.name
            ),
            "give both gateways a new IP key (photonbox keybox new)",
        ));
    }
    let now = os::now();
    let fail = |error: &dyn std::fmt::Display| failed(&plan.name, &error.to_string());
    let mut boxes: Vec<BoxKeys> = Vec::with_capacity(plan.parameters.boxes() as usize);
    // Boxes of a key that turns out weak on the way are not to be used: they are taken in when all are made.
    ip_key_boxes(
        &mut Cpu::default(),
        ip_key,
        plan.parameters,
        below,
        &mut |keys| boxes.push(keys),
    )
    .map_err(|error| fail(&error))?;
    engine
        .add_orbit(now, id, peer::Mode::IpKey, plan.parameters)
        .map_err(|error| fail(&error))?;
    for keys in boxes {
        engine.insert(now, id, keys).map_err(|error| fail(&error))?;
    }
    Ok(())
}

fn failed(peer: &str, message: &str) -> Error {
    let (what, help) = split(message, "look at the log");
    Error::failed(format!("peer `{peer}`: {what}"), help)
}
