//! Files of users who blind, damaged in each place.

use photonbox_channel::Drawn;
use photonbox_client::{Blinding, OsRandom, Served};
use photonbox_vault::api::Bytes;
use photonbox_vault::group::{Group as _, Purpose, Ristretto255, Scheme};
use serde_json::json;

const RISTRETTO: Scheme = Scheme::Ristretto255;

/// What an appliance would write. Its message is version, kind 20, scheme 2, and an element.
fn served() -> Vec<u8> {
    let source = OsRandom::shared();
    let element = Ristretto255::random(Purpose::Key, &mut Drawn(&*source));
    let element = Ristretto255::encode(&element.unwrap());
    let message = Bytes::new([&[1, 20, 2][..], element.as_slice()].concat());
    let file = json!({"served_key": 1, "scheme": "ristretto255", "set": "tenant", "generation": 3, "item": "disk",
        "message": message});
    file.to_string().into_bytes()
}

fn key(served: &[u8], blinding: &[u8]) -> Option<[u8; 32]> {
    let (served, blinding) = (Served::read(served).ok()?, Blinding::read(blinding).ok()?);
    Some(*blinding.key(&served).ok()?.as_array())
}

#[test]
fn a_damaged_file_gives_no_key_or_another_one() {
    let blinding = Blinding::draw(RISTRETTO, &*OsRandom::shared()).unwrap();
    let blinding = blinding.to_file().unwrap().as_slice().to_vec();
    let served = served();
    let right = key(&served, &blinding).unwrap();
    assert_eq!(key(&served, &blinding), Some(right));
    for at in 0..served.len() {
        assert_eq!(key(&served[..at], &blinding), None, "cut at {at}");
        for bit in 0..8 {
            let mut changed = served.clone();
            changed[at] ^= 1 << bit;
            assert_ne!(
                key(&changed, &blinding),
                Some(right),
                "byte {at}, bit {bit}"
            );
        }
    }
    for at in 0..blinding.len() {
        assert_eq!(key(&served, &blinding[..at]), None, "cut at {at}");
        for bit in 0..8 {
            let mut changed = blinding.clone();
            changed[at] ^= 1 << bit;
            assert_ne!(key(&served, &changed), Some(right), "byte {at}, bit {bit}");
        }
    }
    let more = [&served[..], b"{}"].concat();
    assert_eq!(key(&more, &blinding), None, "longer");
    let long = [&served[..], &[b' '; 5000]].concat();
    assert_eq!(key(&long, &blinding), None, "too long");
    // What is read is written again.
    let read = Served::read(&served).unwrap();
    let again = Served::read(read.to_file().unwrap().as_slice()).unwrap();
    assert_eq!(again.name(), read.name());
    assert_eq!(
        key(again.to_file().unwrap().as_slice(), &blinding),
        Some(right)
    );
    assert_eq!(Blinding::read(&blinding).unwrap().scheme(), RISTRETTO);
}
