//! A hub's page.

use std::fmt;

use photonbox_driver::CardStatus;
use photonbox_entropy::health::{Alarm, LaneReport};

use super::{Measured, Page, bits, bytes, per_second, seconds};
use super::{certificate, channels, copies, health, memory};
use crate::hub::Hub;
use crate::os;
use crate::shutdown::Phase;

impl Measured for Hub {
    fn role(&self) -> &'static str {
        "hub"
    }

    fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        pool(self, page)?;
        let lanes = self.entropy.pool().health().report();
        tested(page, &lanes)?;
        let held = lanes
            .iter()
            .filter_map(|lane| Some((number(lane.lane), self.feeder.held_since(lane.lane)?)));
        page.gauges(
            "photonbox_lane_held_since_timestamp",
            "Since when a lane waits for an operator to re-arm it, since 1970.",
            Some(&seconds()),
            held,
        )?;
        if let Some(card) = self.feeder.card_status() {
            counted(page, &card)?;
        }
        channels::write(page, &[("child", &self.channels)])?;
        channels::gate(page, &self.gate.status())?;
        boxes(self, page)?;
        stored(self, page)?;
        memory(page)?;
        copies(page, &self.vm_events)?;
        certificate(page, &self.certificate.renewal)?;
        page.flag(
            "photonbox_draining",
            "Whether it ends as soon as open deliveries are done.",
            self.shutdown.phase() != Phase::Run,
        )
    }
}

/// What there is to give, what became of the rest, and whether any of it is given.
fn pool(hub: &Hub, page: &mut Page<'_>) -> fmt::Result {
    let (pool, raw, discarded, drbg, sound) = {
        let pool = hub.entropy.pool();
        let ledger = pool.ledger();
        (
            pool.status(),
            ledger.raw_bits(),
            ledger.discarded_bits(),
            ledger.delivered_drbg_bytes(),
            ledger.invariant_holds(),
        )
    };
    let states = ["starting", "healthy", "degraded", "unhealthy"];
    health(page, &pool.health.to_string(), &states)?;
    page.flag(
        "photonbox_simulated",
        "Whether the source, or anything that waits in the pool, is simulated, replayed or a test.",
        hub.shown_label(&pool).is_some(),
    )?;
    page.flag(
        "photonbox_seeded",
        "Whether the generator has its first seed: without it nothing is given.",
        pool.seeded,
    )?;
    page.counter(
        "photonbox_reseeds",
        "Reseeds of the generator after the first seed.",
        None,
        pool.reseeds,
    )?;
    page.gauge(
        "photonbox_pool_full",
        "Full-entropy bits that may be asked for now.",
        Some(&bits()),
        pool.full_bits,
    )?;
    page.flag(
        "photonbox_pool_input_full",
        "Whether the pool wants no more input for now.",
        pool.input_full,
    )?;
    let bits = bits();
    page.counter(
        "photonbox_raw",
        "Raw bits behind all credit.",
        Some(&bits),
        raw,
    )?;
    page.counter(
        "photonbox_credited",
        "Min-entropy credited.",
        Some(&bits),
        pool.credited_bits,
    )?;
    page.counter(
        "photonbox_discarded",
        "Credited min-entropy that was thrown away unused.",
        Some(&bits),
        discarded,
    )?;
    page.counters(
        "photonbox_delivered",
        "Recorded in the ledger as delivered, by class.",
        Some(&bytes()),
        [("full", pool.delivered_bits / 8), ("drbg", drbg)]
            .map(|(class, bytes)| ([("class", class)], bytes)),
    )?;
    page.flag(
        "photonbox_ledger_sound",
        "Whether the ledger adds up: debits <= credited. A hub whose ledger does not gives nothing.",
        sound,
    )
}

fn number(lane: u8) -> [(&'static str, String); 1] {
    [("lane", lane.to_string())]
}

/// The hub's view of its lanes.
fn tested(page: &mut Page<'_>, lanes: &[LaneReport]) -> fmt::Result {
    let states = lanes.iter().flat_map(|lane| {
        let now = channels::word(lane.state);
        ["off", "start-up", "running", "failed"].map(|state| {
            let labels = [("lane", lane.lane.to_string()), ("state", state.to_owned())];
            (labels, u64::from(now == state))
        })
    });
    page.gauges("photonbox_lane_state", "State of each lane.", None, states)?;
    let alarms = lanes.iter().flat_map(|lane| {
        Alarm::ALL.map(|alarm| {
            let raised = lane.alarms.iter().any(|one| one == alarm);
            let labels = [
                ("lane", lane.lane.to_string()),
                ("alarm", alarm.to_string()),
            ];
            (labels, u64::from(raised))
        })
    });
    page.gauges(
        "photonbox_lane_alarm",
        "What each lane failed on; latched until it is re-armed.",
        None,
        alarms,
    )?;
    let failures = lanes.iter().map(|lane| (number(lane.lane), lane.failures));
    page.counters(
        "photonbox_lane_failures",
        "Failures of each lane.",
        None,
        failures,
    )
}

/// The card's own counters. They begin anew when it is reset.
fn counted(page: &mut Page<'_>, card: &CardStatus) -> fmt::Result {
    let lane = |lane: u32| [("lane", lane.to_string())];
    let bits = bits();
    page.counters(
        "photonbox_lane_raw",
        "Raw bits of each lane.",
        Some(&bits),
        card.lanes.iter().map(|one| (lane(one.lane), one.bits)),
    )?;
    page.counters(
        "photonbox_lane_ones",
        "Of these, ones.",
        Some(&bits),
        card.lanes.iter().map(|one| (lane(one.lane), one.ones)),
    )?;
    page.counters(
        "photonbox_lane_discarded",
        "Raw bits of each lane that went nowhere.",
        Some(&bits),
        card.lanes.iter().map(|one| (lane(one.lane), one.discarded)),
    )?;
    let coincidences = card.lanes.iter();
    page.counters(
        "photonbox_lane_coincidences",
        "Detections of both detectors at once, which make no bit.",
        None,
        coincidences.map(|one| (lane(one.lane), one.coincidences)),
    )?;
    let rates = card.lanes.iter().flat_map(|one| {
        [("a", one.rate_a), ("b", one.rate_b)].map(|(detector, rate)| {
            let labels = [
                ("lane", one.lane.to_string()),
                ("detector", detector.to_owned()),
            ];
            (labels, rate)
        })
    });
    page.gauges(
        "photonbox_lane_detections",
        "Detections a second in the card's last watch window.",
        Some(&per_second()),
        rates,
    )?;
    page.counters(
        "photonbox_card_errors",
        "Errors that the card counted.",
        None,
        [
            ("unknown-register", card.errors.unknown_register),
            ("refused-write", card.errors.refused_write),
            ("bus", card.errors.bus),
            ("ring-stall", card.errors.ring_stalls),
            ("dropped-bit", card.errors.dropped_bits),
        ]
        .map(|(kind, count)| ([("kind", kind)], count)),
    )?;
    page.counter(
        "photonbox_card_recoveries",
        "Times that the driver had to recover the card.",
        None,
        card.recoveries,
    )
}

fn boxes(hub: &Hub, page: &mut Page<'_>) -> fmt::Result {
    let count = hub.boxes.count();
    page.gauge(
        "photonbox_box_pairs",
        "Pairs of gateways that want key boxes.",
        None,
        count.pairs,
    )?;
    page.gauge(
        "photonbox_box_pairs_ready",
        "Of these, pairs that have their newest box.",
        None,
        count.ready,
    )?;
    page.gauge(
        "photonbox_box_memory",
        "Locked memory that session keys of all pairs take.",
        Some(&bytes()),
        count.memory_bytes,
    )?;
    page.gauge(
        "photonbox_box_memory_limit",
        "What they may take.",
        Some(&bytes()),
        count.most_memory_bytes,
    )
}

/// What lies on the disk. Without an answer of the database these are missing, and an alarm on absence tells.
fn stored(hub: &Hub, page: &mut Page<'_>) -> fmt::Result {
    match hub.store.sizes(os::unix_now()) {
        Ok(sizes) => {
            page.gauge(
                "photonbox_enrolled_hosts",
                "Hosts with an enrolment that is neither revoked nor over.",
                None,
                sizes.hosts,
            )?;
            page.gauge(
                "photonbox_store",
                "The database: ledger of all runs, enrolments.",
                Some(&bytes()),
                sizes.bytes,
            )
        }
        Err(error) => {
            tracing::warn!(%error, "the database was not asked for metrics");
            Ok(())
        }
    }
}
