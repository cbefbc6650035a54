#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use std::sync::OnceLock;

use num_bigint::{BigInt, BigUint, Sign};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;
use crate::group::tests::{Nothing, generator};

type P = Paillier3072;

/// One pair of keys for all tests, since primes take long.
fn keys() -> &'static (PrivateKey, PublicKey) {
    static KEYS: OnceLock<(PrivateKey, PublicKey)> = OnceLock::new();
    KEYS.get_or_init(|| P::key_pair(&mut generator(77)).unwrap())
}

fn other_keys() -> &'static (PrivateKey, PublicKey) {
    static KEYS: OnceLock<(PrivateKey, PublicKey)> = OnceLock::new();
    KEYS.get_or_init(|| P::key_pair(&mut generator(78)).unwrap())
}

fn big(element: &Element) -> BigInt {
    BigInt::from_signed_bytes_be(element.encode().as_slice())
}

/// The encoding of any number, also of those that are refused.
fn bytes_of(number: &BigInt) -> Vec<u8> {
    let short = number.to_signed_bytes_be();
    let fill = if number.sign() == Sign::Minus {
        0xff
    } else {
        0
    };
    [vec![fill; P::ELEMENT - short.len()], short].concat()
}

fn element(number: &BigInt) -> Element {
    P::decode(&bytes_of(number)).unwrap()
}

fn power(exponent: u32) -> BigInt {
    BigInt::from(1) << exponent
}

fn unsigned(number: &BigUint, length: usize) -> Vec<u8> {
    let short = number.to_bytes_be();
    [vec![0; length - short.len()], short].concat()
}

/// p, q and n of a private key.
fn numbers(key: &PrivateKey) -> [BigUint; 3] {
    let bytes = P::encode_private_key(key);
    let [p, q] = [0, 192].map(|at| BigUint::from_bytes_be(&bytes.as_slice()[at..at + 192]));
    let n = &p * &q;
    [p, q, n]
}

/// Decrypts as in Paillier's paper, with λ = (p-1)·(q-1) modulo n² and another library: no CRT, no Montgomery form.
fn independent(key: &PrivateKey, ciphertext: &Ciphertext) -> BigInt {
    let [p, q, n] = numbers(key);
    let one = BigUint::from(1u8);
    let lambda = (p - &one) * (q - &one);
    let c = BigUint::from_bytes_be(&P::encode_ciphertext(ciphertext)[P::PUBLIC_KEY..]);
    let log = (c.modpow(&lambda, &(&n * &n)) - one) / &n;
    let m = log * lambda.modinv(&n).unwrap() % &n;
    if m > (&n >> 1) {
        BigInt::from(m) - BigInt::from(n)
    } else {
        BigInt::from(m)
    }
}

/// Numbers of both signs and of any length that an element may have.
fn any_number() -> impl Strategy<Value = BigInt> {
    let bytes = prop::collection::vec(any::<u8>(), 1..=100);
    (bytes, any::<bool>()).prop_filter_map("0 is no element", |(bytes, negative)| {
        let sign = if negative { Sign::Minus } else { Sign::Plus };
        let number = BigInt::from_bytes_be(sign, &bytes);
        (number.sign() != Sign::NoSign).then_some(number)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encryption_is_homomorphic_for_addition(a in any_number(), b in any_number(), seed: u64) {
        let (key, public) = keys();
        let mut random = generator(seed);
        let mut hidden = |number| P::encrypt(public, &element(number), &mut random).unwrap();
        let (ea, eb) = (hidden(&a), hidden(&b));
        prop_assert_ne!(&ea, &hidden(&a));
        let shown = |ciphertext: &Ciphertext| P::decrypt(key, ciphertext).map(|shown| big(&shown));
        prop_assert_eq!(shown(&ea), Some(a.clone()));
        let sum = P::product_of_encrypted(&ea, &eb);
        let difference = P::quotient_of_encrypted(&ea, &eb);
        // Two numbers below 2^800 may be together above it.
        let kept = |number: BigInt| (number.bits() <= 800 && number.sign() != Sign::NoSign).then_some(number);
        prop_assert_eq!(shown(&sum), kept(&a + &b));
        prop_assert_eq!(shown(&difference), kept(&a - &b));
        let anew = P::encrypt_anew(public, &eb, &mut random).unwrap();
        prop_assert_ne!(&anew, &eb);
        prop_assert_eq!(shown(&anew), Some(b));
        for ciphertext in [ea, eb, sum, anew] {
            prop_assert_eq!(P::decode_ciphertext(&P::encode_ciphertext(&ciphertext)), Ok(ciphertext));
        }
    }

    #[test]
    fn another_program_decrypts_the_same(number in any_number(), seed: u64) {
        let (key, public) = keys();
        let ciphertext = P::encrypt(public, &element(&number), &mut generator(seed)).unwrap();
        prop_assert_eq!(independent(key, &ciphertext), number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn elements_are_added_as_whole_numbers(a in any_number(), b in any_number()) {
        let (x, y) = (element(&a), element(&b));
        prop_assert_eq!(big(&P::product(&x, &y)), &a + &b);
        prop_assert_eq!(big(&P::quotient(&x, &y)), &a - &b);
        prop_assert_eq!(P::quotient(&P::product(&x, &y), &y), x);
    }

    #[test]
    fn any_bytes_are_an_element_in_its_one_form_or_none(mut bytes in prop::collection::vec(any::<u8>(), P::ELEMENT), sign: u8) {
        // Mostly of a length that may pass.
        bytes[..4].fill(if sign & 1 == 0 { 0 } else { 0xff });
        bytes[0] ^= u8::from(sign < 16);
        if let Ok(element) = P::decode(&bytes) {
            let encoded = P::encode(&element);
            prop_assert_eq!(encoded.as_slice(), &bytes[..]);
        }
    }

    #[test]
    fn what_is_drawn_keeps_to_its_bounds(seed: u64) {
        for (purpose, bits) in [(Purpose::Key, 256), (Purpose::Blinding, 512), (Purpose::Transfer, 768)] {
            let drawn = P::random(purpose, &mut generator(seed)).unwrap();
            prop_assert!(P::fits(&drawn, purpose));
            prop_assert!(big(&drawn) > BigInt::from(0) && big(&drawn) < power(bits));
        }
    }
}

#[test]
fn bounds_of_what_is_drawn() {
    for (purpose, bits) in [
        (Purpose::Key, 256),
        (Purpose::Blinding, 512),
        (Purpose::Transfer, 768),
    ] {
        for (number, fits) in [
            (BigInt::from(1), true),
            (power(bits) - 1, true),
            (power(bits), false),
            (BigInt::from(-1), false),
            (-power(bits) + 1, false),
        ] {
            assert_eq!(P::fits(&element(&number), purpose), fits, "{number}");
        }
    }
}

#[test]
fn what_is_no_element_is_refused() {
    let what = "an element";
    let length = |length| Unfit::Length {
        what,
        length,
        right: 104,
    };
    let cases = [
        ("empty", Vec::new(), length(0)),
        ("a byte short", vec![1; 103], length(103)),
        ("a byte more", vec![0; 105], length(105)),
        ("zero", vec![0; 104], Unfit::Identity(what)),
        ("2^800", bytes_of(&power(800)), Unfit::NotInGroup(what)),
        ("-2^800", bytes_of(&-power(800)), Unfit::NotInGroup(what)),
        (
            "the least of this width",
            bytes_of(&-power(831)),
            Unfit::NotInGroup(what),
        ),
    ];
    for (name, bytes, refusal) in cases {
        assert_eq!(P::decode(&bytes), Err(refusal), "{name}");
    }
    for number in [power(800) - 1, -power(800) + 1] {
        assert_eq!(big(&element(&number)), number);
    }
}

/// What another may have encrypted, by hand: (1 + m·n)·2^n modulo n², of any m.
fn encrypted(m: &BigInt) -> Ciphertext {
    let (key, _) = keys();
    let [_, _, n] = numbers(key);
    let square = &n * &n;
    let whole = BigInt::from(n.clone());
    let m = ((m % &whole) + &whole) % &whole;
    let value =
        (m.to_biguint().unwrap() * &n + 1u8) * BigUint::from(2u8).modpow(&n, &square) % &square;
    let bytes = [unsigned(&n, MODULUS), unsigned(&value, SQUARE)].concat();
    P::decode_ciphertext(&bytes).unwrap()
}

#[test]
fn what_decrypts_to_no_element_is_refused() {
    let (key, _) = keys();
    let [_, _, n] = numbers(key);
    let half = BigInt::from(n >> 1);
    let shown = |number: &BigInt| P::decrypt(key, &encrypted(number)).map(|shown| big(&shown));
    for number in [power(800) - 1, 1 - power(800), BigInt::from(-1)] {
        assert_eq!(independent(key, &encrypted(&number)), number);
        assert_eq!(shown(&number), Some(number));
    }
    for number in [
        BigInt::from(0),
        power(800),
        -power(800),
        half.clone(),
        -half,
    ] {
        assert_eq!(independent(key, &encrypted(&number)), number);
        assert_eq!(shown(&number), None, "{number}");
    }
}

#[test]
#[should_panic(expected = "a sum of more numbers than any protocol has")]
fn a_sum_never_wraps() {
    let mut sum = element(&(power(800) - 1));
    for _ in 0..32 {
        sum = P::product(&sum, &sum);
    }
}

#[test]
fn what_is_no_ciphertext_is_refused() {
    let (key, public) = keys();
    let [p, q, n] = numbers(key);
    let square = &n * &n;
    let what = "a ciphertext";
    let with =
        |n: &BigUint, value: &BigUint| [unsigned(n, MODULUS), unsigned(value, SQUARE)].concat();
    let of = |value: &BigUint| with(&n, value);
    let element = P::random(Purpose::Key, &mut generator(1)).unwrap();
    let good = P::encrypt(public, &element, &mut generator(1)).unwrap();
    let good = P::encode_ciphertext(&good);
    let value = BigUint::from_bytes_be(&good[MODULUS..]);
    let not = Unfit::NotInGroup(what);
    let short = Unfit::Length {
        what,
        length: good.len() - 1,
        right: 1152,
    };
    let top = BigUint::from(1u8) << 3071;
    let cases = [
        ("a byte short", good[1..].to_vec(), short),
        ("zero", of(&BigUint::ZERO), not),
        (
            "one, which hides nothing",
            of(&BigUint::from(1u8)),
            Unfit::Identity(what),
        ),
        ("n", of(&n), not),
        ("a multiple of p", of(&(&p * 5u8)), not),
        ("a multiple of q", of(&(&square - &q)), not),
        ("n squared", of(&square), not),
        ("n squared and one", of(&(&square + 1u8)), not),
        ("an even n", with(&(&n - 1u8), &value), not),
        ("a short n", with(&(&top - 1u8), &value), not),
        ("n of zero", with(&BigUint::ZERO, &value), not),
    ];
    for (name, bytes, refusal) in cases {
        assert_eq!(P::decode_ciphertext(&bytes), Err(refusal), "{name}");
    }
    assert!(P::decode_ciphertext(&of(&(&square - 1u8))).is_ok());
}

#[test]
fn what_is_no_public_key_is_refused() {
    let (_, public) = keys();
    let good = P::encode_public_key(public);
    let what = "a public key";
    let not = Unfit::NotInGroup(what);
    let length = |length| Unfit::Length {
        what,
        length,
        right: 384,
    };
    let changed = |at: usize, bits: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= bits;
        bytes
    };
    let cases = [
        ("empty", Vec::new(), length(0)),
        ("a byte short", good[1..].to_vec(), length(383)),
        ("zero", vec![0; 384], not),
        ("even", changed(383, 1), not),
        ("of 3071 bits", changed(0, 0x80), not),
        ("small", [vec![0; 383], vec![15]].concat(), not),
    ];
    for (name, bytes, refusal) in cases {
        assert_eq!(P::decode_public_key(&bytes), Err(refusal), "{name}");
    }
    assert_eq!(P::decode_public_key(&good), Ok(public.clone()));
}

#[test]
fn what_is_no_private_key_is_refused() {
    let (key, public) = keys();
    let [p, q, _] = numbers(key);
    let [other, _, _] = numbers(&other_keys().0);
    let of = |p: &BigUint, q: &BigUint| [unsigned(p, 192), unsigned(q, 192)].concat();
    let good = of(&p, &q);
    let cases = [
        ("zeros", vec![0; 384]),
        ("ones", vec![0xff; 384]),
        ("the smaller prime first", of(&q, &p)),
        ("the same prime twice", of(&p, &p)),
        ("too close", of(&(&q + (BigUint::from(1u8) << 1400)), &q)),
        ("the larger composite", of(&(&p + 2u8), &q)),
        ("the smaller composite", of(&p, &(&q - 2u8))),
        ("even", of(&(&p - 1u8), &q)),
        ("a short prime", of(&p, &BigUint::from(65537u32))),
    ];
    for (name, bytes) in cases {
        let refused = P::decode_private_key(&bytes).err();
        assert_eq!(refused, Some(Unfit::Range), "{name}");
    }
    assert_eq!(
        P::decode_private_key(&good[1..]).err(),
        Some(Unfit::Length {
            what: "a private key",
            length: 383,
            right: 384
        })
    );
    let read = P::decode_private_key(&good).unwrap();
    assert_eq!(P::public_key(&read), *public);
    // Two primes of another pair are a key, but not this one.
    let mixed = if other > q {
        of(&other, &q)
    } else {
        of(&q, &other)
    };
    let mixed = P::decode_private_key(&mixed).unwrap();
    assert_ne!(P::public_key(&mixed), *public);
}

#[test]
fn keys_are_two_distant_primes_of_full_length() {
    for (key, public) in [keys(), other_keys()] {
        let [p, q, n] = numbers(key);
        assert_eq!([p.bits(), q.bits(), n.bits()], [1536, 1536, 3072]);
        assert!((&p - &q).bits() > 1436);
        assert_eq!(P::encode_public_key(public), unsigned(&n, 384));
        // Fermat, by another library and to another base than the key's own check.
        for prime in [p, q] {
            let one = BigUint::from(1u8);
            assert_eq!(BigUint::from(3u8).modpow(&(&prime - &one), &prime), one);
        }
    }
    assert_ne!(keys().1, other_keys().1);
}

#[test]
fn ciphertexts_of_different_keys_give_nothing() {
    let mut random = generator(9);
    let [(key, public), (other_key, other)] = [keys(), other_keys()];
    let element = P::random(Purpose::Blinding, &mut random).unwrap();
    let a = P::encrypt(public, &element, &mut random).unwrap();
    let b = P::encrypt(other, &element, &mut random).unwrap();
    assert_eq!(P::decrypt(other_key, &a), None);
    for mixed in [
        P::product_of_encrypted(&a, &b),
        P::quotient_of_encrypted(&a, &b),
        P::encrypt_anew(public, &b, &mut random).unwrap(),
    ] {
        assert_eq!(P::decrypt(key, &mixed), None);
        assert_eq!(independent(key, &mixed), BigInt::from(0));
    }
    // What the next party reads of it is refused.
    let mixed = P::encode_ciphertext(&P::product_of_encrypted(&a, &b));
    assert_eq!(
        P::decode_ciphertext(&mixed),
        Err(Unfit::Identity("a ciphertext"))
    );
}

#[test]
fn without_random_numbers_nothing_is_made() {
    let (_, public) = keys();
    let element = P::random(Purpose::Key, &mut generator(2)).unwrap();
    let sealed = P::encrypt(public, &element, &mut generator(2)).unwrap();
    assert_eq!(P::random(Purpose::Key, &mut Nothing), Err(NoRandom));
    assert_eq!(P::key_pair(&mut Nothing).err(), Some(NoRandom));
    assert_eq!(P::encrypt(public, &element, &mut Nothing), Err(NoRandom));
    assert_eq!(
        P::encrypt_anew(public, &sealed, &mut Nothing),
        Err(NoRandom)
    );
}

/// A blinded key comes back through the group's own names, as the protocols use them: K_s + B, stored with K_m = B - r.
#[test]
fn a_blinded_key_comes_back() {
    let mut random = ChaCha20Rng::seed_from_u64(4);
    let mut drawn = |purpose| P::random(purpose, &mut random).unwrap();
    let (key, b, r) = (
        drawn(Purpose::Key),
        drawn(Purpose::Blinding),
        drawn(Purpose::Blinding),
    );
    let share = P::quotient(&P::product(&key, &b), &r);
    let served = P::product(&P::decode(P::encode(&share).as_slice()).unwrap(), &r);
    let back = P::quotient(&served, &b);
    assert_eq!(back, key);
    assert!(P::fits(&back, Purpose::Key));
    // Another's blinding gives a number that is no key.
    let wrong = P::quotient(&served, &r);
    assert!(!P::fits(&wrong, Purpose::Key));
}
