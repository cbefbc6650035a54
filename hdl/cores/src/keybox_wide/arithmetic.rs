//! Constants of the arithmetic, and the sums of products that it is made of.
//!
//! M = 10^D with D = 64 + s, G = M / 4 = 2^(D-2) * 5^D, P = X². The next X is 4X - ceil(P / G).

use super::sum::{NARROW, Sum, WIDE, limbs, slice};
use num_bigint::BigUint;

/// Bits of X, which is at most 10^72.
pub(super) const X_BITS: usize = 240;
/// Bits of P that the quotient's estimate leaves out at the bottom.
pub(super) const CUT: usize = 210;
/// The estimate is (P >> CUT) * inverse >> SCALE.
pub(super) const SCALE: usize = 274;
/// Bits below the estimate's lowest that are summed up.
pub(super) const GUARD: usize = 8;
/// Added to the estimate, in 2^-GUARD: more than all that is left out, less than one.
pub(super) const BIAS: usize = 240;
/// Bits of P >> CUT.
pub(super) const TOP_BITS: usize = 2 * X_BITS - CUT;
/// Bits of the largest inverse.
pub(super) const INVERSE_BITS: usize = 271;
/// Bits of the largest 5^D.
pub(super) const FIVE_BITS: usize = 168;
/// Bits of the remainder with its sign.
pub(super) const REMAINDER_BITS: usize = 169;
/// Bits of 5^64 and a sign, and of a session key above its lowest 64.
pub(super) const KEY_BITS: usize = 150;
/// Bits of the dropped digits.
pub(super) const DROPPED_BITS: usize = 27;
/// The dropped digits are (X >> DROP_CUT) * DROP_INVERSE >> DROP_SCALE.
pub(super) const DROP_CUT: usize = 208;
const DROP_SCALE: usize = 36;

fn one() -> BigUint {
    BigUint::from(1_u32)
}

/// 10^(64 + s).
pub(super) fn modulus(s: u32) -> BigUint {
    BigUint::from(10_u32).pow(64 + s)
}

/// 5^(64 + s).
pub(super) fn five(s: u32) -> BigUint {
    BigUint::from(5_u32).pow(64 + s)
}

/// 2^(CUT + SCALE) / G, rounded down.
pub(super) fn inverse(s: u32) -> BigUint {
    (one() << (CUT + SCALE + 2)) / modulus(s)
}

/// 2^(DROP_CUT + DROP_SCALE) / 10^64, rounded down.
fn drop_inverse() -> BigUint {
    (one() << (DROP_CUT + DROP_SCALE)) / modulus(0)
}

/// A number as a literal.
pub(super) fn literal(value: &BigUint, bits: usize) -> String {
    assert!(value.bits() <= bits as u64, "{value} has {bits} bits");
    format!("{bits}'h{value:x}")
}

/// Text of a constant for each s, 0 for what is none.
pub(super) fn table(name: &str, bits: usize, of: fn(u32) -> BigUint) -> String {
    let lines: String = (1..=8)
        .map(|s| format!("      4'd{s}: {name} = {};\n", literal(&of(s), bits)))
        .collect();
    format!(
        "\
reg [{}:0] {name};
always @(*) begin
   case (s)
{lines}      default: {name} = 0;
   endcase
end
",
        bits - 1
    )
}

/// x², all of it.
pub(super) fn square() -> Sum {
    let x = limbs("x", X_BITS, NARROW);
    let mut sum = Sum::new(2 * X_BITS);
    for (i, (low, at)) in x.iter().enumerate() {
        sum.product(low.clone(), low.clone(), 2 * *at as isize);
        for (high, above) in &x[i + 1..] {
            sum.product(low.clone(), high.clone(), (at + above + 1) as isize);
        }
    }
    sum
}

/// Products of the estimate that are left out, the lowest first, as long as they are less than 0.6 together;
/// those that are kept.
type Tile = ((String, usize), (String, usize), usize);

fn estimate_tiles() -> (Vec<Tile>, Vec<Tile>) {
    let inverse = limbs("inverse", INVERSE_BITS, NARROW);
    let mut tiles: Vec<Tile> = Vec::new();
    for (a, at) in limbs("high", TOP_BITS, WIDE) {
        for (b, above) in &inverse {
            tiles.push((a.clone(), b.clone(), at + above));
        }
    }
    tiles.sort_by_key(|(a, b, at)| at + a.1 + b.1);
    let most = (one() << SCALE) * 3_u32 / 5_u32;
    let mut left_out = BigUint::default();
    let split = tiles
        .iter()
        .position(|(a, b, at)| {
            left_out += one() << (at + a.1 + b.1);
            left_out > most
        })
        .unwrap_or(0);
    let mut kept = tiles.split_off(split);
    kept.retain(|(_, _, at)| *at < SCALE + X_BITS);
    (tiles, kept)
}

/// The estimate of P / G with [`GUARD`] bits below it.
pub(super) fn estimate() -> Sum {
    let floor = SCALE - GUARD;
    let mut sum = Sum::new(X_BITS + GUARD);
    for (a, b, at) in estimate_tiles().1 {
        sum.product(a, b, at as isize - floor as isize);
    }
    sum.plain((format!("{GUARD}'d{BIAS}"), GUARD), 0);
    sum
}

/// quotient * 5^D - shifted - sticky.
pub(super) fn remainder() -> Sum {
    let five = limbs("five", FIVE_BITS, WIDE);
    let mut sum = Sum::new(REMAINDER_BITS);
    for (a, at) in limbs("quotient", REMAINDER_BITS, NARROW) {
        for (b, above) in &five {
            if at + above < REMAINDER_BITS {
                sum.product(a.clone(), b.clone(), (at + above) as isize);
            }
        }
    }
    // A negative is the complement and one more.
    sum.plain(("~shifted".to_owned(), REMAINDER_BITS), 0);
    sum.plain(("!sticky".to_owned(), 1), 0);
    sum
}

/// 4 * x - quotient - late, where a late carry of 1 makes the last of them 0.
pub(super) fn next() -> Sum {
    let mut sum = Sum::new(X_BITS);
    sum.plain(slice("x", 0, X_BITS - 2), 2);
    sum.plain(("~quotient".to_owned(), X_BITS), 0);
    sum.late_carry("carry");
    sum
}

/// x - 10^D.
pub(super) fn range() -> Sum {
    let mut sum = Sum::new(X_BITS + 1);
    sum.plain(("x".to_owned(), X_BITS), 0);
    sum.plain(("minus_modulus".to_owned(), X_BITS + 1), 0);
    sum
}

/// 2^241 - 10^D.
pub(super) fn minus_modulus(s: u32) -> BigUint {
    (one() << (X_BITS + 1)) - modulus(s)
}

/// The dropped digits or one more, with [`GUARD`] bits below.
pub(super) fn dropped() -> Sum {
    let floor = DROP_SCALE - GUARD;
    let inverse = drop_inverse();
    let mut sum = Sum::new(DROPPED_BITS + GUARD);
    for (a, at) in limbs("high", X_BITS - DROP_CUT, NARROW) {
        for (low, bits) in [(0, WIDE), (WIDE, 32 - WIDE)] {
            let part = (&inverse >> low) & ((one() << bits) - 1_u32);
            sum.product(
                a.clone(),
                (literal(&part, bits), bits),
                (at + low) as isize - floor as isize,
            );
        }
    }
    sum.plain((format!("{GUARD}'d{BIAS}"), GUARD), 0);
    sum
}

/// high - dropped * 5^64: a session key above its lowest 64 bits, or what 5^64 is to be added to.
pub(super) fn strip() -> Sum {
    let minus = (one() << KEY_BITS) - five(0);
    let mut sum = Sum::new(KEY_BITS);
    for (a, at) in limbs("dropped", DROPPED_BITS, NARROW) {
        for low in (0..KEY_BITS)
            .step_by(WIDE)
            .filter(|low| at + low < KEY_BITS)
        {
            let bits = WIDE.min(KEY_BITS - low);
            let part = (&minus >> low) & ((one() << bits) - 1_u32);
            sum.product(a.clone(), (literal(&part, bits), bits), (at + low) as isize);
        }
    }
    sum.plain(("high".to_owned(), KEY_BITS), 0);
    sum
}

/// rest + 5^64 if rest is negative.
pub(super) fn correct() -> Sum {
    let five = literal(&five(0), KEY_BITS);
    let mut sum = Sum::new(KEY_BITS);
    sum.plain(("rest".to_owned(), KEY_BITS), 0);
    sum.plain(
        (
            format!("{five} & {{{KEY_BITS}{{rest[{}]}}}}", KEY_BITS - 1),
            KEY_BITS,
        ),
        0,
    );
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that the estimate leaves out, in 2^-40, is less than its bias, and that is less than one.
    #[test]
    fn the_estimate_is_right_or_one_more() {
        let scaled = |value: BigUint| u64::try_from(value).expect("it is about one");
        let (left_out, _) = estimate_tiles();
        let products: BigUint = left_out
            .iter()
            .map(|(a, b, at)| (((one() << a.1) - 1_u32) * ((one() << b.1) - 1_u32)) << at)
            .sum();
        let products = scaled((products << 40) >> SCALE);
        let cut = (estimate().cut_terms() as u64) << (40 - GUARD);
        for s in 1..=8 {
            let top = (modulus(s).pow(2)) >> CUT;
            assert!(top.bits() <= TOP_BITS as u64 && inverse(s).bits() <= INVERSE_BITS as u64);
            let below_cut = scaled((one() << (CUT + 2 + 40)) / modulus(s)) + 1;
            let of_inverse = scaled((top << 40) >> SCALE) + 1;
            let error = products + cut + below_cut + of_inverse;
            assert!(error < (BIAS as u64) << (40 - GUARD), "s = {s}: {error:x}");
        }
        const { assert!(BIAS < 1 << GUARD) }
    }

    #[test]
    fn the_dropped_digits_are_right_or_one_more() {
        let below_cut = ((one() << (DROP_CUT + 40)) / modulus(0)) + 1_u32;
        let of_inverse = one() << (X_BITS - DROP_CUT + 40 - DROP_SCALE);
        let cut = BigUint::from(dropped().cut_terms()) << (40 - GUARD);
        assert!(below_cut + of_inverse + cut < BigUint::from(BIAS) << (40 - GUARD));
        assert!(drop_inverse().bits() <= 32);
        assert!(modulus(8) / modulus(0) + 1_u32 < one() << DROPPED_BITS);
    }

    #[test]
    fn there_are_enough_multipliers() {
        let sums = [square(), estimate(), remainder(), dropped(), strip()];
        let products: usize = sums.iter().map(Sum::products).sum();
        println!("{products} products");
        // One more multiplies BOXES by KEYS.
        assert!(products < 320);
    }

    #[test]
    fn remainders_and_keys_fit() {
        for s in 1..=8 {
            assert!(five(s).bits() <= FIVE_BITS as u64);
            assert!(five(s) < one() << (REMAINDER_BITS - 1));
            assert!(modulus(s) < one() << X_BITS);
        }
        assert!(five(0) < one() << (KEY_BITS - 1));
    }
}
