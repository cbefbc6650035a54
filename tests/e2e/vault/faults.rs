//! A full disk, a database that goes away, answers that are lost, an appliance that was stolen.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use photonbox_client::{Appliance, Error, NewSet};
use photonbox_vault::api::Protocol;
use photonbox_vault::group::Scheme;

use super::appliance::{appliance, bytes, kept_in, wait};
use super::{SERVES, Vaulted, api_of};
use crate::database::{self, server::Server};
use crate::process::{self, arg, until};
use crate::scene::Scene;

/// A quick group.
fn wanted(set: &str, protocol: Protocol) -> NewSet {
    NewSet {
        scheme: Scheme::Ristretto255,
        protocol: Some(protocol),
        ..NewSet::named(set)
    }
}

/// What an appliance was told that it has.
type Acknowledged = BTreeMap<String, [u8; 32]>;

async fn create(own: &Appliance, set: &str, item: &str, known: &mut Acknowledged) {
    let made = own.create_item(set, item).await;
    let made = made.unwrap_or_else(|error| panic!("{set}/{item}: {error}"));
    known.insert(item.to_owned(), bytes(&made));
}

async fn all_open(own: &Appliance, set: &str, known: &Acknowledged) {
    for (item, key) in known {
        let opened = own.open(set, item).await;
        let opened = opened.unwrap_or_else(|error| panic!("{set}/{item}: {error}"));
        assert_eq!(bytes(&opened), *key, "{set}/{item}");
    }
    let listed = own.items(set).await.expect("a list");
    let names: Vec<&String> = listed.iter().map(|item| &item.item).collect();
    let mut there: Vec<&String> = known.keys().collect();
    there.sort();
    assert_eq!(names, there);
}

/// What failed and what to do, of a hub whose database does not do it.
fn assert_says_database(error: &Error) {
    let word = error.word();
    assert!(
        matches!(word, Some("database" | "unacknowledged")),
        "{error}"
    );
    assert!(error.to_string().contains("database"), "{error}");
    let help = error.help();
    assert!(
        help.contains("has room") || help.contains("same idempotency key"),
        "{help}"
    );
}

/// A file system of its own in memory.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=700"),
                "tmpfs",
            ])
            .arg(at)
            .output();
        match mounted {
            Ok(out) if out.status.success() => Some(Self(at.to_owned())),
            _ => {
                println!("skipped: no file system can be mounted here (needs root)");
                None
            }
        }
    }

    /// To its last byte.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).expect("a file");
        for block in [65_536, 1] {
            while file.write_all(&vec![0; block]).is_ok() {}
        }
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Nothing more is made, the item that waits is made when there is room, and what was acknowledged opens all the while.
#[test]
fn a_hub_on_a_full_disk_says_so_and_loses_nothing() {
    let scene = Scene::new();
    let Some(disk) = Disk::mount(&scene.path("hub"), "16m") else {
        return;
    };
    let mut hub = scene.hub("hub", &SERVES);
    let api = api_of(&mut hub);
    let state = scene.enrol(&hub, "host");
    let mut known = Acknowledged::new();
    wait(async {
        let own = appliance(&state, &[&api]);
        own.create_set(&wanted("set", Protocol::Blinded))
            .await
            .expect("a set");
        create(&own, "set", "before", &mut known).await;
        disk.fill();
        // There may be room left in pages that are there already.
        let mut failed = None;
        for number in 0..10_000 {
            match own.create_item("set", &format!("full {number}")).await {
                Ok(made) => drop(known.insert(format!("full {number}"), bytes(&made))),
                Err(error) => {
                    failed = Some((number, error));
                    break;
                }
            }
        }
        let (number, failed) = failed.expect("the disk is full");
        assert_says_database(&failed);
        let said = process::refusal(&super::line(&state, &api, &["create", "set/more"]), 1);
        assert!(
            said.contains("database") && said.contains("has room"),
            "{said}"
        );
        all_open(&own, "set", &known).await;
        std::fs::remove_file(disk.filler()).expect("room");
        create(&own, "set", &format!("full {number}"), &mut known).await;
        create(&own, "set", "more", &mut known).await;
        all_open(&own, "set", &known).await;
    });
    hub.process.kill();
    let mut hub = scene.serve("hub", "127.0.0.1:0", &SERVES);
    let api = api_of(&mut hub);
    wait(all_open(&appliance(&state, &[&api]), "set", &known));
    assert!(hub.process.terminate().success());
}

/// A hub on a PostgreSQL server of its own.
fn on_postgres(scene: &Scene, url: &str) -> (crate::scene::Hub, String, PathBuf) {
    database::init(scene, "hub", url);
    let flags = [&SERVES[..], &["--store", url]].concat();
    let mut hub = scene.serve("hub", "127.0.0.1:0", &flags);
    let api = api_of(&mut hub);
    let state = database::enrol(scene, &hub, url, "host");
    (hub, api, state)
}

/// Its connections end again and again, wherever a transaction just is: all is done, once.
#[test]
fn lost_database_connections_are_not_noticed() {
    let Some((server, name, url)) = database::database() else {
        return;
    };
    let scene = Scene::new();
    let (hub, api, state) = on_postgres(&scene, &url);
    let ended = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    let known = std::thread::scope(|scope| {
        scope.spawn(|| {
            let sql = format!(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
            );
            while !over.load(Ordering::SeqCst) {
                let count = server.psql("postgres", &sql).expect("ended");
                let count: usize = count.trim().parse().expect("a number");
                ended.fetch_add(count, Ordering::SeqCst);
            }
        });
        let known = std::panic::catch_unwind(|| {
            wait(async {
                let own = appliance(&state, &[&api]);
                let mut known = Acknowledged::new();
                let set = loop {
                    match own.create_set(&wanted("set", Protocol::Optimised)).await {
                        Ok(set) => break set,
                        Err(error) => assert_says_database(&error),
                    }
                };
                assert_eq!(set.set, "set");
                let (enough, mut number) = (ended.load(Ordering::SeqCst) + 100, 0);
                while ended.load(Ordering::SeqCst) < enough || number < 50 {
                    let item = format!("disk {number}");
                    match own.create_item("set", &item).await {
                        Ok(made) => {
                            known.insert(item, bytes(&made));
                            number += 1;
                        }
                        // Asked six times, and lost each time: then it is asked the same later.
                        Err(error) => assert_says_database(&error),
                    }
                }
                known
            })
        });
        over.store(true, Ordering::SeqCst);
        known.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    wait(all_open(&appliance(&state, &[&api]), "set", &known));
    assert!(hub.process.terminate().success());
}

/// The database is away, as after a crash of its machine: that is said, and all goes on when it is back.
#[test]
fn a_database_that_crashes_and_comes_back_has_all() {
    let server = match Server::start(&database::server::Settings::default()) {
        Ok(server) => server,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let url = server.url(&server.database());
    let scene = Scene::new();
    let (hub, api, state) = on_postgres(&scene, &url);
    let mut known = Acknowledged::new();
    wait(async {
        let own = appliance(&state, &[&api]);
        own.create_set(&wanted("set", Protocol::Blinded))
            .await
            .expect("a set");
        for number in 0..20 {
            create(&own, "set", &format!("before {number}"), &mut known).await;
        }
        server
            .pg_ctl(&["stop", "-m", "immediate"])
            .expect("stopped");
        for failed in [
            own.create_item("set", "away").await.map(drop),
            own.open("set", "before 0").await.map(drop),
        ] {
            assert_says_database(&failed.expect_err("there is no database"));
        }
        let log = server.folder().join("log2").display().to_string();
        server
            .pg_ctl(&["start", "-w", "-l", &log])
            .expect("started");
        server.ready().expect("ready");
        create(&own, "set", "away", &mut known).await;
        all_open(&own, "set", &known).await;
    });
    assert!(hub.process.terminate().success());
    server.pg_ctl(&["stop", "-m", "fast"]).expect("stopped");
}

/// Passes bytes on; a connection that is made while `cut` says so ends after so many bytes of the hub's.
fn cutting(hub: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("a port").to_string();
    let cut = Arc::new(AtomicUsize::new(usize::MAX));
    let (hub, cutter) = (hub.to_owned(), Arc::clone(&cut));
    std::thread::spawn(move || {
        for ours in listener.incoming() {
            let mut ours = ours.expect("a connection");
            let mut theirs = TcpStream::connect(&hub).expect("the hub");
            let (mut back, mut to) = (
                theirs.try_clone().expect("a copy"),
                ours.try_clone().expect("a copy"),
            );
            // The next connection is whole again.
            let mut left = cutter.swap(usize::MAX, Ordering::SeqCst);
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = back.read(&mut buffer) {
                    let passed = read.min(left);
                    left -= passed;
                    if to.write_all(&buffer[..passed]).is_err() || left == 0 {
                        break;
                    }
                }
                let _ = (to.shutdown(Shutdown::Both), back.shutdown(Shutdown::Both));
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut ours, &mut theirs);
                let _ = theirs.shutdown(Shutdown::Write);
            });
        }
    });
    (address, cut)
}

/// Wherever the way to the hub is cut: an item is made once, and opens.
#[test]
fn answers_that_are_cut_anywhere_lose_nothing() {
    let vaulted = Vaulted::new();
    let (address, cut) = cutting(&vaulted.api);
    for (protocol, keep) in [(Protocol::Blinded, true), (Protocol::Optimised, false)] {
        let set = protocol.name();
        let mut known = Acknowledged::new();
        wait(async {
            let own = appliance(&vaulted.host, &[&address]);
            let wanted = NewSet {
                appliances_keep_shares: keep,
                ..wanted(set, protocol)
            };
            own.create_set(&wanted).await.expect("a set");
        });
        // A handshake and an answer are some 3,000 bytes.
        for bytes in (1..4000).step_by(190) {
            cut.store(bytes, Ordering::SeqCst);
            wait(async {
                let own = appliance(&vaulted.host, &[&address]);
                create(&own, set, &format!("cut at {bytes}"), &mut known).await;
            });
        }
        cut.store(usize::MAX, Ordering::SeqCst);
        wait(all_open(
            &appliance(&vaulted.host, &[&address]),
            set,
            &known,
        ));
    }
}

/// A process that ends between the answer and its files: the next one takes the item that was made, whoever keeps the shares.
#[test]
fn an_answer_that_was_not_written_down_is_asked_for() {
    let vaulted = Vaulted::new();
    for (set, protocol, keep) in [
        ("a", Protocol::Blinded, false),
        ("b", Protocol::Blinded, true),
        ("c", Protocol::Optimised, true),
        ("d", Protocol::Homomorphic, false),
        ("e", Protocol::Homomorphic, true),
    ] {
        wait(async {
            let own = appliance(&vaulted.host, &[&vaulted.api]);
            let wanted = NewSet {
                appliances_keep_shares: keep,
                ..wanted(set, protocol)
            };
            own.create_set(&wanted).await.expect("a set");
            let made = own.create_item(set, "first").await.expect("an item");
            let folder = vaulted.host.join("vault").join(set);
            let item = std::fs::read_dir(&folder).expect("a folder").next();
            let first = item.expect("a file").expect("a file").path();
            // The file of the next item's ticket can't be written: a folder of its name has something in it.
            let name = file_name("second");
            let blocked = first.with_file_name(format!("{name}.item"));
            std::fs::create_dir_all(blocked.join("x")).expect("a folder");
            let failed = own.create_item(set, "second").await;
            let failed = failed.expect_err("its ticket cannot be kept");
            assert!(matches!(failed, Error::Keep { .. }), "{failed}");
            std::fs::remove_dir_all(&blocked).expect("removed");
            let next = appliance(&vaulted.host, &[&vaulted.api]);
            let second = next.create_item(set, "second").await;
            let second = second.unwrap_or_else(|error| panic!("{set}: {error}"));
            let known = [("first", bytes(&made)), ("second", bytes(&second))];
            let known = known.map(|(item, key)| (item.to_owned(), key)).into();
            all_open(&next, set, &known).await;
        });
    }
}

/// Items' files are named by the SHA-256 of their name.
fn file_name(item: &str) -> String {
    crate::scene::sha256(item.as_bytes())
}

/// A whole state directory in other hands opens what was its own, until it is revoked; another's never.
#[test]
fn a_stolen_appliance_opens_its_own_items_until_it_is_revoked() {
    let vaulted = Vaulted::new();
    let other = vaulted.scene.enrol(&vaulted.hub, "other");
    let mut known = [Acknowledged::new(), Acknowledged::new()];
    let copy = |from: &Path, to: &str| {
        let to = vaulted.scene.path(to);
        let copied = Command::new("cp").arg("-r").arg(from).arg(&to).status();
        assert!(copied.expect("cp runs").success());
        to
    };
    wait(async {
        for ((state, set), known) in [(&vaulted.host, "hosts"), (&other, "others")]
            .into_iter()
            .zip(&mut known)
        {
            let own = appliance(state, &[&vaulted.api]);
            own.create_set(&wanted(set, Protocol::Blinded))
                .await
                .expect("a set");
            create(&own, set, "disk", known).await;
        }
        let stolen = copy(&vaulted.host, "stolen");
        let thief = appliance(&stolen, &[&vaulted.api]);
        all_open(&thief, "hosts", &known[0]).await;
        // Neither by its certificate with the other's tickets, nor by what it has itself.
        let failed = thief.open("others", "disk").await.expect_err("not its own");
        assert!(matches!(failed, Error::NoSet(_)), "{failed}");
        let both = copy(&other.join("vault"), "both");
        let with_both = kept_in(&stolen, &both, &[&vaulted.api]);
        for failed in [
            with_both.open("others", "disk").await.map(drop),
            with_both.items("others").await.map(drop),
            with_both.delete("others", "disk").await.map(drop),
        ] {
            let failed = failed.expect_err("not its own");
            assert_eq!(failed.word(), Some("unknown-set"), "{failed}");
        }
        // Revoked: refused from the next request on, on connections that stand as well.
        let own = appliance(&vaulted.host, &[&vaulted.api]);
        all_open(&own, "hosts", &known[0]).await;
        let revoked = [
            "enroll",
            "revoke",
            "host",
            "--state",
            arg(&vaulted.hub.state),
            "--json",
        ];
        process::json(&revoked);
        for appliance in [&own, &thief] {
            for failed in [
                appliance.open("hosts", "disk").await.map(drop),
                appliance.create_item("hosts", "more").await.map(drop),
                appliance.items("hosts").await.map(drop),
            ] {
                let failed = failed.expect_err("revoked");
                assert_eq!(failed.word(), Some("not-enrolled"), "{failed}");
                assert!(failed.help().contains("photonbox enroll"));
            }
        }
        let own = appliance(&other, &[&vaulted.api]);
        all_open(&own, "others", &known[1]).await;
    });
    until(
        "the hub goes on",
        || vaulted.hub.status(),
        |status| status["health"].is_string(),
    );
}
