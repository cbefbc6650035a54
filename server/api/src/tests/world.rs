//! A hub's interface on a fresh store, asked without a network, and agents beside it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use photonbox_channel::{ByteSource, PeerIdentity, Role, SourceExhausted};
use photonbox_secret::SecretArray;
use photonbox_store::{RootKey, SqliteStore, VaultStore};
use photonbox_vault::api::{
    Agent, AgentCarry, AgentDraw, AgentMove, AgentTurn, IDEMPOTENCY_KEY, Problem,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha384};
use tower_service::Service as _;

use crate::agent::AgentDesk;
use crate::caller::Admits;
use crate::pace::Pace;
use crate::problem::Refusal;
use crate::routes::{Inner, Shared, router};
use crate::vault::{Agents, AskedAgent, Signers, Turn, Vault, VaultParts, VaultSettings, Workers};

/// A generator from a seed.
pub(super) struct Seeded(Mutex<ChaCha20Rng>);

impl Seeded {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }
}

impl ByteSource for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        self.0.lock().unwrap().fill_bytes(out);
        Ok(())
    }
}

/// Time of all worlds: each test moves its own.
static NOW: AtomicU64 = AtomicU64::new(1_800_000_000);

pub(super) fn now() -> u64 {
    NOW.load(Ordering::Relaxed)
}

/// Everybody but those who were revoked.
#[derive(Debug, Default)]
pub(super) struct Enrolments(pub(super) Mutex<Vec<String>>);

impl Admits for Enrolments {
    fn admits(&self, peer: &PeerIdentity) -> Result<bool, Refusal> {
        Ok(!self.0.lock().unwrap().contains(&peer.id))
    }
}

/// Agents as they are, without a network between.
pub(super) struct Beside {
    desks: Mutex<HashMap<String, Arc<AgentDesk>>>,
    /// Who does not answer.
    pub(super) away: Mutex<Vec<String>>,
    /// How often one was asked.
    pub(super) asked: AtomicU64,
    directory: tempfile::TempDir,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Beside")
    }
}

impl Beside {
    fn new() -> Self {
        Self {
            desks: Mutex::default(),
            away: Mutex::default(),
            asked: AtomicU64::new(0),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn desk(&self, agent: &Agent) -> Result<Arc<AgentDesk>, String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.away.lock().unwrap().contains(&agent.host) {
            return Err("no answer".into());
        }
        let mut desks = self.desks.lock().unwrap();
        let desk = desks.entry(agent.host.clone()).or_insert_with(|| {
            let number = agent.host.bytes().map(u64::from).sum();
            Arc::new(AgentDesk {
                id: agent.host.clone(),
                store: Arc::new(store(&self.directory.path().join(&agent.host))),
                source: Seeded::new(number),
                clock: now,
            })
        });
        Ok(Arc::clone(desk))
    }
}

fn store(path: &Path) -> SqliteStore {
    let root = RootKey::new(&SecretArray::from_array([9; 32]));
    let store = SqliteStore::create(path).unwrap();
    store.set_root_key(Some(root));
    store
}

impl Agents for Beside {
    fn draw<'a>(&'a self, agent: &'a Agent, asked: &'a AgentDraw) -> AskedAgent<'a, ()> {
        Box::pin(async move {
            let drawn = self.desk(agent)?.draw(asked);
            drawn.map_err(|refusal| refusal.to_string())
        })
    }

    fn turn<'a>(
        &'a self,
        agent: &'a Agent,
        turn: Turn,
        asked: &'a AgentTurn,
    ) -> AskedAgent<'a, Vec<u8>> {
        Box::pin(async move {
            let turned = self.desk(agent)?.turn(turn, asked);
            let turned = turned.map_err(|refusal| refusal.to_string())?;
            Ok(turned.message.as_slice().to_vec())
        })
    }

    fn move_to<'a>(&'a self, agent: &'a Agent, asked: &'a AgentMove) -> AskedAgent<'a, Vec<u8>> {
        Box::pin(async move {
            let moved = self.desk(agent)?.move_to(asked);
            let moved = moved.map_err(|refusal| refusal.to_string())?;
            Ok(moved.message.as_slice().to_vec())
        })
    }

    fn carry<'a>(&'a self, agent: &'a Agent, asked: &'a AgentCarry) -> AskedAgent<'a, ()> {
        Box::pin(async move {
            let carried = self.desk(agent)?.carry(asked);
            carried.map_err(|refusal| refusal.to_string())
        })
    }
}

/// Signatures that are the hash of who signs and what.
#[derive(Debug)]
pub(super) struct Hashes(Arc<Enrolments>);

pub(super) fn signature(signer: &[u8], message: &[u8]) -> Vec<u8> {
    Sha384::digest([signer, b":", message].concat()).to_vec()
}

impl Signers for Hashes {
    fn signer(&self, certificate: &[u8], message: &[u8], given: &[u8]) -> Result<String, Refusal> {
        let id = String::from_utf8(certificate.to_vec()).unwrap();
        if signature(certificate, message) != given || self.0.0.lock().unwrap().contains(&id) {
            return Err(Refusal::VoucherRefused("signature".into()));
        }
        Ok(id)
    }
}

/// A hub and its agents.
pub(super) struct World {
    router: Router,
    pub(super) store: Arc<SqliteStore>,
    pub(super) enrolments: Arc<Enrolments>,
    pub(super) agents: Arc<Beside>,
    pub(super) source: Arc<Seeded>,
    keys: AtomicU64,
    _directory: tempfile::TempDir,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, VaultSettings::default(), None)
    }

    pub(super) fn with(seed: u64, settings: VaultSettings, rate: Option<u32>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(store(&directory.path().join("hub")));
        let source = Seeded::new(seed);
        let agents = Arc::new(Beside::new());
        let enrolments = Arc::new(Enrolments::default());
        let vault = Vault::new(VaultParts {
            hub: "hub".into(),
            store: Arc::clone(&store) as Arc<dyn VaultStore>,
            source: Arc::clone(&source) as Arc<dyn ByteSource>,
            agents: Arc::clone(&agents) as Arc<dyn Agents>,
            signers: Arc::new(Hashes(Arc::clone(&enrolments))),
            clock: now,
            settings,
        });
        let router = router(Shared(Arc::new(Inner {
            vault,
            admits: Arc::clone(&enrolments) as Arc<dyn Admits>,
            pace: Pace::new(rate),
            workers: Workers::new(),
            label: Arc::new(|| Some("simulated")),
        })));
        Self {
            router,
            store,
            enrolments,
            agents,
            source,
            keys: AtomicU64::new(0),
            _directory: directory,
        }
    }

    /// Asks, as this host; the answer's status and body.
    pub(super) async fn raw(&self, host: &str, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let (status, body, _) = self.whole(host, request).await;
        (status, body)
    }

    /// With the answer's headers.
    pub(super) async fn whole(
        &self,
        host: &str,
        mut request: Request<Body>,
    ) -> (StatusCode, Vec<u8>, axum::http::HeaderMap) {
        let peer = PeerIdentity {
            id: host.into(),
            roles: vec![Role::Host],
            serial: "00".into(),
            fingerprint: [0; 32],
            certificate: Vec::new(),
        };
        request.extensions_mut().insert(Arc::new(peer));
        let answer = self.router.clone().call(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (parts.status, body, parts.headers)
    }

    pub(super) fn fresh_key(&self) -> String {
        format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        host: &str,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Problem> {
        let key = self.fresh_key();
        self.ask_with(host, method, path, body, &key).await
    }

    /// Under this idempotency key. No body is read as JSON's null.
    pub(super) async fn ask_with<T: DeserializeOwned>(
        &self,
        host: &str,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        key: &str,
    ) -> Result<T, Problem> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(IDEMPOTENCY_KEY, key);
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(serde_json::to_vec(body).unwrap())),
            None => request.body(Body::empty()),
        };
        let (status, body) = self.raw(host, request.unwrap()).await;
        if status.is_success() {
            let body = if body.is_empty() { b"null" } else { &body[..] };
            return Ok(serde_json::from_slice(body).unwrap());
        }
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem.status, status.as_u16());
        Err(problem)
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        host: &str,
        path: &str,
    ) -> Result<T, Problem> {
        self.ask(host, Method::GET, path, None::<&()>).await
    }
}
