//! Key boxes for two gateways (spec 2-keybox §2.3, mode `boxes`): the hub's [`Desk`] makes them and gives one at a time to
//! both; a gateway's [`Client`] takes them. The steps are those of `docs/protocol.md`, "Key boxes".
//!
//! Session keys and IP keys never leave the hub, and nothing of an orbit outlives its process.

mod client;
mod desk;
mod draw;
mod orbits;
mod pairs;
mod parts;

use photonbox_channel::message::{
    BOX_KEY, BoxMessage, BoxSizes, Class, KeysPart, Provenance, RefusalCode,
};
use photonbox_keybox::{Error as KeyboxError, Parameters};
use photonbox_secret::SecretBytes;
use serde::{Deserialize, Serialize};

pub use client::{BoxKeys, Client, Event, Place};
pub(crate) use desk::Desk;
pub use draw::new_ip_key;

use crate::{Error, Result};

/// What a gateway may say of its boxes before the hub has taken it in.
pub(crate) const MAX_WORDS: usize = 16;

/// Why a relay gives no key boxes.
pub(crate) const THROUGH_A_RELAY: &str =
    "key boxes do not go through a relay, which would see the keys: connect the gateway to the hub";

/// Key boxes at the hub. TOML table `[boxes]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoxOptions {
    /// Pairs of gateways, by host IDs; empty: any two hosts that name each other.
    pub pairs: Vec<[String; 2]>,
    /// Pairs at once, those of which only one gateway has asked included.
    pub max_pairs: usize,
    /// Locked memory for the session keys of all orbits together. One of 200 boxes of 512 keys takes 3.3 MB, the largest
    /// that there can be 32 MiB.
    pub memory_bytes: u64,
}

impl Default for BoxOptions {
    fn default() -> Self {
        Self {
            pairs: Vec::new(),
            max_pairs: 1024,
            memory_bytes: 32 << 20,
        }
    }
}

impl BoxOptions {
    /// # Errors
    /// A pair that can't be one.
    pub(crate) fn check(&self) -> Result<()> {
        for [one, other] in &self.pairs {
            let ids = [one, other]
                .iter()
                .all(|id| photonbox_channel::is_valid_id(id));
            if one == other || !ids {
                return Err(Error::usage(
                    format!("[\"{one}\", \"{other}\"] in boxes.pairs is not a pair of gateways"),
                    "give the IDs of two hosts",
                ));
            }
        }
        Ok(())
    }

    fn allows(&self, one: &str, other: &str) -> bool {
        let is_it = |[a, b]: &[String; 2]| (a == one && b == other) || (a == other && b == one);
        self.pairs.is_empty() || self.pairs.iter().any(is_it)
    }
}

/// A request for key boxes.
#[derive(Clone, Debug)]
pub(crate) struct BoxWish {
    pub(crate) id: u64,
    /// The other gateway.
    pub(crate) peer: String,
    pub(crate) sizes: BoxSizes,
}

impl BoxWish {
    pub(crate) fn message(&self) -> BoxMessage<'_> {
        BoxMessage::Open {
            id: self.id,
            peer: &self.peer,
            sizes: self.sizes,
        }
    }
}

/// What a gateway says of the boxes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It holds all keys of one.
    Held { orbit: u64, number: u16 },
    /// It wants this one ahead of need.
    Next { orbit: u64, number: u16 },
}

impl Word {
    pub(crate) fn message(self, id: u64) -> BoxMessage<'static> {
        match self {
            Self::Held { orbit, number } => BoxMessage::Held { id, orbit, number },
            Self::Next { orbit, number } => BoxMessage::Next { id, orbit, number },
        }
    }
}

/// What the hub says of key boxes, on its way out.
pub(crate) enum BoxOut {
    Opened {
        id: u64,
        orbit: u64,
        role: u8,
        sizes: BoxSizes,
    },
    Keys {
        id: u64,
        orbit: u64,
        number: u16,
        first: u16,
        provenance: Provenance,
        keys: SecretBytes,
    },
    Ready {
        id: u64,
        orbit: u64,
        number: u16,
    },
    Waits {
        id: u64,
        code: RefusalCode,
        text: &'static str,
    },
}

impl BoxOut {
    pub(crate) fn message(&self) -> BoxMessage<'_> {
        match self {
            Self::Opened {
                id,
                orbit,
                role,
                sizes,
            } => BoxMessage::Opened {
                id: *id,
                orbit: *orbit,
                role: *role,
                sizes: *sizes,
            },
            Self::Keys {
                id,
                orbit,
                number,
                first,
                provenance,
                keys,
            } => BoxMessage::Keys(KeysPart {
                id: *id,
                orbit: *orbit,
                number: *number,
                first: *first,
                provenance: *provenance,
                // IP key and R_i are drawn as full entropy, always.
                class: Class::Full,
                keys: keys.as_slice(),
            }),
            Self::Ready { id, orbit, number } => BoxMessage::Ready {
                id: *id,
                orbit: *orbit,
                number: *number,
            },
            Self::Waits { id, code, text } => BoxMessage::Waits {
                id: *id,
                code: *code,
                text,
            },
        }
    }
}

/// What the hub said of key boxes, out of its record.
#[derive(Debug)]
pub(crate) enum BoxAnswer {
    Opened {
        orbit: u64,
        role: u8,
        sizes: BoxSizes,
    },
    Keys {
        orbit: u64,
        number: u16,
        first: u16,
        provenance: Provenance,
        class: Class,
        keys: SecretBytes,
    },
    Ready {
        orbit: u64,
        number: u16,
    },
    Waits {
        code: RefusalCode,
        text: String,
    },
}

impl BoxAnswer {
    /// With the bytes that it takes; none for what a hub doesn't say.
    pub(crate) fn of(message: BoxMessage<'_>) -> Option<(Self, usize)> {
        let answer = match message {
            BoxMessage::Opened {
                orbit, role, sizes, ..
            } => Self::Opened { orbit, role, sizes },
            BoxMessage::Keys(part) => {
                let keys = SecretBytes::from_slice(part.keys);
                let answer = Self::Keys {
                    orbit: part.orbit,
                    number: part.number,
                    first: part.first,
                    provenance: part.provenance,
                    class: part.class,
                    keys,
                };
                return Some((answer, part.keys.len()));
            }
            BoxMessage::Ready { orbit, number, .. } => Self::Ready { orbit, number },
            BoxMessage::Waits { code, text, .. } => Self::Waits {
                code,
                text: text.chars().filter(|c| !c.is_control()).collect(),
            },
            BoxMessage::Open { .. } | BoxMessage::Held { .. } | BoxMessage::Next { .. } => {
                return None;
            }
        };
        Some((answer, 0))
    }
}

/// As the wire has them.
fn sizes(parameters: Parameters) -> BoxSizes {
    BoxSizes {
        s: parameters.s() as u8,
        boxes: parameters.boxes() as u16,
        keys: parameters.keys() as u16,
    }
}

fn parameters(sizes: BoxSizes) -> std::result::Result<Parameters, KeyboxError> {
    Parameters::new(sizes.s.into(), sizes.boxes.into(), sizes.keys.into())
}

// What two crates say of the same thing.
const _: () = assert!(
    BOX_KEY == photonbox_keybox::KEY_BYTES
        && photonbox_channel::message::MAX_ORBIT_KEYS == photonbox_keybox::MAX_JOB_KEYS
        && photonbox_channel::message::MAX_DROPPED as u32 == photonbox_keybox::MAX_S
);
