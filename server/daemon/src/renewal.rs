//! Certificates are renewed while everything runs: when, by whom, and how a host asks for its next one.
//!
//! A host makes a new key and asks under its certificate in force, over the enrolment connection, in a request that its
//! key in force signs. The hub signs its own. New connections take the new certificate; those that stand keep the one
//! that they were made with, since their batches of keys are signed by it.
//!
//! Countermeasure T17 (`docs/threat-model.md`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::labels::SIGN_RENEWAL;
use photonbox_channel::{
    Identity as ChannelIdentity, IdentityError, Role as ChannelRole, Usage, verify_signature,
};
use photonbox_store::{Identity, Role, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::control::{ControlCommand, control_request};
use crate::current::Current;
use crate::enroll::{EXPORTED, Granted, exchange, locked};
use crate::enroll_desk::{EnrolmentDesk, broken};
use crate::enroll_protocol::Message;
use crate::error::with_default_port;
use crate::failure::LOCKED_TEXT;
use crate::options::DEFAULT_PORT;
use crate::pki::{self, LeafRole, Validity};
use crate::shutdown::{Phase, Shutdown};
use crate::state_dir::{self, RunningLock};
use crate::{Error, Result, api, channel_settings, os};

/// From so many seconds before the end on it is told that it comes.
const WARN_SECONDS: u64 = 7 * 86_400;
/// Looks at the clock at least so often: it may be set.
const LOOK: Duration = Duration::from_secs(60);
/// Pauses between tries that failed, in seconds: doubled each time.
const FIRST_PAUSE: u64 = 30;
const LONGEST_PAUSE: u64 = 3600;
/// Addresses that are tried one after the other get this long together: a caller on the control socket waits.
const ALL_ADDRESSES: Duration = Duration::from_secs(25);

/// Lives of certificates. TOML table `[certificates]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CertificateOptions {
    /// Seconds that certificates live which this hub issues, its own too.
    pub life_seconds: u64,
    /// A running hub or host renews its certificate when so many hundredths of its life are left; 0: only on command.
    pub renew_left_percent: u8,
}

impl Default for CertificateOptions {
    fn default() -> Self {
        Self {
            life_seconds: pki::LEAF_SECONDS,
            renew_left_percent: 33,
        }
    }
}

impl CertificateOptions {
    /// # Errors
    /// A usage error for a life of none, or longer than a CA's, or for more than all that is left.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String, help: &str| Err(Error::usage(what, help));
        if !(1..=pki::CA_SECONDS).contains(&self.life_seconds) {
            let what = format!("a certificate cannot live {} seconds", self.life_seconds);
            return wrong(what, "choose a life from one second to 3650 days");
        }
        if self.renew_left_percent > 90 {
            let what = format!("{} % left is no time to renew", self.renew_left_percent);
            return wrong(what, "choose 0 (never) to 90 percent");
        }
        Ok(())
    }

    /// When to renew, in seconds since 1970; none: only on command.
    fn due(&self, validity: Validity) -> Option<u64> {
        let left = u128::from(validity.life()) * u128::from(self.renew_left_percent) / 100;
        // At most 90 hundredths of a u64.
        (self.renew_left_percent > 0).then(|| validity.not_after.saturating_sub(left as u64))
    }
}

/// The own certificate, for `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    serial: String,
    validity: Validity,
    renewed: Option<u64>,
}

impl Shown {
    /// Of the stored identity.
    pub(crate) fn of(own: &Identity) -> Result<Self> {
        Ok(Self {
            serial: channel_settings::identity(own)?.public().serial.clone(),
            validity: pki::validity(&own.certificate)?,
            renewed: own.renewed,
        })
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "serial": self.serial,
            "not_after": self.validity.not_after,
            "renewed": self.renewed,
        })
    }
}

/// Result of `enroll renew`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewReport {
    /// `hub` or `host`.
    pub role: String,
    /// Its id.
    pub id: String,
    /// Serial of the new certificate, hex.
    pub certificate_serial: String,
    /// End of its life, seconds since 1970.
    pub expires: u64,
}

/// What makes the next certificate and stores it: a hub's CA, or a host's way to its hub.
pub(crate) trait Source: Send + Sync + 'static {
    /// Gives the identity as it is stored now.
    fn renew(&self) -> impl Future<Output = Result<Identity>> + Send;
}

/// Takes a new identity for all new connections.
pub(crate) type Take = Box<dyn Fn(Arc<ChannelIdentity>) -> Result<()> + Send + Sync>;

/// The certificate of a running hub or host.
pub(crate) struct Renewal<S> {
    source: S,
    take: Take,
    shown: Current<Shown>,
    /// One at a time.
    busy: tokio::sync::Mutex<()>,
    /// Told when there is a new one: its time may come sooner than the last one's.
    changed: Notify,
}

impl<S: Source> Renewal<S> {
    pub(crate) fn new(source: S, own: &Identity, take: Take) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            source,
            take,
            shown: Current::new(Shown::of(own)?),
            busy: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
        }))
    }

    /// For `status`.
    pub(crate) fn json(&self) -> Value {
        self.shown.get().json()
    }

    /// End of the certificate in force, seconds since 1970.
    pub(crate) fn ends(&self) -> u64 {
        self.shown.get().validity.not_after
    }

    /// Renews now.
    pub(crate) async fn renew(&self) -> Result<RenewReport> {
        let _one = self.busy.lock().await;
        let own = self.source.renew().await?;
        // It is stored: whatever fails from here on, the next start has it.
        let shown = Shown::of(&own)?;
        (self.take)(channel_settings::identity(&own)?)?;
        tracing::info!(
            serial = shown.serial,
            until = crate::utc(shown.validity.not_after),
            "certificate renewed: new connections have it"
        );
        self.shown.set(shown);
        self.changed.notify_one();
        report(&own)
    }

    /// Renews in time, until the shutdown.
    pub(crate) async fn keep(self: Arc<Self>, options: CertificateOptions, shutdown: Shutdown) {
        let (mut pause, mut told, mut told_at) = (0, String::new(), 0);
        let mut not_before = 0;
        loop {
            let (now, validity) = (os::unix_now(), self.shown.get().validity);
            let left = validity.not_after.saturating_sub(now);
            let due = options.due(validity).map(|due| due.max(not_before));
            if due.is_some_and(|due| due <= now) {
                // A renewal that is given up half-way is one that a crash cut short.
                let renewed = tokio::select! {
                    renewed = self.renew() => renewed,
                    () = shutdown.reached(Phase::Drain) => return,
                };
                match renewed {
                    Ok(_) => {
                        (pause, not_before) = (0, 0);
                        told.clear();
                    }
                    Err(error) => {
                        pause = next_pause(pause, left);
                        not_before = now + pause;
                        let reason = error.to_string();
                        // The same reason is told once, and in the last week each time.
                        if reason != told || left <= WARN_SECONDS {
                            let until = crate::utc(validity.not_after);
                            tracing::warn!(
                                reason,
                                until,
                                help = error.help(),
                                "the certificate is not renewed yet"
                            );
                            told = reason;
                        }
                    }
                }
                continue;
            }
            if due.is_none()
                && left <= WARN_SECONDS.min(validity.life() / 3)
                && now.saturating_sub(told_at) >= 86_400
            {
                let until = crate::utc(validity.not_after);
                tracing::warn!(
                    until,
                    "the certificate ends soon: run `photonbox enroll renew`"
                );
                told_at = now;
            }
            let wait = due.map_or(LOOK, |due| Duration::from_secs(due - now).min(LOOK));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.changed.notified() => {}
                () = shutdown.reached(Phase::Drain) => return,
            }
        }
    }
}

/// Seconds until the next try: growing, but several in what is left of the certificate's life. After its end only an
/// operator helps a host, and nobody is told more often for that.
fn next_pause(last: u64, left: u64) -> u64 {
    let most = match left {
        0 => LONGEST_PAUSE,
        left => (left / 8).clamp(1, LONGEST_PAUSE),
    };
    (last * 2).max(FIRST_PAUSE).min(most)
}

fn report(own: &Identity) -> Result<RenewReport> {
    let shown = Shown::of(own)?;
    Ok(RenewReport {
        role: own.role.as_str().to_owned(),
        id: own.name.clone(),
        certificate_serial: shown.serial,
        expires: shown.validity.not_after,
    })
}

/// Stores what takes the place of `own`, and gives it.
fn store_renewed(
    store: &dyn Store,
    own: Identity,
    certificate: Vec<u8>,
    private_key: photonbox_secret::SecretBytes,
) -> Result<Identity> {
    let now = os::unix_now();
    if !store.replace_identity(&own.certificate, &certificate, &private_key, now)? {
        return Err(Error::failed(
            "another process has renewed the certificate meanwhile",
            "look at `photonbox status`; nothing needs to be done",
        ));
    }
    Ok(Identity {
        certificate,
        private_key,
        renewed: Some(now),
        ..own
    })
}

/// Runs what waits for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::failed(format!("renewing failed: {error}"), "look at the log"))?
}

/// A hub renews by its own CA.
pub(crate) struct ByAuthority {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) desk: Arc<EnrolmentDesk>,
}

impl Source for ByAuthority {
    async fn renew(&self) -> Result<Identity> {
        let (store, desk) = (Arc::clone(&self.store), Arc::clone(&self.desk));
        blocking(move || {
            let own = store.identity()?;
            by_authority(&*store, own, &desk.signer()?, desk.life)
        })
        .await
    }
}

fn by_authority(
    store: &dyn Store,
    own: Identity,
    signer: &pki::Signer,
    life: u64,
) -> Result<Identity> {
    let new = signer.new_identity(&own.name, LeafRole::Hub, os::unix_now(), life)?;
    store_renewed(store, own, new.certificate, new.private_key)
}

/// A host asks its hub, directly or through relays.
pub(crate) struct ByHub {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hubs: Vec<String>,
}

impl Source for ByHub {
    async fn renew(&self) -> Result<Identity> {
        let store = Arc::clone(&self.store);
        let own = blocking(move || Ok(store.identity()?)).await?;
        let asked = tokio::time::timeout(ALL_ADDRESSES, ask_all(&self.hubs, &own)).await;
        let (granted, key) = asked.map_err(|_| {
            Error::failed(
                "no hub answered the request for a new certificate in time",
                "check the addresses and that the hub is running",
            )
        })??;
        let store = Arc::clone(&self.store);
        blocking(move || store_renewed(&*store, own, granted.certificate, key)).await
    }
}

/// Asks one address after the other; a refusal is the hub's word, whichever way it came.
async fn ask_all(
    hubs: &[String],
    own: &Identity,
) -> Result<(Granted, photonbox_secret::SecretBytes)> {
    let mut last = Error::usage("no hub was given", "give --hub ADDRESS[,ADDRESS…]");
    for address in hubs {
        match ask(address, own).await {
            Err(error @ Error::RenewalRefused { .. }) => return Err(error),
            Err(error) => last = error,
            granted => return granted,
        }
    }
    Err(last)
}

async fn ask(address: &str, own: &Identity) -> Result<(Granted, photonbox_secret::SecretBytes)> {
    let identity = channel_settings::identity(own)?;
    let ca_hash = pki::fingerprint(&own.ca_certificate);
    let pki::Request {
        request,
        private_key,
    } = pki::new_request(&own.name)?;
    let certificate = own.certificate.clone();
    let answer = exchange(address, ca_hash, |exported| {
        let signature = identity
            .sign(&to_sign(exported, &certificate, &request))
            .map_err(|error| Error::failed(error.to_string(), "check this host's identity"))?;
        Ok(Message::Renewal {
            certificate,
            request,
            signature,
        })
    })
    .await?;
    let granted = Granted::judge(answer, address, &own.name, ca_hash, &private_key)?;
    let granted = granted.map_err(|reason| match reason.as_str() {
        LOCKED_TEXT => locked(address, "later"),
        _ => Error::RenewalRefused {
            hub: address.to_owned(),
            reason,
        },
    })?;
    Ok((granted, private_key))
}

/// What the key in force signs: this connection, the certificate in force, and the request.
fn to_sign(exported: &[u8; EXPORTED], certificate: &[u8], request: &[u8]) -> Vec<u8> {
    let mut all = SIGN_RENEWAL.to_vec();
    all.extend_from_slice(exported);
    for part in [certificate, request] {
        all.extend_from_slice(&(part.len() as u32).to_be_bytes());
        all.extend_from_slice(part);
    }
    all
}

impl EnrolmentDesk {
    /// Judges a renewal: the certificate in force, who signed, whether the host is still welcome. Only then is anything
    /// signed, and both stores hold it, the hub's first, before the host shows it.
    pub(crate) fn renew(
        &self,
        certificate: &[u8],
        request: &[u8],
        signature: &[u8],
        exported: &[u8; EXPORTED],
        now: u64,
    ) -> std::result::Result<Message, String> {
        let host = self
            .ca
            .verify(certificate, Usage::Client, &[ChannelRole::Host], now)
            .map_err(|error| match error {
                IdentityError::Expired => {
                    "the certificate has expired; the host must be enrolled anew".to_owned()
                }
                error => format!("the certificate is refused: {error}"),
            })?;
        verify_signature(
            certificate,
            &to_sign(exported, certificate, request),
            signature,
        )
        .map_err(|_| "the request is not signed by the certificate's key".to_owned())?;
        let signer = self.signer_for_others();
        let mut issued = None;
        let renewed = self
            .store
            .renew_enrolment(&host.fingerprint, &host.id, now, &mut |grant| {
                let signer = signer.as_ref().map_err(Clone::clone)?;
                let (enrolment, certificate) = self.issue(signer, &host.id, grant, request, now)?;
                issued = Some(certificate);
                Ok(enrolment)
            })
            .map_err(|error| broken(&error))?
            .map_err(|refusal| refusal.to_string())?;
        let certificate = issued.ok_or_else(|| broken(&"no certificate was issued"))?;
        tracing::info!(
            host = host.id,
            serial = renewed.serial,
            "certificate renewed"
        );
        Ok(self.granted(certificate, renewed.relay))
    }
}

/// `photonbox enroll renew`.
#[derive(Clone, Debug, Default)]
pub struct RenewOptions {
    /// State directory of a hub or host.
    pub state: Option<std::path::PathBuf>,
    /// Where a hub's store is.
    pub store: crate::StoreOptions,
    /// For a host that does not run: addresses of its hub, or of relays before it.
    pub hubs: Vec<String>,
    /// For a hub that does not run: the file of its root key; none: where `serve` looks for it.
    pub root_key: Option<std::path::PathBuf>,
    /// For a hub that does not run.
    pub certificates: CertificateOptions,
}

/// Renews the certificate of a hub or host now. One that runs does it itself and goes on; otherwise it is done here.
///
/// # Errors
/// A refusal with the hub's reason, no way to the hub, no identity in that directory.
pub async fn renew(options: &RenewOptions) -> Result<RenewReport> {
    match control_request(options.state.as_deref(), ControlCommand::Renew).await {
        Ok(answer) => serde_json::from_value(answer).map_err(|error| {
            Error::failed(
                format!("the running process answered with something else: {error}"),
                "use the photonbox command of the same version",
            )
        }),
        Err(Error::ControlUnreachable { .. }) => {
            let state = state_dir::resolve(options.state.as_deref())?;
            renew_at_rest(&state, options).await
        }
        Err(error) => Err(error),
    }
}

async fn renew_at_rest(state: &Path, options: &RenewOptions) -> Result<RenewReport> {
    let store = options.store.open(state)?;
    let own = store.identity()?;
    // Whoever starts now waits for the new one.
    let _running = RunningLock::take(state)?;
    match own.role {
        Role::Hub => {
            options.certificates.check()?;
            let store = api::open_store(&options.store, options.root_key.as_deref(), state)?;
            api::seal_authority(&*store)?;
            let authority = store.authority()?.ok_or_else(no_authority)?;
            let signer = pki::Signer::new(&authority.certificate, &authority.private_key)?;
            let life = options.certificates.life_seconds;
            report(&by_authority(&*store, own, &signer, life)?)
        }
        Role::Host => {
            let hubs: Vec<String> = addresses(&options.hubs);
            if hubs.is_empty() {
                return Err(Error::usage(
                    format!("the host `{}` does not run, and no hub was given", own.name),
                    "give --hub ADDRESS[,ADDRESS…]",
                ));
            }
            report(&ByHub { store, hubs }.renew().await?)
        }
    }
}

/// A hub without its CA's key.
pub(crate) fn no_authority() -> Error {
    Error::failed(
        "this hub has no CA key",
        "restore the state directory from a backup",
    )
}

/// Addresses of a list, each with its port.
pub(crate) fn addresses(hubs: &[String]) -> Vec<String> {
    hubs.iter()
        .flat_map(|list| list.split(','))
        .filter(|hub| !hub.trim().is_empty())
        .map(|hub| with_default_port(hub, DEFAULT_PORT))
        .collect()
}

#[cfg(test)]
#[path = "renewal_tests.rs"]
mod tests;
