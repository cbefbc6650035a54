//! Two channels joined in memory, with a CA, identities and byte sources made for the test.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use photonbox_channel::{
    ByteSource, CaCertificate, Channel, ClientConfig, ClientOptions, Error, Event, Identity,
    IdentityError, MixingSource, Role, ServerConfig, ServerOptions, SourceExhausted,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, SanType, date_time_ymd,
};
use sha2::{Digest, Sha384};

/// 2026-06-01, within the certificates' life.
pub(crate) const NOW_UNIX: u64 = 1_780_272_000;

/// Bytes from a seed, for as long as the budget lasts. What is mixed in changes what comes out.
pub(crate) struct Seeded {
    seed: Mutex<Vec<u8>>,
    counter: AtomicU64,
    budget: AtomicI64,
    pub(crate) mixed: Mutex<Vec<u8>>,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Self::with_budget(seed, i64::MAX)
    }

    pub(crate) fn with_budget(seed: u64, budget: i64) -> Arc<Self> {
        Arc::new(Self {
            seed: Mutex::new(seed.to_be_bytes().to_vec()),
            counter: AtomicU64::new(0),
            budget: AtomicI64::new(budget),
            mixed: Mutex::new(Vec::new()),
        })
    }

    pub(crate) fn drawn(&self) -> u64 {
        self.counter.load(Ordering::SeqCst)
    }

    pub(crate) fn set_budget(&self, budget: i64) {
        self.budget.store(budget, Ordering::SeqCst);
    }
}

impl ByteSource for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        let left = self.budget.fetch_sub(out.len() as i64, Ordering::SeqCst);
        if left < out.len() as i64 {
            return Err(SourceExhausted);
        }
        for chunk in out.chunks_mut(48) {
            let n = self.counter.fetch_add(1, Ordering::SeqCst);
            let mut hash = Sha384::new();
            hash.update(&*self.seed.lock().unwrap());
            hash.update(n.to_be_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
        }
        Ok(())
    }
}

impl MixingSource for Seeded {
    fn mix(&self, received: &[u8]) -> Result<(), SourceExhausted> {
        self.seed.lock().unwrap().extend_from_slice(received);
        self.mixed.lock().unwrap().extend_from_slice(received);
        Ok(())
    }
}

pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub(crate) certificate: CaCertificate,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let mut params = CertificateParams::default();
        // The same name for every test CA: a wrong CA must be told by its key.
        params
            .distinguished_name
            .push(DnType::CommonName, "test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2036, 1, 1);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self {
            params,
            key,
            certificate: CaCertificate::from_der(&der).unwrap(),
        }
    }

    pub(crate) fn identity(&self, uris: &[String]) -> Arc<Identity> {
        Arc::new(self.try_identity(uris).unwrap())
    }

    pub(crate) fn try_identity(&self, uris: &[String]) -> Result<Identity, IdentityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        for uri in uris {
            let name = uri.as_str().try_into().unwrap();
            params.subject_alt_names.push(SanType::URI(name));
        }
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Identity::from_der(certificate.der(), &key.serialize_der())
    }

    pub(crate) fn of(&self, role: Role, id: &str) -> Arc<Identity> {
        self.identity(&[role.uri(id)])
    }
}

/// What both ends are made of; change it before `connect`.
pub(crate) struct Setup {
    pub(crate) ca: Authority,
    pub(crate) client: ClientOptions,
    pub(crate) server: ServerOptions,
    pub(crate) a_source: Arc<Seeded>,
    pub(crate) b_source: Arc<Seeded>,
    pub(crate) unix: u64,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let ca = Authority::new();
        let (a_source, b_source) = (Seeded::new(1), Seeded::new(2));
        let client = ClientOptions::new(
            ca.of(Role::Host, "host-1"),
            ca.certificate.clone(),
            b_source.clone(),
        );
        let server = ServerOptions::new(
            ca.of(Role::Hub, "hub-1"),
            ca.certificate.clone(),
            a_source.clone(),
        );
        Self {
            ca,
            client,
            server,
            a_source,
            b_source,
            unix: NOW_UNIX,
        }
    }

    pub(crate) fn rekey(mut self, packets: u64, seconds: u32) -> Self {
        for settings in [&mut self.client.settings, &mut self.server.settings] {
            settings.rekey_packets = std::num::NonZeroU64::new(packets);
            settings.rekey_seconds = std::num::NonZeroU32::new(seconds);
        }
        self
    }

    pub(crate) fn join(self) -> Pair {
        let client = ClientConfig::new(self.client).unwrap();
        let server = ServerConfig::new(self.server).unwrap();
        let now = Duration::from_secs(1000);
        Pair {
            b: Channel::connect(&client, self.unix, now).unwrap(),
            a: Channel::accept(&server, self.unix, now).unwrap(),
            now,
            to_a: Vec::new(),
            to_b: Vec::new(),
            a_events: Vec::new(),
            b_events: Vec::new(),
            a_error: None,
            b_error: None,
            _configs: (client, server),
        }
    }

    /// Joined, and both second channels stand.
    pub(crate) fn open(self) -> Pair {
        let mut pair = self.join();
        pair.settle();
        assert!(pair.a.is_open() && pair.b.is_open(), "{:?}", pair.errors());
        pair.a_events.clear();
        pair.b_events.clear();
        pair
    }
}

pub(crate) struct Pair {
    pub(crate) a: Channel,
    pub(crate) b: Channel,
    pub(crate) now: Duration,
    pub(crate) to_a: Vec<u8>,
    pub(crate) to_b: Vec<u8>,
    pub(crate) a_events: Vec<Event>,
    pub(crate) b_events: Vec<Event>,
    pub(crate) a_error: Option<Error>,
    pub(crate) b_error: Option<Error>,
    _configs: (ClientConfig, ServerConfig),
}

/// Brings bytes to one end, at most `chunk` at a time.
fn bring(
    channel: &mut Channel,
    wire: &mut Vec<u8>,
    events: &mut Vec<Event>,
    error: &mut Option<Error>,
    chunk: usize,
    now: Duration,
) -> bool {
    let mut moved = false;
    while !wire.is_empty() && !channel.is_closed() {
        let len = wire.len().min(chunk);
        match channel.read_from_wire(&wire[..len], now) {
            Ok(taken) => {
                wire.drain(..taken);
                moved |= taken > 0;
                if taken == 0 && !drain(channel, events) {
                    break;
                }
            }
            Err(e) => {
                error.get_or_insert(e);
                wire.clear();
            }
        }
    }
    drain(channel, events) | moved
}

fn drain(channel: &mut Channel, events: &mut Vec<Event>) -> bool {
    let before = events.len();
    while let Some(event) = channel.poll_event() {
        events.push(event);
    }
    events.len() > before
}

impl Pair {
    /// One exchange both ways in chunks; whether anything moved.
    pub(crate) fn step(&mut self, chunk: usize) -> bool {
        let mut moved = self.b.take_outgoing(&mut self.to_a) > 0;
        moved |= bring(
            &mut self.a,
            &mut self.to_a,
            &mut self.a_events,
            &mut self.a_error,
            chunk,
            self.now,
        );
        moved |= self.a.take_outgoing(&mut self.to_b) > 0;
        moved |= bring(
            &mut self.b,
            &mut self.to_b,
            &mut self.b_events,
            &mut self.b_error,
            chunk,
            self.now,
        );
        moved
    }

    /// Exchanges until nothing moves.
    pub(crate) fn settle(&mut self) {
        self.settle_in(usize::MAX);
    }

    pub(crate) fn settle_in(&mut self, chunk: usize) {
        for _ in 0..1_000_000 {
            if !self.step(chunk) {
                return;
            }
        }
        panic!("the ends never come to rest");
    }

    /// Lets time pass in steps, with the time-outs that fall due.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = [self.a.next_timeout(), self.b.next_timeout()]
                .into_iter()
                .flatten()
                .min();
            match next {
                Some(at) if at <= end => {
                    self.now = self.now.max(at);
                    if let Err(e) = self.a.handle_timeout(self.now) {
                        self.a_error.get_or_insert(e);
                    }
                    if let Err(e) = self.b.handle_timeout(self.now) {
                        self.b_error.get_or_insert(e);
                    }
                    self.settle();
                }
                _ => break,
            }
        }
        self.now = end;
    }

    pub(crate) fn errors(&self) -> String {
        format!("a: {:?}, b: {:?}", self.a_error, self.b_error)
    }
}

/// Payloads of the deliveries among events, in order.
pub(crate) fn payloads(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        if let Event::Message(received) = event
            && let photonbox_channel::Message::Delivery(delivery) = received.message()
        {
            bytes.extend_from_slice(delivery.payload);
        }
    }
    bytes
}

/// A delivery with this payload.
pub(crate) fn delivery(seq: u64, payload: &[u8]) -> photonbox_channel::Message<'_> {
    photonbox_channel::Message::Delivery(photonbox_channel::Delivery {
        id: 1,
        seq,
        class: photonbox_channel::Class::Drbg,
        provenance: photonbox_channel::Provenance {
            simulated: true,
            ..Default::default()
        },
        hops: 0,
        origin: "hub-1",
        last: false,
        payload,
    })
}
