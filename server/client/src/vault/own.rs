//! What the appliance computes, by the types of the protocols.

use photonbox_channel::Drawn;
use photonbox_vault::api::{Bytes, Protocol, SetUp};
use photonbox_vault::group::{Group, Purpose, Unfit};
use photonbox_vault::protocol::{
    Clear, Hidden, HiddenShare, Key, Kind, Received, agents, blinded, homomorphic, optimised,
};

use crate::Error;
use crate::keep::KeptSet;

/// What an appliance keeps after a step, and the message that ends the step.
pub(super) struct Made {
    /// B or r.
    pub(super) own: Option<Bytes>,
    /// E(K_m).
    pub(super) master: Option<Bytes>,
    pub(super) conceal: Option<Bytes>,
}

impl Made {
    pub(super) fn of<G: Group>((own, conceal): (Own<G>, Option<Bytes>)) -> Self {
        let (own, master) = own.stored();
        Self {
            own,
            master,
            conceal,
        }
    }

    /// What an appliance keeps of a set that it has just made, or come into.
    pub(super) fn kept(self, made: SetUp, hpke_private: Bytes) -> KeptSet {
        KeptSet {
            scheme: made.scheme,
            protocol: made.protocol,
            generation: made.generation,
            appliances_keep_shares: made.appliances_keep_shares,
            public_key: made.public_key,
            own: self.own,
            master: self.master,
            hpke_private,
            conceal: self.conceal,
            before: Vec::new(),
        }
    }
}

/// The appliance's part of a set.
pub(super) enum Own<G: Group> {
    Blinded(blinded::Appliance<G>),
    Homomorphic(homomorphic::Appliance<G>),
    Agents(agents::Appliance<G>),
    Optimised(optimised::Appliance<G>),
}

pub(super) fn unfit(error: Unfit) -> Error {
    Error::Wrong(error.to_string())
}

pub(super) fn received(error: Received) -> Error {
    Error::Wrong(error.to_string())
}

pub(super) fn missing(what: &str) -> Error {
    Error::Wrong(format!("{what} is missing"))
}

/// E's public key.
pub(super) fn public_key<G: Group>(key: Option<&Bytes>) -> Result<G::PublicKey, Error> {
    let key = key.ok_or_else(|| missing("the vault's public key"))?;
    G::decode_public_key(key.as_slice()).map_err(unfit)
}

impl<G: Group> Own<G> {
    /// Step 1; with it the message that ends the set-up, where there is one.
    pub(super) fn set_up(
        made: &SetUp,
        random: &mut Drawn<'_>,
    ) -> Result<(Self, Option<Bytes>), Error> {
        let public = || public_key::<G>(made.public_key.as_ref());
        let part = || {
            let part = made.part.as_ref();
            let part = part.ok_or_else(|| missing("the vault's part of the master key"))?;
            Hidden::<G>::read(part.as_slice(), Kind::MasterPart).map_err(received)
        };
        Ok(match made.protocol {
            Protocol::Blinded => (Self::Blinded(blinded::Appliance::draw(random)?), None),
            Protocol::Homomorphic => {
                let own = homomorphic::Appliance::draw(public()?, &part()?, random)?;
                (Self::Homomorphic(own), None)
            }
            Protocol::Three | Protocol::N => (
                Self::Agents(agents::Appliance::draw(public()?, random)?),
                None,
            ),
            Protocol::Optimised => {
                let (own, message) = optimised::Appliance::draw(&public()?, &part()?, random)?;
                (Self::Optimised(own), Some(Bytes::new(message.to_bytes())))
            }
        })
    }

    /// For the appliance's files: B or r, and E(K_m).
    fn stored(&self) -> (Option<Bytes>, Option<Bytes>) {
        let element = |element| Some(Bytes::new(G::encode(element).as_slice()));
        let ciphertext = |ciphertext| Some(Bytes::new(G::encode_ciphertext(ciphertext)));
        match self {
            Self::Blinded(own) => (element(own.stored()), None),
            Self::Homomorphic(own) => (None, ciphertext(own.stored())),
            Self::Agents(own) => (element(own.stored()), None),
            Self::Optimised(own) => {
                let (master, r) = own.stored();
                (element(r), ciphertext(master))
            }
        }
    }

    /// What was stored in this generation.
    pub(super) fn at(kept: &KeptSet, generation: u64) -> Result<Self, Error> {
        if generation == kept.generation {
            return Self::of(kept);
        }
        let mut before = kept.before.iter();
        let former = before.find(|former| former.generation == generation);
        let former = former.ok_or_else(|| {
            let what = format!("nothing of generation {generation} is kept here");
            Error::Wrong(what)
        })?;
        Self::of(&KeptSet {
            own: former.own.clone(),
            master: former.master.clone(),
            ..kept.clone()
        })
    }

    /// What was stored.
    pub(super) fn of(kept: &KeptSet) -> Result<Self, Error> {
        let own = || {
            let own = kept
                .own
                .as_ref()
                .ok_or_else(|| missing("the concealment"))?;
            G::decode(own.as_slice()).map_err(unfit)
        };
        let master = || {
            let master = kept.master.as_ref();
            let master = master.ok_or_else(|| missing("the concealment"))?;
            G::decode_ciphertext(master.as_slice()).map_err(unfit)
        };
        let public = || public_key::<G>(kept.public_key.as_ref());
        Ok(match kept.protocol {
            Protocol::Blinded => Self::Blinded(blinded::Appliance::new(own()?)),
            Protocol::Homomorphic => {
                Self::Homomorphic(homomorphic::Appliance::new(public()?, master()?))
            }
            Protocol::Three | Protocol::N => {
                Self::Agents(agents::Appliance::new(public()?, own()?))
            }
            Protocol::Optimised => Self::Optimised(optimised::Appliance::new(master()?, own()?)),
        })
    }

    /// Step 2: what the vault is sent. The key comes by step 3.
    pub(super) fn create(&self, random: &mut Drawn<'_>) -> Result<Bytes, Error> {
        Ok(match self {
            Self::Blinded(own) => Bytes::new(own.create(random)?.1.to_bytes().as_slice()),
            Self::Homomorphic(own) => {
                let (_, share) = own.create(random)?;
                Bytes::new(share.to_message(Kind::HomomorphicCreate).to_bytes())
            }
            Self::Agents(own) => Bytes::new(own.create(random)?.1.to_bytes()),
            Self::Optimised(own) => Bytes::new(own.create(random)?.to_bytes().as_slice()),
        })
    }

    /// Step 3: what the vault is sent with the ticket.
    pub(super) fn ask(
        &self,
        share: Option<&Bytes>,
        random: &mut Drawn<'_>,
    ) -> Result<(Option<homomorphic::Asked<G>>, Option<Bytes>), Error> {
        let Self::Homomorphic(own) = self else {
            return Ok((None, None));
        };
        let share = share.ok_or_else(|| missing("the share"))?;
        let share = G::decode_ciphertext(share.as_slice()).map_err(unfit)?;
        let (asked, message) = own.ask(&HiddenShare::new(share), random)?;
        Ok((Some(asked), Some(Bytes::new(message.to_bytes()))))
    }

    /// The key out of the vault's answer; none if it is out of a key's range.
    pub(super) fn open(
        &self,
        asked: Option<homomorphic::Asked<G>>,
        message: &[u8],
    ) -> Result<Option<Key<G>>, Error> {
        let read = |kind| Clear::<G>::read(message, kind).map_err(received);
        let key = match self {
            Self::Blinded(own) => own.open(&read(Kind::BlindedServe)?),
            Self::Homomorphic(_) => {
                let asked = asked.ok_or_else(|| missing("the question"))?;
                asked.open(&read(Kind::HomomorphicServe)?)
            }
            Self::Agents(own) => own.open(&read(Kind::AgentsServe)?),
            // Of Paillier's numbers its keys are larger: the vault draws the share (decision 31).
            Self::Optimised(own) => return Ok(Some(own.open(&read(Kind::OptimisedServe)?))),
        };
        Ok(Some(key).filter(|key| G::fits(key.element(), Purpose::Key)))
    }
}
