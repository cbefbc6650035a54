//! Lanes that an alarm stopped, as the hub remembers them: only an operator's command re-arms one (1-entropy §1.2), and
//! a card forgets its alarms with its power, or when a kernel opens or closes it.
//!
//! Countermeasure T1 (`docs/threat-model.md`).

use std::collections::BTreeMap;
use std::sync::Arc;

use photonbox_driver::{Card, LaneSettings};
use photonbox_store::{HeldLane, Store};

use crate::card::card_failed;
use crate::{Result, os};

/// The held lanes of one card, in memory and on disk.
pub(crate) struct HeldLanes {
    store: Arc<dyn Store>,
    card: String,
    lanes: BTreeMap<u8, Lane>,
    /// The disk refuses; said once.
    failing: bool,
}

struct Lane {
    row: HeldLane,
    on_disk: bool,
    /// By an operator, in this process: it is held no more once its start-up test has passed.
    rearmed: bool,
}

impl HeldLanes {
    /// Those that are known of the card with this name.
    pub(crate) fn load(store: Arc<dyn Store>, card: &str) -> Result<Self> {
        let rows = store.held_lanes(card)?;
        let known = |row: HeldLane| {
            let lane = Lane {
                row,
                on_disk: true,
                rearmed: false,
            };
            (lane.row.lane, lane)
        };
        Ok(Self {
            card: card.to_owned(),
            lanes: rows.into_iter().map(known).collect(),
            store,
            failing: false,
        })
    }

    /// Keeps those off that the card would use; it does not run yet. Gives them with their alarms.
    pub(crate) fn keep_off(
        &self,
        card: &Card,
        settings: &[LaneSettings],
    ) -> Result<Vec<(u8, Vec<String>)>> {
        let used = |number: u8| {
            let lane = settings.get(usize::from(number));
            lane.is_some_and(|lane| lane.enabled)
        };
        let mut kept = Vec::new();
        for (&number, Lane { row, .. }) in self.lanes.iter().filter(|(number, _)| used(**number)) {
            card.hold(u32::from(number), &row.alarms)
                .map_err(|e| card_failed(&e))?;
            tracing::warn!(
                lane = number,
                alarms = ?row.alarms,
                since = utc(row.since),
                "the lane is held off since an alarm: find its cause, then run `photonbox rearm {number}`"
            );
            kept.push((number, row.alarms.clone()));
        }
        Ok(kept)
    }

    /// The card shows these alarms of a lane.
    pub(crate) fn alarmed(&mut self, number: u8, alarms: &[String]) {
        let lane = self.lanes.entry(number).or_insert_with(|| Lane {
            row: HeldLane {
                card: self.card.clone(),
                lane: number,
                alarms: Vec::new(),
                since: os::unix_now(),
            },
            on_disk: false,
            rearmed: false,
        });
        if std::mem::take(&mut lane.rearmed) {
            // It is off for what it failed on now.
            lane.row.alarms.clear();
        }
        for alarm in alarms.iter().map(String::as_str) {
            if !lane.row.alarms.iter().any(|known| known == alarm) {
                lane.row.alarms.push(alarm.to_owned());
                lane.on_disk = false;
            }
        }
        if lane.row.alarms.is_empty() {
            // "In alarm" without a reason is still an alarm.
            lane.row.alarms.push("start-up".to_owned());
            lane.on_disk = false;
        }
        self.save();
    }

    /// The operator's command was given.
    pub(crate) fn rearmed(&mut self, number: u8) {
        if let Some(lane) = self.lanes.get_mut(&number) {
            lane.rearmed = true;
        }
    }

    /// The lane runs: after a command, that is the end of its alarm.
    pub(crate) fn runs(&mut self, number: u8) {
        if !self.lanes.get(&number).is_some_and(|lane| lane.rearmed) {
            return;
        }
        match self.store.release_lane(&self.card, number) {
            Ok(_) => {
                self.lanes.remove(&number);
                self.failing = false;
                tracing::info!(
                    lane = number,
                    "the lane passed its start-up test and runs again"
                );
            }
            // It is tried again; until then a restart holds the lane, which errs to the safe side.
            Err(error) => self.complain(&error),
        }
    }

    /// Since when each lane is held, seconds since 1970.
    pub(crate) fn since(&self) -> BTreeMap<u8, u64> {
        let since = |(&number, lane): (&u8, &Lane)| (number, lane.row.since);
        self.lanes.iter().map(since).collect()
    }

    fn save(&mut self) {
        let mut failed = None;
        for lane in self.lanes.values_mut().filter(|lane| !lane.on_disk) {
            match self.store.hold_lane(&lane.row) {
                Ok(()) => lane.on_disk = true,
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) => self.complain(&error),
            None => self.failing = false,
        }
    }

    fn complain(&mut self, error: &photonbox_store::Error) {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, help = error.help(), "the alarms of lanes are not on the disk as they are; it is tried again");
        }
    }
}

/// A time for people, such as `2026-11-22T21:04:00Z`.
#[must_use]
pub fn utc(seconds: u64) -> String {
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{seconds} s after 1970"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use photonbox_store::SqliteStore;

    fn names(alarms: &[&str]) -> Vec<String> {
        alarms.iter().map(|&alarm| alarm.to_owned()).collect()
    }

    #[test]
    fn a_lane_is_released_by_command_and_start_up_test_only() {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::create(directory.path()).unwrap());
        let rows = || store.held_lanes("card").unwrap();
        let load = || HeldLanes::load(Arc::clone(&store), "card").unwrap();

        let mut held = load();
        held.alarmed(2, &names(&["rate-low"]));
        held.alarmed(2, &names(&["rate-low", "balance"]));
        assert_eq!(rows()[0].alarms, ["rate-low", "balance"]);
        // Neither a lane that runs without a command, nor a command before the test has passed.
        held.runs(2);
        held.rearmed(2);
        assert_eq!(rows().len(), 1);
        // Another start before the test has passed: the command is void.
        let mut held = load();
        held.runs(2);
        assert_eq!(rows().len(), 1);
        // It fails again, on something else.
        let since = held.since()[&2];
        held.rearmed(2);
        held.alarmed(2, &names(&["start-up"]));
        held.runs(2);
        assert_eq!(rows()[0].alarms, ["start-up"]);
        assert_eq!(held.since()[&2], since);
        held.rearmed(2);
        held.runs(2);
        assert!(rows().is_empty() && held.since().is_empty());
        // An alarm without a name is one.
        held.alarmed(0, &[]);
        assert_eq!(rows()[0].alarms, ["start-up"]);
    }

    #[test]
    fn what_the_disk_refused_is_written_later() {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::create(directory.path()).unwrap());
        let mut held = HeldLanes::load(Arc::clone(&store), "card").unwrap();
        let other = SqliteStore::open(directory.path()).unwrap();
        // No row may lie above lane 63: stands in for a disk that refuses.
        held.alarmed(64, &names(&["balance"]));
        held.alarmed(1, &names(&["balance"]));
        assert!(held.failing);
        assert_eq!(other.held_lanes("card").unwrap().len(), 1);
        held.lanes.remove(&64);
        held.alarmed(1, &names(&["rate-low"]));
        assert!(!held.failing);
        assert_eq!(
            other.held_lanes("card").unwrap()[0].alarms,
            ["balance", "rate-low"]
        );
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(1_795_381_440), "2026-11-22T21:04:00Z");
        assert!(utc(u64::MAX).contains("after 1970"));
    }
}
