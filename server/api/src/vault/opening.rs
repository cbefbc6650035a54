//! Access: step 3 of the protocols. The ticket first, then the group.

use std::sync::Arc;

use photonbox_store::{ApplianceRow, ItemRow};
use photonbox_vault::api::{Bytes, OpenItem, Opened};
use photonbox_vault::item::ItemName;
use photonbox_vault::ticket::Claim;

use super::agents::{Line, Turn};
use super::items::name_of;
use super::sets::agent_of;
use super::work::Workers;
use super::{Member, Vault, names};
use crate::problem::Refusal;

/// What is known of a request whose ticket was right.
struct Authorised {
    member: Member,
    /// The appliance in the generation that the share is under.
    concealed: ApplianceRow,
    row: ItemRow,
    share: Vec<u8>,
}

impl Vault {
    /// The message that an appliance makes an item's key of.
    pub(crate) async fn open_item(
        self: Arc<Self>,
        workers: &Workers,
        caller: String,
        set: String,
        item: String,
        asked: OpenItem,
    ) -> Result<Opened, Refusal> {
        let vault = Arc::clone(&self);
        let (authorised, asked, caller) = workers
            .run(move || {
                let authorised = vault.authorise(&caller, &set, &item, &asked)?;
                Ok((authorised, asked, caller))
            })
            .await?;
        let turned = if authorised.member.engine.protocol.has_agents() {
            let set = &authorised.member.set;
            let agents: Vec<_> = set.agents.iter().map(agent_of).collect();
            let line = Line {
                agents: &*self.parts.agents,
                of_set: &agents,
                set: &set.set,
                generation: authorised.row.share_generation,
                appliance: &caller,
            };
            let message = authorised.member.engine.agents_message(&authorised.share)?;
            Some(line.turns(Turn::PutIn, message).await?)
        } else {
            None
        };
        workers
            .run(move || self.serve(authorised, &asked, turned))
            .await
    }

    /// Checks who asks, for what, and the ticket. Nothing here computes in the group.
    fn authorise(
        &self,
        caller: &str,
        set: &str,
        item: &str,
        asked: &OpenItem,
    ) -> Result<Authorised, Refusal> {
        names::item(item)?;
        let (member, concealed, mut row) = self.reading(|rows| {
            let member = Member::trusted(rows, set, caller)?;
            let row = rows.item(set, Some(asked.generation), item)?;
            let mut row = row.ok_or_else(|| Refusal::UnknownItem(item.into()))?;
            if member.engine.protocol.has_hidden_shares() {
                // A share of before the last rotation is brought up when it is looked up, not here, where the ticket comes first.
                if asked.share.is_none() && row.share_generation != member.set.generation {
                    return Err(Refusal::TicketRefused.into());
                }
                row.share_generation = member.set.generation;
            }
            let concealed = rows.appliance(set, row.share_generation, caller)?;
            // A ticket of another generation can't be one of this appliance.
            let concealed = concealed.ok_or(Refusal::TicketRefused)?;
            Ok((member, concealed, row))
        })?;
        let given = asked.share.as_ref().map(|share| share.as_slice().to_vec());
        let share = given.or_else(|| row.share.take()).ok_or_else(|| {
            Refusal::Bad("the share is missing: the appliances of this set keep them".into())
        })?;
        let claim = Claim {
            set,
            generation: row.share_generation,
            appliance: caller,
            item,
            scheme: member.engine.scheme,
            share: &share,
        };
        self.check_ticket(asked.ticket.as_slice(), &claim)?;
        Ok(Authorised {
            member,
            concealed,
            row,
            share,
        })
    }

    pub(super) fn check_ticket(&self, ticket: &[u8], claim: &Claim<'_>) -> Result<(), Refusal> {
        let checked = self.secrets()?.tickets.check(ticket, claim, self.now());
        checked.map_err(|reason| {
            let Claim { appliance, set, .. } = claim;
            tracing::info!(appliance, set, %reason, "a ticket was refused");
            Refusal::TicketRefused
        })
    }

    fn serve(
        &self,
        authorised: Authorised,
        asked: &OpenItem,
        turned: Option<Vec<u8>>,
    ) -> Result<Opened, Refusal> {
        let Authorised {
            member,
            concealed,
            row,
            share,
        } = authorised;
        let message = if !member.engine.protocol.has_hidden_shares() {
            let member = Member {
                appliance: concealed,
                ..member
            };
            let name = name_of(&member, &row.item, row.generation);
            self.serve_kept(&member, &name, &share)?
        } else {
            let derived = match (&turned, &asked.message) {
                (Some(turned), _) => turned.as_slice(),
                (None, Some(message)) => message.as_slice(),
                (None, None) => {
                    return Err(Refusal::Bad(
                        "the message is missing: this protocol's access begins with one".into(),
                    ));
                }
            };
            let private = if turned.is_some() {
                member.set.private_key.as_ref()
            } else {
                concealed.private_key.as_ref()
            };
            let private = private.ok_or(Refusal::Internal)?;
            let served = member.engine.serve_hidden(private, derived)?;
            Bytes::new(served.as_slice())
        };
        Ok(Opened {
            message,
            wrapped: row.wrapped.map(Bytes::new),
        })
    }

    /// The answer for a share in clear, which lies under the vault's key.
    pub(super) fn serve_kept(
        &self,
        member: &Member,
        name: &ItemName,
        kept: &[u8],
    ) -> Result<Bytes, Refusal> {
        let share = self.secrets()?.shares.open(name, kept).map_err(|error| {
            tracing::error!(%error, item = name.item, set = name.set, "a share cannot be read");
            Refusal::Internal
        })?;
        let concealment = member.appliance.concealment.as_ref();
        let concealment = concealment.ok_or(Refusal::NotTrusted("pending"))?;
        let served = member.engine.serve_clear(concealment, &share)?;
        Ok(Bytes::new(served.as_slice()))
    }
}
