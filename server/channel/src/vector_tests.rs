//! Messages of a peer that breaks the rules, one file a case, named by its fault, found by walking the folders; each is
//! brought to a real channel. Records by themselves are in `tests/channel/vectors.rs`.
//!
//! Shows T8 (`docs/threat-model.md`).
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{CloseReason, Error};
use crate::event::Event;
use crate::fault_tests::{in_place_of_the_portion, inject, seal};
use crate::pair::{Pair, Setup, delivery, payloads};
use crate::record::Kind;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/channel");

/// What side A sends.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sent {
    /// A control message in parts, each so many times; the record around it is good.
    Control(Vec<(String, usize)>),
    /// A record as it is.
    Record(String),
}

/// The encapsulation keys that the two sides have sent.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Mlkem {
    /// One each.
    Sent,
    /// One each, and B has used A's.
    Used,
    /// None: N_pq and T_pq are 0.
    None,
}

#[derive(Deserialize)]
struct ControlCase {
    session: String,
    certificate: String,
    mlkem: Mlkem,
    sends: u64,
    messages: Vec<Sent>,
    taken: usize,
    answer: Option<CloseReason>,
}

#[derive(Deserialize)]
struct HandshakeCase {
    message: String,
    answer: Option<CloseReason>,
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// The word for a reason, as in the files and in `docs/protocol.md`.
fn word(reason: CloseReason) -> String {
    let word = serde_json::to_value(reason).unwrap();
    word.as_str().unwrap().to_owned()
}

/// Every case of a folder with its name.
fn cases<C: DeserializeOwned>(folder: &str) -> Vec<(String, C)> {
    let mut paths: Vec<_> = std::fs::read_dir(Path::new(VECTORS).join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let case = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, case)
    };
    paths.iter().map(read).collect()
}

fn is_named_by(name: &str, answer: Option<CloseReason>) {
    let expected = answer.map_or("well-formed".to_owned(), word);
    assert!(
        name.starts_with(&expected),
        "{name} is not named by its fault"
    );
}

/// Two open channels in the state that the vectors begin with.
fn open(case: &ControlCase) -> Pair {
    let mut setup = Setup::new().rekey(u64::from(case.sends > 0), 0);
    for settings in [&mut setup.client.settings, &mut setup.server.settings] {
        let epochs = match case.mlkem {
            Mlkem::None => None,
            Mlkem::Sent => std::num::NonZeroU32::new(256),
            Mlkem::Used => std::num::NonZeroU32::new(1),
        };
        settings.pq_epochs = epochs;
        settings.pq_seconds = None;
    }
    let mut pair = setup.open();
    let session: [u8; 32] = hex(&case.session).try_into().unwrap();
    (pair.a.session, pair.b.session) = (session, session);
    pair.b.peer.as_mut().unwrap().certificate = hex(&case.certificate);
    // As if A had used the key whose ciphertext a vector has.
    pair.a.keys().unwrap().send.mlkem_keys.clear();
    if case.mlkem == Mlkem::Used {
        let of_a = &mut pair.b.keys().unwrap().send.mlkem_keys;
        assert!(of_a.pop_front().is_some() && of_a.is_empty());
    }
    pair
}

fn send(pair: &mut Pair, sent: &Sent) {
    let record = match sent {
        Sent::Control(parts) => {
            let plain: Vec<u8> = parts
                .iter()
                .flat_map(|(part, times)| hex(part).repeat(*times))
                .collect();
            seal(&mut pair.a, Kind::Control, &plain)
        }
        Sent::Record(record) => hex(record),
    };
    inject(&mut pair.a, &record);
    pair.settle();
}

/// Data of side B, each packet in an epoch of its own.
fn step(pair: &mut Pair, sends: u64) {
    // All at once: A has no chance to send prekeys of its own, whose epochs the vector has used.
    for seq in 0..sends {
        // The last one may close the channel; the error comes below.
        let sent = pair.b.send(&delivery(seq, b"out"));
        assert!(sent.is_ok() || seq + 1 == sends, "packet {seq}: {sent:?}");
    }
}

fn closed_for(pair: &Pair, by_peer: bool) -> Option<CloseReason> {
    let events = if by_peer {
        &pair.a_events
    } else {
        &pair.b_events
    };
    events.iter().find_map(|event| match event {
        Event::Closed {
            reason, by_peer: p, ..
        } if *p == by_peer => Some(*reason),
        _ => None,
    })
}

#[test]
fn every_control_message_gets_its_specified_answer() {
    let cases = cases::<ControlCase>("control");
    assert!(cases.len() >= 75, "{} cases", cases.len());
    for (name, case) in cases {
        is_named_by(&name, case.answer);
        let mut pair = open(&case);
        pair.a.send(&delivery(0, b"before")).unwrap();
        let (taken, faulty) = case.messages.split_at(case.taken);
        for sent in taken {
            send(&mut pair, sent);
            assert!(!pair.b.is_closed(), "{name}: {}", pair.errors());
        }
        match faulty {
            [] => step(&mut pair, case.sends),
            // What comes after it is never read.
            [fault, ..] => send(&mut pair, fault),
        }
        assert_eq!(
            pair.b.is_closed(),
            case.answer.is_some(),
            "{name}: {}",
            pair.errors()
        );
        if case.answer.is_some() {
            pair.settle();
        }
        assert_eq!(payloads(&pair.b_events), b"before", "{name}");
        assert_eq!(closed_for(&pair, false), case.answer, "{name}");
        assert_eq!(closed_for(&pair, true), case.answer, "{name}: A is told");
    }
}

#[test]
fn every_handshake_message_gets_its_specified_answer() {
    let cases = cases::<HandshakeCase>("handshake");
    assert!(cases.len() >= 15, "{} cases", cases.len());
    for (name, case) in cases {
        is_named_by(&name, case.answer);
        let answered = in_place_of_the_portion(&hex(&case.message));
        match (case.answer, answered) {
            (None, Ok(())) => {}
            (Some(reason), Err(Error::Fault(found, _))) if reason == found => {}
            (expected, found) => panic!("{name}: {expected:?}, not {found:?}"),
        }
    }
}

/// No record by itself is the cause of these.
const NOT_BY_A_RECORD: [CloseReason; 13] = [
    CloseReason::Normal,
    CloseReason::Shutdown,
    CloseReason::HandshakeTimeout,
    CloseReason::KeepaliveTimeout,
    CloseReason::RekeyTimeout,
    CloseReason::SourceExhausted,
    // The own side's: it seals no more.
    CloseReason::RecordLimit,
    CloseReason::NotAdmitted,
    CloseReason::Tls,
    CloseReason::WrongAlpn,
    CloseReason::Superseded,
    CloseReason::Copied,
    CloseReason::CertificateExpired,
];

#[test]
fn every_fault_of_the_protocol_has_a_vector() {
    #[derive(Deserialize)]
    struct Case {
        answer: Option<CloseReason>,
    }
    let answered: BTreeSet<CloseReason> = ["malformed", "control", "handshake"]
        .into_iter()
        .flat_map(cases::<Case>)
        .filter_map(|(_, case)| case.answer)
        .collect();
    let others = CloseReason::ALL
        .iter()
        .copied()
        .filter(|reason| !NOT_BY_A_RECORD.contains(reason));
    assert_eq!(answered, others.collect(), "answers of vectors and faults");

    // The same ones that the document tells.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    let text = std::fs::read_to_string(path).unwrap();
    let table = text.split("| code | reason | when |").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut told = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for code in cells[1].split(", ") {
            let reason = CloseReason::from_code(code.parse().unwrap()).unwrap();
            let word = word(reason);
            // `handshake-, keepalive-, rekey-timeout` share their last word.
            let stem = word.strip_suffix("timeout").unwrap_or(&word);
            assert!(cells[2].contains(stem), "{row}: {word}");
            told.push(reason);
        }
    }
    assert_eq!(told, CloseReason::ALL);
}
