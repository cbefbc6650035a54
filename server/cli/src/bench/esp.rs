//! `esp.*`: packets sealed and opened a second on one thread, each under a key of its own, beside the packet engine of
//! boringtun (WireGuard in user space) with the feature `bench-peers`.
//!
//! A box of the usual size; j steps with each packet, so that all of its keys are in use. What is sealed is opened by the
//! other side's key box, in place. boringtun's figure includes its replay window and a copy from buffer to buffer; ours has
//! neither, but makes a key for each packet. `.batch`: the same in batches; `.engine`: in batches by all that a gateway does
//! for a packet between device and socket, replay window and box changes included. `.aesni`, `.aesni.batch` and
//! `.aesni.engine`: as a processor without AVX-512 does it, where this one can; `.libraries`: as any does it.

use super::esp_batches::{Batches, Engines};
use super::harness::{self, Effort, Measured};
use anyhow::Context as _;
use hdrhistogram::Histogram;
use photonbox_keybox::esp::{self, BoxKeys, Header, Instructions};
use std::time::Instant;

/// Inner packets: what acknowledges, what fits every path, what fills an Ethernet frame.
const SIZES: [usize; 3] = [64, 576, 1420];
/// Keys of a box.
pub(super) const KEYS: u16 = 512;
/// Packets between two looks at the clock.
pub(super) const SOME: u32 = 1000;
/// Packets whose times are taken one by one.
const TIMED: u32 = 100_000;

/// Two ends with the same box.
struct Ends {
    sends: BoxKeys,
    receives: BoxKeys,
    seq: u32,
    buffer: Vec<u8>,
    size: usize,
}

impl Ends {
    fn new(instructions: Instructions, size: usize) -> Self {
        let keys: Vec<[u8; 32]> = (0..KEYS).map(|j| [j as u8; 32]).collect();
        Self {
            sends: BoxKeys::with(instructions, 1, &keys),
            receives: BoxKeys::with(instructions, 1, &keys),
            seq: 0,
            buffer: vec![0x45; esp::sealed_len(size)],
            size,
        }
    }

    /// Seals a packet and opens it.
    fn carry(&mut self) -> anyhow::Result<()> {
        self.seq = self.seq.wrapping_add(1);
        let header = Header {
            spi: 1,
            seq: self.seq,
            i: 1,
            j: (self.seq % u32::from(KEYS)) as u16 + 1,
            flicker: self.seq % 100_000_000,
        };
        esp::seal(&self.sends, &header, 4, &mut self.buffer, self.size)
            .context("sealing a packet")?;
        let header = Header::read(&self.buffer).context("reading a header")?;
        let opened = esp::open(
            &self.receives,
            &header,
            std::hint::black_box(&mut self.buffer),
        )
        .context("opening a packet")?;
        anyhow::ensure!(opened.len == self.size, "a packet came back shorter");
        Ok(())
    }

    fn some(&mut self) -> anyhow::Result<u64> {
        for _ in 0..SOME {
            self.carry()?;
        }
        Ok(u64::from(SOME))
    }
}

/// The peer: two of boringtun's tunnels after their handshake.
#[cfg(feature = "bench-peers")]
mod peer {
    use super::SOME;
    use anyhow::bail;
    use boringtun::noise::{Tunn, TunnResult};
    use boringtun::x25519::{PublicKey, StaticSecret};

    pub(super) struct Tunnels {
        sends: Tunn,
        receives: Tunn,
        inner: Vec<u8>,
        packet: Vec<u8>,
        opened: Vec<u8>,
    }

    impl Tunnels {
        pub(super) fn new(size: usize) -> anyhow::Result<Option<Self>> {
            // Fixed secrets: nothing is kept from anybody here.
            let [a, b] = [[1; 32], [2; 32]].map(StaticSecret::from);
            let (public_a, public_b) = (PublicKey::from(&a), PublicKey::from(&b));
            let mut sends = Tunn::new(a, public_b, None, None, 1, None);
            let mut receives = Tunn::new(b, public_a, None, None, 2, None);
            let [mut first, mut second, mut third] = [[0; 4096]; 3];
            let TunnResult::WriteToNetwork(hello) =
                sends.format_handshake_initiation(&mut first, false)
            else {
                bail!("boringtun made no handshake")
            };
            let TunnResult::WriteToNetwork(answer) = receives.decapsulate(None, hello, &mut second)
            else {
                bail!("boringtun gave no answer to its handshake")
            };
            let TunnResult::WriteToNetwork(keepalive) = sends.decapsulate(None, answer, &mut third)
            else {
                bail!("boringtun did not end its handshake")
            };
            receives.decapsulate(None, keepalive, &mut first);
            let mut inner = vec![0; size];
            inner[0] = 0x45;
            inner[2..4].copy_from_slice(&u16::try_from(size)?.to_be_bytes());
            Ok(Some(Self {
                sends,
                receives,
                inner,
                packet: vec![0; 4096],
                opened: vec![0; 4096],
            }))
        }

        pub(super) fn some(&mut self) -> anyhow::Result<u64> {
            for _ in 0..SOME {
                let TunnResult::WriteToNetwork(packet) =
                    self.sends.encapsulate(&self.inner, &mut self.packet)
                else {
                    bail!("boringtun did not seal a packet")
                };
                match self.receives.decapsulate(None, packet, &mut self.opened) {
                    TunnResult::WriteToTunnelV4(inner, _) if inner.len() == self.inner.len() => {}
                    _ => bail!("boringtun did not open a packet"),
                }
            }
            Ok(u64::from(SOME))
        }
    }
}

#[cfg(not(feature = "bench-peers"))]
mod peer {
    pub(super) struct Tunnels;

    impl Tunnels {
        pub(super) fn new(_size: usize) -> anyhow::Result<Option<Self>> {
            Ok(None)
        }

        pub(super) fn some(&mut self) -> anyhow::Result<u64> {
            anyhow::bail!("built without the feature bench-peers")
        }
    }
}

/// Measures them.
pub(crate) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    for size in SIZES {
        let mut beside = |suffix: &str, some: &mut dyn FnMut() -> anyhow::Result<u64>| {
            let name = format!("esp.{size}{suffix}");
            measuring(&name);
            let ours = || harness::rate(effort.slice, &mut *some);
            results.push(match peer::Tunnels::new(size)? {
                None => Measured::alone(&name, "packets/s", harness::alone(effort.pairs, ours)?),
                Some(mut tunnels) => {
                    let theirs = || harness::rate(effort.slice, || tunnels.some());
                    let medians = harness::pairs(effort.pairs, ours, theirs)?;
                    Measured::beside(&name, "packets/s", medians.ours, medians.baseline)
                }
            });
            anyhow::Ok(())
        };
        let mut singly = |suffix: &str, instructions| {
            let mut ends = Ends::new(instructions, size);
            beside(suffix, &mut || ends.some())
        };
        singly("", Instructions::fastest())?;
        singly(".libraries", Instructions::Libraries)?;
        if Instructions::AesNi.are_available() {
            singly(".aesni", Instructions::AesNi)?;
        }
        for (prefix, instructions) in [
            ("", Instructions::fastest()),
            (".aesni", Instructions::AesNi),
        ] {
            if !instructions.are_available() {
                continue;
            }
            let mut batches = Batches::new(instructions, size);
            beside(&format!("{prefix}.batch"), &mut || batches.some())?;
            let mut engines = Engines::new(instructions, size)?;
            beside(&format!("{prefix}.engine"), &mut || engines.some())?;
        }
    }
    measuring("esp.64.ns");
    let mut ends = Ends::new(Instructions::fastest(), SIZES[0]);
    ends.some()?;
    let mut times: Histogram<u64> = Histogram::new(3).context("cannot make a histogram")?;
    for _ in 0..TIMED {
        let start = Instant::now();
        ends.carry()?;
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        times
            .record(nanoseconds.max(1))
            .context("cannot record a time")?;
    }
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
        let time = times.value_at_quantile(quantile) as f64 / 1e3;
        results.push(Measured::alone(&format!("esp.64.{name}"), "us", time));
    }
    Ok(())
}
