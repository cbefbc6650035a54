//! Another appliance, another master key.

use std::collections::HashMap;

use axum::http::Method;
use photonbox_secret::SecretBytes;
use photonbox_vault::api::{
    Accept, Appliance as Listed, ApplianceState, Bytes, Conceal, ItemTicket, Notes, Page, Problem,
    Protocol, Renew, Rotate, Rotated, RotatedAppliance, SetUp, Vouch,
};
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255};
use photonbox_vault::note::{self, About, Purpose};
use photonbox_vault::protocol::{
    Clear, Delta, Hidden, Kind, Transfer, agents, blinded, homomorphic, optimised,
};
use photonbox_vault::voucher::{Signed, Voucher};
use sha2::{Digest as _, Sha384};

use super::appliance::{Appliance, Has, bytes, create_set};
use super::world::{World, now, signature};
use photonbox_channel::Drawn;

const HOUR: u64 = 3600;

fn voucher<G: Group>(from: &Appliance<'_, G>, newcomer: &str) -> Voucher {
    let mut nonce = [0; 32];
    photonbox_channel::ByteSource::fill(&*from.world.source, &mut nonce).unwrap();
    Voucher {
        set: from.set.clone(),
        generation: from.generation,
        newcomer: newcomer.into(),
        hpke_key_hash: Sha384::digest(super::hpke_key().1).into(),
        voucher: from.host.clone(),
        nonce,
        expires: now() + HOUR,
    }
}

fn signed(voucher: Voucher, by: &str) -> Bytes {
    let sign = |message: &[u8]| Ok::<_, ()>(signature(by.as_bytes(), message));
    let signed = Signed::sign(voucher, by.as_bytes(), sign).unwrap();
    Bytes::new(signed.to_bytes())
}

impl<G: Group> Appliance<'_, G> {
    fn covered(&self, t: &Transfer<G>) -> Bytes {
        let random = &mut Drawn(&*self.world.source);
        match &self.has {
            Has::Blinded(own) => Bytes::new(own.vouch(t).to_bytes().as_slice()),
            Has::Homomorphic(own) => Bytes::new(own.vouch(t, random).unwrap().to_bytes()),
            Has::Agents(own) => Bytes::new(own.vouch(t, random).unwrap().to_bytes()),
            Has::Optimised(own) => {
                let own = own.concealed(self.public.clone().unwrap());
                Bytes::new(own.vouch(t, random).unwrap().to_bytes())
            }
        }
    }

    async fn send(&self, voucher: &Bytes, t: &Transfer<G>) -> Result<Listed, Problem> {
        let vouch = Vouch {
            voucher: voucher.clone(),
            hpke_key: Bytes::new(super::hpke_key().1),
            message: self.covered(t),
        };
        let path = format!("/v1/sets/{}/vouchers", self.set);
        self.world
            .ask(&self.host, Method::POST, &path, Some(&vouch))
            .await
    }

    async fn vouch(&self, newcomer: &str) -> Result<(Bytes, Transfer<G>), Problem> {
        let voucher = signed(voucher(self, newcomer), &self.host);
        let t = Transfer::draw(&mut Drawn(&*self.world.source)).unwrap();
        let listed = self.send(&voucher, &t).await?;
        assert_eq!(listed.state, ApplianceState::Vouched);
        assert_eq!(listed.vouched_by.as_deref(), Some(&*self.host));
        Ok((voucher, t))
    }

    /// Follows the rotations that it has notes of.
    pub(super) async fn follow(&mut self) {
        let path = format!("/v1/sets/{}/notes", self.set);
        let notes: Notes = self.world.get(&self.host, &path).await.unwrap();
        assert!(!notes.notes.is_empty());
        for found in notes.notes {
            let about = About {
                purpose: Purpose::Rotation,
                set: &self.set,
                generation: found.generation,
                from: &found.from,
                to: &self.host,
                nonce: b"",
            };
            let (private, _) = super::hpke_key();
            let delta = note::open(private.as_slice(), &about, found.body.as_slice()).unwrap();
            let message = self.turn(&Delta::decode(delta.as_slice()).unwrap());
            let conceal = Conceal {
                generation: found.generation,
                message,
            };
            let path = format!("/v1/sets/{}/concealment", self.set);
            for _ in 0..2 {
                // Once more, as if the first answer had been lost.
                let () = self
                    .world
                    .ask(&self.host, Method::POST, &path, Some(&conceal))
                    .await
                    .unwrap();
            }
        }
        let notes: Notes = self.world.get(&self.host, &path).await.unwrap();
        assert!(notes.notes.is_empty());
    }

    /// Its own part of a rotation; with it the message of *optimised*.
    fn turn(&mut self, delta: &Delta<G>) -> Option<Bytes> {
        let random = &mut Drawn(&*self.world.source);
        let public = || self.public.clone().unwrap();
        let (next, message) = match &self.has {
            Has::Blinded(own) => (Has::Blinded(own.rotated(delta)), None),
            Has::Agents(own) => (Has::Agents(own.rotated(delta)), None),
            Has::Homomorphic(own) => {
                let next = own.rotated(delta, random).unwrap();
                (Has::Homomorphic(next), None)
            }
            Has::Optimised(own) => {
                let (next, message) = own.rotated(public(), delta, random).unwrap();
                let message = Bytes::new(message.to_bytes());
                (Has::Optimised(next), Some(message))
            }
        };
        let before = std::mem::replace(&mut self.has, next);
        if matches!(before, Has::Blinded(_) | Has::Optimised(_)) {
            self.before.insert(self.generation, before);
        }
        self.generation += 1;
        message
    }

    pub(super) async fn rotation(&mut self) -> Rotate {
        let random = &mut Drawn(&*self.world.source);
        let path = format!("/v1/sets/{}/appliances?limit=1000", self.set);
        let listed: Page<Listed> = self.world.get(&self.host, &path).await.unwrap();
        let delta = Delta::<G>::draw(random).unwrap();
        let next = self.generation + 1;
        let hidden = |key: &G::PublicKey, random: &mut Drawn<'_>| {
            Bytes::new(delta.hidden(key, random).unwrap().to_bytes())
        };
        let mut appliances = Vec::new();
        for one in listed.entries {
            if one.state == ApplianceState::Vouched {
                continue;
            }
            let other = one.appliance != self.host && one.state != ApplianceState::Revoked;
            let about = About {
                purpose: Purpose::Rotation,
                set: &self.set,
                generation: next,
                from: &self.host,
                to: &one.appliance,
                nonce: b"",
            };
            let key = one.hpke_key.as_slice();
            let sealed = || {
                note::seal(
                    key,
                    &about,
                    &delta.encode(),
                    &mut Drawn(&*self.world.source),
                )
            };
            let own_key = one.public_key.as_ref();
            let own_key = own_key.filter(|_| matches!(self.has, Has::Homomorphic(_)));
            appliances.push(RotatedAppliance {
                delta: own_key
                    .map(|key| hidden(&G::decode_public_key(key.as_slice()).unwrap(), random)),
                note: other.then(|| Bytes::new(sealed().unwrap())),
                appliance: one.appliance,
            });
        }
        let of_set = matches!(self.has, Has::Agents(_)).then(|| self.public.as_ref().unwrap());
        let of_set = of_set.map(|key| hidden(key, random));
        Rotate {
            generation: next,
            appliances,
            delta: of_set,
            message: self.turn(&delta),
        }
    }

    async fn rotate(&mut self) -> Result<Rotated, Problem> {
        let asked = self.rotation().await;
        let path = format!("/v1/sets/{}/rotations", self.set);
        let key = self.world.fresh_key();
        let ask = || {
            self.world
                .ask_with(&self.host, Method::POST, &path, Some(&asked), &key)
        };
        let first: Rotated = ask().await?;
        // Once more, as if the first answer had been lost.
        assert_eq!(ask().await, Ok(first.clone()));
        Ok(first)
    }
}

/// Comes with a voucher.
async fn come<'a, G: Group>(
    world: &'a World,
    host: &str,
    voucher: &Bytes,
    t: &Transfer<G>,
) -> Result<Appliance<'a, G>, Problem> {
    let accept = Accept {
        voucher: voucher.clone(),
    };
    let path = "/v1/sets/tenant/vouchers/accept";
    let key = world.fresh_key();
    let ask = || world.ask_with(host, Method::POST, path, Some(&accept), &key);
    let made: SetUp = ask().await?;
    assert_eq!(ask().await, Ok(made.clone()), "a lost answer comes again");
    let random = &mut Drawn(&*world.source);
    let moved = made.moved.as_ref().unwrap().as_slice();
    let public = made.public_key.as_ref();
    let public = public.map(|key| G::decode_public_key(key.as_slice()).unwrap());
    let hidden = || Hidden::<G>::read(moved, Kind::HomomorphicMoved).unwrap();
    let has = match made.protocol {
        Protocol::Blinded => {
            let moved = Clear::read(moved, Kind::BlindedMoved).unwrap();
            Has::Blinded(blinded::Appliance::accept(&moved, t))
        }
        Protocol::Homomorphic => {
            let public = public.clone().unwrap();
            let own = homomorphic::Appliance::accept(public, &hidden(), t, random);
            Has::Homomorphic(own.unwrap())
        }
        Protocol::Three | Protocol::N => {
            let moved = Clear::read(moved, Kind::AgentsMoved).unwrap();
            Has::Agents(agents::Appliance::accept(
                public.clone().unwrap(),
                &moved,
                t,
            ))
        }
        Protocol::Optimised => {
            let public = public.clone().unwrap();
            let own = homomorphic::Appliance::accept(public, &hidden(), t, random).unwrap();
            let (own, message) = optimised::Appliance::conceal(own, random).unwrap();
            let conceal = Conceal {
                generation: made.generation,
                message: Some(Bytes::new(message.to_bytes())),
            };
            let path = "/v1/sets/tenant/concealment";
            let () = world.ask(host, Method::POST, path, Some(&conceal)).await?;
            Has::Optimised(own)
        }
    };
    Ok(Appliance {
        world,
        host: host.into(),
        set: "tenant".into(),
        generation: made.generation,
        public,
        has,
        before: HashMap::new(),
    })
}

pub(super) async fn two<'a, G: Group>(
    world: &'a World,
    protocol: Protocol,
    keep: bool,
) -> (Appliance<'a, G>, Appliance<'a, G>) {
    let asked = create_set::<G>("tenant", protocol, keep);
    let alpha = Appliance::<G>::first(world, "alpha", &asked).await.unwrap();
    let (voucher, t) = alpha.vouch("beta").await.unwrap();
    let beta = come(world, "beta", &voucher, &t).await.unwrap();
    (alpha, beta)
}

async fn state(world: &World, host: &str) -> ApplianceState {
    let path = "/v1/sets/tenant/appliances";
    let listed: Page<Listed> = world.get("alpha", path).await.unwrap();
    let mut listed = listed.entries.into_iter();
    listed.find(|one| one.appliance == host).unwrap().state
}

/// Each opens what the other one made, and is refused from its revocation on.
async fn newcomer<G: Group>(protocol: Protocol) {
    let world = World::new(21);
    let (alpha, beta) = two::<G>(&world, protocol, false).await;
    for (maker, other, item) in [(&alpha, &beta, "a"), (&beta, &alpha, "b")] {
        let (key, made) = maker.create(item).await.unwrap();
        let ticket = other.look_up(item).await.unwrap();
        assert_eq!(bytes(&other.open(&ticket).await.unwrap()), bytes(&key));
        assert_eq!(bytes(&maker.open(&made).await.unwrap()), bytes(&key));
        // A ticket is one appliance's.
        let moved = other.open(&made).await.err().unwrap();
        assert_eq!(moved.title, "ticket-refused", "{protocol}");
    }
    let ticket = beta.look_up("a").await.unwrap();
    let path = "/v1/sets/tenant/appliances/beta/revoke";
    let _: Listed = world
        .ask("alpha", Method::POST, path, None::<&()>)
        .await
        .unwrap();
    for refused in [
        beta.open(&ticket).await.err().unwrap(),
        beta.look_up("a").await.err().unwrap(),
        beta.create("c").await.err().unwrap(),
    ] {
        assert_eq!(refused.title, "not-trusted");
    }
    // What it made stays the set's, and it does not come back.
    let ticket = alpha.look_up("b").await.unwrap();
    alpha.open(&ticket).await.unwrap();
    let again = alpha.vouch("beta").await.err().unwrap();
    assert_eq!(again.title, "member");
}

/// A rotation with two appliances, and one that was revoked: hidden shares come along, clear ones are made anew.
async fn rotation<G: Group>(protocol: Protocol) {
    let world = World::new(22);
    let (mut alpha, mut beta) = two::<G>(&world, protocol, false).await;
    let (key, ticket) = alpha.create("a").await.unwrap();
    let (other, _) = beta.create("b").await.unwrap();
    let (voucher, t) = alpha.vouch("gamma").await.unwrap();
    let gamma = come::<G>(&world, "gamma", &voucher, &t).await.unwrap();
    let (third, _) = gamma.create("c").await.unwrap();
    let path = "/v1/sets/tenant/appliances/gamma/revoke";
    let _: Listed = world
        .ask("alpha", Method::POST, path, None::<&()>)
        .await
        .unwrap();
    let (late, late_t) = alpha.vouch("delta").await.unwrap();
    assert_eq!(alpha.rotate().await.unwrap().generation, 2);
    // Who has not followed yet is told so.
    let behind = beta.look_up("a").await.err().unwrap();
    assert_eq!(
        (&*behind.title, state(&world, "beta").await),
        ("not-trusted", ApplianceState::Pending)
    );
    // A voucher of before is worth nothing.
    let refused = come::<G>(&world, "delta", &late, &late_t).await;
    assert_eq!(refused.err().unwrap().title, "voucher-refused");
    beta.follow().await;
    assert_eq!(state(&world, "beta").await, ApplianceState::Trusted);
    for (item, key) in [("a", &key), ("b", &other), ("c", &third)] {
        for one in [&alpha, &beta] {
            let ticket = one.look_up(item).await.unwrap();
            let hidden = protocol.has_hidden_shares();
            assert_eq!(ticket.item.share_generation, if hidden { 2 } else { 1 });
            assert_eq!(ticket.item.generation, 1);
            let opened = one.open(&ticket).await.unwrap();
            assert_eq!(bytes(&opened), bytes(key), "{protocol} {item}");
        }
    }
    if protocol.has_hidden_shares() {
        let refused = alpha.open(&ticket).await.err().unwrap();
        assert_eq!(refused.title, "ticket-refused", "a ticket of before");
    }
    // Made anew.
    let (fresh, made) = beta.create("new").await.unwrap();
    assert_eq!(made.item.generation, 2);
    let ticket = alpha.look_up("new").await.unwrap();
    assert_eq!(bytes(&alpha.open(&ticket).await.unwrap()), bytes(&fresh));
    // The other one rotates, twice, and the first one follows both.
    beta.rotate().await.unwrap();
    beta.rotate().await.unwrap();
    alpha.follow().await;
    for (item, key) in [("a", &key), ("new", &fresh)] {
        let ticket = alpha.look_up(item).await.unwrap();
        assert_eq!(bytes(&alpha.open(&ticket).await.unwrap()), bytes(key));
    }
    // A newcomer of now opens hidden shares of any generation, and clear ones from its own on.
    let (voucher, t) = beta.vouch("epsilon").await.unwrap();
    let epsilon = come::<G>(&world, "epsilon", &voucher, &t).await.unwrap();
    let ticket = epsilon.look_up("a").await;
    if protocol.has_hidden_shares() {
        let opened = epsilon.open(&ticket.unwrap()).await.unwrap();
        assert_eq!(bytes(&opened), bytes(&key));
    } else {
        assert_eq!(ticket.err().unwrap().title, "before-it-came");
    }
}

macro_rules! every_protocol {
    ($($name:ident: $test:ident $group:ty;)*) => {$(
        #[tokio::test]
        async fn $name() {
            for protocol in Protocol::ALL {
                $test::<$group>(protocol).await;
            }
        }
    )*};
}

every_protocol! {
    a_newcomer_over_p384: newcomer P384;
    a_newcomer_over_ristretto255: newcomer Ristretto255;
    a_newcomer_over_paillier3072: newcomer Paillier3072;
    a_rotation_over_p384: rotation P384;
    a_rotation_over_ristretto255: rotation Ristretto255;
    a_rotation_over_paillier3072: rotation Paillier3072;
}

/// Where appliances keep the shares, the vault brings them up against the old ticket.
#[tokio::test]
async fn kept_shares_follow_a_rotation() {
    for protocol in [Protocol::Homomorphic, Protocol::Three] {
        let world = World::new(23);
        let asked = create_set::<Ristretto255>("tenant", protocol, true);
        let alpha = Appliance::<Ristretto255>::first(&world, "alpha", &asked).await;
        let mut alpha = alpha.unwrap();
        let (key, made) = alpha.create("a").await.unwrap();
        alpha.rotate().await.unwrap();
        alpha.rotate().await.unwrap();
        let refused = alpha.open(&made).await.err().unwrap();
        assert_eq!(refused.title, "ticket-refused");
        let path = "/v1/sets/tenant/items/a/ticket";
        let mut renew = Renew {
            generation: 1,
            share_generation: 1,
            ticket: made.ticket.clone(),
            share: made.share.clone().unwrap(),
        };
        for _ in 0..2 {
            let fresh: ItemTicket = world
                .ask("alpha", Method::POST, path, Some(&renew))
                .await
                .unwrap();
            assert_eq!(fresh.item.share_generation, 3);
            assert_eq!(bytes(&alpha.open(&fresh).await.unwrap()), bytes(&key));
        }
        // Another share than the ticket's is not brought up.
        let (_, other) = alpha.create("b").await.unwrap();
        renew.share = other.share.clone().unwrap();
        let refused = world.ask::<ItemTicket>("alpha", Method::POST, path, Some(&renew));
        assert_eq!(refused.await.unwrap_err().title, "ticket-refused");
    }
}

/// Each fault of a voucher is refused, and the voucher itself is still good afterwards; then it is spent.
#[tokio::test]
async fn a_voucher_is_good_once_and_for_one() {
    let world = World::new(24);
    let asked = create_set::<Ristretto255>("tenant", Protocol::Blinded, false);
    let alpha = Appliance::<Ristretto255>::first(&world, "alpha", &asked)
        .await
        .unwrap();
    let t = Transfer::draw(&mut Drawn(&*world.source)).unwrap();
    type Fault = fn(&mut Voucher);
    let faults: [(&str, Fault); 5] = [
        ("set", |voucher| voucher.set = "other".into()),
        ("voucher", |voucher| voucher.voucher = "mallory".into()),
        ("expired", |voucher| voucher.expires = now()),
        ("too long", |voucher| voucher.expires = now() + 8 * 86_400),
        ("key", |voucher| voucher.hpke_key_hash = [0; 48]),
    ];
    for (name, fault) in faults {
        let mut voucher = voucher(&alpha, "beta");
        fault(&mut voucher);
        let refused = alpha.send(&signed(voucher, "alpha"), &t).await;
        assert_eq!(refused.unwrap_err().title, "voucher-refused", "{name}");
    }
    let mut other = voucher(&alpha, "beta");
    other.generation = 2;
    let refused = alpha.send(&signed(other, "alpha"), &t).await.unwrap_err();
    assert_eq!(refused.title, "generation");
    let mut damaged = signed(voucher(&alpha, "beta"), "alpha").as_slice().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let refused = alpha.send(&Bytes::new(damaged), &t).await.unwrap_err();
    assert_eq!(refused.title, "voucher-refused", "signature");
    let (good, t) = alpha.vouch("beta").await.unwrap();
    // Before it came, it may do nothing.
    let path = "/v1/sets/tenant/items";
    let refused: Result<Page<Listed>, _> = world.get("beta", path).await;
    assert_eq!(refused.unwrap_err().title, "not-trusted");
    let conceal = Conceal {
        generation: 1,
        message: None,
    };
    let path = "/v1/sets/tenant/concealment";
    let refused = world.ask::<()>("beta", Method::POST, path, Some(&conceal));
    assert_eq!(refused.await.unwrap_err().title, "not-trusted");
    // Nobody else comes with it.
    let stolen = come::<Ristretto255>(&world, "mallory", &good, &t).await;
    assert_eq!(stolen.err().unwrap().title, "voucher-refused");
    let beta = come::<Ristretto255>(&world, "beta", &good, &t)
        .await
        .unwrap();
    let (key, _) = alpha.create("a").await.unwrap();
    let ticket = beta.look_up("a").await.unwrap();
    assert_eq!(bytes(&beta.open(&ticket).await.unwrap()), bytes(&key));
    let again = come::<Ristretto255>(&world, "beta", &good, &t).await;
    assert_eq!(again.err().unwrap().title, "voucher-refused", "spent");
    // A later voucher takes the place of an earlier one, and a revoked appliance's are worth nothing.
    let (first, t_first) = beta.vouch("gamma").await.unwrap();
    let (second, t_second) = beta.vouch("gamma").await.unwrap();
    let old = come::<Ristretto255>(&world, "gamma", &first, &t_first).await;
    assert_eq!(old.err().unwrap().title, "voucher-refused");
    let path = "/v1/sets/tenant/appliances/beta/revoke";
    let _: Listed = world
        .ask("alpha", Method::POST, path, None::<&()>)
        .await
        .unwrap();
    let late = come::<Ristretto255>(&world, "gamma", &second, &t_second).await;
    assert_eq!(late.err().unwrap().title, "voucher-refused");
    let none = beta.vouch("delta").await.err().unwrap();
    assert_eq!(none.title, "not-trusted");
}

/// A rotation that does not name all appliances, or gives what the protocol does not have, changes nothing.
#[tokio::test]
async fn a_rotation_that_does_not_fit_is_refused() {
    for protocol in Protocol::ALL {
        let world = World::new(25);
        let (mut alpha, _beta) = two::<Ristretto255>(&world, protocol, false).await;
        let good = alpha.rotation().await;
        let element = Bytes::new(SecretBytes::new_zeroed(40).as_slice());
        type Fault = fn(&mut Rotate, &Bytes);
        let faults: [(&str, Fault); 7] = [
            ("membership", |asked, _| drop(asked.appliances.pop())),
            ("membership", |asked, _| asked.appliances[1].note = None),
            ("membership", |asked, some| {
                asked.appliances[0].note = Some(some.clone())
            }),
            ("membership", |asked, _| {
                asked.appliances[1].appliance = "mallory".into()
            }),
            ("generation", |asked, _| asked.generation = 3),
            ("bad-request", |asked, some| {
                asked.delta = match &asked.delta {
                    Some(_) => None,
                    None => Some(some.clone()),
                };
            }),
            ("bad-request", |asked, some| {
                asked.message = match &asked.message {
                    Some(_) => None,
                    None => Some(some.clone()),
                };
            }),
        ];
        for (title, fault) in faults {
            let mut asked = good.clone();
            fault(&mut asked, &element);
            let path = "/v1/sets/tenant/rotations";
            let refused = world.ask::<Rotated>("alpha", Method::POST, path, Some(&asked));
            assert_eq!(refused.await.unwrap_err().title, title, "{protocol}");
        }
        let set: photonbox_vault::api::Set = world.get("alpha", "/v1/sets/tenant").await.unwrap();
        assert_eq!(set.generation, 1);
    }
}
