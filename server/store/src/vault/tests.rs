#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_secret::SecretBytes;

use super::*;
use crate::testing::{World, each, root};
use crate::{Error, HubStore};

fn store(world: &World) -> Box<dyn HubStore> {
    let store = world.store();
    store.set_root_key(Some(root(1)));
    store
}

/// Work that is done.
fn done<T>(
    store: &dyn HubStore,
    mut work: impl FnMut(&mut dyn VaultRows) -> Result<T>,
) -> Result<T> {
    let mut out = None;
    store.vault(&mut |rows| {
        out = Some(work(rows)?);
        Ok(true)
    })?;
    Ok(out.unwrap())
}

fn set(name: &str) -> SetRow {
    SetRow {
        set: name.into(),
        scheme: "p384".into(),
        protocol: "three".into(),
        appliances_keep_shares: false,
        generation: 1,
        private_key: Some(SecretBytes::from_slice(b"the private key of E")),
        public_key: Some(vec![4; 97]),
        agents: ["one", "two"]
            .map(|host| AgentRow {
                host: host.into(),
                address: format!("{host}.example:4502"),
            })
            .into(),
        owner: "alpha".into(),
        created: 5,
    }
}

fn appliance(set: &str, generation: u64, appliance: &str) -> ApplianceRow {
    ApplianceRow {
        set: set.into(),
        generation,
        appliance: appliance.into(),
        state: "trusted".into(),
        concealment: Some(SecretBytes::from_slice(b"r of this appliance")),
        private_key: None,
        public_key: None,
        hpke_key: vec![7; 97],
        vouched_by: Some("alpha".into()),
        created: 6,
        revoked: None,
    }
}

fn item(set: &str, item: &str, generation: u64) -> ItemRow {
    ItemRow {
        set: set.into(),
        generation,
        item: item.into(),
        share_generation: generation,
        appliance: "alpha".into(),
        share: Some(vec![1, 2, 3]),
        wrapped: None,
        user_blinded: true,
        created: 7,
    }
}

#[test]
fn sets_are_read_as_they_were_written_and_names_are_taken_once() {
    each(|world| {
        let store = &*store(world);
        done(store, |rows| {
            assert!(rows.set("b")?.is_none());
            for name in ["b", "c", "a"] {
                assert!(rows.add_set(&set(name))?);
                rows.put_appliance(&appliance(name, 1, "alpha"))?;
            }
            assert!(!rows.add_set(&set("b"))?);
            rows.set_generation("b", 2)
        })
        .unwrap();
        done(store, |rows| {
            let (read, written) = (rows.set("b")?.unwrap(), set("b"));
            assert_eq!((read.generation, read.agents), (2, written.agents));
            assert_eq!(read.private_key, written.private_key);
            assert_eq!(read.public_key, written.public_key);
            assert_eq!((&*read.owner, read.created), ("alpha", 5));
            let names =
                |found: Vec<SetRow>| -> Vec<_> { found.into_iter().map(|set| set.set).collect() };
            assert_eq!(names(rows.sets_of("alpha", None, 2)?), ["a", "b"]);
            assert_eq!(names(rows.sets_of("alpha", Some("b"), 2)?), ["c"]);
            assert!(rows.sets_of("beta", None, 2)?.is_empty());
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn appliances_have_a_row_in_each_generation() {
    each(|world| {
        let store = &*store(world);
        done(store, |rows| {
            rows.add_set(&set("s"))?;
            for generation in 1..=2 {
                for name in ["beta", "alpha"] {
                    rows.put_appliance(&appliance("s", generation, name))?;
                }
            }
            let mut changed = appliance("s", 2, "beta");
            changed.state = "revoked".into();
            changed.concealment = None;
            changed.revoked = Some(9);
            rows.put_appliance(&changed)?;
            let before = rows.appliance("s", 1, "beta")?.unwrap();
            assert_eq!(before.concealment, appliance("s", 1, "beta").concealment);
            let now = rows.appliance("s", 2, "beta")?.unwrap();
            assert_eq!((now.concealment, now.revoked), (None, Some(9)));
            assert_eq!(
                (&*now.state, now.vouched_by.as_deref()),
                ("revoked", Some("alpha"))
            );
            let all = rows.appliances("s", 2, None, 10)?;
            let names: Vec<_> = all.iter().map(|row| row.appliance.as_str()).collect();
            assert_eq!(names, ["alpha", "beta"]);
            assert_eq!(rows.appliances("s", 2, Some("alpha"), 10)?.len(), 1);
            assert_eq!(rows.appliances("s", 2, None, 1)?.len(), 1);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn items_are_named_by_generation_too_and_listed_in_pages() {
    each(|world| {
        let store = &*store(world);
        done(store, |rows| {
            rows.add_set(&set("s"))?;
            rows.add_set(&set("t"))?;
            for (name, generation) in [("b", 1), ("a", 1), ("b", 2), ("c", 1)] {
                assert!(rows.add_item(&item("s", name, generation))?);
            }
            assert!(!rows.add_item(&item("s", "b", 2))?);
            assert!(rows.add_item(&item("t", "b", 2))?);
            assert_eq!(rows.item("s", None, "b")?.unwrap().generation, 2);
            assert_eq!(rows.item("s", Some(1), "b")?.unwrap().generation, 1);
            assert!(rows.item("s", Some(3), "b")?.is_none());
            let mut after: Option<(String, u64)> = None;
            let mut seen = Vec::new();
            loop {
                let from = after
                    .as_ref()
                    .map(|(name, number)| (name.as_str(), *number));
                let page = rows.items("s", from, 2)?;
                let Some(last) = page.last() else { break };
                after = Some((last.item.clone(), last.generation));
                seen.extend(page.into_iter().map(|row| (row.item, row.generation)));
            }
            let all = [("a", 1), ("b", 1), ("b", 2), ("c", 1)];
            assert_eq!(seen, all.map(|(name, number)| (name.to_owned(), number)));
            let mut changed = item("s", "a", 1);
            changed.wrapped = Some(vec![9; 70_000]);
            changed.share_generation = 4;
            rows.update_item(&changed)?;
            let read = rows.item("s", None, "a")?.unwrap();
            assert_eq!((read.wrapped, read.share_generation), (changed.wrapped, 4));
            assert!(read.user_blinded);
            assert!(rows.update_item(&item("s", "z", 1)).is_err());
            assert!(rows.delete_item("s", 1, "b")?);
            assert!(!rows.delete_item("s", 1, "b")?);
            assert_eq!(rows.items("s", None, 9)?.len(), 3);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn answers_notes_and_spent_nonces() {
    each(|world| {
        let store = &*store(world);
        let request = |key: &str, created| RequestRow {
            appliance: "alpha".into(),
            key: key.into(),
            digest: [3; 48],
            status: 201,
            body: b"{}".to_vec(),
            created,
        };
        let note = |id: &str, generation, created| NoteRow {
            set: "s".into(),
            appliance: "alpha".into(),
            id: id.into(),
            from: "beta".into(),
            kind: "delta".into(),
            generation,
            body: vec![0, 255],
            created,
        };
        done(store, |rows| {
            rows.add_set(&set("s"))?;
            for (key, created) in [("old", 1), ("older", 0), ("new", 10)] {
                rows.add_request(&request(key, created))?;
            }
            assert_eq!(rows.request("alpha", "new")?, Some(request("new", 10)));
            assert_eq!(rows.request("beta", "new")?, None);
            assert_eq!(rows.forget_requests(5, 1)?, 1);
            assert_eq!(
                rows.request("alpha", "older")?,
                None,
                "the oldest goes first"
            );
            assert_eq!(rows.forget_requests(5, 10)?, 1);
            assert!(rows.request("alpha", "new")?.is_some());
            // Of one second, and named so that their names are in another order than they are.
            let (second, third) = (note("turn-9", 9, 8), note("turn-10", 10, 8));
            let first = note("z", 2, 9);
            for note in [&third, &first, &second] {
                rows.add_note(note)?;
            }
            assert_eq!(rows.notes("s", "alpha")?, [first, second, third]);
            assert!(rows.delete_note("s", "alpha", "turn-9")?);
            assert!(!rows.delete_note("s", "alpha", "turn-9")?);
            assert!(rows.spend("s", &[1; 32], 50)?);
            assert!(!rows.spend("s", &[1; 32], 60)?);
            assert!(rows.spend("s", &[2; 32], 50)?);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn what_is_refused_or_fails_is_rolled_back() {
    each(|world| {
        let store = &*store(world);
        let refused = store.vault(&mut |rows| rows.add_set(&set("s")).map(|_| false));
        assert!(!refused.unwrap());
        let failed = store.vault(&mut |rows| {
            rows.add_set(&set("s"))?;
            rows.add_note(&NoteRow {
                set: "no such set".into(),
                appliance: String::new(),
                id: String::new(),
                from: String::new(),
                kind: String::new(),
                generation: 0,
                body: Vec::new(),
                created: 0,
            })?;
            Ok(true)
        });
        assert!(
            matches!(failed, Err(Error::Database { .. } | Error::Corrupt { .. })),
            "{failed:?}"
        );
        assert!(done(store, |rows| rows.set("s")).unwrap().is_none());
    });
}

#[test]
fn secrets_lie_under_the_root_key_alone() {
    each(|world| {
        let store = &*store(world);
        let secret = SecretBytes::from_slice(b"a key that makes tickets");
        done(store, |rows| {
            rows.add_set(&set("s"))?;
            rows.put_appliance(&appliance("s", 1, "alpha"))?;
            assert!(rows.add_secret("ticket/1", &secret)?);
            assert!(!rows.add_secret("ticket/1", &SecretBytes::from_slice(b"another"))?);
            assert_eq!(rows.secret("ticket/1")?.as_ref(), Some(&secret));
            assert_eq!(rows.secret("ticket/2")?, None);
            Ok(())
        })
        .unwrap();
        if let World::Sqlite(directory) = world {
            for entry in std::fs::read_dir(directory.path()).unwrap() {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                for plain in [
                    &b"that makes tickets"[..],
                    b"r of this",
                    b"private key of E",
                ] {
                    assert!(!bytes.windows(plain.len()).any(|part| part == plain));
                }
            }
        }
        let another = world.store();
        another.set_root_key(Some(root(2)));
        let refused = done(&*another, |rows| rows.secret("ticket/1"));
        assert!(matches!(refused, Err(Error::RootKey(_))), "{refused:?}");
        another.set_root_key(None);
        let refused = done(&*another, |rows| rows.secret("ticket/1"));
        assert!(matches!(refused, Err(Error::SecretsLocked)), "{refused:?}");
        let readable = done(&*another, |rows| rows.item("s", None, "none"));
        assert!(readable.unwrap().is_none(), "what is no secret can be read");
    });
}

/// Whoever can write the database but has no root key cannot give one appliance another's secret.
#[test]
fn a_secret_that_was_moved_to_another_row_does_not_open() {
    each(|world| {
        let store = &*store(world);
        done(store, |rows| {
            rows.add_set(&set("s"))?;
            rows.put_appliance(&appliance("s", 1, "alpha"))?;
            rows.put_appliance(&appliance("s", 1, "beta"))
        })
        .unwrap();
        world.tamper(
            "UPDATE vault_appliances SET concealment = (SELECT concealment FROM vault_appliances \
             WHERE appliance = 'alpha') WHERE appliance = 'beta'",
        );
        let refused = done(store, |rows| rows.appliance("s", 1, "beta"));
        assert!(matches!(refused, Err(Error::RootKey(_))), "{refused:?}");
        assert!(done(store, |rows| rows.appliance("s", 1, "alpha")).is_ok());
    });
}

#[test]
fn the_audit_log_is_a_chain_that_notices_what_was_done_to_it() {
    each(|world| {
        let store = &*store(world);
        for number in 1..=5 {
            done(store, |rows| {
                rows.audit(&AuditEvent {
                    at: number,
                    actor: "appliance:alpha".into(),
                    action: "item.create".into(),
                    ..AuditEvent::default()
                })
            })
            .unwrap();
        }
        let whole = verify_audit(store, None).unwrap();
        assert_eq!((whole.entries, &whole.broken), (5, &None));
        let noted = |number: u64| AuditHead {
            number,
            hash: done(store, |rows| rows.audit_entries(number - 1, 1)).unwrap()[0].hash,
        };
        let (third, last) = (noted(3), noted(5));
        assert_eq!(last, whole.head);
        for known in [third, last] {
            let checked = verify_audit(store, Some(known)).unwrap();
            assert_eq!(checked.broken, None);
        }
        let broken = |known| verify_audit(store, known).unwrap().broken;
        let other = AuditHead {
            number: 3,
            hash: last.hash,
        };
        assert_eq!(broken(Some(other)), Some(AuditBreak::Noted(3)));
        let later = AuditHead { number: 6, ..last };
        let short = |found, noted| Some(AuditBreak::Short { found, noted });
        assert_eq!(broken(Some(later)), short(5, 6));
        // Each fault, and what takes it back.
        let faults = [
            (
                "UPDATE audit SET actor = 'appliance:beta' WHERE number = 3",
                "UPDATE audit SET actor = 'appliance:alpha' WHERE number = 3",
                Some(AuditBreak::Changed(3)),
            ),
            (
                "UPDATE audit SET number = 99 WHERE number = 2; UPDATE audit SET number = 2 WHERE number = 3; \
                 UPDATE audit SET number = 3 WHERE number = 99",
                "UPDATE audit SET number = 99 WHERE number = 2; UPDATE audit SET number = 2 WHERE number = 3; \
                 UPDATE audit SET number = 3 WHERE number = 99",
                Some(AuditBreak::Previous(2)),
            ),
            (
                "UPDATE audit SET number = 99 WHERE number = 4",
                "UPDATE audit SET number = 4 WHERE number = 99",
                Some(AuditBreak::Number {
                    expected: 4,
                    found: 5,
                }),
            ),
            (
                "UPDATE audit_head SET number = 4",
                "UPDATE audit_head SET number = 5",
                Some(AuditBreak::Head),
            ),
            (
                "UPDATE audit_head SET number = 9",
                "UPDATE audit_head SET number = 5",
                short(5, 9),
            ),
            ("DELETE FROM audit WHERE number = 5", "", short(4, 5)),
            ("DELETE FROM audit", "", short(0, 5)),
            // Nothing in the database remembers any more; what was noted elsewhere does.
            ("DELETE FROM audit_head", "", None),
        ];
        for (fault, back, expected) in faults {
            world.tamper(fault);
            assert_eq!(broken(None), expected, "{fault}");
            if !back.is_empty() {
                world.tamper(back);
            }
        }
        assert_eq!(broken(Some(last)), short(0, 5));
    });
}

#[test]
fn an_entry_that_is_none_is_named() {
    each(|world| {
        let store = &*store(world);
        done(store, |rows| rows.audit(&AuditEvent::default())).unwrap();
        world.tamper(&format!(
            "UPDATE audit SET hash = {}",
            world.bytes(b"short")
        ));
        let said = verify_audit(store, None).unwrap_err().to_string();
        assert!(said.contains("entry 1 of the audit log"), "{said}");
    });
}
