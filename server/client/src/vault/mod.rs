//! An appliance of the vault: its part of the protocols, over a connection to the hub, with what it keeps.

mod items;
mod moving;
mod opening;
mod own;
mod rotation;
mod sets;
mod vouching;

pub use vouching::Vouched;

use std::path::Path;
use std::sync::Arc;

use hyper::Method;
use photonbox_channel::{ByteSource, Role};
use photonbox_secret::{SecretArray, SecretBytes};
use photonbox_vault::api::{Agent, Appliance as Listed, Item, Page, Protocol, Set};
use photonbox_vault::group::Scheme;
use photonbox_vault::item::ItemName;
use serde::de::DeserializeOwned;

use crate::connection::{Ask, Connection};
use crate::keep::{Keep, KeptSet};
use crate::{Credentials, Error};

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
    credentials: Credentials,
    keep: Keep,
    source: Source,
}

struct Source(Arc<dyn ByteSource>);

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
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
            credentials: credentials.clone(),
            keep: Keep::open(folder)?,
            source: Source(source),
        })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        key: Option<&str>,
        body: Option<Arc<SecretBytes>>,
    ) -> Result<T, Error> {
        let key = key.map(str::to_owned);
        let ask = Ask {
            method,
            path,
            key,
            body,
        };
        let answer = self.connection.ask(&ask).await?;
        let body = match answer.body.as_slice() {
            b"" => b"null",
            body => body,
        };
        serde_json::from_slice(body).map_err(|error| Error::Answer {
            address: answer.address,
            reason: error.to_string(),
        })
    }

    /// An answer that is about something else than what was asked for.
    fn astray(&self, what: String) -> Error {
        Error::Answer {
            address: self.connection.addresses().join(", "),
            reason: what,
        }
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

/// What the names of a set's files end with: a set of such a name would have a folder where another one has a file.
const ENDINGS: [&str; 5] = [".set", ".pending", ".lock", ".newcomer", ".rotation"];

/// It becomes the name of a file.
fn check_set(set: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = set
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if let Some(ending) = ENDINGS.iter().find(|ending| set.ends_with(*ending)) {
        let what =
            format!("a set's name does not end with `{ending}`, as the names of its files do");
        return Err(Error::Wrong(what));
    }
    if begins && set.len() <= 63 && set.bytes().all(plain) {
        return Ok(());
    }
    Err(Error::Wrong(
        "a set's name is 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first".into(),
    ))
}
