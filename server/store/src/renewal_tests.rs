#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::testing::{World, each};
use crate::{Identity, Role, Store, TOKEN_SECRET_BYTES, TokenTerms};

const LIFE: u64 = 100;

fn enrolment(host: &str, number: u8, issued: u64) -> Enrolment {
    Enrolment {
        host: host.into(),
        serial: format!("{number:02x}"),
        fingerprint: [number; 32],
        relay: true,
        issued,
        expires: issued + LIFE,
        revoked: None,
        superseded: None,
    }
}

fn store(world: &World) -> Box<dyn Store> {
    let store = world.store();
    store.add_enrolment(&enrolment("h", 1, 0)).unwrap();
    store
}

fn renew(store: &dyn Store, with: u8, to: u8, now: u64) -> Result<Enrolment, RenewalRefusal> {
    store
        .renew_enrolment(&[with; 32], "h", now, &mut |grant| {
            assert!(grant.relay, "what the certificate allowed");
            Ok(enrolment("h", to, now))
        })
        .unwrap()
}

/// Whether the hub takes a host that shows this certificate.
fn admits(store: &dyn Store, number: u8, now: u64) -> bool {
    let found = store.use_enrolment(&[number; 32], now).unwrap();
    found.is_some_and(|one| one.revoked.is_none() && now < one.expires)
}

#[test]
fn both_are_good_until_the_new_one_is_used() {
    each(|world| {
        let store = store(world);
        assert_eq!(renew(&*store, 1, 2, 10), Ok(enrolment("h", 2, 10)));
        assert_eq!(
            store.living_enrolment("h").unwrap(),
            Some(enrolment("h", 2, 10))
        );
        assert!(admits(&*store, 1, 11) && admits(&*store, 1, 12));
        assert!(admits(&*store, 2, 13));
        assert!(!admits(&*store, 1, 14), "the new one is in use");
        assert_eq!(renew(&*store, 1, 3, 15), Err(RenewalRefusal::Superseded));
        let old = store.enrolment_by_fingerprint(&[1; 32]).unwrap().unwrap();
        assert_eq!((old.superseded, old.revoked), (Some(10), Some(13)));
    });
}

/// Shows that a crash between the hub's store and the host's leaves the host with a certificate that works.
#[test]
fn an_answer_that_was_lost_is_asked_for_again() {
    each(|world| {
        let store = store(world);
        renew(&*store, 1, 2, 10).unwrap();
        renew(&*store, 1, 3, 20).unwrap();
        assert!(admits(&*store, 1, 22) && admits(&*store, 3, 23));
        assert!(!admits(&*store, 1, 24));
        assert!(!admits(&*store, 2, 25), "it never reached the host");
    });
}

/// The host asked, gave up, asked again and has that answer; then the first request comes after all.
#[test]
fn a_request_that_was_given_up_and_comes_late_closes_nothing() {
    each(|world| {
        let store = store(world);
        renew(&*store, 1, 2, 10).unwrap();
        renew(&*store, 1, 3, 20).unwrap();
        assert!(admits(&*store, 2, 21), "the host has this one");
        assert!(!admits(&*store, 1, 22));
        renew(&*store, 2, 4, 30).unwrap();
        assert!(admits(&*store, 4, 31));
        for number in [2, 3] {
            assert!(!admits(&*store, number, 32), "{number}");
        }
        assert_eq!(renew(&*store, 1, 5, 33), Err(RenewalRefusal::Superseded));
    });
}

#[test]
fn a_host_that_asks_without_end_under_one_certificate_has_a_few_at_most() {
    each(|world| {
        let store = store(world);
        for number in 2..100 {
            renew(&*store, 1, number, 10).unwrap();
        }
        let good = |one: &&Enrolment| one.revoked.is_none();
        let all = store.enrolments().unwrap();
        assert_eq!(all.iter().filter(good).count(), 1 + UNUSED_KEPT as usize);
        assert!(all.len() <= (1 + UNUSED_KEPT + SUPERSEDED_KEPT) as usize);
        assert!(admits(&*store, 1, 11) && admits(&*store, 99, 12));
        let all = store.enrolments().unwrap();
        assert_eq!(all.iter().filter(good).count(), 1);
    });
}

#[test]
fn renewing_with_the_new_one_uses_it() {
    each(|world| {
        let store = store(world);
        renew(&*store, 1, 2, 10).unwrap();
        renew(&*store, 2, 3, 20).unwrap();
        assert!(!admits(&*store, 1, 21));
        assert!(admits(&*store, 2, 22) && admits(&*store, 3, 23));
    });
}

#[test]
fn revoked_expired_and_unknown_ones_are_refused_and_nothing_is_issued() {
    each(|world| {
        let store = store(world);
        let never = &mut |_| panic!("issued");
        let refused = |fingerprint, host, now, issue: Issue<'_>| {
            store
                .renew_enrolment(fingerprint, host, now, issue)
                .unwrap()
        };
        assert_eq!(
            refused(&[9; 32], "h", 1, never),
            Err(RenewalRefusal::Unknown)
        );
        assert_eq!(
            refused(&[1; 32], "other", 1, never),
            Err(RenewalRefusal::Unknown)
        );
        assert_eq!(
            refused(&[1; 32], "h", LIFE, never),
            Err(RenewalRefusal::Expired)
        );
        let not_issued = refused(&[1; 32], "h", 1, &mut |_| Err("no".into()));
        assert_eq!(not_issued, Err(RenewalRefusal::NotIssued("no".into())));
        assert_eq!(
            store.living_enrolment("h").unwrap(),
            Some(enrolment("h", 1, 0))
        );
        renew(&*store, 1, 2, 10).unwrap();
        assert!(store.revoke("h", 20).unwrap());
        for number in [1, 2] {
            assert!(!admits(&*store, number, 21), "{number}");
        }
        assert_eq!(
            refused(&[2; 32], "h", 22, never),
            Err(RenewalRefusal::Revoked)
        );
        assert_eq!(
            refused(&[1; 32], "h", 22, never),
            Err(RenewalRefusal::Revoked),
            "a revoked host has no older certificate to fall back on"
        );
        // The name is free again.
        store.add_enrolment(&enrolment("h", 3, 30)).unwrap();
    });
}

#[test]
fn a_name_stays_taken_while_any_certificate_of_it_lives() {
    each(|world| {
        let store = store(world);
        renew(&*store, 1, 2, 50).unwrap();
        let terms = TokenTerms {
            ttl_seconds: 1000,
            relay: true,
        };
        let token = store
            .issue_token(&[7; TOKEN_SECRET_BYTES], terms, 0)
            .unwrap();
        let enrol = |number, now| {
            store
                .enrol(&token.text, "h", now, &mut |_| {
                    Ok(enrolment("h", number, now))
                })
                .unwrap()
        };
        assert!(enrol(3, LIFE).is_err());
        assert!(enrol(4, 50 + LIFE).is_ok());
    });
}

#[test]
fn a_host_that_renews_without_end_fills_no_disk() {
    each(|world| {
        let store = store(world);
        for number in 1..200 {
            renew(&*store, number, number + 1, 10).unwrap();
        }
        // The newest, the one before it, and what is kept.
        assert_eq!(
            store.enrolments().unwrap().len(),
            2 + SUPERSEDED_KEPT as usize
        );
        assert!(admits(&*store, 200, 11) && !admits(&*store, 199, 12) && !admits(&*store, 1, 12));
        // Another host's are left alone, and so is what an operator revoked.
        store.revoke("h", 13).unwrap();
        store.add_enrolment(&enrolment("h", 201, 14)).unwrap();
        assert_eq!(renew(&*store, 200, 202, 15), Err(RenewalRefusal::Revoked));
    });
}

#[test]
fn an_identity_is_replaced_once_and_as_a_whole() {
    each(|world| {
        let store = store(world);
        let identity = Identity {
            role: Role::Host,
            name: "h".into(),
            hub: "hub".into(),
            certificate: vec![1],
            private_key: SecretBytes::from_slice(b"old"),
            ca_certificate: vec![9],
            relay: true,
            created: 3,
            renewed: None,
        };
        store.create_identity(&identity, None).unwrap();
        let new = SecretBytes::from_slice(b"new");
        assert!(store.replace_identity(&[1], &[2], &new, 20).unwrap());
        let other = SecretBytes::from_slice(b"other");
        assert!(
            !store.replace_identity(&[1], &[3], &other, 21).unwrap(),
            "somebody was faster"
        );
        drop(store);
        let read = world.store().identity().unwrap();
        assert_eq!(
            (read.certificate.as_slice(), read.renewed),
            (&[2][..], Some(20))
        );
        assert_eq!(read.private_key.as_slice(), b"new");
        assert_eq!((read.name.as_str(), read.created), ("h", 3));
    });
}

proptest! {
    /// A host that loses some answers, whose requests come late or twice, that shows whichever certificate it has, and comes
    /// at any time: it is never locked out before its certificate ends, and never has more than a few that are good.
    #[test]
    fn a_host_that_loses_answers_is_never_locked_out(steps in proptest::collection::vec((0_u8..4, any::<bool>(), 1_u64..10), 1..60)) {
        let store = store(&World::sqlite());
        let (mut now, mut had, mut has, mut newest, mut late) = (0, 1, 1, 1, 0);
        for (action, arrives, later) in steps {
            now += later;
            let expires = store.enrolment_by_fingerprint(&[has; 32]).unwrap().unwrap().expires;
            if now >= expires {
                prop_assert_eq!(renew(&*store, has, newest + 1, now), Err(RenewalRefusal::Expired));
                break;
            }
            match action {
                0 => prop_assert!(admits(&*store, has, now)),
                // No network holds back more requests than are kept.
                1 if late + 1 < UNUSED_KEPT => {
                    late += 1;
                    // It was asked under the certificate before, and comes only now: to be issued, or refused.
                    newest += 1;
                    let _ = renew(&*store, had, newest, now);
                }
                _ => {
                    newest += 1;
                    prop_assert!(renew(&*store, has, newest, now).is_ok());
                    if arrives {
                        (had, has, late) = (has, newest, 0);
                    }
                }
            }
            let good = store.enrolments().unwrap().iter().filter(|one| one.revoked.is_none()).count();
            prop_assert!((1..=1 + UNUSED_KEPT as usize).contains(&good), "{good}");
        }
    }
}
