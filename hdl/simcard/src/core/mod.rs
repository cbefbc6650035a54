//! The card's core: what lies between pins, registers and bus. The model, or the verilated hardware.

#[cfg(feature = "verilated")]
#[allow(unsafe_code, reason = "calls into C++")]
pub(crate) mod ffi;
mod model;
#[cfg(feature = "verilated")]
mod rtl;

use crate::bus::Bridge;
use crate::options::Error;
use crate::stochastic::StochasticParams;
use photonbox_model::{Build, Card, EdgeError, FrontEnd};

/// Which core a simulated card has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CoreKind {
    /// The bit-exact Rust model: any build, 250 MHz in real time.
    #[default]
    Model,
    /// The verilated hardware: the same bits, about a hundredth of the speed. Only with the cargo feature `verilated`,
    /// build wide only with `verilated-wide`.
    Rtl,
}

impl CoreKind {
    /// As `--card` names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Rtl => "rtl",
        }
    }

    /// Whether this program has it, be it of one build of the card only.
    pub const fn available(self) -> bool {
        self.comes_in(Build::Small)
    }

    /// Whether this program has it of a build of the card.
    pub const fn comes_in(self, build: Build) -> bool {
        match (self, build) {
            (Self::Model, _) => true,
            (Self::Rtl, Build::Small) => cfg!(feature = "verilated"),
            (Self::Rtl, Build::Wide) => cfg!(feature = "verilated-wide"),
        }
    }

    /// The light that a card with this core has unless told otherwise: time passes slowly on verilated hardware, so
    /// it gets more photons in it.
    #[must_use]
    pub fn default_light(self) -> StochasticParams {
        match self {
            Self::Model => StochasticParams::default(),
            Self::Rtl => StochasticParams::bright(),
        }
    }

    /// Build hash that a card of a build with this core shows; a driver expects it.
    pub const fn build_hash(self, build: Build) -> [u8; 32] {
        match self {
            Self::Model => photonbox_regmap::MODEL_BUILD_HASH,
            #[cfg(feature = "verilated")]
            Self::Rtl => rtl::build_hash(build),
            #[cfg(not(feature = "verilated"))]
            Self::Rtl => {
                let _ = build;
                [0; 32]
            }
        }
    }
}

/// What a simulated card asks of its core. Cycles count from power-on.
///
/// A core may need time for an access to a register ([`Self::access_cycles`]); photons of that time must have been
/// given before.
pub(crate) trait Core {
    /// First cycle that has not been executed.
    fn now(&self) -> u64;

    /// Whether the card was started and not stopped. Only a write of the host changes it.
    fn running(&self) -> bool;

    /// Whether nothing happens without the host or photons: time need not pass then.
    fn quiet(&self) -> bool;

    /// Edges of `lane` in `cycle`, as [`Card::edges`]; what comes before them is executed, at the latest by
    /// [`Self::advance_to`].
    fn edges(
        &mut self,
        cycle: u64,
        lane: u32,
        a: bool,
        b: bool,
        bus: &mut Bridge,
    ) -> Result<(), EdgeError>;

    /// Executes cycles before `cycle`: all of them, or, where that takes long, those up to the first completion.
    fn advance_to(&mut self, cycle: u64, bus: &mut Bridge);

    /// Reads a register. Those that are not there read as 0.
    fn read32(&mut self, offset: u32, bus: &mut Bridge) -> u32;

    /// Writes a register. What a command needs of time passes before it returns, so that a host which waits for the
    /// end finds it even where time stands still.
    fn write32(&mut self, offset: u32, value: u32, bus: &mut Bridge);

    /// Whether a ring that is in use has no free slot.
    fn ring_full(&mut self, bus: &mut Bridge) -> bool;

    /// Edges given from now on are simulated, and `replayed` or not. `cycle` is that of the next edge.
    fn label(&mut self, replayed: bool, cycle: u64, bus: &mut Bridge);

    /// Makes the known-answer tests in `mask` fail from the next self-test on.
    fn inject_selftest_fault(&mut self, mask: u32);

    /// What the core did that no card may do; it is dead then.
    fn violation(&self) -> Option<String>;

    /// Most cycles that an access to a register of a running card takes.
    fn access_cycles(&self) -> u64;

    /// Most cycles to execute at once, so that others have their turn.
    fn stride(&self) -> u64;
}

/// Any of the cores: a branch that is always taken the same way costs a photon nothing, a call by table would.
#[allow(
    clippy::large_enum_variant,
    reason = "one for each simulated card, never moved"
)]
pub(crate) enum AnyCore {
    Model(Card),
    #[cfg(feature = "verilated")]
    Rtl(rtl::Rtl),
}

impl AnyCore {
    /// A core after power-on.
    ///
    /// # Errors
    /// [`Error::NoCore`], [`Error::NoBuild`] when this program does not have it.
    pub(crate) fn new(kind: CoreKind, build: Build, front_end: FrontEnd) -> Result<Self, Error> {
        match kind {
            CoreKind::Model => Ok(Self::Model(Card::new(
                build,
                kind.build_hash(build),
                front_end,
            ))),
            #[cfg(feature = "verilated")]
            CoreKind::Rtl => rtl::Rtl::new(build, front_end)
                .map(Self::Rtl)
                .ok_or(Error::NoBuild { build }),
            #[cfg(not(feature = "verilated"))]
            CoreKind::Rtl => Err(Error::NoCore),
        }
    }
}

macro_rules! either {
    ($self:ident, $core:ident => $call:expr) => {
        match $self {
            Self::Model($core) => $call,
            #[cfg(feature = "verilated")]
            Self::Rtl($core) => $call,
        }
    };
}

impl Core for AnyCore {
    #[inline]
    fn now(&self) -> u64 {
        either!(self, core => Core::now(core))
    }

    #[inline]
    fn running(&self) -> bool {
        either!(self, core => Core::running(core))
    }

    fn quiet(&self) -> bool {
        either!(self, core => core.quiet())
    }

    #[inline]
    fn edges(
        &mut self,
        cycle: u64,
        lane: u32,
        a: bool,
        b: bool,
        bus: &mut Bridge,
    ) -> Result<(), EdgeError> {
        either!(self, core => Core::edges(core, cycle, lane, a, b, bus))
    }

    #[inline]
    fn advance_to(&mut self, cycle: u64, bus: &mut Bridge) {
        either!(self, core => Core::advance_to(core, cycle, bus));
    }

    fn read32(&mut self, offset: u32, bus: &mut Bridge) -> u32 {
        either!(self, core => Core::read32(core, offset, bus))
    }

    fn write32(&mut self, offset: u32, value: u32, bus: &mut Bridge) {
        either!(self, core => Core::write32(core, offset, value, bus));
    }

    fn ring_full(&mut self, bus: &mut Bridge) -> bool {
        either!(self, core => core.ring_full(bus))
    }

    fn label(&mut self, replayed: bool, cycle: u64, bus: &mut Bridge) {
        either!(self, core => core.label(replayed, cycle, bus));
    }

    fn inject_selftest_fault(&mut self, mask: u32) {
        either!(self, core => Core::inject_selftest_fault(core, mask));
    }

    fn violation(&self) -> Option<String> {
        either!(self, core => core.violation())
    }

    #[inline]
    fn access_cycles(&self) -> u64 {
        either!(self, core => core.access_cycles())
    }

    #[inline]
    fn stride(&self) -> u64 {
        either!(self, core => core.stride())
    }
}
