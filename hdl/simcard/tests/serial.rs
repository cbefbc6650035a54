//! The driver and a card at the two ends of a line: a pty pair, or two with a bad line between them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use photonbox_driver::transport::About;
use photonbox_driver::transport::inprocess::InProcess;
use photonbox_driver::transport::serial::{Serial, SerialKey};
use photonbox_driver::{
    Card, CardSettings, Cutoffs, Error, OpenOptions, Ring, RingKind, Transport,
};
use photonbox_regmap::global;
use photonbox_simcard::serial::SerialServer;
use photonbox_simcard::{Pace, SimCard, SimCardOptions, Source, StochasticParams};
use serial2::SerialPort;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A pty carries whatever is written; the links only time their patience by it.
const BAUD: u32 = 1_000_000;

/// What its server says of the card.
const ABOUT: About = About {
    reproducible: true,
    lit_lanes: Some(2),
};

/// Cycles of a millisecond.
const MS: u64 = 250_000;

/// A card whose time passes when a test says so.
fn card() -> Arc<SimCard> {
    SimCard::new(SimCardOptions {
        source: Source::Stochastic(StochasticParams {
            rate: 1e6,
            ..StochasticParams::default()
        }),
        seed: Some(7),
        pace: Pace::Manual,
        ..SimCardOptions::default()
    })
    .unwrap()
}

fn key(byte: u8) -> Option<SerialKey> {
    Some(SerialKey::new([byte; 32]))
}

fn open(port: SerialPort, key: Option<SerialKey>) -> Result<Serial, Error> {
    Serial::on_port(port, BAUD, key, "a line".into())
}

/// Two ports with a line between them that changes, loses and can be cut.
struct BadLine {
    /// Bytes of a million that are changed, and as many that are lost.
    noise: Arc<AtomicU32>,
    cut: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl BadLine {
    fn new(seed: u64) -> (Self, SerialPort, SerialPort) {
        let (host, near) = SerialPort::pair().unwrap();
        let (card, far) = SerialPort::pair().unwrap();
        let line = Self {
            noise: Arc::default(),
            cut: Arc::default(),
            stop: Arc::default(),
            threads: Vec::new(),
        };
        let mut line = line;
        let (near2, far2) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        line.carry(near, far, seed);
        line.carry(far2, near2, !seed);
        (line, host, card)
    }

    fn carry(&mut self, mut from: SerialPort, to: SerialPort, seed: u64) {
        let (noise, cut, stop) = (
            Arc::clone(&self.noise),
            Arc::clone(&self.cut),
            Arc::clone(&self.stop),
        );
        from.set_read_timeout(Duration::from_millis(20)).unwrap();
        let mut dice = seed | 1;
        let mut roll = move || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice
        };
        self.threads.push(thread::spawn(move || {
            let mut bytes = [0; 256];
            while !stop.load(Ordering::Relaxed) {
                let Ok(count) = from.read(&mut bytes) else {
                    continue;
                };
                let bad = u64::from(noise.load(Ordering::Relaxed));
                let mut through = Vec::new();
                for &byte in &bytes[..count] {
                    let luck = roll() % 1_000_000;
                    if luck < bad {
                        through.push(byte ^ (1 << (roll() % 8)));
                    } else if luck >= 2 * bad {
                        through.push(byte);
                    }
                }
                if !cut.load(Ordering::Relaxed) {
                    let mut rest = &through[..];
                    while !rest.is_empty() && !stop.load(Ordering::Relaxed) {
                        if let Ok(count) = to.write(rest) {
                            rest = &rest[count..];
                        }
                    }
                }
            }
        }));
    }
}

impl Drop for BadLine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

/// Settings, seed and ring; the card runs.
fn start(transport: Box<dyn Transport>) -> (Card, Ring) {
    let card = Card::open(transport, OpenOptions::default()).unwrap();
    let settings = CardSettings {
        flush_cycles: MS as u32,
        ..CardSettings::new(card.identity().lanes, Cutoffs::after_reset())
    };
    card.configure(&settings).unwrap();
    card.load_seed(&[0x5a; 176]).unwrap();
    let ring = card.take_ring(RingKind::Entropy).unwrap();
    card.start().unwrap();
    (card, ring)
}

/// What 30 ms of light become, over the transport. Registers are read before the ring is looked at: the answer comes
/// behind what was written.
fn entropy_of(sim: &SimCard, transport: Box<dyn Transport>) -> Vec<u8> {
    let (card, mut ring) = start(transport);
    let mut all = Vec::new();
    for _ in 0..30 {
        sim.advance(MS);
        card.status().unwrap();
        while let Some(slot) = ring.poll().unwrap() {
            assert!(slot.flags().simulated);
            let start = all.len();
            all.resize(start + slot.len(), 0);
            slot.copy_to(&mut all[start..]).unwrap();
            slot.release().unwrap();
        }
    }
    all
}

fn expected() -> Vec<u8> {
    let sim = card();
    let transport = InProcess::new(Arc::clone(&sim) as _);
    let bytes = entropy_of(&sim, Box::new(transport));
    assert!(bytes.len() > 500, "{} bytes", bytes.len());
    bytes
}

fn serve(sim: &Arc<SimCard>, port: SerialPort, key: Option<SerialKey>) -> SerialServer {
    SerialServer::new(Arc::clone(sim) as _, port, BAUD, key, ABOUT).unwrap()
}

#[test]
fn a_card_on_a_line_passes_its_self_test_and_gives_what_one_in_process_gives() {
    for key in [None, key(1)] {
        let (host, far) = SerialPort::pair().unwrap();
        let sim = card();
        let server = serve(&sim, far, key.clone());
        let port = host.try_clone().unwrap();
        let transport = open(port, key).unwrap();
        assert_eq!(transport.about().unwrap(), ABOUT);
        let bytes = entropy_of(&sim, Box::new(transport));
        assert_eq!(bytes, expected());
        assert_eq!((server.connections(), server.failed()), (1, None));
        drop(host);
    }
    let (host, far) = SerialPort::pair().unwrap();
    let sim = SimCard::new(SimCardOptions {
        seed: Some(7),
        ..SimCardOptions::default()
    })
    .unwrap();
    let _server = serve(&sim, far, None);
    let card = Card::open(Box::new(open(host, None).unwrap()), OpenOptions::default()).unwrap();
    let outcome = card.selftest().unwrap();
    assert_eq!(outcome.failed, 0, "{:?}", outcome.checks);
}

#[test]
fn noise_costs_time_and_nothing_else() {
    let (line, host, far) = BadLine::new(5);
    let sim = card();
    let server = serve(&sim, far, key(2));
    let transport = open(host, key(2)).unwrap();
    line.noise.store(200, Ordering::Relaxed);
    let bytes = entropy_of(&sim, Box::new(transport));
    assert_eq!(bytes, expected());
    drop(line);
    drop(server);
}

#[test]
fn what_the_noise_did_is_counted() {
    let (line, host, far) = BadLine::new(6);
    let sim = card();
    let _server = serve(&sim, far, None);
    let transport = open(host, None).unwrap();
    line.noise.store(2_000, Ordering::Relaxed);
    for _ in 0..500 {
        transport.write32(global::SCRATCH, 0x1234_5678).unwrap();
        assert_eq!(transport.read32(global::SCRATCH).unwrap(), 0x1234_5678);
    }
    let stats = transport.stats();
    assert!(stats.noise > 0 && stats.resent > 0, "{stats:?}");
    assert_eq!((stats.received, stats.forged), (500, 0));
}

#[test]
fn a_line_that_is_pulled_out_is_an_error_at_once() {
    let (host, far) = SerialPort::pair().unwrap();
    let sim = card();
    let server = serve(&sim, far, None);
    let (card, mut ring) = start(Box::new(open(host, None).unwrap()));
    drop(server);
    let began = Instant::now();
    let error = card.status().expect_err("no card");
    assert!(matches!(error, Error::Link { .. }), "{error}");
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    // The ring finds out by its slow poll.
    let waited = ring.wait(Duration::from_secs(3)).map(|slot| slot.is_some());
    assert!(matches!(waited, Err(Error::Link { .. })), "{waited:?}");
}

#[test]
fn a_line_that_is_cut_is_an_error_after_five_seconds() {
    let (line, host, far) = BadLine::new(7);
    let sim = card();
    let server = serve(&sim, far, None);
    let transport = open(host, None).unwrap();
    assert_ne!(transport.read32(global::MAGIC).unwrap(), u32::MAX);
    line.cut.store(true, Ordering::Relaxed);
    let began = Instant::now();
    let error = transport.read32(global::MAGIC).expect_err("cut");
    assert!(
        error.to_string().contains("nothing has come over the line"),
        "{error}"
    );
    assert!(
        (4..8).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
    assert!(transport.read32(global::MAGIC).is_err(), "it stays so");
    drop(transport);
    assert_eq!(
        server.failed(),
        None,
        "the port is there: the card waits for the next host"
    );
}

#[test]
fn the_next_host_finds_the_card() {
    let (host, far) = SerialPort::pair().unwrap();
    let sim = card();
    let server = serve(&sim, far, key(3));
    for round in 1..4 {
        let port = host.try_clone().unwrap();
        let transport = open(port, key(3)).unwrap();
        let card = Card::open(Box::new(transport), OpenOptions::default()).unwrap();
        card.status().unwrap();
        assert_eq!(server.connections(), round);
    }
}

#[test]
fn bytes_of_a_stranger_do_no_harm() {
    let (host, far) = SerialPort::pair().unwrap();
    let sim = card();
    let server = serve(&sim, far, None);
    let mut bytes = Vec::new();
    for index in 0..20_000_u32 {
        bytes.push((index.wrapping_mul(0x9e37_79b9) >> 24) as u8);
    }
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        rest = &rest[host.write(rest).unwrap()..];
    }
    let transport = open(host, None).unwrap();
    assert_ne!(transport.read32(global::MAGIC).unwrap(), u32::MAX);
    assert_eq!(server.failed(), None);
}

#[test]
fn keys_that_do_not_fit_are_refused_with_the_reason() {
    for (hosts, cards, says) in [
        (key(1), None, "does not encrypt"),
        (None, key(1), "the other end encrypts"),
    ] {
        let (host, far) = SerialPort::pair().unwrap();
        let sim = card();
        let _server = serve(&sim, far, cards);
        let error = open(host, hosts).err().expect("refused").to_string();
        assert!(error.contains(says), "{error}");
    }
    let (host, far) = SerialPort::pair().unwrap();
    let sim = card();
    let _server = serve(&sim, far, key(1));
    let transport = open(host, key(2)).unwrap();
    assert!(transport.read32(global::MAGIC).is_err());
}
