//! Two channels over a pipe, driven by any sequence of sends, deliveries, time, bytes that change and broken rules.
#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use photonbox_channel::{Identity, Role};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, SanType};

#[path = "../../../server/simulate/tests/sequences/harness.rs"]
#[allow(dead_code)] // what a run came to is for the property beside it
mod harness;

fn identities() -> &'static [Arc<Identity>; 2] {
    static MADE: OnceLock<[Arc<Identity>; 2]> = OnceLock::new();
    let make = |role: Role| {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(role.uri("x").as_str().try_into().expect("a URI"))];
        let certificate = params.self_signed(&key).expect("a certificate");
        Arc::new(Identity::from_der(certificate.der(), &key.serialize_der()).expect("an identity"))
    };
    MADE.get_or_init(|| [make(Role::Hub), make(Role::Host)])
}

fuzz_target!(|data: &[u8]| {
    harness::drive(data, identities());
});
