//! Items: made, imported, deleted.

use std::path::Path;

use hyper::Method;
use photonbox_channel::Drawn;
use photonbox_secret::SecretBytes;
use photonbox_vault::api::{Bytes, CreateItem, ItemTicket, Protocol, PutWrapped};
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255, Scheme};
use photonbox_vault::item::{self, MAX_IMPORT, WrapError};

use super::own::Own;
use super::{Appliance, OpenedKey, check_set, items, part};
use crate::Error;
use crate::connection::Ask;
use crate::keep::{KeptItem, KeptSet, PendingItem};

impl Appliance {
    /// Makes an item, and gives its key. What an earlier try left half done is ended.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_item(&self, set: &str, item: &str) -> Result<OpenedKey, Error> {
        check_set(set)?;
        let _locked = self.keep.lock(set)?;
        self.make_item(set, item).await
    }

    async fn make_item(&self, set: &str, item: &str) -> Result<OpenedKey, Error> {
        let (kept, scheme) = self.kept(set)?;
        let waiting = self.keep.pending_item_file(set, item);
        let made = match self.ask_for_item(set, item, &kept, scheme, &waiting).await {
            Err(error) => Err(error),
            // The key comes by the way that it will come by always: an item that can't be opened is noticed at once.
            Ok(ticket) => self.open_by(set, item, &kept, scheme, &ticket).await,
        };
        // Who was not answered asks again under the same key, for the item that may be there.
        let open = matches!(&made, Err(error) if !error.is_for_good() && !matches!(error, Error::Unfit(_)));
        if !open {
            self.keep.remove(&waiting)?;
        }
        made
    }

    /// Step 2. An earlier try may have made the item, and its answer was lost with K_s: then that one is taken.
    async fn ask_for_item(
        &self,
        set: &str,
        item: &str,
        kept: &KeptSet,
        scheme: Scheme,
        waiting: &Path,
    ) -> Result<KeptItem, Error> {
        let pending = match self.keep.read::<PendingItem>(waiting)? {
            Some(pending) => pending,
            None => self.note_item(waiting)?,
        };
        let made = match self.send_item(set, item, kept, scheme, &pending).await {
            Err(error) if error.word() == Some("key-reused") => {
                let path = format!("/v1/sets/{}/answers/{}", part(set), part(&pending.key));
                match self.ask(Method::GET, path, None, None).await {
                    // It was made, and deleted since.
                    Err(error) if error.word() == Some("unknown-item") => {
                        let pending = self.note_item(waiting)?;
                        self.send_item(set, item, kept, scheme, &pending).await
                    }
                    answered => answered,
                }
            }
            answered => answered,
        }?;
        if made.share.is_none() && kept.protocol == Protocol::Homomorphic {
            // A ticket alone asks nothing there, and the vault gives the share with the one that is looked up.
            return self.look_up(set, item, Some(made.item.generation)).await;
        }
        self.remember(set, item, made)
    }

    fn note_item(&self, waiting: &Path) -> Result<PendingItem, Error> {
        let pending = PendingItem {
            key: self.request_key()?,
        };
        self.keep.write(waiting, &pending)?;
        Ok(pending)
    }

    async fn send_item(
        &self,
        set: &str,
        item: &str,
        kept: &KeptSet,
        scheme: Scheme,
        pending: &PendingItem,
    ) -> Result<ItemTicket, Error> {
        let random = &mut Drawn(&*self.source.0);
        let message = in_group!(scheme, create(kept, random))?;
        let body = Ask::json(&CreateItem {
            item: item.to_owned(),
            message,
            user_blinded: false,
        })?;
        let asked = self.ask(Method::POST, items(set), Some(&pending.key), Some(body));
        let made: ItemTicket = asked.await?;
        if made.item.generation != kept.generation {
            let (theirs, ours) = (made.item.generation, kept.generation);
            let what =
                format!("it made `{item}` in generation {theirs}, this appliance is in {ours}");
            return Err(self.astray(what));
        }
        Ok(made)
    }

    /// A fresh ticket, and the share where the protocol needs it.
    pub(super) async fn look_up(
        &self,
        set: &str,
        item: &str,
        generation: Option<u64>,
    ) -> Result<KeptItem, Error> {
        let mut path = format!("{}/{}", items(set), part(item));
        if let Some(generation) = generation {
            path.push_str(&format!("?generation={generation}"));
        }
        let made: ItemTicket = self.ask(Method::GET, path, None, None).await?;
        if generation.is_some_and(|wanted| wanted != made.item.generation) {
            let what = format!("it gave `{item}` of generation {}", made.item.generation);
            return Err(self.astray(what));
        }
        self.remember(set, item, made)
    }

    fn remember(&self, set: &str, item: &str, made: ItemTicket) -> Result<KeptItem, Error> {
        if made.item.item != item {
            return Err(self.astray(format!("it gave `{}` for `{item}`", made.item.item)));
        }
        let ticket = KeptItem {
            generation: made.item.generation,
            ticket: made.ticket,
            ticket_expires: made.ticket_expires,
            share: made.share,
        };
        self.keep.write(&self.keep.item_file(set, item), &ticket)?;
        Ok(ticket)
    }

    /// Makes an item that carries a user's own key of 1 byte to 64 KiB. What an earlier try left half done is ended.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn import(&self, set: &str, item: &str, key: &[u8]) -> Result<OpenedKey, Error> {
        check_set(set)?;
        if !(1..=MAX_IMPORT).contains(&key.len()) {
            return Err(Error::Wrong(WrapError::Length(key.len()).to_string()));
        }
        let _locked = self.keep.lock(set)?;
        let made = match self.make_item(set, item).await {
            // Made by an earlier try, or by somebody else: only an item without a key takes one.
            Err(error) if error.word() == Some("item-exists") => self.open(set, item).await?,
            made => made?,
        };
        if let Some(before) = &made.imported {
            if *before == SecretBytes::from_slice(key) {
                return Ok(made);
            }
            return Err(Error::Wrong(format!(
                "{set}/{item} carries another key already"
            )));
        }
        let random = &mut Drawn(&*self.source.0);
        let wrapped = item::wrap(&made.data_key, &made.name, key, random);
        let wrapped = wrapped.map_err(|error| Error::Wrong(error.to_string()))?;
        let body = Ask::json(&PutWrapped {
            generation: made.name.generation,
            wrapped: Bytes::new(wrapped),
        })?;
        let path = format!("{}/{}/wrapped", items(set), part(item));
        let () = self.ask(Method::PUT, path, None, Some(body)).await?;
        Ok(OpenedKey {
            imported: Some(SecretBytes::from_slice(key)),
            ..made
        })
    }

    /// Deletes an item: its key is gone for ever.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete(&self, set: &str, item: &str) -> Result<(), Error> {
        check_set(set)?;
        let _locked = self.keep.lock(set)?;
        let path = format!("{}/{}", items(set), part(item));
        let () = self.ask(Method::DELETE, path, None, None).await?;
        self.keep.remove(&self.keep.pending_item_file(set, item))?;
        self.keep.remove(&self.keep.item_file(set, item))
    }
}

fn create<G: Group>(kept: &KeptSet, random: &mut Drawn<'_>) -> Result<Bytes, Error> {
    Own::<G>::of(kept)?.create(random)
}
