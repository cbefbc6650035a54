//! What each protocol protects, and what it does not: for each row of the table in `docs/vault.md` either a second world with other
//! keys in which those who were robbed had stored the very same, so that nothing follows from it, or code that opens the items.
//!
//! The second world is the first one moved by some t: K_m' = K_m·t and K_s' = K_s/t, the rest as the row says. Ciphertexts count as
//! what their key holder sees in them; to all others they are closed.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;
use crate::group::{P384, Paillier3072, Ristretto255};

const ITEMS: usize = 3;

type Bytes = Vec<u8>;

pub(super) fn bytes<G: Group>(element: &G::Element) -> Bytes {
    G::encode(element).as_slice().to_vec()
}

fn element<G: Group>(bytes: &[u8]) -> G::Element {
    G::decode(bytes).unwrap()
}

pub(super) fn times<G: Group>(a: &[u8], b: &[u8]) -> Bytes {
    bytes::<G>(&G::product(&element::<G>(a), &element::<G>(b)))
}

pub(super) fn over<G: Group>(a: &[u8], b: &[u8]) -> Bytes {
    bytes::<G>(&G::quotient(&element::<G>(a), &element::<G>(b)))
}

/// The secrets of a set, of which no party has all.
#[derive(Clone, PartialEq, Debug)]
struct World {
    master: Bytes,
    keys: Vec<Bytes>,
    /// r, or r_1 … r_k.
    blinding: Vec<Bytes>,
}

impl World {
    fn draw<G: Group>(agents: usize, random: &mut ChaCha20Rng) -> Self {
        let mut some = |purpose| bytes::<G>(&G::random(purpose, random).unwrap());
        Self {
            master: some(Purpose::Blinding),
            keys: (0..ITEMS).map(|_| some(Purpose::Key)).collect(),
            blinding: (0..agents).map(|_| some(Purpose::Blinding)).collect(),
        }
    }

    /// Another world with the same shares.
    fn moved<G: Group>(&self, t: &[u8]) -> Self {
        Self {
            master: times::<G>(&self.master, t),
            keys: self.keys.iter().map(|key| over::<G>(key, t)).collect(),
            blinding: self.blinding.clone(),
        }
    }

    /// K_s·K_m of each item.
    fn shares<G: Group>(&self) -> Vec<Bytes> {
        let share = |key: &Bytes| times::<G>(key, &self.master);
        self.keys.iter().map(share).collect()
    }

    /// B = K_m·r_1·…·r_k.
    fn b<G: Group>(&self) -> Bytes {
        let product = |b: Bytes, r: &Bytes| times::<G>(&b, r);
        self.blinding.iter().fold(self.master.clone(), product)
    }
}

/// All groups. Numbers are not uniform over a group: with Paillier a second world may have keys that nobody draws, so it shows the
/// algebra alone, and that nothing follows rests on sizes (docs/decisions/0031-paillier.md). What opens items opens them there, too.
macro_rules! for_each_group {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            checks::$name::<P384>(&mut ChaCha20Rng::seed_from_u64(11));
            checks::$name::<Ristretto255>(&mut ChaCha20Rng::seed_from_u64(12));
            checks::$name::<Paillier3072>(&mut ChaCha20Rng::seed_from_u64(13));
        }
    )*};
}

for_each_group!(
    blinded,
    homomorphic,
    three_locations,
    n_locations,
    optimised,
    a_missing_agent_opens_nothing
);

mod checks {
    use super::*;

    pub(super) fn blinded<G: Group>(random: &mut ChaCha20Rng) {
        let appliance = blinded::Appliance::<G>::draw(random).unwrap();
        let vault = blinded::Vault::<G>::draw(random).unwrap();
        let (mut keys, mut shares) = (Vec::new(), Vec::new());
        for _ in 0..ITEMS {
            let (key, created) = appliance.create(random).unwrap();
            let created = Clear::read(created.to_bytes().as_slice(), Kind::BlindedCreate).unwrap();
            let share = vault.share(&created);
            let served = vault.serve(&share).to_bytes();
            let served = Clear::read(served.as_slice(), Kind::BlindedServe).unwrap();
            assert_eq!(bytes::<G>(&appliance.open(&served).0), bytes::<G>(&key.0));
            keys.push(bytes::<G>(&key.0));
            shares.push(bytes::<G>(share.element()));
        }
        let (b, r) = (bytes::<G>(appliance.stored()), bytes::<G>(vault.stored()));
        let world = World {
            master: over::<G>(&b, &r),
            keys,
            blinding: vec![r.clone()],
        };
        assert_eq!(
            (world.b::<G>(), world.shares::<G>()),
            (b.clone(), shares.clone())
        );
        let t = bytes::<G>(&G::random(Purpose::Transfer, random).unwrap());
        let other = world.moved::<G>(&t);
        assert_ne!(other.keys, world.keys);
        // The vault's stored state: r and the shares.
        assert_eq!(
            (&other.blinding, other.shares::<G>()),
            (&world.blinding, shares.clone())
        );
        // An appliance's: B, which says nothing of keys.
        let mut other = world.clone();
        other.keys = World::draw::<G>(1, random).keys;
        assert_eq!(other.b::<G>(), world.b::<G>());
        // Both together open all.
        for (share, key) in shares.iter().zip(&world.keys) {
            assert_eq!(&over::<G>(&times::<G>(share, &r), &b), key);
        }
        one_key_and_the_shares_open_the_set::<G>(&world.keys[0], &shares, &world.keys);
        // Whoever hears what goes to the vault has what B opens.
        let heard = times::<G>(&shares[1], &r);
        assert_eq!(over::<G>(&heard, &b), world.keys[1]);
    }

    fn one_key_and_the_shares_open_the_set<G: Group>(
        captured: &Bytes,
        shares: &[Bytes],
        keys: &[Bytes],
    ) {
        let master = over::<G>(&shares[0], captured);
        for (share, key) in shares.iter().zip(keys) {
            assert_eq!(&over::<G>(share, &master), key);
        }
    }

    pub(super) fn homomorphic<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = G::key_pair(random).unwrap();
        let private_bytes = G::encode_private_key(&private);
        let open = || G::decode_private_key(private_bytes.as_slice()).unwrap();
        let vault = homomorphic::Vault::<G>::new(private);
        let part = vault.part(random).unwrap();
        let part = Hidden::read(&part.to_bytes(), Kind::MasterPart).unwrap();
        let appliance = homomorphic::Appliance::<G>::draw(public.clone(), &part, random).unwrap();
        let decrypted = |hidden: &G::Ciphertext| bytes::<G>(&G::decrypt(&open(), hidden).unwrap());
        let master = decrypted(appliance.stored());
        // Neither part is the master key.
        assert_ne!(decrypted(&part.ciphertext), master);
        let (mut keys, mut shares) = (Vec::new(), Vec::new());
        let mut asks = Vec::new();
        for _ in 0..ITEMS {
            let (key, share) = appliance.create(random).unwrap();
            let (asked, ask) = appliance.ask(&share, random).unwrap();
            let ask = Hidden::read(&ask.to_bytes(), Kind::HomomorphicAsk).unwrap();
            let served = vault.serve(&ask).unwrap().to_bytes();
            let served = Clear::read(served.as_slice(), Kind::HomomorphicServe).unwrap();
            asks.push(bytes::<G>(&served.element));
            assert_eq!(bytes::<G>(&asked.open(&served).0), bytes::<G>(&key.0));
            keys.push(bytes::<G>(&key.0));
            shares.push(share);
        }
        let world = World {
            master: master.clone(),
            keys: keys.clone(),
            blinding: Vec::new(),
        };
        let seen: Vec<_> = shares
            .iter()
            .map(|share| decrypted(share.ciphertext()))
            .collect();
        assert_eq!(world.shares::<G>(), seen);
        // The vault: D, with it the shares, if it has them; and what it served, which a fresh r covers each time.
        let t = bytes::<G>(&G::random(Purpose::Transfer, random).unwrap());
        let other = world.moved::<G>(&t);
        assert_ne!(other.keys, world.keys);
        assert_eq!(other.shares::<G>(), seen);
        for (served, (key, other)) in asks.iter().zip(keys.iter().zip(&other.keys)) {
            assert_ne!(served, key);
            // r' = r·t serves the same for the other key.
            let r = over::<G>(served, key);
            assert_eq!(&times::<G>(other, &times::<G>(&r, &t)), served);
        }
        // The appliance alone has nothing but closed ciphertexts. Enrolled, it can have them opened: K_m itself.
        let r = G::random(Purpose::Blinding, random).unwrap();
        let hidden = G::encrypt(&public, &r, random).unwrap();
        let kind = Kind::HomomorphicAsk;
        let ciphertext = G::product_of_encrypted(appliance.stored(), &hidden);
        let served = vault.serve(&Hidden { kind, ciphertext }).unwrap();
        assert_eq!(
            over::<G>(&bytes::<G>(&served.element), &bytes::<G>(&r)),
            master
        );
        // The vault with one captured key.
        one_key_and_the_shares_open_the_set::<G>(&keys[0], &seen, &keys);
        // Vault and appliance together.
        for (share, key) in seen.iter().zip(&keys) {
            assert_eq!(&over::<G>(share, &decrypted(appliance.stored())), key);
        }
    }

    pub(super) fn three_locations<G: Group>(random: &mut ChaCha20Rng) {
        with_agents::<G>(1, random);
    }

    pub(super) fn n_locations<G: Group>(random: &mut ChaCha20Rng) {
        with_agents::<G>(3, random);
    }

    struct Agents<G: Group> {
        appliance: agents::Appliance<G>,
        agents: Vec<agents::Agent<G>>,
        vault: agents::Vault<G>,
        private: photonbox_secret::SecretBytes,
    }

    impl<G: Group> Agents<G> {
        fn draw(count: usize, random: &mut ChaCha20Rng) -> Self {
            let (private, public) = G::key_pair(random).unwrap();
            let encoded = G::encode_private_key(&private);
            let mut agent = || agents::Agent::draw(public.clone(), random).unwrap();
            let all = (0..count).map(|_| agent()).collect();
            Self {
                appliance: agents::Appliance::draw(public, random).unwrap(),
                agents: all,
                vault: agents::Vault::new(private),
                private: encoded,
            }
        }

        fn decrypted(&self, hidden: &G::Ciphertext) -> Bytes {
            let private = G::decode_private_key(self.private.as_slice()).unwrap();
            bytes::<G>(&G::decrypt(&private, hidden).unwrap())
        }

        fn create(&self, random: &mut ChaCha20Rng) -> (Bytes, HiddenShare<G>) {
            let (key, mut created) = self.appliance.create(random).unwrap();
            let (last, first) = self.agents.split_last().unwrap();
            for agent in first {
                created = agent.take_out(&created, random).unwrap();
                created = Hidden::read(&created.to_bytes(), Kind::AgentsCreate).unwrap();
            }
            (bytes::<G>(&key.0), last.share(&created, random).unwrap())
        }

        /// What the vault is asked, by these agents.
        fn ask<'a>(
            &self,
            share: &HiddenShare<G>,
            agents: impl IntoIterator<Item = &'a agents::Agent<G>>,
            random: &mut ChaCha20Rng,
        ) -> Hidden<G>
        where
            G: 'a,
        {
            let mut agents = agents.into_iter();
            let mut asked = agents.next().unwrap().ask(share, random).unwrap();
            for agent in agents {
                asked = Hidden::read(&asked.to_bytes(), Kind::AgentsAsk).unwrap();
                asked = agent.put_in(asked, random).unwrap();
            }
            asked
        }
    }

    fn with_agents<G: Group>(count: usize, random: &mut ChaCha20Rng) {
        let all = Agents::<G>::draw(count, random);
        let items: Vec<_> = (0..ITEMS).map(|_| all.create(random)).collect();
        let mut sent = Vec::new();
        for (key, share) in &items {
            // In any order of the agents.
            let asked = all.ask(share, all.agents.iter().rev(), random);
            let served = all.vault.serve(&asked).unwrap();
            assert_eq!(bytes::<G>(&all.appliance.open(&served).0), *key);
            sent.push(asked.to_bytes());
            sent.push(all.ask(share, &all.agents, random).to_bytes());
        }
        // The vault knows no item again by what it is asked.
        let asked = sent.len();
        sent.sort();
        sent.dedup();
        assert_eq!(sent.len(), asked);

        let b = bytes::<G>(all.appliance.stored());
        let blinding: Vec<_> = all
            .agents
            .iter()
            .map(|agent| all.decrypted(agent.stored()))
            .collect();
        let shares: Vec<_> = items
            .iter()
            .map(|(_, share)| all.decrypted(share.ciphertext()))
            .collect();
        let keys: Vec<_> = items.into_iter().map(|(key, _)| key).collect();
        let master = blinding.iter().fold(b.clone(), |b, r| over::<G>(&b, r));
        let world = World {
            master,
            keys,
            blinding,
        };
        assert_eq!(
            (world.b::<G>(), world.shares::<G>()),
            (b.clone(), shares.clone())
        );
        let t = bytes::<G>(&G::random(Purpose::Transfer, random).unwrap());
        let moved = world.moved::<G>(&t);
        assert_ne!(moved.keys, world.keys);
        // Vault and all agents: D, with it each r_i and the shares.
        assert_eq!(
            (&moved.blinding, moved.shares::<G>()),
            (&world.blinding, shares.clone())
        );
        // Vault, appliance and all agents but one, whose r is another: B, the other r_i and the shares.
        for missing in 0..count {
            let mut other = moved.clone();
            other.blinding[missing] = over::<G>(&other.blinding[missing], &t);
            assert_eq!(
                (other.b::<G>(), other.shares::<G>()),
                (b.clone(), shares.clone())
            );
            let but = |world: &World| {
                let mut blinding = world.blinding.clone();
                blinding.remove(missing);
                blinding
            };
            assert_eq!(but(&other), but(&world));
        }
        // Appliance and agents: B, and ciphertexts that are closed to them.
        let mut other = world.clone();
        other.keys = World::draw::<G>(1, random).keys;
        assert_eq!(other.b::<G>(), world.b::<G>());
        // All together open everything.
        for (share, key) in shares.iter().zip(&world.keys) {
            let blinded = world
                .blinding
                .iter()
                .fold(share.clone(), |share, r| times::<G>(&share, r));
            assert_eq!(&over::<G>(&blinded, &b), key);
        }
        one_key_and_the_shares_open_the_set::<G>(&world.keys[0], &shares, &world.keys);
    }

    pub(super) fn a_missing_agent_opens_nothing<G: Group>(random: &mut ChaCha20Rng) {
        let all = Agents::<G>::draw(3, random);
        let (key, share) = all.create(random);
        for missing in 0..3 {
            let others = all
                .agents
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != missing);
            let asked = all.ask(&share, others.map(|(_, agent)| agent), random);
            let served = all.vault.serve(&asked).unwrap();
            let opened = bytes::<G>(&all.appliance.open(&served).0);
            // K_s / r of the missing one, which covers it wholly.
            let r = all.decrypted(all.agents[missing].stored());
            assert_eq!(times::<G>(&opened, &r), key);
            assert_ne!(opened, key);
        }
    }

    pub(super) fn optimised<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = G::key_pair(random).unwrap();
        let part = homomorphic::Vault::<G>::new(
            G::decode_private_key(G::encode_private_key(&private).as_slice()).unwrap(),
        );
        let part = part.part(random).unwrap();
        let (appliance, sent) = optimised::Appliance::<G>::draw(&public, &part, random).unwrap();
        let sent = Hidden::read(&sent.to_bytes(), Kind::OptimisedSetUp).unwrap();
        let vault = optimised::Vault::<G>::set_up(&private, &sent).unwrap();
        let (mut keys, mut shares) = (Vec::new(), Vec::new());
        for _ in 0..ITEMS {
            let created = appliance.create(random).unwrap().to_bytes();
            let created = Clear::read(created.as_slice(), Kind::OptimisedCreate).unwrap();
            let share = vault.share(&created, random).unwrap();
            // Nobody chose it alone.
            assert_ne!(bytes::<G>(share.element()), bytes::<G>(&created.element));
            let served = vault.serve(&share).to_bytes();
            let first = Clear::read(served.as_slice(), Kind::OptimisedServe).unwrap();
            let key = bytes::<G>(&appliance.open(&first).0);
            assert_eq!(bytes::<G>(&appliance.open(&vault.serve(&share)).0), key);
            keys.push(key);
            shares.push(bytes::<G>(share.element()));
        }
        let (master, r) = appliance.stored();
        let (master, r) = (
            bytes::<G>(&G::decrypt(&private, master).unwrap()),
            bytes::<G>(r),
        );
        let concealed = bytes::<G>(vault.stored());
        let world = World {
            master,
            keys,
            blinding: vec![r],
        };
        // K_m·r is what the other protocols call B.
        assert_eq!(
            (world.b::<G>(), world.shares::<G>()),
            (concealed.clone(), shares.clone())
        );
        let t = bytes::<G>(&G::random(Purpose::Transfer, random).unwrap());
        // The vault: K_m·r and the shares.
        let mut other = world.moved::<G>(&t);
        other.blinding[0] = over::<G>(&other.blinding[0], &t);
        assert_ne!(other.keys, world.keys);
        assert_eq!(
            (other.b::<G>(), other.shares::<G>()),
            (concealed.clone(), shares.clone())
        );
        // An appliance: r, and a ciphertext that is closed to it.
        let mut other = World::draw::<G>(1, random);
        other.blinding.clone_from(&world.blinding);
        assert_ne!(other.keys, world.keys);
        // The vault with one captured key: r, and all others.
        let r = over::<G>(&times::<G>(&world.keys[0], &concealed), &shares[0]);
        assert_eq!(r, world.blinding[0]);
        for (share, key) in shares.iter().zip(&world.keys) {
            assert_eq!(&times::<G>(&over::<G>(share, &concealed), &r), key);
        }
    }
}
