//! What the card tells of, besides slots.

use crate::{card::Card, error::Error, ring::SLOW_POLL};
use photonbox_regmap::global;
use serde::Serialize;
use std::{sync::atomic::Ordering, time::Duration};

/// Events that the card tells of, besides slots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Events {
    /// A lane went into alarm.
    pub alarm: bool,
    /// A ring stopped on a bus error.
    pub error: bool,
    /// The extractor wants a new seed soon: [`Card::load_seed`].
    pub seed_due: bool,
}

impl Card {
    /// Takes what events are pending, without waiting.
    ///
    /// # Errors
    /// [`Error::DeadCard`], [`Error::Link`].
    pub fn poll_events(&self) -> Result<Option<Events>, Error> {
        match self.pending_events() {
            // A card that sleeps reads all-ones, too, and may have gone to sleep just now.
            Err(Error::DeadCard) if self.asleep.load(Ordering::Acquire) => Ok(None),
            other => other,
        }
    }

    fn pending_events(&self) -> Result<Option<Events>, Error> {
        if self.asleep.load(Ordering::Acquire) {
            return Ok(None);
        }
        let bits = [global::INT_ALARM, global::INT_ERROR, global::INT_SEED];
        let pending = self.registers.read(global::INT_STATUS)?;
        let [alarm, error, seed_due] = bits.map(|bit| bit.is_set(pending));
        if !(alarm || error || seed_due) {
            return Ok(None);
        }
        let mask = bits.iter().fold(0, |mask, bit| mask | bit.mask());
        self.registers.write(global::INT_STATUS, pending & mask)?;
        Ok(Some(Events {
            alarm,
            error,
            seed_due,
        }))
    }

    /// Waits for events; `None` when `timeout` passed first.
    ///
    /// # Errors
    /// [`Error::DeadCard`], [`Error::Link`].
    pub fn wait_events(&self, timeout: Duration) -> Result<Option<Events>, Error> {
        let start = std::time::Instant::now();
        loop {
            let events = self.poll_events()?;
            let left = timeout.saturating_sub(start.elapsed());
            if events.is_some() || left.is_zero() {
                return Ok(events);
            }
            let _hint = self.events.wait(left.min(SLOW_POLL));
        }
    }

    /// Waits for events in a task, however long it takes.
    ///
    /// # Errors
    /// [`Error::DeadCard`], [`Error::Link`].
    pub async fn next_events(&self) -> Result<Events, Error> {
        loop {
            if let Some(events) = self.poll_events()? {
                return Ok(events);
            }
            let _hint = self.events.wait_async(SLOW_POLL).await;
        }
    }
}
