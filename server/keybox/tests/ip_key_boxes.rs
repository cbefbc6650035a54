//! Mode `ip-key`: boxes made from the digits, against the vectors' K(i, j).
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_keybox::esp::{self, BoxKeys, HEADER, Header};
use photonbox_keybox::peer::{fingerprint, ip_key_boxes};
use photonbox_keybox::{IpKey, Parameters, Reference};
use serde_json::Value;

#[test]
fn boxes_hold_the_keys_of_the_vectors() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let number = |value: &Value| value.as_u64().unwrap() as u32;
    let cases = vectors["cases"].as_array().unwrap();
    let mut fingerprints = std::collections::HashSet::new();
    let mut checked = 0;
    for case in cases {
        let ip_key = || IpKey::parse(case["ip_key"].as_str().unwrap().as_bytes()).unwrap();
        fingerprints.insert(fingerprint(&ip_key()));
        let parameters =
            Parameters::new(number(&case["s"]), number(&case["I"]), number(&case["J"])).unwrap();
        if parameters.total() > 20_000 {
            // The derivation of a hundred thousand keys takes its time, and shows no more.
            continue;
        }
        let mut boxes = Vec::new();
        let below = parameters.boxes();
        ip_key_boxes(&mut Reference, ip_key(), parameters, below, &mut |keys| {
            boxes.push(keys);
        })
        .unwrap();
        // The highest box is left out, as after a start that finds it used.
        let numbers: Vec<_> = boxes.iter().map(|keys| u32::from(keys.number())).collect();
        assert_eq!(numbers, (1..below).collect::<Vec<_>>());
        for point in case["points"].as_array().unwrap() {
            let (i, j) = (number(&point["i"]), number(&point["j"]));
            if i >= below {
                continue;
            }
            let key = point["key"].as_str().unwrap();
            let byte = |at: usize| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap();
            let mut expected = vec![[0; 32]; parameters.keys() as usize];
            expected[j as usize - 1] = std::array::from_fn(byte);
            let expected = BoxKeys::new(i as u16, &expected);
            let header = Header {
                spi: 256,
                seq: 1,
                i: i as u16,
                j: j as u16,
                flicker: 0,
            };
            let mut packet = vec![0; HEADER + 40];
            let len = esp::seal(&expected, &header, 4, &mut packet, 20).unwrap();
            esp::open(&boxes[i as usize - 1], &header, &mut packet[..len]).unwrap();
            checked += 1;
        }
    }
    assert!(checked >= 3, "{checked}");
    assert_eq!(fingerprints.len(), cases.len());
}
