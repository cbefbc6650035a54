//! RTL and model on the same light, cycle by cycle.

use crate::rig::{Beam, Beams, Rig};
use crate::scene::{self, Setup, balanced};
use photonbox_model::FrontEnd;
use photonbox_regmap::{BLOCKS, global, lane, ring};

/// Registers that tell time or where the bus stands, which the model does not.
const OF_ITS_OWN: [u32; 2] = [global::CYCLES_LO, global::CYCLES_HI];

/// Every register of the map, of both.
fn compare_registers(rig: &mut Rig) {
    for block in &BLOCKS {
        let instances = if block.base == lane::BASE {
            4
        } else {
            block.count
        };
        for instance in 0..instances {
            for register in block.registers {
                let offset = block.base + instance * block.stride + register.offset;
                if !OF_ITS_OWN.contains(&offset) {
                    rig.same(offset);
                }
            }
        }
    }
}

#[test]
fn after_power_on_every_register_is_the_models() {
    let mut rig = scene::rig(FrontEnd::Simulated, 1);
    compare_registers(&mut rig);
    let passed = rig.read(global::SELFTEST_PASSED);
    assert_eq!(passed, rig.read(global::SELFTEST_RAN), "{passed:#b}");
}

#[test]
fn balanced_light_gives_the_same_blocks() {
    let mut rig = scene::rig(FrontEnd::Simulated, 2);
    let setup = Setup::default();
    setup.start(&mut rig);
    rig.shine(balanced(16));
    rig.run(100_000);
    rig.take(ring::ENTROPY, &setup);
    rig.write(global::CONTROL, global::CONTROL_STOP.mask());
    rig.wait_idle();
    rig.take(ring::ENTROPY, &setup);
    rig.write(global::SNAPSHOT, 1);
    compare_registers(&mut rig);
    let _ = Beams::new(vec![Beam { every: 1, on_a: 0 }]);
}
