//! A set with a second appliance, with another K_m, and with a user's own blinding: what works, and what follows from what was seen.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::honesty::{bytes, over, times};
use super::*;
use crate::group::{P384, Paillier3072, Ristretto255, Scheme};
use crate::protocol::vouching::Transfer;

macro_rules! for_each_group {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            checks::$name::<P384>(&mut ChaCha20Rng::seed_from_u64(21));
            checks::$name::<Ristretto255>(&mut ChaCha20Rng::seed_from_u64(22));
            checks::$name::<Paillier3072>(&mut ChaCha20Rng::seed_from_u64(23));
        }
    )*};
}

for_each_group!(
    a_newcomer_of_blinded,
    a_newcomer_of_homomorphic,
    a_newcomer_with_agents,
    a_newcomer_of_optimised,
    rotation_in_clear,
    rotation_of_hidden_shares,
    rotation_with_agents,
    rotation_of_optimised,
    a_users_key_is_nobody_elses
);

fn wire<G: Group>(message: &Clear<G>, kind: Kind) -> Clear<G> {
    Clear::read(message.to_bytes().as_slice(), kind).unwrap()
}

fn hidden<G: Group>(message: &Hidden<G>, kind: Kind) -> Hidden<G> {
    Hidden::read(&message.to_bytes(), kind).unwrap()
}

/// t as the newcomer gets it.
fn sent<G: Group>(t: &Transfer<G>) -> Transfer<G> {
    Transfer::decode(t.encode().as_slice()).unwrap()
}

fn same<G: Group>(a: &Key<G>, b: &Key<G>) -> bool {
    bytes::<G>(&a.0) == bytes::<G>(&b.0)
}

fn pair<G: Group>(random: &mut ChaCha20Rng) -> (impl Fn() -> G::PrivateKey + use<G>, G::PublicKey) {
    let (private, public) = G::key_pair(random).unwrap();
    let encoded = G::encode_private_key(&private);
    let open = move || G::decode_private_key(encoded.as_slice()).unwrap();
    (open, public)
}

mod checks {
    use super::*;

    /// The vault's view of a vouching is one of any K_m: K_m' = K_m·x with t' = t/x gives the same, and so it has neither.
    fn covers<G: Group>(covered: &[u8], master: &[u8], t: &[u8], x: &[u8]) {
        assert_eq!(times::<G>(master, t), covered);
        let other = (times::<G>(master, x), over::<G>(t, x));
        assert_ne!(other.0, master);
        assert_eq!(times::<G>(&other.0, &other.1), covered);
    }

    pub(super) fn a_newcomer_of_blinded<G: Group>(random: &mut ChaCha20Rng) {
        let first = blinded::Appliance::<G>::draw(random).unwrap();
        let vault = blinded::Vault::<G>::draw(random).unwrap();
        let (key, created) = first.create(random).unwrap();
        let share = vault.share(&created);
        let t = Transfer::draw(random).unwrap();
        let vouched = wire(&first.vouch(&t), Kind::BlindedVouch);
        let for_newcomer = blinded::Vault::<G>::draw(random).unwrap();
        let moved = wire(&vault.move_to(&for_newcomer, &vouched), Kind::BlindedMoved);
        let second = blinded::Appliance::<G>::accept(&moved, &sent(&t));
        // It opens what the first one made, and the other way round.
        assert!(same(&second.open(&for_newcomer.serve(&share)), &key));
        let (key, created) = second.create(random).unwrap();
        let share = for_newcomer.share(&created);
        assert!(same(&first.open(&vault.serve(&share)), &key));
        // Not with the other's answer.
        assert!(!same(&second.open(&vault.serve(&share)), &key));
        let (b, r) = (bytes::<G>(first.stored()), bytes::<G>(vault.stored()));
        let (b_2, r_2) = (
            bytes::<G>(second.stored()),
            bytes::<G>(for_newcomer.stored()),
        );
        assert_ne!(b, b_2);
        let master = over::<G>(&b, &r);
        assert_eq!(over::<G>(&b_2, &r_2), master);
        let t = bytes::<G>(&G::decode(t.encode().as_slice()).unwrap());
        let x = bytes::<G>(&G::random(Purpose::Blinding, random).unwrap());
        covers::<G>(
            &over::<G>(&bytes::<G>(&vouched.element), &r),
            &master,
            &t,
            &x,
        );
        covers::<G>(
            &over::<G>(&bytes::<G>(&moved.element), &r_2),
            &master,
            &t,
            &x,
        );
        // Both appliances together have r_1/r_2, which is no key: with K_m' = K_m·x, r_i' = r_i/x they had the same.
        let others = [&r, &r_2].map(|r| over::<G>(r, &x));
        let other = times::<G>(&master, &x);
        assert_eq!(others.map(|r| times::<G>(&other, &r)), [b, b_2]);
    }

    pub(super) fn a_newcomer_of_homomorphic<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = pair::<G>(random);
        let vault = homomorphic::Vault::<G>::new(private());
        let part = vault.part(random).unwrap();
        let first = homomorphic::Appliance::<G>::draw(public, &part, random).unwrap();
        let (key, share) = first.create(random).unwrap();
        let t = Transfer::draw(random).unwrap();
        let vouched = hidden(&first.vouch(&t, random).unwrap(), Kind::HomomorphicVouch);
        let (private_2, public_2) = pair::<G>(random);
        let for_newcomer = homomorphic::Vault::<G>::new(private_2());
        let moved = vault.move_to(&public_2, &vouched, random).unwrap();
        let moved = hidden(&moved, Kind::HomomorphicMoved);
        let second =
            homomorphic::Appliance::accept(public_2.clone(), &moved, &sent(&t), random).unwrap();
        let share_2 = vault.share_for(&public_2, &share, random).unwrap();
        let (asked, ask) = second.ask(&share_2, random).unwrap();
        let served = for_newcomer.serve(&ask).unwrap();
        assert!(same(&asked.open(&served), &key));
        // K_m is what both have, each under its own key, and the vault saw it covered.
        let master = bytes::<G>(&G::decrypt(&private(), first.stored()).unwrap());
        let second = bytes::<G>(&G::decrypt(&private_2(), second.stored()).unwrap());
        assert_eq!(master, second);
        let t = bytes::<G>(&G::decode(t.encode().as_slice()).unwrap());
        let x = bytes::<G>(&G::random(Purpose::Blinding, random).unwrap());
        let seen = G::decrypt(&private(), &vouched.ciphertext).unwrap();
        covers::<G>(&bytes::<G>(&seen), &master, &t, &x);
        // What is under another key decrypts to nothing that is K_m·t.
        let foreign = for_newcomer.move_to(&public_2, &vouched, random);
        let unchanged = foreign
            .ok()
            .and_then(|moved| G::decrypt(&private_2(), &moved.ciphertext));
        assert_ne!(
            unchanged.map(|element| bytes::<G>(&element)),
            Some(bytes::<G>(&seen))
        );
    }

    pub(super) fn a_newcomer_with_agents<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = pair::<G>(random);
        let vault = agents::Vault::<G>::new(private());
        let mut draw = || agents::Agent::<G>::draw(public.clone(), &mut *random).unwrap();
        let of_first = [draw(), draw()];
        let of_second = [draw(), draw()];
        let first = agents::Appliance::<G>::draw(public.clone(), random).unwrap();
        let create = |appliance: &agents::Appliance<G>,
                      agents: &[agents::Agent<G>; 2],
                      random: &mut ChaCha20Rng| {
            let (key, created) = appliance.create(random).unwrap();
            let created = agents[0].take_out(&created, random).unwrap();
            (key, agents[1].share(&created, random).unwrap())
        };
        let serve =
            |share: &HiddenShare<G>, agents: &[agents::Agent<G>; 2], random: &mut ChaCha20Rng| {
                let asked = agents[0].ask(share, random).unwrap();
                let asked = agents[1].put_in(asked, random).unwrap();
                vault.serve(&asked).unwrap()
            };
        let (key, share) = create(&first, &of_first, random);
        let t = Transfer::draw(random).unwrap();
        let mut vouched = hidden(&first.vouch(&t, random).unwrap(), Kind::AgentsVouch);
        let mut seen = Vec::new();
        for (from, to) in of_first.iter().zip(&of_second) {
            seen.push(vouched.to_bytes());
            vouched = from.move_to(to, &vouched, random).unwrap();
            vouched = hidden(&vouched, Kind::AgentsVouch);
        }
        let moved = wire(&vault.moved(&vouched).unwrap(), Kind::AgentsMoved);
        let second = agents::Appliance::accept(public, &moved, &sent(&t));
        assert!(same(&second.open(&serve(&share, &of_second, random)), &key));
        let (key, share) = create(&second, &of_second, random);
        assert!(same(&first.open(&serve(&share, &of_first, random)), &key));
        assert!(!same(&second.open(&serve(&share, &of_first, random)), &key));
        assert_ne!(bytes::<G>(first.stored()), bytes::<G>(second.stored()));
        // The vault: K_m·r_2·t, of any K_m.
        let decrypted =
            |hidden: &G::Ciphertext| bytes::<G>(&G::decrypt(&private(), hidden).unwrap());
        let without = |b: Vec<u8>, agents: &[agents::Agent<G>; 2]| {
            agents
                .iter()
                .fold(b, |b, agent| over::<G>(&b, &decrypted(agent.stored())))
        };
        let master = without(bytes::<G>(first.stored()), &of_first);
        assert_eq!(without(bytes::<G>(second.stored()), &of_second), master);
        let t = bytes::<G>(&G::decode(t.encode().as_slice()).unwrap());
        let x = bytes::<G>(&G::random(Purpose::Blinding, random).unwrap());
        covers::<G>(
            &without(bytes::<G>(&moved.element), &of_second),
            &master,
            &t,
            &x,
        );
    }

    pub(super) fn a_newcomer_of_optimised<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = pair::<G>(random);
        let with_key = homomorphic::Vault::<G>::new(private());
        let part = with_key.part(random).unwrap();
        let (first, sent_up) = optimised::Appliance::<G>::draw(&public, &part, random).unwrap();
        let vault = optimised::Vault::<G>::set_up(&private(), &sent_up).unwrap();
        let share = vault.share(&first.create(random).unwrap(), random).unwrap();
        let key = first.open(&vault.serve(&share));
        let t = Transfer::draw(random).unwrap();
        let vouched = first.concealed(public).vouch(&t, random).unwrap();
        let (private_2, public_2) = pair::<G>(random);
        let moved = with_key.move_to(&public_2, &vouched, random).unwrap();
        let concealed =
            homomorphic::Appliance::accept(public_2, &moved, &sent(&t), random).unwrap();
        let (second, sent_up) = optimised::Appliance::conceal(concealed, random).unwrap();
        let sent_up = hidden(&sent_up, Kind::OptimisedSetUp);
        let for_newcomer = optimised::Vault::<G>::set_up(&private_2(), &sent_up).unwrap();
        assert!(same(&second.open(&for_newcomer.serve(&share)), &key));
        assert!(!same(&second.open(&vault.serve(&share)), &key));
        // r_1 and r_2, and K_m·r_1 and K_m·r_2: neither of them alone has K_m.
        let (r, r_2) = (bytes::<G>(first.stored().1), bytes::<G>(second.stored().1));
        assert_ne!(r, r_2);
        let master = over::<G>(&bytes::<G>(vault.stored()), &r);
        assert_eq!(over::<G>(&bytes::<G>(for_newcomer.stored()), &r_2), master);
    }

    /// δ as another appliance gets it.
    fn delta<G: Group>(random: &mut ChaCha20Rng) -> Delta<G> {
        let delta = Delta::<G>::draw(random).unwrap();
        Delta::decode(delta.encode().as_slice()).unwrap()
    }

    pub(super) fn rotation_in_clear<G: Group>(random: &mut ChaCha20Rng) {
        let old = blinded::Appliance::<G>::draw(random).unwrap();
        let vault = blinded::Vault::<G>::draw(random).unwrap();
        let (key, created) = old.create(random).unwrap();
        let share = vault.share(&created);
        let new = old.rotated(&delta(random));
        let (fresh, created) = new.create(random).unwrap();
        let remade = vault.share(&created);
        assert!(same(&new.open(&vault.serve(&remade)), &fresh));
        // What was made before needs the concealment of before.
        assert!(same(&old.open(&vault.serve(&share)), &key));
        assert!(!same(&new.open(&vault.serve(&share)), &key));
        // One captured key of before opens with the vault's data what was made before, and nothing after.
        let r = bytes::<G>(vault.stored());
        let master = over::<G>(&bytes::<G>(share.element()), &bytes::<G>(&key.0));
        assert_eq!(times::<G>(&master, &r), bytes::<G>(old.stored()));
        let guess = over::<G>(&bytes::<G>(remade.element()), &master);
        assert_ne!(guess, bytes::<G>(&fresh.0));
    }

    pub(super) fn rotation_of_hidden_shares<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = pair::<G>(random);
        let vault = homomorphic::Vault::<G>::new(private());
        let part = vault.part(random).unwrap();
        let mut own = homomorphic::Appliance::<G>::draw(public.clone(), &part, random).unwrap();
        let (key, share) = own.create(random).unwrap();
        let mut now = HiddenShare::new(share.ciphertext().clone());
        for _ in 0..3 {
            let delta = delta::<G>(random);
            let message = hidden(&delta.hidden(&public, random).unwrap(), Kind::Delta);
            own = own.rotated(&delta, random).unwrap();
            let twice = [now.rotated(&message), now.rotated(&message)];
            assert!(twice[0].0 == twice[1].0, "brought up twice");
            now = now.rotated(&message);
            let (asked, ask) = own.ask(&now, random).unwrap();
            assert!(same(&asked.open(&vault.serve(&ask).unwrap()), &key));
            // The old share no longer opens.
            let (asked, ask) = own.ask(&share, random).unwrap();
            let opened = vault.serve(&ask).map(|served| asked.open(&served));
            assert!(opened.is_ok_and(|opened| !same(&opened, &key)));
        }
    }

    pub(super) fn rotation_with_agents<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = pair::<G>(random);
        let vault = agents::Vault::<G>::new(private());
        let agent = agents::Agent::<G>::draw(public.clone(), random).unwrap();
        let old = agents::Appliance::<G>::draw(public.clone(), random).unwrap();
        let (key, created) = old.create(random).unwrap();
        let share = agent.share(&created, random).unwrap();
        let delta = delta::<G>(random);
        let new = old.rotated(&delta);
        let now = share.rotated(&delta.hidden(&public, random).unwrap());
        let mut served = |share| {
            vault
                .serve(&agent.ask(share, &mut *random).unwrap())
                .unwrap()
        };
        assert!(same(&new.open(&served(&now)), &key));
        // A stolen concealment of before is worth nothing.
        assert!(!same(&old.open(&served(&now)), &key));
    }

    pub(super) fn rotation_of_optimised<G: Group>(random: &mut ChaCha20Rng) {
        let (private, public) = pair::<G>(random);
        let part = homomorphic::Vault::<G>::new(private())
            .part(random)
            .unwrap();
        let (old, sent_up) = optimised::Appliance::<G>::draw(&public, &part, random).unwrap();
        let vault = optimised::Vault::<G>::set_up(&private(), &sent_up).unwrap();
        let share = vault.share(&old.create(random).unwrap(), random).unwrap();
        let key = old.open(&vault.serve(&share));
        let (new, sent_up) = old.rotated(public, &delta(random), random).unwrap();
        let next = optimised::Vault::<G>::set_up(&private(), &sent_up).unwrap();
        let remade = next.share(&new.create(random).unwrap(), random).unwrap();
        let fresh = new.open(&next.serve(&remade));
        assert!(!same(&fresh, &key));
        assert!(same(&old.open(&vault.serve(&share)), &key));
        // One captured key gives r of before, which opens nothing after.
        let r = over::<G>(
            &bytes::<G>(&key.0),
            &bytes::<G>(&vault.serve(&share).element),
        );
        assert_eq!(r, bytes::<G>(old.stored().1));
        assert_ne!(
            times::<G>(&bytes::<G>(&next.serve(&remade).element), &r),
            bytes::<G>(&fresh.0)
        );
    }

    pub(super) fn a_users_key_is_nobody_elses<G: Group>(random: &mut ChaCha20Rng) {
        let appliance = blinded::Appliance::<G>::draw(random).unwrap();
        let vault = blinded::Vault::<G>::draw(random).unwrap();
        let u = UserBlinding::<G>::draw(random).unwrap();
        let u = UserBlinding::decode(u.encode().as_slice()).unwrap();
        let (key, created) = appliance.create(random).unwrap();
        let share = vault.share(&created);
        let served = appliance.open(&vault.serve(&share));
        let served = wire(&served.for_user(), Kind::ForUser);
        let own = u.open(&served);
        assert_eq!(
            bytes::<G>(&own.0),
            over::<G>(&bytes::<G>(&key.0), u.encode().as_slice())
        );
        // The same again, and another one of another user.
        let again = appliance.open(&vault.serve(&share)).for_user();
        assert!(same(&u.open(&again), &own));
        let other = UserBlinding::<G>::draw(random).unwrap();
        assert!(!same(&other.open(&again), &own));
        // Vault and appliance together have K_s, and with it a user's key for each u: for any key there is one that gives it.
        let any = bytes::<G>(&G::random(Purpose::Key, random).unwrap());
        let u = over::<G>(&bytes::<G>(&key.0), &any);
        assert_eq!(over::<G>(&bytes::<G>(&key.0), &u), any);
        let name = ItemName {
            scheme: Scheme::P384,
            set: "tenant".into(),
            generation: 1,
            item: "disk".into(),
        };
        assert_ne!(
            own.data_key(&name).as_slice(),
            key.data_key(&name).as_slice()
        );
    }
}
