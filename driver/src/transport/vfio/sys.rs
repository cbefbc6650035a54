//! The kernel's VFIO calls that a card needs, each with the system's own error.
//!
//! `vfio-bindings` has their structures and numbers (`include/uapi/linux/vfio.h`). The crate `vfio-ioctls` has calls,
//! too, but tells neither why a reset, an access to a region or an interrupt failed, nor which addresses an IOMMU
//! translates.

use std::fs::File;
use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, RawFd};
use vfio_bindings::bindings::vfio;

/// `_IO(';', 100 + number)`, as all calls of VFIO are numbered.
const fn call(number: u64) -> libc::Ioctl {
    ((vfio::VFIO_TYPE as u64) << 8 | (vfio::VFIO_BASE as u64 + number)) as libc::Ioctl
}

const GET_API_VERSION: libc::Ioctl = call(0);
const CHECK_EXTENSION: libc::Ioctl = call(1);
const SET_IOMMU: libc::Ioctl = call(2);
const GROUP_GET_STATUS: libc::Ioctl = call(3);
const GROUP_SET_CONTAINER: libc::Ioctl = call(4);
const GROUP_GET_DEVICE_FD: libc::Ioctl = call(6);
const DEVICE_GET_REGION_INFO: libc::Ioctl = call(8);
const DEVICE_GET_IRQ_INFO: libc::Ioctl = call(9);
const DEVICE_SET_IRQS: libc::Ioctl = call(10);
const DEVICE_RESET: libc::Ioctl = call(11);
const IOMMU_GET_INFO: libc::Ioctl = call(12);
const IOMMU_MAP_DMA: libc::Ioctl = call(13);
const IOMMU_UNMAP_DMA: libc::Ioctl = call(14);

/// Room for what an IOMMU says of itself; some kilobytes are many ranges.
const INFO_BYTES: usize = 4096;

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Calls with a number for an argument.
fn with_number(file: &File, call: libc::Ioctl, number: libc::c_ulong) -> io::Result<libc::c_int> {
    // SAFETY: the calls made through this function take a number and touch no memory of ours.
    checked(unsafe { libc::ioctl(file.as_raw_fd(), call, number) })
}

/// Calls with a structure that begins with its own size, from which the kernel knows how far it may read and write.
fn with_structure<T>(file: &File, call: libc::Ioctl, structure: &mut T) -> io::Result<()> {
    // SAFETY: `structure` is valid for reads and writes of its size, which its `argsz` says; every call made through
    // this function takes such a structure, of this type, and keeps no pointer to it.
    checked(unsafe { libc::ioctl(file.as_raw_fd(), call, std::ptr::from_mut(structure)) })?;
    Ok(())
}

/// The version of the interface: 0 is the one there is.
pub(super) fn api_version(container: &File) -> io::Result<i32> {
    with_number(container, GET_API_VERSION, 0)
}

/// Whether there is a type-1 IOMMU, version 2.
pub(super) fn has_type1v2(container: &File) -> io::Result<bool> {
    with_number(container, CHECK_EXTENSION, vfio::VFIO_TYPE1v2_IOMMU.into()).map(|has| has == 1)
}

/// Takes the type-1 IOMMU, version 2, for a container that has a group.
pub(super) fn set_type1v2(container: &File) -> io::Result<()> {
    with_number(container, SET_IOMMU, vfio::VFIO_TYPE1v2_IOMMU.into()).map(|_| ())
}

/// Whether every function of the group is free to be used.
pub(super) fn is_viable(group: &File) -> io::Result<bool> {
    let mut status = vfio::vfio_group_status {
        argsz: size_of::<vfio::vfio_group_status>() as u32,
        flags: 0,
    };
    with_structure(group, GROUP_GET_STATUS, &mut status)?;
    Ok(status.flags & vfio::VFIO_GROUP_FLAGS_VIABLE != 0)
}

/// Puts the group into the container.
pub(super) fn set_container(group: &File, container: &File) -> io::Result<()> {
    let mut descriptor: RawFd = container.as_raw_fd();
    // The kernel reads an `int`.
    with_structure(group, GROUP_SET_CONTAINER, &mut descriptor)
}

/// The function with this name, e.g. `0000:03:00.0`.
pub(super) fn device(group: &File, name: &std::ffi::CStr) -> io::Result<File> {
    // SAFETY: the kernel reads a C string, which `name` is.
    let descriptor =
        checked(unsafe { libc::ioctl(group.as_raw_fd(), GROUP_GET_DEVICE_FD, name.as_ptr()) })?;
    // SAFETY: just made by the kernel for us, and owned by nobody else.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// A region of a function: its size, where it lies in the function's file, whether it can be mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) size: u64,
    pub(super) offset: u64,
    pub(super) mappable: bool,
}

pub(super) fn region(device: &File, index: u32) -> io::Result<Region> {
    let mut info = vfio::vfio_region_info {
        argsz: size_of::<vfio::vfio_region_info>() as u32,
        index,
        ..Default::default()
    };
    with_structure(device, DEVICE_GET_REGION_INFO, &mut info)?;
    Ok(Region {
        size: info.size,
        offset: info.offset,
        mappable: info.flags & vfio::VFIO_REGION_INFO_FLAG_MMAP != 0,
    })
}

/// How many interrupts of this kind the function has.
pub(super) fn interrupts(device: &File, index: u32) -> io::Result<u32> {
    let mut info = vfio::vfio_irq_info {
        argsz: size_of::<vfio::vfio_irq_info>() as u32,
        index,
        ..Default::default()
    };
    with_structure(device, DEVICE_GET_IRQ_INFO, &mut info)?;
    Ok(info.count)
}

/// Most eventfds of one call.
const VECTORS: usize = 64;

/// `struct vfio_irq_set` with its descriptors behind it.
#[repr(C)]
struct IrqSet {
    argsz: u32,
    flags: u32,
    index: u32,
    start: u32,
    count: u32,
    descriptors: [RawFd; VECTORS],
}

/// Connects interrupts of this kind with eventfds, from vector 0 on; without any, disables them all.
pub(super) fn set_interrupts(
    device: &File,
    index: u32,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let count = descriptors.len();
    if count > VECTORS {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let data = if count == 0 {
        vfio::VFIO_IRQ_SET_DATA_NONE
    } else {
        vfio::VFIO_IRQ_SET_DATA_EVENTFD
    };
    let mut set = IrqSet {
        argsz: (size_of::<vfio::vfio_irq_set>() + count * size_of::<RawFd>()) as u32,
        flags: data | vfio::VFIO_IRQ_SET_ACTION_TRIGGER,
        index,
        start: 0,
        count: count as u32,
        descriptors: [-1; VECTORS],
    };
    for (place, descriptor) in set.descriptors.iter_mut().zip(descriptors) {
        *place = descriptor.as_raw_fd();
    }
    with_structure(device, DEVICE_SET_IRQS, &mut set)
}

/// Resets the function.
pub(super) fn reset(device: &File) -> io::Result<()> {
    with_number(device, DEVICE_RESET, 0).map(|_| ())
}

#[repr(C, align(8))]
struct InfoBytes([u8; INFO_BYTES]);

/// What the container's IOMMU translates: ranges of addresses, first and last; none if it does not say.
pub(super) fn ranges(container: &File) -> io::Result<Vec<(u64, u64)>> {
    let mut bytes = InfoBytes([0; INFO_BYTES]);
    bytes.0[..4].copy_from_slice(&(INFO_BYTES as u32).to_ne_bytes());
    with_structure(container, IOMMU_GET_INFO, &mut bytes)?;
    Ok(capabilities(&bytes.0))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().map(u32::from_ne_bytes).ok()
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    bytes.try_into().map(u64::from_ne_bytes).ok()
}

/// Walks the list of capabilities behind `struct vfio_iommu_type1_info`.
fn capabilities(bytes: &[u8]) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let flags = word(bytes, 4).unwrap_or(0);
    let mut at = if flags & vfio::VFIO_IOMMU_INFO_CAPS != 0 {
        // argsz, flags, iova_pgsizes (8), cap_offset
        word(bytes, 16).unwrap_or(0) as usize
    } else {
        0
    };
    // Each begins with id (16 bits), version (16) and offset of the next.
    for _ in 0..64 {
        if at == 0 {
            break;
        }
        let id = word(bytes, at).map_or(0, |word| word & 0xffff);
        if id == vfio::VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE {
            let count = word(bytes, at + 8).unwrap_or(0) as usize;
            found = (0..count)
                .map_while(|index| {
                    let at = at + 16 + 16 * index;
                    Some((long(bytes, at)?, long(bytes, at + 8)?))
                })
                .collect();
        }
        at = word(bytes, at + 4).unwrap_or(0) as usize;
    }
    found
}

/// Lets the function read and write `bytes` bytes of our memory from `address` on, at `iova`.
///
/// # Safety
/// The memory must stay mapped until [`unmap`] of the same range or until the container is closed.
pub(super) unsafe fn map(container: &File, iova: u64, address: u64, bytes: u64) -> io::Result<()> {
    let mut map = vfio::vfio_iommu_type1_dma_map {
        argsz: size_of::<vfio::vfio_iommu_type1_dma_map>() as u32,
        flags: vfio::VFIO_DMA_MAP_FLAG_READ | vfio::VFIO_DMA_MAP_FLAG_WRITE,
        vaddr: address,
        iova,
        size: bytes,
    };
    with_structure(container, IOMMU_MAP_DMA, &mut map)
}

/// Takes it back; how many bytes were mapped.
pub(super) fn unmap(container: &File, iova: u64, bytes: u64) -> io::Result<u64> {
    let mut unmap = vfio::vfio_iommu_type1_dma_unmap {
        argsz: size_of::<vfio::vfio_iommu_type1_dma_unmap>() as u32,
        flags: 0,
        iova,
        size: bytes,
        ..Default::default()
    };
    with_structure(container, IOMMU_UNMAP_DMA, &mut unmap)?;
    Ok(unmap.size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_the_kernels_numbers() {
        // `_IO(';', 100)` and `_IO(';', 113)` of linux/vfio.h.
        assert_eq!((GET_API_VERSION, IOMMU_MAP_DMA), (0x3b64, 0x3b71));
    }

    /// What a kernel of version 6 says: capability 3 (mappings) at 24, capability 1 (ranges) at 40.
    fn info() -> Vec<u8> {
        let mut bytes = Vec::new();
        let words = [
            0x60,
            3,
            0x1000,
            0,
            24,
            0, // header; iova_pgsizes takes two words
            3 | 1 << 16,
            40,
            65_535,
            0, // mappings
            1 | 1 << 16,
            0,
            2,
            0, // ranges: two
            0,
            0,
            0xfedf_ffff,
            0,
            0xfef0_0000,
            0,
            0xffff_ffff,
            0x7f,
        ];
        for word in words {
            bytes.extend(u32::to_ne_bytes(word));
        }
        bytes
    }

    #[test]
    fn ranges_are_found() {
        assert_eq!(
            capabilities(&info()),
            [(0, 0xfedf_ffff), (0xfef0_0000, 0x7f_ffff_ffff)]
        );
    }

    #[test]
    fn a_broken_list_is_read_as_far_as_it_goes() {
        let whole = info();
        for length in 0..whole.len() {
            let found = capabilities(&whole[..length]);
            assert!(found.len() <= 2);
        }
        let mut circle = whole.clone();
        circle[44..48].copy_from_slice(&24_u32.to_ne_bytes());
        assert_eq!(capabilities(&circle).len(), 2);
        let mut silent = whole;
        silent[4] = 0;
        assert!(capabilities(&silent).is_empty());
    }
}
