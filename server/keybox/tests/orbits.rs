//! The reference engine and the derivation against `tests/vectors/keybox.json`, which an independent program made
//! for the specification.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_keybox::{Engine, Error, IpKey, Orbit, Parameters, Reference, derive};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn vectors() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

#[test]
fn orbits_and_keys_are_the_vectors() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let ip_key = IpKey::parse(case["ip_key"].as_str().unwrap().as_bytes()).unwrap();
        let s = number(&case["s"]);
        let parameters = Parameters::new(s, number(&case["I"]), number(&case["J"])).unwrap();
        let mut hash = Sha256::new();
        let mut orbit = Orbit::new(&ip_key, s).unwrap();
        let points = case["points"].as_array().unwrap();
        let mut seen = 0;
        Reference
            .orbit(&ip_key, parameters, &mut |at, key| {
                hash.update(key);
                orbit.step().unwrap();
                let Some(point) = points.iter().find(|point| number(&point["n"]) == at.n) else {
                    return;
                };
                seen += 1;
                assert_eq!((at.i, at.j), (number(&point["i"]), number(&point["j"])));
                assert_eq!(parameters.position(at.i, at.j), Ok(at));
                assert_eq!(point["x"], orbit.x());
                assert_eq!(point["session_key"], orbit.session_key_digits());
                let salt = derive::ip_key_salt(&ip_key, at.i);
                assert_eq!(point["salt"], hex(salt.as_slice()));
                assert_eq!(point["key"], hex(derive::key(&salt, key, at).as_slice()));
            })
            .unwrap();
        assert_eq!(seen, points.len());
        assert_eq!(
            case["sha256_of_all_session_keys_le32"],
            hex(&hash.finalize())
        );
    }
}

#[test]
fn weak_ip_keys_are_refused() {
    let vectors = vectors();
    let weak = vectors["weak_ip_keys"].as_array().unwrap();
    assert_eq!(weak.len(), 4);
    for key in weak {
        let error = IpKey::parse(key.as_str().unwrap().as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Weak { .. }), "{error}");
        assert!(!error.to_string().contains(key.as_str().unwrap()));
    }
}

#[test]
fn the_smallest_key_is_not_weak() {
    // 4 * 10 * (1 - 10^-64), rounded down.
    let mut digits = [b'0'; 64];
    digits[63] = b'1';
    let ip_key = IpKey::parse(&digits).unwrap();
    let mut orbit = Orbit::new(&ip_key, 1).unwrap();
    orbit.step().unwrap();
    assert_eq!(orbit.session_key()[0], 39);
}

#[test]
fn what_is_no_ip_key_is_refused_without_repeating_it() {
    for text in [
        "",
        "12345",
        &"1".repeat(63),
        &"1".repeat(65),
        &"x".repeat(64),
    ] {
        let error = IpKey::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::NotDigits { .. }));
        assert!(text.is_empty() || !error.to_string().contains(text));
    }
    assert_eq!(
        format!("{:?}", IpKey::parse(&[b'7'; 64]).unwrap()),
        "IpKey(..)"
    );
}

#[test]
fn parameters_are_checked() {
    for (s, boxes, keys) in [
        (0, 1, 1),
        (9, 1, 1),
        (4, 0, 1),
        (4, 1, 0),
        (4, 65_536, 1),
        (4, 1, 65_536),
        (4, 1025, 1024),
        (4, 65_535, 65_535),
    ] {
        assert!(
            Parameters::new(s, boxes, keys).is_err(),
            "{s} {boxes} {keys}"
        );
    }
    assert_eq!(Parameters::new(8, 1024, 1024).unwrap().total(), 1 << 20);
    assert_eq!(Parameters::default(), Parameters::new(4, 200, 512).unwrap());
    let parameters = Parameters::new(1, 3, 7).unwrap();
    assert_eq!(parameters.place(8), parameters.position(2, 1).unwrap());
    for (i, j) in [(0, 1), (4, 1), (1, 0), (1, 8)] {
        assert!(parameters.position(i, j).is_err());
    }
}
