//! A hub's interface on a fresh store, asked without a network, and agents beside it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use photonbox_channel::{ByteSource, PeerIdentity, Role, SourceExhausted};
use photonbox_secret::SecretArray;
use photonbox_store::{RootKey, SqliteStore, VaultStore};
use photonbox_vault::api::{Agent, AgentDraw, AgentTurn, IDEMPOTENCY_KEY, Problem};
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255, Scheme};
use photonbox_vault::protocol::{Hidden, Kind, agents};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_service::Service as _;

use crate::caller::Admits;
use crate::pace::Pace;
use crate::problem::Refusal;
use crate::random::Drawn;
use crate::routes::{Inner, Shared, router};
use crate::vault::{Agents, AskedAgent, Turn, Vault, VaultParts, VaultSettings, Workers};

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
#[derive(Default)]
pub(super) struct Enrolments(pub(super) Mutex<Vec<String>>);

impl Admits for Enrolments {
    fn admits(&self, peer: &PeerIdentity) -> Result<bool, Refusal> {
        Ok(!self.0.lock().unwrap().contains(&peer.id))
    }
}

/// Group, public key and E(r_i).
type Drew = (Scheme, Vec<u8>, Vec<u8>);

/// Agents as they are, without a network between.
pub(super) struct Beside {
    source: Arc<Seeded>,
    /// By agent, set, generation and appliance.
    drawn: Mutex<HashMap<String, Drew>>,
    /// Who does not answer.
    pub(super) away: Mutex<Vec<String>>,
    /// How often one was asked.
    pub(super) asked: AtomicU64,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Beside")
    }
}

impl Beside {
    fn here(&self, agent: &Agent) -> Result<(), String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.away.lock().unwrap().contains(&agent.host) {
            return Err("no answer".into());
        }
        Ok(())
    }

    fn turned<G: Group>(&self, (public, r): (&[u8], &[u8]), turn: Turn, message: &[u8]) -> Vec<u8> {
        let public = G::decode_public_key(public).unwrap();
        let agent = agents::Agent::<G>::new(public, G::decode_ciphertext(r).unwrap());
        let random = &mut Drawn(&*self.source);
        let turned = match turn {
            Turn::TakeOut => {
                agent.take_out(&Hidden::read(message, Kind::AgentsCreate).unwrap(), random)
            }
            Turn::PutIn => agent.put_in(Hidden::read(message, Kind::AgentsAsk).unwrap(), random),
        };
        turned.unwrap().to_bytes()
    }

    fn draws<G: Group>(&self, public: &[u8]) -> Vec<u8> {
        let public = G::decode_public_key(public).unwrap();
        let agent = agents::Agent::<G>::draw(public, &mut Drawn(&*self.source)).unwrap();
        G::encode_ciphertext(agent.stored())
    }
}

fn key(agent: &Agent, set: &str, generation: u64, appliance: &str) -> String {
    format!("{}/{set}/{generation}/{appliance}", agent.host)
}

impl Agents for Beside {
    fn draw<'a>(&'a self, agent: &'a Agent, asked: &'a AgentDraw) -> AskedAgent<'a, ()> {
        Box::pin(async move {
            self.here(agent)?;
            let scheme = Scheme::of_name(&asked.scheme).unwrap();
            let public = asked.public_key.as_slice();
            let r = match scheme {
                Scheme::P384 => self.draws::<P384>(public),
                Scheme::Ristretto255 => self.draws::<Ristretto255>(public),
                Scheme::Paillier3072 => self.draws::<Paillier3072>(public),
            };
            let key = key(agent, &asked.set, asked.generation, &asked.appliance);
            let row = (scheme, public.to_vec(), r);
            self.drawn.lock().unwrap().insert(key, row);
            Ok(())
        })
    }

    fn turn<'a>(
        &'a self,
        agent: &'a Agent,
        turn: Turn,
        asked: &'a AgentTurn,
    ) -> AskedAgent<'a, Vec<u8>> {
        Box::pin(async move {
            self.here(agent)?;
            let key = key(agent, &asked.set, asked.generation, &asked.appliance);
            let (scheme, public, r) = self.drawn.lock().unwrap()[&key].clone();
            let (has, message) = ((&public[..], &r[..]), asked.message.as_slice());
            Ok(match scheme {
                Scheme::P384 => self.turned::<P384>(has, turn, message),
                Scheme::Ristretto255 => self.turned::<Ristretto255>(has, turn, message),
                Scheme::Paillier3072 => self.turned::<Paillier3072>(has, turn, message),
            })
        })
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
        let root = RootKey::new(&SecretArray::from_array([9; 32]));
        let store = SqliteStore::create(&directory.path().join("hub")).unwrap();
        let store = Arc::new(store.with_root_key(root));
        let source = Seeded::new(seed);
        let agents = Arc::new(Beside {
            source: Arc::clone(&source),
            drawn: Mutex::default(),
            away: Mutex::default(),
            asked: AtomicU64::new(0),
        });
        let vault = Vault::new(VaultParts {
            hub: "hub".into(),
            store: Arc::clone(&store) as Arc<dyn VaultStore>,
            source: Arc::clone(&source) as Arc<dyn ByteSource>,
            agents: Arc::clone(&agents) as Arc<dyn Agents>,
            clock: now,
            settings,
        });
        let enrolments = Arc::new(Enrolments::default());
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
