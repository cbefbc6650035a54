//! Items: made, imported, deleted.

use std::path::Path;

use hyper::Method;
use photonbox_channel::Drawn;
use photonbox_secret::SecretBytes;
use photonbox_vault::api::{Bytes, CreateItem, ItemTicket, Protocol, PutWrapped, Renew};
use photonbox_vault::group::{Group, Scheme};
use photonbox_vault::in_group;
use photonbox_vault::item::{self, MAX_IMPORT, WrapError};

use super::opening::{For, Got, Wanted};
use super::own::Own;
use super::rotation::{FOLLOWED, is_behind};
use super::{Appliance, OpenedKey, check_set, items, part};
use crate::connection::Ask;
use crate::keep::{KeptItem, KeptSet, Locked, PendingItem};
use crate::{Error, Served};

impl Appliance {
    /// Makes an item, and gives its key. What an earlier try left half done is ended.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_item(&self, set: &str, item: &str) -> Result<OpenedKey, Error> {
        check_set(set)?;
        let locked = self.keep.lock(set)?;
        let made = self.make_item(set, item, For::Appliance, &locked).await?;
        made.key(set, item)
    }

    /// Makes an item whose key a user makes of what the vault serves, and of a value of its own ([`crate::Blinding`]).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_item_for_user(&self, set: &str, item: &str) -> Result<Served, Error> {
        check_set(set)?;
        let locked = self.keep.lock(set)?;
        let made = self.make_item(set, item, For::User, &locked).await?;
        made.served(set, item)
    }

    async fn make_item(
        &self,
        set: &str,
        item: &str,
        whose: For,
        locked: &Locked,
    ) -> Result<Got, Error> {
        for _ in 0..FOLLOWED {
            match self.try_item(set, item, whose, locked).await {
                Err(error) if is_behind(&error) => self.catch_up(set, Some(locked)).await?,
                made => return made,
            }
        }
        self.try_item(set, item, whose, locked).await
    }

    async fn try_item(
        &self,
        set: &str,
        item: &str,
        whose: For,
        locked: &Locked,
    ) -> Result<Got, Error> {
        let (kept, scheme) = self.present(set, Some(locked)).await?;
        let asked = Wanted { set, item, whose };
        let waiting = self.keep.pending_item_file(set, item);
        let made = match self.ask_for_item(&asked, &kept, scheme, &waiting).await {
            Err(error) => Err(error),
            // The key comes by the way that it will come by always: an item that can't be opened is noticed at once.
            Ok(ticket) => self.open_with(&asked, &kept, scheme, ticket).await,
        };
        // Who was not answered, or has to follow a rotation first, asks again under the same key, for the item that may be there.
        let again = |error: &Error| {
            is_behind(error) || !error.is_for_good() && !matches!(error, Error::Unfit(_))
        };
        let open = matches!(&made, Err(error) if again(error));
        if !open {
            self.keep.remove(&waiting)?;
        }
        made
    }

    /// Step 2. An earlier try may have made the item, and its answer was lost with K_s: then that one is taken.
    async fn ask_for_item(
        &self,
        asked: &Wanted<'_>,
        kept: &KeptSet,
        scheme: Scheme,
        waiting: &Path,
    ) -> Result<KeptItem, Error> {
        let set = asked.set;
        let pending = match self.keep.read::<PendingItem>(waiting)? {
            Some(pending) => pending,
            None => self.note_item(waiting)?,
        };
        let made = match self.send_item(asked, kept, scheme, &pending).await {
            Err(error) if error.word() == Some("key-reused") => {
                let path = format!("/v1/sets/{}/answers/{}", part(set), part(&pending.key));
                match self.ask(Method::GET, path, None, None).await {
                    // It was made, and deleted since.
                    Err(error) if error.word() == Some("unknown-item") => {
                        let pending = self.note_item(waiting)?;
                        self.send_item(asked, kept, scheme, &pending).await
                    }
                    answered => answered,
                }
            }
            answered => answered,
        }?;
        if made.share.is_none() && kept.protocol == Protocol::Homomorphic {
            // A ticket alone asks nothing there, and the vault gives the share with the one that is looked up.
            return self.look_up(asked, Some(made.item.generation)).await;
        }
        self.remember(asked, made)
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
        asked: &Wanted<'_>,
        kept: &KeptSet,
        scheme: Scheme,
        pending: &PendingItem,
    ) -> Result<ItemTicket, Error> {
        let Wanted { set, item, whose } = *asked;
        let random = &mut Drawn(&*self.source.0);
        let message = in_group!(scheme, create(kept, random))?;
        let body = Ask::json(&CreateItem {
            item: item.to_owned(),
            message,
            user_blinded: whose == For::User,
        })?;
        let asked = self.ask(Method::POST, items(set), Some(&pending.key), Some(body));
        let made: ItemTicket = asked.await?;
        if made.item.generation > kept.generation {
            // Of an earlier one it may be: it was made before the last rotation, and the answer was lost.
            return Err(Error::Behind(set.to_owned()));
        }
        Ok(made)
    }

    /// A fresh ticket, and the share where the protocol needs it.
    pub(super) async fn look_up(
        &self,
        asked: &Wanted<'_>,
        generation: Option<u64>,
    ) -> Result<KeptItem, Error> {
        let Wanted { set, item, .. } = *asked;
        let mut path = format!("{}/{}", items(set), part(item));
        if let Some(generation) = generation {
            path.push_str(&format!("?generation={generation}"));
        }
        let made: ItemTicket = self.ask(Method::GET, path, None, None).await?;
        if generation.is_some_and(|wanted| wanted != made.item.generation) {
            let what = format!("it gave `{item}` of generation {}", made.item.generation);
            return Err(self.astray(what));
        }
        self.remember(asked, made)
    }

    /// A share that this appliance keeps, and its ticket, both brought up to the present master key.
    pub(super) async fn renew(
        &self,
        asked: &Wanted<'_>,
        ticket: &KeptItem,
    ) -> Result<KeptItem, Error> {
        let Wanted { set, item, .. } = *asked;
        let share = ticket.share.clone();
        let body = Ask::json(&Renew {
            generation: ticket.generation,
            share_generation: ticket.share_generation(),
            ticket: ticket.ticket.clone(),
            share: share.ok_or_else(|| Error::NoTicket(format!("{set}/{item}")))?,
        })?;
        let path = format!("{}/{}/ticket", items(set), part(item));
        let made: ItemTicket = self.ask(Method::POST, path, None, Some(body)).await?;
        if made.item.generation != ticket.generation {
            let what = format!("it gave `{item}` of generation {}", made.item.generation);
            return Err(self.astray(what));
        }
        self.remember(asked, made)
    }

    fn remember(&self, asked: &Wanted<'_>, made: ItemTicket) -> Result<KeptItem, Error> {
        let Wanted { set, item, .. } = *asked;
        if made.item.item != item {
            return Err(self.astray(format!("it gave `{}` for `{item}`", made.item.item)));
        }
        let ticket = KeptItem {
            generation: made.item.generation,
            share_generation: Some(made.item.share_generation),
            ticket: made.ticket,
            ticket_expires: made.ticket_expires,
            share: made.share,
            user_blinded: made.item.user_blinded,
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
        let locked = self.keep.lock(set)?;
        let made = match self.make_item(set, item, For::Appliance, &locked).await {
            // Made by an earlier try, or by somebody else: only an item without a key takes one.
            Err(error) if error.word() == Some("item-exists") => {
                let asked = Wanted {
                    set,
                    item,
                    whose: For::Appliance,
                };
                self.get(&asked, None, Some(&locked)).await?
            }
            made => made?,
        };
        let made = made.key(set, item)?;
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
