//! Lanes that an alarm stopped: they outlast the process, and the card's own memory of them.

use crate::Result;
use crate::engine::Engine;
use crate::records::HeldLane;
use crate::value::values;

/// Between the names in one row; no name of an alarm holds it.
const SEPARATOR: char = ',';

/// Of a lane that is held already, the alarms are those given; since when stays as it was first noted.
pub(crate) fn hold(engine: &impl Engine, held: &HeldLane) -> Result<()> {
    let alarms = held.alarms.join(&SEPARATOR.to_string());
    engine
        .change(
            "INSERT INTO held_lanes (card, lane, alarms, since) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (card, lane) DO UPDATE SET alarms = excluded.alarms",
            values![&held.card, held.lane, &alarms, held.since],
        )
        .map(drop)
}

pub(crate) fn lanes(engine: &impl Engine, card: &str) -> Result<Vec<HeldLane>> {
    engine.rows(
        "SELECT lane, alarms, since FROM held_lanes WHERE card = ?1 ORDER BY lane",
        values![card],
        |row| {
            Ok(HeldLane {
                card: card.to_owned(),
                lane: row.small(0)?,
                alarms: row.text(1)?.split(SEPARATOR).map(str::to_owned).collect(),
                since: row.natural(2)?,
            })
        },
    )
}

pub(crate) fn release(engine: &impl Engine, card: &str, lane: u8) -> Result<bool> {
    engine
        .change(
            "DELETE FROM held_lanes WHERE card = ?1 AND lane = ?2",
            values![card, lane],
        )
        .map(|deleted| deleted > 0)
}
