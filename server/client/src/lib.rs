//! A client of the hub's HTTP interface (`docs/vault.md`): [`Appliance`] makes and opens the keys of items.
//!
//! ```no_run
//! use photonbox_client::{Appliance, Credentials, NewSet, OsRandom};
//!
//! # async fn example(certificate: &[u8], key: &[u8], ca: &[u8]) -> Result<(), photonbox_client::Error> {
//! let credentials = Credentials::new(certificate, key, ca)?;
//! let hubs = vec!["hub.example:4502".to_owned()];
//! let appliance = Appliance::new(&credentials, hubs, "/var/lib/my-appliance".as_ref(), OsRandom::shared())?;
//! appliance.create_set(&NewSet::named("tenant")).await?;
//! appliance.create_item("tenant", "disk-1").await?;
//! let key = appliance.open("tenant", "disk-1").await?;
//! assert_eq!(key.data_key.as_slice().len(), 32);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod connection;
mod credentials;
mod error;
mod keep;
mod random;
mod user;
mod vault;

pub use connection::{Answer, Ask, Connection};
pub use credentials::Credentials;
pub use error::Error;
pub use keep::Keep;
pub use random::OsRandom;
pub use user::{Blinding, MAX_USER_FILE, Served};
pub use vault::{Appliance, NewSet, OpenedKey, Vouched};
