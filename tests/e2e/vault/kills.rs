//! A hub is killed again and again under its appliances: what was acknowledged is there, once.
//!
//! `PHOTONBOX_VAULT_ITEMS` items in all (1,000, of which each is created and opened under the kills) and `PHOTONBOX_VAULT_KILLS`
//! kills (10).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use photonbox_client::NewSet;
use photonbox_store::{AuditHead, RootKey};
use photonbox_vault::api::Protocol;
use photonbox_vault::group::Scheme;

use super::appliance::{appliance, bytes, passes, wait};
use crate::database;
use crate::process::{Background, PATIENCE, arg};
use crate::scene::{Hub, Scene, address_in};

/// One appliance each, with a set of its own.
const SETS: [(Scheme, Protocol, bool); 8] = [
    (Scheme::Ristretto255, Protocol::Blinded, false),
    (Scheme::Ristretto255, Protocol::Optimised, false),
    (Scheme::Ristretto255, Protocol::Homomorphic, false),
    (Scheme::Ristretto255, Protocol::Optimised, true),
    (Scheme::Ristretto255, Protocol::Blinded, true),
    (Scheme::P384, Protocol::Blinded, false),
    (Scheme::P384, Protocol::Optimised, false),
    (Scheme::P384, Protocol::Homomorphic, true),
];
/// After so many items an appliance connects anew, to the hub that is killed first.
const EACH_CONNECTION: usize = 5;

pub(super) fn setting(name: &str, usual: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => usual,
    }
}

/// A hub with its vault, that can be started again at the same address.
pub(super) struct Running {
    hub: Option<Hub>,
    pub(super) state: PathBuf,
    url: Option<String>,
    pub(super) root_key: PathBuf,
    pub(super) api: String,
}

impl Running {
    pub(super) fn new(state: PathBuf, url: Option<&str>, root_key: PathBuf) -> Self {
        std::fs::create_dir_all(&state).expect("a state directory");
        let mut running = Self {
            hub: None,
            state,
            url: url.map(str::to_owned),
            root_key,
            api: "127.0.0.1:0".into(),
        };
        running.start();
        running
    }

    pub(super) fn start(&mut self) {
        let mut line = vec![
            "serve",
            "--state",
            arg(&self.state),
            "--root-key",
            arg(&self.root_key),
            "--listen",
            "127.0.0.1:0",
            "--api",
            &self.api,
            "--allow-simulated",
            "--fast",
            "--allow-unlocked-memory",
        ];
        if let Some(url) = &self.url {
            line.extend(["--store", url]);
        }
        let mut process = Background::start(&line);
        let mark = "HTTP interface on https://";
        let api = address_in(&process.line_with(mark), mark);
        let mark = "listening on ";
        let address = address_in(&process.line_with(mark), mark);
        self.api = api;
        self.hub = Some(Hub {
            process,
            state: self.state.clone(),
            address,
        });
    }

    pub(super) fn hub(&self) -> &Hub {
        self.hub.as_ref().expect("it runs")
    }

    pub(super) fn kill(&mut self) {
        self.hub.take().expect("it runs").process.kill();
    }

    pub(super) fn stop(mut self) {
        let hub = self.hub.take().expect("it runs");
        assert!(hub.process.terminate().success());
    }
}

/// What an appliance was told that it has.
type Acknowledged = BTreeMap<String, [u8; 32]>;

/// Asks until somebody answers.
pub(super) async fn until_answered<T>(
    mut ask: impl AsyncFnMut() -> Result<T, photonbox_client::Error>,
) -> T {
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(
                passes(&error) && began.elapsed() < PATIENCE,
                "{error} ({})",
                error.help()
            ),
        }
    }
}

/// Creates its items and opens each.
async fn work(
    state: &Path,
    hubs: &[&str],
    number: usize,
    items: usize,
    done: &AtomicUsize,
) -> Acknowledged {
    let mut known = Acknowledged::new();
    let set = format!("set{number}");
    for item in 0..items {
        // In another process of the appliance, as it were.
        let own = appliance(state, hubs);
        for item in (item * EACH_CONNECTION..).take(EACH_CONNECTION) {
            if known.len() == items {
                return known;
            }
            let name = format!("disk {item}");
            let made = until_answered(async || own.create_item(&set, &name).await).await;
            let opened = until_answered(async || own.open(&set, &name).await).await;
            assert_eq!(bytes(&made), bytes(&opened), "{set}/{name}");
            known.insert(name, bytes(&made));
            done.fetch_add(1, Ordering::SeqCst);
        }
    }
    known
}

/// The items by the store, and the audit log to its end; what it says that was created.
pub(super) fn audited(url: Option<&str>, state: &Path, root_key: &Path) -> BTreeSet<String> {
    let store = photonbox_store::open(url, state).expect("a store");
    store.set_root_key(Some(RootKey::read(root_key).expect("a root key")));
    let mut created = BTreeSet::new();
    let mut noted = AuditHead::default();
    let mut head = AuditHead::default();
    store
        .read_vault(&mut |rows| {
            (created, head) = (BTreeSet::new(), AuditHead::default());
            noted = rows.audit_head()?;
            loop {
                let entries = rows.audit_entries(head.number, 500)?;
                if entries.is_empty() {
                    return Ok(true);
                }
                for entry in entries {
                    head.check(&entry).expect("the chain holds");
                    if entry.event.action == "item.create" {
                        let subject = entry.event.subject;
                        assert!(created.insert(subject.clone()), "{subject} was made twice");
                    }
                }
            }
        })
        .expect("rows");
    assert_eq!(head, noted, "the log ends where it was written last");
    created
}

/// The first hub is killed; where there is another one, the appliances go there.
fn killed(mut hubs: Vec<Running>, url: Option<&str>, states: &[PathBuf]) {
    let (items, kills) = (
        setting("PHOTONBOX_VAULT_ITEMS", 1000),
        setting("PHOTONBOX_VAULT_KILLS", 10),
    );
    let each = items.div_ceil(SETS.len());
    let apis: Vec<String> = hubs.iter().map(|hub| hub.api.clone()).collect();
    let apis: Vec<&str> = apis.iter().map(String::as_str).collect();
    let done = AtomicUsize::new(0);
    let began = Instant::now();
    let mut under_way = 0;
    let known: Vec<Acknowledged> = std::thread::scope(|scope| {
        let threads: Vec<_> = states
            .iter()
            .zip(SETS)
            .enumerate()
            .map(|(number, (state, (scheme, protocol, keep)))| {
                let (apis, done) = (&apis, &done);
                scope.spawn(move || {
                    wait(async {
                        let own = appliance(state, apis);
                        let wanted = NewSet {
                            scheme,
                            protocol: Some(protocol),
                            appliances_keep_shares: keep,
                            ..NewSet::named(&format!("set{number}"))
                        };
                        until_answered(async || own.create_set(&wanted).await).await;
                        work(state, apis, number, each, done).await
                    })
                })
            })
            .collect();
        for kill in 1..=kills {
            let enough = kill * each * SETS.len() / (kills + 1);
            while done.load(Ordering::SeqCst) < enough && threads.iter().all(|at| !at.is_finished())
            {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            hubs[0].kill();
            under_way += usize::from(threads.iter().any(|at| !at.is_finished()));
            hubs[0].start();
        }
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|known| known.expect("an appliance")).collect()
    });
    println!(
        "{items} items, {kills} kills: {:.1} s",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(under_way, kills, "each kill came while there was work");

    // All that was acknowledged opens to the same key, by each hub, and nothing is there twice.
    let mut all = BTreeSet::new();
    for (number, (state, known)) in states.iter().zip(&known).enumerate() {
        assert_eq!(known.len(), each);
        let set = format!("set{number}");
        for api in &apis {
            wait(async {
                let own = appliance(state, &[api]);
                for (item, key) in known {
                    let opened = own.open(&set, item).await;
                    let opened = opened.unwrap_or_else(|error| panic!("{set}/{item}: {error}"));
                    assert_eq!(bytes(&opened), *key, "{set}/{item}");
                }
                let listed = own.items(&set).await.expect("a list");
                let names: Vec<&String> = listed.iter().map(|item| &item.item).collect();
                let mut wanted: Vec<&String> = known.keys().collect();
                wanted.sort();
                assert_eq!(names, wanted, "{set}");
            });
        }
        all.extend(known.keys().map(|item| format!("{set}/{item}@1")));
    }
    let (state, root_key) = (hubs[0].state.clone(), hubs[0].root_key.clone());
    for hub in hubs {
        hub.stop();
    }
    assert_eq!(audited(url, &state, &root_key), all);
}

fn hosts(enrol: impl Fn(&str) -> PathBuf) -> Vec<PathBuf> {
    let names = (0..SETS.len()).map(|number| format!("host{number}"));
    names.map(|name| enrol(&name)).collect()
}

/// What is tried with hubs, the database's address and the hosts' state directories.
pub(super) type Trial = fn(Vec<Running>, Option<&str>, &[PathBuf]);

/// On two hubs on one PostgreSQL, if there is one.
pub(super) fn on_two_hubs(trial: Trial) {
    let Some((_, _, url)) = database::database() else {
        return;
    };
    let scene = Scene::new();
    database::init(&scene, "north", &url);
    let root_key = scene.path("north").join("root.key");
    let [south, north] =
        ["south", "north"].map(|name| Running::new(scene.path(name), Some(&url), root_key.clone()));
    let states = hosts(|name| database::enrol(&scene, north.hub(), &url, name));
    trial(vec![south, north], Some(&url), &states);
}

/// On one hub on SQLite: while it is away its appliances wait.
pub(super) fn on_sqlite(trial: Trial) {
    let scene = Scene::new();
    scene.init("hub");
    let state = scene.path("hub");
    let root_key = state.join("root.key");
    let hub = Running::new(state, None, root_key);
    let states = hosts(|name| scene.enrol(hub.hub(), name));
    trial(vec![hub], None, &states);
}

#[test]
fn two_hubs_on_one_database_lose_nothing() {
    on_two_hubs(killed);
}

#[test]
fn a_hub_on_sqlite_loses_nothing() {
    on_sqlite(killed);
}
