//! `vault.*`: the vault's protocols on one core, beside envelope encryption; refused tickets beside a decryption; sealed files beside
//! bare AES-256-GCM.
//!
//! A protocol's figure is the work of all its parties for one item in this process: what goes between them is written and read as
//! on the wire (JSON, base64), tickets are issued and checked, shares in clear lie under the vault's key, the data key is derived. Not in
//! it: TLS, the store, the network, and decoding the parties' own long-lived secrets.

mod hub;
mod parties;
mod seal;

use super::harness::{self, Effort, Measured};
use anyhow::Context as _;
use hdrhistogram::Histogram;
use hub::Hub;
use parties::{Agents, Blinded, Envelope, Homomorphic, Optimised, Pair, Parties};
use photonbox_channel::Drawn;
use photonbox_vault::group::{Group, P384, Paillier3072, Purpose, Ristretto255, Scheme};
use photonbox_vault::item::ItemName;
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// Agents of `n3`.
const N: usize = 3;

/// One of a protocol's two steps: does it once.
type Step<'a> = &'a dyn Fn() -> anyhow::Result<()>;

/// Measures all of it.
pub(crate) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let hub = Hub::new()?;
    let mut bench = Bench {
        hub: &hub,
        effort,
        measuring,
        results,
    };
    bench.envelope()?;
    bench.group::<P384>()?;
    bench.group::<Ristretto255>()?;
    bench.group::<Paillier3072>()?;
    seal::measure(effort, measuring, bench.results)
}

struct Bench<'a> {
    hub: &'a Hub,
    effort: Effort,
    measuring: &'a dyn Fn(&str),
    results: &'a mut Vec<Measured>,
}

impl Bench<'_> {
    fn group<G: Group + 'static>(&mut self) -> anyhow::Result<()> {
        (self.measuring)(&format!("vault: keys of {}", G::SCHEME));
        let hub = self.hub;
        let pair = Pair::<G>::draw(hub)?;
        let protocols: [(&str, Box<dyn Parties>); 5] = [
            ("blinded", Box::new(Blinded::<G>::set_up(hub)?)),
            (
                "homomorphic",
                Box::new(Homomorphic::<G>::set_up(hub, &pair)?),
            ),
            ("three", Box::new(Agents::<G>::set_up(hub, &pair, 1)?)),
            ("optimised", Box::new(Optimised::<G>::set_up(hub, &pair)?)),
            ("n3", Box::new(Agents::<G>::set_up(hub, &pair, N)?)),
        ];
        for (protocol, parties) in &protocols {
            self.protocol(protocol, &**parties, G::SCHEME)?;
        }
        self.refusal(&pair)
    }

    /// Creating and opening, beside envelope encryption.
    fn protocol(
        &mut self,
        protocol: &str,
        parties: &dyn Parties,
        scheme: Scheme,
    ) -> anyhow::Result<()> {
        let (hub, name) = (self.hub, hub::item_of(scheme));
        let ours = Steps::new(hub, &name, parties)?;
        let theirs = Steps::new(hub, &name, &Envelope)?;
        self.beside(
            &format!("vault.create.{protocol}.{scheme}"),
            &|| ours.create(),
            &|| theirs.create(),
        )?;
        self.beside(
            &format!("vault.open.{protocol}.{scheme}"),
            &|| ours.open(),
            &|| theirs.open(),
        )
    }

    /// How often a second and how long each time.
    fn beside(&mut self, name: &str, ours: Step<'_>, theirs: Step<'_>) -> anyhow::Result<()> {
        (self.measuring)(name);
        let times = RefCell::new(Histogram::<u64>::new(3)?);
        let their_times = RefCell::new(Histogram::<u64>::new(3)?);
        let medians = harness::pairs(
            self.effort.pairs,
            || timed(self.effort.slice, &times, ours),
            || timed(self.effort.slice, &their_times, theirs),
        )?;
        let rate = Measured::beside(name, "1/s", medians.ours, medians.baseline);
        self.results.push(rate);
        for (end, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            let [ours, theirs] = [&times, &their_times]
                .map(|times| times.borrow().value_at_quantile(quantile) as f64 / 1e3);
            let name = format!("{name}.{end}");
            self.results
                .push(Measured::beside(&name, "us", ours, theirs));
        }
        Ok(())
    }

    /// The peer by itself.
    fn envelope(&mut self) -> anyhow::Result<()> {
        let (hub, name) = (self.hub, hub::item_of(Scheme::P384));
        let steps = Steps::new(hub, &name, &Envelope)?;
        let both: [(&str, Step<'_>); 2] =
            [("create", &|| steps.create()), ("open", &|| steps.open())];
        for (step, once) in both {
            let name = format!("vault.envelope.{step}");
            (self.measuring)(&name);
            let times = RefCell::new(Histogram::<u64>::new(3)?);
            let slice = self.effort.slice;
            let rate = harness::alone(self.effort.pairs, || timed(slice, &times, once))?;
            self.results.push(Measured::alone(&name, "1/s", rate));
            for (end, quantile) in [("p50", 0.5), ("p99", 0.99)] {
                let time = times.borrow().value_at_quantile(quantile) as f64 / 1e3;
                let name = format!("{name}.{end}");
                self.results.push(Measured::alone(&name, "us", time));
            }
        }
        Ok(())
    }

    /// Refusing a ticket, beside the decryption alone that it saves (reading the ciphertext and answering would come on top).
    fn refusal<G: Group>(&mut self, pair: &Pair<G>) -> anyhow::Result<()> {
        let name = format!("vault.ticket.refuse.{}", G::SCHEME);
        (self.measuring)(&name);
        let (hub, slice) = (self.hub, self.effort.slice);
        let private = pair.private()?;
        let random = &mut Drawn(&hub.random);
        let element = G::random(Purpose::Key, random)?;
        let ciphertext = G::encrypt(pair.public(), &element, random)?;
        let share = G::encode_ciphertext(&ciphertext);
        let item = hub::item_of(G::SCHEME);
        let medians = harness::pairs(
            self.effort.pairs,
            || harness::rate(slice, || hub.refuse(&item, &share)),
            || {
                harness::rate(slice, || {
                    let ciphertext = std::hint::black_box(&ciphertext);
                    let shown = G::decrypt(&private, ciphertext).context("it decrypts")?;
                    std::hint::black_box(&shown);
                    anyhow::Ok(1)
                })
            },
        )?;
        let measured = Measured::beside(&name, "1/s", medians.ours, medians.baseline);
        self.results.push(measured);
        Ok(())
    }
}

/// A protocol's two steps on one item.
struct Steps<'a> {
    hub: &'a Hub,
    name: &'a ItemName,
    parties: &'a dyn Parties,
    kept: hub::Kept,
}

impl<'a> Steps<'a> {
    /// What was created opens to the same key, or nothing is measured.
    fn new(hub: &'a Hub, name: &'a ItemName, parties: &'a dyn Parties) -> anyhow::Result<Self> {
        let kept = parties.create(hub, name)?;
        let opened = parties.open(hub, name, &kept)?;
        let same = opened.as_slice() == kept.data_key.as_slice();
        anyhow::ensure!(same, "an item opens to another key than it was made with");
        Ok(Self {
            hub,
            name,
            parties,
            kept,
        })
    }

    fn create(&self) -> anyhow::Result<()> {
        std::hint::black_box(self.parties.create(self.hub, self.name)?);
        Ok(())
    }

    fn open(&self) -> anyhow::Result<()> {
        std::hint::black_box(self.parties.open(self.hub, self.name, &self.kept)?);
        Ok(())
    }
}

/// How often a second; each time goes into the histogram, nanoseconds.
fn timed(slice: Duration, times: &RefCell<Histogram<u64>>, once: Step<'_>) -> anyhow::Result<f64> {
    let mut times = times.borrow_mut();
    harness::rate(slice, || {
        let start = Instant::now();
        once()?;
        times.record(start.elapsed().as_nanos() as u64)?;
        Ok(1)
    })
}
