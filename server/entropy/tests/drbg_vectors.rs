//! All cases of the CTR_DRBG vector file, which OpenSSL made.
//!
//! Shows T16 (`docs/threat-model.md`).

use std::time::Duration;

use photonbox_entropy::drbg::{CtrDrbg, Moment, ReseedPolicy};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    entropy: String,
    nonce: String,
    personalization: String,
    entropy_reseed: Option<String>,
    additional_reseed: Option<String>,
    additional_1: String,
    additional_2: String,
    entropy_pr_1: Option<String>,
    entropy_pr_2: Option<String>,
    out_1: String,
    out_2: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    assert_eq!(hex.len() % 2, 0);
    (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal"))
        .collect()
}

#[test]
fn all_cases() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/ctr_drbg_aes256.json"
    );
    let text = std::fs::read_to_string(path).expect("the vector file is in the repository");
    let vectors: Vectors = serde_json::from_str(&text).expect("it is well formed");
    let at = Moment {
        now: Duration::ZERO,
        process: 1,
    };
    let (mut reseeds, mut resistant) = (0, 0);
    for (number, case) in vectors.cases.iter().enumerate() {
        let mut drbg = CtrDrbg::instantiate(
            &bytes(&case.entropy),
            &bytes(&case.nonce),
            &bytes(&case.personalization),
            ReseedPolicy::default(),
            at,
        )
        .expect("good inputs");
        if let (Some(entropy), Some(additional)) = (&case.entropy_reseed, &case.additional_reseed) {
            drbg.reseed(&bytes(entropy), &bytes(additional), at)
                .expect("good inputs");
            reseeds += 1;
        }
        let rounds = [
            (&case.additional_1, &case.entropy_pr_1, &case.out_1),
            (&case.additional_2, &case.entropy_pr_2, &case.out_2),
        ];
        for (additional, fresh, expected) in rounds {
            let mut out = [0u8; 64];
            let additional = bytes(additional);
            match fresh {
                Some(fresh) => {
                    resistant += 1;
                    drbg.generate_with_prediction_resistance(
                        &mut out,
                        &additional,
                        &bytes(fresh),
                        at,
                    )
                }
                None => drbg.generate(&mut out, &additional, at),
            }
            .expect("within all limits");
            assert_eq!(out[..], bytes(expected)[..], "case {number}");
        }
    }
    assert_eq!((vectors.cases.len(), reseeds, resistant), (48, 16, 32));
}
