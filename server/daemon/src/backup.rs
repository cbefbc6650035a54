//! `backup` and `restore`: the whole store of a hub in one file, and back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use photonbox_store::{BackupFile, BackupSummary, Identity, RootKey, RootKeyCheck};
use serde::Serialize;

use crate::{Result, StoreOptions, api, os, pki, state_dir};

/// Is told how many rows are done, of how many.
pub type BackupProgress<'a> = photonbox_store::Progress<'a>;

/// Whose store to back up.
#[derive(Clone, Debug, Default)]
pub struct BackupOptions {
    /// State directory of a hub, or of an agent.
    pub state: Option<PathBuf>,
    /// Where a hub's store is.
    pub store: StoreOptions,
}

/// Where to restore one.
#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// State directory; it is made where there is none.
    pub state: Option<PathBuf>,
    /// Where a hub's store is to be.
    pub store: StoreOptions,
    /// File of the root key; none: where `serve` looks for it.
    pub root_key: Option<PathBuf>,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// `hub` or `host`.
    pub role: &'static str,
    /// Its id.
    pub id: String,
    /// When it was taken, seconds since 1970.
    pub taken: u64,
    /// Version of the store's schema.
    pub schema: u32,
    /// Rows of all tables.
    pub rows: u64,
    /// Of each.
    pub tables: BTreeMap<&'static str, u64>,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-384 of the file without its last 48 bytes, lower-case hex.
    pub sha384: String,
}

impl BackupReport {
    fn new(own: &Identity, summary: &BackupSummary) -> Self {
        Self {
            role: own.role.as_str(),
            id: own.name.clone(),
            taken: summary.taken,
            schema: summary.schema,
            rows: summary.rows(),
            tables: summary.tables.iter().copied().collect(),
            bytes: summary.bytes,
            sha384: pki::hex(&summary.digest),
        }
    }
}

/// Result of `restore`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// What was restored.
    #[serde(flatten)]
    pub backup: BackupReport,
    /// The state directory.
    pub state: PathBuf,
    /// `opens`: the root key that is here opens the secrets; `missing`: there is none here; `not-needed`: nothing is under one.
    pub root_key: &'static str,
    /// Where `serve` will look for it.
    pub root_key_file: PathBuf,
    /// Number of the root key that is missing, hex.
    pub root_key_id: Option<String>,
}

/// Writes a store into a file, as it is at one moment. Works beside a running hub.
///
/// # Errors
/// No store there, and what database and file say.
pub fn backup(
    options: &BackupOptions,
    mut out: BackupFile<'_>,
    progress: BackupProgress<'_>,
) -> Result<BackupReport> {
    let state = state_dir::resolve(options.state.as_deref())?;
    let store = options.store.open(&state)?;
    let own = store.identity()?;
    let summary = store.back_up(&mut out, os::unix_now(), progress)?;
    Ok(BackupReport::new(&own, &summary))
}

/// Makes a store of a backup, in a directory or database that has none: all of it, or after an error none.
///
/// # Errors
/// A file that is no whole backup, a store that is not empty, another root key than the backup's.
pub fn restore(
    options: &RestoreOptions,
    mut from: BackupFile<'_>,
    progress: BackupProgress<'_>,
) -> Result<RestoreReport> {
    let state = state_dir::resolve(options.state.as_deref())?;
    let root_key_file = api::root_key_path(&state, options.root_key.as_deref());
    let root = if options.root_key.is_some() || root_key_file.exists() {
        Some(RootKey::read(&root_key_file).map_err(photonbox_store::Error::from)?)
    } else {
        None
    };
    let url = options.store.url.as_deref();
    let (summary, check) = photonbox_store::restore(url, &state, &mut from, root, progress)?;
    let own = options.store.open(&state)?.identity()?;
    let (root_key, root_key_id) = match check {
        RootKeyCheck::NotNeeded => ("not-needed", None),
        RootKeyCheck::Opens => ("opens", None),
        RootKeyCheck::Missing(number) => ("missing", Some(format!("{number:08x}"))),
    };
    Ok(RestoreReport {
        backup: BackupReport::new(&own, &summary),
        state,
        root_key,
        root_key_file,
        root_key_id,
    })
}
