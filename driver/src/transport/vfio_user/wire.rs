//! The messages of vfio-user 0.1, as they are on the socket. Both ends use them: the client here, and the server of
//! the simulated card.
//!
//! Numbers are in the host's byte order. All of it is plain data: what a field says is believed by nobody.

use zerocopy::byteorder::native_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a header, which every message begins with.
pub const HEADER_BYTES: usize = size_of::<Header>();
/// Most bytes of data in one access to a region; said in the negotiation.
pub const MAX_DATA_BYTES: usize = 4096;
/// Most bytes after a header; a message that claims more is not read.
pub const MAX_BODY_BYTES: usize = 2 * MAX_DATA_BYTES;
/// Most descriptors with one message; said in the negotiation.
pub const MAX_DESCRIPTORS: usize = 8;
/// Version of the protocol.
pub const VERSION: (u16, u16) = (0, 1);

/// Bits of [`Header::flags`].
pub mod flag {
    /// The bits that tell a request (0) from a reply.
    pub const TYPE_MASK: u32 = 0xf;
    /// It answers a request.
    pub const REPLY: u32 = 1;
    /// The request wants no reply.
    pub const NO_REPLY: u32 = 1 << 4;
    /// The request failed; [`super::Header::error`] says why.
    pub const ERROR: u32 = 1 << 5;
}

/// Bits of [`DmaMap::flags`] and [`DmaUnmap::flags`].
pub mod dma {
    /// The device may read the range.
    pub const READ: u32 = 1;
    /// The device may write the range.
    pub const WRITE: u32 = 1 << 1;
    /// Unmap: everything.
    pub const UNMAP_ALL: u32 = 1 << 2;
}

/// What a message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Command {
    /// Agree on version and limits.
    Version = 1,
    /// Give the device memory.
    DmaMap = 2,
    /// Take it away.
    DmaUnmap = 3,
    /// How many regions and interrupts.
    DeviceInfo = 4,
    /// One region.
    RegionInfo = 5,
    /// One kind of interrupt.
    IrqInfo = 7,
    /// Connect, disconnect or trigger interrupts.
    SetIrqs = 8,
    /// Read from a region.
    RegionRead = 9,
    /// Write to a region.
    RegionWrite = 10,
    /// Reset the device.
    Reset = 13,
}

impl Command {
    /// Those that a card knows, in rising order.
    pub const ALL: [Self; 10] = [
        Self::Version,
        Self::DmaMap,
        Self::DmaUnmap,
        Self::DeviceInfo,
        Self::RegionInfo,
        Self::IrqInfo,
        Self::SetIrqs,
        Self::RegionRead,
        Self::RegionWrite,
        Self::Reset,
    ];

    /// The command with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|command| command.number() == number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Its name, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "the version's negotiation",
            Self::DmaMap => "mapping memory",
            Self::DmaUnmap => "unmapping memory",
            Self::DeviceInfo => "asking what the device has",
            Self::RegionInfo => "asking for a region",
            Self::IrqInfo => "asking for interrupts",
            Self::SetIrqs => "connecting interrupts",
            Self::RegionRead => "a read",
            Self::RegionWrite => "a write",
            Self::Reset => "a reset",
        }
    }
}

macro_rules! wire {
    ($($(#[$doc:meta])+ $name:ident { $(#[$field_doc:meta] $field:ident: $kind:ident,)* })*) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        pub struct $name { $(#[$field_doc] pub $field: $kind,)* }
    )*};
}

wire! {
    /// The beginning of every message.
    Header {
        /// Chosen by the asker, repeated in the reply.
        id: U16,
        /// A [`Command`].
        command: U16,
        /// Bytes of the whole message, this header included.
        size: U32,
        /// See [`flag`].
        flags: U32,
        /// In a failed reply, an errno.
        error: U32,
    }
    /// [`Command::Version`]; JSON text and a zero byte follow.
    Version {
        /// A change that breaks.
        major: U16,
        /// One that doesn't.
        minor: U16,
    }
    /// [`Command::DmaMap`]; a descriptor comes with it where the memory is shared.
    DmaMap {
        /// Bytes of this structure.
        argsz: U32,
        /// See [`dma`].
        flags: U32,
        /// Where the range begins in the descriptor's file.
        offset: U64,
        /// First I/O virtual address.
        address: U64,
        /// Bytes.
        size: U64,
    }
    /// [`Command::DmaUnmap`], and its reply.
    DmaUnmap {
        /// Bytes of this structure.
        argsz: U32,
        /// See [`dma`].
        flags: U32,
        /// First I/O virtual address.
        address: U64,
        /// Bytes; in the reply those that were mapped.
        size: U64,
    }
    /// [`Command::DeviceInfo`], and its reply.
    DeviceInfo {
        /// Bytes of this structure.
        argsz: U32,
        /// `VFIO_DEVICE_FLAGS_…`.
        flags: U32,
        /// Number of regions.
        regions: U32,
        /// Number of kinds of interrupts.
        irqs: U32,
    }
    /// [`Command::RegionInfo`], and its reply; capabilities follow where there is room.
    RegionInfo {
        /// Bytes of this structure with its capabilities.
        argsz: U32,
        /// `VFIO_REGION_INFO_FLAG_…`.
        flags: U32,
        /// Which region.
        index: U32,
        /// Where the first capability lies, from the start of this structure; 0 for none.
        capability: U32,
        /// Bytes of the region.
        size: U64,
        /// Where it begins in the descriptor's file.
        offset: U64,
    }
    /// The capability that says which parts of a region may be mapped; as many [`Area`]s follow.
    SparseMmap {
        /// `VFIO_REGION_INFO_CAP_SPARSE_MMAP`.
        id: U16,
        /// 1.
        version: U16,
        /// Where the next capability lies; 0 for none.
        next: U32,
        /// Number of areas.
        areas: U32,
        /// 0.
        reserved: U32,
    }
    /// One part that may be mapped.
    Area {
        /// Where it begins in the region.
        offset: U64,
        /// Bytes.
        size: U64,
    }
    /// [`Command::IrqInfo`], and its reply.
    IrqInfo {
        /// Bytes of this structure.
        argsz: U32,
        /// `VFIO_IRQ_INFO_…`.
        flags: U32,
        /// Which kind.
        index: U32,
        /// Number of vectors.
        count: U32,
    }
    /// [`Command::SetIrqs`]; descriptors or one byte a vector may come with it.
    SetIrqs {
        /// Bytes of this structure.
        argsz: U32,
        /// `VFIO_IRQ_SET_…`.
        flags: U32,
        /// Which kind.
        index: U32,
        /// First vector.
        start: U32,
        /// Number of vectors.
        count: U32,
    }
    /// [`Command::RegionRead`] and [`Command::RegionWrite`], and their replies; data follow in a write and in the reply
    /// to a read.
    RegionAccess {
        /// First byte.
        offset: U64,
        /// Which region.
        region: U32,
        /// Bytes of data.
        count: U32,
    }
}

impl Header {
    /// A request's header for `body_bytes` bytes after it.
    #[must_use]
    pub fn request(id: u16, command: Command, body_bytes: usize) -> Self {
        Self {
            id: id.into(),
            command: command.number().into(),
            size: size(body_bytes),
            ..Self::default()
        }
    }

    /// The header of the reply to this request.
    #[must_use]
    pub fn reply(&self, body_bytes: usize) -> Self {
        Self {
            size: size(body_bytes),
            flags: flag::REPLY.into(),
            error: 0.into(),
            ..*self
        }
    }

    /// The header, and all, of a refusal of this request.
    #[must_use]
    pub fn refusal(&self, errno: i32) -> Self {
        Self {
            flags: (flag::REPLY | flag::ERROR).into(),
            error: errno.unsigned_abs().into(),
            ..self.reply(0)
        }
    }

    /// Whether the bits of `flags` are set.
    #[must_use]
    pub fn has(&self, flags: u32) -> bool {
        self.flags.get() & flags == flags
    }

    /// Whether it is a request.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.flags.get() & flag::TYPE_MASK == 0
    }

    /// Bytes after the header, if the message can be read at all.
    #[must_use]
    pub fn body_bytes(&self) -> Option<usize> {
        (self.size.get() as usize)
            .checked_sub(HEADER_BYTES)
            .filter(|&bytes| bytes <= MAX_BODY_BYTES)
    }
}

fn size(body_bytes: usize) -> U32 {
    // Bodies are at most MAX_BODY_BYTES long.
    ((HEADER_BYTES + body_bytes) as u32).into()
}

/// The fixed part of a body and what follows it; none if the body is too short.
#[must_use]
pub fn split<T: FromBytes + Immutable + KnownLayout + Unaligned>(
    body: &[u8],
) -> Option<(T, &[u8])> {
    T::read_from_prefix(body).ok()
}

/// Bytes of `T` as an `argsz`.
#[must_use]
pub fn argsz<T>() -> U32 {
    (size_of::<T>() as u32).into()
}

/// What the two ends tell each other beside the version. Others' keys are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Most descriptors with one message.
    pub max_msg_fds: u32,
    /// Most bytes of data in one access to a region.
    pub max_data_xfer_size: u32,
}

impl Default for Limits {
    /// What the protocol says of an end that says nothing.
    fn default() -> Self {
        Self {
            max_msg_fds: 1,
            max_data_xfer_size: 1 << 20,
        }
    }
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Capabilities {
    capabilities: Limits,
}

impl Limits {
    /// Those of this implementation.
    pub const OURS: Self = Self {
        max_msg_fds: MAX_DESCRIPTORS as u32,
        max_data_xfer_size: MAX_DATA_BYTES as u32,
    };

    /// As text, with the zero byte at its end.
    #[must_use]
    pub fn to_text(self) -> Vec<u8> {
        let Self {
            max_msg_fds,
            max_data_xfer_size,
        } = self;
        format!(
            "{{\"capabilities\":{{\"max_msg_fds\":{max_msg_fds},\"max_data_xfer_size\":{max_data_xfer_size}}}}}\0"
        )
        .into_bytes()
    }

    /// Out of the text behind a [`Version`], which may be missing; none if it isn't JSON with a zero byte at its end.
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let json = text.strip_suffix(&[0])?;
        let parsed: Capabilities = serde_json::from_slice(json).ok()?;
        Some(parsed.capabilities)
    }
}

/// The areas of a region's [`SparseMmap`] capabilities; none if the list leads out of the reply or back. `info` and
/// `rest` are the two parts of the reply's body.
#[must_use]
pub fn sparse_areas(info: &RegionInfo, rest: &[u8]) -> Option<Vec<Area>> {
    let mut areas = Vec::new();
    let mut last = 0;
    let mut next = info.capability.get() as usize;
    while next != 0 {
        if next <= last {
            return None;
        }
        last = next;
        let capability = rest.get(next.checked_sub(size_of::<RegionInfo>())?..)?;
        let (found, mut after) = split::<SparseMmap>(capability)?;
        next = found.next.get() as usize;
        if u32::from(found.id.get())
            != vfio_bindings::bindings::vfio::VFIO_REGION_INFO_CAP_SPARSE_MMAP
        {
            continue;
        }
        for _ in 0..found.areas.get() {
            let (area, rest) = split::<Area>(after)?;
            areas.push(area);
            after = rest;
        }
    }
    Some(areas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn structures_have_the_sizes_of_the_protocol() {
        assert_eq!(HEADER_BYTES, 16);
        assert_eq!(size_of::<Version>(), 4);
        assert_eq!(size_of::<DmaMap>(), 32);
        assert_eq!(size_of::<DmaUnmap>(), 24);
        assert_eq!(size_of::<DeviceInfo>(), 16);
        assert_eq!(size_of::<RegionInfo>(), 32);
        assert_eq!(size_of::<IrqInfo>(), 16);
        assert_eq!(size_of::<SetIrqs>(), 20);
        assert_eq!(size_of::<RegionAccess>(), 16);
    }

    #[test]
    fn headers_answer_headers() {
        let request = Header::request(7, Command::Reset, 0);
        assert!(request.is_request() && !request.has(flag::NO_REPLY));
        assert_eq!((request.size.get(), request.body_bytes()), (16, Some(0)));
        let reply = request.reply(8);
        assert!(!reply.is_request() && !reply.has(flag::ERROR));
        assert_eq!((reply.id.get(), reply.size.get()), (7, 24));
        let refusal = request.refusal(22);
        assert!(refusal.has(flag::ERROR | flag::REPLY));
        assert_eq!((refusal.error.get(), refusal.command.get()), (22, 13));
        for size in [0, 15, 17 + MAX_BODY_BYTES as u32, u32::MAX] {
            let header = Header {
                size: size.into(),
                ..request
            };
            assert_eq!(header.body_bytes(), None, "{size}");
        }
    }

    #[test]
    fn commands_have_numbers_and_numbers_commands() {
        for command in Command::ALL {
            assert_eq!(Command::from_number(command.number()), Some(command));
        }
        for number in [0, 6, 11, 12, 14, 15, u16::MAX] {
            assert_eq!(Command::from_number(number), None);
        }
    }

    #[test]
    fn limits_are_told_and_understood() {
        assert_eq!(
            Limits::from_text(&Limits::OURS.to_text()),
            Some(Limits::OURS)
        );
        assert_eq!(Limits::from_text(b""), Some(Limits::default()));
        let other = br#"{"capabilities":{"max_msg_fds":8,"migration":{"pgsize":4096}},"x":1}"#;
        let text = [&other[..], &[0]].concat();
        assert_eq!(
            Limits::from_text(&text).map(|limits| limits.max_msg_fds),
            Some(8)
        );
        assert_eq!(Limits::from_text(other), None, "no zero byte");
        assert_eq!(Limits::from_text(b"{\0"), None);
        assert_eq!(Limits::from_text(b"\0"), None);
    }

    proptest! {
        #[test]
        fn no_reply_leads_the_search_for_areas_astray(
            capability in 0_u32..200,
            mut rest in prop::collection::vec(any::<u8>(), 0..120),
            small in any::<bool>(),
        ) {
            if small {
                // Small numbers lead on, large ones out at once.
                rest.iter_mut().for_each(|byte| *byte &= 1 << 6);
            }
            let info = RegionInfo { capability: capability.into(), ..RegionInfo::default() };
            if let Some(areas) = sparse_areas(&info, &rest) {
                prop_assert!(areas.len() * size_of::<Area>() <= rest.len() * rest.len());
            }
        }
    }
}
