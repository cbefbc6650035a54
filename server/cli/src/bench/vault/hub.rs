//! What the hub of the benchmark does of each request whatever the protocol: bodies in JSON, tickets, stored shares.

use crate::bench::drbg::Generator;
use anyhow::Context as _;
use photonbox_secret::SecretArray;
use photonbox_vault::api::{Bytes, CreateItem, Item, ItemTicket, OpenItem, Opened};
use photonbox_vault::group::Scheme;
use photonbox_vault::item::ItemName;
use photonbox_vault::kept::{self, ShareKey};
use photonbox_vault::ticket::{self, Claim, Refused, TicketKey, TicketKeys};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The appliance that asks.
const APPLIANCE: &str = "appliance-1";
/// Seconds since 1970, as the hub's clock has them.
const NOW: u64 = 1_800_000_000;
/// When its tickets end.
const EXPIRES: u64 = NOW + 3600;

/// A hub, and the generator that all parties draw from: CTR_DRBG, as a real hub's.
pub(super) struct Hub {
    tickets: TicketKeys,
    pub(super) shares: ShareKey,
    pub(super) random: Generator,
}

/// An item as it lies in the hub's store, with what the appliance got for it.
pub(super) struct Kept {
    pub(super) share: Vec<u8>,
    pub(super) ticket: Bytes,
    pub(super) data_key: SecretArray<32>,
}

/// Sends a body: writes it as JSON and reads it at the other end.
pub(super) fn sent<T: Serialize + DeserializeOwned>(body: &T) -> anyhow::Result<T> {
    let text = serde_json::to_vec(body).context("a body of the benchmark")?;
    serde_json::from_slice(&text).context("a body of the benchmark")
}

/// The item that the benchmark creates again and again.
pub(super) fn item_of(scheme: Scheme) -> ItemName {
    ItemName {
        scheme,
        set: "tenant".into(),
        generation: 1,
        item: "database/volume-1".into(),
    }
}

fn claim<'a>(name: &'a ItemName, appliance: &'a str, share: &'a [u8]) -> Claim<'a> {
    Claim {
        set: &name.set,
        generation: name.generation,
        appliance,
        item: &name.item,
        scheme: name.scheme,
        share,
    }
}

impl Hub {
    pub(super) fn new() -> anyhow::Result<Self> {
        let bytes = |byte| SecretArray::from_array([byte; ticket::KEY]);
        Ok(Self {
            tickets: TicketKeys::new(TicketKey::new(1, bytes(1))),
            shares: ShareKey::new(1, &SecretArray::from_array([2; kept::KEY])),
            random: Generator::new()?,
        })
    }

    /// What the appliance asks for a new item, as it comes to the hub.
    pub(super) fn asked_to_create(name: &ItemName, message: Bytes) -> anyhow::Result<CreateItem> {
        sent(&CreateItem {
            item: name.item.clone(),
            message,
            user_blinded: false,
        })
    }

    /// The hub's answer to it, as it comes to the appliance.
    pub(super) fn created(
        &self,
        name: &ItemName,
        share: &[u8],
        give: bool,
        message: Option<Bytes>,
    ) -> anyhow::Result<ItemTicket> {
        let ticket = self.tickets.issue(&claim(name, APPLIANCE, share), EXPIRES);
        sent(&ItemTicket {
            item: Item {
                item: name.item.clone(),
                generation: name.generation,
                share_generation: name.generation,
                appliance: APPLIANCE.to_owned(),
                imported: false,
                user_blinded: false,
                created: NOW,
            },
            ticket: Bytes::new(ticket),
            ticket_expires: Some(EXPIRES),
            share: give.then(|| Bytes::new(share)),
            message,
        })
    }

    /// What the appliance asks to open an item, after the hub has checked the ticket.
    pub(super) fn asked_to_open(
        &self,
        name: &ItemName,
        kept: &Kept,
        message: Option<Bytes>,
    ) -> anyhow::Result<OpenItem> {
        let asked = sent(&OpenItem {
            generation: name.generation,
            ticket: kept.ticket.clone(),
            share: None,
            message,
        })?;
        let claim = claim(name, APPLIANCE, &kept.share);
        self.tickets.check(asked.ticket.as_slice(), &claim, NOW)?;
        Ok(asked)
    }

    /// The hub's answer to it, as it comes to the appliance.
    pub(super) fn opened(message: Bytes) -> anyhow::Result<Opened> {
        sent(&Opened {
            message,
            wrapped: None,
        })
    }

    /// Tickets that are refused: forged, expired, and of another item and another appliance.
    pub(super) fn refuse(&self, name: &ItemName, share: &[u8]) -> anyhow::Result<u64> {
        let refused = |ticket: &[u8], claim: &Claim<'_>, now, right| {
            let said = self.tickets.check(std::hint::black_box(ticket), claim, now);
            anyhow::ensure!(said == Err(right), "a bad ticket: {said:?}");
            Ok(())
        };
        let ours = claim(name, APPLIANCE, share);
        let good = self.tickets.issue(&ours, EXPIRES);
        let mut forged = good;
        forged[ticket::TICKET - 1] ^= 1;
        let moved = Claim {
            item: "another",
            ..ours
        };
        let stolen = claim(name, "appliance-2", share);
        // Many of each, so that issuing the good one does not count.
        const TIMES: u64 = 64;
        for _ in 0..TIMES {
            refused(&forged, &ours, NOW, Refused::Forged)?;
            refused(&good, &ours, EXPIRES, Refused::Expired)?;
            refused(&good, &moved, NOW, Refused::Forged)?;
            refused(&good, &stolen, NOW, Refused::Forged)?;
        }
        Ok(4 * TIMES)
    }
}
