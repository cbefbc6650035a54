//! What a sink got against what the hub's ledger says that it gave.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn number(row: &Value, key: &str) -> u64 {
    match &row[key] {
        Value::String(text) => text.parse().expect("a number"),
        other => other.as_u64().expect("a number"),
    }
}

/// Nothing came twice: no 16 bytes that begin at a multiple of 16 are 16 bytes anywhere else. What repeats for 31 bytes
/// holds such a place.
fn nothing_twice(received: &[u8]) {
    let (places, _) = received.as_chunks::<16>();
    let seen: HashMap<&[u8; 16], usize> = places.iter().zip((0..).step_by(16)).collect();
    assert_eq!(seen.len(), places.len(), "a block came twice");
    for (at, window) in received.windows(16).enumerate() {
        let window = window.first_chunk().expect("16 bytes");
        let first = seen.get(window).copied().unwrap_or(at);
        assert_eq!(first, at, "the bytes at {at} came before or come again");
    }
}

/// What came of one delivery, by the statements that the host kept; it verified each before it took the block.
struct Came {
    delivery: u64,
    bytes: usize,
}

fn came(statements: &str) -> Vec<Came> {
    let mut all: Vec<Came> = Vec::new();
    for line in statements.lines() {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let (delivery, bytes) = (number(&line, "delivery"), number(&line, "block_bytes"));
        match all.last_mut() {
            Some(last) if last.delivery == delivery => last.bytes += bytes as usize,
            _ => all.push(Came {
                delivery,
                bytes: bytes as usize,
            }),
        }
    }
    all
}

/// The ledger and the host agree about each delivery. Each of `faults` may cut one short: its bytes were on their way.
/// A hub that was killed has no more than `unsaved` bytes given that its ledger does not know of.
pub(crate) fn agrees(
    ledger: &Value,
    host: &str,
    received: &[u8],
    statements: &str,
    faults: usize,
    unsaved: usize,
) {
    nothing_twice(received);
    let all = ledger["deliveries"].as_array().expect("deliveries");
    let mut rows: Vec<&Value> = all
        .iter()
        .filter(|row| row["host"] == host && number(row, "bytes") > 0)
        .collect();
    rows.sort_by_key(|row| (number(row, "run"), number(row, "request")));
    let mut rows = rows.into_iter().peekable();
    let (mut rest, mut whole, mut cut, mut unknown) = (received, 0, 0, 0);
    for Came { delivery, bytes } in came(statements) {
        let (segment, later) = rest.split_at(bytes);
        rest = later;
        // Rows of which nothing came at all.
        while rows
            .next_if(|row| number(row, "request") != delivery)
            .is_some()
        {
            cut += 1;
        }
        let written = rows.next();
        let given = written.map_or(0, |row| number(row, "bytes") as usize);
        if given > bytes {
            cut += 1;
            continue;
        }
        unknown += bytes - given;
        if let Some(row) = written {
            assert_eq!(
                row["sha256"],
                sha256(&segment[..given]),
                "{host}: delivery {delivery} was altered"
            );
            whole += 1;
        }
    }
    cut += rows.count();
    println!(
        "{host}: {} bytes, {whole} deliveries whole, {cut} cut short, {unknown} bytes more than a killed hub wrote down",
        received.len()
    );
    assert!(rest.is_empty(), "{host}: bytes without a statement");
    assert!(
        cut <= faults,
        "{host}: {cut} deliveries cut by {faults} faults: {ledger:#}"
    );
    assert!(
        unknown <= unsaved,
        "{host}: {unknown} bytes that the ledger does not know: {ledger:#}"
    );
    assert_eq!(ledger["invariant_holds"], true);
}
