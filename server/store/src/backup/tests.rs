#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use photonbox_secret::SecretBytes;
use proptest::prelude::*;
use sha2::{Digest as _, Sha384};

use super::samples::{appliance, audit, fill, set, vault};
use super::*;
use crate::store_tests::{TERMS, enrolment, identity};
use crate::testing::{World, root};
use crate::value::values;
use crate::{FailedTry, HubStore, SqliteStore, Store as _, verify_audit};

fn worlds() -> Vec<World> {
    std::iter::once(World::sqlite())
        .chain(World::postgres())
        .collect()
}

/// A file of a test.
struct Kept(tempfile::TempDir);

impl Kept {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("backup")
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut file = File::open(self.path()).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn of(bytes: &[u8]) -> Self {
        let kept = Self::new();
        std::fs::write(kept.path(), bytes).unwrap();
        kept
    }

    fn with<T>(&self, work: impl FnOnce(&mut BackupFile<'_>) -> T) -> T {
        let path = self.path();
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .unwrap();
        let (file, path) = (&mut file, &*path);
        work(&mut BackupFile { file, path })
    }

    fn back_up(store: &dyn HubStore) -> (Self, BackupSummary) {
        let kept = Self::new();
        // What was there before is gone.
        std::fs::write(kept.path(), vec![1; 3_000_000]).unwrap();
        let summary = kept.with(|out| store.back_up(out, 1234, &mut |_, _| ()).unwrap());
        (kept, summary)
    }

    fn inspect(&self) -> Result<BackupSummary> {
        self.with(inspect)
    }

    fn take_over(&self, store: &dyn HubStore) -> Result<RootKeyCheck> {
        self.with(|from| store.take_over(from, &mut |_, _| ()))
    }
}

/// With the digest that it should have.
fn digested(bytes: &[u8]) -> Vec<u8> {
    let body = &bytes[..bytes.len() - wire::DIGEST];
    [body, &Sha384::digest(body)].concat()
}

fn is_empty(store: &dyn HubStore) -> bool {
    matches!(store.identity(), Err(Error::NotInitialised { .. }))
        && store.enrolments().unwrap().is_empty()
        && store.failed_tries().unwrap().is_empty()
}

/// A new table or column is in no backup before it is in the list.
#[test]
fn every_table_and_column_of_the_schema_is_listed() {
    let directory = tempfile::tempdir().unwrap();
    drop(SqliteStore::create(directory.path()).unwrap());
    let file = rusqlite::Connection::open(directory.path().join(crate::DATABASE_FILE)).unwrap();
    let mut statement = file
        .prepare(
            "SELECT t.name, c.name, c.pk, instr(t.sql, 'AUTOINCREMENT') > 0 FROM sqlite_schema t, \
             pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let table: String = row.get(0)?;
        let column: String = row.get(1)?;
        let key: i64 = row.get(2)?;
        let counts: bool = row.get(3)?;
        Ok((table, column, key, counts))
    });
    let mut there: Vec<_> = rows.unwrap().map(|row| row.unwrap()).collect();
    let mut listed: Vec<_> = TABLES
        .iter()
        .flat_map(|table| {
            table.columns.iter().enumerate().map(|(at, column)| {
                let key = if at < table.key { at as i64 + 1 } else { 0 };
                let (name, column) = (table.name.to_owned(), (*column).to_owned());
                (name, column, key, table.counts)
            })
        })
        .collect();
    there.sort();
    listed.sort();
    assert_eq!(listed, there);
    for (table, column) in SEALED {
        assert!(Table::named(table).unwrap().columns.contains(column));
    }
}

/// From each database into each: the copy's backup is the same file, byte for byte, and the copy goes on as its original would.
#[test]
fn what_was_backed_up_is_there_again_in_either_database() {
    for from in worlds() {
        let original = from.store();
        fill(&*original);
        let (kept, summary) = Kept::back_up(&*original);
        assert_eq!(summary.bytes, kept.bytes().len() as u64);
        assert_eq!(kept.inspect().unwrap(), summary);
        assert_eq!(summary.tables.len(), TABLES.len());
        for (table, rows) in &summary.tables {
            assert!(*rows > 0, "{table} has no row in this test");
        }
        for to in worlds() {
            let copy = to.store();
            copy.set_root_key(Some(root(1)));
            let mut told = (0, 0);
            let check = kept.with(|from| {
                copy.take_over(from, &mut |done, all| told = (done, all))
                    .unwrap()
            });
            assert_eq!(check, RootKeyCheck::Opens);
            assert_eq!(told, (summary.rows(), summary.rows()));
            let (again, second) = Kept::back_up(&*copy);
            assert_eq!(second, summary);
            assert!(again.bytes() == kept.bytes());
            let authority = copy.authority().unwrap().unwrap();
            assert_eq!(authority.private_key.as_slice(), b"ca key");
            vault(&*copy, |rows| {
                let read = rows.set("s").unwrap().unwrap();
                assert_eq!(read.private_key, set("s").private_key);
                let read = rows.appliance("t", 1, "alpha").unwrap().unwrap();
                assert_eq!(read.concealment, appliance("t").concealment);
                assert!(rows.secret("ticket/1").unwrap().is_some());
                assert!(!rows.spend("s", &[1; 32], 60).unwrap());
                audit(rows, 9);
            });
            let log = verify_audit(&*copy, None).unwrap();
            assert_eq!((log.entries, log.broken), (4, None));
            // Numbers go on behind those that came.
            copy.add_enrolment(&enrolment("new", 77)).unwrap();
            assert_eq!(copy.enrolments().unwrap().len(), 4);
            let (peer, reason) = ("::2".into(), "late".into());
            let late = FailedTry {
                at: 1,
                peer,
                reason,
            };
            copy.add_failed_try(&late).unwrap();
            assert_eq!(copy.failed_tries().unwrap().last(), Some(&late));
            assert_eq!(copy.begin_run(1).unwrap(), 3);
        }
    }
}

#[test]
fn only_an_empty_store_takes_one_over() {
    for world in worlds() {
        let original = world.store();
        fill(&*original);
        let (kept, _) = Kept::back_up(&*original);
        let refused = kept.take_over(&*original);
        assert!(matches!(
            refused,
            Err(Error::NotEmpty {
                table: "identity",
                ..
            })
        ));
    }
    for world in worlds() {
        let (kept, _) = {
            let other = World::sqlite();
            let store = other.store();
            fill(&*store);
            Kept::back_up(&*store)
        };
        let store = world.store();
        store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        let refused = kept.take_over(&*store);
        assert!(
            matches!(
                refused,
                Err(Error::NotEmpty {
                    table: "tokens",
                    ..
                })
            ),
            "{refused:?}"
        );
        assert!(is_empty(&*store));
    }
}

#[test]
fn another_root_key_is_refused_and_a_missing_one_is_told() {
    for world in worlds() {
        let elsewhere = World::sqlite();
        let original = elsewhere.store();
        fill(&*original);
        let (kept, _) = Kept::back_up(&*original);
        let store = world.store();
        store.set_root_key(Some(root(2)));
        let refused = kept.take_over(&*store);
        assert!(matches!(refused, Err(Error::RootKey(_))), "{refused:?}");
        assert!(is_empty(&*store), "nothing is stored");
        store.set_root_key(None);
        let taken = kept.take_over(&*store).unwrap();
        assert_eq!(taken, RootKeyCheck::Missing(root(1).id()));
    }
    let (one, two) = (World::sqlite(), World::sqlite());
    let (from, to) = (one.store(), two.store());
    from.create_identity(&identity("a"), None).unwrap();
    let taken = Kept::back_up(&*from).0.take_over(&*to).unwrap();
    assert_eq!(taken, RootKeyCheck::NotNeeded);
}

/// A small one, for faults at every byte.
fn small() -> Vec<u8> {
    let elsewhere = World::sqlite();
    let store = elsewhere.store();
    store.create_identity(&identity("a"), None).unwrap();
    store.add_enrolment(&enrolment("h", 1)).unwrap();
    Kept::back_up(&*store).0.bytes()
}

#[test]
fn what_was_cut_or_changed_is_refused_and_leaves_nothing() {
    let whole = small();
    let fault = |bytes: &[u8]| match Kept::of(bytes).inspect() {
        Err(Error::Backup { fault, .. }) => fault,
        other => panic!("{other:?}"),
    };
    for length in 0..whole.len() {
        let found = fault(&whole[..length]);
        assert_eq!(found, BackupFault::CutShort, "{length}");
    }
    for at in 0..whole.len() {
        for bit in [1, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= bit;
            let found = fault(&changed);
            match at {
                0..8 => assert_eq!(found, BackupFault::NotBackup),
                8 => assert!(matches!(
                    found,
                    BackupFault::Malformed(_) | BackupFault::NewerVersion(_)
                )),
                _ => {}
            }
            assert!(!found.help().is_empty() && !found.to_string().contains('\n'));
        }
    }
    assert_eq!(fault(&[&whole[..], b"+"].concat()), BackupFault::Changed);
    assert_eq!(fault(b"SQLite format 3\0"), BackupFault::NotBackup);

    // Of a newer program, and right otherwise.
    let mut newer = whole.clone();
    newer[8] = 2;
    assert_eq!(fault(&digested(&newer)), BackupFault::NewerVersion(2));
    let mut newer = whole.clone();
    newer[12] = newest() as u8 + 1;
    let (found, known) = (newest() + 1, newest());
    let newer_schema = BackupFault::NewerSchema { found, known };
    assert_eq!(fault(&digested(&newer)), newer_schema);

    // Changed by somebody who can compute a digest: it must not get past the schema, nor leave a half.
    let at = |part: &[u8]| whole.windows(part.len()).position(|w| w == part).unwrap();
    let mut named = whole.clone();
    named[at(b"identity")] = b'I';
    let found = fault(&digested(&named));
    assert!(matches!(found, BackupFault::Malformed(_)), "{found}");
    let mut role = whole.clone();
    let hub = at(b"\x02\0\0\0\x03hub") + 5;
    role[hub..hub + 3].copy_from_slice(b"cat");
    for world in worlds() {
        let store = world.store();
        for bytes in [digested(&role), whole[..whole.len() - 1].to_vec()] {
            assert!(Kept::of(&bytes).take_over(&*store).is_err());
            assert!(is_empty(&*store));
        }
        Kept::of(&whole).take_over(&*store).unwrap();
        assert_eq!(store.identity().unwrap().name, "a");
    }
}

/// A length takes no memory before its bytes are there, and a huge one is refused.
#[test]
fn lengths_are_bounded() {
    let whole = small();
    for length in [wire::LONGEST as u32 + 1, u32::MAX] {
        let mut long = whole[..21].to_vec();
        long.push(b'T');
        long.extend_from_slice(&length.to_be_bytes());
        let refused = Kept::of(&long).inspect();
        let Err(Error::Backup { fault, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(matches!(fault, BackupFault::Malformed(_)), "{fault}");
    }
    let kept = Kept::new();
    let head = Head {
        schema: newest(),
        taken: 0,
    };
    let refused = kept.with(|out| {
        let mut writer = Writer::new(out, head).unwrap();
        writer.row(&[Value::bytes(&vec![0; wire::LONGEST])])
    });
    let Err(Error::Backup { fault, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(fault, BackupFault::TooLong);
}

/// Hubs go on while it is taken, and none of what they do meanwhile is in it.
#[test]
fn a_backup_is_of_one_moment() {
    for world in worlds() {
        let (store, other) = (world.store(), world.store());
        fill(&*store);
        other.set_root_key(Some(root(1)));
        let kept = Kept::new();
        let mut number = 0;
        let summary = kept.with(|out| {
            store.back_up(out, 1, &mut |_, _| {
                number += 1;
                let host = format!("late {number}");
                other
                    .add_enrolment(&enrolment(&host, 100 + number))
                    .unwrap();
                vault(&*other, |rows| audit(rows, 99));
            })
        });
        let summary = summary.unwrap();
        assert!(number > 20);
        let elsewhere = World::sqlite();
        let copy = elsewhere.store();
        kept.take_over(&*copy).unwrap();
        assert_eq!(copy.enrolments().unwrap().len(), 3);
        let log = verify_audit(&*copy, None).unwrap();
        assert_eq!((log.entries, log.broken), (3, None));
        let log = verify_audit(&*store, None).unwrap();
        assert_eq!(log.entries, 3 + u64::from(number));
        assert_eq!(kept.inspect().unwrap(), summary);
    }
}

#[test]
fn a_connection_that_is_lost_meanwhile_is_made_anew() {
    let Some(world) = World::postgres() else {
        return;
    };
    let World::Postgres { server, database } = &world else {
        unreachable!("it is PostgreSQL");
    };
    let store = world.store();
    fill(&*store);
    let mut left = 1;
    let kept = Kept::new();
    let summary = kept.with(|out| {
        store.back_up(out, 1234, &mut |done, _| {
            if done > 10 && left > 0 {
                left -= 1;
                let sql = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' \
                     AND application_name = 'photonbox'"
                );
                assert!(server.psql("postgres", &sql).unwrap().contains('t'));
            }
        })
    });
    assert_eq!((left, kept.inspect().unwrap()), (0, summary.unwrap()));
    assert!(kept.bytes() == Kept::back_up(&*store).0.bytes());
}

/// A store is made of it, in a place where there is none.
#[test]
fn restore_makes_a_store() {
    let elsewhere = World::sqlite();
    let original = elsewhere.store();
    fill(&*original);
    let (kept, summary) = Kept::back_up(&*original);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let bad = Kept::of(&kept.bytes()[..100]);
    let restored = |kept: &Kept, root: Option<RootKey>| {
        kept.with(|from| restore(None, &state, from, root, &mut |_, _| ()))
    };
    assert!(restored(&bad, None).is_err());
    assert!(!state.exists(), "nothing is made for a bad one");
    assert!(restored(&kept, Some(root(2))).is_err());
    let (read, check) = restored(&kept, Some(root(1))).unwrap();
    assert_eq!((read, check), (summary, RootKeyCheck::Opens));
    let store = SqliteStore::open(&state).unwrap();
    assert!(Kept::back_up(&store).0.bytes() == kept.bytes());
    let again = restored(&kept, Some(root(1)));
    assert!(matches!(again, Err(Error::NotEmpty { .. })), "{again:?}");
}

/// A backup of the sixth schema, whose CA's key is in the clear: restored as it was, and brought up to date.
#[test]
fn one_of_an_older_schema_is_brought_up_to_date() {
    const OLD: u32 = 6;
    let folder = tempfile::tempdir().unwrap();
    let old = SqliteStore::create_at(&folder.path().join("old"), OLD).unwrap();
    old.create_identity(&identity("a"), None).unwrap();
    let own = Table::named("identity").unwrap();
    let sql = format!("SELECT {} FROM identity", own.columns.join(", "));
    let row = old
        .rows(&sql, &[], |Row(values)| Ok(values.clone()))
        .unwrap();
    let ca = SecretBytes::from_slice(b"a CA's private key");
    let kept = Kept::new();
    kept.with(|out| {
        let head = Head {
            schema: OLD,
            taken: 5,
        };
        let mut writer = Writer::new(out, head).unwrap();
        writer.table("identity", own.columns, 1).unwrap();
        writer.row(&row[0]).unwrap();
        let columns = ["only_one", "certificate", "private_key", "created"];
        writer.table("authority", &columns, 1).unwrap();
        let framed = crate::key_frame::frame_key(&ca);
        let values = values![1_u64, &[9_u8][..], framed.as_slice(), 3_u64];
        writer.row(values).unwrap();
        writer.end(2).unwrap();
    });
    let newer = SqliteStore::create(&folder.path().join("newer")).unwrap();
    let Err(Error::Backup { fault, .. }) = kept.take_over(&newer) else {
        panic!("it has a newer schema");
    };
    let (found, store) = (OLD, newest());
    assert_eq!(fault, BackupFault::OlderSchema { found, store });
    let mut worlds: Vec<(Option<String>, &str)> = vec![(None, "sqlite")];
    let postgres = World::postgres();
    if let Some(World::Postgres { server, database }) = &postgres {
        worlds.push((Some(server.url(database)), "postgres"));
    }
    for (url, name) in worlds {
        let (url, state) = (url.as_deref(), folder.path().join(name));
        let restored = kept.with(|from| restore(url, &state, from, None, &mut |_, _| ()));
        let (summary, check) = restored.unwrap();
        assert_eq!((summary.schema, check), (OLD, RootKeyCheck::NotNeeded));
        let store = crate::open(url, &state).unwrap();
        store.set_root_key(Some(root(1)));
        assert_eq!(store.authority().unwrap().unwrap().private_key, ca);
        assert!(store.seal_authority().unwrap());
        let again = Kept::back_up(&*store).0;
        assert_eq!(again.inspect().unwrap().schema, newest());
        let bytes = again.bytes();
        assert!(!bytes.windows(ca.len()).any(|part| part == ca.as_slice()));
    }
}

/// One change of a file: what happens at which place.
#[derive(Clone, Debug)]
enum Edit {
    Set(u8),
    Insert(Vec<u8>),
    Remove(usize),
    /// What is there comes once more.
    Double(usize),
}

fn edit() -> impl Strategy<Value = (f64, Edit)> {
    let what = prop_oneof![
        any::<u8>().prop_map(Edit::Set),
        proptest::collection::vec(any::<u8>(), 1..20).prop_map(Edit::Insert),
        (1..200_usize).prop_map(Edit::Remove),
        (1..200_usize).prop_map(Edit::Double),
    ];
    (0.0..1.0, what)
}

proptest! {
    /// Somebody who can compute a digest gets an error or a store, never a panic, and after an error nothing is there.
    #[test]
    fn whatever_is_in_it_is_judged(edits in proptest::collection::vec(edit(), 1..6)) {
        static WHOLE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = WHOLE.get_or_init(small).clone();
        for (place, edit) in edits {
            let at = (place * bytes.len() as f64) as usize;
            match edit {
                Edit::Set(byte) => bytes[at] = byte,
                Edit::Insert(more) => drop(bytes.splice(at..at, more)),
                Edit::Remove(count) => drop(bytes.drain(at..bytes.len().min(at + count))),
                Edit::Double(count) => {
                    let part = bytes[at..bytes.len().min(at + count)].to_vec();
                    bytes.splice(at..at, part);
                }
            }
            prop_assume!(bytes.len() > 100);
        }
        let kept = Kept::of(&digested(&bytes));
        let judged = kept.inspect();
        let world = World::sqlite();
        let store = world.store();
        let taken = kept.take_over(&*store);
        prop_assert!(taken.is_err() || judged.is_ok());
        prop_assert_eq!(taken.is_err(), is_empty(&*store));
    }
}
