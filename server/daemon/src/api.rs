//! The HTTP interface of a hub: the vault, with this hub's store, generator and certificate.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use photonbox_api::vault::{Signers, Vault, VaultParts, VaultSettings};
use photonbox_api::{Admits, Listening, Refusal, Server, ServerLimits, VaultRoutes, vault_routes};
use photonbox_channel::{
    ByteSource, CaCertificate, HttpTls, Identity as ChannelIdentity, PeerIdentity,
    Role as ChannelRole, Usage, verify_signature,
};
use photonbox_store::{HubStore, ROOT_KEY_FILE, RootKey, RootKeyError, VaultStore};
use rustls::time_provider::DefaultTimeProvider;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::agents::AgentLinks;
use crate::error::with_default_port;
use crate::hub::{Enrolled, Hub};
use crate::shutdown::{Phase, Shutdown};
use crate::{Error, Result, StoreOptions, channel_settings, os};

/// Default port of the HTTP interface.
pub const API_PORT: u16 = 4502;
/// Requests that one host may make a second.
const REQUESTS_PER_SECOND: u32 = 2000;
/// Name of the root key among systemd's credentials.
const CREDENTIAL: &str = "root-key";

/// Where the root key comes from: what was named, what systemd hands over, or the state directory's own.
pub(crate) fn root_key_path(state: &Path, given: Option<&Path>) -> PathBuf {
    if let Some(given) = given {
        return given.to_owned();
    }
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let credential = credentials.map(|directory| directory.join(CREDENTIAL));
    match credential {
        Some(credential) if credential.exists() => credential,
        _ => state.join(ROOT_KEY_FILE),
    }
}

/// Gives the store of a fresh hub its root key: a new one, or one that somebody has put there.
pub(crate) fn first_root_key(store: &dyn HubStore, state: &Path) -> Result<()> {
    let path = state.join(ROOT_KEY_FILE);
    let key = if path.exists() {
        RootKey::read(&path)
    } else {
        RootKey::create(&path)
    };
    store.set_root_key(Some(key.map_err(photonbox_store::Error::from)?));
    Ok(())
}

/// The store of a hub with its root key. Without it the hub is locked: it signs no certificates, and its vault opens nothing.
pub(crate) fn open_store(
    store: &StoreOptions,
    root_key: Option<&Path>,
    state: &Path,
) -> Result<Arc<dyn HubStore>> {
    let store = store.open(state)?;
    match give_root_key(&*store, state, root_key) {
        Err(Error::Store(photonbox_store::Error::RootKey(RootKeyError::Missing(path))))
            if root_key.is_none() =>
        {
            tracing::warn!(
                path = %path.display(),
                "the root key is not there: this hub is locked, signs no certificates and opens nothing of the vault"
            );
        }
        given => given?,
    }
    Ok(store)
}

/// Puts the CA's private key of a store of before under the root key, if there is one.
pub(crate) fn seal_authority(store: &dyn HubStore) -> Result<()> {
    if !store.is_locked() && store.seal_authority()? {
        tracing::info!("the CA's private key lies under the root key from now on");
    }
    Ok(())
}

/// Gives a store its root key. One of before there were root keys gets a fresh one, as long as nothing is sealed in it.
pub(crate) fn give_root_key(
    store: &(impl VaultStore + ?Sized),
    state: &Path,
    given: Option<&Path>,
) -> Result<()> {
    let path = root_key_path(state, given);
    if given.is_some() || path.exists() {
        let key = RootKey::read(&path).map_err(photonbox_store::Error::from)?;
        store.set_root_key(Some(key));
        return Ok(());
    }
    let mut sealed = true;
    store.read_vault(&mut |rows| {
        sealed = rows.has_secrets()?;
        Ok(true)
    })?;
    if sealed {
        let missing = RootKeyError::Missing(path);
        return Err(photonbox_store::Error::from(missing).into());
    }
    let key = RootKey::create(&path).map_err(photonbox_store::Error::from)?;
    tracing::info!(path = %path.display(), "a root key was made: keep a copy of it elsewhere");
    store.set_root_key(Some(key));
    Ok(())
}

/// The port, before anything is served there.
pub(crate) async fn listen(address: Option<&str>) -> Result<Option<Listening>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let address = with_default_port(address, API_PORT);
    let listening = Listening::open(&address).await;
    listening.map(Some).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            return Error::failed(
                format!("cannot listen on {address} for the HTTP interface: the port is in use"),
                "stop the other program or choose another address with --api ADDR",
            );
        }
        Error::failed(
            format!("cannot listen on {address} for the HTTP interface: {error}"),
            "choose an address of this machine and a port that you may bind with --api ADDR",
        )
    })
}

impl Admits for Enrolled {
    fn admits(&self, peer: &PeerIdentity) -> std::result::Result<bool, Refusal> {
        let enrolment = self
            .store()
            .use_enrolment(&peer.fingerprint, os::unix_now())?;
        Ok(enrolment.is_some_and(|found| {
            found.revoked.is_none() && found.host == peer.id && found.expires > os::unix_now()
        }))
    }
}

/// Enrolled hosts of this hub's CA, as signers of vouchers.
struct OurHosts(Arc<Hub>);

impl std::fmt::Debug for OurHosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OurHosts")
    }
}

impl Signers for OurHosts {
    fn signer(
        &self,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> std::result::Result<String, Refusal> {
        let refused = |error: photonbox_channel::IdentityError| {
            Refusal::VoucherRefused(format!("its signature: {error}"))
        };
        let (usage, roles) = (Usage::Client, [ChannelRole::Host]);
        let peer = self.0.ca.verify(certificate, usage, &roles, os::unix_now());
        let peer = peer.map_err(refused)?;
        verify_signature(certificate, message, signature).map_err(refused)?;
        if !self.0.admission.admits(&peer)? {
            let why = "who signed it is not enrolled any more";
            return Err(Refusal::VoucherRefused(why.into()));
        }
        Ok(peer.id)
    }
}

/// The TLS of the certificate that this machine has at the moment.
pub(crate) struct CurrentTls {
    ca: CaCertificate,
    /// Who may come.
    role: ChannelRole,
    source: Arc<dyn ByteSource>,
    made: Mutex<Option<Made>>,
}

/// Of which certificate, and the TLS.
type Made = (Arc<ChannelIdentity>, Arc<rustls::ServerConfig>);

impl CurrentTls {
    pub(crate) fn new(ca: CaCertificate, role: ChannelRole, source: Arc<dyn ByteSource>) -> Self {
        Self {
            ca,
            role,
            source,
            made: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, identity: &Arc<ChannelIdentity>) -> Result<Arc<rustls::ServerConfig>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, tls)) = &*made
            && Arc::ptr_eq(of, identity)
        {
            return Ok(Arc::clone(tls));
        }
        let tls = HttpTls {
            identity: Arc::clone(identity),
            ca: self.ca.clone(),
            roles: vec![self.role],
            source: Arc::clone(&self.source),
            clock: Arc::new(DefaultTimeProvider),
        };
        let tls = tls.server();
        let tls = tls.map_err(|error| channel_settings::refused(&error))?;
        *made = Some((Arc::clone(identity), Arc::clone(&tls)));
        Ok(tls)
    }
}

/// The interface, running.
pub(crate) struct Api {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Api {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the requests that are under way at the hub's end.
    pub(crate) async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the HTTP interface ended badly");
        }
    }
}

/// Serves until the hub drains.
pub(crate) fn serve(
    listening: Listening,
    hub: &Arc<Hub>,
    store: Arc<dyn VaultStore>,
    shutdown: Shutdown,
) -> Result<Api> {
    let vault = Vault::new(VaultParts {
        hub: hub.id.to_string(),
        store,
        source: Arc::clone(&hub.entropy) as Arc<dyn ByteSource>,
        agents: Arc::new(AgentLinks::new(hub)),
        signers: Arc::new(OurHosts(Arc::clone(hub))),
        clock: os::unix_now,
        settings: VaultSettings::default(),
    });
    let source = Arc::clone(&hub.entropy) as Arc<dyn ByteSource>;
    let tls = CurrentTls::new(hub.ca.clone(), ChannelRole::Host, source);
    let first = tls.get(&hub.certificate.identity())?;
    let (labelled, shown) = (Arc::clone(hub), Arc::clone(hub));
    let server = Server {
        tls: Arc::new(move || {
            let identity = shown.certificate.identity();
            tls.get(&identity).unwrap_or_else(|error| {
                tracing::error!(%error, "the HTTP interface keeps its old certificate");
                Arc::clone(&first)
            })
        }),
        ca: hub.ca.clone(),
        roles: vec![ChannelRole::Host],
        routes: vault_routes(VaultRoutes {
            vault: Arc::clone(&vault),
            admits: Arc::clone(&hub.admission) as Arc<dyn Admits>,
            label: Arc::new(move || labelled.shown_label(&labelled.entropy.pool().status())),
            requests_per_second: Some(REQUESTS_PER_SECOND),
        }),
        clock: os::unix_now,
        limits: ServerLimits::default(),
    };
    let address = listening.address();
    let (stop, stopped) = watch::channel(false);
    let ends = shutdown.clone();
    tokio::spawn(async move {
        ends.reached(Phase::Drain).await;
        let _ = stop.send(true);
    });
    tokio::spawn(forget_answers(vault, shutdown));
    tracing::info!("HTTP interface on https://{address}");
    let task = tokio::spawn(listening.serve(server, stopped));
    Ok(Api { address, task })
}

/// Once an hour.
async fn forget_answers(vault: Arc<Vault>, shutdown: Shutdown) {
    loop {
        let forgetful = Arc::clone(&vault);
        let forgotten = tokio::task::spawn_blocking(move || forgetful.forget_answers()).await;
        match forgotten {
            Ok(Ok(0)) => {}
            Ok(Ok(answers)) => tracing::debug!(answers, "old answers were forgotten"),
            failed => tracing::warn!(?failed, "old answers were not forgotten"),
        }
        tokio::select! {
            () = tokio::time::sleep(std::time::Duration::from_secs(3600)) => {}
            () = shutdown.reached(Phase::Drain) => return,
        }
    }
}
