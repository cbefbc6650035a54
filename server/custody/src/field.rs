//! GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (0x11b, as in FIPS 197 §4), without a branch or a table that depends on a value.

/// What x^8 is.
const REDUCTION: u8 = 0x1b;

/// a·b.
pub(crate) const fn multiply(mut a: u8, b: u8) -> u8 {
    let mut product = 0;
    let mut bit = 0;
    while bit < 8 {
        product ^= a & 0_u8.wrapping_sub((b >> bit) & 1);
        a = (a << 1) ^ (REDUCTION & 0_u8.wrapping_sub(a >> 7));
        bit += 1;
    }
    product
}

/// 1/a, which is a^254; of 0 it is 0.
pub(crate) const fn invert(a: u8) -> u8 {
    let mut power = a;
    let mut product = 1;
    let mut bit = 1;
    while bit < 8 {
        power = multiply(power, power);
        product = multiply(product, power);
        bit += 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long multiplication and division of polynomials.
    fn slowly(a: u8, b: u8) -> u8 {
        let mut product = 0_u16;
        for bit in 0..8 {
            if b & (1 << bit) != 0 {
                product ^= u16::from(a) << bit;
            }
        }
        for bit in (8..16).rev() {
            if product & (1 << bit) != 0 {
                product ^= 0x11b << (bit - 8);
            }
        }
        u8::try_from(product).expect("less than x^8")
    }

    #[test]
    fn all_products_and_inverses() {
        for a in 0..=255 {
            for b in 0..=255 {
                assert_eq!(multiply(a, b), slowly(a, b), "{a:#x} {b:#x}");
            }
            let one = u8::from(a != 0);
            assert_eq!(multiply(a, invert(a)), one, "{a:#x}");
        }
        // FIPS 197 §4.2.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
    }
}
