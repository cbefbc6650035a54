//! Ways to reach a card.
//!
//! A [`Transport`] is registers, memory that the card may write, interrupts and reset: what every bus has in
//! common. Built: [`inprocess`], [`vfio_user`], [`vfio`] and [`serial`].

mod eventfd;
pub mod inprocess;
pub mod pci;
pub mod serial;
mod table;
mod vectors;
pub mod vfio;
pub mod vfio_user;

use crate::{
    dma::DmaBuffer,
    error::Error,
    sync::{AtomicU64, Condvar, Instant, Mutex, timeout},
};
use std::{
    fmt,
    str::FromStr,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

/// A path to one card. Register accesses are 32 bits wide, little-endian, in program order.
///
/// Accesses return `Result` because a link may break under them (serial, vfio-user). A card that is gone from a
/// working bus is not an error here: it reads all-ones, and [`crate::Card`] draws the conclusion.
pub trait Transport: Send + Sync {
    /// Reads the register at byte `offset`.
    ///
    /// # Errors
    /// [`Error::Link`] when the link itself failed.
    fn read32(&self, offset: u32) -> Result<u32, Error>;

    /// Writes the register at byte `offset`. Every store to host memory before it is visible to the card first.
    ///
    /// # Errors
    /// [`Error::Link`] when the link itself failed.
    fn write32(&self, offset: u32, value: u32) -> Result<(), Error>;

    /// Zeroed memory of at least `bytes` bytes that the card may write, until the buffer is dropped. Drop it only
    /// once the card is idle.
    ///
    /// # Errors
    /// [`Error::DmaMemory`], [`Error::LockedMemory`], [`Error::NoIovaSpace`].
    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error>;

    /// The interrupt with this vector. Raised ones stay pending until someone waits.
    ///
    /// # Errors
    /// [`Error::NoVector`] when the card has no such vector.
    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error>;

    /// Waits for the interrupt; false when `timeout` passed first. A hint only: several may coalesce, and one may
    /// be lost, so look at the rings either way.
    ///
    /// # Errors
    /// As [`Transport::interrupt`].
    fn wait_irq(&self, vector: u16, timeout: Duration) -> Result<bool, Error> {
        Ok(self.interrupt(vector)?.wait(timeout))
    }

    /// Lets the card write host memory and raise interrupts, or stops it (PCI Bus Master Enable).
    ///
    /// # Errors
    /// [`Error::Link`].
    fn bus_master(&self, on: bool) -> Result<(), Error>;

    /// Resets the function (FLR, or what the link has in its place). Bus mastering is off afterwards.
    ///
    /// # Errors
    /// [`Error::Link`].
    fn reset(&self) -> Result<(), Error>;

    /// Puts the function to sleep (PCI's D3hot), or wakes it. Asleep, its registers read all-ones and nothing leaves it.
    /// False where the link can't: nothing has happened then.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::PciFunction`].
    fn sleep(&self, on: bool) -> Result<bool, Error> {
        let _ = on;
        Ok(false)
    }

    /// One line for people: what is at the other end.
    fn describe(&self) -> String;

    /// What the other end says of the card's photons.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::DeadCard`], [`Error::PciFunction`].
    fn about(&self) -> Result<About, Error> {
        Ok(About::default())
    }
}

/// What a card's registers don't say: where its photons come from, as far as whoever serves it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct About {
    /// They come from a seed: whoever knows that has them too.
    pub reproducible: bool,
    /// How many lanes, from 0 on, get light; none where all do.
    pub lit_lanes: Option<u32>,
}

/// One interrupt vector on the host's side: a count of raises, which threads and tasks can wait on.
///
/// Each waiter sees what was raised since it last looked. One waiter a vector is assumed (a ring has one owner).
#[derive(Default)]
pub struct Interrupt {
    raised: AtomicU64,
    seen: Mutex<u64>,
    condvar: Condvar,
    notify: tokio::sync::Notify,
}

impl Interrupt {
    /// Called by the transport when the card raised the vector.
    pub fn raise(&self) {
        {
            // Under the lock, so that a waiter between its check and its sleep can't miss it.
            let _seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            self.raised.fetch_add(1, Ordering::Release);
        }
        self.condvar.notify_all();
        self.notify.notify_one();
    }

    /// How often it was raised so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.raised.load(Ordering::Acquire)
    }

    /// Waits until it is raised; false when `timeout` passed first.
    #[must_use]
    pub fn wait(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let raised = self.count();
            if raised != *seen {
                *seen = raised;
                return true;
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            seen = self
                .condvar
                .wait_timeout(seen, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// The same for a task.
    pub async fn wait_async(&self, patience: Duration) -> bool {
        let wait = async {
            loop {
                {
                    let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                    let raised = self.count();
                    if raised != *seen {
                        *seen = raised;
                        return;
                    }
                }
                // `notify_one` leaves a permit when nobody waits yet, so nothing falls between.
                self.notify.notified().await;
            }
        };
        timeout(patience, wait).await.is_ok()
    }
}

/// What `--card` names (specification 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardAddress {
    /// `model`: the Rust model in this process.
    Model,
    /// `rtl`: the verilated design in this process.
    Rtl,
    /// `vfio-user:PATH`: a card served on a Unix socket.
    VfioUser(String),
    /// `vfio:BDF`: a PCIe card.
    Vfio(String),
    /// `serial:DEV[@BAUD]`: a board on a serial line.
    Serial(String),
}

impl CardAddress {
    /// Whether this build can reach such a card.
    ///
    /// # Errors
    /// [`Error::UnsupportedTransport`] for `rtl`, which only programs with a verilated card have.
    pub fn supported(&self) -> Result<(), Error> {
        match self {
            Self::Model | Self::VfioUser(_) | Self::Vfio(_) | Self::Serial(_) => Ok(()),
            other @ Self::Rtl => Err(Error::UnsupportedTransport {
                asked: other.to_string(),
            }),
        }
    }

    /// What names the card from one start to the next, however its address was written: where it is. Another card at
    /// the same place has the same name.
    ///
    /// # Errors
    /// [`Error::UnknownCard`] for an address that can't be.
    pub fn name(&self) -> Result<String, Error> {
        Ok(match self {
            Self::Model | Self::Rtl => self.to_string(),
            Self::VfioUser(path) => {
                let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
                Self::VfioUser(whole.to_string_lossy().into_owned()).to_string()
            }
            Self::Vfio(bdf) => Self::Vfio(vfio::Bdf::parse(bdf)?.as_str().to_owned()).to_string(),
            Self::Serial(line) => {
                let (device, _) = serial::parse_address(line)?;
                Self::Serial(device.to_owned()).to_string()
            }
        })
    }
}

impl fmt::Display for CardAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => f.write_str("model"),
            Self::Rtl => f.write_str("rtl"),
            Self::VfioUser(path) => write!(f, "vfio-user:{path}"),
            Self::Vfio(bdf) => write!(f, "vfio:{bdf}"),
            Self::Serial(device) => write!(f, "serial:{device}"),
        }
    }
}

impl FromStr for CardAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let rest = |prefix| {
            text.strip_prefix(prefix)
                .filter(|rest: &&str| !rest.is_empty())
                .map(str::to_owned)
        };
        match text {
            "model" => return Ok(Self::Model),
            "rtl" => return Ok(Self::Rtl),
            _ => {}
        }
        rest("vfio-user:")
            .map(Self::VfioUser)
            .or_else(|| rest("vfio:").map(Self::Vfio))
            .or_else(|| rest("serial:").map(Self::Serial))
            .ok_or_else(|| Error::UnknownCard {
                asked: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_parse_and_print() {
        for text in [
            "model",
            "rtl",
            "vfio-user:/run/card.sock",
            "vfio:0000:03:00.0",
            "serial:/dev/ttyUSB0@115200",
        ] {
            let address: CardAddress = text.parse().expect(text);
            assert_eq!(address.to_string(), text);
            assert_eq!(address.supported().is_ok(), text != "rtl", "{text}");
        }
        for text in ["", "modell", "vfio:", "serial", "usb:1"] {
            assert!(
                matches!(text.parse::<CardAddress>(), Err(Error::UnknownCard { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_card_has_one_name_however_it_is_addressed() {
        let name = |text: &str| text.parse::<CardAddress>().expect(text).name();
        for (text, wanted) in [
            ("model", "model"),
            ("vfio:03:00.0", "vfio:0000:03:00.0"),
            ("vfio:0000:03:00.0", "vfio:0000:03:00.0"),
            ("serial:/dev/line@115200", "serial:/dev/line"),
            ("serial:/dev/line", "serial:/dev/line"),
            ("vfio-user:/run/card", "vfio-user:/run/card"),
        ] {
            assert_eq!(name(text).expect(text), wanted);
        }
        let here = std::env::current_dir().expect("a folder");
        let card = here.join("card");
        assert_eq!(
            name("vfio-user:card").expect("a path"),
            format!("vfio-user:{}", card.display())
        );
        assert!(name("vfio:3").is_err() && name("serial:x@fast").is_err());
    }

    #[test]
    fn an_interrupt_raised_before_the_wait_is_not_lost() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.wait(Duration::ZERO));
        interrupt.raise();
        interrupt.raise();
        assert!(interrupt.wait(Duration::ZERO), "pending");
        assert!(!interrupt.wait(Duration::ZERO), "two coalesce into one");
    }

    #[test]
    fn a_task_sees_an_interrupt_from_a_thread() {
        let interrupt = Arc::new(Interrupt::default());
        let raiser = Arc::clone(&interrupt);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("runtime");
        let thread = std::thread::spawn(move || raiser.raise());
        assert!(runtime.block_on(interrupt.wait_async(Duration::from_secs(60))));
        thread.join().expect("raiser");
        assert!(!runtime.block_on(interrupt.wait_async(Duration::ZERO)));
    }
}
