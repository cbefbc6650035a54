//! Counters that wrap: 64 bits take 2,300 years at full speed, so the test sets them to shortly before.

use crate::rig::Rig;
use crate::scene::{self, Setup, balanced};
use photonbox_cosim::seed;
use photonbox_model::FrontEnd;
use photonbox_regmap::{global, lane};

/// Registers of a lane's counters, in the order of their places.
const COUNTERS: [u32; 7] = [
    lane::BITS_LO,
    lane::ONES_LO,
    lane::COINCIDENCES_LO,
    lane::IGNORED_LO,
    lane::EDGES_A_LO,
    lane::EDGES_B_LO,
    lane::DISCARDED_LO,
];

fn counter(rig: &mut Rig, index: u32, register: u32) -> u64 {
    let at = lane::base(index) + register;
    u64::from(rig.read(at)) | u64::from(rig.read(at + 4)) << 32
}

/// Sets a counter of an idle card; again where the sweep came in between.
fn preload(rig: &mut Rig, index: u32, place: usize, value: u64) {
    let ports = ["preload_valid", "preload_address", "preload_data"].map(|name| rig.rtl.port(name));
    for _ in 0..100 {
        rig.rtl.set(ports[1], u64::from(8 * index) + place as u64);
        rig.rtl.set(ports[2], value);
        rig.rtl.set(ports[0], 1);
        rig.step();
        rig.rtl.set(ports[0], 0);
        rig.write(global::SNAPSHOT, 1);
        if counter(rig, index, COUNTERS[place]) == value {
            return;
        }
    }
    panic!("counter {place} of lane {index} cannot be set");
}

#[test]
fn counters_wrap_and_go_on() {
    let mut rig = scene::rig(FrontEnd::Simulated, seed("wrap"));
    let mut wrapped = [0_u32; COUNTERS.len()];
    let start: Vec<[u64; COUNTERS.len()]> = (0..4)
        .map(|index| {
            std::array::from_fn(|place| {
                // Few enough to wrap, and the low word alone in lane 3.
                let left = 1 + rig.random.below(12);
                let value = if index == 3 { 1 << 32 } else { 0_u64 };
                let value = value.wrapping_sub(left);
                preload(&mut rig, index, place, value);
                value
            })
        })
        .collect();
    // A window makes coincidences, a long hold-off ignored edges; a lane that stops discards what it has begun.
    let setup = Setup {
        window: 1,
        holdoff: 30,
        ..Setup::default()
    };
    setup.start(&mut rig);
    rig.shine(balanced(12));
    rig.run(40_000);
    rig.write(global::CONTROL, global::CONTROL_STOP.mask());
    rig.wait_idle();
    rig.write(global::SNAPSHOT, 1);
    for (index, start) in (0..).zip(&start) {
        let counts = COUNTERS.map(|register| counter(&mut rig, index, register));
        let model = COUNTERS.map(|register| {
            let at = lane::base(index) + register;
            u64::from(rig.model.read32(at)) | u64::from(rig.model.read32(at + 4)) << 32
        });
        for place in 0..COUNTERS.len() {
            let expected = start[place].wrapping_add(model[place]);
            assert_eq!(counts[place], expected, "counter {place} of lane {index}");
            let bits = if index == 3 { 32 } else { 64 };
            let low = start[place] & (u64::MAX >> (64 - bits));
            let carried = (u128::from(low) + u128::from(model[place])) >> bits;
            wrapped[place] += u32::from(carried > 0);
        }
    }
    assert!(wrapped.iter().all(|lanes| *lanes > 0), "{wrapped:?}");
}
