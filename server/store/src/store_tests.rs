//! What both databases have to do.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use crate::records::{DeliveryRow, SourceRow};
use crate::sql::FAILED_TRIES_KEPT;
use crate::testing::{World, each, root};
use crate::token::{Grant, TokenRefusal};
use crate::{
    Authority, EnrolRefusal, Enrolment, Error, FailedTry, HeldLane, Identity, LedgerRows, Result,
    Role, RunRow, Store, TokenTerms,
};
use photonbox_secret::SecretBytes;

pub(crate) fn identity(name: &str) -> Identity {
    Identity {
        role: Role::Hub,
        name: name.into(),
        hub: "the hub".into(),
        certificate: vec![1, 2, 3],
        private_key: SecretBytes::from_slice(b"private"),
        ca_certificate: vec![4, 5],
        relay: false,
        created: 7,
        renewed: None,
    }
}

pub(crate) fn enrolment(host: &str, number: u8) -> Enrolment {
    Enrolment {
        host: host.into(),
        serial: format!("{number:02x}"),
        fingerprint: [number; 32],
        relay: true,
        issued: 10,
        expires: 20,
        revoked: None,
        superseded: None,
    }
}

/// Enrols with a certificate that no other has, and gives what the token allowed.
fn redeem(
    store: &dyn Store,
    text: &str,
    host: &str,
    now: u64,
) -> Result<std::result::Result<Grant, EnrolRefusal>> {
    use std::sync::atomic::{AtomicU8, Ordering};
    static NUMBER: AtomicU8 = AtomicU8::new(100);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut given = None;
    let enrolled = store.enrol(text, host, now, &mut |grant| {
        given = Some(grant);
        Ok(Enrolment {
            expires: now + 50,
            ..enrolment(host, number)
        })
    })?;
    Ok(enrolled.map(|_| given.unwrap()))
}

pub(crate) const TERMS: TokenTerms = TokenTerms {
    ttl_seconds: 100,
    relay: true,
};

const TOKEN_TRIES_FOR_TEST: u32 = 5;

#[test]
fn identity_is_written_once_and_read_back() {
    each(|world| {
        let store = world.store();
        assert!(matches!(
            store.identity(),
            Err(Error::NotInitialised { .. })
        ));
        let authority = Authority {
            certificate: vec![9],
            private_key: SecretBytes::from_slice(b"ca key"),
            created: 3,
        };
        let refused = store.create_identity(&identity("a"), Some(&authority));
        assert!(matches!(refused, Err(Error::SecretsLocked)), "{refused:?}");
        assert!(store.is_locked());
        store.set_root_key(Some(root(1)));
        store
            .create_identity(&identity("a"), Some(&authority))
            .unwrap();
        assert!(!store.seal_authority().unwrap(), "nothing is left to do");
        let again = store.create_identity(&identity("b"), None);
        assert!(matches!(again, Err(Error::AlreadyInitialised { name, .. }) if name == "a"));
        drop(store);
        let store = world.store();
        let read = store.identity().unwrap();
        assert_eq!((read.name.as_str(), read.hub.as_str()), ("a", "the hub"));
        assert_eq!(read.private_key.as_slice(), b"private");
        assert!(matches!(store.authority(), Err(Error::SecretsLocked)));
        store.set_root_key(Some(root(2)));
        assert!(matches!(store.authority(), Err(Error::RootKey(_))));
        store.set_root_key(Some(root(1)));
        let authority = store.authority().unwrap().unwrap();
        assert_eq!((authority.certificate, authority.created), (vec![9], 3));
        assert_eq!(authority.private_key.as_slice(), b"ca key");
    });
}

#[test]
fn damaged_key_frames_are_refused() {
    each(|world| {
        let store = world.store();
        store.create_identity(&identity("a"), None).unwrap();
        for blob in [
            &b"PBX"[..],
            b"ABCD\x01\0\0\0\x01a",
            b"PBXK\x02\0\0\0\x01a",
            b"PBXK\x01\0\0\0\x02a",
        ] {
            world.tamper(&format!(
                "UPDATE identity SET private_key = {}",
                world.bytes(blob)
            ));
            assert!(
                matches!(store.identity(), Err(Error::Corrupt { .. })),
                "{blob:?}"
            );
        }
    });
}

#[test]
fn token_is_spent_once() {
    each(|world| {
        let store = world.store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        assert_eq!(token.expires, 1100);
        assert_eq!(
            redeem(&*store, &token.text, "h", 1001).unwrap(),
            Ok(Grant { relay: true })
        );
        assert_eq!(
            redeem(&*store, &token.text, "h", 1002).unwrap(),
            Err(TokenRefusal::Used.into())
        );
    });
}

#[test]
fn token_expires_at_its_second() {
    each(|world| {
        let store = world.store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        assert_eq!(
            redeem(&*store, &token.text, "h", 1100).unwrap(),
            Err(TokenRefusal::Expired.into())
        );
        assert!(redeem(&*store, &token.text, "h", 1099).unwrap().is_ok());
    });
}

#[test]
fn five_wrong_secrets_kill_a_token() {
    each(|world| {
        let store = world.store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        let other = store.issue_token(&[8; 36], TERMS, 1000).unwrap();
        let mut wrong = token.text.clone();
        let last = if wrong.pop() == Some('0') { '1' } else { '0' };
        wrong.push(last);
        for _ in 0..TOKEN_TRIES_FOR_TEST {
            assert_eq!(
                redeem(&*store, &wrong, "h", 1001).unwrap(),
                Err(TokenRefusal::Wrong.into())
            );
        }
        assert_eq!(
            redeem(&*store, &token.text, "h", 1001).unwrap(),
            Err(TokenRefusal::Exhausted.into())
        );
        assert!(
            redeem(&*store, &other.text, "h", 1001).unwrap().is_ok(),
            "its own tries only"
        );
    });
}

#[test]
fn four_wrong_secrets_leave_a_token_alive() {
    each(|world| {
        let store = world.store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        let wrong = token.text.replace("07070707070707", "07070707070708");
        assert_ne!(wrong, token.text);
        let wrong = format!("{}{}", &token.text[..14], &wrong[14..]);
        for _ in 0..TOKEN_TRIES_FOR_TEST - 1 {
            assert_eq!(
                redeem(&*store, &wrong, "h", 1001).unwrap(),
                Err(TokenRefusal::Wrong.into())
            );
        }
        assert!(redeem(&*store, &token.text, "h", 1001).unwrap().is_ok());
    });
}

#[test]
fn racing_redeemers_get_one_grant() {
    each(|world| {
        let store = world.store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        let grants: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let text = token.text.clone();
                    scope.spawn(move || {
                        let store = world.store();
                        usize::from(redeem(&*store, &text, "h", 1001).unwrap().is_ok())
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(grants, 1);
    });
}

#[test]
fn one_living_enrolment_a_host() {
    each(|world| {
        let store = world.store();
        store.add_enrolment(&enrolment("h", 1)).unwrap();
        let second = store.add_enrolment(&enrolment("h", 2));
        assert!(matches!(second, Err(Error::HostTaken { host }) if host == "h"));
        assert!(store.revoke("h", 15).unwrap());
        assert!(!store.revoke("h", 16).unwrap());
        store.add_enrolment(&enrolment("h", 2)).unwrap();
        assert_eq!(
            store
                .enrolment_by_fingerprint(&[1; 32])
                .unwrap()
                .unwrap()
                .revoked,
            Some(15)
        );
        assert_eq!(
            store.living_enrolment("h").unwrap(),
            Some(enrolment("h", 2))
        );
        assert_eq!(store.living_enrolment("x").unwrap(), None);
        assert_eq!(store.enrolments().unwrap().len(), 2);
        // Both enrolments are one host's, and none is left when they are over.
        let sizes = |now| store.sizes(now).unwrap();
        assert_eq!((sizes(19).hosts, sizes(20).hosts), (1, 0));
        assert!(sizes(19).bytes >= 4096);
    });
}

#[test]
fn failed_tries_are_bounded() {
    each(|world| {
        let store = world.store();
        for at in 0..FAILED_TRIES_KEPT + 5 {
            let failed = FailedTry {
                at: u64::from(at),
                peer: "p".into(),
                reason: "r".into(),
            };
            store.add_failed_try(&failed).unwrap();
        }
        let kept = store.failed_tries().unwrap();
        assert_eq!(kept.len(), FAILED_TRIES_KEPT as usize);
        assert_eq!(kept[0].at, 5);
    });
}

#[test]
fn ledger_rows_are_upserted_per_run() {
    each(|world| {
        let store = world.store();
        let run = store.begin_run(5).unwrap();
        let mut rows = LedgerRows {
            sources: vec![SourceRow {
                source: "card".into(),
                credited: 5,
                conditioned: 4,
                delivered: 3,
                discarded: 1,
                simulated: true,
                replayed: false,
                test: true,
            }],
            deliveries: vec![DeliveryRow {
                host: "h".into(),
                class: "full".into(),
                request: "1/1".into(),
                hops: 2,
                bytes: 64,
                sha256: [3; 32],
                simulated: true,
                replayed: false,
                test: true,
                updated: 9,
            }],
        };
        store.save_ledger(run, &rows).unwrap();
        rows.sources[0].credited = 50;
        rows.deliveries[0].bytes = 128;
        store.save_ledger(run, &rows).unwrap();
        assert_eq!(store.ledger(run).unwrap(), rows);
        assert_eq!(store.begin_run(5).unwrap(), run + 1);
        assert_eq!(store.ledger(run + 1).unwrap(), LedgerRows::default());
        rows.sources[0].conditioned = 51;
        assert!(
            store.save_ledger(run, &rows).is_err(),
            "debits above credits never reach the disk"
        );
    });
}

#[test]
fn a_run_ends_in_order_or_is_known_not_to_have() {
    each(|world| {
        let store = world.store();
        let crashed = store.begin_run(5).unwrap();
        let clean = store.begin_run(7).unwrap();
        store.end_run(clean, 9).unwrap();
        let run = |run, began, ended| RunRow { run, began, ended };
        assert_eq!(
            store.runs().unwrap(),
            [run(crashed, 5, None), run(clean, 7, Some(9))]
        );
    });
}

#[test]
fn a_recording_is_new_once() {
    each(|world| {
        let store = world.store();
        assert!(!store.play_recording(&[1; 32], 5).unwrap());
        assert!(store.play_recording(&[1; 32], 6).unwrap());
        assert!(!store.play_recording(&[2; 32], 7).unwrap());
    });
}

#[test]
fn a_refused_enrolment_spends_no_token_and_tells_no_names_without_one() {
    each(|world| {
        let store = world.store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        let living = Enrolment {
            expires: 5000,
            ..enrolment("taken", 1)
        };
        store.add_enrolment(&living).unwrap();
        let made_up = format!("{}{}", &token.text[..14], "0".repeat(64));
        assert_eq!(
            redeem(&*store, &made_up, "taken", 1001).unwrap(),
            redeem(&*store, &made_up, "free", 1001).unwrap(),
        );
        let taken = redeem(&*store, &token.text, "taken", 1001).unwrap();
        assert_eq!(taken, Err(EnrolRefusal::HostTaken("taken".into())));
        let refused = store
            .enrol(&token.text, "free", 1001, &mut |_| Err("no".into()))
            .unwrap();
        assert_eq!(refused, Err(EnrolRefusal::NotIssued("no".into())));
        assert!(redeem(&*store, &token.text, "free", 1001).unwrap().is_ok());
        let used = redeem(&*store, &token.text, "taken", 1001).unwrap();
        assert_eq!(
            used,
            Err(TokenRefusal::Used.into()),
            "the token comes first"
        );
    });
}

#[test]
fn an_expired_enrolment_gives_its_name_up() {
    each(|world| {
        let store = world.store();
        store.add_enrolment(&enrolment("h", 1)).unwrap();
        let terms = TokenTerms {
            ttl_seconds: 100,
            relay: false,
        };
        let token = store.issue_token(&[7; 36], terms, 10).unwrap();
        let early = redeem(&*store, &token.text, "h", 19).unwrap();
        assert_eq!(early, Err(EnrolRefusal::HostTaken("h".into())));
        assert!(redeem(&*store, &token.text, "h", 20).unwrap().is_ok());
        let old = store.enrolment_by_fingerprint(&[1; 32]).unwrap().unwrap();
        assert_eq!(old.revoked, Some(20));
        let living = store.living_enrolment("h").unwrap().unwrap();
        assert_ne!(living.fingerprint, old.fingerprint);
    });
}

proptest! {
    #[test]
    fn no_text_but_the_token_is_accepted(text in ".{0,90}") {
        let store = World::sqlite().store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        prop_assume!(text != token.text);
        prop_assert!(redeem(&*store, &text, "h", 1001).unwrap().is_err());
    }
}

fn held(card: &str, lane: u8, alarms: &[&str], since: u64) -> HeldLane {
    HeldLane {
        card: card.into(),
        lane,
        alarms: alarms.iter().map(|&alarm| alarm.to_owned()).collect(),
        since,
    }
}

#[test]
fn a_held_lane_outlasts_the_store_until_it_is_released() {
    each(|world| {
        let store = world.store();
        let first = held("vfio:0000:03:00.0", 3, &["rate-low", "start-up"], 7);
        store.hold_lane(&first).unwrap();
        store
            .hold_lane(&held("vfio:0000:03:00.0", 1, &["balance"], 8))
            .unwrap();
        store
            .hold_lane(&held("model:small", 3, &["rate-high"], 9))
            .unwrap();
        drop(store);

        let store = world.store();
        let found = store.held_lanes("vfio:0000:03:00.0").unwrap();
        assert_eq!(
            found,
            [held("vfio:0000:03:00.0", 1, &["balance"], 8), first.clone()]
        );
        assert!(store.release_lane(&first.card, 3).unwrap());
        assert!(
            !store.release_lane(&first.card, 3).unwrap(),
            "it was not held any more"
        );
        assert_eq!(store.held_lanes(&first.card).unwrap().len(), 1);
        // Each card has its own.
        assert_eq!(store.held_lanes("model:small").unwrap().len(), 1);
        assert!(store.held_lanes("model:wide").unwrap().is_empty());
    });
}

#[test]
fn further_alarms_are_added_and_the_first_time_stays() {
    each(|world| {
        let store = world.store();
        store.hold_lane(&held("c", 0, &["rate-low"], 7)).unwrap();
        store
            .hold_lane(&held("c", 0, &["rate-low", "balance"], 99))
            .unwrap();
        let found = store.held_lanes("c").unwrap();
        assert_eq!(found, [held("c", 0, &["rate-low", "balance"], 7)]);
    });
}

#[test]
fn what_no_lane_or_no_alarm_has_does_not_reach_the_disk() {
    each(|world| {
        let store = world.store();
        for bad in [
            held("", 0, &["balance"], 1),
            held("c", 64, &["balance"], 1),
            held("c", 0, &[], 1),
        ] {
            assert!(store.hold_lane(&bad).is_err(), "{bad:?}");
        }
        assert!(store.held_lanes("c").unwrap().is_empty());
    });
}

#[test]
fn whoever_was_revoked_and_not_enrolled_anew_is_known() {
    each(|world| {
        let store = world.store();
        for (host, number) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
            store.add_enrolment(&enrolment(host, number)).unwrap();
        }
        for (host, at) in [("c", 13), ("a", 12), ("b", 12), ("d", 11)] {
            assert!(store.revoke(host, at).unwrap());
        }
        store.add_enrolment(&enrolment("b", 5)).unwrap();
        assert_eq!(store.revoked_since(12).unwrap(), ["a", "c"]);
        assert_eq!(store.revoked_since(14).unwrap(), [""; 0]);
    });
}

/// A stranger's words may hold what PostgreSQL has no text for.
#[test]
fn a_text_with_a_nul_is_taken() {
    each(|world| {
        let store = world.store();
        let failed = FailedTry {
            at: 1,
            peer: "p\0".into(),
            reason: "no \u{10ffff} \0 ?1 $1 '\\".into(),
        };
        store.add_failed_try(&failed).unwrap();
        let kept = store.failed_tries().unwrap();
        assert_eq!(kept[0].reason, "no \u{10ffff} \u{fffd} ?1 $1 '\\");
        assert_eq!(store.living_enrolment("h\0").unwrap(), None);
    });
}
