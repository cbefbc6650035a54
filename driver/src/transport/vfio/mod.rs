//! A card on the PCI bus, through the kernel's VFIO: the function's registers mapped into this process, its writes
//! confined by the IOMMU to the memory that was mapped for it, its interrupts as eventfds. No code of ours runs in the
//! kernel, and no root is needed: access to `/dev/vfio/GROUP` and enough locked memory are.

mod sys;
mod sysfs;

pub use sysfs::{Bdf, Found, Sysfs};

use super::eventfd::EventFds;
use super::pci::{self, CardStatusPage, ConfigSpace};
use super::{About, Interrupt, Transport};
use crate::dma::{DmaBuffer, IovaSpace, Locking, memlock_limit, place};
use crate::error::Error;
use memmap2::{MmapOptions, MmapRaw};
use photonbox_regmap::{BAR_BYTES, global::VECTORS};
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Mutex, Weak};
use vfio_bindings::bindings::vfio::{
    VFIO_API_VERSION, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSIX_IRQ_INDEX,
};

/// Address bits of an IOMMU that does not say what it translates; the smallest of Intel's do so many.
const ADDRESS_BITS: u32 = 39;

/// The transport to a PCI function. Fields are dropped in this order, as VFIO wants it: mapping, function, group,
/// container.
pub struct Vfio {
    registers: MmapRaw,
    events: EventFds,
    function: Function,
    _group: File,
    container: Arc<File>,
    space: Mutex<IovaSpace>,
    bdf: Bdf,
}

impl Vfio {
    /// Opens the function at `0000:03:00.0` (or `03:00.0`), checks that it is a card, and leaves it with its registers
    /// answering and bus mastering off.
    ///
    /// # Errors
    /// [`Error::UnknownCard`], [`Error::NoSuchFunction`], [`Error::NoIommu`], [`Error::NotBound`], [`Error::NoVfio`],
    /// [`Error::NotForUsers`], [`Error::GroupNotViable`], [`Error::InUse`], [`Error::NoPermission`], [`Error::PciFunction`],
    /// [`Error::DeadCard`], [`Error::BusRefused`].
    pub fn open(bdf: &str) -> Result<Self, Error> {
        let bdf = Bdf::parse(bdf)?;
        let sysfs = Sysfs::default();
        let number = sysfs.group(&bdf)?;
        let container = open_file("/dev/vfio/vfio", &bdf)?;
        check_vfio(&container)?;
        let group = open_file(&format!("/dev/vfio/{number}"), &bdf)?;
        if !sys::is_viable(&group).map_err(refused("to say who is in the group"))? {
            return Err(Error::GroupNotViable {
                others: sysfs.in_the_way(&bdf).join(", "),
                bdf: bdf.as_str().to_owned(),
                group: number,
            });
        }
        sys::set_container(&group, &container).map_err(refused("a container for the group"))?;
        sys::set_type1v2(&container).map_err(|source| match source.raw_os_error() {
            // No interrupt remapping, or a region that the firmware reserves.
            Some(libc::EPERM) => Error::NotForUsers {
                bdf: bdf.as_str().to_owned(),
            },
            _ => refused("its IOMMU")(source),
        })?;
        let ranges =
            sys::ranges(&container).map_err(refused("to say what the IOMMU translates"))?;
        let space = if ranges.is_empty() {
            IovaSpace::new(ADDRESS_BITS)
        } else {
            IovaSpace::within(ranges)
        };
        let name = CString::new(bdf.as_str()).map_err(|_| Error::UnknownCard {
            asked: format!("vfio:{}", bdf.as_str()),
        })?;
        let device = sys::device(&group, &name).map_err(refused("the function"))?;
        let function = Function::new(device)?;
        pci::check(&function)?;
        // Before the registers: they answer only with the memory bit set.
        pci::command(&function, false)?;
        let registers = function.map_registers()?;
        let events = EventFds::new(VECTORS)?;
        function.connect(&events)?;
        Ok(Self {
            registers,
            events,
            function,
            _group: group,
            container: Arc::new(container),
            space: Mutex::new(space),
            bdf,
        })
    }

    /// The address of a register in our memory.
    fn register(&self, offset: u32) -> *mut u32 {
        assert!(
            offset.is_multiple_of(4) && offset < BAR_BYTES,
            "register at {offset:#x} of {BAR_BYTES:#x}"
        );
        // In bounds by the assertion: the mapping has BAR_BYTES bytes.
        self.registers
            .as_mut_ptr()
            .wrapping_add(offset as usize)
            .cast()
    }
}

fn refused(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::BusRefused {
        what: what.to_owned(),
        source,
    }
}

fn open_file(path: &str, bdf: &Bdf) -> Result<File, Error> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    opened.map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => Error::NoPermission {
            what: path.to_owned(),
            source,
        },
        io::ErrorKind::ResourceBusy => Error::InUse {
            at: format!("vfio:{}", bdf.as_str()),
        },
        io::ErrorKind::NotFound => Error::NoVfio {
            what: format!("has no {path}"),
        },
        _ => Error::BusRefused {
            what: format!("opening {path}"),
            source,
        },
    })
}

fn check_vfio(container: &File) -> Result<(), Error> {
    let version = sys::api_version(container).map_err(refused("to say its version"))?;
    if version != VFIO_API_VERSION as i32 {
        return Err(Error::NoVfio {
            what: format!("speaks version {version}"),
        });
    }
    if !sys::has_type1v2(container).map_err(refused("to say its kind"))? {
        return Err(Error::NoVfio {
            what: "has no type-1 IOMMU".into(),
        });
    }
    Ok(())
}

/// The function as a file: regions at their offsets.
struct Function {
    device: File,
    config: sys::Region,
}

impl Function {
    fn new(device: File) -> Result<Self, Error> {
        let config = sys::region(&device, VFIO_PCI_CONFIG_REGION_INDEX)
            .map_err(refused("to say where its config space is"))?;
        Ok(Self { device, config })
    }

    fn map_registers(&self) -> Result<MmapRaw, Error> {
        let region = sys::region(&self.device, pci::REGISTERS_BAR)
            .map_err(refused("to say where its registers are"))?;
        if region.size < u64::from(BAR_BYTES) || !region.mappable {
            return Err(Error::PciFunction {
                what: format!("its BAR 0 has {:#x} bytes, or can't be mapped", region.size),
            });
        }
        MmapOptions::new()
            .offset(region.offset)
            .len(BAR_BYTES as usize)
            .map_raw(&self.device)
            .map_err(refused("its registers"))
    }

    /// What the status page says, where the card has one. Read, not mapped: it is asked for once.
    fn status_page(&self) -> Result<Option<CardStatusPage>, Error> {
        let region = sys::region(&self.device, pci::STATUS_BAR)
            .map_err(refused("to say where its status page is"))?;
        if region.size < pci::status_page::BYTES as u64 {
            return Ok(None);
        }
        let mut page = [0; pci::status_page::USED];
        self.device
            .read_exact_at(&mut page, region.offset)
            .map_err(refused("to read its status page"))?;
        CardStatusPage::parse(&page).map(Some)
    }

    fn connect(&self, events: &EventFds) -> Result<(), Error> {
        let count = sys::interrupts(&self.device, VFIO_PCI_MSIX_IRQ_INDEX)
            .map_err(refused("to count its interrupts"))?;
        if count < VECTORS.into() {
            return Err(Error::PciFunction {
                what: format!("it has {count} interrupt vectors instead of {VECTORS}"),
            });
        }
        let descriptors: Vec<BorrowedFd<'_>> = events.descriptors().collect();
        sys::set_interrupts(&self.device, VFIO_PCI_MSIX_IRQ_INDEX, &descriptors)
            .map_err(refused("its interrupts"))
    }

    fn place(&self, offset: u32, length: usize) -> Result<u64, Error> {
        let end = u64::from(offset) + length as u64;
        if end > self.config.size {
            return Err(Error::PciFunction {
                what: format!("its config space ends before {end:#x}"),
            });
        }
        Ok(self.config.offset + u64::from(offset))
    }
}

impl ConfigSpace for Function {
    fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let place = self.place(offset, bytes.len())?;
        self.device
            .read_exact_at(bytes, place)
            .map_err(refused("to read its config space"))
    }

    fn write(&self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let place = self.place(offset, bytes.len())?;
        self.device
            .write_all_at(bytes, place)
            .map_err(refused("to write its config space"))
    }
}

/// Without [`Transport::sleep`]: the kernel lets no mapped register be touched in D3hot, and ends a process that does.
impl Transport for Vfio {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        // SAFETY: aligned and inside the mapped BAR (`register`), which lives as long as `self`; volatile, since the
        // card changes it. A function that is gone answers all-ones.
        Ok(u32::from_le(unsafe {
            self.register(offset).read_volatile()
        }))
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        // What was stored to rings before is visible to the card before it hears of it.
        fence(Ordering::SeqCst);
        // SAFETY: as in `read32`.
        unsafe { self.register(offset).write_volatile(value.to_le()) };
        Ok(())
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        let (memory, iova) = place(&self.space, bytes, Locking::Pinned)?;
        let length = memory.len() as u64;
        // SAFETY: the buffer holds the memory until after its mapping is gone (`DmaBuffer` drops the mapping first), and
        // the mapping unmaps it.
        unsafe { sys::map(&self.container, iova, memory.address(), length) }.map_err(|source| {
            match source.raw_os_error() {
                Some(libc::ENOMEM | libc::EPERM) => Error::LockedMemory {
                    bytes: memory.len(),
                    limit: memlock_limit(),
                    source,
                },
                Some(libc::ENOSPC) => Error::BusRefused {
                    what: "one more mapping: the IOMMU's are used up (vfio_iommu_type1.dma_entry_limit)".into(),
                    source,
                },
                _ => Error::BusRefused {
                    what: format!("{length} bytes of ring memory at {iova:#x}"),
                    source,
                },
            }
        })?;
        let mapping = Mapping {
            container: Arc::downgrade(&self.container),
            iova,
            bytes: length,
        };
        Ok(DmaBuffer::new(memory, iova, Box::new(mapping)))
    }

    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.events.interrupt(vector)
    }

    fn bus_master(&self, on: bool) -> Result<(), Error> {
        pci::command(&self.function, on)
    }

    fn reset(&self) -> Result<(), Error> {
        sys::reset(&self.function.device).map_err(refused("the reset"))?;
        pci::command(&self.function, false)
    }

    fn describe(&self) -> String {
        format!("PCI function {}", self.bdf.as_str())
    }

    fn about(&self) -> Result<About, Error> {
        let page = self.function.status_page()?;
        Ok(page.map_or_else(About::default, |page| page.about))
    }
}

impl Drop for Vfio {
    fn drop(&mut self) {
        // The kernel does the same when the last file is closed; rings may outlive this by a moment.
        if let Err(error) = self.bus_master(false) {
            tracing::debug!(%error, "bus mastering couldn't be switched off");
        }
    }
}

/// Takes memory from the card when it is dropped. The container outlives the transport as long as it is needed here.
struct Mapping {
    container: Weak<File>,
    iova: u64,
    bytes: u64,
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Without a container the kernel has unmapped everything.
        let Some(container) = self.container.upgrade() else {
            return;
        };
        match sys::unmap(&container, self.iova, self.bytes) {
            Ok(bytes) if bytes == self.bytes => {}
            Ok(bytes) => tracing::warn!(
                bytes,
                expected = self.bytes,
                "not all of a ring was unmapped"
            ),
            Err(error) => tracing::warn!(%error, "ring memory couldn't be taken from the card"),
        }
    }
}
