//! Register access with the two checks that every read needs: did the link hold, and is the card still there.

use crate::{error::Error, transport::Transport};
use photonbox_regmap::{Field, find, global};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// What a bus answers for a card that is gone.
pub(crate) const ALL_ONES: u32 = u32::MAX;

/// The registers behind a transport.
#[derive(Clone)]
pub(crate) struct Registers {
    transport: Arc<dyn Transport>,
}

impl Registers {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport }
    }

    pub(crate) fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// Reads one register. All-ones may be a value, so the magic decides whether the card is dead.
    pub(crate) fn read(&self, offset: u32) -> Result<u32, Error> {
        let value = self.transport.read32(offset)?;
        if value == ALL_ONES && self.transport.read32(global::MAGIC)? == ALL_ONES {
            return Err(Error::DeadCard);
        }
        Ok(value)
    }

    pub(crate) fn write(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.transport.write32(offset, value)
    }

    /// Reads a 64-bit counter of the last snapshot: low word at `low`, high word after it.
    pub(crate) fn read64(&self, low: u32) -> Result<u64, Error> {
        Ok(u64::from(self.read(low)?) | u64::from(self.read(low + 4)?) << 32)
    }

    /// Whether a flag is set.
    pub(crate) fn is_set(&self, offset: u32, flag: Field) -> Result<bool, Error> {
        Ok(flag.is_set(self.read(offset)?))
    }

    /// Writes a setting and reads it back.
    pub(crate) fn set(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.write(offset, value)?;
        let found = self.read(offset)?;
        if found == value {
            return Ok(());
        }
        let register = find(offset).map_or("?", |found| found.register.name);
        Err(Error::Readback {
            register,
            written: value,
            found,
        })
    }

    /// Waits until `done` says so.
    pub(crate) fn wait(
        &self,
        waiting_for: &'static str,
        patience: Duration,
        mut done: impl FnMut(&Self) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let mut pause = Duration::from_micros(20);
        while !done(self)? {
            if start.elapsed() >= patience {
                return Err(Error::Hung {
                    waiting_for,
                    waited: patience,
                });
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(2));
        }
        Ok(())
    }
}
