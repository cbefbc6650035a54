//! Each bench against changed blocks: one mutant in `make test`, thirty in `make mutate`.

/// Mutants of a block in `make mutate`.
const MUTANTS: usize = 30;
/// Chooses the mutants, and the stimulus.
const SEED: u64 = 1;

/// A block's explanations of mutants that nobody can notice; most have none.
fn survivors(block: &str) -> String {
    let path = format!("{}/src/{block}/survivors.txt", env!("CARGO_MANIFEST_DIR"));
    match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => panic!("{path}: {error}"),
    }
}

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

        /// `make mutate`, or some of the blocks: `make mutate BLOCKS="rct apt"`.
        #[test]
        #[ignore = "make mutate"]
        fn report() {
            let chosen = std::env::var("BLOCKS").unwrap_or_default();
            let chosen: Vec<&str> = chosen.split_whitespace().collect();
            let mut failed: Vec<&str> = Vec::new();
            println!("{MUTANTS} mutants a block, seed {SEED}\n{}", photonbox_cosim::Mutation::HEAD);
            $(
                if chosen.is_empty() || chosen.contains(&stringify!($module)) {
                    let explained = survivors(stringify!($module));
                    match photonbox_cosim::mutate::<crate::$module::$bench>(MUTANTS, SEED, &explained) {
                        Ok(mutation) => {
                            println!("{mutation}");
                            for left in mutation.left() {
                                println!("    lives: {left}");
                            }
                            for stale in &mutation.stale {
                                println!("    explained, but not among the survivors: {stale}");
                            }
                            if !mutation.enough() {
                                failed.push(stringify!($module));
                            }
                        }
                        Err(error) => {
                            println!("{:14} {error}", stringify!($module));
                            failed.push(stringify!($module));
                        }
                    }
                }
            )*
            failed.extend(chosen.iter().filter(|block| ![$(stringify!($module)),*].contains(block)));
            assert!(failed.is_empty(), "failed or not there: {}", failed.join(" "));
        }
    };
}

for_each_bench!(tests);
