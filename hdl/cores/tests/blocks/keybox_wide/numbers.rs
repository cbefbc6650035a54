//! Large numbers as ports take them, and numbers that are worth a try.

use num_bigint::BigUint;
use photonbox_cosim::{Design, Library, Options, PortId, Random, Simulation};
use rust_hdl::prelude::{Block, generate_verilog};

/// 10^(64 + s).
pub(super) fn modulus(s: u32) -> BigUint {
    BigUint::from(10_u32).pow(64 + s)
}

/// A number below `end`.
pub(super) fn below(random: &mut Random, end: &BigUint) -> BigUint {
    let words: Vec<u32> = (0..=end.bits() / 32)
        .map(|_| random.bits() as u32)
        .collect();
    BigUint::new(words) % end
}

/// An X: at random, at an edge of the range, or such that divisions come out even or nearly so.
pub(super) fn pick_x(random: &mut Random, s: u32) -> BigUint {
    let m = modulus(s);
    let one = BigUint::from(1_u32);
    match random.below(16) {
        0 => BigUint::from(random.below(3)),
        1 => &m - random.below(3),
        2 => &m / 2_u32 + random.below(3) - 1_u32,
        3 => &m / 4_u32 * (1 + 2 * random.below(2)) + random.below(3) - 1_u32,
        // Multiples of large powers of 10: P / G is a whole number.
        4 | 5 => {
            let power = BigUint::from(10_u32).pow(30 + random.below(8) as u32);
            below(random, &(&m / &power)) * power
        }
        6 => (&m - 1_u32) / (1 + random.below(9)),
        7 => {
            let bits = 1 + random.below(200);
            below(random, &(one << bits))
        }
        _ => below(random, &m),
    }
}

/// A block alone.
pub(super) fn build(name: &str, mut block: impl Block) -> Simulation {
    block.connect_all();
    let design = Design::new(name, generate_verilog(&block), "top").unwrap();
    Library::build(design, Options::default())
        .unwrap()
        .simulation()
}

pub(super) fn set(rtl: &mut Simulation, port: PortId, value: &BigUint) {
    let mut words = value.to_u32_digits();
    words.resize(words.len().max(2), 0);
    rtl.set_wide(port, &words);
}

pub(super) fn get(rtl: &Simulation, port: PortId) -> BigUint {
    BigUint::new(rtl.get_wide(port))
}
