#![doc = include_str!("../README.md")]

mod bringup;
pub mod card;
pub mod device;
pub mod dma;
pub mod error;
pub mod events;
mod held;
pub mod keybox;
pub mod layout;
mod power;
mod regs;
pub mod ring;
pub mod selftest;
pub mod settings;
pub mod status;
mod sync;
pub mod transport;

pub use card::{Build, Card, FrontEnd, Identity, OpenOptions, Recovery, Stage};
pub use device::{Device, DmaFault, HostBus};
pub use error::Error;
pub use events::Events;
pub use keybox::{KeyboxJob, RUNNING_KEYS, Round};
pub use layout::{LaneState, RingKind};
pub use photonbox_regmap::{Completion, Flags, RawRecord};
pub use ring::{Coalescing, Geometry, Ring, RingCounts, RingMemory, Slot};
pub use selftest::{Check, SelfTest};
pub use settings::{
    CardSettings, Cutoffs, ExtractorSettings, LaneSettings, PatternKind, PatternSettings, Route,
};
pub use status::CardStatus;
pub use transport::{CardAddress, Transport};
