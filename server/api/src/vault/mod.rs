//! The vault behind the interface (specification 4-vault): sets, appliances, items and tickets, kept in the store.
//!
//! What is asked twice under one idempotency key is done once. A ticket is checked before anything is computed with a share
//! (countermeasure T24, `docs/threat-model.md`).

mod agents;
mod answers;
mod engine;
mod items;
pub(crate) mod names;
mod opening;
mod replay;
mod rotation;
mod secrets;
mod sets;
mod vouching;
mod work;

use std::fmt;
use std::sync::{Arc, OnceLock};

use photonbox_channel::ByteSource;
use photonbox_store::{ApplianceRow, AuditEvent, SetRow, VaultRows, VaultStore};
use photonbox_vault::api::{ApplianceState, Protocol};
use photonbox_vault::group::Scheme;

pub use agents::{Agents, AskedAgent, Turn};
pub(crate) use replay::{Asking, Replay};
pub(crate) use work::{Stop, Workers, reading, transaction};

use crate::problem::Refusal;
use engine::Engine;
use secrets::Secrets;

/// How the vault behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSettings {
    /// How long a ticket for a share that the vault keeps is good, seconds.
    pub ticket_seconds: u64,
    /// The most sets that one host may be an appliance of.
    pub sets_per_host: u32,
    /// How long an answer can be asked for again, seconds.
    pub answers_seconds: u64,
}

impl Default for VaultSettings {
    fn default() -> Self {
        Self {
            ticket_seconds: 30 * 86_400,
            sets_per_host: 100,
            answers_seconds: 7 * 86_400,
        }
    }
}

/// Judges signatures of enrolled hosts.
pub trait Signers: Send + Sync + fmt::Debug + 'static {
    /// The id of who signed the message, if the certificate (DER) is of this hub's CA and in force, and the signature its owner's.
    ///
    /// # Errors
    /// [`Refusal::VoucherRefused`], or the database is not there.
    fn signer(
        &self,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<String, Refusal>;
}

/// What a vault is made of.
pub struct VaultParts {
    /// Name of this hub, for the audit log.
    pub hub: String,
    /// Where everything is kept.
    pub store: Arc<dyn VaultStore>,
    /// The hub's generator.
    pub source: Arc<dyn ByteSource>,
    /// How agents are asked.
    pub agents: Arc<dyn Agents>,
    /// Whose signature is good.
    pub signers: Arc<dyn Signers>,
    /// Seconds since 1970.
    pub clock: fn() -> u64,
    /// Behaviour.
    pub settings: VaultSettings,
}

/// The vault of a hub. Several hubs on one store are one vault.
pub struct Vault {
    parts: VaultParts,
    /// Taken from the store when they are first needed: a hub that has just started has no bytes to make them of.
    secrets: OnceLock<Secrets>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("hub", &self.parts.hub)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault on a store.
    #[must_use]
    pub fn new(parts: VaultParts) -> Arc<Self> {
        let secrets = OnceLock::new();
        Arc::new(Self { parts, secrets })
    }

    /// The vault's own keys; whichever hub comes first makes them.
    fn secrets(&self) -> Result<&Secrets, Refusal> {
        if let Some(secrets) = self.secrets.get() {
            return Ok(secrets);
        }
        let VaultParts {
            store, source, hub, ..
        } = &self.parts;
        let secrets = Secrets::load(&**store, &**source, hub, self.now())?;
        // Two at once load the same.
        Ok(self.secrets.get_or_init(|| secrets))
    }

    fn now(&self) -> u64 {
        (self.parts.clock)()
    }

    fn transaction<T>(
        &self,
        work: impl FnMut(&mut dyn VaultRows) -> Result<T, Stop>,
    ) -> Result<T, Refusal> {
        transaction(&*self.parts.store, work)
    }

    fn reading<T>(
        &self,
        work: impl FnMut(&mut dyn VaultRows) -> Result<T, Stop>,
    ) -> Result<T, Refusal> {
        reading(&*self.parts.store, work)
    }

    /// Forgets answers that nobody asks for again; says how many. Called now and then.
    ///
    /// # Errors
    /// The store fails.
    pub fn forget_answers(&self) -> Result<u64, Refusal> {
        let before = self
            .now()
            .saturating_sub(self.parts.settings.answers_seconds);
        self.transaction(|rows| Ok(rows.forget_requests(before, 10_000)?))
    }

    /// Writes down what an appliance did.
    fn audit(
        &self,
        rows: &mut dyn VaultRows,
        appliance: &str,
        action: &str,
        subject: String,
        detail: String,
    ) -> Result<(), Stop> {
        rows.audit(&AuditEvent {
            at: self.now(),
            hub: self.parts.hub.clone(),
            actor: format!("appliance:{appliance}"),
            action: action.into(),
            subject,
            detail,
        })?;
        Ok(())
    }
}

/// A set that the asking appliance belongs to, in its present generation.
struct Member {
    set: SetRow,
    engine: Engine,
    appliance: ApplianceRow,
    state: ApplianceState,
}

impl Member {
    /// Finds it. Who is no appliance of a set does not learn whether it exists.
    fn find(rows: &mut dyn VaultRows, set: &str, appliance: &str) -> Result<Self, Stop> {
        let unknown = || Refusal::UnknownSet(set.to_owned());
        names::id("set's name", set)?;
        let set = rows.set(set)?.ok_or_else(unknown)?;
        let appliance = rows.appliance(&set.set, set.generation, appliance)?;
        let appliance = appliance.ok_or_else(unknown)?;
        let (engine, state) = words(&set, &appliance)?;
        Ok(Self {
            set,
            engine,
            appliance,
            state,
        })
    }

    /// The same, if it may create and open.
    fn trusted(rows: &mut dyn VaultRows, set: &str, appliance: &str) -> Result<Self, Stop> {
        let member = Self::find(rows, set, appliance)?;
        member.check_trusted()?;
        Ok(member)
    }

    fn check_trusted(&self) -> Result<(), Refusal> {
        match self.state {
            ApplianceState::Trusted => Ok(()),
            other => Err(Refusal::NotTrusted(other.name())),
        }
    }
}

/// The store's words as ours.
fn words(set: &SetRow, appliance: &ApplianceRow) -> Result<(Engine, ApplianceState), Refusal> {
    let engine = engine_of(set)?;
    Ok((engine, state_of(appliance)?))
}

fn engine_of(set: &SetRow) -> Result<Engine, Refusal> {
    let scheme = Scheme::of_name(&set.scheme);
    let protocol = Protocol::of_name(&set.protocol);
    match (scheme, protocol) {
        (Some(scheme), Some(protocol)) => Ok(Engine { scheme, protocol }),
        _ => {
            tracing::error!(
                set = set.set,
                "a set of a scheme or protocol that nobody knows"
            );
            Err(Refusal::Internal)
        }
    }
}

fn state_of(appliance: &ApplianceRow) -> Result<ApplianceState, Refusal> {
    ApplianceState::of_name(&appliance.state).ok_or_else(|| {
        tracing::error!(
            appliance = appliance.appliance,
            "an appliance in a state that nobody knows"
        );
        Refusal::Internal
    })
}
