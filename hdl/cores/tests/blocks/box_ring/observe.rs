//! What the box ring shows in a cycle, against the model.

use super::board::{Board, Hit, LAG};
use photonbox_cosim::Simulation;
use photonbox_model::boxes::CONTEXTS;
use photonbox_regmap::ring;

/// Cycles after which a sweep is over.
const SWEEP: u64 = 1500;

impl Board {
    /// The outputs of the cycle, before its edge: register reads, idleness, the key.
    pub(super) fn observe(
        &mut self,
        rtl: &Simulation,
        failing: bool,
        hit: Hit<'_>,
    ) -> Result<(), String> {
        let p = |name: &str| self.ports[name];
        let idle = rtl.is(p("idle"));
        if idle && !self.way.is_empty() {
            return Err("idle with a burst under way".into());
        }
        if idle && self.model.in_flight() != 0 && self.now > self.moved + 2 {
            return Err("idle with a slot in flight".into());
        }
        if failing || !self.way.is_empty() || self.model.in_flight() != 0 {
            self.busy_at = self.now;
        }
        // A sweep takes 1,026 cycles, once nothing is under way; a cut waits for its context's turn.
        let sweeps = self.busy_at < self.sweep_at + 4 * SWEEP && self.now < self.busy_at + SWEEP
            || self.now < self.sweep_at + SWEEP;
        if self.now > self.busy_at.max(self.moved) + LAG
            && self.now > self.cut_waits_from + 2 * LAG
            && !sweeps
            && !idle
        {
            return Err("not idle though nothing is under way".into());
        }
        let quiet_for = self.now.saturating_sub(self.stirred);
        let settled = if self.cut_at + 4000 > self.now {
            LAG
        } else {
            5
        };
        if let Some(access) = self.access
            && access.age > 1
            && quiet_for > settled
            && !failing
        {
            let read = rtl.get(p("csr_read")) as u32;
            let model = &self.model;
            let want = match access.register {
                ring::HEAD => Some(model.head()),
                ring::TAIL => Some(model.tail()),
                ring::CONTROL => Some(u32::from(self.enabled)),
                ring::STATUS if !self.irq_disputed() => Some(model.status()),
                ring::ERRORS => Some(self.errors),
                ring::STALLS if !self.stalls_disputed => {
                    self.stall_checked.is_empty().then(|| model.stalls())
                }
                ring::FLUSH_CYCLES => Some(self.flush_cycles),
                ring::SLOT_BYTES => Some(self.geometry.slot_bytes),
                ring::SLOT_COUNT => Some(self.geometry.slot_count),
                ring::DATA_BASE_LO => Some(self.geometry.data_base as u32),
                ring::DATA_BASE_HI => Some((self.geometry.data_base >> 32) as u32),
                ring::CPL_BASE_LO => Some(self.geometry.completion_base as u32),
                ring::CPL_BASE_HI => Some((self.geometry.completion_base >> 32) as u32),
                ring::COMMIT => Some(0),
                _ => None,
            };
            if let Some(want) = want
                && read != want
            {
                return Err(format!(
                    "register {:#x} is {read:#x}, not {want:#x}",
                    access.register
                ));
            }
        }
        let usable = rtl.is(p("usable"));
        // A sweep takes a while.
        let swept = usable || self.now > self.stirred + 1200;
        if usable != self.model.usable() && !failing && swept && self.now > self.stirred + 2 {
            return Err(format!("usable {usable}"));
        }

        // The key: taken only if the model can, refused only for a reason.
        let taken = rtl.is(p("key_taken"));
        while self
            .stall_checked
            .front()
            .is_some_and(|at| at + 6 < self.now)
        {
            self.stall_checked.pop_front();
        }
        if !usable && !self.stall_checked.is_empty() {
            self.stalls_disputed = true;
        }
        if let Some(offered) = &self.offered {
            let full = offered.first && self.model.no_slot() && self.model.usable();
            if full {
                self.stall_checked.push_back(self.now);
            }
            if taken || full {
                let takes = self.model.take(offered.key());
                if takes != taken {
                    return Err(format!("taken {taken}, model {takes}: {offered:x?}"));
                }
            }
            if taken {
                self.keys += 1;
                self.moved = self.now;
                if self.model.open_slots() == CONTEXTS {
                    hit("64 open");
                }
                if self.model.in_flight() > 100 {
                    hit("more than 100 in flight");
                }
            } else if usable {
                hit(match (offered.first, full) {
                    (true, true) => "refused for a slot",
                    (true, false) => "refused a first key",
                    (false, _) => "refused for a buffer",
                });
            }
        } else if taken {
            return Err("taken, but no key was there".into());
        }
        // Whatever is under way gets on.
        if self.model.usable()
            && self.now > self.moved.max(self.held_up).max(self.stirred) + 4000
            && self.model.in_flight() > self.model.open_slots()
            && self.model.open_slots() == 0
        {
            return Err("closed slots are not completed".into());
        }
        Ok(())
    }
}
