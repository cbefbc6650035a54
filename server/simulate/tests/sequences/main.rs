//! Any sequence of sends, deliveries, time and broken rules leaves two channels sound.
#![allow(clippy::unwrap_used)] // a failed set-up must fail the test

mod harness;

use std::sync::{Arc, OnceLock};

use harness::drive;
use photonbox_channel::{Identity, Role};
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, SanType};

fn identities() -> &'static [Arc<Identity>; 2] {
    static MADE: OnceLock<[Arc<Identity>; 2]> = OnceLock::new();
    let make = |role: Role| {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(role.uri("x").as_str().try_into().unwrap())];
        let certificate = params.self_signed(&key).unwrap();
        Arc::new(Identity::from_der(certificate.der(), &key.serialize_der()).unwrap())
    };
    MADE.get_or_init(|| [make(Role::Hub), make(Role::Host)])
}

/// A begin in which both channels come to stand.
const OPENING: [u8; 12] = [3, 0, 2, 0, 3, 0, 2, 0, 3, 0, 2, 0];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn orderly_sequences_lose_nothing(
        style: u8,
        steps in proptest::collection::vec((0_u8..6, any::<u8>()), 0..120),
    ) {
        let mut data = vec![style];
        data.extend(OPENING);
        data.extend(steps.iter().flat_map(|(op, argument)| [*op, *argument]));
        let outcome = drive(&data, identities());
        prop_assert!(outcome.orderly);
        prop_assert_eq!(outcome.got[1] as u64, outcome.sent[0]);
        prop_assert_eq!(outcome.got[0] as u64, outcome.sent[1]);
    }

    #[test]
    fn any_bytes_leave_both_ends_sound(
        style: u8,
        data in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut all = vec![style];
        all.extend(OPENING);
        all.extend(data);
        drive(&all, identities());
    }
}
