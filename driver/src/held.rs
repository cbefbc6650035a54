//! Lanes in alarm: held off, whatever resets the card, until an operator re-arms them.

use crate::{
    card::{Card, CardState, Stage, order},
    error::Error,
    layout::{LaneState, alarm_bits, alarm_names},
};
use photonbox_regmap::lane;

impl Card {
    fn check_lane(&self, number: u32) -> Result<usize, Error> {
        if number >= self.identity.lanes {
            return Err(Error::NoLane {
                lane: number,
                last: self.identity.lanes - 1,
            });
        }
        Ok(number as usize)
    }

    /// Holds a lane off as if this card had stopped it with these alarms, until [`Card::rearm`] or [`Card::reset`]: for
    /// a hub that knows of an alarm which the card has forgotten with its power, or with a reset by the kernel.
    ///
    /// # Errors
    /// [`Error::NoLane`]; [`Error::Order`] while it runs.
    pub fn hold(&self, number: u32, alarms: &[String]) -> Result<(), Error> {
        let index = self.check_lane(number)?;
        let mut state = self.lock();
        state.awake("hold a lane")?;
        match state.stage {
            Stage::Running => return Err(order(state.stage, "hold a lane", "stop it first")),
            // The next `configure` leaves it off.
            Stage::Reset => {}
            _ => self
                .registers
                .set(lane::base(number) + lane::ENABLE, lane::ENABLE_ON.put(0))?,
        }
        if let Some(held) = state.held.get_mut(index) {
            *held |= alarm_bits(alarms);
        }
        Ok(())
    }

    /// An operator's command: the lane begins again with its start-up test.
    ///
    /// # Errors
    /// [`Error::NoLane`]; [`Error::LaneState`] when it isn't in alarm; [`Error::Hung`] when it stays there.
    pub fn rearm(&self, number: u32) -> Result<(), Error> {
        let index = self.check_lane(number)?;
        let mut state = self.lock();
        state.awake("re-arm a lane")?;
        let at = |register| lane::base(number) + register;
        let requested = || {
            let word = self.registers.read(at(lane::STATE))?;
            Ok::<_, Error>(lane::STATE_RESTART.is_set(word))
        };
        let is_held = state.held.get(index).is_some_and(|&alarms| alarms != 0);
        match LaneState::from_register(self.registers.read(at(lane::STATE))?) {
            LaneState::Alarmed => {
                let what = "the restart of a lane";
                let registers = &self.registers;
                registers.write(at(lane::RESTART), lane::RESTART_REQUEST.mask())?;
                registers.wait(what, self.patience, |_| requested())?;
                let alarms = registers.read(at(lane::ALARMS))?;
                registers.write(at(lane::ALARMS), alarms)?;
                // The request ends with the last alarm. The state wouldn't tell: a lane that fails at once is in alarm
                // again before anybody looks.
                registers.wait(what, self.patience, |_| Ok(!requested()?))?;
            }
            _ if is_held => {
                let wanted = state
                    .settings
                    .as_ref()
                    .and_then(|settings| settings.lanes.get(index));
                // Without settings, or before the card is configured, the next `configure` enables it.
                if wanted.is_some_and(|wanted| wanted.enabled) && state.stage != Stage::Reset {
                    self.registers
                        .set(at(lane::ENABLE), lane::ENABLE_ON.mask())?;
                }
            }
            found => {
                return Err(Error::LaneState {
                    lane: number,
                    state: found.to_string(),
                    what: "there is nothing to re-arm",
                });
            }
        }
        let CardState { held, seen, .. } = &mut *state;
        for kept in [held, seen] {
            if let Some(alarms) = kept.get_mut(index) {
                *alarms = 0;
            }
        }
        Ok(())
    }

    /// Whether any lane is left to give bits.
    ///
    /// # Errors
    /// [`Error::HealthAlarm`] when none is; [`Error::DeadCard`].
    pub fn check_health(&self) -> Result<(), Error> {
        let state = self.lock();
        state.awake("tell its health")?;
        self.lanes_left(&state)
    }

    pub(crate) fn lanes_left(&self, state: &CardState) -> Result<(), Error> {
        let Some(settings) = &state.settings else {
            return Ok(());
        };
        let mut alarmed = Vec::new();
        for (number, _) in settings
            .lanes
            .iter()
            .enumerate()
            .filter(|(_, lane)| lane.enabled)
        {
            let alarms = self.alarms(state, number as u32)?;
            if alarms == 0 {
                return Ok(());
            }
            alarmed.push(format!("lane {number}: {}", alarm_names(alarms).join("+")));
        }
        Err(Error::HealthAlarm {
            alarms: alarmed.join(", "),
        })
    }

    /// A lane's alarms: those on the card, and those it is held for.
    pub(crate) fn alarms(&self, state: &CardState, number: u32) -> Result<u32, Error> {
        let held = state.held.get(number as usize).copied().unwrap_or(0);
        Ok(held | self.registers.read(lane::base(number) + lane::ALARMS)?)
    }
}
