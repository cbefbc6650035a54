//! Which database a hub's store is in. A host's is always in its state directory.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use photonbox_store::HubStore;
use serde::{Deserialize, Serialize};

use crate::Result;

/// TOML table `[store]`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreOptions {
    /// `postgres://…`, which may hold a password; none: SQLite in the state directory.
    pub url: Option<String>,
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("url", &self.url.as_ref().map(|_| "postgres://…"))
            .finish()
    }
}

impl StoreOptions {
    /// Whether other hubs may use it, too.
    pub(crate) fn is_shared(&self) -> bool {
        self.url.is_some()
    }

    /// What names a card in the store: two machines' cards may stand in the same slot.
    pub(crate) fn card(&self, name: &str) -> String {
        if self.is_shared() {
            format!("{} {name}", crate::pki::machine_name())
        } else {
            name.to_owned()
        }
    }

    /// Opens what [`StoreOptions::create`] made.
    pub(crate) fn open(&self, state: &Path) -> Result<Arc<dyn HubStore>> {
        Ok(photonbox_store::open(self.url.as_deref(), state)?)
    }

    pub(crate) fn create(&self, state: &Path) -> Result<Arc<dyn HubStore>> {
        Ok(photonbox_store::create(self.url.as_deref(), state)?)
    }
}
