//! The same keys and secrets as `aws-lc-rs`, and as the curve's own definition.
#![allow(clippy::unwrap_used)] // a failed step must fail the test

use aws_lc_rs::agreement::{ECDH_P384, PrivateKey, UnparsedPublicKey, agree};
use photonbox_ecdh::{EcdhError, KeyPair};
use photonbox_secret::SecretArray;
use proptest::prelude::*;

fn pair(scalar: [u8; 48]) -> Result<KeyPair, EcdhError> {
    KeyPair::of_scalar(SecretArray::from_array(scalar))
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let bytes: Vec<u8> = (0..N)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

const ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
/// SEC 2 §2.5.1: the generator's coordinates.
const GENERATOR: &str = "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7\
3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";

#[test]
fn one_gives_the_generator_and_the_order_gives_no_key() {
    let mut one = [0; 48];
    one[47] = 1;
    assert_eq!(pair(one).unwrap().public(), &hex::<97>(GENERATOR));
    assert_eq!(pair([0; 48]).unwrap_err(), EcdhError::BadScalar);
    assert_eq!(pair(hex(ORDER)).unwrap_err(), EcdhError::BadScalar);
}

/// RFC 5903 §8.2: the 384-bit random ECP group.
#[test]
fn the_example_of_rfc_5903() {
    let i = hex(
        "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
    );
    let r = hex(
        "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
    );
    let shared: [u8; 48] = hex(
        "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
    );
    let (i, r) = (pair(i).unwrap(), pair(r).unwrap());
    assert_eq!(i.public()[1..5], hex::<4>("667842d7"));
    assert_eq!(r.public()[1..5], hex::<4>("e558dbef"));
    let point = *i.public();
    let ours = i.agree(r.public()).unwrap();
    assert_eq!(ours.as_array(), &shared);
    assert_eq!(r.agree(&point).unwrap().as_array(), &shared);
}

#[test]
fn what_is_no_uncompressed_point_is_refused() {
    let key = || pair([7; 48]).unwrap();
    let good = *pair([9; 48]).unwrap().public();
    assert!(key().agree(&good).is_ok());
    let mut off = good;
    off[96] ^= 1;
    let mut compressed = good[..49].to_vec();
    compressed[0] = 2 | good[96] & 1;
    let mut hybrid = good;
    hybrid[0] = 6 | good[96] & 1;
    // x = p, which no coordinate may be.
    let mut wide = good;
    wide[1..49].copy_from_slice(&hex::<48>(
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    ));
    for bad in [
        &off[..],
        &compressed,
        &hybrid,
        &wide,
        &good[..96],
        &[0],
        &[],
        &[0; 97],
    ] {
        assert_eq!(
            key().agree(bad).unwrap_err(),
            EcdhError::BadPoint,
            "{bad:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_scalars_agree_as_the_library_s_own_keys_do(a: [u8; 24], b: [u8; 24]) {
        // Half a scalar's length is far below the order.
        let widen = |half: [u8; 24]| {
            let mut scalar = [1; 48];
            scalar[24..].copy_from_slice(&half);
            scalar
        };
        let (a, b) = (widen(a), widen(b));
        let (ours, theirs) = (pair(a).unwrap(), PrivateKey::from_private_key(&ECDH_P384, &b).unwrap());
        let mirror = PrivateKey::from_private_key(&ECDH_P384, &a).unwrap();
        let mirror = mirror.compute_public_key().unwrap();
        prop_assert_eq!(&ours.public()[..], mirror.as_ref());
        let peer = theirs.compute_public_key().unwrap();
        let expected = agree(&theirs, UnparsedPublicKey::new(&ECDH_P384, ours.public()), (), |x| Ok(x.to_vec())).unwrap();
        let secret = ours.agree(peer.as_ref()).unwrap();
        prop_assert_eq!(secret.as_slice(), &expected[..]);
    }
}
