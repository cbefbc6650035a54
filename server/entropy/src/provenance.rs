//! Where bytes came from: labels that stay with them to the end (specification 1-entropy §1.3).
//!
//! Countermeasure T3 (`docs/threat-model.md`).

use serde::{Deserialize, Serialize};

/// What is not genuine about a source. All false: photons of a real front end.
///
/// Labels are only ever added. Mixing two inputs gives the labels of both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// A simulated front end: a stochastic model or a recording instead of detectors.
    pub simulated: bool,
    /// A recording played a second time or more: anybody with the file knows these bits.
    pub replayed: bool,
    /// A test pattern instead of detector pulses.
    pub test: bool,
}

impl Provenance {
    /// A genuine source.
    pub const REAL: Self = Self {
        simulated: false,
        replayed: false,
        test: false,
    };
    /// A simulated source.
    pub const SIMULATED: Self = Self {
        simulated: true,
        replayed: false,
        test: false,
    };

    /// The labels of both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            simulated: self.simulated || other.simulated,
            replayed: self.replayed || other.replayed,
            test: self.test || other.test,
        }
    }

    /// True if nothing is simulated, replayed or a test.
    #[must_use]
    pub fn is_real(self) -> bool {
        self == Self::REAL
    }

    /// The labels as bits 0 (simulated), 1 (replayed) and 2 (test), for wire formats.
    #[must_use]
    pub fn to_bits(self) -> u8 {
        u8::from(self.simulated) | u8::from(self.replayed) << 1 | u8::from(self.test) << 2
    }

    /// Reads what [`Provenance::to_bits`] made; `None` if another bit is set.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits & !7 == 0).then_some(Self {
            simulated: bits & 1 != 0,
            replayed: bits & 2 != 0,
            test: bits & 4 != 0,
        })
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels = [
            (self.simulated, "simulated"),
            (self.replayed, "replayed"),
            (self.test, "test"),
        ];
        let mut any = false;
        for (_, label) in labels.iter().filter(|(set, _)| *set) {
            write!(f, "{}{label}", if any { ", " } else { "" })?;
            any = true;
        }
        if any { Ok(()) } else { f.write_str("real") }
    }
}

/// The two classes of output (1-entropy §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Full entropy, bounded by the ledger.
    Full,
    /// Output of the CTR_DRBG, seeded with full entropy.
    Drbg,
}

impl Class {
    /// The class's number in wire formats.
    #[must_use]
    pub fn to_byte(self) -> u8 {
        match self {
            Self::Full => 1,
            Self::Drbg => 2,
        }
    }

    /// Reads what [`Class::to_byte`] made.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Full),
            2 => Some(Self::Drbg),
            _ => None,
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Drbg => "drbg",
        })
    }
}

/// What is known about where given bytes came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Labels of everything that went in.
    pub provenance: Provenance,
    /// Bit i: lane i of a source took part.
    pub lanes: u64,
    /// Names of the sources that took part, sorted, each once.
    pub sources: Vec<String>,
}

impl Origin {
    /// Adds another origin's labels, lanes and sources.
    pub fn merge(&mut self, other: &Self) {
        for source in &other.sources {
            self.add(source, other.lanes, other.provenance);
        }
        self.lanes |= other.lanes;
        self.provenance = self.provenance.merge(other.provenance);
    }

    /// Adds one source.
    pub fn add(&mut self, source: &str, lanes: u64, provenance: Provenance) {
        if let Err(at) = self
            .sources
            .binary_search_by(|known| known.as_str().cmp(source))
        {
            self.sources.insert(at, source.to_owned());
        }
        self.lanes |= lanes;
        self.provenance = self.provenance.merge(provenance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_only_added() {
        for a in 0..8u8 {
            for b in 0..8u8 {
                let (a, b) = (Provenance::from_bits(a), Provenance::from_bits(b));
                let (a, b) = (a.expect("three bits"), b.expect("three bits"));
                assert_eq!(a.merge(b).to_bits(), a.to_bits() | b.to_bits());
            }
        }
        assert_eq!(Provenance::from_bits(8), None);
        assert!(Provenance::REAL.is_real());
        assert!(
            !Provenance {
                test: true,
                ..Provenance::REAL
            }
            .is_real()
        );
    }

    #[test]
    fn labels_read_well() {
        assert_eq!(Provenance::REAL.to_string(), "real");
        let both = Provenance {
            replayed: true,
            ..Provenance::SIMULATED
        };
        assert_eq!(both.to_string(), "simulated, replayed");
    }

    #[test]
    fn origins_keep_sorted_unique_sources() {
        let mut origin = Origin::default();
        origin.add("b", 1, Provenance::REAL);
        origin.add("a", 2, Provenance::SIMULATED);
        origin.add("b", 4, Provenance::REAL);
        assert_eq!(origin.sources, ["a", "b"]);
        assert_eq!(origin.lanes, 7);
        let mut other = Origin::default();
        other.add(
            "c",
            8,
            Provenance {
                test: true,
                ..Provenance::REAL
            },
        );
        origin.merge(&other);
        assert_eq!(origin.sources, ["a", "b", "c"]);
        assert_eq!(origin.provenance.to_string(), "simulated, test");
    }

    #[test]
    fn classes_have_fixed_numbers() {
        for class in [Class::Full, Class::Drbg] {
            assert_eq!(Class::from_byte(class.to_byte()), Some(class));
        }
        assert_eq!(Class::from_byte(0), None);
        assert_eq!(
            serde_json::to_string(&Class::Full).expect("plain"),
            "\"full\""
        );
    }
}
