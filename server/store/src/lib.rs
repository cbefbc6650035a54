//! What a hub or host keeps on disk: identity, CA, enrolments, join tokens, failed tries, ledger, lanes in alarm.
//!
//! [`Store`] is the interface; [`SqliteStore`] is its embedded form, [`PostgresStore`] the one that several hubs share. Schema
//! and statements are the same. Whatever a method has returned `Ok` for is on the disk (`synchronous=FULL`, `fsync`) and
//! survives a crash.
#![forbid(unsafe_code)]

mod backup;
mod engine;
mod error;
mod held;
mod key_frame;
mod ledger;
mod location;
mod postgres;
mod records;
mod renewal;
mod root;
mod rows;
mod sql;
mod sqlite;
mod token;
mod value;
mod vault;

#[cfg(test)]
mod authority_tests;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod testing;

use photonbox_secret::SecretBytes;

pub use backup::{
    BackupFault, BackupFile, BackupSummary, PortableStore, Progress, RootKeyCheck, inspect, restore,
};
pub use error::{Error, Result};
pub use location::{HubStore, create, open};
pub use postgres::PostgresStore;
pub use records::{
    Authority, DeliveryRow, Enrolment, FailedTry, HeldLane, Identity, LedgerRows, Role, RunRow,
    Sizes, SourceRow,
};
pub use renewal::RenewalRefusal;
pub use root::{ROOT_KEY, ROOT_KEY_FILE, RootKey, RootKeyError};
pub use sqlite::{DATABASE_FILE, SqliteStore};
pub use token::{
    EnrolRefusal, Grant, IssuedToken, TOKEN_SECRET_BYTES, TOKEN_TRIES, TokenRefusal, TokenTerms,
};
pub use vault::{
    AgentRow, ApplianceRow, AuditBreak, AuditEntry, AuditEvent, AuditHead, AuditVerdict, ItemRow,
    NoteRow, RequestRow, SetRow, VaultRows, VaultStore, VaultWork, verify_audit,
};

/// Issues the certificate that a grant allows; its error is the one line that the host is told.
pub type Issue<'a> = &'a mut dyn FnMut(Grant) -> std::result::Result<Enrolment, String>;

/// Storage of one hub or host. Implementations are shared between threads; each method is one
/// transaction.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Writes the identity of a fresh directory; a CA's private key under the root key.
    ///
    /// # Errors
    /// [`Error::AlreadyInitialised`] when there is one, [`Error::SecretsLocked`] where there is a CA and no root key.
    fn create_identity(&self, identity: &Identity, authority: Option<&Authority>) -> Result<()>;

    /// The identity.
    ///
    /// # Errors
    /// [`Error::NotInitialised`] when there is none.
    fn identity(&self) -> Result<Identity>;

    /// The CA, on a hub.
    ///
    /// # Errors
    /// [`Error::SecretsLocked`] where there is no root key, [`Error::Corrupt`] and failures of the database.
    fn authority(&self) -> Result<Option<Authority>>;

    /// Puts the CA's private key of a store of before under the root key, and overwrites its old bytes in the database's files; says
    /// whether there was something to do.
    ///
    /// # Errors
    /// [`Error::SecretsLocked`]; [`Error::RootKey`] where other secrets are under another key; [`Error::Locked`] while another
    /// process reads the database; failures of the database.
    fn seal_authority(&self) -> Result<bool>;

    /// Whether there is no root key: what lies under it cannot be read.
    fn is_locked(&self) -> bool;

    /// Makes a join token from `secret`; only its SHA-256 is stored.
    ///
    /// # Errors
    /// Failures of the database.
    fn issue_token(
        &self,
        secret: &[u8; TOKEN_SECRET_BYTES],
        terms: TokenTerms,
        now: u64,
    ) -> Result<IssuedToken>;

    /// Enrols `host`, in one transaction: judges the token (right, alive, unused, with tries left; a
    /// wrong secret costs it a try), then the name (free, or of an enrolment that has expired, which
    /// is then closed), has the certificate issued, and spends the token last. The answer is on the
    /// disk before it is given.
    ///
    /// # Errors
    /// Failures of the database; a refusal is the inner `Err`.
    fn enrol(
        &self,
        token: &str,
        host: &str,
        now: u64,
        issue: Issue<'_>,
    ) -> Result<std::result::Result<Enrolment, EnrolRefusal>>;

    /// Records an issued certificate.
    ///
    /// # Errors
    /// [`Error::HostTaken`] when a living enrolment has the same host id.
    fn add_enrolment(&self, enrolment: &Enrolment) -> Result<()>;

    /// Renews the enrolment of `host` whose certificate has this fingerprint, in one transaction: it must be neither
    /// closed nor expired. Both certificates are good until the new one is first [used](Store::use_enrolment).
    ///
    /// # Errors
    /// Failures of the database; a refusal is the inner `Err`.
    fn renew_enrolment(
        &self,
        fingerprint: &[u8; 32],
        host: &str,
        now: u64,
        issue: Issue<'_>,
    ) -> Result<std::result::Result<Enrolment, RenewalRefusal>>;

    /// The enrolment of a certificate that its host shows now; closes those of the host that it took the place of.
    ///
    /// # Errors
    /// Failures of the database.
    fn use_enrolment(&self, fingerprint: &[u8; 32], now: u64) -> Result<Option<Enrolment>>;

    /// Puts a newer certificate (DER) and its key (PKCS#8, DER) in the place of the own certificate `current`; false if
    /// the own certificate is another one by now.
    ///
    /// # Errors
    /// Failures of the database.
    fn replace_identity(
        &self,
        current: &[u8],
        certificate: &[u8],
        private_key: &SecretBytes,
        now: u64,
    ) -> Result<bool>;

    /// All enrolments, oldest first.
    ///
    /// # Errors
    /// Failures of the database.
    fn enrolments(&self) -> Result<Vec<Enrolment>>;

    /// How much there is, in numbers.
    ///
    /// # Errors
    /// Failures of the database.
    fn sizes(&self, now: u64) -> Result<Sizes>;

    /// The enrolment of a certificate, by SHA-256 of its DER.
    ///
    /// # Errors
    /// Failures of the database.
    fn enrolment_by_fingerprint(&self, fingerprint: &[u8; 32]) -> Result<Option<Enrolment>>;

    /// The living enrolment of a host: not revoked, and the newest.
    ///
    /// # Errors
    /// Failures of the database.
    fn living_enrolment(&self, host: &str) -> Result<Option<Enrolment>>;

    /// Revokes the living enrolment of a host, and an older one that still admits; says whether there was one.
    ///
    /// # Errors
    /// Failures of the database.
    fn revoke(&self, host: &str, now: u64) -> Result<bool>;

    /// Hosts that were revoked at `since` or later, and that have no good enrolment now.
    ///
    /// # Errors
    /// Failures of the database.
    fn revoked_since(&self, since: u64) -> Result<Vec<String>>;

    /// Remembers a refused enrolment (the newest 1,000 are kept).
    ///
    /// # Errors
    /// Failures of the database.
    fn add_failed_try(&self, failed: &FailedTry) -> Result<()>;

    /// Refused enrolments, oldest first.
    ///
    /// # Errors
    /// Failures of the database.
    fn failed_tries(&self) -> Result<Vec<FailedTry>>;

    /// Starts a new run of the ledger and gives its number.
    ///
    /// # Errors
    /// Failures of the database.
    fn begin_run(&self, now: u64) -> Result<u64>;

    /// Notes that a run ended in order, its last rows written.
    ///
    /// # Errors
    /// Failures of the database.
    fn end_run(&self, run: u64, now: u64) -> Result<()>;

    /// All runs, oldest first.
    ///
    /// # Errors
    /// Failures of the database.
    fn runs(&self) -> Result<Vec<RunRow>>;

    /// Notes that a recording is about to be played; true if it was before.
    ///
    /// # Errors
    /// Failures of the database.
    fn play_recording(&self, sha256: &[u8; 32], now: u64) -> Result<bool>;

    /// Writes the rows of a run: new ones are added, known ones replaced, in one transaction.
    ///
    /// # Errors
    /// Failures of the database.
    fn save_ledger(&self, run: u64, rows: &LedgerRows) -> Result<()>;

    /// The rows of one run.
    ///
    /// # Errors
    /// Failures of the database.
    fn ledger(&self, run: u64) -> Result<LedgerRows>;

    /// Notes that an alarm stopped a lane, or that one more did; since when stays as it was noted first.
    ///
    /// # Errors
    /// Failures of the database.
    fn hold_lane(&self, held: &HeldLane) -> Result<()>;

    /// The held lanes of a card, by number.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and failures of the database.
    fn held_lanes(&self, card: &str) -> Result<Vec<HeldLane>>;

    /// A re-armed lane has passed its start-up test: it is held no more. Says whether it was.
    ///
    /// # Errors
    /// Failures of the database.
    fn release_lane(&self, card: &str, lane: u8) -> Result<bool>;
}
