//! The data path: order, routing, credit flags, alarms.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

mod support;

use photonbox_model::pattern::PIN_LATENCY;
use photonbox_model::{FrontEnd, Lane, LaneSettings, Provenance, SamplerSettings};
use photonbox_regmap::{Flags, extractor, global, lane, ring};
use proptest::prelude::*;
use support::{Bench, Event, blocks, noise, start_up};

#[test]
fn a_block_reaches_its_slot_and_says_what_it_is() {
    let mut bench = Bench::new(FrontEnd::Real);
    bench.slot_bytes = 64;
    bench.bring_up(0b10, 0);
    bench.set_lane(1, lane::WINDOW, 2);
    bench.start();
    start_up(&mut bench, &[1]);
    assert_eq!(bench.host.events, [], "start-up bits go nowhere");
    let bits: Vec<bool> = (0..1024).map(|k| noise(k + 5_000_000)).collect();
    bench.bits(1, bits[..1023].iter().copied());
    assert_eq!(bench.host.events, []);
    bench.bits(1, [bits[1023]]);
    let (completion, data) = bench.slot(ring::ENTROPY, 0).unwrap();
    assert_eq!(data, blocks(&bits));
    assert_eq!(
        completion.flags,
        Flags::default(),
        "a real detector's bits carry no reservation"
    );
    assert_eq!(
        (completion.slot, completion.blocks, completion.bytes),
        (0, 1, 48)
    );
    assert_eq!(
        (completion.lanes, completion.raw_bits, completion.sequence),
        (0b10, 1024, 0)
    );
    assert_eq!(
        (
            completion.seed_epoch,
            completion.generation,
            completion.ring
        ),
        (1, 1, ring::ENTROPY)
    );
    let expected = [
        Event::Write(0x10_0000, 48),
        Event::Write(0x1000, 32),
        Event::Interrupt(0),
    ];
    assert_eq!(bench.host.events, expected, "data, completion, interrupt");
    assert_eq!(bench.ring(ring::ENTROPY, ring::TAIL), 1);
    assert!(global::INT_ENTROPY.is_set(bench.read(global::INT_STATUS)));
    assert_eq!(bench.counter(1, lane::BITS_LO), 2048);
    assert_eq!(bench.counter(1, lane::DISCARDED_LO), 1024);
    let blocks = bench.read(extractor::BASE + extractor::BLOCKS_LO);
    assert_eq!(
        (
            blocks,
            bench.read(extractor::BASE + extractor::INPUT_BITS_LO)
        ),
        (1, 1024)
    );
}

#[test]
fn bits_of_one_cycle_are_ordered_by_lane_whatever_the_order_of_the_edges() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(0b1011, 0);
    bench.start();
    start_up(&mut bench, &[0, 1, 3]);
    let mut bits = Vec::new();
    for index in 0..342 {
        let cycle = bench.card.now() + 40;
        for lane in [3, 0, 1] {
            bench.edge(cycle, lane, noise(900_000 + 4 * index + u64::from(lane)));
        }
        bits.extend([0, 1, 3].map(|lane| noise(900_000 + 4 * index + lane)));
    }
    let end = bench.card.now() + 1;
    bench.card.advance_to(end, &mut bench.host);
    let (completion, data) = bench.slot(ring::ENTROPY, 0).unwrap();
    assert_eq!(data, blocks(&bits));
    assert_eq!(completion.lanes, 0b1011);
    assert!(completion.flags.simulated && !completion.flags.replayed && !completion.flags.test);
}

#[test]
fn a_tapped_lane_feeds_the_raw_ring_only_and_is_never_creditable() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(0b11, 0b10);
    bench.start();
    start_up(&mut bench, &[0, 1]);
    let from = bench.card.now();
    let bits: Vec<bool> = (0..8).map(|k| noise(k + 31)).collect();
    bench.bits(1, bits.iter().copied());
    assert_eq!(bench.ring(ring::ENTROPY, ring::TAIL), 0);
    let (completion, _) = bench.slot(ring::RAW, 0).unwrap();
    assert!(completion.flags.not_creditable && completion.flags.simulated);
    assert_eq!(
        (completion.ring, completion.lanes, completion.raw_bits),
        (ring::RAW, 0b10, 8)
    );
    for (index, record) in bench.records(0).iter().enumerate() {
        assert_eq!(
            (record.lane, record.bit, record.gap),
            (1, bits[index], false)
        );
        assert_eq!(record.timestamp, from + 40 * (index as u64 + 1));
    }
    assert_eq!(
        bench.card.extractor().taken(),
        0,
        "nothing of it went to the extractor"
    );
    bench.bits(0, (0..1024).map(noise));
    assert_eq!(bench.ring(ring::RAW, ring::TAIL), 1);
    let (completion, data) = bench.slot(ring::ENTROPY, 0).unwrap();
    assert_eq!(
        (completion.lanes, completion.flags.not_creditable),
        (1, false)
    );
    assert_eq!(data, blocks(&(0..1024).map(noise).collect::<Vec<_>>()));
}

#[test]
fn provenance_reaches_the_completion() {
    let mut bench = Bench::new(FrontEnd::Real);
    bench.slot_bytes = 64;
    bench.bring_up(1, 0);
    bench.set_lane(0, lane::WINDOW, 1);
    bench.start();
    start_up(&mut bench, &[0]);
    let bits = |k: u64| (0..1024).map(move |index| noise(k * 1024 + index));
    bench.bits(0, bits(1));
    bench.card.set_provenance(Provenance {
        simulated: true,
        replayed: false,
    });
    bench.bits(0, bits(2).take(1));
    bench.card.set_provenance(Provenance {
        simulated: false,
        replayed: true,
    });
    bench.bits(0, bits(2).take(1));
    bench.card.set_provenance(Provenance::default());
    bench.bits(0, bits(2).skip(2).chain(bits(3)));
    let flags = |count| bench.slot(ring::ENTROPY, count).unwrap().0.flags;
    assert_eq!(flags(0), Flags::default());
    assert_eq!(
        flags(1),
        Flags {
            simulated: true,
            replayed: true,
            ..Flags::default()
        }
    );
    assert_eq!(flags(2), Flags::default(), "the next slot is clean again");
}

#[test]
fn a_pattern_replaces_the_pins_and_is_marked_test() {
    let mut bench = Bench::new(FrontEnd::Real);
    bench.slot_bytes = 64;
    bench.bring_up(0b11, 0);
    for lane in 0..2 {
        bench.set_lane(lane, lane::WINDOW, 1);
    }
    bench.write(global::PATTERN, global::PATTERN_COUNTER);
    bench.write(global::PATTERN_PERIOD, 50);
    bench.write(global::PATTERN_LANES_LO, 0b10);
    bench.start();
    assert!(global::STATUS_TEST_PATTERN.is_set(bench.read(global::STATUS)));
    // The pattern drives pins, so its first pulse comes through the synchroniser.
    assert_eq!(bench.card.next_due(), Some(bench.card.now() + PIN_LATENCY));
    bench.edge(10, 1, true);
    bench
        .card
        .advance_to(50 * 2048 + 1 + PIN_LATENCY, &mut bench.host);
    let (completion, data) = bench.slot(ring::ENTROPY, 0).unwrap();
    assert!(completion.flags.test && !completion.flags.simulated);
    assert_eq!(completion.lanes, 0b10);
    // 1,024 start-up bits are the values 0 to 127; the block is 128 to 255.
    let bits: Vec<bool> = (128_u32..256)
        .flat_map(|v| (0..8).map(move |k| v >> (7 - k) & 1 == 1))
        .collect();
    assert_eq!(data, blocks(&bits));
    assert_eq!(
        bench.counter(1, lane::EDGES_A_LO) + bench.counter(1, lane::EDGES_B_LO),
        2049
    );
}

#[test]
fn a_bit_of_the_cycle_of_an_alarm_begins_the_next_block() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(0b11, 0);
    bench.start();
    start_up(&mut bench, &[0, 1]);
    let good: Vec<bool> = (0..1024).map(|k| noise(k + 123_456)).collect();
    let mut last = 0;
    while bench.state(1) != lane::ALARMED {
        let cycle = bench.card.now() + 40;
        // Lane 0's value does not matter before the alarm: all of it is discarded.
        bench.edge(cycle, 0, good[0] ^ noise(cycle));
        bench.edge(cycle, 1, true);
        last = cycle;
        bench.card.advance_to(cycle + 1, &mut bench.host);
    }
    let first = good[0] ^ noise(last);
    assert_eq!(bench.card.extractor().taken(), 1);
    bench.bits(0, good[1..].iter().copied());
    let (_, data) = bench.slot(ring::ENTROPY, 0).unwrap();
    let bits: Vec<bool> = core::iter::once(first)
        .chain(good[1..].iter().copied())
        .collect();
    assert_eq!(data, blocks(&bits));
}

#[test]
fn an_alarm_discards_the_block_and_stops_that_lane_only() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(0b11, 0);
    bench.start();
    start_up(&mut bench, &[0, 1]);
    bench.bits(0, (0..500).map(noise));
    bench.bits(1, core::iter::repeat_n(true, 90));
    assert_eq!(bench.state(1), lane::ALARMED);
    assert!(lane::ALARM_RCT.is_set(bench.lane(1, lane::ALARMS)));
    assert_eq!(bench.host.interrupts(global::EVENT_VECTOR), 1);
    assert!(global::INT_ALARM.is_set(bench.read(global::INT_STATUS)));
    let status = bench.read(global::STATUS);
    assert!(global::STATUS_ALARM.is_set(status) && !global::STATUS_ALL_ALARMED.is_set(status));
    assert_eq!(
        bench.card.extractor().taken(),
        0,
        "the block in progress is discarded"
    );
    let bits = bench.counter(1, lane::BITS_LO);
    assert!((1024 + 60..=1024 + 81).contains(&bits), "{bits}");
    assert_eq!(
        bench.counter(1, lane::DISCARDED_LO),
        bits,
        "none of its bits went anywhere"
    );
    assert_eq!(bench.counter(0, lane::DISCARDED_LO), 1024 + 500);
    let good: Vec<bool> = (0..1024).map(|k| noise(k + 123_456)).collect();
    bench.bits(0, good.iter().copied());
    let (completion, data) = bench.slot(ring::ENTROPY, 0).unwrap();
    assert_eq!(
        (data, completion.lanes),
        (blocks(&good), 1),
        "the other lane goes on"
    );
    assert!(completion.flags.gap);
    // Only a restart request, then ones written to the alarms, re-arm the lane; then the start-up test runs.
    bench.set_lane(1, lane::ALARMS, u32::MAX);
    assert!(lane::ALARM_RCT.is_set(bench.lane(1, lane::ALARMS)));
    bench.set_lane(1, lane::ENABLE, 0);
    bench.set_lane(1, lane::ENABLE, 1);
    assert_eq!(
        bench.state(1),
        lane::ALARMED,
        "disabling and enabling is not re-arming"
    );
    bench.set_lane(1, lane::RESTART, 1);
    assert!(lane::STATE_RESTART.is_set(bench.lane(1, lane::STATE)));
    bench.set_lane(1, lane::ALARMS, u32::MAX);
    assert_eq!(bench.state(1), lane::STARTUP);
    assert_eq!(
        lane::STATE_STARTUP_BITS.get(bench.lane(1, lane::STATE)),
        1024
    );
    start_up(&mut bench, &[1]);
    bench.write(global::INT_STATUS, global::INT_ALARM.mask());
    assert!(!global::INT_ALARM.is_set(bench.read(global::INT_STATUS)));
    assert!(!global::STATUS_ALARM.is_set(bench.read(global::STATUS)));
}

#[test]
fn alarms_survive_stop_and_start() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.bring_up(1, 0);
    bench.start();
    bench.bits(0, core::iter::repeat_n(false, 81));
    assert_eq!(bench.state(0), lane::ALARMED);
    let status = bench.read(global::STATUS);
    assert!(global::STATUS_ALL_ALARMED.is_set(status));
    bench.stop();
    bench.start();
    assert_eq!(bench.state(0), lane::ALARMED);
    bench.stop();
    bench.set_lane(0, lane::RESTART, 1);
    bench.set_lane(0, lane::ALARMS, u32::MAX);
    assert_eq!(
        (bench.state(0), bench.lane(0, lane::ALARMS)),
        (lane::OFF, 0),
        "idle: off until START"
    );
    bench.start();
    assert_eq!(bench.state(0), lane::STARTUP);
}

#[test]
fn one_dark_detector_never_yields_a_byte() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.bring_up(0b11, 0b10);
    bench.start();
    for index in 1..20_000_u64 {
        for lane in 0..2 {
            bench.edge(index * 600, lane, true);
        }
    }
    bench.stop();
    assert_eq!(
        bench
            .host
            .events
            .iter()
            .filter(|event| matches!(event, Event::Write(..)))
            .count(),
        0
    );
    for lane in 0..2 {
        let alarms = bench.lane(lane, lane::ALARMS);
        assert!(lane::ALARM_RCT.is_set(alarms) && lane::ALARM_STARTUP.is_set(alarms));
        assert_eq!(bench.counter(lane, lane::BITS_LO), 81);
    }
}

#[test]
fn a_dead_lane_is_noticed_without_any_edge() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.bring_up(1, 0);
    bench.start();
    assert_eq!(bench.card.next_due(), Some((1 << 20) - 1));
    bench.card.advance_to((1 << 20) - 1, &mut bench.host);
    assert_eq!(bench.state(0), lane::STARTUP);
    bench.card.advance_to(1 << 20, &mut bench.host);
    assert!(lane::ALARM_RATE_LOW.is_set(bench.lane(0, lane::ALARMS)));
    assert_eq!(bench.host.interrupts(global::EVENT_VECTOR), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// The card against its lanes stepped one cycle after the other: the same bits in the same cycles.
    #[test]
    fn the_card_skips_as_its_lanes_step(
        events in prop::collection::vec((0_u64..12, 0_u32..4, 0_u8..3), 1..400),
        settings in prop::collection::vec((0_u32..6, 0_u32..9, any::<bool>()), 4),
        flush in 0_u32..50,
    ) {
        let mut bench = Bench::new(FrontEnd::Simulated);
        bench.bring_up(0b1111, 0b1111);
        bench.set_ring(ring::RAW, ring::FLUSH_CYCLES, flush);
        let mut lanes = Vec::new();
        for (index, &(window, holdoff, retrigger)) in settings.iter().enumerate() {
            let index = index as u32;
            bench.set_lane(index, lane::WINDOW, window);
            bench.set_lane(index, lane::HOLDOFF, holdoff);
            let tap = lane::CONFIG_TAP.mask() | lane::CONFIG_RETRIGGER.put(u32::from(retrigger));
            bench.set_lane(index, lane::CONFIG, tap);
            bench.set_lane(index, lane::RCT_CUTOFF, 12);
            lanes.push(Lane::new(LaneSettings {
                sampler: SamplerSettings { window, holdoff, retrigger },
                rct_cutoff: 12,
                apt_cutoff: 824,
                rate_min: 16,
                rate_max: 1 << 19,
                balance_max: 47_039,
            }));
        }
        bench.start();
        lanes.iter_mut().for_each(Lane::start);
        let mut now = 0;
        let mut expected = Vec::new();
        let mut step = |now: &mut u64, edges: [(bool, bool); 4], lanes: &mut Vec<Lane>| {
            for (index, lane) in lanes.iter_mut().enumerate() {
                if let Some(bit) = lane.step(edges[index].0, edges[index].1) {
                    expected.push((*now, index as u8, bit));
                }
            }
            *now += 1;
        };
        let mut got = Vec::new();
        let take = |bench: &mut Bench, got: &mut Vec<(u64, u8, bool)>| {
            let tail = bench.ring(ring::RAW, ring::TAIL);
            for count in bench.ring(ring::RAW, ring::HEAD)..tail {
                got.extend(bench.records(count).iter().map(|r| (r.timestamp, r.lane, r.bit)));
            }
            bench.set_ring(ring::RAW, ring::HEAD, tail);
        };
        let none = [(false, false); 4];
        for index in 0..1024 {
            for _ in 0..20 {
                step(&mut now, none, &mut lanes);
            }
            for lane in 0..4 {
                bench.edge(now, lane, index % 2 == 0);
            }
            step(&mut now, [(index % 2 == 0, index % 2 == 1); 4], &mut lanes);
        }
        for _ in 0..20 {
            step(&mut now, none, &mut lanes);
        }
        let mut edges = none;
        for (gap, lane, who) in events {
            if gap > 0 {
                step(&mut now, edges, &mut lanes);
                edges = none;
                for _ in 1..gap {
                    step(&mut now, none, &mut lanes);
                }
            }
            let (a, b) = (who != 1, who != 0);
            bench.card.edges(now, lane, a, b, &mut bench.host).unwrap();
            let edge = &mut edges[lane as usize];
            *edge = (edge.0 | a, edge.1 | b);
            take(&mut bench, &mut got);
        }
        step(&mut now, edges, &mut lanes);
        for _ in 0..20 {
            step(&mut now, none, &mut lanes);
        }
        bench.card.advance_to(now, &mut bench.host);
        bench.stop();
        take(&mut bench, &mut got);
        prop_assert_eq!(bench.read(global::ERR_DROPPED_BITS), 0);
        prop_assert_eq!(got, expected);
        for (index, lane) in lanes.iter().enumerate() {
            let card = &bench.card.lanes()[index];
            prop_assert_eq!(card.alarms(), lane.alarms());
            prop_assert_eq!(card.counters(), lane.counters());
            prop_assert_eq!(card.discarded(), lane.discarded());
        }
    }
}
