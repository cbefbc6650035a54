//! How many keys a cycle leave the card, with the bus always ready.

use super::engine::{Engine, Lengths};
use super::pair::{Bus, PairBench, Willing};
use photonbox_cosim::{Random, Simulation, build};
use photonbox_regmap::ring;

/// Cycles before the measurement, and of it.
const BEFORE: u64 = 40_000;
const CYCLES: u64 = 100_000;

/// What a run measures.
struct Case {
    keys: u32,
    /// Cycles from a burst's last beat to its response.
    latency: u64,
    /// Offset of slot 0 in a window of 256 bytes.
    offset: u64,
}

fn write(rtl: &mut Simulation, bus: &mut Bus, register: u32, value: u64) {
    for (port, value) in [
        ("csr_block", 3),
        ("csr_instance", u64::from(ring::KEYBOX)),
        ("csr_register", u64::from(register / 4)),
        ("csr_data", value),
    ] {
        rtl.set(rtl.port(port), value);
    }
    for age in 0..8 {
        rtl.set(rtl.port("csr_write"), u64::from(age == 5));
        step(rtl, bus, &mut Random::new(1));
    }
}

fn step(rtl: &mut Simulation, bus: &mut Bus, random: &mut Random) -> (bool, bool) {
    let willing = Willing {
        address: true,
        data: true,
        answer: true,
        error: false,
        abort: false,
    };
    let heard = bus.cycle(rtl, &willing, random, &mut |_| Ok(())).unwrap();
    let completion = heard
        .granted
        .is_some_and(|burst| burst.address >= 0x7000_0000_0000_0000);
    (heard.taken, completion)
}

/// Keys a cycle that are taken, and that leave at the AXI port.
fn measure(case: &Case) -> (f64, f64) {
    let library = build::<PairBench>().unwrap();
    let rtl = &mut library.simulation();
    let mut bus = Bus::new(rtl);
    (bus.latency, bus.steady) = (case.latency, true);
    let random = &mut Random::new(1);
    rtl.set(rtl.port("index"), u64::from(ring::KEYBOX));
    // Slots as large as a box, so that boxes lie as the offset says.
    for (register, value) in [
        (ring::DATA_BASE_LO, 0x1000_0000 + case.offset),
        (ring::CPL_BASE_HI, 0x7000_0000),
        (ring::SLOT_BYTES, u64::from(32 * case.keys)),
        (ring::SLOT_COUNT, 32_768),
        (ring::COMMIT, 1),
        (ring::CONTROL, 1),
    ] {
        write(rtl, &mut bus, register, value);
    }
    let mut engine = Engine::new(Lengths::Fixed(case.keys));
    let (mut taken, mut completions, mut beats) = (0, 0, 0);
    for cycle in 0..BEFORE + CYCLES {
        if cycle == BEFORE {
            (taken, completions, beats) = (0, 0, bus.beats);
        }
        engine.step(random);
        let offered = engine.offer(cycle, case.keys, random);
        rtl.set(rtl.port("key_context"), engine.context as u64);
        rtl.set(rtl.port("next_context"), engine.next_context as u64);
        rtl.set(rtl.port("key_valid"), u64::from(offered.is_some()));
        if let Some(offered) = &offered {
            rtl.set_wide(rtl.port("key"), &offered.words());
            rtl.set(rtl.port("key_first"), u64::from(offered.first));
            rtl.set(rtl.port("key_last"), u64::from(offered.last));
        }
        let (key, completion) = step(rtl, &mut bus, random);
        if key {
            engine.taken(cycle, random);
            taken += 1;
        }
        completions += u64::from(completion);
    }
    let left = bus.beats - beats - completions;
    (taken as f64 / CYCLES as f64, left as f64 / CYCLES as f64)
}

/// Boxes of 512 keys and more go at the engine's rate, within a twentieth, up to 200 cycles of response latency.
/// Smaller boxes wait for each other's completions: one at a time.
#[test]
fn rate_of_the_box_ring() {
    println!("keys a box, response latency, offset of slots: keys a cycle taken, at the AXI port");
    for (keys, latency, offset, least) in [
        (512, 1, 0, 0.99),
        (512, 60, 0, 0.99),
        (512, 120, 0, 0.99),
        (512, 200, 0, 0.95),
        (512, 60, 64, 0.98),
        (2048, 200, 192, 0.95),
        (64, 60, 0, 0.75),
        (64, 200, 0, 0.25),
        (16, 20, 0, 0.5),
    ] {
        let case = Case {
            keys,
            latency,
            offset,
        };
        let (taken, left) = measure(&case);
        println!("{keys:5} {latency:4} {offset:4}: {taken:.4} {left:.4}");
        assert!(
            taken >= least && left >= least,
            "{keys} keys at latency {latency}"
        );
    }
}
