//! Shows T22 (`docs/threat-model.md`).
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Weak;

use proptest::prelude::*;

use super::*;

/// What a gateway was told, without the secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Opened(u64, u8),
    Keys(u64, u16, Vec<u8>),
    Ready(u64, u16),
    Waits(Why),
    Superseded,
}

/// A job: an orbit or, of its session keys, a box.
type ToDo = (Job, Option<Raw<Arc<()>>>, Parameters);

/// A table, and a hub that does what it asks for when it is let.
struct Scene {
    pairs: Pairs<Arc<()>>,
    jobs: Vec<ToDo>,
    told: BTreeMap<Wish, Vec<Told>>,
    orbits: u64,
    /// Of each orbit.
    entries: Vec<Weak<()>>,
    /// Each box that was ever taken out, to be made.
    made: BTreeSet<(u64, u32)>,
    /// Sides that got a box.
    given: BTreeMap<(u64, u16), Vec<Wish>>,
    most_keys: u64,
}

fn sizes(boxes: u32) -> Parameters {
    Parameters::new(4, boxes, 2).unwrap()
}

impl Scene {
    fn new(most_keys: u64) -> Self {
        Self {
            pairs: Pairs::new(8, most_keys),
            jobs: Vec::new(),
            told: BTreeMap::new(),
            orbits: 0,
            entries: Vec::new(),
            made: BTreeSet::new(),
            given: BTreeMap::new(),
            most_keys,
        }
    }

    /// Takes over what the table asks for.
    fn look(&mut self) {
        for action in self.pairs.actions() {
            match action {
                Action::MakeOrbit(job, parameters) => self.jobs.push((job, None, parameters)),
                Action::MakeBox(job, raw) => {
                    let orbit = u64::from(raw.session_keys.as_slice()[0]);
                    assert!(self.made.insert((orbit, raw.number)), "made twice");
                    let parameters = raw.parameters;
                    self.jobs.push((job, Some(raw), parameters));
                }
                Action::Tell(wish, tell) => self.tell(wish, tell),
            }
        }
        let mut busy: Vec<_> = self.jobs.iter().map(|(job, ..)| &job.pair).collect();
        busy.sort();
        busy.dedup();
        assert_eq!(busy.len(), self.jobs.len(), "one job of a pair at a time");
        assert!(self.pairs.keys() <= self.most_keys, "too many keys");
    }

    fn tell(&mut self, wish: Wish, tell: Tell) {
        let told = match tell {
            Tell::Opened { orbit, role, .. } => Told::Opened(orbit, role),
            Tell::Keys {
                orbit,
                number,
                keys,
                ..
            } => {
                let to = self.given.entry((orbit, number)).or_default();
                to.push(wish);
                assert!(to.len() <= 2 && to[0] != *to.get(1).unwrap_or(&0));
                Told::Keys(orbit, number, keys.as_slice().to_vec())
            }
            Tell::Ready { orbit, number } => Told::Ready(orbit, number),
            Tell::Waits(why) => Told::Waits(why),
            Tell::Superseded => Told::Superseded,
        };
        self.told.entry(wish).or_default().push(told);
    }

    fn open(&mut self, host: &str, peer: &str, boxes: u32) -> Wish {
        let wish = self.pairs.open(host, peer, sizes(boxes)).unwrap();
        self.look();
        wish
    }

    /// Does one job, the oldest.
    fn work(&mut self) -> bool {
        if self.jobs.is_empty() {
            return false;
        }
        match self.jobs.remove(0) {
            (job, None, parameters) => {
                self.orbits += 1;
                let (entry, id) = (Arc::new(()), self.orbits);
                self.entries.push(Arc::downgrade(&entry));
                // Of the session keys, the first byte is the orbit's number, the second the box's.
                let keys = |number| {
                    let mut keys = SecretBytes::new_zeroed(parameters.keys() as usize * KEY_BYTES);
                    keys.as_mut_slice()[..2].copy_from_slice(&[id as u8, number as u8]);
                    keys
                };
                let orbit = Orbit {
                    id,
                    parameters,
                    provenance: Provenance::SIMULATED,
                    boxes: (1..=parameters.boxes()).map(keys).collect(),
                    engine: "test",
                    entry,
                };
                self.pairs.orbit_made(job.number, Some(orbit));
            }
            (job, Some(raw), _) => {
                let made = Made {
                    keys: raw.session_keys,
                    provenance: raw.provenance,
                };
                self.pairs.box_made(job.number, Some(made));
            }
        }
        self.look();
        true
    }

    fn settle(&mut self) {
        while self.work() {}
    }

    fn held(&mut self, wish: Wish, orbit: u64, number: u16) {
        self.pairs.held(wish, orbit, number);
        self.look();
    }

    fn next(&mut self, wish: Wish, orbit: u64, number: u16) {
        self.pairs.next(wish, orbit, number);
        self.look();
    }

    fn left(&mut self, wish: Wish, closed: bool) {
        self.pairs.left(wish, closed);
        self.look();
    }

    /// What it was told since this was last asked.
    fn told(&mut self, wish: Wish) -> Vec<Told> {
        self.told.remove(&wish).unwrap_or_default()
    }

    /// Both hold the box that they were given.
    fn hold(&mut self, wishes: [Wish; 2], orbit: u64, number: u16) {
        for wish in wishes {
            self.held(wish, orbit, number);
        }
    }
}

fn keys(orbit: u64, number: u16) -> Told {
    let mut keys = vec![0; 64];
    keys[..2].copy_from_slice(&[orbit as u8, number as u8]);
    Told::Keys(orbit, number, keys)
}

/// Two gateways with box 3 of 3, not acknowledged.
fn two() -> (Scene, Wish, Wish) {
    let mut scene = Scene::new(1000);
    let a = scene.open("a", "b", 3);
    assert_eq!(scene.told(a), [Told::Waits(Why::Alone)]);
    let b = scene.open("b", "a", 3);
    scene.settle();
    assert_eq!(scene.told(a), [Told::Opened(1, 0), keys(1, 3)]);
    assert_eq!(scene.told(b), [Told::Opened(1, 1), keys(1, 3)]);
    (scene, a, b)
}

#[test]
fn a_box_is_ready_when_both_hold_it_and_the_next_comes_when_wanted() {
    let (mut scene, a, b) = two();
    scene.held(a, 1, 3);
    scene.held(a, 1, 3);
    scene.held(b, 1, 2);
    scene.held(b, 2, 3);
    assert!(scene.told(a).is_empty() && scene.told(b).is_empty());
    scene.held(b, 1, 3);
    scene.held(b, 1, 3);
    for wish in [a, b] {
        assert_eq!(scene.told(wish), [Told::Ready(1, 3)]);
    }
    // Too far ahead, of before, of another orbit.
    for (orbit, number) in [(1, 1), (1, 3), (1, 0), (2, 2)] {
        scene.next(a, orbit, number);
        assert!(scene.jobs.is_empty());
    }
    scene.next(a, 1, 2);
    scene.next(b, 1, 2);
    scene.settle();
    for wish in [a, b] {
        assert_eq!(scene.told(wish), [keys(1, 2)]);
    }
    // One on its way at a time.
    scene.held(a, 1, 2);
    scene.next(a, 1, 1);
    assert!(scene.jobs.is_empty());
    scene.held(b, 1, 2);
    assert_eq!(scene.jobs[0].0.asker, "a".into());
    scene.settle();
    assert_eq!(scene.told(b), [Told::Ready(1, 2), keys(1, 1)]);
    assert_eq!(scene.pairs.keys(), 0, "nothing of the orbit is left");
    // After box 1, a new orbit.
    scene.hold([a, b], 1, 1);
    scene.next(b, 1, 0);
    scene.settle();
    assert!(scene.told(a).ends_with(&[Told::Opened(2, 0), keys(2, 3)]));
    assert!(scene.entries[0].upgrade().is_none(), "its entry is over");
    assert!(scene.entries[1].upgrade().is_some());
}

/// Whichever side restarts, and whenever: both get a box that neither had.
#[test]
fn after_a_restart_at_any_step_both_get_a_new_box() {
    for restarts in ["a", "b"] {
        for step in 0..6 {
            for gone_first in [true, false] {
                let mut scene = Scene::new(1000);
                let mut wishes = [scene.open("a", "b", 5), scene.open("b", "a", 5)];
                // 0: before the orbit is made. 1: before the box is made. 2: both have it. 3, 4: one holds it, the
                // other. 5: both hold it.
                for _ in 0..step.min(2) {
                    assert!(scene.work());
                }
                if step == 3 || step == 5 {
                    scene.held(wishes[0], 1, 5);
                }
                if step == 4 || step == 5 {
                    scene.held(wishes[1], 1, 5);
                }
                let side = usize::from(restarts == "b");
                let old = wishes[side];
                if gone_first {
                    scene.left(old, false);
                }
                wishes[side] = scene.open(restarts, ["b", "a"][side], 5);
                if !gone_first {
                    assert_eq!(scene.told(old).last(), Some(&Told::Superseded));
                    // Its channel ends later, and takes nothing with it.
                    scene.left(old, false);
                }
                scene.settle();
                let case = format!("{restarts} at {step}, gone first {gone_first}");
                // The one that stayed may have to hold what it got before.
                if matches!(step, 2..=4) && scene.given.len() == 1 {
                    scene.held(wishes[1 - side], 1, 5);
                    scene.settle();
                }
                let (&(orbit, number), to) = scene
                    .given
                    .iter()
                    .min_by_key(|((orbit, number), _)| (u64::MAX - orbit, *number))
                    .unwrap();
                assert!(to.iter().all(|wish| wishes.contains(wish)), "{case}");
                let before = if step >= 2 { 4 } else { 5 };
                assert_eq!((orbit, number), (1, before), "{case}");
                // The old one's word is worth nothing.
                scene.held(old, orbit, number);
                scene.held(wishes[0], orbit, number);
                assert!(!scene.told(wishes[0]).contains(&Told::Ready(orbit, number)));
                scene.held(wishes[1], orbit, number);
                for wish in wishes {
                    assert!(
                        scene.told(wish).ends_with(&[Told::Ready(orbit, number)])
                            || wish == wishes[0],
                        "{case}"
                    );
                }
            }
        }
    }
}

#[test]
fn who_left_while_a_box_was_made_costs_that_box() {
    let (mut scene, a, b) = two();
    scene.hold([a, b], 1, 3);
    scene.next(a, 1, 2);
    scene.left(b, false);
    assert!(!scene.pairs.is_wanted(scene.jobs[0].0.number));
    scene.settle();
    assert_eq!(scene.told(a), [Told::Ready(1, 3), Told::Waits(Why::Alone)]);
    let b = scene.open("b", "a", 3);
    scene.settle();
    assert_eq!(scene.told(b), [Told::Opened(1, 1), keys(1, 1)]);
    assert_eq!(scene.told(a), [keys(1, 1)]);
}

#[test]
fn when_both_left_or_one_closed_nothing_of_the_orbit_is_left() {
    for closed in [false, true] {
        let (mut scene, a, b) = two();
        scene.left(a, closed);
        assert_eq!(scene.pairs.keys(), if closed { 0 } else { 4 });
        assert_eq!(scene.entries[0].upgrade().is_none(), closed);
        scene.left(b, false);
        assert_eq!(scene.pairs.keys(), 0);
        assert!(scene.pairs.shown().is_empty());
        let a = scene.open("a", "b", 3);
        scene.open("b", "a", 3);
        scene.settle();
        assert!(scene.told(a).ends_with(&[Told::Opened(2, 0), keys(2, 3)]));
    }
}

#[test]
fn what_a_job_waits_for_is_told_once_and_to_who_comes_later() {
    let mut scene = Scene::new(1000);
    let a = scene.open("a", "b", 3);
    let b = scene.open("b", "a", 3);
    let job = scene.jobs[0].0.number;
    for _ in 0..3 {
        scene.pairs.job_waits(job, Why::Unhealthy);
        scene.look();
    }
    assert_eq!(
        scene.told(a),
        [Told::Waits(Why::Alone), Told::Waits(Why::Unhealthy)]
    );
    assert_eq!(scene.told(b), [Told::Waits(Why::Unhealthy)]);
    scene.left(b, false);
    let b = scene.open("b", "a", 3);
    scene.pairs.job_waits(job, Why::Unhealthy);
    scene.look();
    assert_eq!(scene.told(b), [Told::Waits(Why::Unhealthy)]);
    assert_eq!(scene.pairs.shown()[0].why, Some(Why::Unhealthy));
    // Given up when nobody was there; the pair begins again.
    scene.jobs.clear();
    scene.pairs.orbit_made(job, None);
    scene.look();
    scene.settle();
    assert!(scene.told(b).ends_with(&[keys(1, 3)]));
    assert_eq!(scene.pairs.shown()[0].why, None);
}

#[test]
fn sizes_must_agree() {
    let (mut scene, a, _) = two();
    let b = scene.open("b", "a", 4);
    assert_eq!(scene.told(a), [Told::Waits(Why::Sizes)]);
    assert_eq!(scene.told(b), [Told::Waits(Why::Sizes)]);
    let a = scene.open("a", "b", 4);
    scene.settle();
    assert_eq!(scene.told(a), [Told::Opened(2, 0), keys(2, 4)]);
    assert!(
        scene.entries[0].upgrade().is_none(),
        "the other orbit is gone"
    );
}

#[test]
fn gateways_without_an_end_are_bounded() {
    let mut scene = Scene::new(1000);
    assert_eq!(scene.pairs.open("a", "a", sizes(1)), Err(NoWish::Itself));
    for number in 0..8 {
        scene.open("a", &format!("other-{number}"), 1);
    }
    let more = scene.pairs.open("a", "other-8", sizes(1));
    assert_eq!(more, Err(NoWish::TooMany));
    // Those that there are still find each other.
    scene.open("other-3", "a", 1);
    scene.settle();
    assert_eq!(scene.given.len(), 1);
}

#[test]
fn memory_goes_round() {
    // Room for one orbit of three boxes with two keys.
    let mut scene = Scene::new(6);
    let (a, b) = (scene.open("a", "b", 3), scene.open("b", "a", 3));
    let (c, d) = (scene.open("c", "d", 3), scene.open("d", "c", 3));
    scene.settle();
    assert_eq!(scene.told(d), [Told::Waits(Why::NoRoom)]);
    // However much the first pair asks for, when its orbit is used up it is the other one's turn.
    for number in [3, 2, 1] {
        scene.hold([a, b], 1, number);
        scene.next(a, 1, number - 1);
        scene.settle();
    }
    assert!(scene.told(c).ends_with(&[Told::Opened(2, 0), keys(2, 3)]));
    assert!(scene.told(a).ends_with(&[Told::Waits(Why::NoRoom)]));
    scene.left(c, true);
    scene.settle();
    assert!(scene.told(a).ends_with(&[Told::Opened(3, 0), keys(3, 3)]));
}

#[test]
fn what_a_copy_has_is_forgotten() {
    let (mut scene, a, b) = two();
    scene.hold([a, b], 1, 3);
    scene.next(a, 1, 2);
    scene.pairs.forget();
    scene.look();
    assert_eq!(scene.pairs.keys(), 0);
    scene.settle();
    assert_eq!(scene.told(a), [Told::Ready(1, 3)]);
    scene.left(a, false);
    let (a, _) = (scene.open("a", "b", 3), scene.open("b", "a", 3));
    scene.settle();
    assert!(scene.told(a).ends_with(&[Told::Opened(2, 0), keys(2, 3)]));
}

proptest! {
    /// Three gateways that do anything at any time. [`Scene`] looks at what must hold: no box made twice, none given to a
    /// third request, memory within its bound; here: that each gateway's boxes fall, and `Ready` is what both hold.
    #[test]
    fn whatever_they_do_no_box_is_given_twice(steps in proptest::collection::vec((0_u8..9, 0_usize..3, 0_usize..2, 0_u16..4), 0..120)) {
        let names = ["a", "b", "c"];
        let mut scene = Scene::new(20);
        let mut open: BTreeMap<(usize, usize), Wish> = BTreeMap::new();
        let mut owners: BTreeMap<Wish, (usize, usize)> = BTreeMap::new();
        let mut said: BTreeSet<(Wish, u64, u16)> = BTreeSet::new();
        let mut last: BTreeMap<(usize, usize), (u64, u16)> = BTreeMap::new();
        for (what, host, other, number) in steps {
            let peer = (host + 1 + other) % 3;
            let wish = open.get(&(host, peer)).copied();
            match (what, wish) {
                (0, _) => {
                    let wish = scene.open(names[host], names[peer], 2 + u32::from(number == 0));
                    open.insert((host, peer), wish);
                    owners.insert(wish, (host, peer));
                }
                (1, Some(wish)) => {
                    scene.left(wish, number == 0);
                    open.remove(&(host, peer));
                }
                (2..=4, Some(wish)) => {
                    if let Some((orbit, number)) = last.get(&(host, peer)).copied() {
                        said.insert((wish, orbit, number));
                        scene.held(wish, orbit, number);
                    }
                }
                (5, Some(wish)) => {
                    if let Some((orbit, number)) = last.get(&(host, peer)).copied() {
                        scene.next(wish, orbit, number - 1);
                    }
                }
                (6, Some(wish)) => scene.next(wish, 1, number),
                _ => drop(scene.work()),
            }
            for (wish, told) in std::mem::take(&mut scene.told) {
                let owner = owners[&wish];
                for told in told {
                    match told {
                        Told::Keys(orbit, number, keys) => {
                            prop_assert_eq!(&keys[..2], &[orbit as u8, number as u8]);
                            let before = last.insert(owner, (orbit, number));
                            prop_assert!(before.is_none_or(|(of, above)| orbit > of || (orbit == of && number < above)));
                        }
                        Told::Ready(orbit, number) => {
                            let both = &scene.given[&(orbit, number)];
                            prop_assert_eq!(both.len(), 2);
                            prop_assert!(both.iter().all(|wish| said.contains(&(*wish, orbit, number))));
                        }
                        _ => {}
                    }
                }
            }
        }
        // A box goes to both or to nobody.
        prop_assert!(scene.given.values().all(|to| to.len() == 2));
    }
}
