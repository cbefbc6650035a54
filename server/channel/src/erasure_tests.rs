//! After a rekey no old key is left anywhere in the process: every readable page is searched for the secrets of
//! the epochs before (spec 1-entropy §1.5: old keys are erased).
//!
//! Shows T8 (`docs/threat-model.md`).
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use std::collections::HashMap;
use std::os::unix::fs::FileExt;

use crate::pair::{Seeded, Setup, delivery};
use crate::witness::{self, MASK, Seen};

/// Pages read at once.
const CHUNK: usize = 1 << 20;

/// Where each of these secrets lies, by its place in the list: all readable memory of this process, this thread's
/// stack included. Nothing here ever holds one of them unmasked.
fn search(wanted: &[Seen]) -> Vec<(usize, String)> {
    let mut by_start: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut starts = vec![false; 1 << 16];
    for (index, seen) in wanted.iter().enumerate() {
        let start = u64::from_ne_bytes(seen.masked[..8].try_into().unwrap());
        starts[start as usize & 0xffff] = true;
        by_start.entry(start).or_default().push(index);
    }
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mask = u64::from_ne_bytes([MASK; 8]);
    let mut found = Vec::new();
    let mut chunk = vec![0_u8; CHUNK];
    let mut searched = 0;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else {
            continue;
        };
        let name = fields.nth(3).unwrap_or("anonymous");
        let (from, to) = range.split_once('-').unwrap();
        let from = u64::from_str_radix(from, 16).unwrap();
        let to = u64::from_str_radix(to, 16).unwrap();
        if !rights.starts_with('r') || name.starts_with("[v") {
            continue;
        }
        let mut at = from;
        while at < to {
            let len = CHUNK.min((to - at) as usize);
            let Ok(read) = memory.read_at(&mut chunk[..len], at) else {
                break;
            };
            searched += read;
            for (offset, window) in chunk[..read].windows(8).enumerate() {
                let start = u64::from_ne_bytes(window.try_into().unwrap()) ^ mask;
                if !starts[start as usize & 0xffff] {
                    continue;
                }
                for index in by_start.get(&start).into_iter().flatten() {
                    let seen = &wanted[*index];
                    let rest = chunk[offset..read].iter().map(|byte| byte ^ MASK);
                    if rest.take(16).eq(seen.masked[..16].iter().copied()) {
                        found.push((*index, format!("{:x} in {name}", at + offset as u64)));
                    }
                }
            }
            if read < len {
                break;
            }
            // Overlapping, so that what lies across two chunks is seen.
            at += if len == CHUNK { len - 16 } else { len } as u64;
        }
    }
    assert!(searched > 1 << 20, "memory was searched");
    // The buffer holds what was read last, which is no place of its own.
    found
}

#[test]
fn no_secret_of_an_old_epoch_is_left_in_memory() {
    let mut setup = Setup::new().rekey(1, 0);
    // Other tests of this process have the usual seeds' keys in memory while this one looks.
    let (a, b) = (Seeded::new(0xe1a5), Seeded::new(0xe1a6));
    (setup.server.source, setup.client.source) = (a, b);
    let mut pair = setup.open();
    witness::take();
    for i in 0..40 {
        pair.a.send(&delivery(i, &[7; 100])).unwrap();
        pair.b.send(&delivery(i, &[7; 100])).unwrap();
        pair.settle();
    }
    let old = witness::take();
    // Two more steps each way, and everything that was seen so far is of the past.
    for i in 0..2 {
        pair.a.send(&delivery(i, &[7; 100])).unwrap();
        pair.b.send(&delivery(i, &[7; 100])).unwrap();
        pair.settle();
    }
    let new = witness::take();

    // The search finds what must be there: the keys in force.
    let (a, b) = (pair.a.status(pair.now), pair.b.status(pair.now));
    assert_eq!((a.epoch, b.epoch), (41, 41));
    let found = search(&new);
    let current: Vec<&str> = found.iter().map(|(index, _)| new[*index].what).collect();
    assert!(current.contains(&"record key"), "{current:?}");
    assert!(current.contains(&"chain"), "{current:?}");

    for what in [
        "record key",
        "chain",
        "ECDH",
        "one-time key",
        "one-time key, words",
    ] {
        let count = old.iter().filter(|seen| seen.what == what).count();
        assert!(count >= 156, "{count} of {what}");
    }
    let left: Vec<String> = search(&old)
        .into_iter()
        .map(|(index, place)| format!("{} {index} at {place}", old[index].what))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}
