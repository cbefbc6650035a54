//! Blocks against their models, under Verilator.
//!
//! Each block's module has a `Bench`; named in [`for_each_bench`], it gets a lockstep run with all its bins hit
//! (`coverage.rs`) and a mutant (`mutate.rs`) in `make test`, and a row in `make coverage` and in `make mutate`.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a failing test panics"
)]

/// Calls a macro with the benches: a line `module: Bench,` each, sorted, such as `axi_lite: AxiLiteBench,`.
macro_rules! for_each_bench {
    ($macro:ident) => {
        $macro! {
            apt: AptBench,
            axi_lite: AxiLiteBench,
            axi_write: AxiWriteBench,
            balance: BalanceBench,
            box_ring: BoxRingBench,
            control: ControlBench,
            counters: CountersBench,
            csr: CsrBench,
            interrupts: InterruptsBench,
            keybox: KeyboxBench,
            keybox_wide: KeyboxWideBench,
            lane: LaneBench,
            pattern: PatternBench,
            rate: RateBench,
            rct: RctBench,
            ring: RingBench,
            route: RouteBench,
            sampler: SamplerBench,
            selftest: SelftestBench,
            startup: StartupBench,
            synchroniser: SynchroniserBench,
            toeplitz: ToeplitzBench,
        }
    };
}

mod apt;
mod axi_lite;
mod axi_write;
mod balance;
mod box_ring;
mod control;
mod counters;
mod coverage;
mod csr;
mod interrupts;
mod keybox;
mod keybox_wide;
mod lane;
mod late;
mod mutate;
mod pattern;
mod rate;
mod rct;
mod ring;
mod route;
mod sampler;
mod selftest;
mod startup;
mod synchroniser;
mod toeplitz;
