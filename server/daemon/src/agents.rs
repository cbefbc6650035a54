//! Homomorphic agents: how a hub asks them, and the process that is one (specification 4-vault §4.1).

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use photonbox_api::vault::{Agents, AskedAgent, Turn};
use photonbox_api::{AgentDesk, Server, ServerLimits, agent_routes};
use photonbox_channel::{ByteSource, Identity as ChannelIdentity, Role as ChannelRole};
use photonbox_client::{Ask, Connection, Credentials};
use photonbox_secret::SecretBytes;
use photonbox_store::{Role, SqliteStore, Store, VaultStore};
use photonbox_vault::api::{Agent, AgentCarry, AgentDraw, AgentMove, AgentTurn, AgentTurned};
use serde::Serialize;
use tokio::sync::watch;

use crate::api::{self, CurrentTls};
use crate::generator::HostGenerator;
use crate::hub::{Hub, check_memory};
use crate::shutdown::{Phase, Shutdown};
use crate::state_dir::{self, RunningLock};
use crate::{Error, Result, channel_settings, os};

/// Default port of an agent.
pub const AGENT_PORT: u16 = 4504;

/// The agents of a hub's sets, by id and address: a connection to each is kept.
pub(crate) struct AgentLinks {
    hub: Arc<Hub>,
    links: Mutex<HashMap<(String, String), Link>>,
}

/// With the certificate that it was made with.
struct Link {
    identity: Arc<ChannelIdentity>,
    connection: Arc<Connection>,
}

impl fmt::Debug for AgentLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentLinks")
    }
}

impl AgentLinks {
    pub(crate) fn new(hub: &Arc<Hub>) -> Self {
        Self {
            hub: Arc::clone(hub),
            links: Mutex::default(),
        }
    }

    /// It must show the certificate of this id: an address alone says nothing.
    fn link(&self, agent: &Agent) -> std::result::Result<Arc<Connection>, String> {
        let identity = self.hub.certificate.identity();
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (agent.host.clone(), agent.address.clone());
        if let Some(link) = links.get(&name)
            && Arc::ptr_eq(&link.identity, &identity)
        {
            return Ok(Arc::clone(&link.connection));
        }
        let connection = Connection::new(
            &Credentials::of(Arc::clone(&identity), self.hub.ca.clone()),
            vec![agent.address.clone()],
            &[ChannelRole::Host],
            Some(&agent.host),
            Arc::clone(&self.hub.entropy) as Arc<dyn ByteSource>,
        );
        let connection = Arc::new(connection.map_err(|error| error.to_string())?);
        let link = Link {
            identity,
            connection: Arc::clone(&connection),
        };
        links.insert(name, link);
        Ok(connection)
    }

    async fn ask(
        &self,
        agent: &Agent,
        path: &str,
        body: &impl Serialize,
    ) -> std::result::Result<SecretBytes, String> {
        let enrolled = {
            let (store, host) = (Arc::clone(&self.hub.store), agent.host.clone());
            tokio::task::spawn_blocking(move || store.living_enrolment(&host))
        };
        match enrolled.await {
            Ok(Ok(Some(_))) => {}
            Ok(Ok(None)) => return Err("it is not enrolled here, or was revoked".into()),
            Ok(Err(error)) => return Err(error.to_string()),
            Err(error) => return Err(error.to_string()),
        }
        let ask = Ask {
            method: hyper::Method::POST,
            path: path.into(),
            key: None,
            body: Some(Ask::json(body).map_err(|error| error.to_string())?),
        };
        let answer = self.link(agent)?.ask(&ask).await;
        answer
            .map(|answer| answer.body)
            .map_err(|error| error.to_string())
    }
}

impl Agents for AgentLinks {
    fn draw<'a>(&'a self, agent: &'a Agent, asked: &'a AgentDraw) -> AskedAgent<'a, ()> {
        Box::pin(async move {
            self.ask(agent, "/v1/agent/draw", asked).await?;
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
            let path = match turn {
                Turn::TakeOut => "/v1/agent/take-out",
                Turn::PutIn => "/v1/agent/put-in",
            };
            let answer = self.ask(agent, path, asked).await?;
            turned(answer.as_slice())
        })
    }

    fn move_to<'a>(&'a self, agent: &'a Agent, asked: &'a AgentMove) -> AskedAgent<'a, Vec<u8>> {
        Box::pin(async move {
            let answer = self.ask(agent, "/v1/agent/move", asked).await?;
            turned(answer.as_slice())
        })
    }

    fn carry<'a>(&'a self, agent: &'a Agent, asked: &'a AgentCarry) -> AskedAgent<'a, ()> {
        Box::pin(async move {
            self.ask(agent, "/v1/agent/carry", asked).await?;
            Ok(())
        })
    }
}

/// The message of an agent's answer.
fn turned(answer: &[u8]) -> std::result::Result<Vec<u8>, String> {
    let turned: AgentTurned =
        serde_json::from_slice(answer).map_err(|_| "its answer is not understood".to_owned())?;
    Ok(turned.message.as_slice().to_vec())
}

/// `photonbox homomorphic-agent`.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// State directory of an enrolled host, the agent's own.
    pub state: Option<PathBuf>,
    /// Where hubs ask it.
    pub listen: String,
    /// Go on when secrets cannot be locked in memory.
    pub allow_unlocked_memory: bool,
}

impl Default for AgentOptions {
    fn default() -> Self {
        Self {
            state: None,
            listen: format!("0.0.0.0:{AGENT_PORT}"),
            allow_unlocked_memory: false,
        }
    }
}

/// That an agent listens.
#[derive(Clone, Debug, Serialize)]
pub struct AgentReady {
    /// `agent`.
    pub role: &'static str,
    /// Its id.
    pub host: String,
    /// Where.
    pub listen: SocketAddr,
}

/// The agent's store, under its root key, which is made at its first start.
fn open_store(state: &Path) -> Result<Arc<SqliteStore>> {
    let store = Arc::new(SqliteStore::open(state)?);
    api::give_root_key(&*store, state, None)?;
    Ok(store)
}

/// Runs an agent until the shutdown.
///
/// # Errors
/// What can be wrong before it listens: state, memory, port.
pub async fn agent(
    options: AgentOptions,
    shutdown: Shutdown,
    ready: impl FnOnce(&AgentReady) + Send,
) -> Result<()> {
    let state = state_dir::resolve(options.state.as_deref())?;
    let _running = RunningLock::take(&state)?;
    check_memory(options.allow_unlocked_memory)?;
    let store = open_store(&state)?;
    let own = store.identity()?;
    if own.role != Role::Host {
        return Err(Error::failed(
            format!("this state directory belongs to the hub `{}`", own.name),
            "enrol the agent as a host, in a state directory of its own: a third location is another machine",
        ));
    }
    let address = crate::error::with_default_port(&options.listen, AGENT_PORT);
    let listening = photonbox_api::Listening::open(&address)
        .await
        .map_err(|error| Error::bind(&address, &error))?;
    let source: Arc<dyn ByteSource> = Arc::new(HostGenerator::new()?);
    let ca = channel_settings::ca(&own)?;
    let identity = channel_settings::identity(&own)?;
    let tls = CurrentTls::new(ca.clone(), ChannelRole::Hub, Arc::clone(&source));
    let current = Arc::new(Mutex::new(identity));
    let first = tls.get(
        &current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
    )?;
    let said = AgentReady {
        role: "agent",
        host: own.name.clone(),
        listen: listening.address(),
    };
    let desk = AgentDesk {
        id: own.name,
        store: Arc::clone(&store) as Arc<dyn VaultStore>,
        source,
        clock: os::unix_now,
    };
    let shown = Arc::clone(&current);
    let server = Server {
        tls: Arc::new(move || {
            let identity = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
            tls.get(&identity).unwrap_or_else(|_| Arc::clone(&first))
        }),
        ca,
        roles: vec![ChannelRole::Hub],
        routes: agent_routes(Arc::new(desk)),
        clock: os::unix_now,
        limits: ServerLimits::default(),
    };
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(listening.serve(server, stopped));
    tracing::info!(listen = %said.listen, host = said.host, "agent serves");
    ready(&said);
    loop {
        tokio::select! {
            () = shutdown.reached(Phase::Drain) => break,
            // `photonbox renew` puts a newer certificate into the store.
            () = tokio::time::sleep(std::time::Duration::from_secs(60)) => {
                let store = Arc::clone(&store);
                let own = tokio::task::spawn_blocking(move || store.identity()).await;
                match own {
                    Ok(Ok(own)) => {
                        let newer = channel_settings::identity(&own)?;
                        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
                        if newer.public() != current.public() {
                            *current = newer;
                        }
                    }
                    failed => tracing::warn!(?failed, "the agent's certificate was not looked up"),
                }
            }
        }
    }
    let _ = stop.send(true);
    serving.await.map_err(|error| {
        Error::failed(format!("the agent ended badly: {error}"), "look at the log")
    })?;
    tracing::info!("agent stopped");
    Ok(())
}
