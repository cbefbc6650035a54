//! The PCI function: config space, BARs, resets, and the host that the card sees.
//!
//! No lock is held while the card is called: the card calls back from under its own.

use super::config::{self, Config};
use super::dma::DmaTable;
use super::msix::{self, EventFd, Msix, Raised};
use super::status::StatusPage;
use photonbox_driver::device::{Device, DmaFault, HostBus};
use photonbox_driver::transport::pci::{MSIX_BAR, REGISTERS_BAR, STATUS_BAR, status_page};
use photonbox_regmap::{BAR_BYTES, global};
use rustix::io::Errno;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use vfio_bindings::bindings::vfio::VFIO_PCI_CONFIG_REGION_INDEX;

/// What the card sees of its host.
pub(crate) struct Host {
    pub(crate) dma: RwLock<DmaTable>,
    msix: Mutex<Msix>,
    pub(crate) status: StatusPage,
    /// The card left its slot, and the config space has not been told.
    left: AtomicBool,
}

impl Host {
    fn msix(&self) -> MutexGuard<'_, Msix> {
        self.msix.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HostBus for Host {
    /// Words are stored with release ordering at each end, so that a completion is seen after its data; the interrupt
    /// is a system call after both.
    fn dma_write(&self, iova: u64, data: &[u8]) -> Result<(), DmaFault> {
        let landed = self
            .dma
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .write(iova, data);
        self.status.wrote(landed);
        if landed {
            Ok(())
        } else {
            Err(DmaFault {
                iova,
                length: data.len(),
            })
        }
    }

    fn raise_irq(&self, vector: u16) {
        if self.msix().raise(vector) == Raised::Lost {
            tracing::debug!(vector, "an interrupt that nobody is connected to");
        } else {
            self.status.raised();
        }
    }

    fn card_left(&self) {
        self.left.store(true, Ordering::Release);
        self.status.remove();
    }
}

/// One function, and the card behind it.
pub(crate) struct Function {
    device: Arc<dyn Device>,
    pub(crate) host: Arc<Host>,
    config: Config,
}

impl Function {
    /// The function as after power-on; the card is attached to it, with bus mastering off.
    pub(crate) fn new(device: Arc<dyn Device>, status: StatusPage) -> Self {
        let host = Arc::new(Host {
            dma: RwLock::default(),
            msix: Mutex::new(Msix::new()),
            status,
            left: AtomicBool::new(false),
        });
        let bus: Arc<dyn HostBus> = Arc::clone(&host) as _;
        device.attach(bus);
        device.bus_master_enable(false);
        Self {
            device,
            host,
            config: Config::new(),
        }
    }

    /// Lets go of a client: the card can't reach its memory any more, nor its interrupts. Registers stay as they are,
    /// alarms above all.
    pub(crate) fn detach(&mut self) {
        self.device.bus_master_enable(false);
        self.config = Config::new();
        *self.host.msix() = Msix::new();
        let mut table = self
            .host
            .dma
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        table.clear();
    }

    /// Whether the card is in its slot. One that isn't shows all-ones everywhere; one that was away is as after
    /// power-on: nothing answers before the host says so.
    pub(crate) fn present(&mut self) -> bool {
        if self.host.left.swap(false, Ordering::AcqRel) {
            self.config = Config::new();
            let mut msix = self.host.msix();
            msix.reset();
            msix.control(false, false);
        }
        let present = self.device.read32(global::MAGIC) != u32::MAX;
        if present {
            self.host.status.put_back();
        } else {
            self.host.status.remove();
        }
        present
    }

    /// Whether the card has left its slot since [`Self::present`] last looked.
    fn was_away(&self) -> bool {
        self.host.left.load(Ordering::Acquire)
    }

    /// A function-level reset.
    pub(crate) fn reset(&mut self) {
        if !self.present() {
            return;
        }
        self.device.function_level_reset();
        self.device.bus_master_enable(false);
        self.config.reset();
        let mut msix = self.host.msix();
        msix.reset();
        self.config.enable_msix(msix.any_connected());
        let (enabled, masked) = self.config.msix_state();
        msix.control(enabled, masked);
    }

    /// Connects vectors from `start` on to eventfds, or to nothing.
    ///
    /// # Errors
    /// There is no such vector.
    pub(crate) fn connect(
        &mut self,
        start: u32,
        targets: impl ExactSizeIterator<Item = Option<EventFd>>,
    ) -> Result<(), Errno> {
        let end = u32::try_from(targets.len())
            .ok()
            .and_then(|count| start.checked_add(count))
            .filter(|end| *end <= global::VECTORS.into())
            .ok_or(Errno::INVAL)?;
        self.present();
        let mut msix = self.host.msix();
        for (vector, to) in (start..end).zip(targets) {
            let there = msix.connect(vector, to);
            debug_assert!(there, "{vector}");
        }
        self.config.enable_msix(msix.any_connected());
        let (enabled, masked) = self.config.msix_state();
        msix.control(enabled, masked);
        Ok(())
    }

    /// Masks or unmasks a vector; false where there is none.
    pub(crate) fn mask(&self, vector: u32, masked: bool) -> bool {
        self.host.msix().mask(vector, masked)
    }

    /// Raises a vector as if the card had.
    pub(crate) fn trigger(&self, vector: u16) {
        self.host.raise_irq(vector);
    }

    /// Bytes of a region; 0 where there is none.
    pub(crate) fn region_bytes(region: u32) -> u64 {
        match region {
            VFIO_PCI_CONFIG_REGION_INDEX => config::BYTES as u64,
            bar => config::BARS
                .iter()
                .find(|(number, _)| *number == bar)
                .map_or(0, |(_, bytes)| u64::from(*bytes)),
        }
    }

    /// Place of an access that lies in the region.
    fn place(region: u32, offset: u64, bytes: usize) -> Result<usize, Errno> {
        offset
            .checked_add(bytes as u64)
            .filter(|end| bytes > 0 && *end <= Self::region_bytes(region))
            .and_then(|_| usize::try_from(offset).ok())
            .ok_or(Errno::INVAL)
    }

    /// Reads a region, at any place and length. What doesn't answer reads as all-ones.
    ///
    /// # Errors
    /// The place isn't in the region.
    pub(crate) fn read(&mut self, region: u32, offset: u64, bytes: &mut [u8]) -> Result<(), Errno> {
        let at = Self::place(region, offset, bytes.len())?;
        let is_config = region == VFIO_PCI_CONFIG_REGION_INDEX;
        // Registers of a card that is gone read as all-ones by themselves.
        let gone = (region != REGISTERS_BAR || self.was_away()) && !self.present();
        if gone || !is_config && !self.config.answers() {
            bytes.fill(0xff);
            return Ok(());
        }
        match region {
            VFIO_PCI_CONFIG_REGION_INDEX => self.config.read(at, bytes),
            REGISTERS_BAR => self.read_registers(at, bytes),
            MSIX_BAR => self.host.msix().read(at, bytes),
            STATUS_BAR => self.host.status.read(at, bytes),
            _ => bytes.fill(0xff),
        }
        Ok(())
    }

    fn read_registers(&self, at: usize, bytes: &mut [u8]) {
        let mut word = (usize::MAX, [0; 4]);
        for (at, byte) in (at..).zip(bytes) {
            if word.0 != at & !3 {
                // The region is smaller than 4 GiB.
                word = (at & !3, self.device.read32((at & !3) as u32).to_le_bytes());
            }
            *byte = word.1[at & 3];
        }
    }

    /// Writes a region. Registers and the MSI-X table take whole words only; what doesn't answer takes no notice.
    ///
    /// # Errors
    /// The place isn't in the region, or the region can't be written so.
    pub(crate) fn write(&mut self, region: u32, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let at = Self::place(region, offset, bytes.len())?;
        if region == VFIO_PCI_CONFIG_REGION_INDEX {
            if self.present() {
                self.write_config(at, bytes);
            }
            return Ok(());
        }
        if !at.is_multiple_of(4) || !bytes.len().is_multiple_of(4) || region == STATUS_BAR {
            return Err(Errno::INVAL);
        }
        if self.was_away() && !self.present() || !self.config.answers() {
            return Ok(());
        }
        let words = bytes.chunks_exact(4).zip((at..).step_by(4));
        for (word, at) in words {
            let value = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            match region {
                REGISTERS_BAR => self.device.write32(at as u32, value),
                MSIX_BAR => self.host.msix().write(at, value),
                _ => return Err(Errno::INVAL),
            }
        }
        Ok(())
    }

    fn write_config(&mut self, at: usize, bytes: &[u8]) {
        if self.config.write(at, bytes) {
            self.reset();
            return;
        }
        self.device.bus_master_enable(self.config.masters());
        let (enabled, masked) = self.config.msix_state();
        self.host.msix().control(enabled, masked);
    }
}

// The layouts that clients map and the BARs that they find agree.
const _: () = assert!(msix::BAR_BYTES >= 0x1000 && status_page::BYTES == 0x1000 && BAR_BYTES > 0);
