//! The engine `cpu`: the orbit in limbs of fixed width (decision 22).
//!
//! One orbit is serial; many are independent. [`Cpu::orbits`] keeps several in flight on the calling thread, in the lanes
//! of AVX-512 IFMA where the machine has it, and [`Cpu::orbits_on_all_cores`] does so on all threads of the present rayon
//! pool: computation only, no I/O and no waiting for any.
//!
//! No branch and no address depends on a secret, save that a weak orbit ends with an error, and at which n. X and session keys
//! between calls lie in locked memory or are wiped when dropped. What a step leaves in registers and, where those do not
//! suffice, on the stack is overwritten by the next step, not wiped after the last.

mod constants;
#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "calls a function for instructions that it has looked for"
)]
mod ifma;
mod portable;
#[cfg(test)]
mod tests;

use crate::error::WeakAt;
use crate::{Engine, Error, IpKey, KEY_BYTES, Parameters, Position};
use photonbox_secret::{SecretArray, SecretBytes};
use rayon::prelude::*;

/// Keys of an orbit that are given at once, at most.
const BLOCK: usize = 32;
/// From so many orbits on, sixteen lanes that are not all used are faster than one orbit after the other.
#[cfg(target_arch = "x86_64")]
const LEAST_IN_LANES: usize = 4;

/// Session keys with successive numbers, the first at the position; they are of one box. The number is that of the orbit.
pub type Take<'a> = dyn FnMut(usize, Position, &[[u8; KEY_BYTES]]) + 'a;
/// As [`Take`], called by several threads at a time.
pub type TakeShared<'a> = dyn Fn(usize, Position, &[[u8; KEY_BYTES]]) + Sync + 'a;

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    /// Limbs of 64 bits, one orbit at a time.
    Portable,
    /// Limbs of 52 bits, sixteen orbits at a time, with AVX-512 IFMA.
    Ifma,
}

impl Instructions {
    /// Whether this machine has them.
    #[must_use]
    pub fn are_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Ifma => ifma::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Ifma => false,
        }
    }
}

/// The engine `cpu`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    /// None: what is fastest for the number of orbits.
    only: Option<Instructions>,
}

impl Cpu {
    /// With the instructions that are fastest here.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With these instructions only, to measure or to compare them; None where the machine has not got them.
    #[must_use]
    pub fn with(instructions: Instructions) -> Option<Self> {
        instructions.are_available().then_some(Self {
            only: Some(instructions),
        })
    }

    /// Gives every session key of every orbit, in order within each, on this thread. What `take` is given is wiped
    /// afterwards.
    ///
    /// # Errors
    /// For each orbit [`Error::Weak`] if it turns out weak: no key of it is given from there on, and those given are not to
    /// be used. The others go on.
    pub fn orbits(
        &self,
        ip_keys: &[IpKey],
        parameters: Parameters,
        take: &mut Take<'_>,
    ) -> Vec<Result<(), Error>> {
        let mut outcomes = Vec::with_capacity(ip_keys.len());
        for group in ip_keys.chunks(self.group_of(ip_keys.len())) {
            let first = outcomes.len();
            outcomes.extend(self.group(&x0(group, parameters), first, parameters, take));
        }
        outcomes
    }

    /// As [`Self::orbits`], on all threads of the present rayon pool.
    ///
    /// # Errors
    /// As there.
    pub fn orbits_on_all_cores(
        &self,
        ip_keys: &[IpKey],
        parameters: Parameters,
        take: &TakeShared<'_>,
    ) -> Vec<Result<(), Error>> {
        let each = ip_keys.len().div_ceil(rayon::current_num_threads());
        let size = self.group_of(each);
        let groups: Vec<_> = ip_keys
            .par_chunks(size)
            .enumerate()
            .map(|(index, group)| {
                let take = &mut |orbit, at, keys: &[[u8; KEY_BYTES]]| take(orbit, at, keys);
                self.group(&x0(group, parameters), index * size, parameters, take)
            })
            .collect();
        groups.into_iter().flatten().collect()
    }

    /// How many of `orbits` go together.
    fn group_of(self, orbits: usize) -> usize {
        match self.instructions(orbits) {
            Instructions::Portable => 1,
            #[cfg(target_arch = "x86_64")]
            Instructions::Ifma => orbits.clamp(1, ifma::ORBITS),
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Ifma => 1,
        }
    }

    fn instructions(self, orbits: usize) -> Instructions {
        #[cfg(target_arch = "x86_64")]
        let lanes = orbits >= LEAST_IN_LANES && Instructions::Ifma.are_available();
        #[cfg(not(target_arch = "x86_64"))]
        let lanes = false;
        let fastest = if lanes {
            Instructions::Ifma
        } else {
            Instructions::Portable
        };
        self.only.unwrap_or(fastest)
    }

    /// Orbits side by side, from these X_0 on; the first has the number `first`.
    fn group(
        self,
        x0: &[SecretArray<32>],
        first: usize,
        parameters: Parameters,
        take: &mut Take<'_>,
    ) -> Vec<Result<(), Error>> {
        let mut flight = Flight::new(self.instructions(x0.len()), x0, parameters.s());
        let lanes = flight.lanes();
        let mut block = SecretBytes::new_zeroed(lanes * BLOCK * KEY_BYTES);
        let mut n = 0;
        while n < parameters.total() {
            let at = parameters.place(n + 1);
            let each = (BLOCK as u32).min(parameters.keys() + 1 - at.j);
            let (keys, _) = block.as_mut_slice().as_chunks_mut();
            let keys = &mut keys[..lanes * each as usize];
            flight.fill(keys, each as usize);
            for (orbit, keys) in keys.chunks(each as usize).take(x0.len()).enumerate() {
                let good = flight.good(orbit).saturating_sub(n);
                if good != 0 {
                    take(first + orbit, at, &keys[..good as usize]);
                }
            }
            n += each;
        }
        let outcome = |orbit| match flight.good(orbit) {
            good if good == n => Ok(()),
            good => Err(Error::Weak {
                at: WeakAt(good + 1),
            }),
        };
        (0..x0.len()).map(outcome).collect()
    }
}

impl Engine for Cpu {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn orbit(
        &mut self,
        ip_key: &IpKey,
        parameters: Parameters,
        take: &mut dyn FnMut(Position, &[u8; KEY_BYTES]),
    ) -> Result<(), Error> {
        let take_each = &mut |_, at: Position, keys: &[[u8; KEY_BYTES]]| {
            for (n, key) in (at.n..).zip(keys) {
                take(parameters.place(n), key);
            }
        };
        let x0 = x0(std::slice::from_ref(ip_key), parameters);
        self.group(&x0, 0, parameters, take_each)
            .into_iter()
            .collect()
    }
}

/// The session keys after X, a 256-bit little-endian number below 10^(64 + s); s is 1 to 8. Weak orbits go on.
pub(crate) fn follow(x: &[u8; 32], s: u32, keys: &mut [[u8; KEY_BYTES]]) {
    portable::Orbit::new(x, s).fill(keys);
}

fn x0(ip_keys: &[IpKey], parameters: Parameters) -> Vec<SecretArray<32>> {
    ip_keys.iter().map(|key| key.x0(parameters.s())).collect()
}

/// Orbits that are computed side by side.
enum Flight {
    Portable(Vec<portable::Orbit>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Box<ifma::Orbits>),
}

impl Flight {
    fn new(instructions: Instructions, x0: &[SecretArray<32>], s: u32) -> Self {
        #[cfg(target_arch = "x86_64")]
        if instructions == Instructions::Ifma
            && let Some(orbits) = ifma::Orbits::new(x0.iter().map(SecretArray::as_array), s)
        {
            return Self::Ifma(Box::new(orbits));
        }
        debug_assert_eq!(instructions, Instructions::Portable, "available");
        let orbits = x0.iter().map(|x0| portable::Orbit::new(x0.as_array(), s));
        Self::Portable(orbits.collect())
    }

    /// Orbits that [`Self::fill`] has to have room for.
    fn lanes(&self) -> usize {
        match self {
            Self::Portable(orbits) => orbits.len(),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(_) => ifma::ORBITS,
        }
    }

    /// Makes `each` steps of every orbit; its session keys lie in `keys` from number `orbit` · `each` on.
    fn fill(&mut self, keys: &mut [[u8; KEY_BYTES]], each: usize) {
        match self {
            Self::Portable(orbits) => {
                for (orbit, keys) in orbits.iter_mut().zip(keys.chunks_mut(each)) {
                    orbit.fill(keys);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(orbits) => orbits.fill(keys, each),
        }
    }

    /// Steps of an orbit that were not weak, before the first that was.
    fn good(&self, orbit: usize) -> u32 {
        match self {
            Self::Portable(orbits) => orbits[orbit].good(),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(orbits) => orbits.good(orbit),
        }
    }
}
