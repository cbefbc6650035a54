//! Access: the key of an item, by its ticket.

use hyper::Method;
use photonbox_channel::Drawn;
use photonbox_vault::api::{OpenItem, Opened};
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255, Scheme};
use photonbox_vault::item::{self, ItemName};

use super::own::Own;
use super::rotation::{FOLLOWED, is_behind};
use super::{Appliance, OpenedKey, check_set, items, part};
use crate::connection::Ask;
use crate::keep::{KeptItem, KeptSet, Locked};
use crate::{Error, Served};

/// Whose an item's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    Appliance,
    User,
}

/// Which item, and for whom.
pub(super) struct Wanted<'a> {
    pub(super) set: &'a str,
    pub(super) item: &'a str,
    pub(super) whose: For,
}

impl Wanted<'_> {
    fn name(&self) -> String {
        format!("{}/{}", self.set, self.item)
    }
}

/// What came of it.
pub(super) enum Got {
    Key(OpenedKey),
    Served(Served),
}

impl Got {
    pub(super) fn key(self, set: &str, item: &str) -> Result<OpenedKey, Error> {
        match self {
            Self::Key(key) => Ok(key),
            Self::Served(_) => Err(Error::UserBlinded(format!("{set}/{item}"))),
        }
    }

    pub(super) fn served(self, set: &str, item: &str) -> Result<Served, Error> {
        match self {
            Self::Served(served) => Ok(served),
            Self::Key(_) => Err(Error::Wrong(format!(
                "{set}/{item} is not blinded by a user"
            ))),
        }
    }
}

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
        let whose = For::Appliance;
        let asked = Wanted { set, item, whose };
        self.get(&asked, generation, None).await?.key(set, item)
    }

    /// What the user of an item, who has a blinding value of its own, makes the key of ([`crate::Blinding::key`]).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn serve(&self, set: &str, item: &str) -> Result<Served, Error> {
        check_set(set)?;
        let whose = For::User;
        let asked = Wanted { set, item, whose };
        self.get(&asked, None, None).await?.served(set, item)
    }

    /// Opens, once more after a rotation that another appliance made.
    pub(super) async fn get(
        &self,
        asked: &Wanted<'_>,
        generation: Option<u64>,
        locked: Option<&Locked>,
    ) -> Result<Got, Error> {
        for _ in 0..FOLLOWED {
            match self.try_get(asked, generation, locked).await {
                Err(error) if is_behind(&error) => self.catch_up(asked.set, locked).await?,
                got => return got,
            }
        }
        self.try_get(asked, generation, locked).await
    }

    async fn try_get(
        &self,
        asked: &Wanted<'_>,
        generation: Option<u64>,
        locked: Option<&Locked>,
    ) -> Result<Got, Error> {
        let (kept, scheme) = self.present(asked.set, locked).await?;
        let file = self.keep.item_file(asked.set, asked.item);
        let ticket: Option<KeptItem> = self.keep.read(&file)?;
        let right = |ticket: &KeptItem| generation.is_none_or(|wanted| wanted == ticket.generation);
        let ticket = match ticket.filter(right) {
            Some(ticket) => ticket,
            None if kept.appliances_keep_shares => return Err(Error::NoTicket(asked.name())),
            None => self.look_up(asked, generation).await?,
        };
        self.open_with(asked, &kept, scheme, ticket).await
    }

    /// Opens with a ticket that may have run out, or be of a share under an earlier master key.
    pub(super) async fn open_with(
        &self,
        asked: &Wanted<'_>,
        kept: &KeptSet,
        scheme: Scheme,
        ticket: KeptItem,
    ) -> Result<Got, Error> {
        let hidden = kept.protocol.has_hidden_shares();
        if !hidden || ticket.share_generation() == kept.generation {
            match self.open_by(asked, kept, scheme, &ticket).await {
                Err(error) if error.word() == Some("ticket-refused") => {
                    if kept.appliances_keep_shares {
                        // Of a share that is the present one there is nothing to bring up, unless this appliance is behind.
                        return Err(match hidden {
                            true if self.set(asked.set).await?.generation != kept.generation => {
                                Error::Behind(asked.set.to_owned())
                            }
                            _ => error,
                        });
                    }
                }
                done => return done,
            }
        }
        let ticket = match kept.appliances_keep_shares {
            true => self.renew(asked, &ticket).await?,
            false => self.look_up(asked, Some(ticket.generation)).await?,
        };
        self.open_by(asked, kept, scheme, &ticket).await
    }

    async fn open_by(
        &self,
        asked: &Wanted<'_>,
        kept: &KeptSet,
        scheme: Scheme,
        ticket: &KeptItem,
    ) -> Result<Got, Error> {
        let hidden = kept.protocol.has_hidden_shares();
        if hidden && ticket.share_generation() != kept.generation {
            // What conceals it here is another master key's: the answer would be a wrong key, and nothing would show it.
            return Err(Error::Behind(asked.set.to_owned()));
        }
        match (ticket.user_blinded, asked.whose) {
            (true, For::Appliance) => return Err(Error::UserBlinded(asked.name())),
            (false, For::User) => {
                let what = format!("{} is not blinded by a user", asked.name());
                return Err(Error::Wrong(what));
            }
            _ => {}
        }
        match scheme {
            Scheme::P384 => self.open_in::<P384>(asked, kept, ticket).await,
            Scheme::Ristretto255 => self.open_in::<Ristretto255>(asked, kept, ticket).await,
            Scheme::Paillier3072 => self.open_in::<Paillier3072>(asked, kept, ticket).await,
        }
    }

    async fn open_in<G: Group>(
        &self,
        asked: &Wanted<'_>,
        kept: &KeptSet,
        ticket: &KeptItem,
    ) -> Result<Got, Error> {
        let Wanted { set, item, whose } = *asked;
        let own = match kept.protocol.has_hidden_shares() {
            true => Own::<G>::of(kept)?,
            // A share in clear stays under the master key of its time.
            false => Own::<G>::at(kept, ticket.generation)?,
        };
        let (question, message) = own.ask(ticket.share.as_ref(), &mut Drawn(&*self.source.0))?;
        let body = Ask::json(&OpenItem {
            generation: ticket.generation,
            ticket: ticket.ticket.clone(),
            share: ticket.share.clone(),
            message,
        })?;
        let path = format!("{}/{}/open", items(set), part(item));
        let opened: Opened = self.ask(Method::POST, path, None, Some(body)).await?;
        let key = own.open(question, opened.message.as_slice())?;
        let name = ItemName {
            scheme: G::SCHEME,
            set: set.to_owned(),
            generation: ticket.generation,
            item: item.to_owned(),
        };
        let out_of_range = || Error::Unfit(asked.name());
        let key = key.ok_or_else(out_of_range)?;
        if whose == For::User {
            return Ok(Got::Served(Served::new(name, &key.for_user())));
        }
        let data_key = key.data_key(&name);
        let imported = match &opened.wrapped {
            None => None,
            Some(wrapped) => {
                let unwrapped = item::unwrap(&data_key, &name, wrapped.as_slice());
                Some(unwrapped.map_err(|error| Error::Wrong(error.to_string()))?)
            }
        };
        Ok(Got::Key(OpenedKey {
            name,
            data_key,
            imported,
        }))
    }
}
