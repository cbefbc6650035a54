//! What the two halves of an open channel share: the side, the step of a chain, and why one cannot be made
//! (protocol step 6). Each direction has its own chain, record key and rekeying; see `sending.rs` and
//! `receiving.rs`.

use crate::control::Refusal;
use crate::error::CloseReason;
use crate::kx::{EphemeralKey, KxError, POINT_LEN};
use crate::mlkem::MlkemSecret;
use crate::schedule::{Chain, Direction, Epoch, PublicKeys};
use crate::source::SourceExhausted;

/// Which end of the channel this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    A,
    B,
}

impl Side {
    pub(crate) fn sends(self) -> Direction {
        match self {
            Self::A => Direction::AToB,
            Self::B => Direction::BToA,
        }
    }

    pub(crate) fn receives(self) -> Direction {
        match self {
            Self::A => Direction::BToA,
            Self::B => Direction::AToB,
        }
    }

    /// Puts the two points in the schedule's order.
    pub(crate) fn order<'a>(
        self,
        own: &'a [u8; POINT_LEN],
        peer: &'a [u8; POINT_LEN],
    ) -> PublicKeys<'a> {
        match self {
            Self::A => PublicKeys { a: own, b: peer },
            Self::B => PublicKeys { a: peer, b: own },
        }
    }
}

/// A step of the rekeying could not be made.
#[derive(Debug)]
pub(crate) enum StepError {
    Source(SourceExhausted),
    Refused(Refusal),
}

impl From<SourceExhausted> for StepError {
    fn from(error: SourceExhausted) -> Self {
        Self::Source(error)
    }
}

impl From<Refusal> for StepError {
    fn from(error: Refusal) -> Self {
        Self::Refused(error)
    }
}

/// The other side's word does not fit.
pub(crate) fn bad(what: &'static str) -> Refusal {
    Refusal(CloseReason::BadRekey, what)
}

/// Step 6c: one step of the chain with both sides' one-time keys; the old chain is erased.
pub(crate) fn step(
    side: Side,
    chain: Chain,
    own: EphemeralKey,
    peer: &[u8; POINT_LEN],
    mlkem: Option<&MlkemSecret>,
) -> Result<Epoch, Refusal> {
    let public = *own.public();
    let ecdh = own.agree(peer).map_err(|error| match error {
        KxError::BadPeerKey => Refusal(CloseReason::BadKey, "a one-time key is no point"),
        KxError::Source(_) => Refusal(CloseReason::SourceExhausted, "no memory for a step"),
    })?;
    let mlkem = mlkem.map(MlkemSecret::as_array);
    chain
        .step(ecdh.as_array(), mlkem, side.order(&public, peer))
        .ok_or(bad("the epochs are used up"))
}
