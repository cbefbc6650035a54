//! All parties of each protocol in one process, with what goes between them written and read as it is on the wire.

use super::hub::{Hub, Kept, sent};
use anyhow::Context as _;
use photonbox_channel::Drawn;
use photonbox_secret::{SecretArray, SecretBytes};
use photonbox_vault::api::{AgentTurn, AgentTurned, Bytes};
use photonbox_vault::group::{Group, Purpose};
use photonbox_vault::item::ItemName;
use photonbox_vault::protocol::{
    Clear, ClearShare, Hidden, HiddenShare, Key, Kind, agents, blinded, homomorphic, optimised,
};

/// A pair of keys of E: primes take seconds, so all protocols of a group share them.
pub(super) struct Pair<G: Group> {
    private: SecretBytes,
    public: G::PublicKey,
}

impl<G: Group> Pair<G> {
    pub(super) fn draw(hub: &Hub) -> anyhow::Result<Self> {
        let (private, public) = G::key_pair(&mut Drawn(&hub.random))?;
        Ok(Self {
            private: G::encode_private_key(&private),
            public,
        })
    }

    pub(super) fn private(&self) -> anyhow::Result<G::PrivateKey> {
        Ok(G::decode_private_key(self.private.as_slice())?)
    }

    pub(super) fn public(&self) -> &G::PublicKey {
        &self.public
    }
}

/// Creates and opens items.
pub(super) trait Parties {
    /// The work of all parties for one new item.
    fn create(&self, hub: &Hub, name: &ItemName) -> anyhow::Result<Kept>;

    /// The work of all parties for one access.
    fn open(&self, hub: &Hub, name: &ItemName, kept: &Kept) -> anyhow::Result<SecretArray<32>>;
}

/// A message in clear.
fn clear<G: Group>(message: &Clear<G>) -> Bytes {
    Bytes::new(message.to_bytes().as_slice())
}

/// The data key of a key that came out of a protocol, if it may be one.
fn data_key<G: Group>(key: &Key<G>, name: &ItemName) -> anyhow::Result<SecretArray<32>> {
    let fits = G::fits(key.element(), Purpose::Key);
    anyhow::ensure!(fits, "a key out of its range");
    Ok(key.data_key(name))
}

/// `blinded`.
pub(super) struct Blinded<G: Group> {
    appliance: blinded::Appliance<G>,
    vault: blinded::Vault<G>,
}

impl<G: Group> Blinded<G> {
    pub(super) fn set_up(hub: &Hub) -> anyhow::Result<Self> {
        let random = &mut Drawn(&hub.random);
        Ok(Self {
            appliance: blinded::Appliance::draw(random)?,
            vault: blinded::Vault::draw(random)?,
        })
    }
}

impl<G: Group> Parties for Blinded<G> {
    fn create(&self, hub: &Hub, name: &ItemName) -> anyhow::Result<Kept> {
        let random = &mut Drawn(&hub.random);
        let (key, message) = self.appliance.create(random)?;
        let asked = Hub::asked_to_create(name, clear(&message))?;
        let created = Clear::<G>::read(asked.message.as_slice(), Kind::BlindedCreate)?;
        let share = self.vault.share(&created);
        let share = hub.shares.seal(name, &G::encode(share.element()), random)?;
        let ticket = hub.created(name, &share, false, None)?.ticket;
        Ok(Kept {
            share,
            ticket,
            data_key: data_key(&key, name)?,
        })
    }

    fn open(&self, hub: &Hub, name: &ItemName, kept: &Kept) -> anyhow::Result<SecretArray<32>> {
        hub.asked_to_open(name, kept, None)?;
        let share = hub.shares.open(name, &kept.share)?;
        let share = ClearShare::<G>::new(G::decode(share.as_slice())?);
        let opened = Hub::opened(clear(&self.vault.serve(&share)))?;
        let served = Clear::<G>::read(opened.message.as_slice(), Kind::BlindedServe)?;
        data_key(&self.appliance.open(&served), name)
    }
}

/// `homomorphic`.
pub(super) struct Homomorphic<G: Group> {
    appliance: homomorphic::Appliance<G>,
    vault: homomorphic::Vault<G>,
}

impl<G: Group> Homomorphic<G> {
    pub(super) fn set_up(hub: &Hub, pair: &Pair<G>) -> anyhow::Result<Self> {
        let random = &mut Drawn(&hub.random);
        let vault = homomorphic::Vault::<G>::new(pair.private()?);
        let part = vault.part(random)?;
        let appliance = homomorphic::Appliance::draw(pair.public().clone(), &part, random)?;
        Ok(Self { appliance, vault })
    }
}

impl<G: Group> Parties for Homomorphic<G> {
    fn create(&self, hub: &Hub, name: &ItemName) -> anyhow::Result<Kept> {
        let (key, share) = self.appliance.create(&mut Drawn(&hub.random))?;
        let message = share.to_message(Kind::HomomorphicCreate).to_bytes();
        let asked = Hub::asked_to_create(name, Bytes::new(message))?;
        let created = Hidden::<G>::read(asked.message.as_slice(), Kind::HomomorphicCreate)?;
        let share = G::encode_ciphertext(HiddenShare::of_message(created).ciphertext());
        let ticket = hub.created(name, &share, true, None)?.ticket;
        Ok(Kept {
            share,
            ticket,
            data_key: data_key(&key, name)?,
        })
    }

    fn open(&self, hub: &Hub, name: &ItemName, kept: &Kept) -> anyhow::Result<SecretArray<32>> {
        let share = HiddenShare::new(G::decode_ciphertext(&kept.share)?);
        let (question, message) = self.appliance.ask(&share, &mut Drawn(&hub.random))?;
        let asked = hub.asked_to_open(name, kept, Some(Bytes::new(message.to_bytes())))?;
        let message = asked.message.as_ref().context("no message")?;
        let read = Hidden::<G>::read(message.as_slice(), Kind::HomomorphicAsk)?;
        let opened = Hub::opened(clear(&self.vault.serve(&read)?))?;
        let served = Clear::<G>::read(opened.message.as_slice(), Kind::HomomorphicServe)?;
        data_key(&question.open(&served), name)
    }
}

/// `three` with one agent, N locations with more.
pub(super) struct Agents<G: Group> {
    appliance: agents::Appliance<G>,
    agents: Vec<agents::Agent<G>>,
    vault: agents::Vault<G>,
}

/// What an agent does with a message.
type Turns<'a, G> = &'a dyn Fn(&agents::Agent<G>, Hidden<G>) -> anyhow::Result<Hidden<G>>;

impl<G: Group> Agents<G> {
    pub(super) fn set_up(hub: &Hub, pair: &Pair<G>, agents: usize) -> anyhow::Result<Self> {
        let random = &mut Drawn(&hub.random);
        Ok(Self {
            appliance: agents::Appliance::draw(pair.public().clone(), random)?,
            agents: (0..agents)
                .map(|_| agents::Agent::draw(pair.public().clone(), random))
                .collect::<Result<_, _>>()?,
            vault: agents::Vault::new(pair.private()?),
        })
    }

    /// Agent after agent: the hub asks, the agent reads, computes, and answers.
    fn turns(
        &self,
        name: &ItemName,
        message: Vec<u8>,
        kind: Kind,
        turn: Turns<'_, G>,
    ) -> anyhow::Result<Vec<u8>> {
        let mut message = Bytes::new(message);
        for agent in &self.agents {
            let asked = sent(&AgentTurn {
                set: name.set.clone(),
                generation: name.generation,
                appliance: "appliance-1".to_owned(),
                message,
            })?;
            let read = Hidden::<G>::read(asked.message.as_slice(), kind)?;
            let message_of_agent = Bytes::new(turn(agent, read)?.to_bytes());
            message = sent(&AgentTurned {
                message: message_of_agent,
            })?
            .message;
        }
        Ok(message.as_slice().to_vec())
    }
}

impl<G: Group> Parties for Agents<G> {
    fn create(&self, hub: &Hub, name: &ItemName) -> anyhow::Result<Kept> {
        let (key, message) = self.appliance.create(&mut Drawn(&hub.random))?;
        let asked = Hub::asked_to_create(name, Bytes::new(message.to_bytes()))?;
        let message = asked.message.as_slice();
        // Before any agent is asked.
        Hidden::<G>::read(message, Kind::AgentsCreate)?;
        let turned = self.turns(
            name,
            message.to_vec(),
            Kind::AgentsCreate,
            &|agent, read| Ok(agent.take_out(&read, &mut Drawn(&hub.random))?),
        )?;
        let last = Hidden::<G>::read(&turned, Kind::AgentsCreate)?;
        let share = G::encode_ciphertext(HiddenShare::of_message(last).ciphertext());
        let ticket = hub.created(name, &share, false, None)?.ticket;
        Ok(Kept {
            share,
            ticket,
            data_key: data_key(&key, name)?,
        })
    }

    fn open(&self, hub: &Hub, name: &ItemName, kept: &Kept) -> anyhow::Result<SecretArray<32>> {
        hub.asked_to_open(name, kept, None)?;
        let share = HiddenShare::<G>::new(G::decode_ciphertext(&kept.share)?);
        let message = share.to_message(Kind::AgentsAsk).to_bytes();
        let turned = self.turns(name, message, Kind::AgentsAsk, &|agent, read| {
            Ok(agent.put_in(read, &mut Drawn(&hub.random))?)
        })?;
        let read = Hidden::<G>::read(&turned, Kind::AgentsAsk)?;
        let opened = Hub::opened(clear(&self.vault.serve(&read)?))?;
        let served = Clear::<G>::read(opened.message.as_slice(), Kind::AgentsServe)?;
        data_key(&self.appliance.open(&served), name)
    }
}

/// `optimised`.
pub(super) struct Optimised<G: Group> {
    appliance: optimised::Appliance<G>,
    vault: optimised::Vault<G>,
}

impl<G: Group> Optimised<G> {
    pub(super) fn set_up(hub: &Hub, pair: &Pair<G>) -> anyhow::Result<Self> {
        let random = &mut Drawn(&hub.random);
        let part = homomorphic::Vault::<G>::new(pair.private()?).part(random)?;
        let (appliance, message) = optimised::Appliance::draw(pair.public(), &part, random)?;
        let vault = optimised::Vault::set_up(&pair.private()?, &message)?;
        Ok(Self { appliance, vault })
    }

    /// Step 3, which ends creating, too. Of Paillier's numbers its keys are larger than others' (decision 31).
    fn receive(&self, message: &Bytes, name: &ItemName) -> anyhow::Result<SecretArray<32>> {
        let served = Clear::<G>::read(message.as_slice(), Kind::OptimisedServe)?;
        Ok(self.appliance.open(&served).data_key(name))
    }
}

impl<G: Group> Parties for Optimised<G> {
    fn create(&self, hub: &Hub, name: &ItemName) -> anyhow::Result<Kept> {
        let random = &mut Drawn(&hub.random);
        let message = self.appliance.create(random)?;
        let asked = Hub::asked_to_create(name, clear(&message))?;
        let created = Clear::<G>::read(asked.message.as_slice(), Kind::OptimisedCreate)?;
        let share = self.vault.share(&created, random)?;
        let served = clear(&self.vault.serve(&share));
        let share = hub.shares.seal(name, &G::encode(share.element()), random)?;
        let answer = hub.created(name, &share, false, Some(served))?;
        let message = answer.message.as_ref().context("no message")?;
        Ok(Kept {
            data_key: self.receive(message, name)?,
            share,
            ticket: answer.ticket,
        })
    }

    fn open(&self, hub: &Hub, name: &ItemName, kept: &Kept) -> anyhow::Result<SecretArray<32>> {
        hub.asked_to_open(name, kept, None)?;
        let share = hub.shares.open(name, &kept.share)?;
        let share = ClearShare::<G>::new(G::decode(share.as_slice())?);
        let opened = Hub::opened(clear(&self.vault.serve(&share)))?;
        self.receive(&opened.message, name)
    }
}

/// Envelope encryption, the peer of them all: the vault draws the data key, wraps it under a key of its own, and unwraps it for whoever has
/// the ticket. It knows every key.
pub(super) struct Envelope;

impl Parties for Envelope {
    fn create(&self, hub: &Hub, name: &ItemName) -> anyhow::Result<Kept> {
        let random = &mut Drawn(&hub.random);
        Hub::asked_to_create(name, Bytes::default())?;
        let mut drawn = SecretBytes::new_zeroed(32);
        photonbox_channel::ByteSource::fill(&hub.random, drawn.as_mut_slice())?;
        let share = hub.shares.seal(name, &drawn, random)?;
        let answer = hub.created(name, &share, false, Some(Bytes::new(drawn.as_slice())))?;
        let message = answer.message.as_ref().context("no message")?;
        Ok(Kept {
            data_key: received(message)?,
            share,
            ticket: answer.ticket,
        })
    }

    fn open(&self, hub: &Hub, name: &ItemName, kept: &Kept) -> anyhow::Result<SecretArray<32>> {
        hub.asked_to_open(name, kept, None)?;
        let key = hub.shares.open(name, &kept.share)?;
        received(&Hub::opened(Bytes::new(key.as_slice()))?.message)
    }
}

fn received(message: &Bytes) -> anyhow::Result<SecretArray<32>> {
    SecretArray::from_slice(message.as_slice())
        .ok()
        .context("no key of 32 bytes")
}
