//! The reference engine: the definition, in big integers.

use crate::error::WeakAt;
use crate::{Engine, Error, IpKey, KEY_BYTES, Parameters, Position};
use num_bigint::BigUint;
use zeroize::Zeroize;

/// The reference engine. For tests and for looking at orbits: its big integers are not wiped, so it does not run
/// where a key is in use.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference;

impl Engine for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn orbit(
        &mut self,
        ip_key: &IpKey,
        parameters: Parameters,
        take: &mut dyn FnMut(Position, &[u8; KEY_BYTES]),
    ) -> Result<(), Error> {
        let mut orbit = Orbit::new(ip_key, parameters.s())?;
        for n in 1..=parameters.total() {
            orbit.step()?;
            let mut key = orbit.session_key();
            take(parameters.place(n), &key);
            key.zeroize();
        }
        Ok(())
    }
}

/// An orbit, value by value.
#[derive(Debug)]
pub struct Orbit {
    digits: u32,
    n: u32,
    x: BigUint,
    modulus: BigUint,
    /// 10^64.
    key_modulus: BigUint,
}

impl Orbit {
    /// The orbit of an IP key with `s` dropped digits (1 to 8), at X_0.
    ///
    /// # Errors
    /// [`Error::Parameters`] for another s.
    pub fn new(ip_key: &IpKey, s: u32) -> Result<Self, Error> {
        Parameters::new(s, 1, 1)?;
        let ten = BigUint::from(10_u32);
        let digits = 64 + s;
        Ok(Self {
            digits,
            n: 0,
            x: BigUint::from_bytes_le(ip_key.x0(s).as_slice()),
            modulus: ten.pow(digits),
            key_modulus: ten.pow(64),
        })
    }

    /// X_n = floor(4 · X_{n−1} · (M − X_{n−1}) / M).
    ///
    /// # Errors
    /// [`Error::Weak`] when X_n is 0 or X_{n−1}.
    pub fn step(&mut self) -> Result<(), Error> {
        let next = (&self.x * 4_u32 * (&self.modulus - &self.x)) / &self.modulus;
        self.n += 1;
        if next == BigUint::ZERO || next == self.x {
            return Err(Error::Weak { at: WeakAt(self.n) });
        }
        self.x = next;
        Ok(())
    }

    /// The n of the present value.
    #[must_use]
    pub fn n(&self) -> u32 {
        self.n
    }

    /// The present X_n, 64 + s digits.
    #[must_use]
    pub fn x(&self) -> String {
        format!("{:0>1$}", self.x.to_string(), self.digits as usize)
    }

    /// The present session key: X_n mod 10^64.
    #[must_use]
    pub fn session_key(&self) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        let bytes = (&self.x % &self.key_modulus).to_bytes_le();
        key[..bytes.len()].copy_from_slice(&bytes);
        key
    }

    /// The present session key, 64 digits.
    #[must_use]
    pub fn session_key_digits(&self) -> String {
        format!("{:0>64}", (&self.x % &self.key_modulus).to_string())
    }
}
