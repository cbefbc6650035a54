//! Tickets, stored shares, notes, vouchers and the JSON bodies of the vault's interface: whatever comes, nothing panics, nothing that
//! was not made opens, and what is read is written the same.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use photonbox_secret::{SecretArray, SecretBytes};
use photonbox_vault::api;
use photonbox_vault::group::Scheme;
use photonbox_vault::item::{self, ItemName};
use photonbox_vault::kept::{self, ShareKey};
use photonbox_vault::note;
use photonbox_vault::ticket::{self, Claim, TICKET, TicketKey, TicketKeys};
use photonbox_vault::voucher::{Body, Letter, Request, Signed, Voucher};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn tickets(data: &[u8]) {
    // The same key each time: secrecy is not what is tested here.
    let key = TicketKey::new(1, SecretArray::from_array([7; ticket::KEY]));
    let keys = TicketKeys::new(key);
    let (given, share) = data.split_at(data.len().min(TICKET));
    let claim = Claim {
        set: "tenant",
        generation: 1,
        appliance: "appliance",
        item: "disk",
        scheme: Scheme::P384,
        share,
    };
    assert!(keys.check(given, &claim, 0).is_err());
    // Of one that was issued, any change is refused: to it or to the share.
    let ticket = keys.issue(&claim, 1000);
    assert_eq!(keys.check(&ticket, &claim, 0), Ok(()));
    let mut changed = ticket;
    if let [at, change, ..] = data {
        changed[usize::from(*at) % TICKET] ^= change | 1;
        assert!(keys.check(&changed, &claim, 0).is_err());
    }
    if let Some(shorter) = share.get(1..) {
        let moved = Claim { share: shorter, ..claim };
        assert!(keys.check(&ticket, &moved, 0).is_err());
    }
}

fn shares(data: &[u8]) {
    let name = ItemName {
        scheme: Scheme::P384,
        set: "tenant".to_owned(),
        generation: 1,
        item: "disk".to_owned(),
    };
    let key = ShareKey::new(1, &SecretArray::from_array([7; kept::KEY]));
    assert!(key.open(&name, data).is_err());
    let data_key = SecretArray::from_array([8; 32]);
    assert!(item::unwrap(&data_key, &name, data).is_err());
    let about = note::About {
        purpose: note::Purpose::Transfer,
        set: "tenant",
        generation: 1,
        from: "alpha",
        to: "beta",
        nonce: b"number",
    };
    assert!(note::open(&[1; note::PRIVATE_KEY], &about, data).is_err());
    // A note's own length is found seldom.
    let mut long = data.to_vec();
    long.resize(note::SEALING + 49, 0);
    assert!(note::open(&[1; note::PRIVATE_KEY], &about, &long).is_err());
    if note::is_public_key(data) {
        let secret = SecretBytes::from_slice(b"t");
        assert!(note::seal(data, &about, &secret, &mut Counter(0)).is_ok());
    }
}

/// Enough of a generator for a note that nobody opens.
struct Counter(u64);

impl rand_core::TryRng for Counter {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|next| next as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 += 1;
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for byte in out {
            *byte = self.try_next_u64()? as u8;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}

fn signed<T: Body + PartialEq + Debug>(data: &[u8]) {
    if let Ok(read) = Signed::<T>::read(data) {
        assert_eq!(read.to_bytes(), data);
    }
}

/// Spaces and the order of members are the sender's; what was read comes back.
fn body<T: DeserializeOwned + Serialize + PartialEq + Debug>(data: &[u8]) {
    if let Ok(read) = serde_json::from_slice::<T>(data) {
        let text = serde_json::to_vec(&read).expect("what was read can be written");
        let again: T = serde_json::from_slice(&text).expect("what was written can be read");
        assert_eq!(again, read);
    }
}

fuzz_target!(|data: &[u8]| {
    tickets(data);
    shares(data);
    signed::<Request>(data);
    signed::<Voucher>(data);
    signed::<Letter>(data);
    body::<api::CreateSet>(data);
    body::<api::SetUp>(data);
    body::<api::Conceal>(data);
    body::<api::Set>(data);
    body::<api::Appliance>(data);
    body::<api::CreateItem>(data);
    body::<api::ItemTicket>(data);
    body::<api::OpenItem>(data);
    body::<api::Opened>(data);
    body::<api::PutWrapped>(data);
    body::<api::Page<api::Item>>(data);
    body::<api::Problem>(data);
    body::<api::AgentDraw>(data);
    body::<api::AgentTurn>(data);
    body::<api::AgentTurned>(data);
});
