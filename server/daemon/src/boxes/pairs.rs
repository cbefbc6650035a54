//! Which gateways share key boxes, and which box both have: the hub's part of spec 2-keybox §2.3, mode `boxes`, as a state
//! machine without I/O. What it wants done it gives back as [`Action`]s; the numbers of steps are those of
//! `docs/protocol.md`, "Key boxes".
//!
//! What holds at any time, whatever gateways do (`pairs_tests.rs`): a box is given once, to the two requests that are open
//! when it is made, and its session keys leave this table when it is made, given or not; a box is ready only when
//! both have said that they hold it; one box of a pair is on its way at a time, and one job of a pair at work.
//!
//! Countermeasure T22 (`docs/threat-model.md`).

use std::collections::BTreeMap;
use std::sync::Arc;

use photonbox_entropy::provenance::Provenance;
use photonbox_keybox::{KEY_BYTES, Parameters};
use photonbox_secret::SecretBytes;

use super::parts::{Action, Job, Made, NoWish, Orbit, Pair, Raw, Shown, Tell, Why, Wish};

struct Side {
    wish: Wish,
    parameters: Parameters,
    /// The orbit that it was told of.
    opened: Option<u64>,
    /// Told last, with no box since.
    waits: Option<Why>,
}

/// The box that was given last.
struct Given {
    orbit: u64,
    number: u16,
    to: [Wish; 2],
    held: [bool; 2],
}

impl Given {
    fn is_ready(&self) -> bool {
        self.held == [true, true]
    }
}

/// What is at work for a pair.
struct Work {
    job: u64,
    /// Session keys that an orbit under way will take.
    keys: u64,
    /// The number of the box under way, and its orbit.
    of: Option<(u64, u16)>,
}

struct Entry<T> {
    sides: [Option<Side>; 2],
    orbit: Option<Orbit<T>>,
    work: Option<Work>,
    given: Option<Given>,
    /// The box below is wanted ahead of need, by this side.
    next: Option<usize>,
    /// Who asked last: whose turn a box that nobody asked for by name takes.
    asked: usize,
    /// What the job at work waits for, or why there is none.
    why: Option<Why>,
    /// Boxes given since the hub started.
    boxes: u64,
}

/// All pairs of a hub. `T` is what an orbit has in the ledger.
pub(super) struct Pairs<T> {
    pairs: BTreeMap<Pair, Entry<T>>,
    /// Of open requests.
    wishes: BTreeMap<Wish, Pair>,
    jobs: BTreeMap<u64, Pair>,
    next: u64,
    most_pairs: usize,
    /// Session keys of all orbits together, at most.
    most_keys: u64,
    actions: Vec<Action<T>>,
}

impl<T: Clone> Pairs<T> {
    /// At most so many pairs, with at most so many session keys in memory.
    pub(super) fn new(most_pairs: usize, most_keys: u64) -> Self {
        Self {
            pairs: BTreeMap::new(),
            wishes: BTreeMap::new(),
            jobs: BTreeMap::new(),
            next: 0,
            most_pairs,
            most_keys,
            actions: Vec::new(),
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// What is to be done since this was last asked.
    pub(super) fn actions(&mut self) -> Vec<Action<T>> {
        std::mem::take(&mut self.actions)
    }

    /// Step K1: `host` asks for boxes with `peer`. An older request of the same for the same ends.
    pub(super) fn open(
        &mut self,
        host: &str,
        peer: &str,
        parameters: Parameters,
    ) -> Result<Wish, NoWish> {
        let pair = Pair::new(host, peer).ok_or(NoWish::Itself)?;
        if !self.pairs.contains_key(&pair) && self.pairs.len() >= self.most_pairs {
            return Err(NoWish::TooMany);
        }
        let wish = self.number();
        let side = pair.side(host);
        let entry = self.pairs.entry(pair.clone()).or_insert_with(|| Entry {
            sides: [None, None],
            orbit: None,
            work: None,
            given: None,
            next: None,
            asked: side,
            why: None,
            boxes: 0,
        });
        let new = Side {
            wish,
            parameters,
            opened: None,
            waits: None,
        };
        entry.asked = side;
        if let Some(older) = entry.sides[side].replace(new) {
            self.wishes.remove(&older.wish);
            self.actions
                .push(Action::Tell(older.wish, Tell::Superseded));
        }
        self.wishes.insert(wish, pair.clone());
        self.go_on(&pair);
        Ok(wish)
    }

    /// A request is over: its channel is gone or, `closed`, its gateway wants no more boxes of this orbit.
    pub(super) fn left(&mut self, wish: Wish, closed: bool) {
        let Some(pair) = self.wishes.remove(&wish) else {
            return;
        };
        let Some(entry) = self.pairs.get_mut(&pair) else {
            return;
        };
        for side in &mut entry.sides {
            side.take_if(|side| side.wish == wish);
        }
        let nobody = entry.sides.iter().all(Option::is_none);
        if closed || nobody {
            // Wiped here.
            entry.orbit = None;
            entry.given = None;
            entry.next = None;
        }
        if nobody && entry.work.is_none() {
            self.pairs.remove(&pair);
        } else {
            self.go_on(&pair);
        }
        if closed || nobody {
            self.there_is_room();
        }
    }

    /// Step K4: a gateway holds a box.
    pub(super) fn held(&mut self, wish: Wish, orbit: u64, number: u16) {
        let Some((pair, entry)) = self.of(wish) else {
            return;
        };
        let Some(given) = entry.given.as_mut() else {
            return;
        };
        let was_ready = given.is_ready();
        for (to, held) in given.to.iter().zip(&mut given.held) {
            *held |= *to == wish && (given.orbit, given.number) == (orbit, number);
        }
        // Step K5: both hold it. Neither can have left: a new request of it would be another one.
        let both = entry.sides.iter().flatten().map(|side| side.wish);
        if given.is_ready() && !was_ready && both.eq(given.to) {
            let (orbit, number) = (given.orbit, given.number);
            let ready = |wish| Action::Tell(wish, Tell::Ready { orbit, number });
            let told = given.to.map(ready);
            self.actions.extend(told);
        }
        self.go_on(&pair);
    }

    /// Step K6: a gateway wants the box below the last one, ahead of need.
    pub(super) fn next(&mut self, wish: Wish, orbit: u64, number: u16) {
        let Some((pair, entry)) = self.of(wish) else {
            return;
        };
        let side = entry
            .sides
            .iter()
            .position(|side| side.as_ref().is_some_and(|side| side.wish == wish));
        let below = entry
            .given
            .as_ref()
            .map(|given| (given.orbit, given.number - 1));
        // Any other one was given before, or is too far ahead.
        if below == Some((orbit, number)) && entry.next.is_none() {
            entry.next = side;
            self.go_on(&pair);
        }
    }

    fn of(&mut self, wish: Wish) -> Option<(Pair, &mut Entry<T>)> {
        let pair = self.wishes.get(&wish)?.clone();
        let entry = self.pairs.get_mut(&pair)?;
        Some((pair, entry))
    }

    /// Whether anybody still waits for what a job makes.
    pub(super) fn is_wanted(&self, job: u64) -> bool {
        let pair = self.jobs.get(&job);
        let entry = pair.and_then(|pair| self.pairs.get(pair));
        entry.is_some_and(|entry| entry.sides.iter().all(Option::is_some))
    }

    /// A job waits for something that may pass.
    pub(super) fn job_waits(&mut self, job: u64, why: Why) {
        let Some(pair) = self.jobs.get(&job).cloned() else {
            return;
        };
        if let Some(entry) = self.pairs.get_mut(&pair) {
            entry.why = Some(why);
            self.tell_why(&pair);
        }
    }

    /// Step K2 is done: an orbit; none if the job was given up.
    pub(super) fn orbit_made(&mut self, job: u64, made: Option<Orbit<T>>) {
        let Some((pair, entry, _)) = self.over(job) else {
            return;
        };
        entry.orbit = made;
        self.after_work(&pair);
    }

    /// Step K3 is done: a box for both; none if the job was given up, and its session keys are gone.
    pub(super) fn box_made(&mut self, job: u64, made: Option<Made>) {
        let Some((pair, entry, work)) = self.over(job) else {
            return;
        };
        // Who left, or asks for something else by now, gets none; this box is then nobody's.
        let [Some(first), Some(second)] = &mut entry.sides else {
            return self.after_work(&pair);
        };
        let of = entry.orbit.as_ref().zip(work.of);
        let of = of.filter(|(now, (orbit, _))| {
            now.id == *orbit
                && [&first, &second]
                    .iter()
                    .all(|side| side.parameters == now.parameters)
        });
        let (Some(made), Some((now, (orbit, number)))) = (made, of) else {
            return self.after_work(&pair);
        };
        let parameters = now.parameters;
        entry.given = Some(Given {
            orbit,
            number,
            to: [first.wish, second.wish],
            held: [false, false],
        });
        entry.next = None;
        entry.boxes += 1;
        let mut told = Vec::with_capacity(4);
        for (side, role) in [first, second].into_iter().zip(0..) {
            side.waits = None;
            if side.opened.replace(orbit) != Some(orbit) {
                let opened = Tell::Opened {
                    orbit,
                    role,
                    parameters,
                };
                told.push(Action::Tell(side.wish, opened));
            }
            let keys = Tell::Keys {
                orbit,
                number,
                provenance: made.provenance,
                keys: made.keys.duplicate(),
            };
            told.push(Action::Tell(side.wish, keys));
        }
        self.actions.extend(told);
        self.after_work(&pair);
    }

    /// A job is over; none if nobody knows it any more.
    fn over(&mut self, job: u64) -> Option<(Pair, &mut Entry<T>, Work)> {
        let pair = self.jobs.remove(&job)?;
        let entry = self.pairs.get_mut(&pair)?;
        let work = entry.work.take_if(|work| work.job == job)?;
        entry.why = None;
        Some((pair, entry, work))
    }

    fn after_work(&mut self, pair: &Pair) {
        let entry = self.pairs.get(pair);
        if entry.is_some_and(|entry| entry.sides.iter().all(Option::is_none)) {
            self.pairs.remove(pair);
        } else {
            self.go_on(pair);
        }
        self.there_is_room();
    }

    fn there_is_room(&mut self) {
        let waiting = self.pairs.iter();
        let waiting = waiting.filter(|(_, entry)| entry.why == Some(Why::NoRoom));
        let waiting: Vec<Pair> = waiting.map(|(pair, _)| pair.clone()).collect();
        for pair in waiting {
            self.go_on(&pair);
        }
    }

    /// All that was drawn by now is a copy's as well: nothing of it is used. Requests that are open get nothing more.
    pub(super) fn forget(&mut self) {
        self.pairs.clear();
        self.wishes.clear();
        self.jobs.clear();
    }

    /// Session keys in memory, and those that jobs will bring.
    pub(super) fn keys(&self) -> u64 {
        let of = |entry: &Entry<T>| {
            let held = entry.orbit.as_ref().map_or(0, |orbit| {
                orbit.boxes.iter().map(SecretBytes::len).sum::<usize>() / KEY_BYTES
            });
            held as u64 + entry.work.as_ref().map_or(0, |work| work.keys)
        };
        self.pairs.values().map(of).sum()
    }

    /// Looks at what a pair needs, and begins that.
    fn go_on(&mut self, pair: &Pair) {
        let used = self.keys();
        let job = self.number();
        let Some(entry) = self.pairs.get_mut(pair) else {
            return;
        };
        let wishes = match &entry.sides {
            [Some(first), Some(second)] if first.parameters == second.parameters => {
                [first.wish, second.wish]
            }
            [Some(_), Some(_)] => {
                entry.why = Some(Why::Sizes);
                return self.tell_why(pair);
            }
            _ => {
                entry.why = Some(Why::Alone);
                return self.tell_why(pair);
            }
        };
        if entry.work.is_some() {
            // Who comes meanwhile is told what the job waits for, if it does.
            entry.why = entry
                .why
                .filter(|why| !matches!(why, Why::Alone | Why::Sizes));
            return self.tell_why(pair);
        }
        entry.why = None;
        let fresh = match &entry.given {
            None => true,
            Some(given) => {
                let mut each = given.to.iter().zip(given.held).zip(wishes);
                if each.any(|((to, held), wish)| *to == wish && !held) {
                    // One box at a time is on its way.
                    return;
                }
                given.to != wishes
            }
        };
        if !fresh && entry.next.is_none() {
            return;
        }
        let asker = entry.next.unwrap_or(entry.asked);
        let asker = Arc::clone(&pair.0[asker]);
        let Some(parameters) = entry.sides[0].as_ref().map(|side| side.parameters) else {
            return;
        };
        let other = |orbit: &mut Orbit<T>| orbit.parameters != parameters || orbit.boxes.is_empty();
        let used_up = entry.orbit.take_if(other);
        let number = job;
        let job = Job {
            number,
            pair: pair.clone(),
            asker,
        };
        let raw = entry.orbit.as_mut().and_then(|orbit| {
            let number = orbit.boxes.len() as u32;
            let session_keys = orbit.boxes.pop()?;
            let raw = Raw {
                number,
                parameters,
                session_keys,
                provenance: orbit.provenance,
                entry: orbit.entry.clone(),
            };
            Some((orbit.id, raw))
        });
        let work = match &raw {
            Some((orbit, raw)) => Work {
                job: number,
                keys: u64::from(parameters.keys()),
                of: Some((*orbit, raw.number as u16)),
            },
            None => {
                let gone = used_up.map_or(0, |orbit| {
                    orbit.boxes.iter().map(SecretBytes::len).sum::<usize>() / KEY_BYTES
                });
                let keys = u64::from(parameters.total());
                if used - gone as u64 + keys > self.most_keys {
                    entry.why = Some(Why::NoRoom);
                    return self.tell_why(pair);
                }
                Work {
                    job: number,
                    keys,
                    of: None,
                }
            }
        };
        entry.work = Some(work);
        self.jobs.insert(number, pair.clone());
        self.actions.push(match raw {
            Some((_, raw)) => Action::MakeBox(job, raw),
            None => Action::MakeOrbit(job, parameters),
        });
    }

    /// Tells both sides why there is no box, if they don't know.
    fn tell_why(&mut self, pair: &Pair) {
        let Some(entry) = self.pairs.get_mut(pair) else {
            return;
        };
        let Some(why) = entry.why else { return };
        for side in entry.sides.iter_mut().flatten() {
            if side.waits.replace(why) != Some(why) {
                self.actions.push(Action::Tell(side.wish, Tell::Waits(why)));
            }
        }
    }

    /// All pairs, in order.
    pub(super) fn shown(&self) -> Vec<Shown> {
        let shown = |(pair, entry): (&Pair, &Entry<T>)| Shown {
            gateways: pair.0.clone(),
            present: entry.sides.each_ref().map(Option::is_some),
            why: entry.why,
            orbit: entry.given.as_ref().map(|given| given.orbit),
            engine: entry.orbit.as_ref().map(|orbit| orbit.engine),
            number: entry.given.as_ref().map(|given| given.number),
            ready: entry.given.as_ref().is_some_and(Given::is_ready),
            left: entry.orbit.as_ref().map_or(0, |orbit| orbit.boxes.len()),
            boxes: entry.boxes,
            provenance: entry
                .orbit
                .as_ref()
                .map_or(Provenance::REAL, |orbit| orbit.provenance),
        };
        self.pairs.iter().map(shown).collect()
    }
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;
