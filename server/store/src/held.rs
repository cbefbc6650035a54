//! Lanes that an alarm stopped: they outlast the process, and the card's own memory of them.

use rusqlite::{Connection, params};

use crate::records::HeldLane;
use crate::rows::{natural, signed};

/// Between the names in one row; no name of an alarm holds it.
const SEPARATOR: char = ',';

/// Of a lane that is held already, the alarms are those given; since when stays as it was first noted.
pub(crate) fn hold(connection: &Connection, held: &HeldLane) -> rusqlite::Result<()> {
    let alarms = held.alarms.join(&SEPARATOR.to_string());
    connection
        .execute(
            "INSERT INTO held_lanes (card, lane, alarms, since) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (card, lane) DO UPDATE SET alarms = excluded.alarms",
            params![held.card, held.lane, alarms, signed(held.since)],
        )
        .map(drop)
}

pub(crate) fn lanes(connection: &Connection, card: &str) -> rusqlite::Result<Vec<HeldLane>> {
    connection
        .prepare("SELECT lane, alarms, since FROM held_lanes WHERE card = ?1 ORDER BY lane")?
        .query_map([card], |row| {
            let alarms: String = row.get(1)?;
            Ok(HeldLane {
                card: card.to_owned(),
                lane: row.get(0)?,
                alarms: alarms.split(SEPARATOR).map(str::to_owned).collect(),
                since: natural(row, 2)?,
            })
        })?
        .collect()
}

pub(crate) fn release(connection: &Connection, card: &str, lane: u8) -> rusqlite::Result<bool> {
    connection
        .execute(
            "DELETE FROM held_lanes WHERE card = ?1 AND lane = ?2",
            params![card, lane],
        )
        .map(|deleted| deleted > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{Error, SqliteStore, Store, schema};

    fn held(card: &str, lane: u8, alarms: &[&str], since: u64) -> HeldLane {
        HeldLane {
            card: card.into(),
            lane,
            alarms: alarms.iter().map(|&alarm| alarm.to_owned()).collect(),
            since,
        }
    }

    #[test]
    fn a_held_lane_outlasts_the_store_until_it_is_released() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::create(directory.path()).unwrap();
        let first = held("vfio:0000:03:00.0", 3, &["rate-low", "start-up"], 7);
        store.hold_lane(&first).unwrap();
        store
            .hold_lane(&held("vfio:0000:03:00.0", 1, &["balance"], 8))
            .unwrap();
        store
            .hold_lane(&held("model:small", 3, &["rate-high"], 9))
            .unwrap();
        drop(store);

        let store = SqliteStore::open(directory.path()).unwrap();
        let found = store.held_lanes("vfio:0000:03:00.0").unwrap();
        assert_eq!(
            found,
            [held("vfio:0000:03:00.0", 1, &["balance"], 8), first.clone()]
        );
        assert!(store.release_lane(&first.card, 3).unwrap());
        assert!(
            !store.release_lane(&first.card, 3).unwrap(),
            "it was not held any more"
        );
        assert_eq!(store.held_lanes(&first.card).unwrap().len(), 1);
        // Each card has its own.
        assert_eq!(store.held_lanes("model:small").unwrap().len(), 1);
        assert!(store.held_lanes("model:wide").unwrap().is_empty());
    }

    #[test]
    fn further_alarms_are_added_and_the_first_time_stays() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::create(directory.path()).unwrap();
        store.hold_lane(&held("c", 0, &["rate-low"], 7)).unwrap();
        store
            .hold_lane(&held("c", 0, &["rate-low", "balance"], 99))
            .unwrap();
        let found = store.held_lanes("c").unwrap();
        assert_eq!(found, [held("c", 0, &["rate-low", "balance"], 7)]);
    }

    #[test]
    fn what_no_lane_or_no_alarm_has_does_not_reach_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::create(directory.path()).unwrap();
        for bad in [
            held("", 0, &["balance"], 1),
            held("c", 64, &["balance"], 1),
            held("c", 0, &[], 1),
        ] {
            assert!(store.hold_lane(&bad).is_err(), "{bad:?}");
        }
        assert!(store.held_lanes("c").unwrap().is_empty());
    }

    #[test]
    fn a_row_that_was_tampered_with_is_corrupt_not_healthy() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::create(directory.path()).unwrap();
        store.hold_lane(&held("c", 0, &["balance"], 1)).unwrap();
        let file = Connection::open(directory.path().join(crate::DATABASE_FILE)).unwrap();
        file.pragma_update(None, "ignore_check_constraints", "ON")
            .unwrap();
        file.execute("UPDATE held_lanes SET since = -5", [])
            .unwrap();
        assert!(matches!(store.held_lanes("c"), Err(Error::Corrupt { .. })));
    }

    #[test]
    fn a_database_of_the_second_schema_holds_no_lane_yet() {
        let mut old = Connection::open_in_memory().unwrap();
        schema::migrate(&mut old, &schema::MIGRATIONS[..2]).unwrap();
        assert!(lanes(&old, "c").is_err());
        schema::migrate(&mut old, schema::MIGRATIONS).unwrap();
        assert!(lanes(&old, "c").unwrap().is_empty());
        hold(&old, &held("c", 63, &["balance"], 1)).unwrap();
        assert_eq!(lanes(&old, "c").unwrap().len(), 1);
    }
}
