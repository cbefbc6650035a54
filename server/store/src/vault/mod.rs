//! What the vault keeps (specification 4-vault): sets, their appliances, items, answers that may be asked for again, secrets, and
//! the audit log. The words of scheme, protocol and state are the vault's own; the store only keeps them.

mod audit;
mod audit_check;
mod queries;
mod rows;

pub use audit::{AuditBreak, AuditEntry, AuditEvent, AuditHead};
pub use audit_check::{AuditVerdict, verify_audit};
use queries::Queries;
pub use rows::{AgentRow, ApplianceRow, ItemRow, NoteRow, RequestRow, SetRow};

use photonbox_secret::SecretBytes;

use crate::engine::{Ending, Engine, Failure};
use crate::{Error, Result, RootKey};

/// Work inside one transaction. `Ok(false)`, as an error does, rolls everything back.
pub type VaultWork<'a> = &'a mut dyn FnMut(&mut dyn VaultRows) -> Result<bool>;

/// The vault's part of a store.
pub trait VaultStore: Send + Sync + std::fmt::Debug {
    /// The key that its secrets are under, from now on; none: they are locked.
    fn set_root_key(&self, key: Option<RootKey>);

    /// One transaction that writes; there is one at a time. After `Ok(true)` everything is on the disk.
    ///
    /// # Errors
    /// What the work returns, and failures of the database. After [`Error::Unsure`](crate::Error::Unsure) nobody knows
    /// whether the work was done: the same request under the same idempotency key finds out.
    fn vault(&self, work: VaultWork<'_>) -> Result<bool>;

    /// Work that only reads, and sees one moment. It may be called a second time, from the start.
    ///
    /// # Errors
    /// What the work returns, and failures of the database.
    fn read_vault(&self, work: VaultWork<'_>) -> Result<bool>;
}

impl<E: Engine> VaultStore for E {
    fn set_root_key(&self, key: Option<RootKey>) {
        self.root().set(key);
    }

    fn vault(&self, work: VaultWork<'_>) -> Result<bool> {
        let (root, place) = (self.root().get(), self.place());
        self.write(|statements| {
            let done = work(&mut Queries {
                statements,
                root: root.as_deref(),
                place: &place,
            });
            Ok(if done.map_err(Failure::Database)? {
                Ending::Commit(true)
            } else {
                Ending::Leave(false)
            })
        })
    }

    fn read_vault(&self, work: VaultWork<'_>) -> Result<bool> {
        let (root, place) = (self.root().get(), self.place());
        self.read(|statements| {
            let done = work(&mut Queries {
                statements,
                root: root.as_deref(),
                place: &place,
            });
            // A connection that was lost is tried once more.
            done.map_err(|error| match error {
                Error::Interrupted { .. } => Failure::Lost(error),
                error => Failure::Database(error),
            })
        })
    }
}

/// Rows of the vault inside a transaction. Whatever is a [`SecretBytes`] lies under the root key, bound to its row and column.
pub trait VaultRows {
    /// A set.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) and failures of the database, as everywhere here.
    fn set(&mut self, set: &str) -> Result<Option<SetRow>>;

    /// Adds a set; false if its name is taken.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn add_set(&mut self, set: &SetRow) -> Result<bool>;

    /// Writes a set's present generation.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn set_generation(&mut self, set: &str, generation: u64) -> Result<()>;

    /// The sets that an appliance has a row in (any state), by name, from behind `after`.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn sets_of(&mut self, appliance: &str, after: Option<&str>, limit: u32) -> Result<Vec<SetRow>>;

    /// An appliance of a set, in a generation of its master key.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn appliance(
        &mut self,
        set: &str,
        generation: u64,
        appliance: &str,
    ) -> Result<Option<ApplianceRow>>;

    /// Adds an appliance, or writes it anew.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn put_appliance(&mut self, appliance: &ApplianceRow) -> Result<()>;

    /// The appliances of a set in a generation, by name, from behind `after`.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn appliances(
        &mut self,
        set: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ApplianceRow>>;

    /// An item by name and the generation that it was created in; without one, its newest.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn item(&mut self, set: &str, generation: Option<u64>, item: &str) -> Result<Option<ItemRow>>;

    /// Adds an item; false if there is one of that name and generation.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn add_item(&mut self, item: &ItemRow) -> Result<bool>;

    /// Writes share, wrapped key and the share's generation of an item that is there.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn update_item(&mut self, item: &ItemRow) -> Result<()>;

    /// Deletes an item; false if there is none.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn delete_item(&mut self, set: &str, generation: u64, item: &str) -> Result<bool>;

    /// The items of a set by name and generation, from behind `after`.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn items(&mut self, set: &str, after: Option<(&str, u64)>, limit: u32) -> Result<Vec<ItemRow>>;

    /// A request that was answered before.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn request(&mut self, appliance: &str, key: &str) -> Result<Option<RequestRow>>;

    /// Remembers an answer.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn add_request(&mut self, request: &RequestRow) -> Result<()>;

    /// Forgets answers from before a time (seconds since 1970), `limit` at most; says how many.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn forget_requests(&mut self, before: u64, limit: u32) -> Result<u64>;

    /// Leaves a note for an appliance.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn add_note(&mut self, note: &NoteRow) -> Result<()>;

    /// The notes for an appliance of a set, oldest first.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn notes(&mut self, set: &str, appliance: &str) -> Result<Vec<NoteRow>>;

    /// Takes a note away; false if there is none.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn delete_note(&mut self, set: &str, appliance: &str, id: &str) -> Result<bool>;

    /// Spends something that is good once (the nonce of a voucher); false if it was spent before. `expires`, seconds since 1970, says
    /// until when that must be remembered.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn spend(&mut self, set: &str, nonce: &[u8], expires: u64) -> Result<bool>;

    /// A secret of the vault as a whole, such as a key of tickets.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn secret(&mut self, name: &str) -> Result<Option<SecretBytes>>;

    /// Writes one; false if there is one of that name.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn add_secret(&mut self, name: &str, secret: &SecretBytes) -> Result<bool>;

    /// Whether anything lies under a root key.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn has_secrets(&mut self) -> Result<bool>;

    /// Appends to the audit log.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn audit(&mut self, event: &AuditEvent) -> Result<()>;

    /// Where the audit log ends, as it was noted.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn audit_head(&mut self) -> Result<AuditHead>;

    /// The entries of the audit log behind number `after`, in order.
    ///
    /// # Errors
    /// As [`VaultRows::set`].
    fn audit_entries(&mut self, after: u64, limit: u32) -> Result<Vec<AuditEntry>>;
}

#[cfg(test)]
mod tests;
