//! An appliance of the vault: its part of the protocols, over a connection to the hub, with what it keeps.

mod own;

use std::path::Path;
use std::sync::Arc;

use hpke::kem::DhP384HkdfSha384 as Dhkem;
use hpke::{Kem as _, Serializable as _};
use hyper::Method;
use photonbox_channel::{ByteSource, Drawn, Role};
use photonbox_secret::{SecretArray, SecretBytes};
use photonbox_vault::api::{
    Agent, Appliance as Listed, Bytes, Conceal, CreateItem, CreateSet, Item, ItemTicket, OpenItem,
    Opened, Page, Protocol, PutWrapped, Set, SetUp,
};
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255, Scheme};
use photonbox_vault::item::{self, ItemName, MAX_IMPORT, WrapError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::connection::{Ask, Connection, Credentials};
use crate::keep::{Keep, KeptItem, KeptSet, Pending};
use own::Own;

/// A set that is to be made.
#[derive(Debug, Clone)]
pub struct NewSet {
    /// Its name.
    pub set: String,
    /// Its group.
    pub scheme: Scheme,
    /// Without one: `three` or `n` where there are agents, else `blinded`.
    pub protocol: Option<Protocol>,
    /// Of `three` and `n`.
    pub agents: Vec<Agent>,
    /// The vault keeps no shares.
    pub appliances_keep_shares: bool,
}

impl NewSet {
    /// P-384, blinded, shares at the vault.
    #[must_use]
    pub fn named(set: &str) -> Self {
        Self {
            set: set.to_owned(),
            scheme: Scheme::P384,
            protocol: None,
            agents: Vec::new(),
            appliances_keep_shares: false,
        }
    }
}

/// An item's key, open.
#[derive(Debug)]
pub struct OpenedKey {
    /// What names it.
    pub name: ItemName,
    /// The key of the item's data, 32 bytes.
    pub data_key: SecretArray<32>,
    /// The user's own key, where the item carries one.
    pub imported: Option<SecretBytes>,
}

/// An appliance.
#[derive(Debug)]
pub struct Appliance {
    connection: Connection,
    keep: Keep,
    source: Source,
}

struct Source(Arc<dyn ByteSource>);

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
}

/// Calls a function of the group.
macro_rules! in_group {
    ($scheme:expr, $function:ident ( $($argument:expr),* )) => {
        match $scheme {
            Scheme::P384 => $function::<P384>($($argument),*),
            Scheme::Ristretto255 => $function::<Ristretto255>($($argument),*),
            Scheme::Paillier3072 => $function::<Paillier3072>($($argument),*),
        }
    };
}

/// A part of a path.
fn part(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-~".contains(&byte);
    let mut out = String::new();
    for byte in name.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn items(set: &str) -> String {
    format!("/v1/sets/{}/items", part(set))
}

impl Appliance {
    /// An appliance with these credentials, that keeps its part in `folder`.
    ///
    /// # Errors
    /// [`Error`].
    pub fn new(
        credentials: &Credentials,
        hubs: Vec<String>,
        folder: &Path,
        source: Arc<dyn ByteSource>,
    ) -> Result<Self, Error> {
        let connection =
            Connection::new(credentials, hubs, &[Role::Hub], None, Arc::clone(&source))?;
        Ok(Self {
            connection,
            keep: Keep::open(folder)?,
            source: Source(source),
        })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        key: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Result<T, Error> {
        let key = key.map(str::to_owned);
        let ask = Ask {
            method,
            path,
            key,
            body,
        };
        let answer = self.connection.ask(&ask).await?;
        let body = SecretBytes::from_vec(answer.body);
        let body = if body.is_empty() {
            b"null"
        } else {
            body.as_slice()
        };
        serde_json::from_slice(body).map_err(|error| Error::Answer {
            address: answer.address,
            reason: error.to_string(),
        })
    }

    fn draw<const N: usize>(&self) -> Result<SecretArray<N>, Error> {
        let mut bytes = SecretArray::new_zeroed();
        let filled = self.source.0.fill(bytes.as_mut_slice());
        filled.map_err(|_| Error::NoRandom)?;
        Ok(bytes)
    }

    /// A fresh idempotency key. It is no secret.
    fn request_key(&self) -> Result<String, Error> {
        let bytes = self.draw::<16>()?;
        Ok(bytes
            .as_slice()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    fn kept(&self, set: &str) -> Result<(KeptSet, Scheme), Error> {
        let kept: Option<KeptSet> = self.keep.read(&self.keep.set_file(set))?;
        let kept = kept.ok_or_else(|| Error::NoSet(set.to_owned()))?;
        let scheme = Scheme::of_name(&kept.scheme)
            .ok_or_else(|| Error::Wrong(format!("set `{set}` has an unknown scheme")))?;
        Ok((kept, scheme))
    }

    /// Makes a set, with this appliance as its first. What an earlier try left half done is ended.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_set(&self, new: &NewSet) -> Result<Set, Error> {
        check_set(&new.set)?;
        let _locked = self.keep.lock(&new.set)?;
        let (file, waiting) = (
            self.keep.set_file(&new.set),
            self.keep.pending_set_file(&new.set),
        );
        let mut kept = match self.keep.read::<KeptSet>(&file)? {
            Some(kept) if kept.conceal.is_none() => return Err(Error::HasSet(new.set.clone())),
            Some(kept) => kept,
            None => {
                let kept = self.begin_set(new, &waiting).await?;
                self.keep.write(&file, &kept)?;
                kept
            }
        };
        if let Some(message) = &kept.conceal {
            let body = json(&Conceal {
                generation: kept.generation,
                message: Some(message.clone()),
            })?;
            let path = format!("/v1/sets/{}/concealment", part(&new.set));
            let () = self.ask(Method::POST, path, None, Some(body)).await?;
            kept.conceal = None;
            self.keep.write(&file, &kept)?;
        }
        self.keep.remove(&waiting)?;
        self.set(&new.set).await
    }

    async fn begin_set(&self, new: &NewSet, waiting: &Path) -> Result<KeptSet, Error> {
        let pending = match self.keep.read::<Pending>(waiting)? {
            Some(pending) => pending,
            None => {
                let seed = self.draw::<48>()?;
                let (private, public) = Dhkem::derive_keypair(seed.as_slice());
                let body = json(&CreateSet {
                    set: new.set.clone(),
                    scheme: new.scheme.name().to_owned(),
                    protocol: new.protocol,
                    agents: new.agents.clone(),
                    appliances_keep_shares: new.appliances_keep_shares,
                    hpke_key: Bytes::new(public.to_bytes().to_vec()),
                })?;
                let pending = Pending {
                    key: self.request_key()?,
                    body: Bytes::new(body),
                    hpke_private: Some(Bytes::new(private.to_bytes().to_vec())),
                };
                self.keep.write(waiting, &pending)?;
                pending
            }
        };
        let body = pending.body.as_slice().to_vec();
        let asked = self.ask(
            Method::POST,
            "/v1/sets".into(),
            Some(&pending.key),
            Some(body),
        );
        let made: SetUp = match asked.await {
            Ok(made) => made,
            Err(error) => {
                // What was refused for good is not asked again: another try may be another request.
                if error.is_for_good() {
                    self.keep.remove(waiting)?;
                }
                return Err(error);
            }
        };
        let scheme = Scheme::of_name(&made.scheme);
        let unknown = || Error::Wrong(format!("the vault made a set of scheme {}", made.scheme));
        let scheme = scheme.ok_or_else(unknown)?;
        let random = &mut Drawn(&*self.source.0);
        let own = in_group!(scheme, set_up(&made, random))?;
        Ok(KeptSet {
            scheme: made.scheme,
            protocol: made.protocol,
            generation: made.generation,
            appliances_keep_shares: made.appliances_keep_shares,
            public_key: made.public_key,
            own: own.own,
            master: own.master,
            hpke_private: pending.hpke_private.unwrap_or_default(),
            conceal: own.conceal,
        })
    }

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
        let pending = match self.keep.read::<Pending>(&waiting)? {
            Some(pending) => pending,
            None => {
                let random = &mut Drawn(&*self.source.0);
                let message = in_group!(scheme, create(&kept, random))?;
                let body = json(&CreateItem {
                    item: item.to_owned(),
                    message,
                    user_blinded: false,
                })?;
                let pending = Pending {
                    key: self.request_key()?,
                    body: Bytes::new(body),
                    hpke_private: None,
                };
                self.keep.write(&waiting, &pending)?;
                pending
            }
        };
        let body = pending.body.as_slice().to_vec();
        let asked = self.ask(Method::POST, items(set), Some(&pending.key), Some(body));
        let made: ItemTicket = match asked.await {
            Ok(made) => made,
            Err(error) => {
                if error.is_for_good() {
                    self.keep.remove(&waiting)?;
                }
                return Err(error);
            }
        };
        let ticket = if made.share.is_none() && kept.protocol == Protocol::Homomorphic {
            // A ticket alone asks nothing there, and the vault gives the share with the one that is looked up.
            self.look_up(set, item, Some(made.item.generation)).await?
        } else {
            self.remember(set, item, made)?
        };
        self.keep.remove(&waiting)?;
        // The key comes by the way that it will come by always: an item that can't be opened is noticed at once.
        self.open_by(set, item, &kept, scheme, &ticket).await
    }

    /// A fresh ticket, and the share where the protocol needs it.
    async fn look_up(
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
        self.remember(set, item, made)
    }

    fn remember(&self, set: &str, item: &str, made: ItemTicket) -> Result<KeptItem, Error> {
        let ticket = KeptItem {
            generation: made.item.generation,
            ticket: made.ticket,
            ticket_expires: made.ticket_expires,
            share: made.share,
        };
        self.keep.write(&self.keep.item_file(set, item), &ticket)?;
        Ok(ticket)
    }

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

    async fn open_by(
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
        let body = json(&OpenItem {
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
        let body = json(&PutWrapped {
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
        self.keep.remove(&self.keep.item_file(set, item))
    }

    /// Revokes an appliance of a set.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn revoke(&self, set: &str, appliance: &str) -> Result<Listed, Error> {
        check_set(set)?;
        let path = format!("/v1/sets/{set}/appliances/{}/revoke", part(appliance));
        self.ask(Method::POST, path, None, None).await
    }

    /// A set, as the vault has it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn set(&self, set: &str) -> Result<Set, Error> {
        check_set(set)?;
        self.ask(Method::GET, format!("/v1/sets/{set}"), None, None)
            .await
    }

    /// All sets of this appliance.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sets(&self) -> Result<Vec<Set>, Error> {
        self.all("/v1/sets").await
    }

    /// All items of a set.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn items(&self, set: &str) -> Result<Vec<Item>, Error> {
        check_set(set)?;
        self.all(&items(set)).await
    }

    /// All appliances of a set.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn appliances(&self, set: &str) -> Result<Vec<Listed>, Error> {
        check_set(set)?;
        self.all(&format!("/v1/sets/{set}/appliances")).await
    }

    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let from = after.map_or(String::new(), |after| format!("&after={}", part(&after)));
            let path = format!("{path}?limit=1000{from}");
            let page: Page<T> = self.ask(Method::GET, path, None, None).await?;
            all.extend(page.entries);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }
}

/// What an appliance has after step 1.
struct Made {
    own: Option<Bytes>,
    master: Option<Bytes>,
    conceal: Option<Bytes>,
}

fn set_up<G: Group>(made: &SetUp, random: &mut Drawn<'_>) -> Result<Made, Error> {
    let (own, conceal) = Own::<G>::set_up(made, random)?;
    let (own, master) = own.stored();
    Ok(Made {
        own,
        master,
        conceal,
    })
}

fn create<G: Group>(kept: &KeptSet, random: &mut Drawn<'_>) -> Result<Bytes, Error> {
    Own::<G>::of(kept)?.create(random)
}

/// It becomes the name of a file.
fn check_set(set: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = set
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && set.len() <= 63 && set.bytes().all(plain) {
        return Ok(());
    }
    Err(Error::Wrong(
        "a set's name is 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first".into(),
    ))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Wrong(error.to_string()))
}
