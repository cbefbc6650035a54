//! Eight appliances in the same sets, which make and open items, give the sets other master keys, and follow each other's, while a hub
//! is killed again and again.
//!
//! `PHOTONBOX_VAULT_TOGETHER` items in all (240) and `PHOTONBOX_VAULT_TOGETHER_KILLS` kills (5).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use photonbox_client::{Appliance, NewSet};
use photonbox_vault::api::Protocol;
use photonbox_vault::group::Scheme;

use super::appliance::{appliance, bytes, wait};
use super::kills::{Running, audited, on_sqlite, on_two_hubs, setting, until_answered};

/// The sets that all of them are in.
const SETS: [(&str, Protocol); 3] = [
    ("blinded", Protocol::Blinded),
    ("homomorphic", Protocol::Homomorphic),
    ("optimised", Protocol::Optimised),
];
/// An appliance rotates a set after so many items.
const EACH_ROTATION: usize = 5;
const HOUR: Duration = Duration::from_secs(3600);

/// Set and item, and the key that its maker was told.
type Known = Mutex<BTreeMap<(usize, String), [u8; 32]>>;

/// The first host makes the sets and lets the others in.
async fn gather(states: &[PathBuf], apis: &[&str]) {
    let first = appliance(&states[0], apis);
    for (set, protocol) in SETS {
        let wanted = NewSet {
            scheme: Scheme::Ristretto255,
            protocol: Some(protocol),
            ..NewSet::named(set)
        };
        first.create_set(&wanted).await.expect("a set");
        for (number, state) in states.iter().enumerate().skip(1) {
            let other = appliance(state, apis);
            let request = other.request(set).expect("a request");
            let newcomer = format!("host{number}");
            let vouched = first.vouch(&request, &newcomer, HOUR).await;
            let letter = vouched.expect("a letter").letter;
            other.accept(&letter).await.expect("in the set");
        }
    }
}

/// Creates items, opens what the others made, rotates now and then.
async fn work(own: &Appliance, number: usize, items: usize, known: &Known, done: &AtomicUsize) {
    for at in 0..items {
        let which = (number + at) % SETS.len();
        let set = SETS[which].0;
        let name = format!("disk {number}.{at}");
        let made = until_answered(async || own.create_item(set, &name).await).await;
        let told = (which, name);
        let others = {
            let mut known = known.lock().expect("known");
            known.insert(told, bytes(&made));
            known.clone()
        };
        // One that any of them made, in any set.
        let pick = (number * 31 + at * 17) % others.len();
        if let Some(((which, item), key)) = others.iter().nth(pick) {
            let set = SETS[*which].0;
            let opened = until_answered(async || own.open(set, item).await).await;
            assert_eq!(bytes(&opened), *key, "{set}/{item}");
        }
        if (at + number).is_multiple_of(EACH_ROTATION) {
            until_answered(async || own.rotate(set).await).await;
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
}

fn together(mut hubs: Vec<Running>, url: Option<&str>, states: &[PathBuf]) {
    let (items, kills) = (
        setting("PHOTONBOX_VAULT_TOGETHER", 240),
        setting("PHOTONBOX_VAULT_TOGETHER_KILLS", 5),
    );
    let each = items.div_ceil(states.len());
    let apis: Vec<String> = hubs.iter().map(|hub| hub.api.clone()).collect();
    let apis: Vec<&str> = apis.iter().map(String::as_str).collect();
    wait(gather(states, &apis));
    let (known, done) = (Known::default(), AtomicUsize::new(0));
    let began = Instant::now();
    let mut under_way = 0;
    std::thread::scope(|scope| {
        let threads: Vec<_> = states
            .iter()
            .enumerate()
            .map(|(number, state)| {
                let (apis, known, done) = (&apis, &known, &done);
                scope.spawn(move || {
                    wait(work(&appliance(state, apis), number, each, known, done));
                })
            })
            .collect();
        for kill in 1..=kills {
            let enough = kill * each * states.len() / (kills + 1);
            while done.load(Ordering::SeqCst) < enough && threads.iter().all(|at| !at.is_finished())
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            hubs[0].kill();
            under_way += usize::from(threads.iter().any(|at| !at.is_finished()));
            hubs[0].start();
        }
        for thread in threads {
            thread.join().expect("an appliance");
        }
    });
    println!(
        "{items} items, {kills} kills: {:.1} s",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(under_way, kills, "each kill came while there was work");
    let known = known.into_inner().expect("known");
    assert_eq!(known.len(), each * states.len());
    let mut all = BTreeSet::new();
    for state in states {
        wait(async {
            let own = appliance(state, &apis);
            for ((which, item), key) in &known {
                let set = SETS[*which].0;
                let opened = own.open(set, item).await;
                let opened = opened.unwrap_or_else(|error| panic!("{set}/{item}: {error}"));
                assert_eq!(bytes(&opened), *key, "{set}/{item}");
                all.insert(format!("{set}/{item}@{}", opened.name.generation));
            }
            for (set, _) in SETS {
                let set = own.set(set).await.expect("a set");
                assert!(set.generation > 2, "{} was rotated", set.set);
            }
        });
    }
    let (state, root_key) = (hubs[0].state.clone(), hubs[0].root_key.clone());
    for hub in hubs {
        hub.stop();
    }
    assert_eq!(audited(url, &state, &root_key), all);
}

#[test]
fn appliances_of_one_set_lose_nothing_on_two_hubs() {
    on_two_hubs(together);
}

#[test]
fn appliances_of_one_set_lose_nothing_on_sqlite() {
    on_sqlite(together);
}
