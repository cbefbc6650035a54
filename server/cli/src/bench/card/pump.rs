//! A card whose entropy ring is filled with nothing, as fast as memory takes it or at a pace: what remains is the
//! driver's own cost.

use photonbox_driver::{Completion, Device, Flags, HostBus};
use photonbox_regmap::{Phase, global, ring};
use photonbox_simcard::SimCard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time between two helpings at a pace.
const HELPING: Duration = Duration::from_millis(1);

/// A simulated card whose time stands still, but for its entropy ring.
pub(crate) struct Pump {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    card: Arc<SimCard>,
    state: Mutex<State>,
    touched: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct State {
    host: Option<Arc<dyn HostBus>>,
    /// Present once it is committed.
    ring: Option<Geometry>,
    running: bool,
    head: u32,
    tail: u32,
    /// The next completion raises the interrupt.
    armed: bool,
    /// Bytes a second, and since when, and how many so far; none for as fast as it goes.
    pace: Option<(f64, Instant, f64)>,
}

#[derive(Clone, Copy)]
struct Geometry {
    data: u64,
    completions: u64,
    slots: u32,
    slot_bytes: u32,
    generation: u32,
}

const BASE: u32 = ring::base(ring::ENTROPY);

impl Pump {
    /// A pump on a card whose time stands still.
    pub(crate) fn new(card: Arc<SimCard>) -> std::io::Result<Arc<Self>> {
        let shared = Arc::new(Shared {
            card,
            state: Mutex::default(),
            touched: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let pumping = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("pump".into())
            .spawn(move || pumping.run())?;
        Ok(Arc::new(Self {
            shared,
            thread: Some(thread),
        }))
    }

    /// Bytes a second from now on; none for as many as it can.
    pub(crate) fn pace(&self, bytes_per_second: Option<f64>) {
        self.shared.state().pace = bytes_per_second.map(|pace| (pace, Instant::now(), 0.0));
        self.shared.touched.notify_all();
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        {
            // Under the lock, so that the thread can't miss it before it sleeps.
            let _state = self.shared.state();
            self.shared.stop.store(true, Ordering::Release);
        }
        self.shared.touched.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the pump's thread had panicked");
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let block = vec![0x5a; ring::MAX_SLOT_BYTES as usize];
        let mut state = self.state();
        while !self.stop.load(Ordering::Acquire) {
            match state.step(&block) {
                Ok(()) => {
                    // A doorbell may come in between.
                    drop(state);
                    state = self.state();
                }
                Err(wait) => {
                    let waited = self.touched.wait_timeout(state, wait);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

impl State {
    /// Fills one slot, or says how long there is none to fill, unless the host does something.
    fn step(&mut self, block: &[u8]) -> Result<(), Duration> {
        let (Some(ring), Some(host), true) = (self.ring, &self.host, self.running) else {
            return Err(Duration::from_millis(20));
        };
        if self.tail.wrapping_sub(self.head) >= ring.slots {
            return Err(Duration::from_millis(20));
        }
        if let Some((pace, since, bytes)) = &mut self.pace {
            if *bytes > *pace * since.elapsed().as_secs_f64() {
                return Err(HELPING);
            }
            *bytes += f64::from(ring.slot_bytes);
        }
        let place = self.tail % ring.slots;
        let completion = Completion {
            slot: place as u16,
            blocks: 1,
            bytes: ring.slot_bytes,
            ring: ring::ENTROPY,
            flags: Flags {
                test: true,
                simulated: true,
                ..Flags::default()
            },
            seed_epoch: 0,
            lanes: 1,
            raw_bits: 0,
            sequence: self.tail,
            generation: photonbox_regmap::layout::GENERATION.get(ring.generation),
            phase: Phase::of(self.tail, ring.slots),
        };
        let data = ring.data + u64::from(place) * u64::from(ring.slot_bytes);
        let at = ring.completions + u64::from(place) * 32;
        let written = host
            .dma_write(data, &block[..ring.slot_bytes as usize])
            .and_then(|()| host.dma_write(at, &completion.to_bytes()));
        if written.is_err() {
            // The ring is being taken away.
            self.ring = None;
            return Err(Duration::from_millis(20));
        }
        self.tail = self.tail.wrapping_add(1);
        if std::mem::take(&mut self.armed) {
            host.raise_irq(ring::ENTROPY as u16);
        }
        Ok(())
    }
}

impl Device for Pump {
    fn read32(&self, offset: u32) -> u32 {
        if offset == BASE + ring::TAIL {
            return self.shared.state().tail;
        }
        self.shared.card.read32(offset)
    }

    fn write32(&self, offset: u32, value: u32) {
        let card = &self.shared.card;
        let mut state = self.shared.state();
        if offset == BASE + ring::HEAD {
            state.head = value;
            state.armed = state.tail == value;
            if !state.armed
                && let Some(host) = &state.host
            {
                // As the card does: what came meanwhile is announced at once.
                host.raise_irq(ring::ENTROPY as u16);
            }
        } else {
            card.write32(offset, value);
        }
        if offset == BASE + ring::COMMIT {
            let read = |register| card.read32(BASE + register);
            let wide = |low, high| u64::from(read(low)) | u64::from(read(high)) << 32;
            let committed = ring::STATUS_COMMITTED.is_set(read(ring::STATUS));
            state.ring = committed.then(|| Geometry {
                data: wide(ring::DATA_BASE_LO, ring::DATA_BASE_HI),
                completions: wide(ring::CPL_BASE_LO, ring::CPL_BASE_HI),
                slots: read(ring::SLOT_COUNT),
                slot_bytes: read(ring::SLOT_BYTES),
                generation: card.read32(global::GENERATION),
            });
            (state.head, state.tail, state.armed) = (0, 0, true);
        }
        if offset == global::CONTROL {
            state.running = global::STATUS_RUNNING.is_set(card.read32(global::STATUS));
        }
        drop(state);
        self.shared.touched.notify_all();
    }

    fn attach(&self, host: Arc<dyn HostBus>) {
        self.shared.state().host = Some(Arc::clone(&host));
        self.shared.card.attach(host);
    }

    fn bus_master_enable(&self, on: bool) {
        if !on {
            self.shared.state().running = false;
        }
        self.shared.card.bus_master_enable(on);
    }

    fn function_level_reset(&self) {
        let mut state = self.shared.state();
        (state.running, state.ring) = (false, None);
        drop(state);
        self.shared.card.function_level_reset();
    }

    fn describe(&self) -> String {
        "pump: an entropy ring filled with nothing".to_owned()
    }
}
