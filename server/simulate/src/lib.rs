#![forbid(unsafe_code)]
//! Networks of real channels in virtual time (spec 1-entropy §1.6): the protocol's own state machines, everything that chance
//! decides from one seed, and invariants that are watched throughout. A run that fails is repeated by its seed.
//!
//! Time goes on in windows as long as the shortest line: what a host sends in one window arrives in a later one, so all hosts
//! of a window are worked on side by side, and the outcome is the same on any number of cores (Chandy and Misra's conservative
//! condition).

mod dice;
mod faults;
mod graph;
mod host;
mod source;
mod world;

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use photonbox_channel::{Identity, Settings};
use rayon::prelude::*;
use serde::Serialize;

pub use faults::Faults;
pub use graph::Topology;
pub use world::Planted;

use faults::{LEAST_DELAY, Micros, SECOND};
use host::Host;
use world::{Counts, World};

/// Violations that are told in full.
const TOLD: usize = 20;
/// Bits that one key pair draws: a scalar of P-384.
const KEY_BITS: u64 = 384;

/// Why there is no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An option is out of its bounds.
    #[error("{0}")]
    Option(&'static str),
    /// Something that must not fail did.
    #[error("the simulation could not be set up: {0}")]
    SetUp(String),
}

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Shape.
    pub topology: Topology,
    /// Hosts.
    pub hosts: u32,
    /// Virtual seconds that are measured, after one rotation and a little in which all links begin.
    pub seconds: u32,
    /// T: seconds between two rekeys of a direction.
    pub rotation: u32,
    /// Everything hangs on it.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// What the hosts do wrong on purpose, for tests.
    pub planted: Option<Planted>,
}

/// What came of it. The first eight keys are those that scripts rely on.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Hosts.
    pub hosts: u32,
    /// Links between them.
    pub links: usize,
    /// Mean clustering coefficient.
    pub clustering: f64,
    /// Virtual seconds that were measured.
    pub virtual_seconds: u32,
    /// Steps of all chains within them.
    pub rekeys: u64,
    /// Bits that rekeying drew from the hosts' generators within them.
    pub entropy_bits_consumed: u64,
    /// Links × rotations × bits per rotation.
    pub law_predicted_bits: u64,
    /// What must not happen and did, the first of them in full.
    pub violations: Vec<String>,
    /// How many there were.
    pub violation_count: usize,
    /// Consumed / predicted.
    pub ratio: f64,
    /// Channels that came to stand, and blocks that arrived, over the whole run.
    pub sessions: u64,
    /// Blocks that arrived, each once and unaltered.
    pub blocks: u64,
    /// Record keys that were seen, each once.
    pub keys: usize,
    /// Bits drawn to make channels, over the whole run.
    pub setup_bits: u64,
    /// The seed.
    pub seed: u64,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Virtual seconds so far.
    pub seconds: f64,
    /// Of so many.
    pub of: f64,
}

/// Runs it. `identities` are given to the hosts in turn; each is made once and may serve several hosts.
///
/// # Errors
/// [`Error::Option`]; [`Error::SetUp`] where a generator's known-answer test fails.
pub fn run(
    options: &Options,
    identities: Vec<Arc<Identity>>,
    progress: &dyn Fn(Progress),
) -> Result<Report, Error> {
    if !(1..=86_400).contains(&options.seconds) || !(1..=86_400).contains(&options.rotation) {
        return Err(Error::Option("seconds and rotation: 1 to 86400"));
    }
    if identities.is_empty() {
        return Err(Error::SetUp("no identities".into()));
    }
    let links = options.topology.links(options.hosts, options.seed)?;
    let clustering = graph::clustering(options.hosts, &links);
    let rotation = Micros::from(options.rotation) * SECOND;
    // A link begins within a rotation and then stands within some round trips.
    let warm = rotation + 5 * SECOND;
    let end = warm + Micros::from(options.seconds) * SECOND;
    let world = World {
        seed: options.seed,
        settings: Settings {
            rekey_packets: None,
            rekey_seconds: NonZeroU32::new(options.rotation),
            pq_epochs: None,
            pq_seconds: None,
            prekeys_least: 1,
            ..Settings::default()
        },
        rotation,
        block_every: 5 * SECOND,
        planted: options.planted,
        end,
        publics: identities
            .iter()
            .map(|identity| Arc::new(identity.public().clone()))
            .collect(),
        identities,
    };
    let mut hosts = (0..options.hosts)
        .into_par_iter()
        .map(|id| Host::new(&world, id, &options.faults))
        .collect::<Result<Vec<Host>, String>>()
        .map_err(Error::SetUp)?;
    for (number, (a, b)) in links.iter().enumerate() {
        let (at_a, at_b) = (hosts[*a as usize].ends(), hosts[*b as usize].ends());
        let faults = &options.faults;
        hosts[*a as usize].link(&world, number as u64, (*b, at_b), true, faults);
        hosts[*b as usize].link(&world, number as u64, (*a, at_a), false, faults);
    }
    let mut network = Network {
        hosts,
        calendar: BTreeMap::new(),
        keys: HashSet::new(),
        reused: Vec::new(),
    };
    let before = network.advance(&world, 0, warm, progress);
    let after = network.advance(&world, warm, end, progress);
    Ok(network.report(options, &world, &links, clustering, before, after))
}

struct Network {
    hosts: Vec<Host>,
    /// Hosts with something to do, by window.
    calendar: BTreeMap<Micros, Vec<u32>>,
    keys: HashSet<[u8; 16]>,
    reused: Vec<String>,
}

impl Network {
    fn put_down(&mut self, id: u32, at: Micros) {
        if at < Micros::MAX {
            self.calendar.entry(at / LEAST_DELAY).or_default().push(id);
        }
    }

    /// Lets time go from `from` to `until`; what all hosts have counted by then.
    fn advance(
        &mut self,
        world: &World,
        from: Micros,
        until: Micros,
        progress: &dyn Fn(Progress),
    ) -> Counts {
        if from == 0 {
            for id in 0..self.hosts.len() {
                let wake = self.hosts[id].wake;
                self.put_down(id as u32, wake);
            }
        }
        let mut told = from;
        while let Some(entry) = self.calendar.first_entry() {
            let window = *entry.key();
            let begin = window * LEAST_DELAY;
            if begin >= until {
                break;
            }
            let mut active = entry.remove();
            active.sort_unstable();
            active.dedup();
            self.window(world, &active, (begin + LEAST_DELAY).min(until));
            if begin - told >= SECOND / 2 {
                told = begin;
                progress(Progress {
                    seconds: begin as f64 / SECOND as f64,
                    of: world.end as f64 / SECOND as f64,
                });
            }
        }
        let mut counts = Counts::default();
        for host in &self.hosts {
            counts.add(&host.counts);
        }
        counts
    }

    fn window(&mut self, world: &World, active: &[u32], window_end: Micros) {
        // Only these hosts are touched: they are taken out of the list by their order.
        let mut working: Vec<&mut Host> = Vec::with_capacity(active.len());
        let mut rest = &mut self.hosts[..];
        let mut offset = 0;
        for id in active {
            let (_, tail) = rest.split_at_mut(*id as usize - offset);
            let Some((host, tail)) = tail.split_first_mut() else {
                break;
            };
            working.push(host);
            rest = tail;
            offset = *id as usize + 1;
        }
        working
            .par_iter_mut()
            .with_min_len(8)
            .for_each(|host| host.work(world, window_end));
        // In the hosts' order, whoever was ready first.
        let mut segments = Vec::new();
        let mut wakes = Vec::with_capacity(working.len());
        for (host, id) in working.iter_mut().zip(active) {
            segments.append(&mut host.outbox);
            wakes.push((*id, host.wake));
            for key in host.keys.drain(..) {
                if !self.keys.insert(key) {
                    self.reused
                        .push(format!("host {id}: a record key was used before"));
                }
            }
        }
        // Nothing is put down for a time that has gone by: it would be worked on late.
        for (id, wake) in wakes {
            debug_assert!(wake >= window_end, "host {id} wakes at {wake}");
            self.put_down(id, wake);
        }
        for segment in segments {
            let (id, at) = (segment.to.0, segment.at);
            debug_assert!(at >= window_end, "a segment for host {id} arrives at {at}");
            self.hosts[id as usize].inbox.push(segment);
            self.put_down(id, at);
        }
    }

    fn report(
        mut self,
        options: &Options,
        world: &World,
        links: &[(u32, u32)],
        clustering: f64,
        before: Counts,
        after: Counts,
    ) -> Report {
        let states: Vec<(Micros, bool)> = self
            .hosts
            .iter()
            .map(|host| host.crash_state(world.end))
            .collect();
        let ends: Vec<Micros> = states.iter().map(|(end, _)| *end).collect();
        let down: Vec<bool> = states.iter().map(|(_, down)| *down).collect();
        let mut violations = std::mem::take(&mut self.reused);
        for host in &mut self.hosts {
            host.finish(world, &ends, &down);
            violations.append(&mut host.violations);
        }
        let violation_count = violations.len();
        violations.truncate(TOLD);
        // Both directions of each link; each rotation brings a fresh key pair of both sides.
        let rotations =
            links.len() as f64 * 2.0 * f64::from(options.seconds) / f64::from(options.rotation);
        let predicted = rotations * 2.0 * KEY_BITS as f64;
        let consumed = after.rekey_bits - before.rekey_bits;
        Report {
            hosts: options.hosts,
            links: links.len(),
            clustering,
            virtual_seconds: options.seconds,
            rekeys: after.rekeys - before.rekeys,
            entropy_bits_consumed: consumed,
            law_predicted_bits: predicted as u64,
            violations,
            violation_count,
            ratio: consumed as f64 / predicted,
            sessions: after.sessions,
            blocks: after.blocks,
            keys: self.keys.len(),
            setup_bits: after.setup_bits,
            seed: options.seed,
        }
    }
}
