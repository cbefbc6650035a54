//! A block and its model, cycle by cycle, from a seed.

use crate::coverage::missing;
use crate::{Design, Library, Options, Result, Simulation};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Where RTL and model parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Cycle, from 0.
    pub cycle: u64,
    /// What differs: signal, RTL's value, model's value.
    pub what: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cycle {}: {}", self.cycle, self.what)
    }
}

/// A block under test: its Verilog, its model, and stimulus that a seed decides.
pub trait Bench {
    /// Name of the block, as its folder in `hdl/cores/src`.
    const NAME: &'static str;
    /// Cycles of a run in `make test`.
    const CYCLES: u64;
    /// Bins that a run of [`Self::CYCLES`] cycles must hit, each at least once.
    const BINS: &'static [&'static str];

    /// The block's design.
    ///
    /// # Errors
    /// When the Verilog is not what [`Design::new`] takes.
    fn design() -> Result<Design>;

    /// The model at its start, and the ports found by name.
    fn new(rtl: &Simulation, random: &mut Random) -> Self;

    /// One cycle: drives the inputs, clocks the RTL and the model, compares every visible output. `hit` is called
    /// with the bins that the cycle hit.
    ///
    /// # Errors
    /// What differs, if anything does: signal, RTL's value, model's value.
    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String>;
}

/// Runs a bench against a built library: the number of hits of each bin, or where RTL and model parted.
///
/// # Errors
/// The first mismatch.
pub fn lockstep<B: Bench>(
    library: &Library,
    seed: u64,
    cycles: u64,
) -> Result<Vec<(&'static str, u64)>, Mismatch> {
    run_on::<B>(&mut library.simulation(), seed, cycles)
}

/// [`lockstep`] on an instance, which is left as it is at the end.
pub(crate) fn run_on<B: Bench>(
    rtl: &mut Simulation,
    seed: u64,
    cycles: u64,
) -> Result<Vec<(&'static str, u64)>, Mismatch> {
    let mut random = Random::new(seed);
    let mut bench = B::new(rtl, &mut random);
    let mut bins: Vec<(&'static str, u64)> = B::BINS.iter().map(|bin| (*bin, 0)).collect();
    for cycle in 0..cycles {
        let mut hit = |name: &'static str| match bins.iter_mut().find(|(bin, _)| *bin == name) {
            Some((_, count)) => *count += 1,
            None => panic!("{}: no such bin: {name}", B::NAME),
        };
        bench
            .cycle(rtl, &mut random, &mut hit)
            .map_err(|what| Mismatch { cycle, what })?;
    }
    Ok(bins)
}

/// What `make test` does with each bench: `CYCLES` in lockstep from a printed seed, and every bin hit. `WAVES=1`
/// writes the waveform to `waves/`.
///
/// # Errors
/// The build's error, the first mismatch, or the bins that were not hit.
pub fn check<B: Bench>() -> Result<(), String> {
    let seed = seed(B::NAME);
    let library = build::<B>().map_err(|error| error.to_string())?;
    let bins = lockstep::<B>(&library, seed, B::CYCLES)
        .map_err(|mismatch| format!("{}: PHOTONBOX_SEED={seed}: {mismatch}", B::NAME))?;
    match missing(&bins)[..] {
        [] => Ok(()),
        ref missing => Err(format!(
            "{}: PHOTONBOX_SEED={seed}: {} cycles hit no {}",
            B::NAME,
            B::CYCLES,
            missing.join(", ")
        )),
    }
}

/// The seed of a run: `PHOTONBOX_SEED`, a number or `random`; else 1, so that a change is judged by what it changes.
/// Printed, so that a failure can be repeated.
pub fn seed(name: &str) -> u64 {
    let given = std::env::var("PHOTONBOX_SEED").unwrap_or_default();
    let seed = match given.as_str() {
        "" => 1,
        "random" => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |now| now.as_nanos() as u64)
        }
        number => number
            .parse()
            .unwrap_or_else(|_| panic!("PHOTONBOX_SEED={number}: a number, or `random`")),
    };
    println!("{name}: PHOTONBOX_SEED={seed}");
    seed
}

/// Random stimulus from a seed.
#[derive(Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stimulus of a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`, which is not 0 (bias below 2^-32 for ends below 2^32).
    #[inline]
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    /// True in one of `n` cases.
    #[inline]
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of a slice, which is not empty.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// Builds a bench's design for a lockstep run.
///
/// # Errors
/// As [`Library::build`].
pub fn build<B: Bench>() -> Result<Library> {
    let waves = std::env::var_os("WAVES").is_some_and(|value| value == "1");
    Library::build(
        B::design()?,
        Options {
            waves,
            ..Options::default()
        },
    )
}
