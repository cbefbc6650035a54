//! What is SQLite's own: files, crashes, older schemas.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::store_tests::{TERMS, enrolment, identity};
use crate::{HeldLane, Store};

fn store() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(&directory.path().join("state")).unwrap();
    (directory, store)
}

#[test]
fn directory_and_files_are_private() {
    let (directory, store) = store();
    store.create_identity(&identity("a"), None).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let state = directory.path().join("state");
    assert_eq!(mode(&state), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&state).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
        files += 1;
    }
    assert!(files >= 2, "database and WAL");
}

#[test]
fn acknowledged_means_full_synchronous_in_a_wal() {
    let (_directory, store) = store();
    let connection = store.lock();
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |r| r.get(0))
        .unwrap();
    let synchronous: i64 = connection
        .query_row("PRAGMA synchronous", [], |r| r.get(0))
        .unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
}

#[test]
fn token_text_is_not_on_the_disk() {
    let (directory, store) = store();
    let token = store.issue_token(&[0x5a; 36], TERMS, 1000).unwrap();
    drop(store);
    let secret = token.text.rsplit('-').next().unwrap().as_bytes();
    for entry in fs::read_dir(directory.path().join("state")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        assert!(!bytes.windows(8).any(|window| window == [0x5a; 8]));
    }
}

#[test]
fn rows_of_the_first_schema_have_no_test_label_and_no_clean_end() {
    let mut old = Connection::open_in_memory().unwrap();
    schema::migrate(&mut old, &schema::MIGRATIONS[..1]).unwrap();
    old.execute_batch("INSERT INTO ledger_sources VALUES (3, 'card', 5, 4, 3, 1, 1, 0)")
        .unwrap();
    schema::migrate(&mut old, schema::MIGRATIONS).unwrap();
    let row: (i64, Option<i64>, bool) = old
        .query_row(
            "SELECT run, ended, test FROM ledger_runs NATURAL JOIN ledger_sources",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(row, (3, None, false));
}

#[test]
fn a_dead_writer_loses_nothing_that_was_acknowledged() {
    let (directory, store) = store();
    store.create_identity(&identity("a"), None).unwrap();
    store.add_enrolment(&enrolment("h", 1)).unwrap();
    // What a crash leaves: the files as they are, WAL included, and nobody who closed them.
    let crashed = directory.path().join("crashed");
    fs::create_dir(&crashed).unwrap();
    for entry in fs::read_dir(directory.path().join("state")).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), crashed.join(entry.file_name())).unwrap();
        }
    }
    // A torn tail: the write that nobody acknowledged.
    let wal = crashed.join(format!("{DATABASE_FILE}-wal"));
    let mut bytes = fs::read(&wal).unwrap();
    bytes.extend_from_slice(&[0xa5; 100]);
    fs::write(&wal, bytes).unwrap();
    let store = SqliteStore::open(&crashed).unwrap();
    assert_eq!(store.identity().unwrap().name, "a");
    assert_eq!(
        store.living_enrolment("h").unwrap(),
        Some(enrolment("h", 1))
    );
}

#[test]
fn foreign_newer_damaged_and_missing_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    assert!(matches!(
        SqliteStore::open(&at("none")),
        Err(Error::NotInitialised { .. })
    ));

    fs::create_dir(at("text")).unwrap();
    fs::write(
        at("text").join(DATABASE_FILE),
        "not a database, but long enough to be one".repeat(40),
    )
    .unwrap();
    assert!(matches!(
        SqliteStore::open(&at("text")),
        Err(Error::NotPhotonbox { .. })
    ));

    fs::create_dir(at("foreign")).unwrap();
    let foreign = Connection::open(at("foreign").join(DATABASE_FILE)).unwrap();
    foreign.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(foreign);
    assert!(matches!(
        SqliteStore::open(&at("foreign")),
        Err(Error::NotPhotonbox { .. })
    ));

    drop(SqliteStore::create(&at("newer")).unwrap());
    let newer = Connection::open(at("newer").join(DATABASE_FILE)).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let refused = SqliteStore::open(&at("newer"));
    assert!(matches!(
        refused,
        Err(Error::NewerSchema {
            found: 99,
            known: 7,
            ..
        })
    ));

    drop(SqliteStore::create(&at("damaged")).unwrap());
    let file = at("damaged").join(DATABASE_FILE);
    let mut bytes = fs::read(&file).unwrap();
    for byte in bytes.iter_mut().skip(100).take(4000) {
        *byte ^= 0xff;
    }
    fs::write(&file, bytes).unwrap();
    assert!(matches!(
        SqliteStore::open(&at("damaged")),
        Err(Error::Corrupt { .. })
    ));
}

#[test]
fn a_failing_migration_leaves_the_old_version_whole() {
    let (_directory, store) = store();
    store.create_identity(&identity("a"), None).unwrap();
    let more = |sql| [schema::MIGRATIONS, &[sql]].concat();
    let failing = more("CREATE TABLE extra (x); CREATE TABLE identity (broken);");
    assert!(schema::migrate(&mut store.lock(), &failing).is_err());
    let (_, version, _) = schema::probe(&store.lock()).unwrap();
    assert_eq!(version, schema::newest());
    let extra: i64 = store
        .lock()
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(extra, 0);
    schema::migrate(&mut store.lock(), &more("CREATE TABLE extra (x);")).unwrap();
    let (_, version, _) = schema::probe(&store.lock()).unwrap();
    assert_eq!(version, schema::newest() + 1);
    assert_eq!(store.identity().unwrap().name, "a");
}

#[test]
fn a_held_lock_is_its_own_error() {
    let (directory, store) = store();
    store.create_identity(&identity("a"), None).unwrap();
    let other = Connection::open(directory.path().join("state").join(DATABASE_FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.lock().busy_timeout(Duration::ZERO).unwrap();
    assert!(matches!(store.revoke("h", 1), Err(Error::Locked { .. })));
}

#[test]
fn a_held_lane_that_was_tampered_with_is_corrupt_not_healthy() {
    let (directory, store) = store();
    let held = HeldLane {
        card: "c".into(),
        lane: 0,
        alarms: vec!["balance".into()],
        since: 1,
    };
    store.hold_lane(&held).unwrap();
    let file = Connection::open(directory.path().join("state").join(DATABASE_FILE)).unwrap();
    file.pragma_update(None, "ignore_check_constraints", "ON")
        .unwrap();
    file.execute("UPDATE held_lanes SET since = -5", [])
        .unwrap();
    assert!(matches!(store.held_lanes("c"), Err(Error::Corrupt { .. })));
}

/// A state directory whose database has the first `versions` migrations.
fn of_version(versions: usize) -> (tempfile::TempDir, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let mut old = Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    schema::migrate(&mut old, &schema::MIGRATIONS[..versions]).unwrap();
    (directory, old)
}

#[test]
fn a_database_of_the_second_schema_holds_no_lane_yet() {
    let (directory, old) = of_version(2);
    drop(old);
    let store = SqliteStore::open(directory.path()).unwrap();
    assert!(store.held_lanes("c").unwrap().is_empty());
    let held = HeldLane {
        card: "c".into(),
        lane: 63,
        alarms: vec!["balance".into()],
        since: 1,
    };
    store.hold_lane(&held).unwrap();
    assert_eq!(store.held_lanes("c").unwrap(), [held]);
}

/// Their order, too: it is what says which of two certificates is the newer one.
#[test]
fn a_database_of_the_third_or_fourth_schema_keeps_its_enrolments() {
    for version in [3, 4] {
        let (directory, old) = of_version(version);
        for (serial, host, number) in [("b2", "h", 1_u8), ("a1", "g", 2)] {
            let sql = "INSERT INTO enrolments (serial, host, fingerprint, relay, issued, expires) VALUES (?1, ?2, ?3, 1, 10, 20)";
            old.execute(sql, rusqlite::params![serial, host, [number; 32]])
                .unwrap();
        }
        drop(old);
        let store = SqliteStore::open(directory.path()).unwrap();
        let kept = |host: &str, serial: &str, number| crate::Enrolment {
            serial: serial.into(),
            ..enrolment(host, number)
        };
        assert_eq!(
            store.enrolments().unwrap(),
            [kept("g", "a1", 2), kept("h", "b2", 1)]
        );
        let numbers: i64 = store
            .lock()
            .query_row(
                "SELECT number FROM enrolments WHERE host = 'h'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(numbers, 1, "they are numbered as they were issued");
        assert!(store.add_enrolment(&enrolment("h", 3)).is_err());
    }
}

/// Half a row is none, and a disk with room again takes the rest.
#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = crate::testing::SmallDisk::mount(folder.path(), "2m") else {
        return;
    };
    let store = SqliteStore::create(&disk.path().join("state")).unwrap();
    let filler = disk.path().join("filler");
    let mut acknowledged = 0;
    let mut failed = None;
    for run in 1..10_000 {
        if run == 20 {
            disk.fill(&filler);
        }
        match store.begin_run(5) {
            Ok(begun) => acknowledged = begun,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    assert!(matches!(failed, Some(Error::Database { .. })), "{failed:?}");
    assert!(acknowledged >= 19);
    assert_eq!(store.runs().unwrap().len() as u64, acknowledged);
    fs::remove_file(&filler).unwrap();
    assert_eq!(store.begin_run(6).unwrap(), acknowledged + 1);
    drop(store);
    let store = SqliteStore::open(&disk.path().join("state")).unwrap();
    assert_eq!(store.runs().unwrap().len() as u64, acknowledged + 1);
    drop(store);
}
