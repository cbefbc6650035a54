//! Any sequence holds what must hold.
//!
//! Shows T19 and T20 (`docs/threat-model.md`).

use proptest::prelude::*;

use crate::sequences::drive;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence(data in prop::collection::vec(any::<u8>(), 0..1500)) {
        prop_assert_eq!(drive(&data), Vec::<String>::new());
    }
}
