//! The card's way into host memory: bus mastering, and what became of each write.

use crate::fault::{ActiveFaults, INTERRUPT_STREAM};
use crate::stochastic::{Seed, uniform};
use photonbox_driver::device::HostBus;
use photonbox_model::{BusError, BusMaster};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What went over the bus since the card was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BusStats {
    /// Writes that reached host memory.
    pub writes: u64,
    /// Writes that the IOMMU refused. The card sees nothing of it: posted writes have no answer.
    pub faults: u64,
    /// Writes refused because bus mastering was off or there was no host. The card's bridge answers an error.
    pub refused: u64,
    /// Writes that the fault `axi-error` answered with an error.
    pub errors: u64,
    /// Interrupts raised.
    pub interrupts: u64,
    /// Interrupts refused because bus mastering was off or there was no host.
    pub interrupts_refused: u64,
    /// Interrupts that the fault `lost-interrupt` took away.
    pub interrupts_lost: u64,
}

/// The bridge between the card's core and the host.
#[derive(Default)]
pub(crate) struct Bridge {
    pub(crate) host: Option<Arc<dyn HostBus>>,
    pub(crate) bus_master: bool,
    pub(crate) stats: BusStats,
    axi_error: bool,
    lost_interrupts: f64,
    /// Says which interrupts are lost.
    draw: Option<ChaCha12Rng>,
}

impl Bridge {
    /// A bridge without a host. `seed` says which interrupts are lost, while some are.
    pub(crate) fn new(seed: &Seed) -> Self {
        Self {
            draw: Some(seed.generator(INTERRUPT_STREAM)),
            ..Self::default()
        }
    }

    /// Takes the faults of the bus that are in force from now on.
    pub(crate) fn break_as(&mut self, faults: &ActiveFaults) {
        self.axi_error = faults.axi_error();
        self.lost_interrupts = faults.lost_interrupts();
    }

    /// Whether writes leave the card: a host is there, bus mastering is on, and nothing answers them with an error.
    #[cfg(feature = "verilated")]
    pub(crate) fn open(&self) -> bool {
        self.bus_master && self.host.is_some() && !self.axi_error
    }

    fn loses_interrupt(&mut self) -> bool {
        self.lost_interrupts > 0.0
            && self
                .draw
                .as_mut()
                .is_some_and(|draw| uniform(draw) < self.lost_interrupts)
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
        if self.axi_error {
            self.stats.errors += 1;
            return Err(BusError);
        }
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
            Some(_) if self.loses_interrupt() => self.stats.interrupts_lost += 1,
            Some(host) => {
                self.stats.interrupts += 1;
                host.raise_irq(vector);
            }
            None => self.stats.interrupts_refused += 1,
        }
    }
}
