//! Attested statements: what decodes encodes to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_entropy::attest::{Attestation, Statement};

fuzz_target!(|data: &[u8]| {
    if let Ok(statement) = Statement::decode(data)
        && let Ok(again) = statement.encode()
    {
        assert_eq!(again, data);
    }
    if let Ok(attestation) = Attestation::decode(data) {
        assert_eq!(attestation.encode(), data);
    }
});
