//! `channel.*`: the photonbox channel over loopback TCP beside plain rustls over the same.
//!
//! The peer is rustls with the same cipher suite, its certificates and its key exchange; after the
//! handshake it is rustls and nothing else. A stream's payloads are just under 64 KiB, at N = 1 they are 1 KiB:
//! there each costs two key generations and two agreements, and their size says nothing. `.far` is the same stream over a
//! line with 50 ms of delay each way, beside the one without.

use super::delay::delayed_sockets;
use super::drbg::Generator;
use super::duo::{self, Carried, End, sockets};
use super::harness::{self, Effort, Measured};
use super::{ecdh, tls};
use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use photonbox_channel::{
    ByteSource, CaCertificate, Channel, Class, ClientConfig, ClientOptions, Delivery, Event,
    Identity, Message, MixingSource, Mode, Provenance, Request, ServerConfig, ServerOptions,
    Settings, enroll_client_config, enroll_server_config,
};
use photonbox_daemon::pki::{LEAF_SECONDS, LeafRole, Signer, new_authority};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::pki_types::ServerName;
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A record with its header, tag and message header then fills four TLS records and no sliver of a fifth.
const STREAM_PAYLOAD: usize = 64 * 1024 - 256;
const SINGLE_PAYLOAD: usize = 1024;
const REQUEST_BYTES: usize = 32;
/// Slices that a stream at N = 1 lasts.
const SINGLE_SLICES: u32 = 4;
/// Delay of a long line, each way.
const FAR: Duration = Duration::from_millis(50);

/// A hub's and a host's identity under a CA of this run only.
struct World {
    ca: CaCertificate,
    hub: Arc<Identity>,
    host: Arc<Identity>,
    generators: [Arc<Generator>; 2],
    unix_seconds: u64,
}

impl World {
    fn new() -> anyhow::Result<Self> {
        let unix_seconds = SystemTime::UNIX_EPOCH
            .elapsed()
            .context("the clock is before 1970; set it")?
            .as_secs();
        let authority = new_authority("bench", unix_seconds)?;
        let signer = Signer::new(&authority.certificate, &authority.private_key)?;
        let identity = |id, role| -> anyhow::Result<Arc<Identity>> {
            let leaf = signer.new_identity(id, role, unix_seconds, LEAF_SECONDS)?;
            Ok(Arc::new(Identity::from_der(
                &leaf.certificate,
                leaf.private_key.as_slice(),
            )?))
        };
        Ok(Self {
            ca: CaCertificate::from_der(&authority.certificate)?,
            hub: identity("hub", LeafRole::Hub)?,
            host: identity("host", LeafRole::Host)?,
            generators: [Arc::new(Generator::new()?), Arc::new(Generator::new()?)],
            unix_seconds,
        })
    }

    /// Two ends of a channel with this N, both channels standing: (A, B).
    fn channel(&self, packets: Option<u64>) -> anyhow::Result<(ChannelEnd, ChannelEnd)> {
        self.channel_over(sockets()?, packets)
    }

    /// The same over these sockets.
    fn channel_over(
        &self,
        (server_socket, client_socket): (TcpStream, TcpStream),
        packets: Option<u64>,
    ) -> anyhow::Result<(ChannelEnd, ChannelEnd)> {
        let settings = Settings {
            rekey_packets: packets.and_then(NonZeroU64::new),
            rekey_seconds: None,
            ..Settings::default()
        };
        let [a, b] = &self.generators;
        let source: Arc<dyn ByteSource> = a.clone();
        let mixing: Arc<dyn MixingSource> = b.clone();
        let mut server = ServerOptions::new(self.hub.clone(), self.ca.clone(), source);
        let mut client = ClientOptions::new(self.host.clone(), self.ca.clone(), mixing);
        server.settings = settings.clone();
        client.settings = settings;
        let (server, client) = (ServerConfig::new(server)?, ClientConfig::new(client)?);
        let origin = Instant::now();
        let now = origin.elapsed();
        let server = Channel::accept(&server, self.unix_seconds, now)?;
        let client = Channel::connect(&client, self.unix_seconds, now)?;
        let mut a = ChannelEnd::new(server, server_socket, origin);
        let mut b = ChannelEnd::new(client, client_socket, origin);
        std::thread::scope(|scope| {
            let accepting = scope.spawn(|| a.handshake());
            let connected = b.handshake();
            match accepting.join() {
                Ok(accepted) => accepted.and(connected),
                Err(_) => bail!("the accepting thread panicked"),
            }
        })
        .context("the channel's handshake")?;
        Ok((a, b))
    }

    /// Two ends of plain TLS: (server, client).
    fn tls(&self) -> anyhow::Result<(tls::Tls, tls::Tls)> {
        let [a, b] = &self.generators;
        let (a, b): (Arc<dyn ByteSource>, Arc<dyn ByteSource>) = (a.clone(), b.clone());
        let server = enroll_server_config(&self.hub, &self.ca, &a, self.unix_seconds)?;
        let client = enroll_client_config(self.ca.hash(), &b, self.unix_seconds)?;
        tls::connect(server, client, ServerName::try_from("photonbox.invalid")?)
    }
}

/// One end of a channel on a blocking socket.
struct ChannelEnd {
    channel: Channel,
    socket: TcpStream,
    origin: Instant,
    sequence: u64,
}

impl ChannelEnd {
    fn new(channel: Channel, socket: TcpStream, origin: Instant) -> Self {
        Self {
            channel,
            socket,
            origin,
            sequence: 0,
        }
    }

    fn push(&mut self) -> anyhow::Result<()> {
        self.channel.write_wire(&mut self.socket)?;
        Ok(())
    }

    /// Brings bytes from the socket to the channel, and its answers back. Only called when no event
    /// waits, so that the channel has room.
    fn pull(&mut self) -> anyhow::Result<()> {
        self.push()?;
        let now = self.origin.elapsed();
        if self.channel.read_wire(&mut self.socket, now)? == 0 {
            bail!("the socket closed");
        }
        self.push()
    }

    /// Takes in what the other side has sent, without waiting: prekeys above all.
    fn glance(&mut self) -> anyhow::Result<()> {
        let mut ready = [PollFd::new(&self.socket, PollFlags::IN)];
        if poll(&mut ready, Some(&Timespec::default()))? > 0 {
            self.pull()?;
        }
        Ok(())
    }

    fn handshake(&mut self) -> anyhow::Result<()> {
        self.push()?;
        while !self.channel.is_open() {
            self.pull()?;
        }
        Ok(())
    }
}

impl End for ChannelEnd {
    fn send(&mut self, payload: &[u8]) -> anyhow::Result<()> {
        self.glance()?;
        while !self.channel.can_send() {
            self.push()?;
            // Taking what was sealed may have made room; if not, the answer to a rekey will.
            if !self.channel.can_send() {
                self.pull()?;
            }
        }
        self.channel.send(&Message::Delivery(Delivery {
            id: 1,
            seq: self.sequence,
            class: Class::Drbg,
            provenance: Provenance::default(),
            hops: 0,
            origin: "hub",
            last: false,
            payload,
        }))?;
        self.sequence += 1;
        self.push()
    }

    fn ask(&mut self, bytes: usize) -> anyhow::Result<()> {
        self.channel.send(&Message::Request(Request {
            id: self.sequence + 1,
            class: Class::Drbg,
            mode: Mode::Once {
                bytes: bytes as u64,
            },
            attested: false,
            signed: None,
        }))?;
        self.sequence += 1;
        self.push()
    }

    fn receive(&mut self) -> anyhow::Result<usize> {
        loop {
            match self.channel.poll_event() {
                Some(Event::Message(received)) => {
                    let bytes = match received.message() {
                        Message::Delivery(delivery) => delivery.payload.len(),
                        Message::Request(Request {
                            mode: Mode::Once { bytes },
                            ..
                        }) => usize::try_from(bytes)?,
                        other => bail!("a message that nobody sent: {other:?}"),
                    };
                    self.channel.recycle(received);
                    return Ok(bytes);
                }
                Some(Event::Closed { reason, detail, .. }) => {
                    bail!("the channel closed: {reason} ({detail})")
                }
                Some(_) => {}
                None => self.pull()?,
            }
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.push()?;
        while !self.channel.is_flushed() {
            self.pull()?;
        }
        Ok(())
    }
}

/// Streams by turns with a peer; the medians of both.
fn streams(
    effort: Effort,
    (a, b): &mut (ChannelEnd, ChannelEnd),
    mut baseline: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<harness::Medians> {
    let payload = vec![0x5A; STREAM_PAYLOAD];
    // Once for nothing: buffers grow, the kernel's windows open.
    duo::stream(a, b, &payload, effort.slice)?;
    harness::pairs(
        effort.pairs,
        || Ok(duo::stream(a, b, &payload, effort.slice)?.bytes_per_second),
        &mut baseline,
    )
}

/// Measures streams and latency.
pub(crate) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let world = World::new()?;
    let payload = vec![0x5A; STREAM_PAYLOAD];
    let stream = |ends: &mut (ChannelEnd, ChannelEnd)| -> anyhow::Result<Carried> {
        duo::stream(&mut ends.0, &mut ends.1, &payload, effort.slice)
    };
    let mut endless = world.channel(None)?;
    let mut plain = world.tls()?;

    measuring("channel.stream.inf");
    duo::stream(&mut plain.0, &mut plain.1, &payload, effort.slice)?;
    let medians = streams(effort, &mut endless, || {
        Ok(duo::stream(&mut plain.0, &mut plain.1, &payload, effort.slice)?.bytes_per_second)
    })?;
    results.push(Measured::beside(
        "channel.stream.inf",
        "B/s",
        medians.ours,
        medians.baseline,
    ));

    measuring("channel.stream.1000");
    let mut thousand = world.channel(Some(1000))?;
    let medians = streams(effort, &mut thousand, || {
        Ok(stream(&mut endless)?.bytes_per_second)
    })?;
    results.push(Measured::beside(
        "channel.stream.1000",
        "B/s",
        medians.ours,
        medians.baseline,
    ));

    measuring("channel.stream.1");
    let (mut a, mut b) = world.channel(Some(1))?;
    let single = vec![0x5A; SINGLE_PAYLOAD];
    // A stream's beginning and end, where one side waits for the other, are to weigh little.
    let long = effort.slice * SINGLE_SLICES;
    let medians = harness::pairs(
        effort.pairs,
        || Ok(duo::stream(&mut a, &mut b, &single, long)?.payloads_per_second),
        // Both ends make a key pair and agree, and they share the cores.
        || Ok::<_, anyhow::Error>(ecdh::all_cores(effort.slice)? / 2.0),
    )?;
    results.push(Measured::beside(
        "channel.stream.1",
        "packets/s",
        medians.ours,
        medians.baseline,
    ));

    measuring("channel.stream.1.far");
    let (mut far_a, mut far_b) = world.channel_over(delayed_sockets(FAR)?, Some(1))?;
    // Once for nothing: the window of prekeys grows.
    let long = long * 2; // the line fills before anything arrives
    duo::stream(&mut far_a, &mut far_b, &single, long)?;
    let medians = harness::pairs(
        effort.pairs,
        || Ok(duo::stream(&mut far_a, &mut far_b, &single, long)?.payloads_per_second),
        || Ok::<_, anyhow::Error>(duo::stream(&mut a, &mut b, &single, long)?.payloads_per_second),
    )?;
    results.push(Measured::beside(
        "channel.stream.1.far",
        "packets/s",
        medians.ours,
        medians.baseline,
    ));
    drop((far_a, far_b));

    // Plain TLS never changes its keys, so N = ∞ is its like; what rekeys cost shows beside it.
    measuring("channel.latency32");
    latency(effort, "", &mut endless, &mut plain, results)?;
    measuring("channel.latency32.1000");
    latency(effort, ".1000", &mut thousand, &mut plain, results)?;
    measuring("channel.latency32.1");
    latency(effort, ".1", &mut (a, b), &mut plain, results)
}

/// 32 bytes on request beside a 32-byte echo over plain TLS; `n` goes into the results' names.
fn latency(
    effort: Effort,
    n: &str,
    (hub, host): &mut (ChannelEnd, ChannelEnd),
    (server, client): &mut (tls::Tls, tls::Tls),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    // As many questions as fit a slice, but enough for a 99.9th percentile.
    // At N = 1 each waits for two rekeys, which take 40 times as long.
    let (each, least) = if n == ".1" { (1000, 200) } else { (25, 1000) };
    let count = usize::try_from(effort.slice.as_micros() / each)?.max(least);
    duo::ask(host, hub, REQUEST_BYTES, count / 4)?;
    duo::ask(client, server, REQUEST_BYTES, count / 4)?;
    let (mut ours, mut theirs): (Vec<Histogram<u64>>, Vec<Histogram<u64>>) =
        (Vec::new(), Vec::new());
    for pair in 0..effort.pairs {
        let mut measure_ours = || duo::ask(host, hub, REQUEST_BYTES, count);
        let mut measure_theirs = || duo::ask(client, server, REQUEST_BYTES, count);
        if pair % 2 == 0 {
            ours.push(measure_ours()?);
            theirs.push(measure_theirs()?);
        } else {
            theirs.push(measure_theirs()?);
            ours.push(measure_ours()?);
        }
    }
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
        let median = |histograms: &[Histogram<u64>]| {
            let mut figures: Vec<f64> = histograms
                .iter()
                .map(|h| Duration::from_nanos(h.value_at_quantile(quantile)).as_secs_f64() * 1e6)
                .collect();
            harness::median(&mut figures)
        };
        let name = format!("channel.latency32{n}.{name}");
        results.push(Measured::beside(
            &name,
            "us",
            median(&ours),
            median(&theirs),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_with_rekeys_at_every_packet_arrives_whole() {
        let world = World::new().expect("identities");
        let (mut a, mut b) = world.channel(Some(1)).expect("a channel");
        let carried =
            duo::stream(&mut a, &mut b, &[7; 100], Duration::from_millis(30)).expect("a stream");
        assert!(carried.payloads_per_second > 0.0);
        let now = a.origin.elapsed();
        assert!(a.channel.status(now).rekeys >= a.sequence - 1);
        let histogram = duo::ask(&mut b, &mut a, REQUEST_BYTES, 10).expect("answers");
        assert_eq!(histogram.len(), 10);
    }
}
