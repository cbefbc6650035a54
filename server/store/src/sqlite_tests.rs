#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::records::{DeliveryRow, SourceRow};
use crate::token::{Grant, TokenRefusal};
use proptest::prelude::*;

fn identity(name: &str) -> Identity {
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

fn store() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(&directory.path().join("state")).unwrap();
    (directory, store)
}

fn enrolment(host: &str, number: u8) -> Enrolment {
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
    store: &SqliteStore,
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

const TERMS: TokenTerms = TokenTerms {
    ttl_seconds: 100,
    relay: true,
};

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
fn identity_is_written_once_and_read_back() {
    let (directory, store) = store();
    assert!(matches!(
        store.identity(),
        Err(Error::NotInitialised { .. })
    ));
    let authority = Authority {
        certificate: vec![9],
        private_key: SecretBytes::from_slice(b"ca key"),
        created: 3,
    };
    store
        .create_identity(&identity("a"), Some(&authority))
        .unwrap();
    let again = store.create_identity(&identity("b"), None);
    assert!(matches!(again, Err(Error::AlreadyInitialised { name, .. }) if name == "a"));
    drop(store);
    let store = SqliteStore::open(&directory.path().join("state")).unwrap();
    let read = store.identity().unwrap();
    assert_eq!((read.name.as_str(), read.hub.as_str()), ("a", "the hub"));
    assert_eq!(read.private_key.as_slice(), b"private");
    let authority = store.authority().unwrap().unwrap();
    assert_eq!((authority.certificate, authority.created), (vec![9], 3));
    assert_eq!(authority.private_key.as_slice(), b"ca key");
}

#[test]
fn damaged_key_frames_are_refused() {
    let (_directory, store) = store();
    store.create_identity(&identity("a"), None).unwrap();
    for blob in [
        &b"PBX"[..],
        b"ABCD\x01\0\0\0\x01a",
        b"PBXK\x02\0\0\0\x01a",
        b"PBXK\x01\0\0\0\x02a",
    ] {
        store
            .lock()
            .execute("UPDATE identity SET private_key = ?1", [blob])
            .unwrap();
        assert!(
            matches!(store.identity(), Err(Error::Corrupt { .. })),
            "{blob:?}"
        );
    }
}

#[test]
fn token_is_spent_once() {
    let (_directory, store) = store();
    let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    assert_eq!(token.expires, 1100);
    assert_eq!(
        redeem(&store, &token.text, "h", 1001).unwrap(),
        Ok(Grant { relay: true })
    );
    assert_eq!(
        redeem(&store, &token.text, "h", 1002).unwrap(),
        Err(TokenRefusal::Used.into())
    );
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
fn token_expires_at_its_second() {
    let (_directory, store) = store();
    let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    assert_eq!(
        redeem(&store, &token.text, "h", 1100).unwrap(),
        Err(TokenRefusal::Expired.into())
    );
    assert!(redeem(&store, &token.text, "h", 1099).unwrap().is_ok());
}

#[test]
fn five_wrong_secrets_kill_a_token() {
    let (_directory, store) = store();
    let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    let other = store.issue_token(&[8; 36], TERMS, 1000).unwrap();
    let mut wrong = token.text.clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    for _ in 0..TOKEN_TRIES_FOR_TEST {
        assert_eq!(
            redeem(&store, &wrong, "h", 1001).unwrap(),
            Err(TokenRefusal::Wrong.into())
        );
    }
    assert_eq!(
        redeem(&store, &token.text, "h", 1001).unwrap(),
        Err(TokenRefusal::Exhausted.into())
    );
    assert!(
        redeem(&store, &other.text, "h", 1001).unwrap().is_ok(),
        "its own tries only"
    );
}

const TOKEN_TRIES_FOR_TEST: u32 = 5;

#[test]
fn four_wrong_secrets_leave_a_token_alive() {
    let (_directory, store) = store();
    let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    let wrong = token.text.replace("07070707070707", "07070707070708");
    assert_ne!(wrong, token.text);
    let wrong = format!("{}{}", &token.text[..14], &wrong[14..]);
    for _ in 0..TOKEN_TRIES_FOR_TEST - 1 {
        assert_eq!(
            redeem(&store, &wrong, "h", 1001).unwrap(),
            Err(TokenRefusal::Wrong.into())
        );
    }
    assert!(redeem(&store, &token.text, "h", 1001).unwrap().is_ok());
}

#[test]
fn racing_redeemers_get_one_grant() {
    let (directory, store) = store();
    let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    let path = directory.path().join("state");
    let grants: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (path, text) = (path.clone(), token.text.clone());
                scope.spawn(move || {
                    let store = SqliteStore::open(&path).unwrap();
                    usize::from(redeem(&store, &text, "h", 1001).unwrap().is_ok())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(grants, 1);
}

proptest! {
    #[test]
    fn no_text_but_the_token_is_accepted(text in ".{0,90}") {
        let (_directory, store) = store();
        let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
        prop_assume!(text != token.text);
        prop_assert!(redeem(&store, &text, "h", 1001).unwrap().is_err());
    }
}

#[test]
fn one_living_enrolment_a_host() {
    let (_directory, store) = store();
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
    assert!(sizes(19).bytes >= 4096 && sizes(19).bytes.is_multiple_of(512));
}

#[test]
fn failed_tries_are_bounded() {
    let (_directory, store) = store();
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
}

#[test]
fn ledger_rows_are_upserted_per_run() {
    let (_directory, store) = store();
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
fn a_run_ends_in_order_or_is_known_not_to_have() {
    let (_directory, store) = store();
    let crashed = store.begin_run(5).unwrap();
    let clean = store.begin_run(7).unwrap();
    store.end_run(clean, 9).unwrap();
    let run = |run, began, ended| RunRow { run, began, ended };
    assert_eq!(
        store.runs().unwrap(),
        [run(crashed, 5, None), run(clean, 7, Some(9))]
    );
}

#[test]
fn a_recording_is_new_once() {
    let (_directory, store) = store();
    assert!(!store.play_recording(&[1; 32], 5).unwrap());
    assert!(store.play_recording(&[1; 32], 6).unwrap());
    assert!(!store.play_recording(&[2; 32], 7).unwrap());
}

#[test]
fn a_refused_enrolment_spends_no_token_and_tells_no_names_without_one() {
    let (_directory, store) = store();
    let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    let living = Enrolment {
        expires: 5000,
        ..enrolment("taken", 1)
    };
    store.add_enrolment(&living).unwrap();
    let made_up = format!("{}{}", &token.text[..14], "0".repeat(64));
    assert_eq!(
        redeem(&store, &made_up, "taken", 1001).unwrap(),
        redeem(&store, &made_up, "free", 1001).unwrap(),
    );
    let taken = redeem(&store, &token.text, "taken", 1001).unwrap();
    assert_eq!(taken, Err(EnrolRefusal::HostTaken("taken".into())));
    let refused = store
        .enrol(&token.text, "free", 1001, &mut |_| Err("no".into()))
        .unwrap();
    assert_eq!(refused, Err(EnrolRefusal::NotIssued("no".into())));
    assert!(redeem(&store, &token.text, "free", 1001).unwrap().is_ok());
    let used = redeem(&store, &token.text, "taken", 1001).unwrap();
    assert_eq!(
        used,
        Err(TokenRefusal::Used.into()),
        "the token comes first"
    );
}

#[test]
fn an_expired_enrolment_gives_its_name_up() {
    let (_directory, store) = store();
    store.add_enrolment(&enrolment("h", 1)).unwrap();
    let terms = TokenTerms {
        ttl_seconds: 100,
        relay: false,
    };
    let token = store.issue_token(&[7; 36], terms, 10).unwrap();
    let early = redeem(&store, &token.text, "h", 19).unwrap();
    assert_eq!(early, Err(EnrolRefusal::HostTaken("h".into())));
    assert!(redeem(&store, &token.text, "h", 20).unwrap().is_ok());
    let old = store.enrolment_by_fingerprint(&[1; 32]).unwrap().unwrap();
    assert_eq!(old.revoked, Some(20));
    let living = store.living_enrolment("h").unwrap().unwrap();
    assert_ne!(living.fingerprint, old.fingerprint);
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
            known: 5,
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
