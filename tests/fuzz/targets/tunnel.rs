//! Two peers of a tunnel, driven by any sequence of sends, deliveries, altered bytes, kills, failing disks and time.
//!
//! Shows T20 (`docs/threat-model.md`).
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../server/keybox/tests/tunnel/pair.rs"]
#[allow(dead_code)] // what the seeded runs alone look at
mod pair;
#[path = "../../../server/keybox/tests/tunnel/sequences.rs"]
mod sequences;

fuzz_target!(|data: &[u8]| {
    assert_eq!(sequences::drive(data), Vec::<String>::new());
});
