//! The production driver against the simulated card (specification 6.2, 6.3): the same code path as with hardware,
//! down to each register and each posted write.

/// On the Rust model.
#[path = "."]
mod model {
    pub(crate) const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Model;
    #[path = "bringup.rs"]
    mod bringup;
    #[path = "faults.rs"]
    mod faults;
    #[path = "flow.rs"]
    mod flow;
    #[path = "rig.rs"]
    mod rig;
    #[path = "selftest.rs"]
    mod selftest;
}

/// The same tests on the verilated hardware.
#[cfg(feature = "verilated")]
#[path = "."]
mod rtl {
    pub(crate) const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Rtl;
    #[path = "bringup.rs"]
    mod bringup;
    #[path = "faults.rs"]
    mod faults;
    #[path = "flow.rs"]
    mod flow;
    #[path = "rig.rs"]
    mod rig;
    #[path = "selftest.rs"]
    mod selftest;
}
