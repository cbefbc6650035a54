//! What a card in this process looks like from the bus.
//!
//! A simulated card implements [`Device`]; [`crate::transport::inprocess::InProcess`] drives it. The two
//! traits are the whole of the seam: registers one way, posted writes and interrupts the other, as on PCIe.

use std::sync::Arc;

/// A card as the bus sees it: 32-bit registers, resets, and write access to whatever host memory it was given.
pub trait Device: Send + Sync {
    /// Reads the register at byte `offset`. A removed or dead card answers all-ones, as a master abort does.
    /// Reads have no side effects (specification 6.1).
    fn read32(&self, offset: u32) -> u32;

    /// Writes the register at byte `offset`. Writes to a removed card are lost without a sound.
    fn write32(&self, offset: u32, value: u32);

    /// Gives the card the host memory it may write and the interrupts it may raise. A later call replaces the
    /// former host.
    fn attach(&self, host: Arc<dyn HostBus>);

    /// PCI command register, bit 2. While off, the card's writes and interrupts never leave it.
    fn bus_master_enable(&self, on: bool);

    /// Function-level reset: accepted bursts finish, then everything returns to its state after power-on.
    fn function_level_reset(&self);

    /// One line for people, e.g. `model, small build, capture FILE`.
    fn describe(&self) -> String;
}

/// The host as the card sees it: memory behind an IOMMU, and interrupt vectors.
pub trait HostBus: Send + Sync {
    /// A posted write of `data` to I/O virtual address `iova`. When it returns, the bytes are visible to the
    /// host before those of any later write.
    ///
    /// # Errors
    /// [`DmaFault`] when the range isn't wholly mapped. Real posted writes have no error return: hardware would
    /// see nothing, so a card may count the fault but mustn't let behaviour that the host can see depend on it.
    fn dma_write(&self, iova: u64, data: &[u8]) -> Result<(), DmaFault>;

    /// Raises interrupt `vector`. Interrupts are hints: two may coalesce into one.
    fn raise_irq(&self, vector: u16);

    /// The card left its slot. When it comes back it is as after power-on, and so is what the bus keeps for it.
    fn card_left(&self) {}
}

/// A write that the IOMMU refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the IOMMU has no mapping for {length} bytes at {iova:#x}; map the ring before it is committed"
)]
pub struct DmaFault {
    /// First address of the refused write.
    pub iova: u64,
    /// Its length in bytes.
    pub length: usize,
}
