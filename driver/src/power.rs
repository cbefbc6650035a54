//! Suspending a card, and waking it. Rings and settings stay; slots that were complete can be taken meanwhile.

use crate::{
    card::{Card, CardState, Stage, order},
    error::Error,
};
use photonbox_regmap::global;
use std::sync::atomic::Ordering;

impl CardState {
    /// Whether registers answer; else what was asked has to wait.
    pub(crate) fn awake(&self, action: &'static str) -> Result<(), Error> {
        match self.stage {
            Stage::Asleep => Err(order(self.stage, action, "resume it first")),
            _ => Ok(()),
        }
    }
}

impl Card {
    /// Stops the card, and puts it to sleep where its bus can (D3hot over vfio-user). Nothing that was complete is
    /// lost.
    ///
    /// # Errors
    /// As [`Card::stop`], and those of the bus.
    pub fn suspend(&self) -> Result<(), Error> {
        let mut state = self.lock();
        if state.stage == Stage::Asleep {
            return Ok(());
        }
        let before = state.stage;
        self.stop_locked(&mut state)?;
        // From here on nobody reads registers: all-ones would pass for a card that is gone.
        self.rings().for_each(|ring| ring.pause(true));
        self.asleep.store(true, Ordering::Release);
        (state.before_sleep, state.stage) = (before, Stage::Asleep);
        let done = self
            .registers
            .transport()
            .bus_master(false)
            .and_then(|()| self.registers.transport().sleep(true));
        if let Err(error) = done {
            self.wake(&mut state)?;
            return Err(error);
        }
        Ok(())
    }

    /// Wakes the card; if it ran, it runs again, and its lanes begin with their start-up tests.
    ///
    /// # Errors
    /// [`Error::GenerationChanged`] when the card lost its state in its sleep: recover it. As [`Card::start`], and
    /// those of the bus.
    pub fn resume(&self) -> Result<(), Error> {
        let mut state = self.lock();
        if state.stage != Stage::Asleep {
            return Ok(());
        }
        self.wake(&mut state)?;
        let found = self.registers.read(global::GENERATION)?;
        if found != state.generation {
            return Err(Error::GenerationChanged {
                expected: state.generation,
                found,
            });
        }
        if state.stage != Stage::Reset {
            self.registers.transport().bus_master(true)?;
        }
        if state.before_sleep == Stage::Running {
            self.start_locked(&mut state)?;
        }
        Ok(())
    }

    /// Lets registers answer again; bus mastering stays off.
    pub(crate) fn wake(&self, state: &mut CardState) -> Result<(), Error> {
        if state.stage != Stage::Asleep {
            return Ok(());
        }
        self.registers.transport().sleep(false)?;
        state.stage = match state.before_sleep {
            Stage::Running => Stage::Ready,
            other => other,
        };
        self.asleep.store(false, Ordering::Release);
        self.rings().for_each(|ring| ring.pause(false));
        Ok(())
    }

    fn rings(&self) -> impl Iterator<Item = &crate::ring::RingCore> {
        [&*self.entropy, &*self.raw, &*self.keybox].into_iter()
    }
}
