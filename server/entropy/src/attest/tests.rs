use super::*;
use crate::hex::hex;
use crate::provenance::{Class, Origin, Provenance};
use proptest::prelude::*;

/// A keyed hash in the place of ECDSA: this crate signs nothing itself, and what is tested here is
/// what gets signed and when a wrong signature is noticed.
struct Keyed(&'static [u8]);

impl Keyed {
    fn tag(&self, message: &[u8]) -> Hmac<Sha384> {
        let mut mac = Hmac::<Sha384>::new_from_slice(self.0).expect("any length");
        mac.update(message);
        mac
    }
}

impl Signer for Keyed {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AttestError> {
        Ok(self.tag(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier for Keyed {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), AttestError> {
        self.tag(message)
            .verify_slice(signature)
            .map_err(|_| AttestError::Signature)
    }
}

const HUB: Keyed = Keyed(b"hub");

fn statement() -> Statement {
    Statement {
        hub: "hub-1".to_owned(),
        delivery: 42,
        class: Class::Full,
        origin: Origin {
            provenance: Provenance {
                replayed: true,
                ..Provenance::SIMULATED
            },
            lanes: 0b101,
            sources: vec!["card-a".to_owned(), "card-b".to_owned()],
        },
        health: HealthCounters {
            lanes_running: 2,
            lanes_failed: 1,
            failures: 3,
            raw_bits: 1_000_000,
            credited_bits: 374_625,
            discarded_bits: 17,
        },
        claimed_millibits: 500,
        unix_ms: 1_790_000_000_123,
        block_bytes: 0,
        mac: [0; MAC_BYTES],
    }
}

fn attested(block: &[u8]) -> AttestedBlock {
    let key = SecretArray::from_array([7; MAC_BYTES]);
    attest(statement(), block, key, &HUB).expect("all fields fit")
}

#[test]
fn the_recipient_can_prove_what_the_block_is() {
    let block = [9u8; 64];
    let given = attested(&block);
    let read = given
        .attestation
        .verify_block(&block, &given.key, &HUB)
        .expect("genuine");
    assert_eq!(read.block_bytes, 64);
    assert_eq!(read.origin, statement().origin);
    assert_eq!(read.health, statement().health);
    // Anybody can read the statement without block and key.
    assert_eq!(given.attestation.verify(&HUB), Ok(read));
}

#[test]
fn the_mac_is_hmac_sha_384_under_the_key() {
    // RFC 4231, test case 1, pads its key to 20 bytes; HMAC pads keys with zeros to the block size,
    // so its 48-byte zero-padded form must give the same value.
    let mut key = [0; MAC_BYTES];
    key[..20].fill(0x0b);
    let given = attest(statement(), b"Hi There", SecretArray::from_array(key), &HUB).expect("fits");
    let read = given.attestation.verify(&HUB).expect("genuine");
    assert_eq!(
        hex(&read.mac),
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c\
         faea9ea9076ede7f4af152e8b2fa9cb6"
    );
}

#[test]
fn another_block_key_or_hub_is_noticed() {
    let block = [9u8; 64];
    let given = attested(&block);
    let mut other = block;
    other[63] ^= 1;
    let check = |block: &[u8], key: &SecretArray<MAC_BYTES>, hub: &Keyed| {
        given.attestation.verify_block(block, key, hub).err()
    };
    assert_eq!(check(&block, &given.key, &HUB), None);
    assert_eq!(
        check(&other, &given.key, &HUB),
        Some(AttestError::OtherBlock)
    );
    assert_eq!(
        check(&block[..63], &given.key, &HUB),
        Some(AttestError::OtherBlock)
    );
    let wrong_key = SecretArray::from_array([8; MAC_BYTES]);
    assert_eq!(
        check(&block, &wrong_key, &HUB),
        Some(AttestError::OtherBlock)
    );
    assert_eq!(
        check(&block, &given.key, &Keyed(b"rogue")),
        Some(AttestError::Signature)
    );
}

#[test]
fn what_is_signed_starts_with_its_own_label() {
    let given = attested(&[1; 16]);
    let bare = given.attestation.statement_bytes();
    assert_eq!(
        HUB.verify(bare, given.attestation.signature()),
        Err(AttestError::Signature)
    );
    let labelled = [b"photonbox attested block 1\0", bare].concat();
    assert_eq!(HUB.verify(&labelled, given.attestation.signature()), Ok(()));
}

#[test]
fn each_flipped_bit_of_the_encoding_is_noticed() {
    let block = [9u8; 16];
    let given = attested(&block);
    let good = given.attestation.encode();
    assert_eq!(Attestation::decode(&good).as_ref(), Ok(&given.attestation));
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let believed =
            Attestation::decode(&bad).and_then(|read| read.verify_block(&block, &given.key, &HUB));
        assert!(believed.is_err(), "bit {bit}");
    }
    for length in 0..good.len() {
        assert!(
            Attestation::decode(&good[..length]).is_err(),
            "{length} bytes"
        );
    }
    let longer = [&good[..], &[0]].concat();
    assert_eq!(
        Attestation::decode(&longer),
        Err(AttestError::Malformed("the length"))
    );
}

#[test]
fn statements_have_one_encoding() {
    let good = statement().encode().expect("fits");
    assert_eq!(&good[..5], b"PBXA\x01");
    assert_eq!(
        u32::from_be_bytes([good[5], good[6], good[7], good[8]]) as usize,
        good.len() - 9
    );
    assert_eq!(Statement::decode(&good), Ok(statement()));
    let malformed = |edit: fn(&mut Statement)| {
        let mut bad = statement();
        edit(&mut bad);
        bad.encode().is_err()
    };
    assert!(malformed(|bad| bad.origin.sources.reverse()));
    assert!(malformed(|bad| bad.origin.sources[1] = "card-a".to_owned()));
    assert!(malformed(|bad| bad.hub = "x".repeat(256)));
    assert!(malformed(
        |bad| bad.origin.sources = (0..256).map(|i| format!("{i:03}")).collect()
    ));
    assert!(!malformed(|bad| bad.hub = "x".repeat(255)));
    // The same two names, swapped on the wire.
    let mut swapped = good.clone();
    let at = swapped
        .windows(6)
        .position(|name| name == b"card-a")
        .expect("it is there");
    swapped[at + 5] = b'b';
    swapped[at + 12] = b'a';
    assert!(Statement::decode(&swapped).is_err());
    // An unknown class and an unknown label, right after hub and delivery number.
    for (field, value) in [(0, 3), (1, 8)] {
        let mut bad = good.clone();
        bad[9 + 1 + 5 + 8 + field] = value;
        assert!(Statement::decode(&bad).is_err(), "field {field}");
    }
}

#[test]
fn the_view_names_lanes_and_labels() {
    let json = serde_json::to_value(statement().view()).expect("plain");
    assert_eq!(json["lanes"], serde_json::json!([0, 2]));
    assert_eq!(json["simulated"], true);
    assert_eq!(json["replayed"], true);
    assert_eq!(json["test"], false);
    assert_eq!(json["claimed_h"], 0.5);
    assert_eq!(json["class"], "full");
    assert_eq!(json["hmac_sha384"].as_str().map(str::len), Some(96));
}

#[test]
fn odd_signatures_are_refused() {
    struct Odd(usize);
    impl Signer for Odd {
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, AttestError> {
            Ok(vec![0; self.0])
        }
    }
    for (length, fine) in [
        (0, false),
        (1, true),
        (MAX_SIGNATURE_BYTES, true),
        (MAX_SIGNATURE_BYTES + 1, false),
    ] {
        let made = attest(statement(), b"x", SecretArray::new_zeroed(), &Odd(length));
        assert_eq!(made.is_ok(), fine, "{length}");
        let encoded = statement().encode().expect("fits");
        assert_eq!(
            Attestation::from_parts(encoded, vec![0; length]).is_ok(),
            fine,
            "{length}"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Statement::decode(&bytes).is_err());
        prop_assert!(Attestation::decode(&bytes).is_err());
        // With a right header the body is reached.
        for (magic, attestation) in [(b"PBXA", false), (b"PBXT", true)] {
            let mut framed = magic.to_vec();
            framed.push(1);
            framed.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            framed.extend_from_slice(&bytes);
            if attestation {
                if let Ok(read) = Attestation::decode(&framed) {
                    prop_assert_eq!(read.encode(), framed);
                }
            } else if let Ok(read) = Statement::decode(&framed) {
                prop_assert_eq!(read.encode(), Ok(framed));
            }
        }
    }
}
