//! A card, from opening to stopping.

use crate::{
    bringup,
    error::Error,
    layout::{RingKind, alarm_names},
    regs::Registers,
    ring::{Ring, RingCore},
    settings::{CardSettings, Route},
    transport::{Interrupt, Transport},
};
use photonbox_regmap::{MODEL_BUILD_HASH, global};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

/// How a card is opened.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// The build hash that the card must have. Default: the model's.
    pub expected_build: [u8; 32],
    /// Take a card with another build hash, with a warning.
    pub accept_any_build: bool,
    /// How long the card may take for a reset, a stop, or a write it claims to have made.
    pub patience: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            expected_build: MODEL_BUILD_HASH,
            accept_any_build: false,
            patience: Duration::from_secs(2),
        }
    }
}

/// The two builds of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Build {
    /// 4 lanes.
    Small,
    /// 64 lanes.
    Wide,
}

/// Where the card's photons come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrontEnd {
    /// Detectors at pins.
    Real,
    /// A test bench.
    Test,
    /// A simulation, or a recording.
    Simulated,
}

/// What a card says it is, checked at opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Which build.
    pub build: Build,
    /// Where photons come from.
    pub front_end: FrontEnd,
    /// Number of lanes.
    pub lanes: u32,
    /// Most input bits of an extractor block.
    pub max_n: u32,
    /// Most output bits.
    pub max_m: u32,
    /// Register ABI, major and minor.
    pub abi: (u32, u32),
    /// SHA-256 that ties the card to its source.
    #[serde(serialize_with = "as_hex")]
    pub build_hash: [u8; 32],
    /// Core clock in Hz.
    pub clock_hz: u32,
    /// Input bits that the extractor takes a cycle.
    pub toeplitz_width: u32,
    /// Bytes of the DMA data path.
    pub axi_bytes: u32,
    /// Whether it has a key-box engine.
    pub keybox: bool,
    /// The transport's words for it.
    pub describe: String,
}

fn as_hex<S: serde::Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&bringup::hex(bytes))
}

impl Identity {
    /// Whether its photons are real ones at real pins, now.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.front_end == FrontEnd::Real
    }

    /// The build hash in hexadecimal.
    #[must_use]
    pub fn build_hash_hex(&self) -> String {
        bringup::hex(&self.build_hash)
    }
}

/// How far the card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reset, without settings.
    Reset,
    /// Settings and rings are in place.
    Configured,
    /// The extractor has a seed too; stopped or never started.
    Ready,
    /// Running.
    Running,
    /// Suspended: nothing but [`Card::resume`] and resets reach it.
    Asleep,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Configured => "configured but without a seed",
            Self::Ready => "stopped",
            Self::Running => "running",
            Self::Asleep => "asleep",
        }
    }
}

/// What a recovery cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// Slots that were complete and are gone.
    pub discarded_slots: u64,
    /// Raw bits that they were made of.
    pub discarded_raw_bits: u64,
    /// The new generation.
    pub generation: u32,
}

/// An open card. All methods take `&self` and may be called from any thread; commands take turns.
///
/// ```no_run
/// # fn main() -> Result<(), photonbox_driver::Error> {
/// # let device: std::sync::Arc<dyn photonbox_driver::Device> = unreachable!();
/// # let fresh_seed = [0; 176];
/// use photonbox_driver::{Card, CardSettings, Cutoffs, OpenOptions, RingKind, transport::inprocess::InProcess};
/// let card = Card::open(Box::new(InProcess::new(device)), OpenOptions::default())?;
/// card.configure(&CardSettings::new(card.identity().lanes, Cutoffs::after_reset()))?;
/// card.load_seed(&fresh_seed)?;
/// let mut ring = card.take_ring(RingKind::Entropy)?;
/// card.start()?;
/// if let Some(slot) = ring.wait(std::time::Duration::from_secs(1))? {
///     println!("{} raw bits became {} bytes", slot.raw_bits(), slot.len());
///     slot.release()?;
/// }
/// card.stop()
/// # }
/// ```
pub struct Card {
    pub(crate) registers: Registers,
    pub(crate) identity: Identity,
    pub(crate) patience: Duration,
    pub(crate) entropy: Arc<RingCore>,
    pub(crate) raw: Arc<RingCore>,
    pub(crate) keybox: Arc<RingCore>,
    pub(crate) events: Arc<Interrupt>,
    /// Kept beside the stage for those who look without the lock.
    pub(crate) asleep: AtomicBool,
    state: Mutex<CardState>,
}

pub(crate) struct CardState {
    pub(crate) stage: Stage,
    /// Where it was when it was suspended.
    pub(crate) before_sleep: Stage,
    pub(crate) generation: u32,
    pub(crate) settings: Option<CardSettings>,
    /// Alarms of lanes that a reset freed of them, and that stay off until an operator re-arms them.
    pub(crate) held: Vec<u32>,
    /// Alarms that were seen on the card: a reset by another would hide them from a recovery.
    pub(crate) seen: Vec<u32>,
    pub(crate) recoveries: u64,
}

impl Card {
    /// Steps 1 to 6 of the bring-up: who is there, can we talk, what can it do; then a reset. Lanes that were in
    /// alarm stay off until [`Card::rearm`] or [`Card::reset`]: opening anew is no operator's command.
    ///
    /// # Errors
    /// [`Error::DeadCard`], [`Error::NotAPhotonbox`], [`Error::AbiMismatch`], [`Error::BuildHashMismatch`],
    /// [`Error::BadCapabilities`], [`Error::Hung`], [`Error::Link`].
    pub fn open(transport: Box<dyn Transport>, options: OpenOptions) -> Result<Self, Error> {
        let transport: Arc<dyn Transport> = Arc::from(transport);
        let registers = Registers::new(Arc::clone(&transport));
        bringup::magic(&registers)?;
        let abi = bringup::abi(&registers)?;
        let build_hash = bringup::build_hash(&registers, &options)?;
        let identity = bringup::capabilities(&registers, abi, build_hash)?;
        let held = bringup::latched_alarms(&registers, identity.lanes)?;
        let generation = bringup::reset(&registers, options.patience)?;
        for (number, &alarms) in held.iter().enumerate().filter(|(_, alarms)| **alarms != 0) {
            tracing::warn!(lane = number, alarms = ?alarm_names(alarms), "the lane was in alarm; it stays off until it is re-armed");
        }
        tracing::info!(card = identity.describe, generation, "card opened");
        let ring = |kind| RingCore::new(kind, Arc::clone(&transport), options.patience);
        Ok(Self {
            entropy: ring(RingKind::Entropy)?,
            raw: ring(RingKind::Raw)?,
            keybox: ring(RingKind::Keybox)?,
            events: transport.interrupt(global::EVENT_VECTOR)?,
            registers,
            identity,
            patience: options.patience,
            asleep: AtomicBool::new(false),
            state: Mutex::new(CardState {
                stage: Stage::Reset,
                before_sleep: Stage::Reset,
                generation,
                settings: None,
                seen: vec![0; held.len()],
                held,
                recoveries: 0,
            }),
        })
    }

    /// What the card is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How far it is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.lock().stage
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, CardState> {
        // A panic in another thread can't leave worse than a half configured card, which start refuses.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Steps 7 to 10: lanes, extractor, rings, each read back. Needs a new seed afterwards.
    ///
    /// # Errors
    /// [`Error::Settings`], [`Error::NoLane`], [`Error::Extractor`] before anything is touched;
    /// [`Error::Readback`]; [`Error::Order`] while it runs; what memory for the rings can lack.
    pub fn configure(&self, settings: &CardSettings) -> Result<(), Error> {
        settings.check(&self.identity)?;
        let mut state = self.lock();
        state.awake("be configured")?;
        if state.stage == Stage::Running {
            return Err(order(state.stage, "be configured", "stop it first"));
        }
        self.configure_locked(&mut state, settings)
    }

    pub(crate) fn configure_locked(
        &self,
        state: &mut CardState,
        settings: &CardSettings,
    ) -> Result<(), Error> {
        let registers = &self.registers;
        state.stage = Stage::Reset;
        bringup::lanes(registers, &self.identity, settings, &state.held)?;
        bringup::extractor(registers, settings)?;
        if let Some(pattern) = &settings.pattern {
            bringup::pattern(registers, pattern)?;
        }
        bringup::rings(
            registers,
            settings,
            state.generation,
            &self.entropy,
            &self.raw,
        )?;
        state.settings = Some(settings.clone());
        state.stage = if settings.uses(Route::Extract) {
            Stage::Configured
        } else {
            Stage::Ready
        };
        Ok(())
    }

    /// Step 11: the extractor's seed, ⌈(n + m − 1) / 8⌉ bytes, first bit in bit 0 of the first byte. At any time from
    /// `configure` on; on a running card it takes over at the next block. The driver keeps no copy.
    ///
    /// # Errors
    /// [`Error::SeedLength`], [`Error::SeedRefused`], [`Error::Order`].
    pub fn load_seed(&self, seed: &[u8]) -> Result<(), Error> {
        let mut state = self.lock();
        self.load_seed_locked(&mut state, seed)
    }

    fn load_seed_locked(&self, state: &mut CardState, seed: &[u8]) -> Result<(), Error> {
        state.awake("take a seed")?;
        let Some(settings) = state
            .settings
            .as_ref()
            .filter(|_| state.stage != Stage::Reset)
        else {
            return Err(order(state.stage, "take a seed", "configure it first"));
        };
        bringup::seed(&self.registers, seed, settings.extractor.seed_bytes())?;
        if state.stage == Stage::Configured {
            state.stage = Stage::Ready;
        }
        Ok(())
    }

    /// Step 12: the enabled lanes begin their start-up tests.
    ///
    /// # Errors
    /// [`Error::HealthAlarm`] when every lane is held in alarm, [`Error::StartRefused`], [`Error::Order`],
    /// [`Error::Hung`].
    pub fn start(&self) -> Result<(), Error> {
        let mut state = self.lock();
        self.start_locked(&mut state)
    }

    pub(crate) fn start_locked(&self, state: &mut CardState) -> Result<(), Error> {
        state.awake("start")?;
        match state.stage {
            Stage::Running => return Ok(()),
            Stage::Reset => {
                return Err(order(
                    state.stage,
                    "start",
                    "configure it and load a seed first",
                ));
            }
            Stage::Configured => return Err(order(state.stage, "start", "load a seed first")),
            Stage::Ready | Stage::Asleep => {}
        }
        self.lanes_left(state)?;
        bringup::start(&self.registers, self.patience)?;
        state.stage = Stage::Running;
        Ok(())
    }

    /// STOP, IDLE, and a read. Slots that are complete can still be taken.
    ///
    /// # Errors
    /// [`Error::Hung`], [`Error::DeadCard`].
    pub fn stop(&self) -> Result<(), Error> {
        let mut state = self.lock();
        self.stop_locked(&mut state)
    }

    pub(crate) fn stop_locked(&self, state: &mut CardState) -> Result<(), Error> {
        if state.stage == Stage::Running {
            bringup::stop(&self.registers, self.patience)?;
            state.stage = Stage::Ready;
        }
        Ok(())
    }

    /// An operator's reset: everything returns to its start, latched alarms and what is in flight are dropped
    /// (and counted).
    ///
    /// # Errors
    /// [`Error::Hung`], [`Error::DeadCard`].
    pub fn reset(&self) -> Result<(), Error> {
        let mut state = self.lock();
        self.reset_locked(&mut state)?;
        state.held.fill(0);
        state.seen.fill(0);
        state.settings = None;
        Ok(())
    }

    pub(crate) fn reset_locked(&self, state: &mut CardState) -> Result<(), Error> {
        self.wake(state)?;
        state.stage = Stage::Reset;
        state.generation = bringup::reset(&self.registers, self.patience)?;
        // Only now, with the card idle, is memory ours alone.
        self.entropy.disarm();
        self.raw.disarm();
        self.keybox.disarm();
        Ok(())
    }

    /// After a time-out or a ring's error: resets, sets everything as it was, takes the fresh seed and goes on.
    /// Entropy in flight is discarded and counted, never reused. Lanes in alarm stay off: a recovery is no
    /// operator's command. The rings stay with their owners and give slots again.
    ///
    /// # Errors
    /// As [`Card::configure`], [`Card::load_seed`] and [`Card::start`]; [`Error::DeadCard`] for a card that is gone.
    pub fn recover(&self, fresh_seed: &[u8]) -> Result<Recovery, Error> {
        let mut state = self.lock();
        let Some(settings) = state.settings.clone() else {
            return Err(order(state.stage, "recover", "configure it first"));
        };
        self.wake(&mut state)?;
        bringup::magic(&self.registers)?;
        let latched = bringup::latched_alarms(&self.registers, self.identity.lanes)?;
        let CardState { held, seen, .. } = &mut *state;
        for ((held, seen), latched) in held.iter_mut().zip(seen).zip(latched) {
            *held |= *seen | latched;
        }
        let before = [self.entropy.counts(), self.raw.counts()];
        self.reset_locked(&mut state)?;
        let after = [self.entropy.counts(), self.raw.counts()];
        self.configure_locked(&mut state, &settings)?;
        if settings.uses(Route::Extract) {
            self.load_seed_locked(&mut state, fresh_seed)?;
        }
        state.recoveries += 1;
        let lost = |count: fn(&crate::RingCounts) -> u64| {
            after.iter().map(count).sum::<u64>() - before.iter().map(count).sum::<u64>()
        };
        let recovery = Recovery {
            discarded_slots: lost(|counts| counts.discarded_slots),
            discarded_raw_bits: lost(|counts| counts.discarded_raw_bits),
            generation: state.generation,
        };
        tracing::warn!(?recovery, "the card was reset and set up again");
        self.start_locked(&mut state)?;
        Ok(recovery)
    }

    /// The ring, for its one owner; it comes back when that drops it. It gives slots while the card runs.
    ///
    /// # Errors
    /// [`Error::RingTaken`], [`Error::NoRing`].
    pub fn take_ring(&self, kind: RingKind) -> Result<Ring, Error> {
        match kind {
            RingKind::Entropy => Ring::take(&self.entropy),
            RingKind::Raw => Ring::take(&self.raw),
            RingKind::Keybox => Err(Error::NoRing { ring: kind }),
        }
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        let stopped = {
            let mut state = self.lock();
            self.wake(&mut state)
                .and_then(|()| self.stop_locked(&mut state))
        };
        if let Err(error) = &stopped
            && !matches!(error, Error::DeadCard)
        {
            tracing::warn!(%error, "the card didn't stop; its access to memory is cut instead");
        }
        if let Err(error) = self.registers.transport().bus_master(false) {
            tracing::debug!(%error, "bus mastering couldn't be switched off");
        }
        self.entropy.disarm();
        self.raw.disarm();
        self.keybox.disarm();
    }
}

pub(crate) fn order(stage: Stage, action: &'static str, help: &'static str) -> Error {
    Error::Order {
        state: stage.name(),
        action,
        help,
    }
}
