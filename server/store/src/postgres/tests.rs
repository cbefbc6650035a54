//! What is PostgreSQL's own: connections that end, servers that go, several writers, TLS.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::store_tests::{TERMS, enrolment, identity};
use crate::testing::World;
use crate::testing::server::{self, Server, Settings};
use crate::{SqliteStore, Store};

/// A database of its own on the common server; none where there is no server.
fn here() -> Option<(&'static Server, String)> {
    match World::postgres()? {
        World::Postgres { server, database } => Some((server, database)),
        World::Sqlite(_) => None,
    }
}

/// A server of its own, for tests that harm it.
fn own(settings: &Settings<'_>) -> Option<Server> {
    if let Err(reason) = server::shared() {
        println!("skipped: {reason}");
        return None;
    }
    Some(Server::start(settings).unwrap())
}

/// Ends all our connections to a database, as an operator or a crash of the server would.
fn cut(server: &Server, database: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' \
         AND application_name = 'photonbox'"
    );
    assert!(server.psql("postgres", &sql).unwrap().contains('t'));
}

#[test]
fn tables_and_columns_are_those_of_sqlite() {
    let Some((server, database)) = here() else {
        return;
    };
    drop(PostgresStore::create(&server.url(&database)).unwrap());
    let said = server
        .psql(
            &database,
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name <> 'photonbox_store'",
        )
        .unwrap();
    let theirs: BTreeSet<String> = said
        .lines()
        .map(|line| {
            line.replace("|bigint|", "|INTEGER|")
                .replace("|bytea|", "|BLOB|")
                .replace("|text|", "|TEXT|")
        })
        .collect();
    let directory = tempfile::tempdir().unwrap();
    drop(SqliteStore::create(directory.path()).unwrap());
    let file = rusqlite::Connection::open(directory.path().join(crate::DATABASE_FILE)).unwrap();
    let mut query = file
        .prepare(
            "SELECT t.name, c.name, c.type, c.\"notnull\" OR c.pk FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    let ours: BTreeSet<String> = query
        .query_map([], |row| {
            let (table, column, kind): (String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let nullable = if row.get(3)? { "NO" } else { "YES" };
            Ok(format!("{table}|{column}|{kind}|{nullable}"))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(ours, theirs);
}

/// Shows that both have as many constraints and indexes, of each kind and table.
#[test]
fn constraints_are_those_of_sqlite() {
    let Some((server, database)) = here() else {
        return;
    };
    drop(PostgresStore::create(&server.url(&database)).unwrap());
    let said = server
        .psql(
            &database,
            "SELECT conrelid::regclass || ' ' || contype::text, count(*) FROM pg_constraint WHERE contype IN ('c', 'u') \
             AND connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'photonbox_store' GROUP BY 1 \
             UNION ALL SELECT tablename || ' i', count(*) FROM pg_indexes WHERE schemaname = 'public' \
             AND indexdef LIKE '%WHERE%' GROUP BY 1",
        )
        .unwrap();
    let theirs: BTreeMap<String, usize> = said
        .lines()
        .map(|line| {
            let (what, number) = line.split_once('|').unwrap();
            (what.to_owned(), number.parse().unwrap())
        })
        .collect();
    let directory = tempfile::tempdir().unwrap();
    drop(SqliteStore::create(directory.path()).unwrap());
    let file = rusqlite::Connection::open(directory.path().join(crate::DATABASE_FILE)).unwrap();
    let mut query = file
        .prepare("SELECT tbl_name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let mut ours = BTreeMap::new();
    let schema: Vec<(String, String, String)> = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (table, kind, sql) in schema {
        let mut count = |kind: &str, number: usize| {
            if number > 0 {
                *ours.entry(format!("{table} {kind}")).or_insert(0) += number;
            }
        };
        if kind == "index" {
            count("i", sql.matches(" WHERE ").count());
        } else {
            count("c", sql.matches("CHECK (").count());
            count("u", sql.matches("UNIQUE").count());
        }
    }
    assert_eq!(ours, theirs);
}

#[test]
fn a_connection_that_ends_in_a_transaction_leaves_everything_as_it_was() {
    let Some((server, database)) = here() else {
        return;
    };
    let store = PostgresStore::create(&server.url(&database)).unwrap();
    let token = store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    let lost = store.enrol(&token.text, "h", 1001, &mut |_| {
        cut(server, &database);
        Ok(enrolment("h", 1))
    });
    assert!(matches!(lost, Err(Error::Interrupted { .. })), "{lost:?}");
    assert!(store.enrolments().unwrap().is_empty());
    // The token was not spent, and the next connection is made by itself.
    let mut issued = 0;
    let enrolled = store.enrol(&token.text, "h", 1002, &mut |_| {
        issued += 1;
        Ok(enrolment("h", 1))
    });
    assert_eq!(enrolled.unwrap(), Ok(enrolment("h", 1)));
    assert_eq!(issued, 1);
}

#[test]
fn a_connection_that_ended_between_two_calls_is_not_noticed() {
    let Some((server, database)) = here() else {
        return;
    };
    let store = PostgresStore::create(&server.url(&database)).unwrap();
    for round in 1..=5 {
        assert_eq!(store.begin_run(5).unwrap(), round);
        cut(server, &database);
        if round % 2 == 0 {
            assert_eq!(store.runs().unwrap().len(), round as usize);
            cut(server, &database);
        }
    }
}

/// Passes bytes between us and the server until one of ours says a word; then both lines end, before or after the word
/// has reached the server.
fn proxy(port: u16, word: &'static [u8], pass: bool) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = listener.local_addr().unwrap().port();
    let armed = Arc::new(AtomicBool::new(false));
    let cutting = Arc::clone(&armed);
    std::thread::spawn(move || {
        for ours in listener.incoming() {
            let mut ours = ours.unwrap();
            let mut theirs = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut back, mut to) = (theirs.try_clone().unwrap(), ours.try_clone().unwrap());
            let deaf = Arc::new(AtomicBool::new(false));
            let silent = Arc::clone(&deaf);
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = back.read(&mut buffer) {
                    // The answer to the word is seen, and not passed on: so it is known to be committed.
                    if silent.load(Ordering::SeqCst) || to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Both);
            });
            let cutting = Arc::clone(&cutting);
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = ours.read(&mut buffer) {
                    let said = &buffer[..read];
                    let cut = said.windows(word.len()).any(|window| window == word)
                        && cutting.swap(false, Ordering::SeqCst);
                    if cut && !pass {
                        break;
                    }
                    deaf.fetch_or(cut, Ordering::SeqCst);
                    if theirs.write_all(said).is_err() || cut {
                        return;
                    }
                }
                let _ = (
                    ours.shutdown(Shutdown::Both),
                    theirs.shutdown(Shutdown::Both),
                );
            });
        }
    });
    (here, armed)
}

#[test]
fn a_connection_that_ends_in_the_commit_is_said_to_be_unsure() {
    let Some((server, database)) = here() else {
        return;
    };
    drop(PostgresStore::create(&server.url(&database)).unwrap());
    for (pass, stored) in [(true, 1), (false, 1)] {
        let (port, armed) = proxy(server.port, b"COMMIT\0", pass);
        let url = format!("postgres://postgres@127.0.0.1:{port}/{database}?sslmode=disable");
        let store = PostgresStore::open(&url).unwrap();
        armed.store(true, Ordering::SeqCst);
        let lost = store.begin_run(5);
        assert!(matches!(lost, Err(Error::Unsure { .. })), "{lost:?}");
        assert_eq!(store.runs().unwrap().len(), stored, "passed on: {pass}");
    }
}

#[test]
fn a_server_that_goes_and_comes_back_has_all_that_was_acknowledged() {
    let Some(server) = own(&Settings::default()) else {
        return;
    };
    let database = server.database();
    let store = PostgresStore::create(&server.url(&database)).unwrap();
    store.create_identity(&identity("a"), None).unwrap();
    // As the machine's power would go: no checkpoint, no farewell.
    server.pg_ctl(&["stop", "-m", "immediate"]).unwrap();
    let began = Instant::now();
    let away = store.begin_run(5);
    assert!(matches!(away, Err(Error::Unreachable { .. })), "{away:?}");
    assert!(began.elapsed() < Duration::from_secs(20));
    let log = server.folder().join("log2").display().to_string();
    server.pg_ctl(&["start", "-w", "-l", &log]).unwrap();
    server.ready().unwrap();
    // Those who come right after are told so without waiting; then it is tried again.
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(store.identity().unwrap().name, "a");
    assert_eq!(store.begin_run(6).unwrap(), 1);
    server.pg_ctl(&["stop", "-m", "fast"]).unwrap();
}

#[test]
fn several_writers_are_one_after_the_other() {
    let Some((server, database)) = here() else {
        return;
    };
    let url = server.url(&database);
    // They find nothing, and make the tables at the same time, too.
    let runs: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let store = PostgresStore::create(&url).unwrap();
                    let run = |_| store.begin_run(5).unwrap();
                    (0..25).map(run).collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let different: BTreeSet<u64> = runs.iter().copied().collect();
    assert_eq!(different, (1..=150).collect());
}

#[test]
fn threads_share_a_few_connections() {
    let Some((server, database)) = here() else {
        return;
    };
    let store = PostgresStore::create(&server.url(&database)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..20 {
                    store.begin_run(5).unwrap();
                    store.runs().unwrap();
                }
            });
        }
    });
    assert_eq!(store.runs().unwrap().len(), 320);
    let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'");
    let connections: u32 = server
        .psql("postgres", &sql)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!((1..=4).contains(&connections), "{connections}");
}

#[test]
fn a_writer_that_hangs_is_waited_for_and_then_reported() {
    let Some((server, database)) = here() else {
        return;
    };
    let store = PostgresStore::create(&server.url(&database)).unwrap();
    let other = PostgresStore::open(&server.url(&database)).unwrap();
    let hanging = other.begin_writing().unwrap();
    let blocked = store.begin_run(5);
    assert!(matches!(blocked, Err(Error::Locked { .. })), "{blocked:?}");
    // Whoever only reads does not wait.
    assert!(store.runs().unwrap().is_empty());
    drop(hanging);
    store.begin_run(6).unwrap();
    other.pool.forget_idle();
}

/// Callers stand on threads of an asynchronous runtime, and drop the store there.
#[test]
fn it_may_be_called_and_dropped_inside_a_runtime() {
    let Some((server, database)) = here() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = PostgresStore::create(&server.url(&database)).unwrap();
        assert_eq!(store.begin_run(5).unwrap(), 1);
    });
}

#[test]
fn foreign_newer_missing_and_unfit_are_told_apart() {
    let Some((server, database)) = here() else {
        return;
    };
    let url = server.url(&database);
    let none = PostgresStore::open(&url).unwrap_err();
    assert!(matches!(none, Error::NotInitialised { .. }), "{none}");
    let store = PostgresStore::create(&url).unwrap();
    // A newer program has been there while this one runs.
    server
        .psql(&database, "UPDATE photonbox_store SET version = 99")
        .unwrap();
    for newer in [
        PostgresStore::open(&url).unwrap_err(),
        store.begin_run(5).unwrap_err(),
    ] {
        assert!(
            matches!(newer, Error::NewerSchema { found: 99, .. }),
            "{newer}"
        );
    }
    let foreign = server.database();
    server.psql(&foreign, "CREATE TABLE t (x INT)").unwrap();
    let refused = PostgresStore::create(&server.url(&foreign)).unwrap_err();
    assert!(matches!(refused, Error::NotPhotonbox { .. }), "{refused}");
    let missing = PostgresStore::create(&server.url("nothing_here")).unwrap_err();
    assert!(matches!(missing, Error::Refused { .. }), "{missing}");
    assert!(missing.to_string().contains("nothing_here"));
    let latin = "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
    server.psql("postgres", latin).unwrap();
    let unfit = PostgresStore::create(&server.url("latin")).unwrap_err();
    assert!(matches!(unfit, Error::Unfit { .. }), "{unfit}");
}

#[test]
fn a_server_that_forgets_is_refused() {
    let Some(server) = own(&Settings {
        lines: "fsync = off",
        ..Settings::default()
    }) else {
        return;
    };
    let unfit = PostgresStore::create(&server.url("postgres")).unwrap_err();
    assert!(unfit.to_string().contains("fsync"), "{unfit}");
    let standing = own(&Settings {
        lines: "synchronous_commit = off",
        ..Settings::default()
    });
    let server = standing.unwrap();
    let store = PostgresStore::create(&server.url("postgres")).unwrap();
    let mut lease = store.pool.lease().unwrap();
    let kept = lease.link.ask("SHOW synchronous_commit").unwrap();
    assert_eq!(kept.as_deref(), Some("on"));
}

#[test]
fn a_failing_migration_leaves_the_old_version_whole() {
    let Some((server, database)) = here() else {
        return;
    };
    let store = PostgresStore::create(&server.url(&database)).unwrap();
    store.create_identity(&identity("a"), None).unwrap();
    let more = |sql| [MIGRATIONS, &[sql]].concat();
    let mut lease = store.pool.lease().unwrap();
    let failing = more("CREATE TABLE extra (x INTEGER); CREATE TABLE identity (broken INTEGER);");
    assert!(schema::migrate(&mut lease.link, &failing).is_err());
    drop(lease);
    let mut lease = store.pool.lease().unwrap();
    let version = schema::probe(&mut lease.link).unwrap();
    assert_eq!(version, Found::Version(schema::newest()));
    let good = more("CREATE TABLE extra (x INTEGER, y BLOB) STRICT;");
    schema::migrate(&mut lease.link, &good).unwrap();
    let version = schema::probe(&mut lease.link).unwrap();
    assert_eq!(version, Found::Version(schema::newest() + 1));
    drop(lease);
    assert_eq!(store.identity().unwrap().name, "a");
}

/// A certificate for `name`, and its key.
fn certificate(name: &str) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = made.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn the_way_over_the_network_is_tls_to_the_right_server() {
    let (right, key) = certificate("localhost");
    let (wrong, _) = certificate("localhost");
    let Some(server) = own(&Settings {
        tls: Some((&right, &key)),
        ..Settings::default()
    }) else {
        return;
    };
    for sql in [
        "CREATE ROLE hub LOGIN PASSWORD 'geheim'",
        "CREATE DATABASE hub OWNER hub",
    ] {
        server.psql("postgres", sql).unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (right, wrong) = (file("right.pem", &right), file("wrong.pem", &wrong));
    let port = server.port;
    let url = |password: &str, host: &str, root: &str| {
        format!(
            "postgres://hub:{password}@{host}:{port}/hub?sslmode=verify-full&sslrootcert={root}"
        )
    };
    let store = PostgresStore::create(&url("geheim", "localhost", &right)).unwrap();
    store.begin_run(5).unwrap();
    let sql = "SELECT version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'photonbox'";
    let versions = server.psql("postgres", sql).unwrap();
    assert!(
        versions.lines().all(|version| version == "TLSv1.3"),
        "{versions}"
    );
    for (url, kind) in [
        (url("falsch", "localhost", &right), "password"),
        (url("geheim", "localhost", &wrong), "certificate"),
        (url("geheim", "127.0.0.1", &right), "certificate"),
        (
            format!("postgres://hub:geheim@127.0.0.1:{port}/hub?sslmode=disable"),
            "no encryption",
        ),
    ] {
        let refused = PostgresStore::create(&url).unwrap_err().to_string();
        assert!(refused.contains(kind), "{url}: {refused}");
        assert!(
            !refused.contains("geheim") && !refused.contains("falsch"),
            "{refused}"
        );
    }
}

/// Half a row is none, and a disk with room again takes the rest.
#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = crate::testing::SmallDisk::mount(folder.path(), "112m") else {
        return;
    };
    let Some(server) = own(&Settings {
        // Its own log of what it will write takes the disk first; that ends the server, which is the worst that can happen.
        lines: "max_wal_size = 32MB\nmin_wal_size = 32MB\nshared_buffers = 1MB",
        on: Some(disk.path()),
        ..Settings::default()
    }) else {
        return;
    };
    let database = server.database();
    let url = server.url(&database);
    let store = PostgresStore::create(&url).unwrap();
    let filler = disk.path().join("filler");
    let (mut acknowledged, mut failed) = (0, None);
    for round in 0..20_000_u64 {
        if round == 50 {
            disk.fill(&filler);
        }
        // Long enough to want new pages soon.
        let tried = store.add_failed_try(&crate::FailedTry {
            at: round,
            peer: "p".repeat(1000),
            reason: "r".into(),
        });
        match tried {
            Ok(()) => acknowledged = round,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    let failed = failed.expect("the disk was full");
    assert!(acknowledged >= 49, "{failed}");
    assert!(
        matches!(
            failed,
            Error::Database { .. }
                | Error::Interrupted { .. }
                | Error::Unsure { .. }
                | Error::Unreachable { .. }
        ),
        "{failed:?}"
    );
    drop(store);
    std::fs::remove_file(&filler).unwrap();
    let log = server.folder().join("log2").display().to_string();
    let _ = server.pg_ctl(&["stop", "-m", "immediate"]);
    server.pg_ctl(&["start", "-w", "-l", &log]).unwrap();
    let store = PostgresStore::open(&url).unwrap();
    let tries = store.failed_tries().unwrap();
    let last = tries.last().unwrap().at;
    assert!(
        last == acknowledged || last == acknowledged + 1,
        "{last} {acknowledged}"
    );
    store.begin_run(5).unwrap();
    drop(store);
    server.pg_ctl(&["stop", "-m", "immediate"]).unwrap();
}
