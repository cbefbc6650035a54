//! Where a hub's store is: its state directory, or a database that a URL names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::sqlite::schema::newest;
use crate::{Error, PortableStore, PostgresStore, Result, SqliteStore, Store, VaultStore};

/// All that a hub keeps.
pub trait HubStore: Store + VaultStore + PortableStore {}

impl<T: Store + VaultStore + PortableStore> HubStore for T {}

/// Makes the store where there is none, and opens it: PostgreSQL where a `url` is given, else SQLite in `directory`.
///
/// # Errors
/// What [`SqliteStore::create`] and [`PostgresStore::create`] refuse.
pub fn create(url: Option<&str>, directory: &Path) -> Result<Arc<dyn HubStore>> {
    create_at(url, directory, newest())
}

/// The same, with the schema of an older version where there is none yet.
pub(crate) fn create_at(
    url: Option<&str>,
    directory: &Path,
    version: u32,
) -> Result<Arc<dyn HubStore>> {
    Ok(match url {
        None => Arc::new(SqliteStore::create_at(directory, version)?),
        Some(url) => {
            let url = postgres(url)?;
            make_directory(directory)?;
            Arc::new(PostgresStore::create_at(url, version)?)
        }
    })
}

/// Opens one that is there.
///
/// # Errors
/// What [`SqliteStore::open`] and [`PostgresStore::open`] refuse.
pub fn open(url: Option<&str>, directory: &Path) -> Result<Arc<dyn HubStore>> {
    Ok(match url {
        None => Arc::new(SqliteStore::open(directory)?),
        Some(url) => Arc::new(PostgresStore::open(postgres(url)?)?),
    })
}

/// Makes a state directory, mode 0700. An existing one keeps its mode: it may be the operator's (StateDirectoryMode).
pub(crate) fn make_directory(directory: &Path) -> Result<()> {
    let io = |action| {
        move |error| Error::Io {
            action,
            path: directory.to_owned(),
            error,
        }
    };
    if directory.exists() {
        return Ok(());
    }
    fs::create_dir_all(directory).map_err(io("create"))?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(io("set the mode of"))
}

fn postgres(url: &str) -> Result<&str> {
    if ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Ok(url);
    }
    Err(Error::Address {
        reason: "it does not begin with postgres://".into(),
    })
}
