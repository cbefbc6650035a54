//! A built card and its bring-up.

use crate::rig::{Beam, Beams, Rig};
use photonbox_cosim::{Design, Library, Options};
use photonbox_model::{Build, FrontEnd};
use photonbox_regmap::{global, lane, ring};
use std::sync::OnceLock;

/// A built card and its hash.
pub type Built = (Library, [u8; 32]);

/// A build's card, built once.
pub fn built(build: Build) -> &'static Built {
    static SMALL: OnceLock<Built> = OnceLock::new();
    static WIDE: OnceLock<Built> = OnceLock::new();
    let (of, name, verilog): (_, _, fn() -> _) = match build {
        Build::Small => (&SMALL, photonbox_boards::SMALL_TOP, photonbox_boards::small),
        Build::Wide => (&WIDE, photonbox_boards::WIDE_TOP, photonbox_boards::wide),
    };
    of.get_or_init(|| {
        let verilog = verilog().unwrap();
        let design = Design::new(name, verilog.text, name).unwrap();
        let waves = std::env::var_os("WAVES").is_some_and(|value| value == "1");
        let options = Options {
            waves,
            ..Options::default()
        };
        (Library::build(design, options).unwrap(), verilog.build_hash)
    })
}

/// A small card after power-on.
pub fn rig(front_end: FrontEnd, seed: u64) -> Rig {
    rig_of(Build::Small, front_end, seed)
}

/// A card after power-on.
pub fn rig_of(build: Build, front_end: FrontEnd, seed: u64) -> Rig {
    let (library, hash) = built(build);
    Rig::new(library.simulation(), build, front_end, *hash, seed)
}

/// How a card is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Lanes that are used.
    pub lanes: u64,
    /// Of these, the ones routed to TAP.
    pub tap: u64,
    pub window: u32,
    pub holdoff: u32,
    pub retrigger: bool,
    pub n: u32,
    pub m: u32,
    pub slot_bytes: u32,
    pub slots: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            lanes: 0b1111,
            tap: 0,
            window: 0,
            holdoff: 4,
            retrigger: false,
            n: 1024,
            m: 384,
            slot_bytes: 64,
            slots: 16,
        }
    }
}

/// Balanced light on four lanes, one photon of each in about `every` cycles.
pub fn balanced(every: u64) -> Beams {
    balanced_on(4, every)
}

/// The same on so many lanes.
pub fn balanced_on(lanes: u32, every: u64) -> Beams {
    let beam = Beam {
        every,
        on_a: 1 << 15,
    };
    Beams::new(vec![beam; lanes as usize])
}

impl Setup {
    /// Cycles in which a ring of these slots cannot fill, even if every lane feeds it at once.
    pub fn drain_cycles(&self, every: u64) -> u64 {
        let block_slots = u64::from(self.slot_bytes / (self.m / 8)).max(1);
        let records = u64::from(self.slot_bytes) / 8;
        let bits_of_slot = (block_slots * u64::from(self.n)).min(records);
        // Two photons in `every` cycles are rare; half of the ring stays free.
        (u64::from(self.slots) / 2 * bits_of_slot * every / 8).max(8)
    }

    /// Sets an idle card up and starts it.
    pub fn start(&self, rig: &mut Rig) {
        for number in [ring::ENTROPY, ring::RAW] {
            rig.commit(number, self.slot_bytes, self.slots);
        }
        rig.write(
            photonbox_regmap::extractor::BASE + photonbox_regmap::extractor::N,
            self.n,
        );
        rig.write(
            photonbox_regmap::extractor::BASE + photonbox_regmap::extractor::M,
            self.m,
        );
        rig.seed(self.n, self.m);
        rig.write(global::INT_ENABLE, 0x7f);
        for index in 0..rig.lanes() {
            let on = (self.lanes >> index & 1) as u32;
            let config = lane::CONFIG_TAP.put((self.tap >> index & 1) as u32)
                | lane::CONFIG_RETRIGGER.put(u32::from(self.retrigger));
            rig.lane(index, lane::CONFIG, config);
            rig.lane(index, lane::WINDOW, self.window);
            rig.lane(index, lane::HOLDOFF, self.holdoff);
            // The rate watch is for real rates; here a photon comes every few cycles.
            rig.lane(index, lane::RATE_MAX, (1 << 20) - 1);
            rig.lane(index, lane::ENABLE, on);
        }
        rig.write(global::CONTROL, global::CONTROL_START.mask());
        assert_eq!(rig.same(global::START_ERROR), 0);
        assert!(global::STATUS_RUNNING.is_set(rig.same(global::STATUS)));
    }
}
