//! A card that another process serves on a Unix socket, over vfio-user 0.1.
//!
//! The server may be slow, wrong or gone: replies are checked ([`link`]), and one that takes more than
//! [`PATIENCE`] ends the link. Rings are shared memory; registers are messages.

pub mod frame;
mod link;
pub mod wire;

use self::link::Link;
use self::wire::{Command, Limits};
use super::eventfd::EventFds;
use super::pci::{self, CardStatusPage, ConfigSpace};
use super::{About, Interrupt, Transport};
use crate::{
    dma::{DmaBuffer, DmaMemory, IovaSpace, Locking, place},
    error::Error,
};
use photonbox_regmap::{BAR_BYTES, global::VECTORS};
use std::{
    fs::File,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};
use vfio_bindings::bindings::vfio::{
    VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_FLAGS_RESET, VFIO_IRQ_INFO_EVENTFD,
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_PCI_CONFIG_REGION_INDEX,
    VFIO_PCI_MSIX_IRQ_INDEX, VFIO_REGION_INFO_FLAG_MMAP, VFIO_REGION_INFO_FLAG_READ,
    VFIO_REGION_INFO_FLAG_WRITE,
};
use zerocopy::IntoBytes;

/// How long a reply may take.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Address bits that the smallest IOMMUs translate; the server has no limit.
const ADDRESS_BITS: u32 = 39;

/// The transport to a served card.
pub struct VfioUser {
    link: Arc<Link>,
    events: EventFds,
    status: Option<DmaMemory>,
    space: Mutex<IovaSpace>,
}

impl VfioUser {
    /// Connects to the card at this socket, checks that it is one, and leaves it with its registers answering and bus
    /// mastering off.
    ///
    /// # Errors
    /// [`Error::NoServer`], [`Error::InUse`], [`Error::NoPermission`], [`Error::PciFunction`], [`Error::DeadCard`],
    /// [`Error::Link`], [`Error::BusRefused`].
    pub fn connect(path: &str) -> Result<Self, Error> {
        Self::connect_within(path, PATIENCE)
    }

    /// The same with another patience.
    ///
    /// # Errors
    /// As [`VfioUser::connect`].
    pub fn connect_within(path: &str, patience: Duration) -> Result<Self, Error> {
        let link = Link::connect(path, patience)?;
        negotiate(&link)?;
        has_what_a_card_has(&link)?;
        pci::check(&link)?;
        let status = status_page(&link)?;
        let events = EventFds::new(VECTORS)?;
        connect_interrupts(&link, &events)?;
        pci::command(&link, false)?;
        Ok(Self {
            link: Arc::new(link),
            events,
            status,
            space: Mutex::new(IovaSpace::new(ADDRESS_BITS)),
        })
    }

    /// Looks at what is served at this socket, without taking it: what its status page says, where it has one. A card
    /// that has a client keeps it, and says [`Error::InUse`].
    ///
    /// # Errors
    /// As [`VfioUser::connect`].
    pub fn look(path: &str, patience: Duration) -> Result<Option<CardStatusPage>, Error> {
        let link = Link::connect(path, patience)?;
        negotiate(&link)?;
        has_what_a_card_has(&link)?;
        pci::check(&link)?;
        status_page(&link)?
            .as_ref()
            .map(CardStatusPage::read)
            .transpose()
    }

    /// What the card's status page says, where it has one.
    ///
    /// # Errors
    /// [`Error::DeadCard`], [`Error::PciFunction`].
    pub fn status_page(&self) -> Result<Option<CardStatusPage>, Error> {
        self.status.as_ref().map(CardStatusPage::read).transpose()
    }
}

fn negotiate(link: &Link) -> Result<(), Error> {
    let (major, minor) = wire::VERSION;
    let ours = wire::Version {
        major: major.into(),
        minor: minor.into(),
    };
    let text = Limits::OURS.to_text();
    let (theirs, reply) = link.ask::<wire::Version>(Command::Version, &[ours.as_bytes(), &text])?;
    if theirs.major.get() != major || theirs.minor.get() > minor {
        return Err(link.nonsense(Command::Version, "the server has another version"));
    }
    let limits = reply
        .body
        .get(size_of::<wire::Version>()..)
        .and_then(Limits::from_text)
        .ok_or_else(|| link.nonsense(Command::Version, "the server's limits can't be read"))?;
    if limits.max_msg_fds == 0 || limits.max_data_xfer_size < 8 {
        return Err(link.nonsense(Command::Version, "the server takes no descriptors or data"));
    }
    Ok(())
}

fn has_what_a_card_has(link: &Link) -> Result<(), Error> {
    let lacks = |what: &str| {
        Err(Error::PciFunction {
            what: format!("what is served at {} has no {what}", link.path()),
        })
    };
    let ask = wire::DeviceInfo {
        argsz: wire::argsz::<wire::DeviceInfo>(),
        ..wire::DeviceInfo::default()
    };
    let (device, _) = link.ask::<wire::DeviceInfo>(Command::DeviceInfo, &[ask.as_bytes()])?;
    if device.flags.get() & VFIO_DEVICE_FLAGS_PCI == 0
        || device.regions.get() <= VFIO_PCI_CONFIG_REGION_INDEX
        || device.irqs.get() <= VFIO_PCI_MSIX_IRQ_INDEX
    {
        return lacks("PCI config space");
    }
    if device.flags.get() & VFIO_DEVICE_FLAGS_RESET == 0 {
        return lacks("reset");
    }
    let both = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
    let needs = [
        (pci::REGISTERS_BAR, u64::from(BAR_BYTES), "registers"),
        (VFIO_PCI_CONFIG_REGION_INDEX, 256, "config space"),
    ];
    for (index, bytes, what) in needs {
        let (region, _) = region(link, index)?;
        if region.flags.get() & both != both || region.size.get() < bytes {
            return lacks(what);
        }
    }
    let ask = wire::IrqInfo {
        argsz: wire::argsz::<wire::IrqInfo>(),
        index: VFIO_PCI_MSIX_IRQ_INDEX.into(),
        ..wire::IrqInfo::default()
    };
    let (irqs, _) = link.ask::<wire::IrqInfo>(Command::IrqInfo, &[ask.as_bytes()])?;
    if irqs.count.get() < VECTORS.into() || irqs.flags.get() & VFIO_IRQ_INFO_EVENTFD == 0 {
        return lacks("interrupts by eventfd");
    }
    Ok(())
}

fn region(link: &Link, index: u32) -> Result<(wire::RegionInfo, frame::Message), Error> {
    let ask = wire::RegionInfo {
        // Room for capabilities, so that one question is enough.
        argsz: (wire::MAX_DATA_BYTES as u32).into(),
        index: index.into(),
        ..wire::RegionInfo::default()
    };
    let (region, reply) = link.ask::<wire::RegionInfo>(Command::RegionInfo, &[ask.as_bytes()])?;
    if region.index.get() != index {
        return Err(link.nonsense(Command::RegionInfo, "the reply is about another region"));
    }
    Ok((region, reply))
}

/// The status page, where the card has one.
fn status_page(link: &Link) -> Result<Option<DmaMemory>, Error> {
    let (info, mut reply) = region(link, pci::STATUS_BAR)?;
    let mappable = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_MMAP;
    let Some(descriptor) = reply.descriptors.pop() else {
        return Ok(None);
    };
    let rest = reply.body.get(size_of::<wire::RegionInfo>()..);
    let areas = wire::sparse_areas(&info, rest.unwrap_or_default())
        .ok_or_else(|| link.nonsense(Command::RegionInfo, "its capabilities lead nowhere"))?;
    let whole = pci::status_page::BYTES as u64;
    let page_is_there = areas
        .iter()
        .any(|area| area.offset.get() == 0 && area.size.get() >= whole);
    if info.flags.get() & mappable != mappable || info.offset.get() != 0 || !page_is_there {
        return Ok(None);
    }
    let page =
        DmaMemory::of_peer_to_read(File::from(descriptor)).map_err(|source| Error::Link {
            what: "mapping the status page".into(),
            source,
        })?;
    // Says now, not later, that it isn't one.
    CardStatusPage::read(&page)?;
    Ok(Some(page))
}

fn connect_interrupts(link: &Link, events: &EventFds) -> Result<(), Error> {
    // One at a time: a server may take as little as one descriptor with a message.
    for (vector, descriptor) in (0_u32..).zip(events.descriptors()) {
        let ask = wire::SetIrqs {
            argsz: wire::argsz::<wire::SetIrqs>(),
            flags: (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER).into(),
            index: VFIO_PCI_MSIX_IRQ_INDEX.into(),
            start: vector.into(),
            count: 1.into(),
        };
        link.request(Command::SetIrqs, &[ask.as_bytes()], &[descriptor])?;
    }
    Ok(())
}

impl Link {
    fn read_region(&self, region: u32, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        let ask = wire::RegionAccess {
            offset: offset.into(),
            region: region.into(),
            count: (bytes.len() as u32).into(),
        };
        let (_, reply) = self.ask::<wire::RegionAccess>(Command::RegionRead, &[ask.as_bytes()])?;
        match reply.body.get(size_of::<wire::RegionAccess>()..) {
            Some(data) if data.len() == bytes.len() => bytes.copy_from_slice(data),
            _ => return Err(self.nonsense(Command::RegionRead, "the reply has another length")),
        }
        Ok(())
    }

    fn write_region(&self, region: u32, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let ask = wire::RegionAccess {
            offset: offset.into(),
            region: region.into(),
            count: (bytes.len() as u32).into(),
        };
        let (reply, _) =
            self.ask::<wire::RegionAccess>(Command::RegionWrite, &[ask.as_bytes(), bytes])?;
        if reply.count.get() as usize == bytes.len() {
            Ok(())
        } else {
            Err(self.nonsense(Command::RegionWrite, "not all of it was written"))
        }
    }
}

impl ConfigSpace for Link {
    fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.read_region(VFIO_PCI_CONFIG_REGION_INDEX, offset.into(), bytes)
    }

    fn write(&self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.write_region(VFIO_PCI_CONFIG_REGION_INDEX, offset.into(), bytes)
    }
}

impl Transport for VfioUser {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        let mut bytes = [0; 4];
        self.link
            .read_region(pci::REGISTERS_BAR, offset.into(), &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.link
            .write_region(pci::REGISTERS_BAR, offset.into(), &value.to_le_bytes())
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        let (memory, iova) = place(&self.space, bytes, Locking::Preferred)?;
        let ask = wire::DmaMap {
            argsz: wire::argsz::<wire::DmaMap>(),
            flags: (wire::dma::READ | wire::dma::WRITE).into(),
            offset: 0.into(),
            address: iova.into(),
            size: (memory.len() as u64).into(),
        };
        self.link
            .request(Command::DmaMap, &[ask.as_bytes()], &[memory.descriptor()])?;
        let mapping = Mapping {
            link: Arc::downgrade(&self.link),
            iova,
            bytes: memory.len() as u64,
        };
        Ok(DmaBuffer::new(memory, iova, Box::new(mapping)))
    }

    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.events.interrupt(vector)
    }

    fn bus_master(&self, on: bool) -> Result<(), Error> {
        pci::command(&*self.link, on)
    }

    fn reset(&self) -> Result<(), Error> {
        self.link.request(Command::Reset, &[], &[])?;
        pci::command(&*self.link, false)
    }

    fn sleep(&self, on: bool) -> Result<bool, Error> {
        pci::sleep(&*self.link, on)
    }

    fn describe(&self) -> String {
        let text = self.status_page().ok().flatten().map(|page| page.text);
        match text.filter(|text| !text.is_empty()) {
            Some(text) => format!("{text}, served at {}", self.link.path()),
            None => format!("card served at {}", self.link.path()),
        }
    }

    fn about(&self) -> Result<About, Error> {
        Ok(self
            .status_page()?
            .map_or_else(About::default, |page| page.about))
    }
}

impl Drop for VfioUser {
    fn drop(&mut self) {
        // The server does the same when the socket closes, but later.
        if let Err(error) = self.bus_master(false) {
            tracing::debug!(%error, "bus mastering couldn't be switched off");
        }
    }
}

/// Takes memory from the card when it is dropped.
struct Mapping {
    link: Weak<Link>,
    iova: u64,
    bytes: u64,
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Without a link the server has dropped all of its mappings.
        if let Some(link) = self.link.upgrade() {
            let ask = wire::DmaUnmap {
                argsz: wire::argsz::<wire::DmaUnmap>(),
                flags: 0.into(),
                address: self.iova.into(),
                size: self.bytes.into(),
            };
            if let Err(error) = link.request(Command::DmaUnmap, &[ask.as_bytes()], &[]) {
                tracing::debug!(%error, "ring memory couldn't be taken from the card");
            }
        }
    }
}

#[cfg(test)]
mod tests;
