//! The card's core with its photons and faults: everything behind the lock, and nothing about threads.

use crate::bus::Bridge;
use crate::core::{AnyCore, Core, CoreKind};
use crate::fault::{ActiveFaults, Fault, ScheduledFault};
use crate::options::Error;
use crate::source::{Edge, PhotonSource};
use crate::stochastic::Seed;
use photonbox_model::{Build, EdgeError, FrontEnd};
use photonbox_regmap::global;
use std::time::Duration;

/// Why [`Engine::run_to`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The target cycle is reached.
    Reached,
    /// So many edges were played that others should have the lock now.
    Budget,
    /// A ring that is in use has no free slot, and the caller wanted to know.
    Full,
}

/// What a core is made from.
pub(crate) type CoreParts = (CoreKind, Build, FrontEnd);

pub(crate) struct Engine {
    pub(crate) card: AnyCore,
    pub(crate) bridge: Bridge,
    pub(crate) removed: bool,
    /// The host has written a register since the clock's thread last looked.
    pub(crate) written: bool,
    /// For a new one, when a card comes back.
    parts: CoreParts,
    /// Card time at which the core's cycles began to count: its power-on, or 0.
    base: u64,
    source: Box<dyn PhotonSource>,
    /// The source's next edge, already drawn.
    pending: Option<Edge>,
    /// Card time of the source's cycle 0. Photons come while the card runs: the source waits for START,
    /// so that a capture begins with its first photon, and while the card is stopped.
    offset: u64,
    /// What the card was last told about the photons.
    replayed: bool,
    faults: ActiveFaults,
    /// Faults to come and to end, by card time, latest first.
    schedule: Vec<(u64, Change)>,
}

impl Engine {
    /// A card at power-on.
    ///
    /// # Errors
    /// [`Error::NoCore`], [`Error::NoBuild`].
    pub(crate) fn new(
        parts: CoreParts,
        source: Box<dyn PhotonSource>,
        seed: &Seed,
        scheduled: &[ScheduledFault],
    ) -> Result<Self, Error> {
        let mut schedule: Vec<_> = scheduled
            .iter()
            .flat_map(|s| {
                let end = s.until.map(|until| (cycles(until), Change::End(s.fault)));
                [Some((cycles(s.at), Change::Begin(s.fault))), end]
            })
            .flatten()
            .collect();
        schedule.sort_by_key(|(at, _)| core::cmp::Reverse(*at));
        let mut engine = Self {
            card: power_on(parts)?,
            bridge: Bridge::new(seed),
            removed: false,
            written: false,
            parts,
            base: 0,
            source,
            pending: None,
            offset: 0,
            replayed: false,
            faults: ActiveFaults::new(seed),
            schedule,
        };
        let now = engine.card.now();
        engine.card.label(false, now, &mut engine.bridge);
        // Power-on takes some cores a while, in which no photon comes.
        engine.offset = now;
        engine.faults_due();
        Ok(engine)
    }

    /// First cycle of card time that has not passed.
    pub(crate) fn now(&self) -> u64 {
        self.base + self.card.now()
    }

    pub(crate) fn read(&mut self, offset: u32) -> u32 {
        if self.removed {
            return u32::MAX;
        }
        let mut value = 0;
        self.access(|card, bridge| value = card.read32(offset, bridge));
        if self.removed { u32::MAX } else { value }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        self.written = true;
        if self.removed {
            return;
        }
        self.access(|card, bridge| card.write32(offset, value, bridge));
    }

    /// An access to registers, which may take the core some cycles: photons of that time are given before.
    fn access(&mut self, access: impl FnOnce(&mut AnyCore, &mut Bridge)) {
        let (before, ran) = (self.now(), self.card.running());
        if ran {
            self.look_ahead();
        }
        access(&mut self.card, &mut self.bridge);
        if !(ran && self.card.running()) {
            // Photons wait while the card is stopped.
            self.offset += self.now() - before;
        }
        self.judge();
    }

    /// Plays the photons of the cycles that an access to registers may take.
    fn look_ahead(&mut self) {
        let limit = self.now() + self.card.access_cycles();
        if self.removed || limit == self.now() {
            return;
        }
        loop {
            let next = match self.pending.take() {
                None => self.source.next_edge(),
                waiting => waiting,
            };
            match next {
                Some(edge) if self.offset + edge.cycle < limit => self.play(edge),
                waiting => {
                    self.pending = waiting;
                    return;
                }
            }
        }
    }

    /// A core that broke the rules of its bus is a dead card.
    fn judge(&mut self) {
        if !self.removed
            && let Some(what) = self.card.violation()
        {
            tracing::error!(what, "the card's core broke the rules of its ports");
            self.removed = true;
        }
    }

    pub(crate) fn reset(&mut self) {
        if !self.removed {
            self.write(global::CONTROL, global::CONTROL_SOFT_RESET.put(1));
        }
    }

    pub(crate) fn inject(&mut self, fault: Fault) {
        tracing::warn!(%fault, "fault injected");
        match fault {
            Fault::SurpriseRemoval => self.leave(),
            fault => self.faults.add(fault),
        }
        self.bridge.break_as(&self.faults);
    }

    pub(crate) fn end(&mut self, fault: Fault) {
        tracing::warn!(%fault, "fault ended");
        match fault {
            Fault::SurpriseRemoval => self.come_back(),
            fault => self.faults.end(fault),
        }
        self.bridge.break_as(&self.faults);
    }

    pub(crate) fn clear_faults(&mut self) {
        self.faults.clear();
        self.schedule.clear();
        self.bridge.break_as(&self.faults);
    }

    fn leave(&mut self) {
        if !std::mem::replace(&mut self.removed, true) {
            self.bridge.bus_master = false;
            if let Some(host) = &self.bridge.host {
                host.card_left();
            }
        }
    }

    /// Back in its slot, as after power-on.
    fn come_back(&mut self) {
        if !self.removed {
            return;
        }
        let now = self.now();
        match power_on(self.parts) {
            Ok(card) => self.card = card,
            Err(error) => {
                tracing::error!(%error, "the card stays away");
                return;
            }
        }
        let began = self.card.now();
        (self.base, self.removed, self.replayed) = (now, false, false);
        self.card.label(false, began, &mut self.bridge);
        // No photon comes during power-on.
        self.offset += began;
    }

    /// Whether the card is out of its slot, but not for ever: its time passes.
    fn is_coming_back(&self) -> bool {
        self.removed
            && self
                .schedule
                .iter()
                .any(|(_, change)| *change == Change::End(Fault::SurpriseRemoval))
    }

    /// Lets time pass while the card is away, up to `target` or its return.
    fn wait_for_return(&mut self, target: u64) {
        while self.is_coming_back() && self.now() < target {
            let now = self.now();
            let at = self.schedule.last().map_or(target, |(at, _)| *at);
            let passed = at.clamp(now, target) - now;
            self.base += passed;
            self.offset += passed;
            self.faults_due();
        }
    }

    pub(crate) fn running(&self) -> bool {
        !self.removed && self.card.running()
    }

    /// Whether time need not pass: nothing happens before the host does something.
    pub(crate) fn quiet(&self) -> bool {
        if self.removed {
            !self.is_coming_back()
        } else {
            self.card.quiet()
        }
    }

    /// Makes known-answer tests fail from the next self-test on.
    pub(crate) fn inject_selftest_fault(&mut self, mask: u32) {
        self.card.inject_selftest_fault(mask);
    }

    /// Whether photons go nowhere: every enabled lane is in alarm.
    pub(crate) fn all_alarmed(&mut self) -> bool {
        global::STATUS_ALL_ALARMED.is_set(self.read(global::STATUS))
    }

    /// Whether a ring that takes data has no free slot.
    fn ring_full(&mut self) -> bool {
        let mut full = false;
        self.access(|card, bridge| full = card.ring_full(bridge));
        full
    }

    /// Plays photons and time up to card cycle `target`, at most `budget` edges of them.
    pub(crate) fn run_to(&mut self, target: u64, budget: u32, stop_when_full: bool) -> Outcome {
        self.wait_for_return(target);
        // Only a write of the host starts or stops the card, and that needs the lock we are under.
        let running = self.running();
        let mut left = budget;
        let mut writes = None;
        while !self.removed {
            let now = self.now();
            if now >= target {
                return Outcome::Reached;
            }
            let fault_at = self.schedule.last().map_or(u64::MAX, |(at, _)| *at);
            let turn = now.saturating_add(self.card.stride());
            let limit = target.min(fault_at.max(now)).min(turn);
            if !running {
                self.card.advance_to(limit - self.base, &mut self.bridge);
                self.offset += self.now() - now;
                self.faults_due();
                self.judge();
                if limit == turn {
                    return Outcome::Budget;
                }
                continue;
            }
            if stop_when_full && writes != Some(self.bridge.stats.writes) {
                // Only a completion can have filled a ring since the last look.
                writes = Some(self.bridge.stats.writes);
                if self.ring_full() {
                    return Outcome::Full;
                }
            }
            // Played from where the source put it: a copy in `pending` would cost each photon dearly.
            let next = match self.pending {
                None => self.source.next_edge(),
                waiting => waiting,
            };
            match next {
                Some(edge) if self.offset + edge.cycle < limit => {
                    self.pending = None;
                    self.play(edge);
                    left -= 1;
                    if left == 0 {
                        return Outcome::Budget;
                    }
                }
                waiting => {
                    self.pending = waiting;
                    self.card.advance_to(limit - self.base, &mut self.bridge);
                    self.faults_due();
                    self.judge();
                    if limit == turn {
                        return Outcome::Budget;
                    }
                }
            }
        }
        if self.is_coming_back() && self.now() < target {
            // The rest of the time is for the next call.
            Outcome::Budget
        } else {
            Outcome::Reached
        }
    }

    fn play(&mut self, edge: Edge) {
        let Some(edge) = self.faults.apply(edge) else {
            return;
        };
        let mut cycle = self.offset + edge.cycle - self.base;
        if edge.replayed != self.replayed {
            self.replayed = edge.replayed;
            self.card.label(edge.replayed, cycle, &mut self.bridge);
        }
        let (lane, a, b) = (edge.lane, edge.a, edge.b);
        loop {
            match self.card.edges(cycle, lane, a, b, &mut self.bridge) {
                Ok(()) => return,
                // An access took longer than was thought: the photons wait for the card.
                Err(EdgeError::Late { now, .. }) if self.card.access_cycles() > 0 => {
                    self.offset += now - cycle;
                    cycle = now;
                }
                Err(error) => {
                    debug_assert!(
                        false,
                        "edges are played in order, on lanes that exist: {error}"
                    );
                    return;
                }
            }
        }
    }

    /// Lets the faults set in, and end, whose time has come.
    fn faults_due(&mut self) {
        while let Some(&(at, change)) = self.schedule.last()
            && at <= self.now()
        {
            self.schedule.pop();
            match change {
                Change::Begin(fault) => self.inject(fault),
                Change::End(fault) => self.end(fault),
            }
        }
    }
}

fn power_on((kind, build, front_end): CoreParts) -> Result<AnyCore, Error> {
    AnyCore::new(kind, build, front_end)
}

/// What happens to a fault.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Begin(Fault),
    End(Fault),
}

/// Cycles of the default clock in `time`.
pub(crate) fn cycles(time: Duration) -> u64 {
    let nanos = time.as_nanos() * u128::from(photonbox_regmap::DEFAULT_CLOCK_HZ) / 1_000_000_000;
    u64::try_from(nanos).unwrap_or(u64::MAX)
}
