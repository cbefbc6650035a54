//! The CA's private key under the root key, and how one of before gets there.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use photonbox_secret::SecretBytes;
use rusqlite::Connection;

use crate::key_frame::frame_key;
use crate::sqlite::schema;
use crate::store_tests::identity;
use crate::testing::{World, each, root};
use crate::{DATABASE_FILE, Error, HubStore, SqliteStore, Store, VaultStore};

/// As long as a PKCS#8 of P-384, and nowhere else.
fn key(number: u8) -> SecretBytes {
    let bytes: Vec<u8> = (0..185_u8)
        .map(|at| at.wrapping_mul(37) ^ number.wrapping_mul(91))
        .collect();
    SecretBytes::from_slice(&bytes)
}

/// How many of a folder's files, and of those below it, hold a part of these bytes.
fn found(folder: &Path, bytes: &[u8]) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += found(&path, bytes);
            continue;
        }
        // Another test's table may go meanwhile.
        let Ok(content) = std::fs::read(&path) else {
            continue;
        };
        let holds = |part: &[u8]| content.windows(part.len()).any(|window| window == part);
        files += usize::from(bytes.chunks_exact(16).any(holds));
    }
    files
}

/// What a hub of before has: its CA's key in the clear.
fn of_before(world: &World, key: &SecretBytes) -> Box<dyn HubStore> {
    let store = world.store();
    store.create_identity(&identity("a"), None).unwrap();
    let framed = world.bytes(frame_key(key).as_slice());
    let certificate = world.bytes(&[9]);
    world.tamper(&format!(
        "INSERT INTO authority (only_one, certificate, private_key, created) VALUES (1, {certificate}, {framed}, 3)"
    ));
    store
}

fn ca_key(store: &dyn Store) -> SecretBytes {
    store.authority().unwrap().unwrap().private_key
}

#[test]
fn a_key_of_before_is_sealed_once() {
    each(|world| {
        let store = &*of_before(world, &key(1));
        assert_eq!(ca_key(store), key(1), "it serves as it is");
        assert!(matches!(store.seal_authority(), Err(Error::SecretsLocked)));
        let has_secrets = || {
            let mut has = false;
            let read = store.read_vault(&mut |rows| {
                has = rows.has_secrets()?;
                Ok(true)
            });
            assert!(read.unwrap());
            has
        };
        assert!(!has_secrets(), "it may get a fresh root key");
        store.set_root_key(Some(root(1)));
        assert!(store.seal_authority().unwrap());
        assert!(!store.seal_authority().unwrap());
        assert!(has_secrets(), "and after that no other one");
        assert_eq!(ca_key(store), key(1));
        let again = world.store();
        assert!(again.is_locked());
        assert!(matches!(again.authority(), Err(Error::SecretsLocked)));
        assert_eq!(again.identity().unwrap().name, "a", "the rest is there");
        again.set_root_key(Some(root(2)));
        assert!(matches!(again.authority(), Err(Error::RootKey(_))));
        world.tamper("UPDATE authority SET private_key = certificate");
        assert!(matches!(store.authority(), Err(Error::RootKey(_))));
    });
}

/// A crash after the key was sealed and before its old bytes were overwritten.
#[test]
fn what_a_crash_left_is_overwritten_at_the_next_start() {
    each(|world| {
        let store = of_before(world, &key(1));
        store.set_root_key(Some(root(1)));
        store.seal_authority().unwrap();
        world.tamper("UPDATE authority SET sealed = 1");
        assert!(store.seal_authority().unwrap());
        assert!(!store.seal_authority().unwrap());
        assert_eq!(ca_key(&*store), key(1));
    });
}

/// A root key that the vault's secrets are not under is the wrong one for the CA, too.
#[test]
fn it_is_sealed_under_no_second_root_key() {
    each(|world| {
        let store = of_before(world, &key(1));
        store.set_root_key(Some(root(1)));
        let done = store.vault(&mut |rows| {
            rows.add_secret("ticket/1", &SecretBytes::from_slice(b"a key of tickets"))
        });
        assert!(done.unwrap());
        store.set_root_key(Some(root(2)));
        let refused = store.seal_authority();
        assert!(matches!(refused, Err(Error::RootKey(_))), "{refused:?}");
        assert_eq!(ca_key(&*store), key(1));
        store.set_root_key(Some(root(1)));
        assert!(store.seal_authority().unwrap());
    });
}

/// A database of the schema before, with older keys in the remains of its pages and in its log.
fn old(directory: &Path) -> Connection {
    let mut old = Connection::open(directory.join(DATABASE_FILE)).unwrap();
    schema::migrate(&mut old, &schema::MIGRATIONS[..6]).unwrap();
    for (pragma, value) in [
        ("journal_mode", "WAL"),
        ("wal_autocheckpoint", "0"),
        ("secure_delete", "OFF"),
    ] {
        old.pragma_update(None, pragma, value).unwrap();
    }
    for number in [4, 3, 2, 1] {
        old.execute("DELETE FROM authority", []).unwrap();
        let framed = frame_key(&key(number));
        old.execute(
            "INSERT INTO authority (only_one, certificate, private_key, created) VALUES (1, x'09', ?1, 3)",
            [framed.as_slice()],
        )
        .unwrap();
        if number == 3 {
            // Two are in the file itself, two in the log alone.
            old.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                .unwrap();
        }
    }
    old
}

#[test]
fn no_file_of_the_state_directory_holds_old_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("closed"), folder.path().join("crashed"));
    for directory in [&one, &two] {
        std::fs::create_dir(directory).unwrap();
    }
    let running = old(&one);
    // What a crash leaves: the file and the log, and nobody who put the one into the other.
    for name in [DATABASE_FILE.to_owned(), format!("{DATABASE_FILE}-wal")] {
        std::fs::copy(one.join(&name), two.join(&name)).unwrap();
    }
    drop(running);
    for directory in [one, two] {
        let keys = [1, 2, 3, 4].map(key);
        let held = |key: &SecretBytes| found(&directory, key.as_slice());
        assert!(held(&keys[0]) > 0);
        let store = SqliteStore::open(&directory).unwrap();
        store.set_root_key(Some(root(1)));
        assert_eq!(ca_key(&store), keys[0]);
        assert!(store.seal_authority().unwrap());
        assert_eq!(keys.each_ref().map(held), [0; 4]);
        assert_eq!(ca_key(&store), keys[0]);
        drop(store);
        assert_eq!(keys.each_ref().map(held), [0; 4]);
    }
}

/// Who still reads the old state keeps its bytes in the log: that is told, and they are overwritten when he has gone.
#[test]
fn a_reader_keeps_the_old_bytes_until_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(old(folder.path()));
    let store = SqliteStore::open(folder.path()).unwrap();
    store.set_root_key(Some(root(1)));
    let reader = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader
        .query_row("SELECT count(*) FROM authority", [], |_| Ok(()))
        .unwrap();
    store.be_impatient();
    let refused = store.seal_authority();
    assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
    assert_eq!(ca_key(&store), key(1));
    drop((reader, store));
    let store = SqliteStore::open(folder.path()).unwrap();
    store.set_root_key(Some(root(1)));
    assert!(store.seal_authority().unwrap());
    assert_eq!(found(folder.path(), key(1).as_slice()), 0);
}

/// In the tables' own files; what PostgreSQL's log keeps is the server's.
#[test]
fn no_table_of_postgresql_holds_old_bytes() {
    let Some(world) = World::postgres() else {
        return;
    };
    let World::Postgres { server, .. } = &world else {
        unreachable!("it is PostgreSQL");
    };
    // No other test has this one.
    let mine = key(77);
    let store = of_before(&world, &mine);
    let tables = server.folder().join("data/base");
    server.psql("postgres", "CHECKPOINT").unwrap();
    assert!(found(&tables, mine.as_slice()) > 0);
    store.set_root_key(Some(root(1)));
    assert!(store.seal_authority().unwrap());
    server.psql("postgres", "CHECKPOINT").unwrap();
    assert_eq!(found(&tables, mine.as_slice()), 0);
}
