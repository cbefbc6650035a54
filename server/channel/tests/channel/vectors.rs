//! Malformed records: one file per case, named by its fault, found by walking the folder.
//!
//! Shows T6 (`docs/threat-model.md`).

use photonbox_channel::CloseReason;
use photonbox_channel::record::{HEADER_LEN, RecordOpener, open_all, parse_record_header};
use photonbox_channel::schedule::{PublicKeys, RootChain};

fn hex(value: &serde_json::Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

#[test]
fn every_malformed_record_gets_its_specified_answer() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/channel/malformed"
    );
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let case: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let array = |key: &str| -> [u8; 48] { hex(&case[key]).try_into().unwrap() };
        let a: [u8; 97] = hex(&case["public_a"]).try_into().unwrap();
        let b: [u8; 97] = hex(&case["public_b"]).try_into().unwrap();
        let opener = || {
            let root = RootChain::new(&array("exporter"), &array("ecdh"));
            let (a_to_b, _) = root.split(PublicKeys { a: &a, b: &b });
            RecordOpener::new(a_to_b.key, 0)
        };
        let answer: Option<CloseReason> = serde_json::from_value(case["answer"].clone()).unwrap();
        let records = hex(&case["records"]);
        let opened = usize::try_from(case["opened"].as_u64().unwrap()).unwrap();

        // Exactly `opened` records open before the fault.
        let mut good = 0;
        for _ in 0..opened {
            good += HEADER_LEN + parse_record_header(&records[good..]).unwrap().length as usize;
        }
        assert_eq!(
            open_all(&mut opener(), &records[..good]),
            Ok(opened),
            "{name}"
        );
        match answer {
            None => assert_eq!(open_all(&mut opener(), &records), Ok(opened), "{name}"),
            Some(reason) => {
                assert_eq!(open_all(&mut opener(), &records), Err(reason), "{name}");
                let word = serde_json::to_value(reason).unwrap();
                assert!(
                    name.starts_with(word.as_str().unwrap()) || name.starts_with("trailing"),
                    "{name} is not named by its fault"
                );
            }
        }
        cases += 1;
    }
    assert!(cases >= 25, "{cases} cases");
}
