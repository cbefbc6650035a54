//! Packets of the tunnel in batches, as a gateway makes and takes them: by the packet layer alone, and by the whole engine.

use super::esp::{KEYS, SOME};
use anyhow::Context as _;
use photonbox_keybox::Parameters;
use photonbox_keybox::esp::{self, BoxKeys, Header, Instructions, Opening, Sealing};
use photonbox_keybox::peer::{
    IPV4, Incoming, Mode, Outgoing, Peer, Record, Role, Store, StoreError,
};
use photonbox_keybox::schedule::{Budgets, NoRandom, Random};
use std::time::{Duration, Instant};

/// Packets of a batch: what a gateway gives its engine together.
const BATCH: usize = 16;
/// Boxes of an orbit, the usual number.
const BOXES: u16 = 200;
/// Packets of a box: some box changes a second.
const BOX_PACKETS: u64 = 1 << 20;

fn box_keys(instructions: Instructions, i: u16) -> BoxKeys {
    let keys: Vec<[u8; 32]> = (0..KEYS).map(|j| [j as u8 ^ i as u8; 32]).collect();
    BoxKeys::with(instructions, i, &keys)
}

/// Two ends with the same box, and nothing above it.
pub(super) struct Batches {
    sends: BoxKeys,
    receives: BoxKeys,
    seq: u32,
    buffers: [Vec<u8>; BATCH],
    size: usize,
}

impl Batches {
    pub(super) fn new(instructions: Instructions, size: usize) -> Self {
        Self {
            sends: box_keys(instructions, 1),
            receives: box_keys(instructions, 1),
            seq: 0,
            buffers: [(); BATCH].map(|()| vec![0x45; esp::sealed_len(size)]),
            size,
        }
    }

    fn carry(&mut self) -> anyhow::Result<()> {
        let (seq, inner) = (&mut self.seq, self.size);
        let mut batch = self.buffers.each_mut().map(|buffer| {
            *seq = seq.wrapping_add(1);
            Sealing {
                header: Header {
                    spi: 1,
                    seq: *seq,
                    i: 1,
                    j: (*seq % u32::from(KEYS)) as u16 + 1,
                    flicker: *seq % 100_000_000,
                },
                next_header: IPV4,
                buffer,
                inner,
            }
        });
        esp::seal_batch(&self.sends, &mut batch).context("sealing packets")?;
        let mut batch = batch.map(|one| Opening {
            header: Header::read(one.buffer).unwrap_or_default(),
            packet: std::hint::black_box(one.buffer),
            ..Opening::default()
        });
        esp::open_batch(&self.receives, &mut batch);
        for one in &batch {
            let opened = one.opened.context("opening a packet")?;
            anyhow::ensure!(opened.len == inner, "a packet came back shorter");
        }
        Ok(())
    }

    pub(super) fn some(&mut self) -> anyhow::Result<u64> {
        for _ in 0..SOME / BATCH as u32 {
            self.carry()?;
        }
        Ok(u64::from(SOME) / BATCH as u64 * BATCH as u64)
    }
}

/// Records go nowhere: a disk is not what is measured.
struct Nowhere;

impl Store for Nowhere {
    fn store(&mut self, _: &Record) -> Result<(), StoreError> {
        Ok(())
    }
}

/// For the flicker, which is no secret; the same in each run.
struct Sevens;

impl Random for Sevens {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandom> {
        out.fill(1);
        Ok(())
    }
}

/// Two gateways' engines: SPIs, box pointers and their changes, flicker, replay window, counters.
pub(super) struct Engines {
    sends: Peer,
    receives: Peer,
    start: Instant,
    buffers: [Vec<u8>; BATCH],
    size: usize,
}

impl Engines {
    pub(super) fn new(instructions: Instructions, size: usize) -> anyhow::Result<Self> {
        let engine = |role| -> anyhow::Result<Peer> {
            let default = Budgets::default();
            let budgets = Budgets::new(BOX_PACKETS, default.box_time, default.spi_time);
            let mut peer = Peer::new(role, budgets, Vec::new(), Box::new(Nowhere), &mut Sevens)?;
            let parameters = Parameters::new(4, BOXES.into(), KEYS.into())?;
            peer.add_orbit(Duration::ZERO, 1, Mode::IpKey, parameters)?;
            for i in 1..=BOXES {
                peer.insert(Duration::ZERO, 1, box_keys(instructions, i))?;
            }
            Ok(peer)
        };
        Ok(Self {
            sends: engine(Role::Zero)?,
            receives: engine(Role::One)?,
            start: Instant::now(),
            buffers: [(); BATCH].map(|()| vec![0x45; esp::sealed_len(size)]),
            size,
        })
    }

    fn carry(&mut self) -> anyhow::Result<()> {
        let now = self.start.elapsed();
        let size = self.size;
        let mut batch = self
            .buffers
            .each_mut()
            .map(|buffer| Outgoing::new(IPV4, buffer, size));
        self.sends.seal_batch(now, &mut batch);
        for one in &batch {
            if let Err(error) = &one.sealed {
                anyhow::bail!("a packet was not sealed: {error}");
            }
        }
        let mut batch = batch.map(|one| Incoming::new(std::hint::black_box(one.buffer)));
        self.receives.open_batch(now, &mut batch);
        for one in &batch {
            let opened = one
                .opened
                .map_err(|reason| anyhow::anyhow!("a packet was dropped: {reason}"))?;
            anyhow::ensure!(opened.len == size, "a packet came back shorter");
        }
        Ok(())
    }

    pub(super) fn some(&mut self) -> anyhow::Result<u64> {
        for _ in 0..SOME / BATCH as u32 {
            self.carry()?;
        }
        Ok(u64::from(SOME) / BATCH as u64 * BATCH as u64)
    }
}
