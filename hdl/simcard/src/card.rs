//! The simulated card as the driver meets it, and the thread that is its clock.

use crate::bus::BusStats;
use crate::core::CoreKind;
use crate::engine::{Engine, Outcome, cycles};
use crate::fault::Fault;
use crate::options::{Error, Pace, SimCardOptions, Source};
use crate::ptu::Capture;
use crate::source::{CaptureSource, PatternSource, PhotonSource};
use crate::stochastic::{Seed, StochasticSource};
use photonbox_driver::device::{Device, HostBus};
use photonbox_model::{Build, FrontEnd};
use photonbox_regmap::DEFAULT_CLOCK_HZ;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Picoseconds of a card cycle.
pub const PERIOD_PS: u64 = 1_000_000_000_000 / DEFAULT_CLOCK_HZ as u64;

/// A real-time card looks at the wall clock this often.
const TICK: Duration = Duration::from_millis(1);
/// A real-time card that lags behind by more (a suspended machine, a debugger) lets that time go.
const LARGEST_LAG: Duration = Duration::from_millis(250);
/// Edges between two chances for the host to take the lock.
const BUDGET: u32 = 2_048;
/// Cycles between two chances for the host to take the lock, where photons are rare.
const STRIDE: u64 = 1 << 18;
/// How far ahead of the wall clock a real-time card may run when its host has written a register: what that asks for
/// is then done at the next look, not a tick later.
const LEAD: Duration = Duration::from_micros(8);
/// A card that waits for its host looks up this often by itself.
const NAP: Duration = Duration::from_millis(20);

/// A card without an FPGA, in this process. Dropping it stops its thread.
pub struct SimCard {
    shared: Arc<Shared>,
    clock: Option<JoinHandle<()>>,
    build: Build,
    core: CoreKind,
    description: String,
}

struct Shared {
    engine: Mutex<Engine>,
    /// Signalled when the host has written a register, and when the card is dropped.
    touched: Condvar,
    /// Callers that wait for the lock: the clock's thread lets them go first.
    callers: AtomicUsize,
    stop: AtomicBool,
}

impl Shared {
    /// The engine. After a panic under the lock its state can't be trusted any more: the card is then gone,
    /// as hardware that has died would be, and the host sees all-ones.
    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(|poisoned| {
            let mut engine = poisoned.into_inner();
            engine.removed = true;
            engine
        })
    }

    /// The engine, for a caller from outside the clock's thread.
    fn call<T>(&self, f: impl FnOnce(&mut Engine) -> T) -> T {
        self.callers.fetch_add(1, Ordering::Relaxed);
        let mut engine = self.engine();
        self.callers.fetch_sub(1, Ordering::Relaxed);
        f(&mut engine)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Lets callers have the lock, which a loop would else take again before they wake.
    fn give_way(&self) {
        while self.callers.load(Ordering::Relaxed) > 0 && !self.stopped() {
            thread::yield_now();
        }
    }

    /// Sleeps until the host touches the card, or the time is over.
    fn nap(&self, engine: MutexGuard<'_, Engine>, time: Duration) {
        if !self.stopped() {
            // A poisoned lock is dealt with by the next `engine`.
            drop(self.touched.wait_timeout(engine, time));
        }
    }

    fn run_in_real_time(&self) {
        let mut then = (Instant::now(), self.engine().now());
        while !self.stopped() {
            let mut engine = self.engine();
            // Under the lock: what was written before is seen, what is written later finds the nap.
            let mut elapsed = then.0.elapsed();
            if std::mem::take(&mut engine.written) {
                elapsed += LEAD;
            }
            let target = then.1 + cycles(elapsed);
            if target.saturating_sub(engine.now()) > cycles(LARGEST_LAG) {
                tracing::debug!("the simulated card cannot keep up with the clock: time let go");
                then = (Instant::now(), engine.now());
                continue;
            }
            if engine.run_to(target, BUDGET, false) == Outcome::Budget {
                drop(engine);
                self.give_way();
                continue;
            }
            self.nap(engine, TICK);
        }
    }

    /// The clock of a core that is slower than the card's: as many cycles as it makes, whatever the wall clock says.
    fn run_at_its_own_pace(&self) {
        while !self.stopped() {
            let mut engine = self.engine();
            if engine.quiet() {
                self.nap(engine, NAP);
                continue;
            }
            let target = engine.now() + STRIDE;
            engine.run_to(target, BUDGET, false);
            drop(engine);
            self.give_way();
        }
    }

    fn run_as_fast_as_possible(&self) {
        while !self.stopped() {
            let mut engine = self.engine();
            if engine.quiet() {
                self.nap(engine, NAP);
                continue;
            }
            let target = engine.now() + STRIDE;
            if engine.run_to(target, BUDGET, true) == Outcome::Full {
                self.nap(engine, NAP);
                continue;
            }
            // Nothing to gain by hurrying when no photon leads to anything.
            if engine.running() && engine.all_alarmed() {
                self.nap(engine, TICK);
                continue;
            }
            drop(engine);
            self.give_way();
        }
    }
}

impl SimCard {
    /// Makes a card. It stands at power-on: nothing runs before a driver starts it.
    ///
    /// # Errors
    /// [`Error`]: a capture, parameter or fault that is refused, no seed, no thread.
    pub fn new(options: SimCardOptions) -> Result<Arc<Self>, Error> {
        let SimCardOptions {
            core,
            build,
            source,
            seed,
            pace,
            faults,
            played_before,
        } = options;
        let lanes = build.lanes();
        for scheduled in &faults {
            scheduled.fault.check(lanes)?;
        }
        let own_seed = match &source {
            Source::Stochastic(params) => params.seed,
            _ => None,
        };
        let seed = match seed.or(own_seed) {
            Some(n) => Seed::Fixed(n),
            None => Seed::from_os().map_err(Error::Entropy)?,
        };
        let (photons, front_end, from): (Box<dyn PhotonSource>, _, _) = match source {
            Source::Capture { path } => {
                let capture = Capture::open(&path)
                    .and_then(|capture| CaptureSource::new(capture, PERIOD_PS))
                    .map(|source| source.played_before(played_before))
                    .map_err(|source| Error::Capture {
                        path: path.clone(),
                        source,
                    })?;
                let from = format!("capture {} on lane 0", path.display());
                (Box::new(capture), FrontEnd::Simulated, from)
            }
            Source::Stochastic(params) => {
                let stochastic = StochasticSource::new(params, &seed, lanes, PERIOD_PS)?;
                let from = format!("stochastic {params}");
                (Box::new(stochastic), FrontEnd::Simulated, from)
            }
            Source::Pattern(pattern) => {
                let from = format!("pattern {}", pattern.name());
                (
                    Box::new(PatternSource::new(pattern, lanes)),
                    FrontEnd::Test,
                    from,
                )
            }
        };
        let engine = Engine::new((core, build, front_end), photons, &seed, &faults)?;
        let shared = Arc::new(Shared {
            engine: Mutex::new(engine),
            touched: Condvar::new(),
            callers: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let clock: Option<fn(&Shared)> = match pace {
            Pace::RealTime if core == CoreKind::Rtl => Some(Shared::run_at_its_own_pace),
            Pace::RealTime => Some(Shared::run_in_real_time),
            Pace::AsFastAsPossible => Some(Shared::run_as_fast_as_possible),
            Pace::Manual => None,
        };
        let clock = clock
            .map(|run| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name("simcard".into())
                    .spawn(move || run(&shared))
            })
            .transpose()
            .map_err(Error::Thread)?;
        Ok(Arc::new(Self {
            shared,
            clock,
            build,
            core,
            description: format!("{}, {} build, {from}", core.name(), build.name()),
        }))
    }

    /// Lets `count` cycles of card time pass, in this thread. For [`Pace::Manual`]; on the other paces it
    /// adds to what the clock's thread does.
    pub fn advance(&self, count: u64) {
        let target = self.cycle().saturating_add(count);
        while self.shared.call(|e| e.run_to(target, BUDGET, false)) == Outcome::Budget {}
    }

    /// As [`Self::advance`], but also comes back as soon as a ring in use has no free slot: true then.
    pub fn advance_until_full(&self, count: u64) -> bool {
        let target = self.cycle().saturating_add(count);
        loop {
            match self.shared.call(|e| e.run_to(target, BUDGET, true)) {
                Outcome::Budget => {}
                outcome => return outcome == Outcome::Full,
            }
        }
    }

    /// Cycles of card time since the card was made.
    pub fn cycle(&self) -> u64 {
        self.shared.call(|e| e.now())
    }

    /// Breaks something now.
    ///
    /// # Errors
    /// [`Error::Fault`] for a lane that the card does not have, or a share outside 0 … 1.
    pub fn inject(&self, fault: Fault) -> Result<(), Error> {
        fault.check(self.build.lanes())?;
        self.shared.call(|e| e.inject(fault));
        Ok(())
    }

    /// Ends one fault of this kind; the end of [`Fault::SurpriseRemoval`] puts the card back into its slot, as after
    /// power-on.
    pub fn end(&self, fault: Fault) {
        self.shared.call(|e| e.end(fault));
        self.shared.touched.notify_all();
    }

    /// Makes the known-answer tests in `mask` (bits of `SELFTEST_RAN`) fail from the next self-test on.
    pub fn inject_selftest_fault(&self, mask: u32) {
        self.shared.call(|e| e.inject_selftest_fault(mask));
    }

    /// The build hash that the card shows; a driver expects it.
    pub fn build_hash(&self) -> [u8; 32] {
        self.core.build_hash(self.build)
    }

    /// What the card's core is.
    pub fn core(&self) -> CoreKind {
        self.core
    }

    /// Repairs lanes and bus, and forgets the faults still to come, and to end: a removed card stays removed.
    pub fn clear_faults(&self) {
        self.shared.call(Engine::clear_faults);
    }

    /// What went over the bus so far.
    pub fn bus_stats(&self) -> BusStats {
        self.shared.call(|e| e.bridge.stats)
    }
}

impl Drop for SimCard {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // Under the lock, so that the clock can't miss it between its look at `stop` and its nap.
        self.shared.call(|_| self.shared.touched.notify_all());
        if let Some(clock) = self.clock.take()
            && clock.thread().id() != thread::current().id()
            && clock.join().is_err()
        {
            tracing::error!("the simulated card's thread had panicked");
        }
    }
}

impl Device for SimCard {
    fn read32(&self, offset: u32) -> u32 {
        self.shared.call(|e| e.read(offset))
    }

    fn write32(&self, offset: u32, value: u32) {
        self.shared.call(|e| e.write(offset, value));
        self.shared.touched.notify_all();
    }

    /// The host's `dma_write` and `raise_irq` are called under the card's lock and must not call the card.
    fn attach(&self, host: Arc<dyn HostBus>) {
        self.shared.call(|e| e.bridge.host = Some(host));
    }

    fn bus_master_enable(&self, on: bool) {
        self.shared.call(|e| e.bridge.bus_master = on && !e.removed);
    }

    fn function_level_reset(&self) {
        self.shared.call(|e| {
            e.reset();
            // A function-level reset clears the command register.
            e.bridge.bus_master = false;
        });
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}
