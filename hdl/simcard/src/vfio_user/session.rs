//! One client's requests, each to its reply. No socket here: a message goes in, and bytes come out.
//!
//! Whatever a client sends is answered or refused; nothing of it ends the card.

use super::function::Function;
use super::msix::EventFd;
use photonbox_driver::transport::pci::STATUS_BAR;
use photonbox_driver::transport::vfio_user::frame::{self, Message};
use photonbox_driver::transport::vfio_user::wire::{self, Command, Header, Limits, flag};
use photonbox_regmap::global::VECTORS;
use rustix::io::Errno;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::PoisonError;
use vfio_bindings::bindings::vfio::{
    VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_FLAGS_RESET, VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_INFO_MASKABLE,
    VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_TYPE_MASK,
    VFIO_IRQ_SET_ACTION_UNMASK, VFIO_IRQ_SET_DATA_BOOL, VFIO_IRQ_SET_DATA_EVENTFD,
    VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_TYPE_MASK, VFIO_PCI_MSIX_IRQ_INDEX,
    VFIO_PCI_NUM_IRQS, VFIO_PCI_NUM_REGIONS, VFIO_REGION_INFO_CAP_SPARSE_MMAP,
    VFIO_REGION_INFO_FLAG_CAPS, VFIO_REGION_INFO_FLAG_MMAP, VFIO_REGION_INFO_FLAG_READ,
    VFIO_REGION_INFO_FLAG_WRITE,
};
use zerocopy::IntoBytes;

/// A client, from its first message on.
pub(crate) struct Session<'a> {
    function: &'a mut Function,
    agreed: bool,
}

/// What goes back: bytes, and the status page's descriptor with them or not.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) with_status_page: bool,
}

/// The body of a reply.
struct Body {
    bytes: Vec<u8>,
    with_status_page: bool,
}

impl Body {
    fn of(parts: &[&[u8]]) -> Self {
        Self {
            bytes: parts.concat(),
            with_status_page: false,
        }
    }

    fn empty() -> Self {
        Self::of(&[])
    }
}

/// The fixed part of a request, and what follows it.
fn fixed<
    T: zerocopy::FromBytes + zerocopy::Immutable + zerocopy::KnownLayout + zerocopy::Unaligned,
>(
    body: &[u8],
) -> Result<(T, &[u8]), Errno> {
    wire::split(body).ok_or(Errno::INVAL)
}

impl<'a> Session<'a> {
    pub(crate) fn new(function: &'a mut Function) -> Self {
        Self {
            function,
            agreed: false,
        }
    }

    /// What clients map.
    pub(crate) fn status_page(&self) -> BorrowedFd<'_> {
        self.function.host.status.descriptor()
    }

    /// Looks whether the card is still there, so that its status page says so.
    pub(crate) fn look(&mut self) {
        self.function.present();
    }

    /// The reply, unless none is wanted.
    pub(crate) fn handle(&mut self, message: Message) -> Option<Reply> {
        let header = message.header;
        let done = self.answer(message);
        if header.has(flag::NO_REPLY) {
            if let Err(error) = done {
                tracing::debug!(%error, command = header.command.get(), "a posted request is refused");
            }
            return None;
        }
        Some(match done {
            Ok(body) => Reply {
                bytes: frame::bytes(&header.reply(body.bytes.len()), &[&body.bytes]),
                with_status_page: body.with_status_page,
            },
            Err(errno) => {
                tracing::debug!(%errno, command = header.command.get(), "a request is refused");
                Reply {
                    bytes: refusal(&header, errno),
                    with_status_page: false,
                }
            }
        })
    }

    fn answer(&mut self, message: Message) -> Result<Body, Errno> {
        let Message {
            header,
            body,
            descriptors,
            too_many,
        } = message;
        if too_many || !header.is_request() {
            return Err(Errno::INVAL);
        }
        let command = Command::from_number(header.command.get()).ok_or(Errno::OPNOTSUPP)?;
        if self.agreed == (command == Command::Version) {
            return Err(Errno::PROTO);
        }
        match command {
            Command::Version => self.version(&body),
            Command::DmaMap => self.dma_map(&body, descriptors),
            Command::DmaUnmap => self.dma_unmap(&body),
            Command::DeviceInfo => device_info(&body),
            Command::RegionInfo => region_info(&body),
            Command::IrqInfo => irq_info(&body),
            Command::SetIrqs => self.set_irqs(&body, descriptors),
            Command::RegionRead => self.region_read(&body),
            Command::RegionWrite => self.region_write(&body),
            Command::Reset => {
                self.function.reset();
                Ok(Body::empty())
            }
        }
    }

    fn version(&mut self, body: &[u8]) -> Result<Body, Errno> {
        let (theirs, text) = fixed::<wire::Version>(body)?;
        let (major, minor) = wire::VERSION;
        if theirs.major.get() != major {
            return Err(Errno::PROTONOSUPPORT);
        }
        Limits::from_text(text).ok_or(Errno::INVAL)?;
        self.agreed = true;
        let ours = wire::Version {
            major: major.into(),
            minor: theirs.minor.get().min(minor).into(),
        };
        Ok(Body::of(&[ours.as_bytes(), &Limits::OURS.to_text()]))
    }

    fn dma_map(&mut self, body: &[u8], mut descriptors: Vec<OwnedFd>) -> Result<Body, Errno> {
        let (ask, _) = fixed::<wire::DmaMap>(body)?;
        if descriptors.len() > 1 {
            return Err(Errno::INVAL);
        }
        self.function
            .host
            .dma
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .map(
                ask.flags.get(),
                ask.address.get(),
                ask.size.get(),
                ask.offset.get(),
                descriptors.pop(),
            )?;
        Ok(Body::empty())
    }

    fn dma_unmap(&mut self, body: &[u8]) -> Result<Body, Errno> {
        let (ask, _) = fixed::<wire::DmaUnmap>(body)?;
        let (address, size) = (ask.address.get(), ask.size.get());
        let mut table = self
            .function
            .host
            .dma
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let unmapped = match ask.flags.get() {
            0 => table.unmap(address, size)?,
            wire::dma::UNMAP_ALL if address == 0 && size == 0 => table.clear(),
            _ => return Err(Errno::INVAL),
        };
        let done = wire::DmaUnmap {
            size: unmapped.into(),
            ..ask
        };
        Ok(Body::of(&[done.as_bytes()]))
    }

    fn set_irqs(&mut self, body: &[u8], descriptors: Vec<OwnedFd>) -> Result<Body, Errno> {
        let (ask, data) = fixed::<wire::SetIrqs>(body)?;
        let (start, count) = (ask.start.get(), ask.count.get());
        let end = start.checked_add(count).ok_or(Errno::INVAL)?;
        let kinds = VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK;
        if ask.flags.get() & !kinds != 0 || ask.index.get() >= VFIO_PCI_NUM_IRQS {
            return Err(Errno::INVAL);
        }
        let action = ask.flags.get() & VFIO_IRQ_SET_ACTION_TYPE_MASK;
        let kind = ask.flags.get() & VFIO_IRQ_SET_DATA_TYPE_MASK;
        if ask.index.get() != VFIO_PCI_MSIX_IRQ_INDEX {
            // The function has no others: switching them off is all that can be done.
            let off = count == 0 && action == VFIO_IRQ_SET_ACTION_TRIGGER;
            return off.then(Body::empty).ok_or(Errno::INVAL);
        }
        if end > VECTORS.into() || kind != VFIO_IRQ_SET_DATA_EVENTFD && !descriptors.is_empty() {
            return Err(Errno::INVAL);
        }
        let vectors = count as usize;
        let chosen = match kind {
            VFIO_IRQ_SET_DATA_NONE => vec![true; vectors],
            VFIO_IRQ_SET_DATA_BOOL => data
                .get(..vectors)
                .ok_or(Errno::INVAL)?
                .iter()
                .map(|byte| *byte != 0)
                .collect(),
            VFIO_IRQ_SET_DATA_EVENTFD if action == VFIO_IRQ_SET_ACTION_TRIGGER => {
                self.connect(start, vectors, descriptors)?;
                return Ok(Body::empty());
            }
            _ => return Err(Errno::INVAL),
        };
        if action == VFIO_IRQ_SET_ACTION_TRIGGER && kind == VFIO_IRQ_SET_DATA_NONE && count == 0 {
            let all = (0..VECTORS).map(|_| None);
            self.function.connect(0, all)?;
            return Ok(Body::empty());
        }
        for (vector, _) in (start..end).zip(chosen).filter(|(_, chosen)| *chosen) {
            match action {
                // The range was checked against VECTORS.
                VFIO_IRQ_SET_ACTION_TRIGGER => self.function.trigger(vector as u16),
                VFIO_IRQ_SET_ACTION_MASK => drop(self.function.mask(vector, true)),
                VFIO_IRQ_SET_ACTION_UNMASK => drop(self.function.mask(vector, false)),
                _ => return Err(Errno::INVAL),
            }
        }
        Ok(Body::empty())
    }

    /// Connects vectors to as many eventfds, or without any disconnects them.
    fn connect(
        &mut self,
        start: u32,
        vectors: usize,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(), Errno> {
        if descriptors.is_empty() {
            return self.function.connect(start, (0..vectors).map(|_| None));
        }
        if descriptors.len() != vectors {
            return Err(Errno::INVAL);
        }
        let targets = descriptors
            .into_iter()
            .map(EventFd::new)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::INVAL))?;
        self.function.connect(start, targets.into_iter().map(Some))
    }

    fn region_read(&mut self, body: &[u8]) -> Result<Body, Errno> {
        let (ask, _) = fixed::<wire::RegionAccess>(body)?;
        let count = ask.count.get() as usize;
        if count > wire::MAX_DATA_BYTES {
            return Err(Errno::INVAL);
        }
        let mut data = vec![0; count];
        self.function
            .read(ask.region.get(), ask.offset.get(), &mut data)?;
        Ok(Body::of(&[ask.as_bytes(), &data]))
    }

    fn region_write(&mut self, body: &[u8]) -> Result<Body, Errno> {
        let (ask, data) = fixed::<wire::RegionAccess>(body)?;
        if ask.count.get() as usize != data.len() || data.len() > wire::MAX_DATA_BYTES {
            return Err(Errno::INVAL);
        }
        self.function
            .write(ask.region.get(), ask.offset.get(), data)?;
        Ok(Body::of(&[ask.as_bytes()]))
    }
}

/// A refusal's bytes.
pub(crate) fn refusal(header: &Header, errno: Errno) -> Vec<u8> {
    frame::bytes(&header.refusal(errno.raw_os_error()), &[])
}

fn device_info(body: &[u8]) -> Result<Body, Errno> {
    fixed::<wire::DeviceInfo>(body)?;
    let info = wire::DeviceInfo {
        argsz: wire::argsz::<wire::DeviceInfo>(),
        flags: (VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET).into(),
        regions: VFIO_PCI_NUM_REGIONS.into(),
        irqs: VFIO_PCI_NUM_IRQS.into(),
    };
    Ok(Body::of(&[info.as_bytes()]))
}

fn region_info(body: &[u8]) -> Result<Body, Errno> {
    let (ask, _) = fixed::<wire::RegionInfo>(body)?;
    let index = ask.index.get();
    if index >= VFIO_PCI_NUM_REGIONS {
        return Err(Errno::INVAL);
    }
    let size = Function::region_bytes(index);
    let mut info = wire::RegionInfo {
        argsz: wire::argsz::<wire::RegionInfo>(),
        index: index.into(),
        size: size.into(),
        ..wire::RegionInfo::default()
    };
    if index != STATUS_BAR {
        if size > 0 {
            info.flags = (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE).into();
        }
        return Ok(Body::of(&[info.as_bytes()]));
    }
    let capability = wire::SparseMmap {
        id: (VFIO_REGION_INFO_CAP_SPARSE_MMAP as u16).into(),
        version: 1.into(),
        areas: 1.into(),
        ..wire::SparseMmap::default()
    };
    let area = wire::Area {
        offset: 0.into(),
        size: size.into(),
    };
    let whole = wire::argsz::<(wire::RegionInfo, wire::SparseMmap, wire::Area)>();
    info.argsz = whole;
    info.flags =
        (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS)
            .into();
    // Said even where it isn't sent: QEMU refuses a region that claims capabilities and places none.
    info.capability = wire::argsz::<wire::RegionInfo>();
    if ask.argsz.get() < whole.get() {
        // It asks again, with the room that it now knows of.
        return Ok(Body::of(&[info.as_bytes()]));
    }
    let parts = [info.as_bytes(), capability.as_bytes(), area.as_bytes()];
    Ok(Body {
        with_status_page: true,
        ..Body::of(&parts)
    })
}

fn irq_info(body: &[u8]) -> Result<Body, Errno> {
    let (ask, _) = fixed::<wire::IrqInfo>(body)?;
    let index = ask.index.get();
    if index >= VFIO_PCI_NUM_IRQS {
        return Err(Errno::INVAL);
    }
    let is_msix = index == VFIO_PCI_MSIX_IRQ_INDEX;
    let (flags, count) = if is_msix {
        (
            VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE,
            u32::from(VECTORS),
        )
    } else {
        (0, 0)
    };
    let info = wire::IrqInfo {
        argsz: wire::argsz::<wire::IrqInfo>(),
        flags: flags.into(),
        index: index.into(),
        count: count.into(),
    };
    Ok(Body::of(&[info.as_bytes()]))
}
