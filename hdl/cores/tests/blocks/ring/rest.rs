//! What a ring must show, and do, when nothing is under way: what never happens is no mismatch of data.

use super::RingBench;
use super::host::Access;
use photonbox_cosim::Simulation;
use photonbox_regmap::ring;

/// After so many cycles without anything on the bus a ring has nothing left to do by itself: a sweep takes 45.
const QUIET: u64 = 64;
/// Cycles for which a word may be offered in vain to a quiet ring that has room.
const PATIENCE: u64 = 16;

#[derive(Default)]
pub(super) struct Rest {
    /// Cycles since the bus was used, or the ring switched.
    pub(super) quiet_for: u64,
    /// ENABLE and geometry, as they were.
    switched: (bool, bool, bool),
    full: bool,
    /// Cycles for which a word was offered in vain.
    starved_for: u64,
    /// Stalls shown since the reset, and whether one was since a piece was last taken.
    pub(super) stalls: u32,
    pub(super) stalled: bool,
    pub(super) error_events: u32,
    /// When the open slot was opened, or later.
    pub(super) opened_at: u64,
    /// When HEAD was last written.
    pub(super) doorbell_at: u64,
    /// A completion that the timer counts from, and what it counts to.
    pub(super) timer: Option<(u64, (u32, u32))>,
}

/// What is seen in a cycle.
pub(super) struct Cycle {
    /// A burst is asked for, or under way, or a slot has just been given up.
    pub(super) active: bool,
    pub(super) gives: bool,
    pub(super) in_ready: bool,
    pub(super) idle: bool,
    /// No piece has been taken in part.
    pub(super) offered_whole: bool,
}

impl RingBench {
    /// What a register reads that nothing moves: as the model's. None where it depends on the very cycle.
    pub(super) fn register(&self, access: Access) -> Option<u32> {
        let model = &self.model;
        match access.register {
            _ if !access.is_here() => Some(0),
            ring::HEAD => Some(model.head()),
            ring::TAIL => Some(model.tail()),
            ring::CONTROL => Some(u32::from(self.enabled)),
            ring::STATUS if !self.irq_disputed() => {
                Some(ring::STATUS_ERROR.set(model.status(), u32::from(self.error_seen)))
            }
            ring::ERRORS => Some(self.errors),
            ring::FLUSH_CYCLES => Some(self.flush_cycles),
            ring::SLOT_BYTES => Some(self.geometry.slot_bytes),
            ring::SLOT_COUNT => Some(self.geometry.slot_count),
            ring::DATA_BASE_LO => Some(self.geometry.data_base as u32),
            ring::DATA_BASE_HI => Some((self.geometry.data_base >> 32) as u32),
            ring::CPL_BASE_LO => Some(self.geometry.completion_base as u32),
            ring::CPL_BASE_HI => Some((self.geometry.completion_base >> 32) as u32),
            ring::COMMIT => Some(0),
            ring::STALLS => Some(self.rest.stalls),
            _ => None,
        }
    }

    /// A completion has landed; `first`: no other waited.
    pub(super) fn completed(&mut self, first: bool) {
        // What is left of the pieces taken is in a younger slot.
        self.rest.opened_at = self.now;
        let (slots, cycles) = self.coalesce;
        let armed = ring::STATUS_ARMED.is_set(self.model.status());
        // The ring's own view of what waits is some cycles late.
        let settled = self.now > self.rest.doorbell_at + 4;
        if first {
            let counts = armed && settled && slots > 1 && cycles > 0;
            self.rest.timer = counts.then_some((self.now, self.coalesce));
        }
    }

    /// An interrupt that only the timer raises comes so many cycles after the completion, exactly.
    pub(super) fn timer(
        &mut self,
        irq: bool,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let Some((since, coalesce)) = self.rest.timer else {
            return Ok(());
        };
        let (slots, cycles) = self.coalesce;
        if coalesce != self.coalesce || !self.irq_enable || self.model.waiting() >= slots {
            self.rest.timer = None;
            return Ok(());
        }
        let due = since + u64::from(cycles) + 2;
        if irq != (self.now == due) {
            return Err(format!(
                "irq {irq} {} cycles after a completion, timer {cycles}",
                self.now - since
            ));
        }
        if irq {
            hit("interrupt by the timer");
            self.rest.timer = None;
        }
        Ok(())
    }

    /// Levels that follow the registers, when nothing has moved these for a while.
    pub(super) fn outputs(&self, rtl: &Simulation) -> Result<(), String> {
        if self.now <= self.stirred + 4 || self.bus_failed != 0 {
            return Ok(());
        }
        let committed = self.model.committed();
        let geometry = self.model.geometry();
        let waiting = self.model.waiting();
        for (name, want) in [
            ("committed", u64::from(committed)),
            (
                "usable",
                u64::from(committed && self.enabled && !self.error_seen),
            ),
            ("slot_bytes", u64::from(self.geometry.slot_bytes)),
            (
                "full",
                u64::from(committed && waiting >= geometry.slot_count),
            ),
            ("waiting", u64::from(waiting != 0)),
            ("in_error", u64::from(self.error_seen)),
        ] {
            let seen = rtl.get(self.port(name));
            if seen != want {
                return Err(format!("{name}: RTL {seen}, model {want}"));
            }
        }
        if self.rest.error_events != self.errors {
            return Err(format!(
                "{} error events of {}",
                self.rest.error_events, self.errors
            ));
        }
        Ok(())
    }

    /// A quiet ring is idle, has completed what was closed, and takes what there is room for.
    pub(super) fn liveness(&mut self, cycle: &Cycle) -> Result<(), String> {
        let committed = self.model.committed();
        let switched = (self.enabled, committed, self.error_seen);
        let quiet = !cycle.active && switched == self.rest.switched;
        self.rest.switched = switched;
        self.rest.quiet_for = if quiet { self.rest.quiet_for + 1 } else { 0 };
        if self.rest.quiet_for <= QUIET {
            self.rest.starved_for = 0;
            return Ok(());
        }
        let closed = self.taken.iter().any(|piece| piece.close);
        if closed && self.now > self.taken_at + QUIET {
            return Err("a closed slot is not completed".into());
        }
        if self.taken.is_empty() && cycle.offered_whole && !cycle.idle {
            return Err("not idle, with nothing to do".into());
        }
        let geometry = self.model.geometry();
        let usable = committed && self.enabled && !self.error_seen;
        let expires = self.rest.opened_at + u64::from(self.flush_cycles) + QUIET;
        let open = usable && !self.taken.is_empty() && cycle.offered_whole;
        if open && self.flush_cycles != 0 && self.now > expires {
            return Err("an open slot outlives FLUSH_CYCLES".into());
        }
        let full = self.model.waiting() >= geometry.slot_count;
        let fits = self.piece_bytes <= geometry.slot_bytes as usize;
        let changed = full != std::mem::replace(&mut self.rest.full, full);
        if cycle.in_ready || !usable || !fits || changed {
            self.rest.starved_for = 0;
        } else if cycle.gives {
            self.rest.starved_for += 1;
        }
        if self.rest.starved_for > PATIENCE {
            if !full {
                return Err("a word is not taken, and there is room".into());
            }
            if self.taken.is_empty() && cycle.offered_whole && !self.rest.stalled {
                let status = ring::STATUS_FULL.is_set(self.model.status());
                return Err(format!("a stall is not counted; full: {status}"));
            }
        }
        Ok(())
    }
}
