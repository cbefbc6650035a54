//! Attacks on raw session keys: forwards to all later ones, backwards to the IP key.

use crate::{DIGITS, Error, KEY_BYTES, Parameters, cpu};
use num_bigint::BigUint;

/// What was found on the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// IP keys with this X_n, 64 digits each, in rising order.
    pub ip_keys: Vec<String>,
    /// Predecessors that were computed.
    pub work: u64,
    /// Most predecessors at one step.
    pub widest: usize,
}

/// Every completion of a session key whose next session key is `next`: numbers t below 10^s with X = t · 10^64 + key. All
/// 10^s are tried.
///
/// # Errors
/// [`Error::Parameters`] for s out of range.
pub fn completions(
    key: &[u8; KEY_BYTES],
    next: &[u8; KEY_BYTES],
    s: u32,
) -> Result<Vec<u32>, Error> {
    Parameters::new(s, 1, 1)?;
    let step = BigUint::from(10_u32).pow(DIGITS as u32);
    let mut x = BigUint::from_bytes_le(key) % &step;
    let mut found = Vec::new();
    let mut after = [[0; KEY_BYTES]];
    for t in 0..10_u32.pow(s) {
        cpu::follow(&bytes(&x), s, &mut after);
        if after[0] == *next {
            found.push(t);
        }
        x += &step;
    }
    Ok(found)
}

/// X of a session key and its completion.
#[must_use]
pub fn complete(key: &[u8; KEY_BYTES], t: u32) -> [u8; KEY_BYTES] {
    bytes(&(BigUint::from(10_u32).pow(DIGITS as u32) * t + BigUint::from_bytes_le(key)))
}

/// The `count` session keys after X, which is below 10^(64 + s).
///
/// # Errors
/// [`Error::Parameters`] for s out of range.
pub fn later(x: &[u8; KEY_BYTES], s: u32, count: u32) -> Result<Vec<[u8; KEY_BYTES]>, Error> {
    Parameters::new(s, 1, 1)?;
    let mut keys = vec![[0; KEY_BYTES]; count as usize];
    cpu::follow(x, s, &mut keys);
    Ok(keys)
}

/// A session key as an attacker would read one from bytes that are none: modulo 10^64.
#[must_use]
pub fn taken_as_session_key(key: &[u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
    bytes(&(BigUint::from_bytes_le(key) % BigUint::from(10_u32).pow(DIGITS as u32)))
}

/// The other IP key with the same session keys: 10^64 − IP key, since 4X(M − X) is the same for X and M − X.
#[must_use]
pub fn twin(digits: &[u8; DIGITS]) -> String {
    let key = BigUint::parse_bytes(digits, 10).unwrap_or_default();
    format!(
        "{:0>64}",
        (BigUint::from(10_u32).pow(DIGITS as u32) - key).to_string()
    )
}

/// Goes from X_n back to X_0 through all predecessors of all predecessors; X_0 is told by its s zeros. `each` is told the n
/// reached and how many numbers are left there. None if at some step they are more than `most`.
///
/// # Errors
/// [`Error::Parameters`] for s out of range.
pub fn back(
    x: &[u8; KEY_BYTES],
    n: u32,
    s: u32,
    most: usize,
    each: &mut dyn FnMut(u32, usize),
) -> Result<Option<Traced>, Error> {
    Parameters::new(s, 1, 1)?;
    let m = BigUint::from(10_u32).pow(DIGITS as u32 + s);
    let mut here = vec![BigUint::from_bytes_le(x)];
    let (mut work, mut widest) = (0, 1);
    for n in (0..n).rev() {
        here = here.iter().flat_map(|x| predecessors(x, &m)).collect();
        each(n, here.len());
        work += here.len() as u64;
        widest = widest.max(here.len());
        if here.len() > most {
            return Ok(None);
        }
    }
    let zeros = BigUint::from(10_u32).pow(s);
    here.retain(|x| *x != BigUint::ZERO && x % &zeros == BigUint::ZERO);
    here.sort();
    let digits = |x: &BigUint| format!("{:0>64}", (x / &zeros).to_string());
    Ok(Some(Traced {
        ip_keys: here.iter().map(digits).collect(),
        work,
        widest,
    }))
}

/// All x below M with floor(4x(M − x)/M) = y, for y below M.
///
/// yM <= 4x(M − x) < (y + 1)M, and 4x(M − x) = M² − (M − 2x)²: so sqrt(M² − (y + 1)M) < M − 2x <= sqrt(M² − yM) for
/// x below M/2, and M − x for each of these.
fn predecessors(y: &BigUint, m: &BigUint) -> Vec<BigUint> {
    let above = (m * (m - y)).sqrt();
    // The least r with r² > M² − (y + 1)M.
    let below = (m * (m - y - 1_u32)).sqrt() + 1_u32;
    let mut x = (m - above + 1_u32) / 2_u32;
    let last = (m - below) / 2_u32;
    let mut all = Vec::new();
    while x <= last {
        all.push(m - &x);
        all.push(x.clone());
        x += 1_u32;
    }
    all
}

/// A number below 2^256.
fn bytes(x: &BigUint) -> [u8; KEY_BYTES] {
    let mut all = [0; KEY_BYTES];
    let bytes = x.to_bytes_le();
    all[..bytes.len()].copy_from_slice(&bytes);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IpKey, Orbit};

    fn ip_key() -> IpKey {
        let digits = b"2718281828459045235360287471352662497757247093699959574966967627";
        IpKey::parse(digits).expect("64 digits")
    }

    fn raw_keys(ip_key: &IpKey, s: u32, count: usize) -> Vec<[u8; KEY_BYTES]> {
        let mut orbit = Orbit::new(ip_key, s).expect("s");
        let step = |_| {
            orbit.step().expect("not weak");
            orbit.session_key()
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn one_raw_key_gives_all_later_ones() {
        for s in 1..=4 {
            let keys = raw_keys(&ip_key(), s, 50);
            let found = completions(&keys[9], &keys[10], s).expect("s");
            assert_eq!(found.len(), 1, "s = {s}");
            let x = complete(&keys[9], found[0]);
            assert_eq!(later(&x, s, 40).expect("s"), keys[10..]);
        }
        let keys = raw_keys(&ip_key(), 4, 3);
        assert!(completions(&keys[0], &keys[2], 4).expect("s").is_empty());
        assert!(completions(&keys[0], &keys[1], 0).is_err());
        assert!(completions(&keys[0], &keys[1], 9).is_err());
    }

    #[test]
    fn one_state_gives_the_ip_key_and_its_twin() {
        let ip_key = ip_key();
        let twin = twin(ip_key.digits());
        assert_eq!(
            raw_keys(&ip_key, 4, 20),
            raw_keys(&IpKey::parse(twin.as_bytes()).expect("64 digits"), 4, 20)
        );
        let mut orbit = Orbit::new(&ip_key, 4).expect("s");
        for _ in 0..40 {
            orbit.step().expect("not weak");
        }
        let x: BigUint = orbit.x().parse().expect("digits");
        let mut depths = Vec::new();
        let traced = back(&bytes(&x), 40, 4, 10_000, &mut |n, _| depths.push(n))
            .expect("s")
            .expect("few");
        let mut both = [
            twin,
            String::from_utf8(ip_key.digits().to_vec()).expect("digits"),
        ];
        both.sort();
        assert_eq!(traced.ip_keys, both);
        assert_eq!(depths, (0..40).rev().collect::<Vec<_>>());
        assert!(back(&bytes(&x), 40, 4, 1, &mut |_, _| {}).is_ok_and(|found| found.is_none()));
    }

    #[test]
    fn predecessors_are_all_and_only_those() {
        let m = 10_000_u32;
        let big = BigUint::from(m);
        let mut expected = vec![Vec::new(); m as usize];
        for x in (0..m).filter(|x| *x != m / 2) {
            expected[(4 * u64::from(x) * u64::from(m - x) / u64::from(m)) as usize].push(x);
        }
        for (y, expected) in expected.iter().enumerate() {
            let mut found: Vec<u32> = predecessors(&BigUint::from(y), &big)
                .iter()
                .map(|x| x.try_into().expect("small"))
                .filter(|x| *x != m)
                .collect();
            found.sort_unstable();
            assert_eq!(found, *expected, "{y}");
        }
    }
}
