//! Access: the key of an item, by its ticket.

use hyper::Method;
use photonbox_channel::Drawn;
use photonbox_vault::api::{OpenItem, Opened};
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255, Scheme};
use photonbox_vault::item::{self, ItemName};

use super::own::Own;
use super::{Appliance, OpenedKey, check_set, items, part};
use crate::Error;
use crate::connection::Ask;
use crate::keep::{KeptItem, KeptSet};

impl Appliance {
    /// Opens an item's key.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open(&self, set: &str, item: &str) -> Result<OpenedKey, Error> {
        self.open_of(set, item, None).await
    }

    /// Opens the key of an item that was made in this generation of the master key.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open_of(
        &self,
        set: &str,
        item: &str,
        generation: Option<u64>,
    ) -> Result<OpenedKey, Error> {
        check_set(set)?;
        let (kept, scheme) = self.kept(set)?;
        let file = self.keep.item_file(set, item);
        let ticket: Option<KeptItem> = self.keep.read(&file)?;
        let right = |ticket: &KeptItem| generation.is_none_or(|wanted| wanted == ticket.generation);
        if let Some(ticket) = ticket.filter(right) {
            match self.open_by(set, item, &kept, scheme, &ticket).await {
                // It may have run out, or be of a share of before.
                Err(Error::Refused(refused))
                    if refused.1.title == "ticket-refused" && !kept.appliances_keep_shares => {}
                done => return done,
            }
        }
        if kept.appliances_keep_shares {
            return Err(Error::NoTicket(format!("{set}/{item}")));
        }
        let ticket = self.look_up(set, item, generation).await?;
        self.open_by(set, item, &kept, scheme, &ticket).await
    }

    pub(super) async fn open_by(
        &self,
        set: &str,
        item: &str,
        kept: &KeptSet,
        scheme: Scheme,
        ticket: &KeptItem,
    ) -> Result<OpenedKey, Error> {
        match scheme {
            Scheme::P384 => self.open_in::<P384>(set, item, kept, ticket).await,
            Scheme::Ristretto255 => self.open_in::<Ristretto255>(set, item, kept, ticket).await,
            Scheme::Paillier3072 => self.open_in::<Paillier3072>(set, item, kept, ticket).await,
        }
    }

    async fn open_in<G: Group>(
        &self,
        set: &str,
        item: &str,
        kept: &KeptSet,
        ticket: &KeptItem,
    ) -> Result<OpenedKey, Error> {
        let own = Own::<G>::of(kept)?;
        let (asked, message) = own.ask(ticket.share.as_ref(), &mut Drawn(&*self.source.0))?;
        let body = Ask::json(&OpenItem {
            generation: ticket.generation,
            ticket: ticket.ticket.clone(),
            share: ticket.share.clone(),
            message,
        })?;
        let path = format!("{}/{}/open", items(set), part(item));
        let opened: Opened = self.ask(Method::POST, path, None, Some(body)).await?;
        let key = own.open(asked, opened.message.as_slice())?;
        let name = ItemName {
            scheme: G::SCHEME,
            set: set.to_owned(),
            generation: ticket.generation,
            item: item.to_owned(),
        };
        let out_of_range = || Error::Unfit(format!("{set}/{item}"));
        let key = key.ok_or_else(out_of_range)?;
        let data_key = key.data_key(&name);
        let imported = match &opened.wrapped {
            None => None,
            Some(wrapped) => {
                let unwrapped = item::unwrap(&data_key, &name, wrapped.as_slice());
                Some(unwrapped.map_err(|error| Error::Wrong(error.to_string()))?)
            }
        };
        Ok(OpenedKey {
            name,
            data_key,
            imported,
        })
    }
}
