//! What the vault computes, for the group and protocol of a set: bytes in, bytes out. The types of [`photonbox_vault::protocol`] say
//! what may be computed; here they are chosen.

use photonbox_channel::ByteSource;
use photonbox_secret::SecretBytes;
use photonbox_vault::api::Protocol;
use photonbox_vault::group::{Group, Scheme, Unfit};
use photonbox_vault::in_group;
use photonbox_vault::protocol::{
    Clear, ClearShare, Hidden, HiddenShare, Kind, agents, blinded, homomorphic, optimised,
};

use crate::problem::Refusal;
use photonbox_channel::Drawn as Random;

/// A pair of keys of E, encoded.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) private: SecretBytes,
    pub(crate) public: Vec<u8>,
}

/// What the vault draws for the first appliance of a set.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    /// Kept for the appliance.
    pub(crate) concealment: Option<SecretBytes>,
    /// E of this appliance alone.
    pub(crate) own: Option<Pair>,
    /// E of the whole set.
    pub(crate) set: Option<Pair>,
    /// Sent to the appliance: E(b).
    pub(crate) part: Option<Vec<u8>>,
}

/// A set's group and protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Engine {
    pub(crate) scheme: Scheme,
    pub(crate) protocol: Protocol,
}

impl Engine {
    /// Draws what the vault has of a new set.
    pub(crate) fn draw(self, source: &dyn ByteSource) -> Result<Drawn, Refusal> {
        in_group!(self.scheme, draw(self.protocol, source))
    }

    /// Whether the appliance has to send something before it can create (*optimised*).
    pub(crate) fn has_second_step(self) -> bool {
        self.protocol == Protocol::Optimised
    }

    /// Draws what the vault has for a newcomer. Its agents draw for themselves.
    pub(crate) fn draw_newcomer(self, source: &dyn ByteSource) -> Result<Drawn, Refusal> {
        in_group!(self.scheme, draw_newcomer(self.protocol, source))
    }

    /// Whether this is what a voucher sends.
    pub(crate) fn check_vouched(self, message: &[u8]) -> Result<(), Refusal> {
        match self.protocol {
            Protocol::Blinded => in_group!(self.scheme, check_clear(message, Kind::BlindedVouch)),
            Protocol::Homomorphic | Protocol::Optimised => {
                in_group!(self.scheme, check(message, Kind::HomomorphicVouch))
            }
            Protocol::Three | Protocol::N => {
                in_group!(self.scheme, check(message, Kind::AgentsVouch))
            }
        }
    }

    /// *blinded*: from the voucher's concealment to the newcomer's.
    pub(crate) fn move_clear(
        self,
        from: &SecretBytes,
        to: &SecretBytes,
        message: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        in_group!(self.scheme, move_clear(from, to, message))
    }

    /// *homomorphic*, *optimised*: from the voucher's key to the newcomer's.
    pub(crate) fn move_hidden(
        self,
        from: &SecretBytes,
        to: &[u8],
        message: &[u8],
        source: &dyn ByteSource,
    ) -> Result<Vec<u8>, Refusal> {
        in_group!(self.scheme, move_hidden(from, to, message, source))
    }

    /// *three*, N: what the last agent gave, for the newcomer.
    pub(crate) fn moved(self, private: &SecretBytes, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        in_group!(self.scheme, moved(private, message))
    }

    /// E(δ) of a rotation, as it is kept.
    pub(crate) fn delta(self, message: &[u8]) -> Result<SecretBytes, Refusal> {
        in_group!(self.scheme, check(message, Kind::Delta))?;
        Ok(SecretBytes::from_slice(message))
    }

    /// A share after these rotations.
    pub(crate) fn rotated(self, share: &[u8], deltas: &[SecretBytes]) -> Result<Vec<u8>, Refusal> {
        in_group!(self.scheme, rotated(share, deltas))
    }

    /// *homomorphic*: a share under one appliance's key as one under another's.
    pub(crate) fn share_for(
        self,
        from: &SecretBytes,
        to: &[u8],
        share: &[u8],
        source: &dyn ByteSource,
    ) -> Result<Vec<u8>, Refusal> {
        in_group!(self.scheme, share_for(from, to, share, source))
    }

    /// *optimised*: K_m·r of the appliance's message, with its private key at the vault.
    pub(crate) fn conceal(
        self,
        private: &SecretBytes,
        message: &[u8],
    ) -> Result<SecretBytes, Refusal> {
        in_group!(self.scheme, conceal(private, message))
    }

    /// *blinded*, *optimised*: the share in clear.
    pub(crate) fn clear_share(
        self,
        concealment: &SecretBytes,
        message: &[u8],
        source: &dyn ByteSource,
    ) -> Result<SecretBytes, Refusal> {
        in_group!(
            self.scheme,
            clear_share(self.protocol, concealment, message, source)
        )
    }

    /// *blinded*, *optimised*: the answer for a share.
    pub(crate) fn serve_clear(
        self,
        concealment: &SecretBytes,
        share: &SecretBytes,
    ) -> Result<SecretBytes, Refusal> {
        in_group!(self.scheme, serve_clear(self.protocol, concealment, share))
    }

    /// *homomorphic*: the share of the appliance's message. The others': of what the last agent gave.
    pub(crate) fn hidden_share(self, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        in_group!(self.scheme, hidden_share(self.protocol, message))
    }

    /// *three*, N: what the first agent is asked for a share.
    pub(crate) fn agents_message(self, share: &[u8]) -> Result<Vec<u8>, Refusal> {
        in_group!(self.scheme, agents_message(share))
    }

    /// *three*, N: whether this is what an appliance sends to have an item made.
    pub(crate) fn check_created(self, message: &[u8]) -> Result<(), Refusal> {
        in_group!(self.scheme, check(message, Kind::AgentsCreate))
    }

    /// The answer to a derived ciphertext: of the appliance (*homomorphic*), of the last agent (*three*, N).
    pub(crate) fn serve_hidden(
        self,
        private: &SecretBytes,
        message: &[u8],
    ) -> Result<SecretBytes, Refusal> {
        in_group!(self.scheme, serve_hidden(self.protocol, private, message))
    }
}

/// What was stored does not fit: never the caller's fault.
fn stored(error: Unfit) -> Refusal {
    tracing::error!(%error, "what the store has of a set does not fit its group");
    Refusal::Internal
}

fn wrong_protocol(protocol: Protocol) -> Refusal {
    tracing::error!(%protocol, "a step that this protocol does not have");
    Refusal::Internal
}

fn pair<G: Group>(source: &dyn ByteSource) -> Result<(Pair, G::PrivateKey), Refusal> {
    let (private, public) = G::key_pair(&mut Random(source))?;
    let pair = Pair {
        private: G::encode_private_key(&private),
        public: G::encode_public_key(&public),
    };
    Ok((pair, private))
}

fn draw<G: Group>(protocol: Protocol, source: &dyn ByteSource) -> Result<Drawn, Refusal> {
    let random = &mut Random(source);
    Ok(match protocol {
        Protocol::Blinded => Drawn {
            concealment: Some(G::encode(blinded::Vault::<G>::draw(random)?.stored())),
            ..Drawn::default()
        },
        Protocol::Homomorphic | Protocol::Optimised => {
            let (own, private) = pair::<G>(source)?;
            let part = homomorphic::Vault::<G>::new(private).part(random)?;
            Drawn {
                own: Some(own),
                part: Some(part.to_bytes()),
                ..Drawn::default()
            }
        }
        Protocol::Three | Protocol::N => Drawn {
            set: Some(pair::<G>(source)?.0),
            ..Drawn::default()
        },
    })
}

fn conceal<G: Group>(private: &SecretBytes, message: &[u8]) -> Result<SecretBytes, Refusal> {
    let sent = Hidden::<G>::read(message, Kind::OptimisedSetUp)?;
    let private = G::decode_private_key(private.as_slice()).map_err(stored)?;
    let vault = optimised::Vault::<G>::set_up(&private, &sent)?;
    Ok(G::encode(vault.stored()))
}

fn clear_share<G: Group>(
    protocol: Protocol,
    concealment: &SecretBytes,
    message: &[u8],
    source: &dyn ByteSource,
) -> Result<SecretBytes, Refusal> {
    let concealment = G::decode(concealment.as_slice()).map_err(stored)?;
    let share = match protocol {
        Protocol::Blinded => {
            let created = Clear::<G>::read(message, Kind::BlindedCreate)?;
            blinded::Vault::<G>::new(concealment).share(&created)
        }
        Protocol::Optimised => {
            let created = Clear::<G>::read(message, Kind::OptimisedCreate)?;
            optimised::Vault::<G>::new(concealment).share(&created, &mut Random(source))?
        }
        other => return Err(wrong_protocol(other)),
    };
    Ok(G::encode(share.element()))
}

fn serve_clear<G: Group>(
    protocol: Protocol,
    concealment: &SecretBytes,
    share: &SecretBytes,
) -> Result<SecretBytes, Refusal> {
    let concealment = G::decode(concealment.as_slice()).map_err(stored)?;
    let share = ClearShare::<G>::new(G::decode(share.as_slice()).map_err(stored)?);
    let served = match protocol {
        Protocol::Blinded => blinded::Vault::<G>::new(concealment).serve(&share),
        Protocol::Optimised => optimised::Vault::<G>::new(concealment).serve(&share),
        other => return Err(wrong_protocol(other)),
    };
    Ok(served.to_bytes())
}

fn hidden_share<G: Group>(protocol: Protocol, message: &[u8]) -> Result<Vec<u8>, Refusal> {
    let share = match protocol {
        Protocol::Homomorphic => {
            HiddenShare::<G>::of_message(Hidden::read(message, Kind::HomomorphicCreate)?)
        }
        Protocol::Three | Protocol::N => {
            HiddenShare::<G>::of_message(Hidden::read(message, Kind::AgentsCreate)?)
        }
        other => return Err(wrong_protocol(other)),
    };
    Ok(G::encode_ciphertext(share.ciphertext()))
}

fn agents_message<G: Group>(share: &[u8]) -> Result<Vec<u8>, Refusal> {
    let share = HiddenShare::<G>::new(G::decode_ciphertext(share).map_err(stored)?);
    Ok(share.to_message(Kind::AgentsAsk).to_bytes())
}

fn check<G: Group>(message: &[u8], kind: Kind) -> Result<(), Refusal> {
    Hidden::<G>::read(message, kind)?;
    Ok(())
}

fn serve_hidden<G: Group>(
    protocol: Protocol,
    private: &SecretBytes,
    message: &[u8],
) -> Result<SecretBytes, Refusal> {
    let kind = match protocol {
        Protocol::Homomorphic => Kind::HomomorphicAsk,
        Protocol::Three | Protocol::N => Kind::AgentsAsk,
        other => return Err(wrong_protocol(other)),
    };
    let asked = Hidden::<G>::read(message, kind)?;
    let private = G::decode_private_key(private.as_slice()).map_err(stored)?;
    let served = if protocol == Protocol::Homomorphic {
        homomorphic::Vault::<G>::new(private).serve(&asked)?
    } else {
        agents::Vault::<G>::new(private).serve(&asked)?
    };
    Ok(served.to_bytes())
}

fn draw_newcomer<G: Group>(protocol: Protocol, source: &dyn ByteSource) -> Result<Drawn, Refusal> {
    Ok(match protocol {
        Protocol::Blinded => draw::<G>(protocol, source)?,
        Protocol::Homomorphic | Protocol::Optimised => Drawn {
            own: Some(pair::<G>(source)?.0),
            ..Drawn::default()
        },
        Protocol::Three | Protocol::N => Drawn::default(),
    })
}

fn check_clear<G: Group>(message: &[u8], kind: Kind) -> Result<(), Refusal> {
    Clear::<G>::read(message, kind)?;
    Ok(())
}

fn move_clear<G: Group>(
    from: &SecretBytes,
    to: &SecretBytes,
    message: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let vouched = Clear::<G>::read(message, Kind::BlindedVouch)?;
    let vault = |bytes: &SecretBytes| {
        let r = G::decode(bytes.as_slice()).map_err(stored)?;
        Ok::<_, Refusal>(blinded::Vault::<G>::new(r))
    };
    let moved = vault(from)?.move_to(&vault(to)?, &vouched);
    Ok(moved.to_bytes().as_slice().to_vec())
}

fn move_hidden<G: Group>(
    from: &SecretBytes,
    to: &[u8],
    message: &[u8],
    source: &dyn ByteSource,
) -> Result<Vec<u8>, Refusal> {
    let vouched = Hidden::<G>::read(message, Kind::HomomorphicVouch)?;
    let private = G::decode_private_key(from.as_slice()).map_err(stored)?;
    let newcomer = G::decode_public_key(to).map_err(stored)?;
    let vault = homomorphic::Vault::<G>::new(private);
    let moved = vault.move_to(&newcomer, &vouched, &mut Random(source))?;
    Ok(moved.to_bytes())
}

fn moved<G: Group>(private: &SecretBytes, message: &[u8]) -> Result<Vec<u8>, Refusal> {
    let vouched = Hidden::<G>::read(message, Kind::AgentsVouch)?;
    let private = G::decode_private_key(private.as_slice()).map_err(stored)?;
    let moved = agents::Vault::<G>::new(private).moved(&vouched)?;
    Ok(moved.to_bytes().as_slice().to_vec())
}

fn rotated<G: Group>(share: &[u8], deltas: &[SecretBytes]) -> Result<Vec<u8>, Refusal> {
    let mut share = HiddenShare::<G>::new(G::decode_ciphertext(share).map_err(stored)?);
    for delta in deltas {
        share = share.rotated(&Hidden::<G>::read(delta.as_slice(), Kind::Delta)?);
    }
    Ok(G::encode_ciphertext(share.ciphertext()))
}

fn share_for<G: Group>(
    from: &SecretBytes,
    to: &[u8],
    share: &[u8],
    source: &dyn ByteSource,
) -> Result<Vec<u8>, Refusal> {
    let private = G::decode_private_key(from.as_slice()).map_err(stored)?;
    let other = G::decode_public_key(to).map_err(stored)?;
    let share = HiddenShare::<G>::new(G::decode_ciphertext(share).map_err(stored)?);
    let vault = homomorphic::Vault::<G>::new(private);
    let share = vault.share_for(&other, &share, &mut Random(source))?;
    Ok(G::encode_ciphertext(share.ciphertext()))
}
