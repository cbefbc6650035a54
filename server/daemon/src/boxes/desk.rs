//! The hub's side of key boxes: random numbers from the pool, orbits and boxes off the asynchronous threads, the ledger's
//! entries, and each gateway's request. Who gets what when is [`Pairs`]' to say.
//!
//! Countermeasure T22 (`docs/threat-model.md`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use photonbox_channel::message::{MAX_PART, RefusalCode};
use photonbox_driver::Card;
use photonbox_entropy::ledger::DeliveryId;
use photonbox_entropy::pool::{FullOutput, PoolError};
use photonbox_entropy::provenance::Class;
use photonbox_keybox::{Error as KeyboxError, KEY_BYTES, Parameters};
use photonbox_secret::{SecretArray, SecretBytes};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use super::draw::{IP_KEY_BYTES, ip_key};
use super::orbits::{Engines, derive_box};
use super::pairs::Pairs;
use super::parts::{Action, Job, Made, NoWish, Orbit, Pair, Raw, Shown, Tell, Why, Wish};
use super::{BoxOptions, BoxOut, BoxWish, Word, parameters, sizes};
use crate::deliver::refuse;
use crate::fair::FairQueue;
use crate::serving::{Ended, Out, Outbox, Stop, Stopping};
use crate::source::{DrawError, Entropy, label, on_the_wire};

/// The longest wait for the pool before looking again, and the pause after what may pass.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Bytes of R_i.
const SALT_BYTES: usize = 32;

/// What a pair's orbit has in the ledger: all that the pool gave for it. It ends with the orbit.
struct Entry {
    entropy: Arc<Entropy>,
    id: DeliveryId,
}

impl Entry {
    /// Under both gateways' names; no host's name has a `+`.
    fn open(entropy: &Arc<Entropy>, Pair([one, other]): &Pair) -> Result<Arc<Self>, PoolError> {
        let name = format!("{one}+{other}");
        let id = entropy.pool().open_delivery(&name, Class::Full, 1)?;
        Ok(Arc::new(Self {
            entropy: Arc::clone(entropy),
            id,
        }))
    }

    fn record(&self, drawn: &FullOutput) -> Result<(), PoolError> {
        let mut pool = self.entropy.pool();
        pool.record_delivery(self.id, drawn.bytes.as_slice(), drawn.origin.provenance)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Err(error) = self.entropy.pool().close_delivery(self.id) {
            tracing::error!(%error, "the ledger cannot close a pair's entry");
        }
    }
}

struct Table {
    pairs: Pairs<Arc<Entry>>,
    /// Of open requests. A gateway that reads nothing has at most a box waiting here, and few words.
    tells: HashMap<Wish, mpsc::UnboundedSender<Tell>>,
}

/// The key-box service of a hub.
pub(crate) struct Desk {
    table: Mutex<Table>,
    entropy: Arc<Entropy>,
    turns: FairQueue,
    engines: Engines,
    /// One orbit at a time, in the order in which their IP keys were drawn.
    engine_turn: Arc<Semaphore>,
    options: BoxOptions,
    allow_unlocked: bool,
}

/// A request that is open; dropping it takes the gateway out of its pair.
struct Present {
    desk: Arc<Desk>,
    wish: Wish,
    closed: bool,
}

impl Drop for Present {
    fn drop(&mut self) {
        let (wish, closed) = (self.wish, self.closed);
        self.desk.with(|table| {
            table.tells.remove(&wish);
            table.pairs.left(wish, closed);
        });
    }
}

impl Desk {
    pub(crate) fn new(
        entropy: Arc<Entropy>,
        turns: FairQueue,
        card: Option<Arc<Card>>,
        options: BoxOptions,
        allow_unlocked: bool,
    ) -> Arc<Self> {
        let most_keys = options.memory_bytes / KEY_BYTES as u64;
        let table = Table {
            pairs: Pairs::new(options.max_pairs, most_keys),
            tells: HashMap::new(),
        };
        Arc::new(Self {
            table: Mutex::new(table),
            entropy,
            turns,
            engines: Engines { card },
            engine_turn: Arc::new(Semaphore::new(1)),
            options,
            allow_unlocked,
        })
    }

    /// Changes the table, then does what it asks for.
    fn with<R>(self: &Arc<Self>, change: impl FnOnce(&mut Table) -> R) -> R {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut table);
        for action in table.pairs.actions() {
            match action {
                Action::Tell(wish, tell) => {
                    let last = matches!(tell, Tell::Superseded);
                    // A request that is just ending hears nothing more.
                    let _ = table.tells.get(&wish).map(|to| to.send(tell));
                    if last {
                        table.tells.remove(&wish);
                    }
                }
                Action::MakeOrbit(job, parameters) => {
                    spawn(Arc::clone(self).make_orbit(job, parameters));
                }
                Action::MakeBox(job, raw) => spawn(Arc::clone(self).make_box(job, raw)),
            }
        }
        result
    }

    fn is_wanted(&self, job: &Job) -> bool {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.pairs.is_wanted(job.number)
    }

    fn waits(self: &Arc<Self>, job: &Job, why: Why) {
        self.with(|table| table.pairs.job_waits(job.number, why));
    }

    /// This machine was copied: what was made of what it drew by now is never given, and requests that are open end.
    pub(crate) fn copied(self: &Arc<Self>) {
        self.with(|table| {
            table.pairs.forget();
            table.tells.clear();
        });
    }

    /// Answers one gateway's request until it ends it or leaves.
    pub(crate) async fn serve(
        self: &Arc<Self>,
        host: &str,
        wish: BoxWish,
        mut words: mpsc::Receiver<Word>,
        mut stop: Stopping,
        out: Outbox,
    ) -> Ended {
        let id = wish.id;
        let (mut present, mut tells) = match self.open(host, &wish) {
            Ok(open) => open,
            Err((code, text)) => {
                refuse(&out, id, code, None, &text).await;
                return Ended::Said;
            }
        };
        let number = present.wish;
        let answer = async {
            loop {
                tokio::select! {
                    Some(word) = words.recv() => self.with(|table| match word {
                        Word::Held { orbit, number: i } => table.pairs.held(number, orbit, i),
                        Word::Next { orbit, number: i } => table.pairs.next(number, orbit, i),
                    }),
                    tell = tells.recv() => match tell {
                        Some(tell) => if pass_on(&out, id, tell).await.is_err() {
                            return Ended::Said;
                        },
                        None => {
                            let text = "this hub was copied; ask again";
                            refuse(&out, id, RefusalCode::Draining, Some(1000), text).await;
                            return Ended::Said;
                        }
                    },
                }
            }
        };
        tokio::select! {
            biased;
            why = stop.asked() => {
                present.closed = why == Stop::Cancelled;
                Ended::Stopped(why)
            }
            ended = answer => ended,
        }
    }

    fn open(
        self: &Arc<Self>,
        host: &str,
        wish: &BoxWish,
    ) -> Result<(Present, mpsc::UnboundedReceiver<Tell>), (RefusalCode, String)> {
        let peer = wish.peer.as_str();
        let parameters = parameters(wish.sizes)
            .map_err(|error| (RefusalCode::Unsupported, error.to_string()))?;
        let bytes = u64::from(parameters.total()) * KEY_BYTES as u64;
        if bytes > self.options.memory_bytes {
            let most = self.options.memory_bytes;
            let text = format!(
                "an orbit of {bytes} bytes is more than this hub keeps ({most}): ask for fewer boxes or keys"
            );
            return Err((RefusalCode::Unsupported, text));
        }
        if !photonbox_channel::is_valid_id(peer) || !self.options.allows(host, peer) {
            let text = "this hub's operator does not allow key boxes for these two gateways";
            return Err((RefusalCode::Forbidden, text.into()));
        }
        let (tell, told) = mpsc::unbounded_channel();
        let opened = self.with(|table| {
            let opened = table.pairs.open(host, peer, parameters);
            if let Ok(wish) = opened {
                table.tells.insert(wish, tell);
            }
            opened
        });
        let wish = opened.map_err(|none| match none {
            NoWish::Itself => (
                RefusalCode::Forbidden,
                "a gateway shares no key boxes with itself".to_owned(),
            ),
            NoWish::TooMany => (
                RefusalCode::Quota,
                "this hub serves no more pairs; its operator can raise max_pairs in [boxes]".into(),
            ),
        })?;
        let desk = Arc::clone(self);
        let present = Present {
            desk,
            wish,
            closed: false,
        };
        Ok((present, told))
    }

    /// Full entropy, waiting for it as long as the job is wanted; none when it no longer is.
    async fn draw(self: &Arc<Self>, job: &Job, bytes: usize) -> Option<FullOutput> {
        while self.is_wanted(job) {
            let turn = self.turns.turn(&job.asker).await;
            // Made before the pool is looked at, so that no change is missed.
            let changed = self.entropy.changed();
            let why = match self.entropy.full(bytes) {
                Ok(drawn) => return Some(drawn),
                Err(DrawError::Pool(
                    PoolError::Wait { .. }
                    | PoolError::NotSeeded { .. }
                    | PoolError::ReseedWaits { .. }
                    | PoolError::Unhealthy(photonbox_entropy::health::Health::Starting),
                )) => Why::Depleted,
                Err(error) => {
                    tracing::debug!(%error, "nothing for a key box");
                    Why::Unhealthy
                }
            };
            self.waits(job, why);
            // A source that is well keeps the turn: who asks for little does not wait longer than who asks for much.
            let turn = (why == Why::Depleted).then_some(turn);
            // Time-outs cover what tells nobody: that the job is not wanted any more.
            let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
            drop(turn);
        }
        None
    }

    /// What was drawn came to nothing.
    fn discard(&self, drawn: FullOutput) {
        if let Err(error) = self.entropy.pool().discard_output(drawn.shares) {
            tracing::error!(%error, "the ledger refuses what was lost");
        }
    }

    /// Step K2.
    async fn make_orbit(self: Arc<Self>, job: Job, parameters: Parameters) {
        let made = loop {
            let Some(drawn) = self.draw(&job, IP_KEY_BYTES).await else {
                break None;
            };
            match self.orbit(&job, parameters, drawn).await {
                Ok(Some(orbit)) => break Some(orbit),
                // Other random numbers are needed.
                Ok(None) => {}
                Err(why) => {
                    self.waits(&job, why);
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        };
        self.with(|table| table.pairs.orbit_made(job.number, made));
    }

    async fn orbit(
        self: &Arc<Self>,
        job: &Job,
        parameters: Parameters,
        drawn: FullOutput,
    ) -> Result<Option<Orbit<Arc<Entry>>>, Why> {
        let bytes = drawn.bytes.as_slice().first_chunk::<IP_KEY_BYTES>();
        let Some(ip_key) = bytes.and_then(ip_key) else {
            self.discard(drawn);
            return Ok(None);
        };
        let turn = Arc::clone(&self.engine_turn).acquire_owned().await;
        let engines = self.engines.clone();
        let computed = tokio::task::spawn_blocking(move || {
            let computed = engines.orbit(&ip_key, parameters);
            drop(turn);
            computed
        });
        let computed = match computed.await {
            Ok(Ok(computed)) => computed,
            Ok(Err(KeyboxError::Weak { .. })) => {
                self.discard(drawn);
                return Ok(None);
            }
            failed => {
                let error = failed.map(|result| result.err());
                tracing::error!(?error, "no orbit could be computed");
                self.discard(drawn);
                return Err(Why::Engine);
            }
        };
        if !self.allow_unlocked && !photonbox_secret::lock_state().all_locked() {
            tracing::error!("session keys cannot be locked in memory: raise the memlock limit");
            self.discard(drawn);
            return Err(Why::Unlocked);
        }
        let mut id = [0; 8];
        let entry = Entry::open(&self.entropy, &job.pair);
        let recorded = entry.and_then(|entry| entry.record(&drawn).map(|()| entry));
        match (recorded, self.entropy.drbg(&mut id)) {
            (Ok(entry), Ok(_)) => Ok(Some(Orbit {
                id: u64::from_be_bytes(id),
                parameters,
                provenance: drawn.origin.provenance,
                boxes: computed.boxes,
                engine: computed.engine,
                entry,
            })),
            (Err(error), _) => {
                tracing::error!(%error, "the ledger refuses an orbit");
                self.discard(drawn);
                Err(Why::Unhealthy)
            }
            (_, Err(error)) => {
                tracing::warn!(%error, "no number for an orbit");
                Err(Why::Unhealthy)
            }
        }
    }

    /// Step K3.
    async fn make_box(self: Arc<Self>, job: Job, raw: Raw<Arc<Entry>>) {
        let made = match self.draw(&job, SALT_BYTES).await {
            Some(drawn) => self.derive(&job, raw, drawn).await,
            None => None,
        };
        self.with(|table| table.pairs.box_made(job.number, made));
    }

    async fn derive(
        self: &Arc<Self>,
        job: &Job,
        raw: Raw<Arc<Entry>>,
        drawn: FullOutput,
    ) -> Option<Made> {
        if let Err(error) = raw.entry.record(&drawn) {
            tracing::error!(%error, "the ledger refuses a box");
            self.discard(drawn);
            self.waits(job, Why::Unhealthy);
            // It will refuse the next one, too.
            tokio::time::sleep(LOOK_AGAIN).await;
            return None;
        }
        let Raw {
            number,
            parameters,
            session_keys,
            provenance,
            entry: _,
        } = raw;
        let provenance = provenance.merge(drawn.origin.provenance);
        let salt = SecretArray::<SALT_BYTES>::try_from(drawn.bytes).ok()?;
        // Session keys and R_i end here.
        let keys = tokio::task::spawn_blocking(move || {
            derive_box(&salt, number, parameters, &session_keys)
        });
        let keys = keys.await.ok()?;
        Some(Made { keys, provenance })
    }

    /// For `status`.
    pub(crate) fn json(&self) -> Value {
        let (shown, memory) = self.shown();
        let pairs: Vec<Value> = shown.iter().map(pair_json).collect();
        json!({
            "pairs": pairs,
            "memory_bytes": memory,
            "most_memory_bytes": self.options.memory_bytes,
        })
    }

    /// For metrics.
    pub(crate) fn count(&self) -> BoxCount {
        let (shown, memory_bytes) = self.shown();
        BoxCount {
            pairs: shown.len(),
            ready: shown
                .iter()
                .filter(|pair| pair.why.is_none() && pair.ready)
                .count(),
            memory_bytes,
            most_memory_bytes: self.options.memory_bytes,
        }
    }

    /// All pairs, and the bytes that their session keys take.
    fn shown(&self) -> (Vec<Shown>, u64) {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = table.pairs.keys() * KEY_BYTES as u64;
        (table.pairs.shown(), memory)
    }
}

/// Pairs of gateways, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoxCount {
    pub(crate) pairs: usize,
    /// Of these, those whose newest box both sides have.
    pub(crate) ready: usize,
    pub(crate) memory_bytes: u64,
    pub(crate) most_memory_bytes: u64,
}

/// A runtime that is ending does nothing more.
fn spawn(job: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(job);
    }
}

fn pair_json(shown: &Shown) -> Value {
    let connected: Vec<&str> = shown
        .gateways
        .iter()
        .zip(shown.present)
        .filter_map(|(gateway, present)| present.then_some(&**gateway))
        .collect();
    let state = match (shown.why, shown.ready) {
        (Some(why), _) => why.words().1,
        (None, true) => "ready",
        (None, false) => "a box is on its way",
    };
    json!({
        "gateways": shown.gateways.each_ref().map(|gateway| &**gateway),
        "connected": connected,
        "state": state,
        "orbit": shown.orbit.map(|orbit| format!("{orbit:016x}")),
        "engine": shown.engine,
        "box": shown.number,
        "ready": shown.ready,
        "boxes_left": shown.left,
        "boxes_given": shown.boxes,
        "label": label(shown.provenance),
    })
}

struct Gone;

/// Puts what a gateway is told into its outbox, keys in parts that fit a record.
async fn pass_on(out: &Outbox, id: u64, tell: Tell) -> Result<(), Gone> {
    let send = async |message: BoxOut| out.send(Out::Boxes(message)).await.map_err(|_| Gone);
    match tell {
        Tell::Opened {
            orbit,
            role,
            parameters,
        } => {
            let sizes = sizes(parameters);
            send(BoxOut::Opened {
                id,
                orbit,
                role,
                sizes,
            })
            .await
        }
        Tell::Keys {
            orbit,
            number,
            provenance,
            mut keys,
        } => {
            let mut first = 1;
            while !keys.is_empty() {
                let (part, rest) = split(keys);
                let count = (part.len() / KEY_BYTES) as u16;
                let message = BoxOut::Keys {
                    id,
                    orbit,
                    number,
                    first,
                    provenance: on_the_wire(provenance),
                    keys: part,
                };
                send(message).await?;
                first = first.saturating_add(count);
                keys = rest;
            }
            Ok(())
        }
        Tell::Ready { orbit, number } => send(BoxOut::Ready { id, orbit, number }).await,
        Tell::Waits(why) => {
            let (code, text) = why.words();
            send(BoxOut::Waits { id, code, text }).await
        }
        Tell::Superseded => {
            let text = "this gateway asked for boxes with the same other one again";
            refuse(out, id, RefusalCode::Cancelled, None, text).await;
            Err(Gone)
        }
    }
}

fn split(keys: SecretBytes) -> (SecretBytes, SecretBytes) {
    keys.split(MAX_PART * KEY_BYTES)
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
