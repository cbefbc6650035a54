//! The recording through the sampler and the lane, whole and with each fault: RTL does what the model does.
//!
//! Shows T1 (`docs/threat-model.md`).

use super::directed::Rig;
use crate::sampler::{Ports, SamplerBench};
use photonbox_cosim::{Random, build};
use photonbox_model::{Lane, LaneSettings, Sampler, SamplerSettings};
use photonbox_regmap::{Field, lane};
use serde_json::Value;

/// A cycle with rising edges at A, at B.
type Edge = (u64, bool, bool);

/// The photons of the recording in cycles of 4 ns; none without `PHOTONBOX_CAPTURE`.
///
/// Reads no more of the format than that file needs (HydraHarp T2, second record format, 1 ps): the reader of the
/// simulated card is not for this crate to depend on.
fn photons() -> Option<Vec<Edge>> {
    let Some(path) = std::env::var_os("PHOTONBOX_CAPTURE") else {
        eprintln!("skipped: PHOTONBOX_CAPTURE is not set");
        return None;
    };
    let data = std::fs::read(path).unwrap();
    let end = data.windows(10).position(|text| text == b"Header_End");
    let (mut edges, mut base) = (Vec::<Edge>::new(), 0);
    for word in data[end.unwrap() + 48..].chunks_exact(4) {
        let word = u32::from_le_bytes(word.try_into().unwrap());
        let time = u64::from(word & 0x01FF_FFFF);
        match (word >> 31, word >> 25 & 63) {
            (1, 63) => base += time.max(1) << 25,
            (0, channel @ (0 | 1)) => {
                let cycle = (base + time) / 4000;
                let (a, b) = (channel == 0, channel == 1);
                match edges.last_mut() {
                    Some(last) if last.0 == cycle => {
                        last.1 |= a;
                        last.2 |= b;
                    }
                    _ => edges.push((cycle, a, b)),
                }
            }
            _ => {}
        }
    }
    Some(edges)
}

#[test]
fn the_recordings_vectors_through_the_sampler() {
    let Some(edges) = photons() else { return };
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/sampler.json"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let cases = serde_json::from_str::<Value>(&text).unwrap()["cases"].take();
    let library = build::<SamplerBench>().unwrap();
    for case in cases.as_array().unwrap() {
        let number = |key: &str| case[key].as_u64().unwrap();
        assert_eq!(number("period_ps"), 4000);
        let settings = SamplerSettings {
            window: number("window") as u32,
            holdoff: number("holdoff") as u32,
            retrigger: false,
        };
        let mut rtl = library.simulation();
        let ports = Ports::new(&rtl);
        ports.start(&mut rtl, settings);
        let mut model = Sampler::new(settings);
        // After so many idle cycles the sampler is ready and stays so: longer gaps are cut to that.
        let longest = u64::from(settings.window + settings.holdoff) + 2;
        let (mut bits, mut expected, mut counts, mut now) =
            (String::new(), String::new(), [0; 2], 0);
        let text = |bit| if bit { '1' } else { '0' };
        let last = edges.last().map_or(0, |edge| edge.0 + longest);
        for &(cycle, a, b) in edges.iter().chain([&(last, false, false)]) {
            let gap = cycle - now;
            expected.extend(model.skip_idle(gap).map(|decided| text(decided.bit)));
            expected.extend(model.step(a, b).map(text));
            let mut left = gap.min(longest);
            ports.edges(&mut rtl, false, false);
            while left > 0 {
                if rtl.is(ports.valid) {
                    bits.push(text(rtl.is(ports.value)));
                    rtl.clock();
                    left -= 1;
                } else {
                    left -= rtl.run(left, &[ports.valid]);
                }
            }
            ports.edges(&mut rtl, a, b);
            if rtl.is(ports.valid) {
                bits.push(text(rtl.is(ports.value)));
            }
            counts[0] += rtl.get(ports.coincidence);
            counts[1] += rtl.get(ports.ignored);
            rtl.clock();
            now = cycle + 1;
        }
        assert!(bits == expected, "{settings:?}");
        assert_eq!(&bits[..64], case["first64"].as_str().unwrap());
        assert_eq!(bits.len() as u64, number("bits"));
        assert_eq!(bits.matches('1').count() as u64, number("ones"));
        assert_eq!(counts, [number("coincidences"), number("ignored")]);
    }
}

/// Plays 44 ms of the recording, broken from 10 ms on, into RTL and model: bits, cycles and alarms are the same.
fn broken(edges: &[Edge], fault: impl Fn(&mut Random, bool) -> Option<bool>, alarm: Option<Field>) {
    const FAULT: u64 = 2_500_000;
    const END: u64 = 10_900_000;
    let settings = LaneSettings {
        sampler: SamplerSettings::default(),
        rct_cutoff: 81,
        apt_cutoff: 824,
        rate_min: 16,
        rate_max: 1 << 19,
        // There is no time for 65,536 bits: 44 ms hold fewer zeros than this, and more ones with the bias below.
        balance_max: 9000,
    };
    let mut random = Random::new(1);
    let mut rig = Rig::new();
    rig.start(&settings);
    let (valid, value) = (rig.rtl.port("valid"), rig.rtl.port("value"));
    let mut model = Lane::new(settings);
    model.start();
    // What left the lane, with the cycle it was decided in.
    let (mut bits, mut expected) = (Vec::new(), Vec::new());
    let (mut alarmed, mut now) = (None, 0);
    for &(cycle, a, b) in edges.iter().take_while(|edge| edge.0 < END) {
        let [mut at_a, mut at_b] = [a, b];
        if cycle >= FAULT {
            [at_a, at_b] = [false; 2];
            for photon in [a.then_some(true), b.then_some(false)]
                .into_iter()
                .flatten()
            {
                match fault(&mut random, photon) {
                    Some(true) => at_a = true,
                    Some(false) => at_b = true,
                    None => {}
                }
            }
        }
        let decided = model.skip_idle(cycle - now);
        expected.extend(decided.map(|decided| (now + decided.cycle, decided.bit)));
        expected.extend(model.step(at_a, at_b).map(|bit| (cycle, bit)));
        while now <= cycle {
            let edge = now == cycle;
            rig.rtl.set(rig.edge_a, u64::from(edge && at_a));
            rig.rtl.set(rig.edge_b, u64::from(edge && at_b));
            let most = if edge { 1 } else { cycle - now };
            now += rig.rtl.run(most, &[valid, rig.alarm]);
            if rig.rtl.is(valid) {
                bits.push((now - 1, rig.rtl.is(value)));
            }
            if rig.rtl.is(rig.alarm) {
                alarmed = Some(now - 1);
            }
        }
        if alarmed.is_some() || !model.active() {
            break;
        }
    }
    assert!(bits.len() > 1000 && bits == expected);
    assert_eq!(alarmed.is_some(), !model.active());
    assert_eq!(rig.read(lane::ALARMS), model.alarms().0);
    match alarm {
        Some(alarm) => assert!(model.alarms().has(alarm), "{:?}", model.alarms()),
        None => assert!(model.active()),
    }
}

#[test]
fn the_recording_with_each_fault_through_the_lane() {
    let Some(edges) = photons() else { return };
    broken(&edges, |_, photon| Some(photon), None);
    broken(&edges, |_, _| None, Some(lane::ALARM_RATE_LOW));
    broken(&edges, |_, _| Some(true), Some(lane::ALARM_RCT));
    broken(&edges, |_, _| Some(false), Some(lane::ALARM_RCT));
    let biased = |thousandths| move |random: &mut Random, _| Some(random.below(1000) < thousandths);
    broken(&edges, biased(900), Some(lane::ALARM_APT));
    broken(&edges, biased(735), Some(lane::ALARM_BALANCE));
}
