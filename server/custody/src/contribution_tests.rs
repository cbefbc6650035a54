#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use super::*;
use crate::approval::{NONCE, Operation};
use crate::configuration::tests::{NAMES, three_of_five};
use crate::envelope::tests::{Private, dealt, holders, key};
use crate::envelope::{Envelope, KEY};
use crate::shamir::CombineError;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

const NOW: u64 = 1_800_000_000;

/// Five holders with their keys and shares, and a ceremony that wants them.
struct Scene {
    configuration: Configuration,
    signs: Vec<SigningKey>,
    opens: Vec<Private>,
    secret: SecretBytes,
    envelopes: Vec<Envelope>,
    ceremony: Ceremony,
    /// Of the ceremony's key.
    private: Private,
}

impl Scene {
    fn new() -> Self {
        let (configuration, opens) = holders();
        let (_, signs) = three_of_five();
        let secret = key(0x42);
        let envelopes = dealt(&configuration, &secret, 1);
        let random = &mut ChaCha20Rng::seed_from_u64(21);
        let (private, hub_key) = photonbox_hpke::key_pair(random).unwrap();
        let hub = "hub-1".into();
        let ceremony = Ceremony {
            set: "root".into(),
            generation: 4,
            nonce: [9; NONCE],
            operation: Operation::Unlock { hub },
            hub_key,
            expires: NOW + 600,
        };
        Self {
            configuration,
            signs,
            opens,
            secret,
            envelopes,
            ceremony,
            private,
        }
    }

    /// A holder's share for a ceremony.
    fn given(&self, ceremony: &Ceremony, at: usize) -> Signed<Contribution> {
        let envelope = &self.envelopes[at];
        let share = envelope.open(self.opens[at].as_slice()).unwrap();
        self.given_as(ceremony, (NAMES[at], at), (&envelope.dealt, &share))
    }

    fn given_as(
        &self,
        ceremony: &Ceremony,
        (name, at): (&str, usize),
        share: (&Dealt, &Share),
    ) -> Signed<Contribution> {
        let random = &mut ChaCha20Rng::seed_from_u64(at as u64);
        let signed = Contribution::sign(ceremony, (name, &self.signs[at]), share, random).unwrap();
        // As it comes over the wire.
        Signed::read(&signed.to_bytes()).unwrap()
    }

    fn contributions(&self) -> Contributions<'_> {
        let dealt = self.envelopes[0].dealt.clone();
        Contributions::new(&self.configuration, &self.ceremony, dealt).unwrap()
    }

    fn refused(&self, signed: &Signed<Contribution>, now: u64) -> Option<NotContributed> {
        let mut contributions = self.contributions();
        let refused = contributions
            .take(signed, self.private.as_slice(), now)
            .err();
        assert_eq!(contributions.count(), usize::from(refused.is_none()));
        refused
    }
}

#[test]
fn three_of_five_give_the_key_to_the_ceremony() {
    let scene = Scene::new();
    let mut contributions = scene.contributions();
    for (given, at) in [4, 1, 2].into_iter().enumerate() {
        let threshold = 3;
        let few = CombineError::TooFew { given, threshold };
        assert_eq!(contributions.key().err(), Some(few.into()));
        let signed = scene.given(&scene.ceremony, at);
        let holder = contributions.take(&signed, scene.private.as_slice(), NOW);
        assert_eq!(holder.unwrap().name, NAMES[at]);
    }
    let key = contributions.key().unwrap();
    assert_eq!((key.len(), &key), (KEY, &scene.secret));
    let again = scene.given(&scene.ceremony, 4);
    let again = contributions.take(&again, scene.private.as_slice(), NOW);
    let twice = GatherError::from(CombineError::X(scene.envelopes[4].x));
    assert_eq!(again.err(), Some(twice.into()));
    assert_eq!(contributions.key().unwrap(), scene.secret, "it stays whole");
}

/// Each thing that is not as it should be has its own reason.
#[test]
fn a_share_is_given_to_one_ceremony_alone() {
    let scene = Scene::new();
    let wanted = &scene.ceremony;
    let good = scene.given(wanted, 0);
    assert_eq!(scene.refused(&good, NOW), None);
    assert_eq!(scene.refused(&good, NOW + 599), None);
    let expired = Some(NotContributed::Expired);
    assert_eq!(scene.refused(&good, NOW + 600), expired);
    type Change = fn(&mut Ceremony);
    let others: [Change; 5] = [
        |one| one.nonce[0] ^= 1,
        |one| one.generation = 5,
        |one| one.set = "other".into(),
        |one| one.operation = Operation::Refresh,
        |one| one.expires += 1,
    ];
    for (at, change) in others.into_iter().enumerate() {
        let mut other = wanted.clone();
        change(&mut other);
        let refused = scene.refused(&scene.given(&other, 0), NOW);
        assert_eq!(refused, Some(NotContributed::Ceremony), "{at}");
    }
    // Somebody put a key of his own into the ceremony that the holder saw.
    let mut substituted = wanted.clone();
    let random = &mut ChaCha20Rng::seed_from_u64(22);
    let (thief, substitute) = photonbox_hpke::key_pair(random).unwrap();
    substituted.hub_key = substitute;
    let to_thief = scene.given(&substituted, 0);
    assert_eq!(
        scene.refused(&to_thief, NOW),
        Some(NotContributed::Ceremony)
    );
    // And who only records what is sent opens none of it.
    let mut contributions = scene.contributions();
    let refused = contributions.take(&good, thief.as_slice(), NOW).err();
    assert_eq!(refused, Some(NotContributed::Sealed("alice".into())));
    // A key that is none.
    substituted.hub_key = [4; photonbox_hpke::PUBLIC_KEY];
    let share = scene.envelopes[0].open(scene.opens[0].as_slice()).unwrap();
    let (own, dealt) = (("alice", &scene.signs[0]), &scene.envelopes[0].dealt);
    let refused = Contribution::sign(&substituted, own, (dealt, &share), random).err();
    assert_eq!(refused, Some(ContributeError::Seal(Failed::Key)));
}

#[test]
fn a_share_is_its_holders_own() {
    let scene = Scene::new();
    let wanted = &scene.ceremony;
    let open = |at: usize| {
        scene.envelopes[at]
            .open(scene.opens[at].as_slice())
            .unwrap()
    };
    let dealt_now = &scene.envelopes[0].dealt;
    let unknown = scene.given_as(wanted, ("zoe", 0), (dealt_now, &open(0)));
    let reason = NotContributed::Unknown("zoe".into());
    assert_eq!(scene.refused(&unknown, NOW), Some(reason));
    let forged = scene.given_as(wanted, ("alice", 1), (dealt_now, &open(0)));
    let reason = NotContributed::Forged("alice".into());
    assert_eq!(scene.refused(&forged, NOW), Some(reason));
    let others = scene.given_as(wanted, ("alice", 0), (dealt_now, &open(1)));
    let (given, own) = (scene.envelopes[1].x, scene.envelopes[0].x);
    let holder = "alice".into();
    let reason = NotContributed::Place { holder, given, own };
    assert_eq!(scene.refused(&others, NOW), Some(reason));
    // Stale: of an earlier ceremony, of another generation, of another set, of another key.
    type Change = fn(&mut Dealt);
    let stale: [Change; 4] = [
        |one| one.nonce[0] ^= 1,
        |one| one.generation = 3,
        |one| one.set = "other".into(),
        |one| one.key = "other".into(),
    ];
    for (at, change) in stale.into_iter().enumerate() {
        let mut older = dealt_now.clone();
        change(&mut older);
        let signed = scene.given_as(wanted, ("alice", 0), (&older, &open(0)));
        let (given, wanted) = (older.to_string(), dealt_now.to_string());
        let reason = GatherError::Foreign { given, wanted };
        assert_eq!(scene.refused(&signed, NOW), Some(reason.into()), "{at}");
    }
    // Changed, by its own holder: it is only noticed when they come together.
    let mut changed = open(2);
    changed.y.as_mut_slice()[0] ^= 1;
    let mut contributions = scene.contributions();
    for at in [0, 1] {
        let signed = scene.given(wanted, at);
        contributions
            .take(&signed, scene.private.as_slice(), NOW)
            .unwrap();
    }
    let signed = scene.given_as(wanted, ("carol", 2), (dealt_now, &changed));
    contributions
        .take(&signed, scene.private.as_slice(), NOW)
        .unwrap();
    let reason = GatherError::Wrong("3, 8, 77".into());
    assert_eq!(contributions.key().err(), Some(reason));
}

/// What is sealed opens for one ceremony, one holder and one dealing, whoever signs it anew.
#[test]
fn a_sealed_share_cannot_be_put_elsewhere() {
    let scene = Scene::new();
    let wanted = &scene.ceremony;
    let mut other = wanted.clone();
    other.nonce[0] ^= 1;
    let of_alice = |ceremony| {
        scene
            .given(ceremony, 0)
            .check(|_, _, _| Ok::<_, ()>(()))
            .unwrap()
            .0
            .clone()
    };
    let sealed = Some(NotContributed::Sealed("alice".into()));
    // The same key of the hub, another ceremony: only what is sealed tells them apart.
    let mut moved = of_alice(&other);
    moved.ceremony = wanted.hash();
    let signed = scene.signs[0].sign_object(moved).unwrap();
    assert_eq!(scene.refused(&signed, NOW), sealed);
    let mut dealt_anew = of_alice(wanted);
    dealt_anew.dealt.nonce[0] ^= 1;
    let signed = scene.signs[0].sign_object(dealt_anew).unwrap();
    assert_eq!(scene.refused(&signed, NOW), sealed);
    // Another holder passes it for its own.
    let mut taken = of_alice(wanted);
    (taken.holder, taken.x) = ("bob".into(), scene.envelopes[1].x);
    let signed = scene.signs[1].sign_object(taken).unwrap();
    let reason = NotContributed::Sealed("bob".into());
    assert_eq!(scene.refused(&signed, NOW), Some(reason));
    // Its holder by another key, or at another place: one thing at a time.
    let mut renewed = Scene::new();
    let alice = &mut renewed.configuration.holders[0];
    alice.signs = renewed.signs[1].public().clone();
    let signed = renewed.signs[1].sign_object(of_alice(wanted)).unwrap();
    assert_eq!(renewed.refused(&signed, NOW), sealed);
    let mut moved = Scene::new();
    moved.configuration.holders[0].x = 4;
    let mut there = of_alice(wanted);
    there.x = 4;
    let signed = moved.signs[0].sign_object(there).unwrap();
    assert_eq!(moved.refused(&signed, NOW), sealed);
    // As it was, signed anew, it is good.
    let signed = scene.signs[0].sign_object(of_alice(wanted)).unwrap();
    assert_eq!(scene.refused(&signed, NOW), None);
}

#[test]
fn only_shares_of_the_present_generation_are_asked_for() {
    let scene = Scene::new();
    let stale = |configuration: &Configuration, ceremony: &Ceremony, dealt: &Dealt| {
        let refused = Contributions::new(configuration, ceremony, dealt.clone());
        matches!(refused.err(), Some(NotContributed::Stale { .. }))
    };
    let (configuration, ceremony) = (&scene.configuration, &scene.ceremony);
    let dealt = &scene.envelopes[0].dealt;
    assert!(!stale(configuration, ceremony, dealt));
    let mut next = configuration.clone();
    next.generation += 1;
    assert!(stale(&next, ceremony, dealt));
    let mut later = ceremony.clone();
    later.generation += 1;
    assert!(stale(configuration, &later, dealt), "the ceremony alone");
    assert!(stale(&next, &later, dealt), "what was dealt alone");
    let mut foreign = dealt.clone();
    foreign.set = "other".into();
    assert!(stale(configuration, ceremony, &foreign));
}

#[test]
fn a_share_with_any_bit_changed_is_none() {
    let scene = Scene::new();
    let good = scene.given(&scene.ceremony, 0).to_bytes();
    for at in 0..good.len() {
        assert!(
            Signed::<Contribution>::read(&good[..at]).is_err(),
            "cut at {at}"
        );
        let mut changed = good.clone();
        changed[at] ^= 1;
        if let Ok(signed) = Signed::read(&changed) {
            assert!(scene.refused(&signed, NOW).is_some(), "byte {at}");
        }
    }
}
