//! Items: made, listed, looked up, deleted.

use std::sync::Arc;

use photonbox_store::{ItemRow, VaultRows};
use photonbox_vault::api::{Bytes, CreateItem, Item, ItemTicket, Page, Protocol, PutWrapped};
use photonbox_vault::item::{ItemName, MAX_IMPORT, WRAPPING};
use photonbox_vault::ticket::Claim;

use super::agents::{Line, Turn};
use super::replay::{Asking, Begun};
use super::sets::agent_of;
use super::work::{Stop, Workers};
use super::{Member, Replay, Vault, names};
use crate::problem::Refusal;
use photonbox_channel::Drawn as Random;

impl Vault {
    /// Makes an item's key: step 2 of the protocols.
    pub(crate) async fn create_item(
        self: Arc<Self>,
        workers: &Workers,
        asking: Asking,
        asked: CreateItem,
    ) -> Result<ItemTicket, Refusal> {
        names::item(&asked.item)?;
        let (begun, asked) = self
            .begin(workers, &asking, asked, Self::begin_item)
            .await?;
        let member = match begun {
            Begun::Answered(answer) => return Ok(*answer),
            Begun::Going(member) => member,
        };
        let Asking {
            caller,
            set,
            replay,
        } = asking;
        let turned = if member.engine.protocol.has_agents() {
            let agents: Vec<_> = member.set.agents.iter().map(agent_of).collect();
            let line = Line {
                agents: &*self.parts.agents,
                of_set: &agents,
                set: &set,
                generation: member.set.generation,
                appliance: &caller,
            };
            let message = asked.message.as_slice().to_vec();
            Some(line.turns(Turn::TakeOut, message).await?)
        } else {
            None
        };
        workers
            .run(move || self.finish_item(&member, &caller, &replay, &asked, turned))
            .await
    }

    fn begin_item(
        &self,
        asking: &Asking,
        asked: &CreateItem,
    ) -> Result<Begun<ItemTicket, Member>, Refusal> {
        let Asking {
            caller,
            set,
            replay,
        } = asking;
        let found = self.reading(|rows| {
            if let Some(answer) = replay.answered::<ItemTicket>(rows, caller)? {
                return Ok((Member::trusted(rows, set, caller)?, Some(answer)));
            }
            let member = Member::trusted(rows, set, caller)?;
            if rows.item(set, None, &asked.item)?.is_some() {
                return Err(Refusal::ItemExists(asked.item.clone()).into());
            }
            Ok((member, None))
        })?;
        match found {
            (member, Some(answer)) => {
                let answer = self.answer_again(&member, answer)?;
                Ok(Begun::Answered(Box::new(answer)))
            }
            (member, None) => {
                // Before any agent is asked.
                if member.engine.protocol.has_agents() {
                    member.engine.check_created(asked.message.as_slice())?;
                }
                Ok(Begun::Going(Box::new(member)))
            }
        }
    }

    /// What was answered before; what is secret of it was not kept and is made anew.
    pub(super) fn answer_again(
        &self,
        member: &Member,
        mut answer: ItemTicket,
    ) -> Result<ItemTicket, Refusal> {
        if member.engine.has_second_step() {
            let kept = match &answer.share {
                Some(share) => share.as_slice().to_vec(),
                None => {
                    let (set, item) = (&member.set.set, &answer.item);
                    let row = self
                        .reading(|rows| Ok(rows.item(set, Some(item.generation), &item.item)?))?;
                    let share = row.and_then(|row| row.share);
                    share.ok_or_else(|| Refusal::UnknownItem(answer.item.item.clone()))?
                }
            };
            let name = name_of(member, &answer.item.item, answer.item.generation);
            answer.message = Some(self.serve_kept(member, &name, &kept)?);
        }
        Ok(answer)
    }

    fn finish_item(
        &self,
        member: &Member,
        caller: &str,
        replay: &Replay,
        asked: &CreateItem,
        turned: Option<Vec<u8>>,
    ) -> Result<ItemTicket, Refusal> {
        let generation = member.set.generation;
        let name = name_of(member, &asked.item, generation);
        let message = turned.as_deref().unwrap_or(asked.message.as_slice());
        let source = &*self.parts.source;
        let share = if !member.engine.protocol.has_hidden_shares() {
            let concealment = member.appliance.concealment.as_ref();
            let concealment = concealment.ok_or(Refusal::NotTrusted("pending"))?;
            let share = member.engine.clear_share(concealment, message, source)?;
            self.secrets()?
                .shares
                .seal(&name, &share, &mut Random(source))?
        } else {
            member.engine.hidden_share(message)?
        };
        let with_it = if member.engine.has_second_step() {
            Some(self.serve_kept(member, &name, &share)?)
        } else {
            None
        };
        let now = self.now();
        let keeps = member.set.appliances_keep_shares;
        let row = ItemRow {
            set: member.set.set.clone(),
            generation,
            item: asked.item.clone(),
            share_generation: generation,
            appliance: caller.into(),
            share: (!keeps).then(|| share.clone()),
            wrapped: None,
            user_blinded: asked.user_blinded,
            created: now,
        };
        let give = keeps || gives_share(member);
        let answer = self.ticket(member, caller, &row, &share, give)?;
        let (mut answer, fresh) = self.transaction(|rows| {
            if let Some(answer) = replay.answered(rows, caller)? {
                return Ok((answer, false));
            }
            let still = Member::trusted(rows, &member.set.set, caller)?;
            if still.set.generation != generation {
                return Err(Refusal::Generation(still.set.generation).into());
            }
            if rows.item(&row.set, None, &row.item)?.is_some() || !rows.add_item(&row)? {
                return Err(Refusal::ItemExists(row.item.clone()).into());
            }
            self.audit(rows, caller, "item.create", subject(&row), String::new())?;
            replay.keep(rows, caller, &answer, now)?;
            Ok((answer.clone(), true))
        })?;
        if !fresh {
            // The same request came twice at once: this one hears what the other one made.
            return self.answer_again(member, answer);
        }
        answer.message = with_it;
        Ok(answer)
    }

    /// An item, with a fresh ticket for the appliance.
    pub(crate) fn item(
        &self,
        caller: &str,
        set: &str,
        item: &str,
        generation: Option<u64>,
    ) -> Result<ItemTicket, Refusal> {
        let (member, mut row, own) = self.reading(|rows| {
            let member = Member::trusted(rows, set, caller)?;
            let row = rows.item(set, generation, item)?;
            let row = row.ok_or_else(|| Refusal::UnknownItem(item.into()))?;
            let own = rows.appliance(set, row.share_generation, caller)?.is_some();
            Ok((member, row, own))
        })?;
        let Some(share) = row.share.take() else {
            return Err(Refusal::WrongStep(
                "the appliances of this set keep shares and tickets themselves",
            ));
        };
        if !member.engine.protocol.has_hidden_shares() && !own {
            return Err(Refusal::BeforeItCame(item.into()));
        }
        let needed = gives_share(&member);
        let mut share = self.present_share(&member, &mut row, share)?;
        if needed && row.appliance != caller {
            share = self.share_for(&member, &row, &share)?;
        }
        self.ticket(&member, caller, &row, &share, needed)
    }

    /// The vault's own share, brought up to the present master key if it is hidden and of an earlier one.
    fn present_share(
        &self,
        member: &Member,
        row: &mut ItemRow,
        share: Vec<u8>,
    ) -> Result<Vec<u8>, Refusal> {
        let hidden = member.engine.protocol.has_hidden_shares();
        if !hidden || row.share_generation == member.set.generation {
            return Ok(share);
        }
        let present = self.brought_up(member, row, row.share_generation, &share)?;
        row.share_generation = member.set.generation;
        self.transaction(|rows| {
            let Some(mut stored) = rows.item(&row.set, Some(row.generation), &row.item)? else {
                return Err(Refusal::UnknownItem(row.item.clone()).into());
            };
            // Another request may have been faster: it made the same of it.
            if stored.share_generation < row.share_generation {
                stored.share_generation = row.share_generation;
                stored.share = Some(present.clone());
                rows.update_item(&stored)?;
            }
            Ok(())
        })?;
        Ok(present)
    }

    /// *homomorphic*: another appliance's share, under the key of the one that asks.
    fn share_for(&self, member: &Member, row: &ItemRow, share: &[u8]) -> Result<Vec<u8>, Refusal> {
        let generation = member.set.generation;
        let maker = self.reading(|rows| {
            let maker = rows.appliance(&row.set, generation, &row.appliance)?;
            Ok(maker.and_then(|maker| maker.private_key))
        })?;
        let (Some(from), Some(to)) = (maker, &member.appliance.public_key) else {
            tracing::error!(set = row.set, item = row.item, "a key of E is missing");
            return Err(Refusal::Internal);
        };
        let source = &*self.parts.source;
        member.engine.share_for(&from, to, share, source)
    }

    pub(super) fn ticket(
        &self,
        member: &Member,
        caller: &str,
        row: &ItemRow,
        share: &[u8],
        give_share: bool,
    ) -> Result<ItemTicket, Refusal> {
        // A share that only the appliance has can't be asked for anew.
        let lives = !member.set.appliances_keep_shares;
        let expires = lives.then(|| self.now() + self.parts.settings.ticket_seconds);
        let claim = Claim {
            set: &row.set,
            generation: row.share_generation,
            appliance: caller,
            item: &row.item,
            scheme: member.engine.scheme,
            share,
        };
        let ticket = self
            .secrets()?
            .tickets
            .issue(&claim, expires.unwrap_or(u64::MAX));
        Ok(ItemTicket {
            item: item_of(row),
            ticket: Bytes::new(ticket),
            ticket_expires: expires,
            share: give_share.then(|| Bytes::new(share)),
            message: None,
        })
    }

    /// The items of a set. `after` is what [`Page::next`] gave.
    pub(crate) fn items(
        &self,
        caller: &str,
        set: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Item>, Refusal> {
        let after = match after.map(|after| after.split_once(':')) {
            None => None,
            Some(Some((generation, item))) => match generation.parse() {
                Ok(generation) => Some((item, generation)),
                Err(_) => return Err(Refusal::Bad("`after` is not what a page gave".into())),
            },
            Some(None) => return Err(Refusal::Bad("`after` is not what a page gave".into())),
        };
        self.reading(|rows| {
            Member::find(rows, set, caller)?.check_trusted()?;
            let mut found = rows.items(set, after, limit + 1)?;
            let more = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| more);
            let next = next.map(|last| format!("{}:{}", last.generation, last.item));
            let entries = found.iter().map(item_of).collect();
            Ok(Page { entries, next })
        })
    }

    /// Deletes an item: its key is gone for ever.
    pub(crate) fn delete_item(
        &self,
        caller: &str,
        set: &str,
        item: &str,
        generation: Option<u64>,
    ) -> Result<(), Refusal> {
        self.transaction(|rows| {
            let row = trusted_item(rows, caller, set, item, generation)?;
            if !rows.delete_item(set, row.generation, item)? {
                return Err(Refusal::UnknownItem(item.into()).into());
            }
            self.audit(rows, caller, "item.delete", subject(&row), String::new())
        })
    }

    /// Adds a user's own key to an item, once.
    pub(crate) fn put_wrapped(
        &self,
        caller: &str,
        set: &str,
        item: &str,
        asked: &PutWrapped,
    ) -> Result<(), Refusal> {
        let wrapped = asked.wrapped.as_slice();
        let length = wrapped.len().saturating_sub(WRAPPING);
        if !(1..=MAX_IMPORT).contains(&length) {
            return Err(Refusal::Bad(format!(
                "a wrapped key of {} bytes; it has {} to {}",
                wrapped.len(),
                WRAPPING + 1,
                WRAPPING + MAX_IMPORT
            )));
        }
        self.transaction(|rows| {
            let mut row = trusted_item(rows, caller, set, item, Some(asked.generation))?;
            match &row.wrapped {
                Some(before) if before == wrapped => return Ok(()),
                Some(_) => return Err(Refusal::Imported(item.into()).into()),
                None => {}
            }
            row.wrapped = Some(wrapped.to_vec());
            rows.update_item(&row)?;
            self.audit(rows, caller, "item.import", subject(&row), String::new())
        })
    }
}

fn trusted_item(
    rows: &mut dyn VaultRows,
    caller: &str,
    set: &str,
    item: &str,
    generation: Option<u64>,
) -> Result<ItemRow, Stop> {
    Member::trusted(rows, set, caller)?;
    let row = rows.item(set, generation, item)?;
    Ok(row.ok_or_else(|| Refusal::UnknownItem(item.into()))?)
}

/// The appliance derives its question of the share: *homomorphic*.
fn gives_share(member: &Member) -> bool {
    member.engine.protocol == Protocol::Homomorphic
}

/// What the item's share and data key are bound to.
pub(super) fn name_of(member: &Member, item: &str, generation: u64) -> ItemName {
    ItemName {
        scheme: member.engine.scheme,
        set: member.set.set.clone(),
        generation,
        item: item.to_owned(),
    }
}

fn subject(row: &ItemRow) -> String {
    format!("{}/{}@{}", row.set, row.item, row.generation)
}

fn item_of(row: &ItemRow) -> Item {
    Item {
        item: row.item.clone(),
        generation: row.generation,
        share_generation: row.share_generation,
        appliance: row.appliance.clone(),
        imported: row.wrapped.is_some(),
        user_blinded: row.user_blinded,
        created: row.created,
    }
}
