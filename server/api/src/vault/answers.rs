//! What was answered before: for who lost the answer together with what it had asked.

use photonbox_vault::api::ItemTicket;
use photonbox_vault::ticket::Claim;

use super::{Member, Vault};
use crate::problem::Refusal;

impl Vault {
    /// The answer to the creation of an item of this set that the caller asked for under this idempotency key.
    pub(crate) fn item_answer(
        &self,
        caller: &str,
        set: &str,
        key: &str,
    ) -> Result<ItemTicket, Refusal> {
        let unknown = || Refusal::UnknownAnswer;
        let (member, answer, row) = self.reading(|rows| {
            let member = Member::trusted(rows, set, caller)?;
            let before = rows.request(caller, key)?.ok_or_else(unknown)?;
            // Of sets there are answers, too.
            let answer: ItemTicket = serde_json::from_slice(&before.body).map_err(|_| unknown())?;
            let item = &answer.item;
            let row = rows.item(set, Some(item.generation), &item.item)?;
            // An item that has taken its name is another one.
            let row = row.filter(|row| row.created == item.created && row.appliance == caller);
            let row = row.ok_or_else(|| Refusal::UnknownItem(item.item.clone()))?;
            Ok((member, answer, row))
        })?;
        // Rotations bring shares up: a ticket of before is of no use.
        if row.share.is_some() && row.share_generation != answer.item.share_generation {
            return self.item(caller, set, &row.item, Some(row.generation));
        }
        let given = answer.share.as_ref().map(|share| share.as_slice());
        let claim = Claim {
            set,
            generation: answer.item.share_generation,
            appliance: caller,
            item: &row.item,
            scheme: member.engine.scheme,
            share: row.share.as_deref().or(given).unwrap_or_default(),
        };
        // An item of this set, and the one that was made then: another one of its name has another share.
        let checked =
            self.secrets()?
                .tickets
                .check(answer.ticket.as_slice(), &claim, answer.item.created);
        checked.map_err(|_| Refusal::UnknownItem(row.item.clone()))?;
        self.answer_again(&member, answer)
    }
}
