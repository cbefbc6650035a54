//! Appliances in the test's own process, by the client that everybody has.

use std::path::Path;

use photonbox_client::{Appliance, Credentials, Error, OpenedKey, OsRandom};
use photonbox_store::{SqliteStore, Store as _};

/// Certificate and key of an enrolled host.
pub(super) fn credentials(state: &Path) -> Credentials {
    let own = SqliteStore::open(state).and_then(|store| store.identity());
    let own = own.expect("an enrolled host");
    let credentials = Credentials::new(
        &own.certificate,
        own.private_key.as_slice(),
        &own.ca_certificate,
    );
    credentials.expect("of a host")
}

/// This host, with what it keeps where its commands keep it; `hubs` are asked in this order.
pub(super) fn appliance(state: &Path, hubs: &[&str]) -> Appliance {
    kept_in(state, &state.join("vault"), hubs)
}

/// This host, with what is kept in a folder.
pub(super) fn kept_in(state: &Path, folder: &Path, hubs: &[&str]) -> Appliance {
    let hubs = hubs.iter().map(|&hub| hub.to_owned()).collect();
    let made = Appliance::new(&credentials(state), hubs, folder, OsRandom::shared());
    made.expect("a folder")
}

/// Runs what asks hubs.
pub(super) fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work)
}

/// The data key.
pub(super) fn bytes(key: &OpenedKey) -> [u8; 32] {
    *key.data_key.as_array()
}

/// Whether asking again may help: a hub is away, or just comes back.
pub(super) fn passes(error: &Error) -> bool {
    !error.is_for_good() && matches!(error, Error::Unreachable { .. } | Error::Refused(_))
}
