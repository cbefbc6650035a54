//! The card's way into host memory: bus mastering, and what became of each write.

use photonbox_driver::device::HostBus;
use photonbox_model::{BusError, BusMaster};
use std::sync::Arc;

/// What went over the bus since the card was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusStats {
    /// Writes that reached host memory.
    pub writes: u64,
    /// Writes that the IOMMU refused. The card sees nothing of it: posted writes have no answer.
    pub faults: u64,
    /// Writes refused because bus mastering was off or there was no host. The card's bridge answers an error.
    pub refused: u64,
    /// Interrupts raised.
    pub interrupts: u64,
    /// Interrupts refused because bus mastering was off or there was no host.
    pub interrupts_refused: u64,
}

/// The bridge between the card's core and the host.
#[derive(Default)]
pub(crate) struct Bridge {
    pub(crate) host: Option<Arc<dyn HostBus>>,
    pub(crate) bus_master: bool,
    pub(crate) stats: BusStats,
}

impl Bridge {
    /// Whether writes leave the card: a host is there and bus mastering is on.
    #[cfg(feature = "verilated")]
    pub(crate) fn open(&self) -> bool {
        self.bus_master && self.host.is_some()
    }

    fn host(&self) -> Option<Arc<dyn HostBus>> {
        self.host.clone().filter(|_| self.bus_master)
    }
}

impl BusMaster for Bridge {
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), BusError> {
        let Some(host) = self.host() else {
            self.stats.refused += 1;
            return Err(BusError);
        };
        match host.dma_write(address, data) {
            Ok(()) => self.stats.writes += 1,
            Err(fault) => {
                self.stats.faults += 1;
                tracing::warn!(%fault, "the card wrote where nothing is mapped");
            }
        }
        Ok(())
    }

    fn interrupt(&mut self, vector: u16) {
        match self.host() {
            Some(host) => {
                self.stats.interrupts += 1;
                host.raise_irq(vector);
            }
            None => self.stats.interrupts_refused += 1,
        }
    }
}
