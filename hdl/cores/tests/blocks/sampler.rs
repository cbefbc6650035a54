//! The sampler against its model, and the vectors through it.

use photonbox_cores::sampler::Sampler as Rtl;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation, build};
use photonbox_model::{Sampler, SamplerSettings};
use rust_hdl::prelude::*;
use serde_json::Value;

/// The ports, found once.
pub(crate) struct Ports {
    reset: PortId,
    clear: PortId,
    step: PortId,
    edge_a: PortId,
    edge_b: PortId,
    window: PortId,
    holdoff: PortId,
    retrigger: PortId,
    pub(crate) valid: PortId,
    pub(crate) value: PortId,
    pub(crate) coincidence: PortId,
    pub(crate) ignored: PortId,
    stays_open: PortId,
}

impl Ports {
    pub(crate) fn new(rtl: &Simulation) -> Self {
        Self {
            reset: rtl.port("reset"),
            clear: rtl.port("clear"),
            step: rtl.port("step"),
            edge_a: rtl.port("edge_a"),
            edge_b: rtl.port("edge_b"),
            window: rtl.port("window"),
            holdoff: rtl.port("holdoff"),
            retrigger: rtl.port("retrigger"),
            valid: rtl.port("valid"),
            value: rtl.port("value"),
            coincidence: rtl.port("coincidence"),
            ignored: rtl.port("ignored"),
            stays_open: rtl.port("stays_open"),
        }
    }

    fn configure(&self, rtl: &mut Simulation, settings: SamplerSettings) {
        rtl.set(self.window, u64::from(settings.window));
        rtl.set(self.holdoff, u64::from(settings.holdoff));
        rtl.set(self.retrigger, u64::from(settings.retrigger));
    }

    /// Clears the sampler with these settings; it steps from the next cycle on.
    pub(crate) fn start(&self, rtl: &mut Simulation, settings: SamplerSettings) {
        self.configure(rtl, settings);
        rtl.clock();
        rtl.clock();
        rtl.set(self.clear, 1);
        rtl.clock();
        rtl.set(self.clear, 0);
        rtl.set(self.step, 1);
    }

    /// This cycle's edges.
    pub(crate) fn edges(&self, rtl: &mut Simulation, a: bool, b: bool) {
        rtl.set(self.edge_a, u64::from(a));
        rtl.set(self.edge_b, u64::from(b));
        rtl.settle();
    }
}

pub(crate) struct SamplerBench {
    ports: Ports,
    settings: SamplerSettings,
    model: Sampler,
    /// Cycles until `clear`, with settings that may already be new.
    settling: Option<u32>,
    share: u64,
}

impl SamplerBench {
    /// What a cycle without a step must show.
    fn idle(&self, rtl: &Simulation, ignored: u64) -> Result<(), String> {
        let ports = &self.ports;
        for (name, port, expected) in [
            ("valid", ports.valid, 0),
            ("coincidence", ports.coincidence, 0),
            ("ignored", ports.ignored, ignored),
            ("stays_open", ports.stays_open, 0),
        ] {
            let seen = rtl.get(port);
            if seen != expected {
                return Err(format!("{name} without a step: {seen}, model {expected}"));
            }
        }
        Ok(())
    }
}

impl Bench for SamplerBench {
    const NAME: &'static str = "sampler";
    const CYCLES: u64 = 800_000;
    const BINS: &'static [&'static str] = &[
        "one",
        "zero",
        "bit after a window",
        "coincidence at once",
        "coincidence in a window",
        "ignored in a window",
        "ignored one while blind",
        "ignored two while blind",
        "no hold-off",
        "cleared with a window open",
        "reset",
        "held without a step",
    ];

    fn design() -> Result<Design> {
        let mut block = Rtl::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        let settings = SamplerSettings::default();
        Self {
            ports: Ports::new(rtl),
            settings,
            model: Sampler::new(settings),
            settling: Some(2),
            share: 3,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        // Long times are given the chance to end.
        let life = 300 + 2 * u64::from(self.settings.window + self.settings.holdoff);
        if self.settling.is_none() && random.one_in(life) {
            self.share = *random.pick(&[1, 2, 3, 8, 40]);
            let random_bit = random.below(14) as u32;
            self.settings = SamplerSettings {
                window: *random.pick(&[0, 0, 1, 2, 3, 4, 5, 6, 1 << random_bit]),
                holdoff: match random.below(8) {
                    0 => 1 << random.below(18),
                    1 | 2 => 0,
                    3 => 1,
                    _ => random.below(41) as u32,
                },
                retrigger: random.one_in(3),
            };
            self.settling = Some(2 + random.below(3) as u32);
        }
        let ports = &self.ports;
        ports.configure(rtl, self.settings);
        let reset = random.one_in(20_000);
        let clear = self.settling == Some(0);
        let step = self.settling.is_none() && !random.one_in(10);
        let (a, b) = (random.one_in(self.share), random.one_in(self.share));
        for (port, on) in [
            (ports.reset, reset),
            (ports.clear, clear),
            (ports.step, step),
            (ports.edge_a, a),
            (ports.edge_b, b),
        ] {
            rtl.set(port, u64::from(on));
        }
        rtl.settle();
        let was_open = self.model.window_open();
        let before = *self.model.counters();
        if step {
            let bit = self.model.step(a, b);
            let after = *self.model.counters();
            let coincidences = after.coincidences - before.coincidences;
            let ignored = after.ignored - before.ignored;
            for (name, port, expected) in [
                ("valid", ports.valid, u64::from(bit.is_some())),
                ("coincidence", ports.coincidence, coincidences),
                ("ignored", ports.ignored, ignored),
                (
                    "stays_open",
                    ports.stays_open,
                    u64::from(self.model.window_open()),
                ),
            ] {
                let seen = rtl.get(port);
                if seen != expected {
                    return Err(format!("{name}: {seen}, model {expected}"));
                }
            }
            if let Some(bit) = bit {
                if rtl.is(ports.value) != bit {
                    return Err(format!("value: {}, model {bit}", !bit));
                }
                hit(if bit { "one" } else { "zero" });
                if was_open {
                    hit("bit after a window");
                }
                if self.settings.holdoff == 0 {
                    hit("no hold-off");
                }
            }
            match (coincidences, was_open) {
                (1, false) => hit("coincidence at once"),
                (1, true) => hit("coincidence in a window"),
                _ => {}
            }
            match (ignored, was_open) {
                (0, _) => {}
                (_, true) => hit("ignored in a window"),
                (1, false) => hit("ignored one while blind"),
                _ => hit("ignored two while blind"),
            }
        } else {
            self.idle(rtl, u64::from(clear && was_open))?;
            if clear {
                self.model.configure(self.settings);
                if was_open {
                    hit("cleared with a window open");
                }
            } else if was_open {
                hit("held without a step");
            }
        }
        if reset {
            self.model = Sampler::new(self.model.settings());
            hit("reset");
        }
        self.settling = self.settling.and_then(|left| left.checked_sub(1));
        rtl.clock();
        Ok(())
    }
}

#[test]
fn synthetic_vectors() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/sampler_synthetic.json"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let cases = serde_json::from_str::<Value>(&text).unwrap()["cases"].take();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 19);
    let library = build::<SamplerBench>().unwrap();
    for case in cases {
        let number = |key: &str| case[key].as_u64().unwrap();
        let settings = SamplerSettings {
            window: number("window") as u32,
            holdoff: number("holdoff") as u32,
            retrigger: false,
        };
        let mut rtl = library.simulation();
        let ports = Ports::new(&rtl);
        ports.start(&mut rtl, settings);
        let (mut bits, mut coincidences, mut ignored) = (String::new(), 0, 0);
        let mut cycle = |a: bool, b: bool| {
            ports.edges(&mut rtl, a, b);
            if rtl.is(ports.valid) {
                bits.push(if rtl.is(ports.value) { '1' } else { '0' });
            }
            coincidences += rtl.get(ports.coincidence);
            ignored += rtl.get(ports.ignored);
            rtl.clock();
        };
        let mut now = 0;
        for event in case["events"].as_array().unwrap() {
            let (at, who) = (event[0].as_u64().unwrap(), event[1].as_str().unwrap());
            (now..at).for_each(|_| cycle(false, false));
            cycle(who.contains('A'), who.contains('B'));
            now = at + 1;
        }
        // A window that is open at the end yields its bit.
        (0..settings.window).for_each(|_| cycle(false, false));
        assert_eq!(bits, case["bits"].as_str().unwrap(), "{settings:?}");
        assert_eq!(coincidences, number("coincidences"), "{settings:?}");
        assert_eq!(ignored, number("ignored"), "{settings:?}");
    }
}
