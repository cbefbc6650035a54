//! An appliance: its own part of each protocol.

use std::collections::HashMap;

use axum::http::Method;
use photonbox_vault::api::{
    Agent, Bytes, Conceal, CreateItem, CreateSet, ItemTicket, OpenItem, Opened, Problem, Protocol,
    SetUp,
};
use photonbox_vault::group::Group;
use photonbox_vault::protocol::{
    Clear, Hidden, HiddenShare, Key, Kind, agents, blinded, homomorphic, optimised,
};

use super::world::World;
use photonbox_channel::Drawn;

/// What an appliance has of a set.
pub(super) enum Has<G: Group> {
    Blinded(blinded::Appliance<G>),
    Homomorphic(homomorphic::Appliance<G>),
    Agents(agents::Appliance<G>),
    Optimised(optimised::Appliance<G>),
}

pub(super) struct Appliance<'a, G: Group> {
    pub(super) world: &'a World,
    pub(super) host: String,
    pub(super) set: String,
    pub(super) generation: u64,
    pub(super) public: Option<G::PublicKey>,
    pub(super) has: Has<G>,
    /// By their generation, for items whose shares are in clear.
    pub(super) before: HashMap<u64, Has<G>>,
}

pub(super) fn create_set<G: Group>(set: &str, protocol: Protocol, keep: bool) -> CreateSet {
    let agents = match protocol {
        Protocol::Three => 1,
        Protocol::N => 3,
        _ => 0,
    };
    CreateSet {
        set: set.into(),
        scheme: G::SCHEME.name().into(),
        protocol: Some(protocol),
        agents: (1..=agents)
            .map(|number| Agent {
                host: format!("agent{number}"),
                address: format!("192.0.2.{number}:4504"),
            })
            .collect(),
        appliances_keep_shares: keep,
        hpke_key: Bytes::new(super::hpke_key().1),
    }
}

fn path(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

impl<'a, G: Group> Appliance<'a, G> {
    /// The first one of a set.
    pub(super) async fn first(
        world: &'a World,
        host: &str,
        asked: &CreateSet,
    ) -> Result<Self, Problem> {
        let made: SetUp = world
            .ask(host, Method::POST, "/v1/sets", Some(asked))
            .await?;
        let random = &mut Drawn(&*world.source);
        let public = made.public_key.as_ref();
        let public = public.map(|key| G::decode_public_key(key.as_slice()).unwrap());
        let part = made.part.as_ref();
        let part = part.map(|part| Hidden::<G>::read(part.as_slice(), Kind::MasterPart).unwrap());
        let has = match made.protocol {
            Protocol::Blinded => Has::Blinded(blinded::Appliance::draw(random).unwrap()),
            Protocol::Homomorphic => {
                let (public, part) = (public.clone().unwrap(), part.unwrap());
                Has::Homomorphic(homomorphic::Appliance::draw(public, &part, random).unwrap())
            }
            Protocol::Three | Protocol::N => {
                Has::Agents(agents::Appliance::draw(public.clone().unwrap(), random).unwrap())
            }
            Protocol::Optimised => {
                let (own, message) =
                    optimised::Appliance::draw(public.as_ref().unwrap(), &part.unwrap(), random)
                        .unwrap();
                let message = Bytes::new(message.to_bytes());
                let path = format!("/v1/sets/{}/concealment", asked.set);
                let conceal = Conceal {
                    generation: 1,
                    message: Some(message),
                };
                for _ in 0..2 {
                    // Once more, as if the first answer had been lost.
                    let () = world.ask(host, Method::POST, &path, Some(&conceal)).await?;
                }
                Has::Optimised(own)
            }
        };
        Ok(Self {
            world,
            host: host.into(),
            set: asked.set.clone(),
            generation: 1,
            public,
            has,
            before: HashMap::new(),
        })
    }

    fn items(&self) -> String {
        format!("/v1/sets/{}/items", self.set)
    }

    /// The request that makes an item, and the key where the appliance draws it.
    pub(super) fn creation(&self, item: &str) -> (Option<Key<G>>, CreateItem) {
        let random = &mut Drawn(&*self.world.source);
        let (key, message) = match &self.has {
            Has::Blinded(own) => {
                let (key, message) = own.create(random).unwrap();
                (Some(key), message.to_bytes().as_slice().to_vec())
            }
            Has::Homomorphic(own) => {
                let (key, share) = own.create(random).unwrap();
                let message = share.to_message(Kind::HomomorphicCreate);
                (Some(key), message.to_bytes())
            }
            Has::Agents(own) => {
                let (key, message) = own.create(random).unwrap();
                (Some(key), message.to_bytes())
            }
            Has::Optimised(own) => {
                let message = own.create(random).unwrap();
                (None, message.to_bytes().as_slice().to_vec())
            }
        };
        let asked = CreateItem {
            item: item.into(),
            message: Bytes::new(message),
            user_blinded: false,
        };
        (key, asked)
    }

    /// The key that came with the answer to a creation.
    pub(super) fn created(&self, key: Option<Key<G>>, made: &ItemTicket) -> Key<G> {
        match (&self.has, key) {
            (Has::Optimised(own), _) => {
                let message = made.message.as_ref().unwrap();
                own.open(&Clear::read(message.as_slice(), Kind::OptimisedServe).unwrap())
            }
            (_, key) => key.unwrap(),
        }
    }

    pub(super) async fn create(&self, item: &str) -> Result<(Key<G>, ItemTicket), Problem> {
        let (key, asked) = self.creation(item);
        let made = self
            .world
            .ask(&self.host, Method::POST, &self.items(), Some(&asked))
            .await?;
        Ok((self.created(key, &made), made))
    }

    /// The item with a fresh ticket.
    pub(super) async fn look_up(&self, item: &str) -> Result<ItemTicket, Problem> {
        let path = format!("{}/{}", self.items(), path(item));
        self.world.get(&self.host, &path).await
    }

    /// Opens by this ticket, and share where the appliance has it.
    pub(super) async fn open(&self, ticket: &ItemTicket) -> Result<Key<G>, Problem> {
        let random = &mut Drawn(&*self.world.source);
        let has = self.before.get(&ticket.item.share_generation);
        let has = has.unwrap_or(&self.has);
        let (asked, message) = match has {
            Has::Homomorphic(own) => {
                let share = ticket.share.as_ref().unwrap();
                let share = HiddenShare::new(G::decode_ciphertext(share.as_slice()).unwrap());
                let (asked, message) = own.ask(&share, random).unwrap();
                (Some(asked), Some(Bytes::new(message.to_bytes())))
            }
            _ => (None, None),
        };
        let open = OpenItem {
            generation: ticket.item.generation,
            ticket: ticket.ticket.clone(),
            share: ticket.share.clone(),
            message,
        };
        let opened = self
            .asked_to_open(&self.host, &ticket.item.item, &open)
            .await?;
        let message = opened.message.as_slice();
        Ok(match (has, asked) {
            (Has::Blinded(own), _) => own.open(&Clear::read(message, Kind::BlindedServe).unwrap()),
            (Has::Agents(own), _) => own.open(&Clear::read(message, Kind::AgentsServe).unwrap()),
            (Has::Optimised(own), _) => {
                own.open(&Clear::read(message, Kind::OptimisedServe).unwrap())
            }
            (Has::Homomorphic(_), asked) => asked
                .unwrap()
                .open(&Clear::read(message, Kind::HomomorphicServe).unwrap()),
        })
    }

    pub(super) async fn asked_to_open(
        &self,
        host: &str,
        item: &str,
        asked: &OpenItem,
    ) -> Result<Opened, Problem> {
        let path = format!("{}/{}/open", self.items(), path(item));
        self.world.ask(host, Method::POST, &path, Some(asked)).await
    }
}

pub(super) fn bytes<G: Group>(key: &Key<G>) -> Vec<u8> {
    G::encode(key.element()).as_slice().to_vec()
}
