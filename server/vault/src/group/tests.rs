#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;

pub(super) fn generator(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn same<G: Group>(a: &G::Element, b: &G::Element) -> bool {
    G::encode(a).as_slice() == G::encode(b).as_slice()
}

/// What the protocols build on, with elements and keys of this seed.
fn laws<G: Group>(seed: u64) {
    let mut random = generator(seed);
    let mut element = |purpose| G::random(purpose, &mut random).unwrap();
    let (a, b) = (element(Purpose::Key), element(Purpose::Blinding));
    let c = element(Purpose::Transfer);
    assert!(!same::<G>(&a, &b));
    let ab = G::product(&a, &b);
    assert!(same::<G>(&ab, &G::product(&b, &a)));
    assert!(same::<G>(
        &G::product(&ab, &c),
        &G::product(&a, &G::product(&b, &c))
    ));
    assert!(same::<G>(&G::quotient(&ab, &b), &a));
    for one in [&a, &b, &c, &ab] {
        let bytes = G::encode(one);
        assert_eq!(bytes.len(), G::ELEMENT);
        assert!(same::<G>(&G::decode(bytes.as_slice()).unwrap(), one));
    }

    let (key, public) = G::key_pair(&mut random).unwrap();
    let mut hidden = |one| G::encrypt(&public, one, &mut random).unwrap();
    let (ea, eb, again) = (hidden(&a), hidden(&b), hidden(&a));
    assert_ne!(ea, again);
    let shown = |one: &G::Ciphertext| G::decrypt(&key, one).unwrap();
    assert!(same::<G>(&shown(&ea), &a) && same::<G>(&shown(&again), &a));
    let product = G::product_of_encrypted(&ea, &eb);
    assert!(same::<G>(&shown(&product), &ab));
    let quotient = G::quotient_of_encrypted(&product, &eb);
    assert!(same::<G>(&shown(&quotient), &a));
    let anew = G::encrypt_anew(&public, &product, &mut random).unwrap();
    assert_ne!(anew, product);
    assert!(same::<G>(&shown(&anew), &ab));
    // Another's key shows something else, or nothing.
    let (other, _) = G::key_pair(&mut random).unwrap();
    assert!(G::decrypt(&other, &ea).is_none_or(|shown| !same::<G>(&shown, &a)));

    let bytes = G::encode_ciphertext(&product);
    assert_eq!(bytes.len(), G::CIPHERTEXT);
    assert_eq!(G::decode_ciphertext(&bytes), Ok(product));
    let bytes = G::encode_public_key(&public);
    assert_eq!(bytes.len(), G::PUBLIC_KEY);
    assert_eq!(G::decode_public_key(&bytes), Ok(public.clone()));
    let bytes = G::encode_private_key(&key);
    assert_eq!(bytes.len(), G::PRIVATE_KEY);
    let key = G::decode_private_key(bytes.as_slice()).unwrap();
    assert_eq!(G::public_key(&key), public);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p384_is_an_abelian_group_with_a_homomorphic_encryption(seed: u64) {
        laws::<P384>(seed);
    }

    #[test]
    fn ristretto255_too(seed: u64) {
        laws::<Ristretto255>(seed);
    }

    #[test]
    fn any_bytes_are_an_element_in_its_one_form_or_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        one_form::<P384>(&bytes);
        one_form::<Ristretto255>(&bytes);
        let mut bytes = bytes;
        bytes.resize(P384::ELEMENT, 7);
        bytes[0] = 2 | bytes[0] & 1;
        one_form::<P384>(&bytes);
        one_form::<Ristretto255>(&bytes[..32]);
    }
}

fn one_form<G: Group>(bytes: &[u8]) {
    if let Ok(element) = G::decode(bytes) {
        assert_eq!(G::encode(&element).as_slice(), bytes);
    }
}

/// One case, since it draws four primes.
#[test]
fn paillier3072_is_an_abelian_group_with_a_homomorphic_encryption() {
    laws::<Paillier3072>(1);
}

/// Multiples of the generator, from the standards: 1, 2 and 3 for P-384 (NIST CSRC, "Mathematical routines for the NIST prime
/// elliptic curves", 2010), 1, 2 and 3 for ristretto255 (RFC 9496, appendix A.1).
#[test]
fn multiples_of_the_generator() {
    let p384 = [
        "03aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "0208d999057ba3d2d969260045c55b97f089025959a6f434d651d207d19fb96e9e4fe0e86ebe0e64f85b96a9c75295df61",
        "03077a41d4606ffa1464793c7e5fdc7d98cb9d3910202dcd06bea4f240d3566da6b408bbae5026580d02d7e5c70500c831",
    ];
    let ristretto = [
        "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
        "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
        "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    ];
    multiples::<P384>(&p384);
    multiples::<Ristretto255>(&ristretto);
}

fn multiples<G: Group>(all: &[&str; 3]) {
    let [one, two, three] = all.map(|text| G::decode(&hex(text)).unwrap());
    assert!(same::<G>(&G::product(&one, &one), &two));
    assert!(same::<G>(&G::product(&two, &one), &three));
    assert!(same::<G>(&G::quotient(&three, &two), &one));
}

/// What is no element, named by its fault.
#[test]
fn what_is_no_element_is_refused() {
    let in_group = hex(
        "03aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    );
    let with = |at: usize, byte: u8| {
        let mut bytes = in_group.clone();
        bytes[at] = byte;
        bytes
    };
    let what = "an element";
    // p, as x: what is 0 in another form.
    let p = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff";
    let cases: [(&str, Vec<u8>, Unfit); 7] = [
        (
            "empty",
            Vec::new(),
            Unfit::Length {
                what,
                length: 0,
                right: 49,
            },
        ),
        (
            "identity of SEC 1, one byte",
            vec![0],
            Unfit::Length {
                what,
                length: 1,
                right: 49,
            },
        ),
        ("identity, filled up", vec![0; 49], Unfit::Identity(what)),
        ("uncompressed prefix", with(0, 4), Unfit::NotInGroup(what)),
        ("hybrid prefix", with(0, 6), Unfit::NotInGroup(what)),
        ("x of no point", with(48, 0xb8), Unfit::NotInGroup(what)),
        (
            "x not below p",
            hex(&format!("02{p}")),
            Unfit::NotInGroup(what),
        ),
    ];
    for (name, bytes, refusal) in cases {
        assert_eq!(P384::decode(&bytes).err(), Some(refusal), "{name}");
    }
    let of = |text: &str| Ristretto255::decode(&hex(text)).err();
    let none = Some(Unfit::NotInGroup(what));
    // RFC 9496, appendix A.2: not canonical, negative, no square root, negative xy, s = -1.
    for (name, text) in [
        (
            "not canonical",
            "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ),
        (
            "not canonical, p",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ),
        (
            "negative",
            "0100000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            "no square",
            "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
        ),
        (
            "negative xy",
            "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
        ),
        (
            "s = -1",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ),
    ] {
        assert_eq!(of(text), none, "{name}");
    }
    assert_eq!(
        Ristretto255::decode(&[0; 32]).err(),
        Some(Unfit::Identity(what))
    );
    // Of another group.
    assert!(matches!(
        Ristretto255::decode(&in_group),
        Err(Unfit::Length { .. })
    ));
}

#[test]
fn what_is_no_ciphertext_or_key_is_refused() {
    refusals::<P384>();
    refusals::<Ristretto255>();
}

fn refusals<G: Group>() {
    let mut random = generator(1);
    let (key, public) = G::key_pair(&mut random).unwrap();
    let element = G::random(Purpose::Key, &mut random).unwrap();
    let sealed = G::encrypt(&public, &element, &mut random).unwrap();
    let good = G::encode_ciphertext(&sealed);
    let half = good.len() / 2;
    // A nonce that is the identity would leave the element in clear.
    let clear = [vec![0; half], good[half..].to_vec()].concat();
    assert_eq!(
        G::decode_ciphertext(&clear),
        Err(Unfit::Identity("a ciphertext"))
    );
    assert!(matches!(
        G::decode_ciphertext(&good[..half]),
        Err(Unfit::Length { .. })
    ));
    assert!(matches!(
        G::decode_ciphertext(&[good.clone(), vec![0]].concat()),
        Err(Unfit::Length { .. })
    ));
    let mut broken = good.clone();
    broken[half..].fill(0xff);
    assert_eq!(
        G::decode_ciphertext(&broken),
        Err(Unfit::NotInGroup("a ciphertext"))
    );
    assert_eq!(
        G::decode_public_key(&vec![0; G::PUBLIC_KEY]),
        Err(Unfit::Identity("a public key"))
    );
    for scalar in [vec![0; G::PRIVATE_KEY], vec![0xff; G::PRIVATE_KEY]] {
        assert_eq!(G::decode_private_key(&scalar).err(), Some(Unfit::Range));
    }
    // What decrypts to the identity is no element.
    let nothing = G::quotient_of_encrypted(
        &sealed,
        &G::encrypt_anew(&public, &sealed, &mut random).unwrap(),
    );
    assert!(G::decrypt(&key, &nothing).is_none());
}

#[test]
fn without_random_numbers_nothing_is_made() {
    fn refused<G: Group>() {
        let mut random = Nothing;
        assert_eq!(G::random(Purpose::Key, &mut random).err(), Some(NoRandom));
        assert!(G::key_pair(&mut random).is_err());
        let mut good = generator(2);
        let (_, public) = G::key_pair(&mut good).unwrap();
        let element = G::random(Purpose::Key, &mut good).unwrap();
        assert_eq!(G::encrypt(&public, &element, &mut random), Err(NoRandom));
    }
    refused::<P384>();
    refused::<Ristretto255>();
}

/// A generator that has failed.
pub(super) struct Nothing;

impl rand_core::TryRng for Nothing {
    type Error = NoRandom;

    fn try_next_u32(&mut self) -> Result<u32, NoRandom> {
        Err(NoRandom)
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandom> {
        Err(NoRandom)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), NoRandom> {
        Err(NoRandom)
    }
}

impl TryCryptoRng for Nothing {}

#[test]
fn schemes_have_words() {
    for scheme in Scheme::ALL {
        assert_eq!(Scheme::of_name(&scheme.to_string()), Some(scheme));
    }
    assert_eq!(Scheme::of_name("P384"), None);
}
