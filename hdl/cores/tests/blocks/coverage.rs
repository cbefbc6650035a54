//! Each bench: lockstep for its `CYCLES` from a printed seed with every bin hit; on request, Verilator's coverage.

use photonbox_cosim::Covered;

/// Runs a bench from a seed.
type Run = fn(u64) -> Result<Covered, String>;

macro_rules! tests {
    ($($module:ident: $bench:ident,)*) => {
        /// RTL equals the model and each bin is hit. `PHOTONBOX_SEED` repeats a failure, `WAVES=1` shows it.
        mod lockstep {
            $(
                #[test]
                fn $module() {
                    photonbox_cosim::check::<crate::$module::$bench>().unwrap();
                }
            )*
        }

        const BENCHES: &[Run] = &[$(photonbox_cosim::cover::<crate::$module::$bench>,)*];
    };
}

for_each_bench!(tests);

/// `make coverage`: a row a block, then what was never reached.
#[test]
#[ignore = "make coverage"]
fn report() {
    let seed = photonbox_cosim::seed("coverage");
    let (mut blocks, mut failed) = (Vec::new(), Vec::new());
    for bench in BENCHES {
        match bench(seed) {
            Ok(covered) => {
                println!("{covered}");
                blocks.push(covered);
            }
            Err(error) => failed.push(error),
        }
    }
    for block in &blocks {
        for missed in &block.coverage.missed {
            println!("{}: not reached: {missed}", block.block);
        }
        for bin in block.missing() {
            failed.push(format!("{}: bin {bin} is not hit", block.block));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
