//! What passes between the hub's [table of pairs](super::pairs) and whoever does what it asks for.

use std::sync::Arc;

use photonbox_channel::message::RefusalCode;
use photonbox_entropy::provenance::Provenance;
use photonbox_keybox::Parameters;
use photonbox_secret::SecretBytes;

/// Number of an open request, of all channels: never used twice.
pub(super) type Wish = u64;

/// Two gateways, in the order of their IDs: the first has direction bit 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair(pub(super) [Arc<str>; 2]);

impl Pair {
    /// None for a gateway with itself.
    pub(super) fn new(one: &str, other: &str) -> Option<Self> {
        match one.cmp(other) {
            std::cmp::Ordering::Less => Some(Self([one.into(), other.into()])),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Self([other.into(), one.into()])),
        }
    }

    pub(super) fn side(&self, host: &str) -> usize {
        usize::from(&*self.0[0] != host)
    }
}

/// Why a pair gets no box now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The other gateway has not asked.
    Alone,
    /// The two ask for different sizes.
    Sizes,
    /// The orbits of other pairs fill the memory for it.
    NoRoom,
    /// The source gives nothing.
    Unhealthy,
    /// The source is well and has too little.
    Depleted,
    /// Memory that is not locked is refused.
    Unlocked,
    /// The engine failed; the log says how.
    Engine,
}

impl Why {
    /// What the gateways are told.
    pub(super) fn words(self) -> (RefusalCode, &'static str) {
        match self {
            Self::Alone => (
                RefusalCode::Unreachable,
                "the other gateway has not asked this hub for boxes with this one",
            ),
            Self::Sizes => (
                RefusalCode::Unsupported,
                "the other gateway asks for another s, or other numbers of boxes and keys",
            ),
            Self::NoRoom => (
                RefusalCode::Quota,
                "the hub's memory for key boxes is full; its operator can raise memory_bytes in [boxes]",
            ),
            Self::Unhealthy => (
                RefusalCode::Unhealthy,
                "the hub's source is unhealthy: no box is made",
            ),
            Self::Depleted => (
                RefusalCode::Depleted,
                "the hub waits for full entropy for the next box",
            ),
            Self::Unlocked => (
                RefusalCode::Quota,
                "the hub cannot lock the memory for key boxes; raise its memlock limit",
            ),
            Self::Engine => (
                RefusalCode::Unhealthy,
                "the hub could not compute the keys; its log says why",
            ),
        }
    }
}

/// Why a request is refused at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoWish {
    /// A gateway named itself.
    Itself,
    /// More pairs than the hub serves.
    TooMany,
}

/// An orbit as it was computed.
pub(super) struct Orbit<T> {
    /// Not that of any other orbit of this hub.
    pub(super) id: u64,
    pub(super) parameters: Parameters,
    /// Labels of its IP key.
    pub(super) provenance: Provenance,
    /// Raw session keys of box 1, 2, …, up to the highest that is not used.
    pub(super) boxes: Vec<SecretBytes>,
    /// What computed it.
    pub(super) engine: &'static str,
    /// The ledger's entry, ended when the last that has it lets it go.
    pub(super) entry: T,
}

/// A box about to be made: its raw session keys are here and nowhere else.
pub(super) struct Raw<T> {
    pub(super) number: u32,
    pub(super) parameters: Parameters,
    pub(super) session_keys: SecretBytes,
    pub(super) provenance: Provenance,
    pub(super) entry: T,
}

/// A box: K(i, 1), K(i, 2), …
pub(super) struct Made {
    pub(super) keys: SecretBytes,
    pub(super) provenance: Provenance,
}

/// Something to be computed for a pair.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Never used twice.
    pub(super) number: u64,
    pub(super) pair: Pair,
    /// The gateway whose turn it takes to draw from the pool.
    pub(super) asker: Arc<str>,
}

/// What a gateway is told.
pub(super) enum Tell {
    Opened {
        orbit: u64,
        role: u8,
        parameters: Parameters,
    },
    Keys {
        orbit: u64,
        number: u16,
        provenance: Provenance,
        keys: SecretBytes,
    },
    Ready {
        orbit: u64,
        number: u16,
    },
    Waits(Why),
    /// The last word: the same gateway has asked again.
    Superseded,
}

/// What is to be done, in this order.
pub(super) enum Action<T> {
    Tell(Wish, Tell),
    MakeOrbit(Job, Parameters),
    MakeBox(Job, Raw<T>),
}

/// A pair, for `status`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) gateways: [Arc<str>; 2],
    pub(super) present: [bool; 2],
    pub(super) why: Option<Why>,
    pub(super) orbit: Option<u64>,
    pub(super) engine: Option<&'static str>,
    pub(super) number: Option<u16>,
    pub(super) ready: bool,
    /// Boxes of the orbit that are not used.
    pub(super) left: usize,
    /// Given since the hub started.
    pub(super) boxes: u64,
    pub(super) provenance: Provenance,
}
