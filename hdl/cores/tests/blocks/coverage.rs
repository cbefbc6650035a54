//! Each bench: lockstep for its `CYCLES` from a printed seed with every bin hit; on request, Verilator's coverage.

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

        /// `make coverage`: a row a block, then what was never reached.
        #[test]
        #[ignore = "make coverage"]
        fn report() {
            let seed = photonbox_cosim::seed("coverage");
            let blocks: Vec<photonbox_cosim::Covered> = vec![
                $(photonbox_cosim::cover::<crate::$module::$bench>(seed).unwrap(),)*
            ];
            for block in &blocks {
                println!("{block}");
            }
            for block in &blocks {
                for missed in &block.coverage.missed {
                    println!("{}: not reached: {missed}", block.block);
                }
            }
            for block in &blocks {
                assert_eq!(block.missing(), [""; 0], "{}: bins not hit", block.block);
            }
        }
    };
}

for_each_bench!(tests);
