//! What the appliance computes when another one comes, and when the master key changes.

use photonbox_channel::Drawn;
use photonbox_vault::api::{Bytes, Protocol, SetUp};
use photonbox_vault::group::Group;
use photonbox_vault::protocol::{
    Clear, Delta, Hidden, Kind, Transfer, agents, blinded, homomorphic, optimised,
};

use super::own::{Own, missing, public_key, received};
use crate::Error;
use crate::keep::{Former, KeptSet};

impl<G: Group> Own<G> {
    /// As the voucher: what conceals K_m, covered by t, for the vault.
    pub(super) fn covered(
        &self,
        kept: &KeptSet,
        t: &Transfer<G>,
        random: &mut Drawn<'_>,
    ) -> Result<Bytes, Error> {
        Ok(match self {
            Self::Blinded(own) => Bytes::new(own.vouch(t).to_bytes().as_slice()),
            Self::Homomorphic(own) => Bytes::new(own.vouch(t, random)?.to_bytes()),
            Self::Agents(own) => Bytes::new(own.vouch(t, random)?.to_bytes()),
            Self::Optimised(own) => {
                let own = own.concealed(public_key::<G>(kept.public_key.as_ref())?);
                Bytes::new(own.vouch(t, random)?.to_bytes())
            }
        })
    }

    /// As the newcomer: its own part; with it the message that ends the set-up, where there is one.
    pub(super) fn accept(
        made: &SetUp,
        t: &Transfer<G>,
        random: &mut Drawn<'_>,
    ) -> Result<(Self, Option<Bytes>), Error> {
        let moved = made.moved.as_ref();
        let moved = moved.ok_or_else(|| missing("the covered concealment"))?;
        let clear = |kind| Clear::<G>::read(moved.as_slice(), kind).map_err(received);
        let hidden = |kind| Hidden::<G>::read(moved.as_slice(), kind).map_err(received);
        let public = || public_key::<G>(made.public_key.as_ref());
        let own = match made.protocol {
            Protocol::Blinded => {
                let moved = clear(Kind::BlindedMoved)?;
                Self::Blinded(blinded::Appliance::accept(&moved, t))
            }
            Protocol::Homomorphic => {
                let moved = hidden(Kind::HomomorphicMoved)?;
                Self::Homomorphic(homomorphic::Appliance::accept(
                    public()?,
                    &moved,
                    t,
                    random,
                )?)
            }
            Protocol::Three | Protocol::N => {
                let moved = clear(Kind::AgentsMoved)?;
                Self::Agents(agents::Appliance::accept(public()?, &moved, t))
            }
            Protocol::Optimised => {
                let moved = hidden(Kind::HomomorphicMoved)?;
                let own = homomorphic::Appliance::accept(public()?, &moved, t, random)?;
                let (own, message) = optimised::Appliance::conceal(own, random)?;
                let message = Bytes::new(message.to_bytes());
                return Ok((Self::Optimised(own), Some(message)));
            }
        };
        Ok((own, None))
    }

    /// Its part under K_m·δ; with it the message that sets that up at the vault, where there is one.
    fn rotated(
        &self,
        kept: &KeptSet,
        delta: &Delta<G>,
        random: &mut Drawn<'_>,
    ) -> Result<(Self, Option<Bytes>), Error> {
        Ok(match self {
            Self::Blinded(own) => (Self::Blinded(own.rotated(delta)), None),
            Self::Homomorphic(own) => (Self::Homomorphic(own.rotated(delta, random)?), None),
            Self::Agents(own) => (Self::Agents(own.rotated(delta)), None),
            Self::Optimised(own) => {
                let public = public_key::<G>(kept.public_key.as_ref())?;
                let (own, message) = own.rotated(public, delta, random)?;
                (Self::Optimised(own), Some(Bytes::new(message.to_bytes())))
            }
        })
    }
}

/// What is kept of a set in the next generation. Where shares are in clear, those of before stay under what conceals them now.
pub(super) fn next<G: Group>(
    kept: &KeptSet,
    delta: &Delta<G>,
    random: &mut Drawn<'_>,
) -> Result<KeptSet, Error> {
    let made = super::own::Made::of(Own::<G>::of(kept)?.rotated(kept, delta, random)?);
    let mut before = kept.before.clone();
    if !kept.protocol.has_hidden_shares() {
        before.push(Former {
            generation: kept.generation,
            own: kept.own.clone(),
            master: kept.master.clone(),
        });
    }
    Ok(KeptSet {
        generation: kept.generation + 1,
        own: made.own,
        master: made.master,
        conceal: made.conceal,
        before,
        ..kept.clone()
    })
}
