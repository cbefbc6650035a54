//! What chance alone does not reach: whole watch windows, and the self-test's settings.

use super::LaneBench;
use photonbox_cores::lane::TestModel;
use photonbox_cosim::{PortId, Simulation, build};
use photonbox_model::{Lane, LaneSettings, SamplerSettings};
use photonbox_regmap::{BLOCKS, Field, lane};

/// Which lane it is.
const INDEX: u64 = 2;

/// A lane on its own, with registers written as a driver writes them.
pub(super) struct Rig {
    pub(super) rtl: Simulation,
    pub(super) edge_a: PortId,
    pub(super) edge_b: PortId,
    pub(super) alarm: PortId,
}

impl Rig {
    pub(super) fn new() -> Self {
        let mut rtl = build::<LaneBench>().unwrap().simulation();
        let block = BLOCKS.iter().position(|block| block.base == lane::BASE);
        for (name, value) in [
            ("index", INDEX),
            ("csr_block", block.unwrap() as u64),
            ("csr_instance", INDEX),
        ] {
            rtl.set(rtl.port(name), value);
        }
        Self {
            edge_a: rtl.port("edge_a"),
            edge_b: rtl.port("edge_b"),
            alarm: rtl.port("alarm_event"),
            rtl,
        }
    }

    fn set(&mut self, name: &str, value: u64) {
        let port = self.rtl.port(name);
        self.rtl.set(port, value);
    }

    fn write(&mut self, offset: u32, value: u32) {
        self.set("csr_register", u64::from(offset / 4));
        self.set("csr_data", u64::from(value));
        self.rtl.clock();
        self.set("csr_write", 1);
        self.rtl.clock();
        self.set("csr_write", 0);
        self.rtl.clock();
    }

    pub(super) fn read(&mut self, offset: u32) -> u32 {
        self.set("csr_register", u64::from(offset / 4));
        self.rtl.clock();
        self.rtl.get(self.rtl.port("csr_read")) as u32
    }

    /// Starts the lane: the next cycle is its first.
    pub(super) fn start(&mut self, settings: &LaneSettings) {
        for (offset, value) in [
            (lane::WINDOW, settings.sampler.window),
            (lane::HOLDOFF, settings.sampler.holdoff),
            (lane::RCT_CUTOFF, settings.rct_cutoff),
            (lane::APT_CUTOFF, settings.apt_cutoff),
            (lane::RATE_MIN, settings.rate_min),
            (lane::RATE_MAX, settings.rate_max),
            (lane::BALANCE_MAX, settings.balance_max),
            (lane::ENABLE, 1),
        ] {
            self.write(offset, value);
        }
        self.set("start", 1);
        self.rtl.clock();
        self.set("start", 0);
        self.set("running", 1);
    }
}

/// Settings that no stimulus here offends, but for the rates.
fn settings(rate_min: u32, rate_max: u32) -> LaneSettings {
    LaneSettings {
        sampler: SamplerSettings {
            window: 1,
            holdoff: 30,
            retrigger: false,
        },
        rct_cutoff: 0xFFFF,
        apt_cutoff: 1025,
        rate_min,
        rate_max,
        balance_max: 65_536,
    }
}

/// Plays pairs of edges of A and B into RTL and model, then silence, until the alarm: its cycle, the model's alarms.
fn until_alarm(settings: &LaneSettings, pairs: u64) {
    let mut rig = Rig::new();
    let mut model = Lane::new(*settings);
    model.start();
    rig.start(settings);
    for _ in 0..pairs {
        for (a, b) in [(1, 0), (0, 1)] {
            rig.rtl.set(rig.edge_a, a);
            rig.rtl.set(rig.edge_b, b);
            rig.rtl.clock();
            model.step(a == 1, b == 1);
            rig.rtl.set(rig.edge_a, 0);
            rig.rtl.set(rig.edge_b, 0);
            // A window's first edge and one that falls into it after the hold-off: bits of either value.
            assert_eq!(rig.rtl.run(40, &[rig.alarm]), 40);
            model.skip_idle(40);
        }
    }
    let passed = 2 * pairs * 41;
    let ran = rig.rtl.run(3 << 20, &[rig.alarm]);
    let mut cycles = 0;
    while model.active() {
        let due = model.next_due().unwrap() + 1;
        model.skip_idle(due);
        cycles += due;
    }
    assert_eq!(ran, cycles, "after {passed} cycles");
    assert_eq!((ran + passed) % (1 << 20), 0, "at the end of a window");
    assert_eq!(rig.read(lane::ALARMS), model.alarms().0);
    assert_eq!(rig.read(lane::RATE_A), model.rates().a);
    assert_eq!(rig.read(lane::RATE_B), model.rates().b);
    assert_ne!(model.alarms().0, 0);
}

#[test]
fn a_dark_detector_alarms_at_the_end_of_the_first_whole_window() {
    // 16 pairs are enough for the first window, nothing comes in the second.
    until_alarm(&settings(16, 1 << 20), 16);
    until_alarm(&settings(17, 1 << 20), 16);
}

#[test]
fn a_flood_alarms_at_the_end_of_its_window() {
    until_alarm(&settings(0, 99), 100);
}

/// The first failure of each kind over a stimulus in self-test mode, by the bit or cycle in which it comes.
fn first_failure(edges: impl Iterator<Item = (bool, bool)>, test: Field) -> Option<usize> {
    let mut model = TestModel::new();
    let (mut bits, mut others) = (0, 0);
    for (cycle, (a, b)) in edges.enumerate() {
        let outcome = model.step(a, b);
        bits += usize::from(outcome.valid);
        others |= outcome.fail & !test.mask();
        if test.is_set(outcome.fail) {
            assert_eq!(others, 0, "{}: another came first", test.name);
            let in_cycles = test == lane::ALARM_RATE_LOW || test == lane::ALARM_RATE_HIGH;
            return Some(if in_cycles { cycle + 1 } else { bits });
        }
    }
    None
}

/// An edge every `period` cycles, at A where `a` says so of its number.
fn every(period: usize, a: impl Fn(usize) -> bool) -> impl Iterator<Item = (bool, bool)> {
    (0..4096).map(move |cycle| {
        let edge = cycle % period == 0;
        let at_a = a(cycle / period);
        (edge && at_a, edge && !at_a)
    })
}

#[test]
fn each_test_fails_in_the_self_test_when_it_should() {
    let alternate = |n: usize| n.is_multiple_of(2);
    assert_eq!(
        first_failure(every(6, alternate), lane::ALARM_APT),
        Some(319)
    );
    assert_eq!(first_failure(every(6, |_| true), lane::ALARM_RCT), Some(12));
    assert_eq!(
        first_failure(every(6, |n| n % 4 != 3), lane::ALARM_BALANCE),
        Some(54)
    );
    assert_eq!(
        first_failure(every(60, alternate), lane::ALARM_RATE_LOW),
        Some(256)
    );
    let flood = (0..4096).map(|cycle| (cycle % 4 == 0, cycle % 4 == 2));
    assert_eq!(first_failure(flood, lane::ALARM_RATE_HIGH), Some(256));
}
