//! `keybox.cpu.*`: session keys of the engine `cpu` a second, beside the same step in num-bigint (the reference engine) and,
//! with the feature `bench-peers`, in GMP. Keys of each are made in the form that a caller gets, 32 bytes.

use super::harness::{self, Effort, Measured};
use anyhow::Context as _;
use photonbox_keybox::cpu::Instructions;
use photonbox_keybox::{Cpu, Engine, IpKey, KEY_BYTES, Parameters, Reference};
use std::time::Instant;

/// Keys of a short measurement: little beside a slice also for the slowest peer.
const SOME: u32 = 2048;
/// Orbits on one thread: as many as go together, four times.
const MANY: usize = 64;

/// IP keys that are fit to be measured: digits of 1/7, 1/14, 1/21, …
fn ip_keys(count: usize) -> anyhow::Result<Vec<IpKey>> {
    let digits = |divisor: usize| {
        let mut rest = 1;
        let digit = |_| {
            rest *= 10;
            let digit = b'0' + (rest / divisor) as u8;
            rest %= divisor;
            digit
        };
        [0_u8; 64].map(digit)
    };
    (1..=count)
        .map(|n| IpKey::parse(&digits(7 * n)).context("an IP key of the benchmark"))
        .collect()
}

/// Keys that one orbit gave.
fn one(engine: &mut dyn Engine, ip_key: &IpKey, parameters: Parameters) -> anyhow::Result<u64> {
    let mut keys = 0;
    engine.orbit(ip_key, parameters, &mut |_, key| {
        std::hint::black_box(key);
        keys += 1;
    })?;
    Ok(keys)
}

/// Keys that many orbits gave, on this thread.
fn many(engine: Cpu, ip_keys: &[IpKey], parameters: Parameters) -> anyhow::Result<u64> {
    let mut keys = 0;
    let outcomes = engine.orbits(ip_keys, parameters, &mut |_, _, block| {
        keys += std::hint::black_box(block).len() as u64;
    });
    outcomes.into_iter().collect::<Result<(), _>>()?;
    Ok(keys)
}

/// Keys that many orbits gave, on a pool of threads, each on a core of its own.
fn on_all_cores(
    pool: &rayon::ThreadPool,
    ip_keys: &[IpKey],
    parameters: Parameters,
) -> anyhow::Result<u64> {
    let outcomes = pool.install(|| {
        Cpu::new().orbits_on_all_cores(ip_keys, parameters, &|_, _, block| {
            std::hint::black_box(block);
        })
    });
    outcomes.into_iter().collect::<Result<(), _>>()?;
    Ok(ip_keys.len() as u64 * u64::from(parameters.total()))
}

/// The same orbit in GMP: the step as the definition has it, X mod 10^64, 32 bytes; products and quotients lie in integers
/// that are used again. Gives the last key; none without the feature.
#[cfg(feature = "bench-peers")]
fn gmp(ip_key: &IpKey, parameters: Parameters) -> Option<[u8; KEY_BYTES]> {
    use rug::integer::Order;
    use rug::ops::SubFrom as _;
    use rug::{Assign as _, Complete as _, Integer};
    let s = parameters.s();
    let m = Integer::u_pow_u(10, 64 + s).complete();
    let key_modulus = Integer::u_pow_u(10, 64).complete();
    let mut x = Integer::from_digits(ip_key.x0(s).as_slice(), Order::Lsf);
    let (mut rest, mut product, mut key) = (Integer::new(), Integer::new(), Integer::new());
    let mut bytes = [0; KEY_BYTES];
    for _ in 0..parameters.total() {
        rest.assign(&x);
        rest.sub_from(&m);
        product.assign(&x * &rest);
        product <<= 2_u32;
        x.assign(&product / &m);
        key.assign(&x % &key_modulus);
        bytes = [0; KEY_BYTES];
        key.write_digits(&mut bytes[..key.significant_digits::<u8>()], Order::Lsf);
        std::hint::black_box(&bytes);
    }
    Some(bytes)
}

#[cfg(not(feature = "bench-peers"))]
fn gmp(_ip_key: &IpKey, _parameters: Parameters) -> Option<[u8; KEY_BYTES]> {
    None
}

/// Measures them.
pub(crate) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let ip_keys = ip_keys(MANY)?;
    let ip_key = &ip_keys[0];
    let set = Parameters::default();
    let short = Parameters::new(set.s(), SOME / 512, 512)?;
    let portable =
        Cpu::with(Instructions::Portable).context("portable instructions are everywhere")?;
    let slice = effort.slice;
    let reference = || harness::rate(slice, || one(&mut Reference, ip_key, short));

    measuring("keybox.cpu.one");
    let single = || harness::rate(slice, || one(&mut Cpu::new(), ip_key, short));
    let medians = harness::pairs(effort.pairs, single, reference)?;
    let name = "keybox.cpu.one";
    results.push(Measured::beside(
        name,
        "1/s",
        medians.ours,
        medians.baseline,
    ));

    let name = "keybox.cpu.one.gmp";
    measuring(name);
    results.push(match gmp(ip_key, short) {
        None => Measured::alone(name, "1/s", harness::alone(effort.pairs, single)?),
        Some(last) => {
            let mut expected = [0; KEY_BYTES];
            Reference.orbit(ip_key, short, &mut |_, key| expected = *key)?;
            anyhow::ensure!(last == expected, "the peer GMP computes another orbit");
            let gmp = || {
                harness::rate(slice, || {
                    std::hint::black_box(gmp(ip_key, short));
                    anyhow::Ok(u64::from(short.total()))
                })
            };
            let medians = harness::pairs(effort.pairs, single, gmp)?;
            Measured::beside(name, "1/s", medians.ours, medians.baseline)
        }
    });

    for (name, engine) in [
        ("keybox.cpu.many", Cpu::new()),
        ("keybox.cpu.many.portable", portable),
    ] {
        measuring(name);
        let ours = || harness::rate(slice, || many(engine, &ip_keys, short));
        let medians = harness::pairs(effort.pairs, ours, reference)?;
        results.push(Measured::beside(
            name,
            "1/s",
            medians.ours,
            medians.baseline,
        ));
    }

    let name = "keybox.cpu.threads";
    measuring(name);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(harness::cores())
        .start_handler(|index| {
            harness::pin(index);
        })
        .build()
        .context("cannot start the threads of the benchmark")?;
    // Beside the same on one thread: how it grows with cores. Longer orbits, so that waking threads does not count.
    let long = Parameters::new(set.s(), 8 * SOME / 512, 512)?;
    let threads = || harness::rate(slice, || on_all_cores(&pool, &ip_keys, long));
    let single = || harness::rate(slice, || many(Cpu::new(), &ip_keys, long));
    let medians = harness::pairs(effort.pairs, threads, single)?;
    results.push(Measured::beside(
        name,
        "1/s",
        medians.ours,
        medians.baseline,
    ));

    let name = "keybox.cpu.set.ms";
    measuring(name);
    let milliseconds = harness::alone(effort.pairs, || {
        let start = Instant::now();
        one(&mut Cpu::new(), ip_key, set)?;
        anyhow::Ok(start.elapsed().as_secs_f64() * 1e3)
    })?;
    results.push(Measured::alone(name, "ms", milliseconds));
    Ok(())
}
