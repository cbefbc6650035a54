//! Splitting and combining: all small sets, many large ones, what fewer shares say, and another program's shares.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use std::convert::Infallible;
use std::io::Write as _;
use std::process::{Command, Stdio};

use photonbox_custody::shamir::{CombineError, Share, SplitError, combine, split};
use photonbox_custody::vault_format::NoShare;
use photonbox_secret::SecretBytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng};

/// Different places from 1 to 255, in no order.
fn places(random: &mut ChaCha20Rng, count: usize) -> Vec<u8> {
    let mut all: Vec<u8> = (1..=255).collect();
    for at in 0..count {
        let other = at + random.next_u64() as usize % (all.len() - at);
        all.swap(at, other);
    }
    all.truncate(count);
    all
}

fn key(random: &mut ChaCha20Rng) -> [u8; 32] {
    let mut key = [0; 32];
    random.fill_bytes(&mut key);
    key
}

#[test]
fn every_threshold_of_up_to_eight_holders_by_every_subset() {
    let random = &mut ChaCha20Rng::seed_from_u64(1);
    for holders in 2..=8_usize {
        for threshold in 2..=holders as u8 {
            let (key, places) = (key(random), places(random, holders));
            let shares = split(&key, threshold, &places, random).unwrap();
            for subset in 1_u32..1 << holders {
                let some: Vec<&Share> = (0..holders)
                    .filter(|at| subset & (1 << at) != 0)
                    .map(|at| &shares[at])
                    .collect();
                let combined = combine(&some, threshold);
                if some.len() >= usize::from(threshold) {
                    assert_eq!(combined.unwrap().as_slice(), key);
                } else {
                    let given = some.len();
                    let few = CombineError::TooFew { given, threshold };
                    assert_eq!(combined.err(), Some(few));
                    // Taken for as many as are needed they are another secret.
                    if given >= 2 {
                        let wrong = combine(&some, given as u8).unwrap();
                        assert_ne!(wrong.as_slice(), key);
                    }
                }
            }
        }
    }
}

#[test]
fn many_larger_ones() {
    let random = &mut ChaCha20Rng::seed_from_u64(2);
    for round in 0..10_000 {
        let holders = 9 + random.next_u32() as usize % 247;
        let threshold = 2 + random.next_u32() % (holders as u32 - 1).min(30);
        // The largest ones now and then: they take longer.
        let threshold = if round % 500 == 0 {
            holders as u32
        } else {
            threshold
        } as u8;
        let length = 1 + random.next_u32() as usize % 40;
        let mut secret = vec![0; length];
        random.fill_bytes(&mut secret);
        let places = places(random, holders);
        let shares = split(&secret, threshold, &places, random).unwrap();
        let first = random.next_u32() as usize % (holders - usize::from(threshold) + 1);
        let some: Vec<&Share> = shares[first..][..usize::from(threshold)].iter().collect();
        assert_eq!(combine(&some, threshold).unwrap().as_slice(), secret);
    }
}

/// Gives these bytes.
struct These<'a>(&'a [u8]);

impl TryRng for These<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("bytes are asked for")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("bytes are asked for")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let (head, rest) = self.0.split_at(out.len());
        out.copy_from_slice(head);
        self.0 = rest;
        Ok(())
    }
}

impl TryCryptoRng for These<'_> {}

/// For each secret, each value of m − 1 shares comes from one choice of coefficients: none is more likely than another, so they say
/// nothing. All of it is counted, for m = 2 at some places, and for m = 3 at some pairs.
#[test]
fn fewer_shares_than_the_threshold_say_nothing() {
    for x in [1, 2, 3, 7, 0x53, 128, 200, 255] {
        let other = x ^ 4;
        for secret in 0..=255 {
            let mut seen = [false; 256];
            for coefficient in 0..=255 {
                let shares = split(&[secret], 2, &[x, other], &mut These(&[coefficient])).unwrap();
                let value = shares[0].y.as_slice()[0];
                assert!(!std::mem::replace(&mut seen[usize::from(value)], true));
            }
        }
    }
    for pair in [[1, 2], [7, 200], [254, 255]] {
        let places = [pair[0], pair[1], 99];
        for secret in [0, 1, 0x53, 255] {
            let mut seen = vec![false; 1 << 16];
            for coefficients in 0..=u16::MAX {
                let drawn = coefficients.to_be_bytes();
                let shares = split(&[secret], 3, &places, &mut These(&drawn)).unwrap();
                let both = [0, 1].map(|at: usize| shares[at].y.as_slice()[0]);
                let both = usize::from(u16::from_be_bytes(both));
                assert!(!std::mem::replace(&mut seen[both], true));
            }
        }
    }
}

#[test]
fn what_cannot_be_split_or_combined_is_named() {
    let random = &mut ChaCha20Rng::seed_from_u64(3);
    let refused = |secret: &[u8], threshold, places: &[u8]| {
        let random = &mut ChaCha20Rng::seed_from_u64(4);
        split(secret, threshold, places, random).err()
    };
    for (threshold, places) in [(0, &[1, 2][..]), (1, &[1, 2]), (3, &[1, 2]), (2, &[1])] {
        let holders = places.len();
        let wrong = SplitError::Threshold { threshold, holders };
        assert_eq!(refused(b"key", threshold, places), Some(wrong));
    }
    let crowd = [1; 256];
    assert!(matches!(
        refused(b"key", 2, &crowd),
        Some(SplitError::Threshold { .. })
    ));
    assert_eq!(refused(b"key", 2, &[1, 0]), Some(SplitError::X(0)));
    assert_eq!(refused(b"key", 2, &[7, 8, 7]), Some(SplitError::X(7)));
    assert_eq!(refused(b"", 2, &[1, 2]), Some(SplitError::Length(0)));
    let long = vec![0; 65_537];
    assert_eq!(refused(&long, 2, &[1, 2]), Some(SplitError::Length(65_537)));

    let shares = split(&key(random), 3, &[9, 8, 7, 6, 5], random).unwrap();
    let all: Vec<&Share> = shares.iter().collect();
    let given = |some: &[&Share]| combine(some, 3).err();
    assert_eq!(given(&[all[0], all[1], all[0]]), Some(CombineError::X(9)));
    let zero = Share {
        x: 0,
        y: shares[0].y.duplicate(),
    };
    assert_eq!(given(&[&zero, all[1], all[2]]), Some(CombineError::X(0)));
    let short = Share {
        x: 4,
        y: SecretBytes::from_slice(&[1; 31]),
    };
    assert_eq!(
        given(&[all[0], all[1], &short]),
        Some(CombineError::Length(4))
    );
    // One share more than are needed shows a changed one, in whichever it is.
    for at in 0..4 {
        let mut y = shares[at].y.duplicate();
        y.as_mut_slice()[31] ^= 1;
        let changed = Share { x: shares[at].x, y };
        let mut some = all[..4].to_vec();
        some[at] = &changed;
        assert_eq!(given(&some), Some(CombineError::Inconsistent), "{at}");
    }
    assert!(combine(&all, 3).is_ok());
}

#[test]
fn shares_in_vaults_format_come_back() {
    let random = &mut ChaCha20Rng::seed_from_u64(5);
    let key = key(random);
    let shares = split(&key, 2, &[200, 3, 77], random).unwrap();
    let there: Vec<_> = shares.iter().map(Share::to_vault).collect();
    assert_eq!((there[0].len(), there[0].as_slice()[32]), (33, 200));
    let back = there.iter().map(|share| Share::of_vault(share.as_slice()));
    let back: Vec<Share> = back.collect::<Result<_, _>>().unwrap();
    let some: Vec<&Share> = back[1..].iter().collect();
    assert_eq!(combine(&some, 2).unwrap().as_slice(), key);
    for (bytes, wrong) in [
        (&b""[..], NoShare::Length(0)),
        (b"\x01", NoShare::Length(1)),
        (b"\x01\x00", NoShare::X),
    ] {
        assert_eq!(Share::of_vault(bytes).err(), Some(wrong));
    }
}

/// What `tests/shamir.py` says to a line.
fn python(line: &str) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shamir.py");
    let started = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut process) = started else {
        println!("skipped: python3 is not installed");
        return None;
    };
    let mut input = process.stdin.take().unwrap();
    writeln!(input, "{line}").unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{line}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// A program that was written from the paper, with tables of logarithms, agrees both ways.
#[test]
fn another_program_agrees() {
    let random = &mut ChaCha20Rng::seed_from_u64(6);
    for (threshold, holders) in [(2, 2), (3, 5), (5, 5), (16, 31), (4, 255)] {
        let (key, places) = (key(random), places(random, holders));
        let shares = split(&key, threshold, &places, random).unwrap();
        let some = &shares[holders - usize::from(threshold)..];
        let given = some
            .iter()
            .map(|share| format!("{}:{}", share.x, hex(share.y.as_slice())));
        let line = format!("combine {}", given.collect::<Vec<_>>().join(" "));
        let Some(said) = python(&line) else { return };
        assert_eq!(said.trim(), hex(&key), "{threshold} of {holders}");
        let named = places.iter().map(u8::to_string).collect::<Vec<_>>();
        let line = format!("split {threshold} {} {}", hex(&key), named.join(" "));
        let Some(said) = python(&line) else { return };
        let theirs = said.split_whitespace().map(|share| {
            let (x, y) = share.split_once(':').unwrap();
            let y = SecretBytes::from_vec(bytes(y));
            let x = x.parse().unwrap();
            Share { x, y }
        });
        let theirs: Vec<Share> = theirs.collect();
        assert_eq!(theirs.len(), holders);
        let some: Vec<&Share> = theirs[..usize::from(threshold)].iter().collect();
        assert_eq!(combine(&some, threshold).unwrap().as_slice(), key);
        let all: Vec<&Share> = theirs.iter().collect();
        assert_eq!(combine(&all, threshold).unwrap().as_slice(), key);
    }
}
