//! A card in this process: registers are calls, its DMA is stores into our memory behind a table that plays the
//! IOMMU.

use super::{Interrupt, Transport, table::DmaTable, vectors::Vectors};
use crate::{
    device::{Device, DmaFault, HostBus},
    dma::DmaBuffer,
    error::Error,
};
use std::sync::Arc;

/// The transport to a [`Device`].
pub struct InProcess {
    device: Arc<dyn Device>,
    host: Arc<Host>,
}

impl InProcess {
    /// Attaches to the card, with nothing mapped and bus mastering off.
    #[must_use]
    pub fn new(device: Arc<dyn Device>) -> Self {
        let host = Arc::new(Host::default());
        let bus: Arc<dyn HostBus> = Arc::clone(&host) as _;
        device.attach(bus);
        device.bus_master_enable(false);
        Self { device, host }
    }
}

impl Transport for InProcess {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        Ok(self.device.read32(offset))
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.device.write32(offset, value);
        Ok(())
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        self.host.table.alloc(bytes)
    }

    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.host.vectors.get(vector)
    }

    fn bus_master(&self, on: bool) -> Result<(), Error> {
        self.device.bus_master_enable(on);
        Ok(())
    }

    fn reset(&self) -> Result<(), Error> {
        self.device.function_level_reset();
        self.device.bus_master_enable(false);
        Ok(())
    }

    fn describe(&self) -> String {
        self.device.describe()
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        // The card outlives its host: it must not write into memory that is going away.
        self.device.bus_master_enable(false);
    }
}

/// The host as the card sees it: memory, and the vectors.
#[derive(Default)]
struct Host {
    table: Arc<DmaTable>,
    vectors: Vectors,
}

impl HostBus for Host {
    fn dma_write(&self, iova: u64, data: &[u8]) -> Result<(), DmaFault> {
        self.table.write(iova, data)
    }

    fn raise_irq(&self, vector: u16) {
        if !self.vectors.raise(vector) {
            tracing::warn!(
                vector,
                "the card raised an interrupt that it doesn't have; ignored"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, OnceLock};

    #[derive(Default)]
    struct Probe {
        host: OnceLock<Arc<dyn HostBus>>,
        master: Mutex<Vec<bool>>,
    }

    impl Device for Probe {
        fn read32(&self, offset: u32) -> u32 {
            !offset
        }
        fn write32(&self, _offset: u32, _value: u32) {}
        fn attach(&self, host: Arc<dyn HostBus>) {
            assert!(self.host.set(host).is_ok(), "attached once");
        }
        fn bus_master_enable(&self, on: bool) {
            self.master.lock().expect("lock").push(on);
        }
        fn function_level_reset(&self) {}
        fn describe(&self) -> String {
            "probe".into()
        }
    }

    #[test]
    fn writes_land_only_where_something_is_mapped() {
        let probe = Arc::new(Probe::default());
        let transport = InProcess::new(Arc::clone(&probe) as _);
        let host = Arc::clone(probe.host.get().expect("attached"));
        let buffer = transport.alloc_dma(4096).expect("memory");
        let (start, length) = (buffer.iova(), buffer.memory().len() as u64);
        assert_eq!(host.dma_write(start + 8, &[1; 8]), Ok(()));
        assert_eq!(buffer.memory().load_acquire(8), 0x0101_0101_0101_0101);
        for iova in [0, start - 1, start + length - 4, start + length, u64::MAX] {
            assert_eq!(
                host.dma_write(iova, &[1; 8]),
                Err(DmaFault { iova, length: 8 }),
                "{iova:#x}"
            );
        }
        drop(buffer);
        assert!(host.dma_write(start, &[1; 8]).is_err(), "unmapped");
    }

    #[test]
    fn interrupts_go_to_their_vector_and_reset_ends_bus_mastering() {
        let probe = Arc::new(Probe::default());
        let transport = InProcess::new(Arc::clone(&probe) as _);
        let host = Arc::clone(probe.host.get().expect("attached"));
        host.raise_irq(1);
        host.raise_irq(999);
        let now = std::time::Duration::ZERO;
        assert!(!transport.wait_irq(0, now).expect("vector 0"));
        assert!(transport.wait_irq(1, now).expect("vector 1"));
        assert!(matches!(
            transport.wait_irq(999, now),
            Err(Error::NoVector { vector: 999 })
        ));
        transport.bus_master(true).expect("on");
        transport.reset().expect("reset");
        drop(transport);
        assert_eq!(
            *probe.master.lock().expect("lock"),
            [false, true, false, false]
        );
    }
}
