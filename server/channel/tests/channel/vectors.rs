//! Malformed records: one file per case, named by its fault, found by walking the folder.
//!
//! Shows T6 (`docs/threat-model.md`).

use photonbox_channel::message::BoxSizes;
use photonbox_channel::record::{HEADER_LEN, RecordOpener, open_all, parse_record_header};
use photonbox_channel::schedule::{PublicKeys, RootChain};
use photonbox_channel::{BoxMessage, CloseReason, Message};
use serde_json::{Value, json};

fn hex(value: &Value) -> Vec<u8> {
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
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
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

/// A message of key boxes as `tests/vectors/channel/boxes.py` writes its fields.
fn fields(message: BoxMessage<'_>) -> Value {
    let sizes = |sizes: BoxSizes| json!({"s": sizes.s, "boxes": sizes.boxes, "keys": sizes.keys});
    match message {
        BoxMessage::Open {
            id,
            peer,
            sizes: of,
        } => json!({"id": id, "peer": peer, "sizes": sizes(of)}),
        BoxMessage::Opened {
            id,
            orbit,
            role,
            sizes: of,
        } => json!({"id": id, "orbit": orbit, "role": role, "sizes": sizes(of)}),
        BoxMessage::Keys(part) => json!({
            "id": part.id, "orbit": part.orbit, "number": part.number, "first": part.first,
            "provenance": part.provenance.to_bits(), "class": part.class,
            "keys": part.keys.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        }),
        BoxMessage::Held { id, orbit, number }
        | BoxMessage::Ready { id, orbit, number }
        | BoxMessage::Next { id, orbit, number } => {
            json!({"id": id, "orbit": orbit, "number": number})
        }
        BoxMessage::Waits { id, code, text } => json!({"id": id, "code": code, "text": text}),
    }
}

#[test]
fn key_box_messages_are_as_an_independent_program_writes_them() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/vectors/channel/boxes.json")).unwrap();
    assert!(cases.len() > 40, "{} cases", cases.len());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let bytes = hex(&case["message"]);
        match (Message::decode(&bytes), &case["fields"]) {
            (Ok(message), found) if !found.is_null() => {
                let Message::Boxes(inner) = message else {
                    panic!("{name} is another message")
                };
                assert_eq!(fields(inner), *found, "{name}");
                let mut again = vec![0; message.encoded_len()];
                message.encode_into(&mut again);
                assert_eq!(again, bytes, "{name}");
            }
            (Err(_), Value::Null) => {}
            (read, _) => panic!("{name}: {read:?}"),
        }
    }
}
