//! Each bench against changed blocks: one mutant in `make test`, thirty in `make mutate`.

use photonbox_cosim::Mutation;

/// Mutants of a block in `make mutate`.
const MUTANTS: usize = 30;
/// Chooses the mutants, and the stimulus.
const SEED: u64 = 1;

/// Runs a bench against so many mutants that a seed chooses, some of them explained.
type Run = fn(usize, u64, &str) -> photonbox_cosim::Result<Mutation>;

macro_rules! tests {
    ($($module:ident: $bench:ident,)*) => {
        /// One of the first mutants is noticed.
        mod one {
            $(
                #[test]
                fn $module() {
                    let how = photonbox_cosim::kills_one::<crate::$module::$bench>(super::SEED);
                    println!("{}", how.unwrap());
                }
            )*
        }

        const BENCHES: &[(&str, Run)] =
            &[$((stringify!($module), photonbox_cosim::mutate::<crate::$module::$bench>),)*];
    };
}

for_each_bench!(tests);

/// A block's explanations of mutants that nobody can notice; most have none.
fn survivors(block: &str) -> String {
    let path = format!("{}/src/{block}/survivors.txt", env!("CARGO_MANIFEST_DIR"));
    match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => panic!("{path}: {error}"),
    }
}

/// `make mutate`, or some of the blocks: `make mutate BLOCKS="rct apt"`.
#[test]
#[ignore = "make mutate"]
fn report() {
    let chosen = std::env::var("BLOCKS").unwrap_or_default();
    let chosen: Vec<&str> = chosen.split_whitespace().collect();
    let known = |block: &&str| BENCHES.iter().any(|(known, _)| known == block);
    let mut failed: Vec<&str> = chosen
        .iter()
        .copied()
        .filter(|block| !known(block))
        .collect();
    println!("{MUTANTS} mutants a block, seed {SEED}\n{}", Mutation::HEAD);
    for (block, run) in BENCHES {
        if !chosen.is_empty() && !chosen.contains(block) {
            continue;
        }
        match run(MUTANTS, SEED, &survivors(block)) {
            Ok(mutation) => {
                println!("{mutation}");
                for left in mutation.left() {
                    println!("    lives: {left}");
                }
                for stale in &mutation.stale {
                    println!("    explained, but not among the survivors: {stale}");
                }
                if !mutation.enough() {
                    failed.push(block);
                }
            }
            Err(error) => {
                println!("{block:14} {error}");
                failed.push(block);
            }
        }
    }
    assert!(
        failed.is_empty(),
        "too few, or not there: {}",
        failed.join(" ")
    );
}
