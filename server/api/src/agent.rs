//! A homomorphic agent: the third location (specification 4-vault §4.1). It has E(r_i) of each appliance, multiplies by it or divides,
//! and knows neither r_i nor what it turns.
//!
//! It answers hubs alone: an appliance that could ask it, and have the vault decrypt what comes of a ciphertext of its own, had r.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use photonbox_channel::ByteSource;
use photonbox_secret::SecretBytes;
use photonbox_store::{ApplianceRow, AuditEvent, SetRow, VaultStore};
use photonbox_vault::api::{AgentCarry, AgentDraw, AgentMove, AgentTurn, AgentTurned, Bytes};
use photonbox_vault::group::{Group, Scheme};
use photonbox_vault::in_group;
use photonbox_vault::protocol::{Hidden, Kind, agents};

use crate::body::{Given, Json};
use crate::problem::Refusal;
use crate::server::Routes;
use crate::vault::{Stop, Turn, Workers, names, transaction};
use photonbox_channel::Drawn;

/// Its part is drawn, and nothing hangs on it yet.
const DRAWN: &str = "drawn";
/// Items hang on it.
const USED: &str = "used";

/// What an agent answers from.
pub struct AgentDesk {
    /// Its id.
    pub id: String,
    /// Its own store, under its own root key.
    pub store: Arc<dyn VaultStore>,
    /// Its own generator.
    pub source: Arc<dyn ByteSource>,
    /// Seconds since 1970.
    pub clock: fn() -> u64,
}

impl std::fmt::Debug for AgentDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentDesk")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl AgentDesk {
    /// Draws r_i and keeps E(r_i). What was drawn and not used yet may be drawn anew: a set-up that another agent broke off.
    pub(crate) fn draw(&self, asked: &AgentDraw) -> Result<(), Refusal> {
        names::id("set's name", &asked.set)?;
        names::id("appliance's id", &asked.appliance)?;
        let scheme = Scheme::of_name(&asked.scheme)
            .ok_or_else(|| Refusal::Bad("a scheme that this agent does not know".into()))?;
        let public = asked.public_key.as_slice();
        let kept = in_group!(scheme, draw(public, &*self.source))?;
        let name = format!("{}/{}", asked.set, asked.appliance);
        let now = (self.clock)();
        transaction(&*self.store, |rows| {
            rows.add_set(&set(asked, now))?;
            if let Some(before) = rows.appliance(&asked.set, asked.generation, &asked.appliance)? {
                if before.public_key.as_deref() == Some(public) {
                    return Ok(());
                }
                if before.state != DRAWN {
                    return Err(Refusal::InUse(name.clone()).into());
                }
            }
            rows.put_appliance(&ApplianceRow {
                set: asked.set.clone(),
                generation: asked.generation,
                appliance: asked.appliance.clone(),
                state: DRAWN.into(),
                concealment: Some(SecretBytes::concat(&[
                    scheme.name().as_bytes(),
                    b"\n",
                    &kept,
                ])),
                private_key: None,
                public_key: Some(public.to_vec()),
                hpke_key: Vec::new(),
                vouched_by: None,
                created: now,
                revoked: None,
            })?;
            rows.audit(&AuditEvent {
                at: now,
                hub: self.id.clone(),
                actor: "hub".into(),
                action: "agent.draw".into(),
                subject: name.clone(),
                detail: format!("generation {}", asked.generation),
            })?;
            Ok(())
        })
    }

    pub(crate) fn turn(&self, turn: Turn, asked: &AgentTurn) -> Result<AgentTurned, Refusal> {
        let row = transaction(&*self.store, |rows| {
            let row = rows.appliance(&asked.set, asked.generation, &asked.appliance)?;
            let nothing = || Refusal::NothingDrawn(format!("{}/{}", asked.set, asked.appliance));
            let row = row.ok_or_else(nothing)?;
            if turn == Turn::TakeOut && row.state == DRAWN {
                // From now on an item's key hangs on it.
                let used = ApplianceRow {
                    state: USED.into(),
                    ..row
                };
                rows.put_appliance(&used)?;
                return Ok(used);
            }
            Ok(row)
        })?;
        let part = Part::of(&row)?;
        let (message, source) = (asked.message.as_slice(), &*self.source);
        let message = in_group!(part.scheme, turned(&part, turn, message, source))?;
        Ok(AgentTurned {
            message: Bytes::new(message),
        })
    }

    /// From one appliance's r_i to another's.
    pub(crate) fn move_to(&self, asked: &AgentMove) -> Result<AgentTurned, Refusal> {
        let rows = transaction(&*self.store, |rows| {
            let mut find = |appliance: &str| {
                let row = rows.appliance(&asked.set, asked.generation, appliance)?;
                let nothing = || Refusal::NothingDrawn(format!("{}/{appliance}", asked.set));
                Ok::<_, Stop>(row.ok_or_else(nothing)?)
            };
            let (from, to) = (find(&asked.from)?, find(&asked.to)?);
            // From now on a concealment hangs on it.
            let used = ApplianceRow {
                state: USED.into(),
                ..to
            };
            rows.put_appliance(&used)?;
            Ok((from, used))
        })?;
        let (from, to) = (Part::of(&rows.0)?, Part::of(&rows.1)?);
        let (message, source) = (asked.message.as_slice(), &*self.source);
        let message = in_group!(from.scheme, moved(&from, &to, message, source))?;
        Ok(AgentTurned {
            message: Bytes::new(message),
        })
    }

    /// r_i in the next generation.
    pub(crate) fn carry(&self, asked: &AgentCarry) -> Result<(), Refusal> {
        let now = (self.clock)();
        transaction(&*self.store, |rows| {
            if rows
                .appliance(&asked.set, asked.generation, &asked.appliance)?
                .is_some()
            {
                return Ok(());
            }
            let before = asked.generation.saturating_sub(1);
            let row = rows.appliance(&asked.set, before, &asked.appliance)?;
            let name = format!("{}/{}", asked.set, asked.appliance);
            let row = row.ok_or_else(|| Refusal::NothingDrawn(name.clone()))?;
            rows.put_appliance(&ApplianceRow {
                generation: asked.generation,
                state: USED.into(),
                created: now,
                ..row
            })?;
            rows.audit(&AuditEvent {
                at: now,
                hub: self.id.clone(),
                actor: "hub".into(),
                action: "agent.carry".into(),
                subject: name,
                detail: format!("generation {}", asked.generation),
            })?;
            Ok(())
        })
    }
}

/// What an agent has for an appliance, read.
struct Part<'a> {
    scheme: Scheme,
    public: &'a [u8],
    r: &'a [u8],
}

impl<'a> Part<'a> {
    fn of(row: &'a ApplianceRow) -> Result<Self, Refusal> {
        let read = || {
            let kept = row.concealment.as_ref()?.as_slice();
            let end = kept.iter().position(|byte| *byte == b'\n')?;
            let (scheme, r) = kept.split_at(end);
            Some(Self {
                scheme: std::str::from_utf8(scheme).ok().and_then(Scheme::of_name)?,
                public: row.public_key.as_deref()?,
                r: &r[1..],
            })
        };
        read().ok_or_else(|| {
            tracing::error!(set = row.set, "this agent's part cannot be read");
            Refusal::Internal
        })
    }

    fn agent<G: Group>(&self) -> Result<agents::Agent<G>, Refusal> {
        let stored = |error| {
            tracing::error!(%error, "this agent's part does not fit its group");
            Refusal::Internal
        };
        let public = G::decode_public_key(self.public).map_err(stored)?;
        let r = G::decode_ciphertext(self.r).map_err(stored)?;
        Ok(agents::Agent::new(public, r))
    }
}

fn set(asked: &AgentDraw, now: u64) -> SetRow {
    SetRow {
        set: asked.set.clone(),
        scheme: asked.scheme.clone(),
        protocol: "agent".into(),
        appliances_keep_shares: true,
        generation: asked.generation,
        private_key: None,
        public_key: None,
        agents: Vec::new(),
        owner: asked.appliance.clone(),
        created: now,
    }
}

fn draw<G: Group>(public: &[u8], source: &dyn ByteSource) -> Result<Vec<u8>, Refusal> {
    let public = G::decode_public_key(public).map_err(|error| Refusal::Bad(error.to_string()))?;
    let agent = agents::Agent::<G>::draw(public, &mut Drawn(source))?;
    Ok(G::encode_ciphertext(agent.stored()))
}

fn turned<G: Group>(
    part: &Part<'_>,
    turn: Turn,
    message: &[u8],
    source: &dyn ByteSource,
) -> Result<Vec<u8>, Refusal> {
    let agent = part.agent::<G>()?;
    let random = &mut Drawn(source);
    let turned = match turn {
        Turn::TakeOut => agent.take_out(&Hidden::read(message, Kind::AgentsCreate)?, random)?,
        Turn::PutIn => agent.put_in(Hidden::read(message, Kind::AgentsAsk)?, random)?,
    };
    Ok(turned.to_bytes())
}

fn moved<G: Group>(
    from: &Part<'_>,
    to: &Part<'_>,
    message: &[u8],
    source: &dyn ByteSource,
) -> Result<Vec<u8>, Refusal> {
    let vouched = Hidden::<G>::read(message, Kind::AgentsVouch)?;
    let (from, to) = (from.agent::<G>()?, to.agent::<G>()?);
    let moved = from.move_to(&to, &vouched, &mut Drawn(source))?;
    Ok(moved.to_bytes())
}

#[derive(Clone)]
struct Shared {
    desk: Arc<AgentDesk>,
    workers: Workers,
}

impl Shared {
    async fn work<T: Send + 'static>(
        self,
        step: impl FnOnce(&AgentDesk) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let desk = self.desk;
        self.workers.run(move || step(&desk)).await
    }
}

/// An agent's paths, for hubs.
#[must_use]
pub fn agent_routes(desk: Arc<AgentDesk>) -> Routes {
    let workers = Workers::new();
    let routes = Router::new()
        .route("/v1/agent/draw", post(asked_to_draw))
        .route("/v1/agent/take-out", post(asked_to_take_out))
        .route("/v1/agent/put-in", post(asked_to_put_in))
        .route("/v1/agent/move", post(asked_to_move))
        .route("/v1/agent/carry", post(asked_to_carry))
        .fallback(|| async { Refusal::NoPath })
        .method_not_allowed_fallback(|| async { Refusal::NoMethod })
        .with_state(Shared { desk, workers });
    Routes(routes)
}

async fn asked_to_draw(
    State(shared): State<Shared>,
    given: Given<AgentDraw>,
) -> Result<StatusCode, Refusal> {
    shared
        .work(move |desk| desk.draw(&given.body))
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

async fn asked_to_take_out(
    State(shared): State<Shared>,
    given: Given<AgentTurn>,
) -> Result<Json<AgentTurned>, Refusal> {
    let turned = shared.work(move |desk| desk.turn(Turn::TakeOut, &given.body));
    turned.await.map(Json)
}

async fn asked_to_put_in(
    State(shared): State<Shared>,
    given: Given<AgentTurn>,
) -> Result<Json<AgentTurned>, Refusal> {
    let turned = shared.work(move |desk| desk.turn(Turn::PutIn, &given.body));
    turned.await.map(Json)
}

async fn asked_to_move(
    State(shared): State<Shared>,
    given: Given<AgentMove>,
) -> Result<Json<AgentTurned>, Refusal> {
    let moved = shared.work(move |desk| desk.move_to(&given.body));
    moved.await.map(Json)
}

async fn asked_to_carry(
    State(shared): State<Shared>,
    given: Given<AgentCarry>,
) -> Result<StatusCode, Refusal> {
    shared
        .work(move |desk| desk.carry(&given.body))
        .await
        .map(|()| StatusCode::NO_CONTENT)
}
