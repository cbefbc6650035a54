//! Many hosts in one process, for measuring and testing a hub: each with an identity, a generator and a channel of its
//! own, kept up by what keeps up a host's. What they receive is counted and wiped.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use photonbox_channel::message::{Mode, RefusalCode, Request};
use photonbox_channel::{
    ByteSource, CaCertificate, ClientConfig, ClientOptions, Identity, MixingSource,
};
use photonbox_keybox::Parameters;
use photonbox_store::{Enrolment, SqliteStore, Store};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::asked::{Answer, Asked};
use crate::boxes::Client;
use crate::channel_settings::{self, settings};
use crate::channels::Channels;
use crate::current::Current;
use crate::feed::wire_class;
use crate::gate::make_room_for_files;
use crate::generator::HostGenerator;
use crate::link::{Link, Upstream};
use crate::options::{Class, LimitOptions, RekeyOptions};
use crate::pki::{self, LeafRole, Signer};
use crate::shutdown::{Phase, Shutdown};
use crate::{Error, Result, os};

/// Hosts that a hub knows.
pub struct Crowd {
    ca: CaCertificate,
    identities: Vec<Arc<Identity>>,
}

/// One host with its channel.
pub struct Member {
    id: String,
    upstream: Upstream,
    shutdown: Shutdown,
    refused: mpsc::Receiver<Error>,
}

/// What [`Member::fetch`] got.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Bytes.
    pub bytes: u64,
    /// Of these bytes, lower-case hex: the hub's ledger has the same.
    pub sha256: String,
    /// From the question to the last byte.
    pub elapsed: Duration,
}

impl Crowd {
    /// Enrols `hosts` hosts, `PREFIX-0` and so on, with the CA key in a hub's state directory. Works beside a running hub.
    ///
    /// # Errors
    /// No hub in that directory; a name that is taken.
    pub fn enrol(state: &Path, prefix: &str, hosts: usize) -> Result<Self> {
        let store = SqliteStore::open(state)?;
        let own = store.identity()?;
        crate::api::give_root_key(&store, state, None)?;
        let authority = store.authority()?.ok_or_else(|| {
            Error::failed("this state directory has no CA key", "give that of a hub")
        })?;
        let signer = Signer::new(&authority.certificate, &authority.private_key)?;
        let now = os::unix_now();
        make_room_for_files(&LimitOptions {
            max_connections: hosts,
            ..LimitOptions::default()
        });
        let mut identities = Vec::with_capacity(hosts);
        for number in 0..hosts {
            let host = format!("{prefix}-{number}");
            let leaf = signer.new_identity(&host, LeafRole::Host, now, pki::LEAF_SECONDS)?;
            let fingerprint = pki::fingerprint(&leaf.certificate);
            let identity = Identity::from_der(&leaf.certificate, leaf.private_key.as_slice());
            identities.push(Arc::new(identity.map_err(|error| {
                Error::failed(
                    format!("a new identity cannot be used: {error}"),
                    "this is a bug",
                )
            })?));
            store.add_enrolment(&Enrolment {
                host,
                serial: leaf.serial,
                fingerprint,
                relay: false,
                issued: now,
                expires: leaf.expires,
                revoked: None,
                superseded: None,
            })?;
        }
        Ok(Self {
            ca: channel_settings::ca(&own)?,
            identities,
        })
    }

    /// The CA that all of them and their hub are certified by.
    #[must_use]
    pub fn ca(&self) -> &CaCertificate {
        &self.ca
    }

    /// Certificate and key of host `number`.
    ///
    /// # Panics
    /// No such host.
    #[must_use]
    pub fn identity(&self, number: usize) -> &Arc<Identity> {
        &self.identities[number]
    }

    /// Starts the channel of host `number` to `hub`, `HOST:PORT`. Needs a runtime around it.
    ///
    /// # Errors
    /// This machine's generator cannot start; a setting that the channel refuses.
    ///
    /// # Panics
    /// No such host.
    pub fn member(&self, number: usize, hub: &str, rekey: &RekeyOptions) -> Result<Member> {
        let identity = &self.identities[number];
        let generator = Arc::new(HostGenerator::new()?);
        let mut client = ClientOptions::new(
            Arc::clone(identity),
            self.ca.clone(),
            Arc::clone(&generator) as Arc<dyn MixingSource>,
        );
        client.settings = settings(rekey, &LimitOptions::default());
        let shutdown = Shutdown::new();
        let (refusal, refused) = mpsc::channel(1);
        let link = Link {
            hubs: vec![hub.to_owned()],
            config: Current::new(
                ClientConfig::new(client).map_err(|e| channel_settings::refused(&e))?,
            ),
            generator: generator as Arc<dyn ByteSource>,
            channels: Channels::default(),
            shutdown: shutdown.clone(),
            refused: refusal,
        };
        // The task ends with the shutdown, which a member that is dropped asks for.
        let (upstream, _) = link.start();
        Ok(Member {
            id: identity.id().to_owned(),
            upstream,
            shutdown,
            refused,
        })
    }
}

impl Member {
    /// The host's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits until its channel stands; how long the second channel took from the connection's begin.
    ///
    /// # Errors
    /// The hub will never take it.
    pub async fn connected(&mut self) -> Result<Duration> {
        tokio::select! {
            Some(error) = self.refused.recv() => Err(error),
            Some(parent) = self.upstream.connected() => Ok(parent.second_channel),
        }
    }

    /// Asks for `bytes` and waits for them.
    ///
    /// # Errors
    /// Refused, or the channel was lost meanwhile.
    pub async fn fetch(&self, class: Class, bytes: u64) -> Result<Fetched> {
        let since = Instant::now();
        let mut asked = self.ask(class, Mode::Once { bytes }).await;
        let (mut left, mut hash) = (bytes, Sha256::new());
        while left > 0 {
            let payload = payload(asked.next().await)?;
            left = left.saturating_sub(payload.len() as u64);
            hash.update(payload.as_slice());
        }
        Ok(Fetched {
            bytes,
            elapsed: since.elapsed(),
            sha256: pki::hex(&hash.finalize()),
        })
    }

    /// Takes all that it can get and adds it to `received`, until `enough` drains: pulls `portion` bytes at a time, two of
    /// them ahead, as a sink does. Returns when the last of what was made for it is here.
    ///
    /// # Errors
    /// As [`Member::fetch`].
    pub async fn take(
        &self,
        class: Class,
        portion: u64,
        received: &AtomicU64,
        enough: &Shutdown,
    ) -> Result<()> {
        let mut asked = self.ask(class, Mode::OnDemand).await;
        let (mut outstanding, mut cancelled) = (0, false);
        loop {
            while outstanding <= portion && !cancelled {
                asked.pull(portion).await;
                outstanding += portion;
            }
            let answer = tokio::select! {
                answer = asked.next() => answer,
                () = enough.reached(Phase::Drain), if !cancelled => {
                    asked.cancel().await;
                    cancelled = true;
                    continue;
                }
            };
            if let (
                Answer::Refused {
                    code: RefusalCode::Cancelled,
                    ..
                },
                true,
            ) = (&answer, cancelled)
            {
                return Ok(());
            }
            let bytes = payload(answer)?.len() as u64;
            outstanding = outstanding.saturating_sub(bytes);
            received.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Key boxes that this host shares with another one, `peer`.
    #[must_use]
    pub fn boxes(&self, peer: &str, parameters: Parameters) -> Client {
        Client::new(self.upstream.clone(), peer, parameters)
    }

    async fn ask(&self, class: Class, mode: Mode) -> Asked {
        let request = Request {
            id: self.upstream.next_id(),
            class: wire_class(class),
            mode,
            attested: false,
            signed: None,
        };
        self.upstream.ask(request, None).await
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shutdown.drain();
    }
}

fn payload(answer: Answer) -> Result<photonbox_secret::SecretBytes> {
    match answer {
        Answer::Delivery(delivery) => Ok(delivery.payload),
        Answer::Refused { code, text, .. } => Err(Error::failed(
            format!("the hub refused: {text} ({code:?})"),
            "look at its log",
        )),
        _ => Err(Error::failed(
            "the channel was lost before the answer was whole",
            "ask again",
        )),
    }
}
