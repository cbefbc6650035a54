//! What an orbit gives away, and what it does not (spec 2-keybox §2.2): the attacks, cycles and statistics behind
//! `photonbox keybox audit`. What they found stands in `docs/keybox-audit.md`.
//!
//! For IP keys that no tunnel uses: nothing here is wiped, and time and memory depend on the keys.

pub mod arcsine;
pub mod attack;
pub mod bits;
pub mod digits;
pub mod small;
mod statistic;

pub use bits::Bits;
pub use digits::Digits;
pub use small::SmallMap;
pub use statistic::{Group, Statistic};
