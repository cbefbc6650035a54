//! Keys that neither vault nor appliance knows (`docs/vault.md`): what a user does, who asks no hub.
//!
//! A user draws a [`Blinding`] once and keeps it. An appliance gives what the vault serves as a [`Served`], and the key is what the user
//! makes of both. Files are JSON.

use std::fmt;

use photonbox_channel::{ByteSource, Drawn};
use photonbox_secret::{SecretArray, SecretBytes};
use photonbox_vault::api::{Bytes, to_secret_json};
use photonbox_vault::group::{Group, Scheme};
use photonbox_vault::in_group;
use photonbox_vault::item::ItemName;
use photonbox_vault::protocol::{Clear, Kind, UserBlinding};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The longest file of either kind, bytes.
pub const MAX_USER_FILE: usize = 4096;

fn wrong(reason: impl fmt::Display) -> Error {
    Error::Wrong(reason.to_string())
}

fn scheme_of(name: &str) -> Result<Scheme, Error> {
    Scheme::of_name(name).ok_or_else(|| wrong(format!("`{name}` is no scheme of the vault's")))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServedFile {
    served_key: u32,
    scheme: String,
    set: String,
    generation: u64,
    item: String,
    message: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlindingFile {
    blinding: u32,
    scheme: String,
    value: Bytes,
}

/// Version of both forms.
const VERSION: u32 = 1;

fn read<'a, T: Deserialize<'a>>(text: &'a [u8], what: &str) -> Result<T, Error> {
    if text.len() > MAX_USER_FILE {
        return Err(wrong(format!("this is no {what}: it is too long")));
    }
    serde_json::from_slice(text).map_err(|error| wrong(format!("this is no {what}: {error}")))
}

fn written(file: &impl Serialize) -> Result<SecretBytes, Error> {
    to_secret_json(file).map_err(wrong)
}

fn check_version(version: u32) -> Result<(), Error> {
    match version {
        VERSION => Ok(()),
        other => Err(wrong(format!(
            "a file of version {other}, which this photonbox does not read"
        ))),
    }
}

/// What an appliance gives the user of an item. As secret as the user's blinding: together they are the key.
#[derive(Debug)]
pub struct Served {
    name: ItemName,
    message: Bytes,
}

impl Served {
    pub(crate) fn new<G: Group>(name: ItemName, served: &Clear<G>) -> Self {
        let message = Bytes::new(served.to_bytes().as_slice());
        Self { name, message }
    }

    /// The item.
    #[must_use]
    pub fn name(&self) -> &ItemName {
        &self.name
    }

    /// As a file for the user.
    ///
    /// # Errors
    /// [`Error::Wrong`].
    pub fn to_file(&self) -> Result<SecretBytes, Error> {
        written(&ServedFile {
            served_key: VERSION,
            scheme: self.name.scheme.name().to_owned(),
            set: self.name.set.clone(),
            generation: self.name.generation,
            item: self.name.item.clone(),
            message: self.message.clone(),
        })
    }

    /// Reads such a file. It is understood when it is opened.
    ///
    /// # Errors
    /// [`Error::Wrong`].
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        let file: ServedFile = read(text, "served key")?;
        check_version(file.served_key)?;
        Ok(Self {
            name: ItemName {
                scheme: scheme_of(&file.scheme)?,
                set: file.set,
                generation: file.generation,
                item: file.item,
            },
            message: file.message,
        })
    }
}

/// A user's own value. Who loses it loses the keys of all items that it was used for.
pub struct Blinding {
    scheme: Scheme,
    value: SecretBytes,
}

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blinding({}, ..)", self.scheme)
    }
}

impl Blinding {
    /// A fresh one for sets of this scheme.
    ///
    /// # Errors
    /// [`Error::NoRandom`].
    pub fn draw(scheme: Scheme, source: &dyn ByteSource) -> Result<Self, Error> {
        fn draw<G: Group>(random: &mut Drawn<'_>) -> Result<SecretBytes, Error> {
            Ok(UserBlinding::<G>::draw(random)?.encode())
        }
        let random = &mut Drawn(source);
        let value = in_group!(scheme, draw(random))?;
        Ok(Self { scheme, value })
    }

    /// For which sets.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// As a file for its user alone.
    ///
    /// # Errors
    /// [`Error::Wrong`].
    pub fn to_file(&self) -> Result<SecretBytes, Error> {
        written(&BlindingFile {
            blinding: VERSION,
            scheme: self.scheme.name().to_owned(),
            value: Bytes::new(self.value.as_slice()),
        })
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// [`Error::Wrong`].
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        fn check<G: Group>(value: &[u8]) -> Result<(), Error> {
            UserBlinding::<G>::decode(value).map(drop).map_err(wrong)
        }
        let file: BlindingFile = read(text, "blinding value")?;
        check_version(file.blinding)?;
        let scheme = scheme_of(&file.scheme)?;
        in_group!(scheme, check(file.value.as_slice()))?;
        let value = SecretBytes::from_slice(file.value.as_slice());
        Ok(Self { scheme, value })
    }

    /// The key of an item's data, 32 bytes, of what its appliance served.
    ///
    /// # Errors
    /// [`Error::Wrong`]: of another scheme, or damaged.
    pub fn key(&self, served: &Served) -> Result<SecretArray<32>, Error> {
        fn key<G: Group>(value: &[u8], served: &Served) -> Result<SecretArray<32>, Error> {
            let blinding = UserBlinding::<G>::decode(value).map_err(wrong)?;
            let message = Clear::read(served.message.as_slice(), Kind::ForUser).map_err(wrong)?;
            Ok(blinding.open(&message).data_key(&served.name))
        }
        let (own, its) = (self.scheme, served.name.scheme);
        if own != its {
            return Err(wrong(format!(
                "the blinding value is of {own}, and the served key of {its}"
            )));
        }
        in_group!(own, key(self.value.as_slice(), served))
    }
}
