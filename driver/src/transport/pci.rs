//! What every PCI transport shares: the numbers of the function, its config space, its status page.
//!
//! The numbers of the config space are those of the PCI and PCI Express base specifications.

use super::About;
use crate::{dma::DmaMemory, error::Error};
use photonbox_regmap::global::VECTORS;
use std::io;

/// Vendor of the function. A placeholder until the project has a number of its own: that of the FPGA's maker, which
/// its PCIe bridges show. What a card is says the register MAGIC.
pub const VENDOR_ID: u16 = 0x10ee;
/// Device of the function; one that no kernel driver claims.
pub const DEVICE_ID: u16 = 0x5042;
/// Class of the function: encryption controller, other.
pub const CLASS: u32 = 0x10_8000;

/// The BAR with the registers.
pub const REGISTERS_BAR: u32 = 0;
/// The BAR with the MSI-X table and its pending bits.
pub const MSIX_BAR: u32 = 2;
/// The BAR with the status page, where the card has one.
pub const STATUS_BAR: u32 = 4;

/// Offsets in the config space.
pub mod config {
    /// Vendor, 16 bits; all-ones where no function answers.
    pub const VENDOR: u32 = 0x00;
    /// Device, 16 bits.
    pub const DEVICE: u32 = 0x02;
    /// Command register, 16 bits.
    pub const COMMAND: u32 = 0x04;
    /// Status register, 16 bits.
    pub const STATUS: u32 = 0x06;
    /// Revision, 8 bits, and class, 24.
    pub const REVISION_AND_CLASS: u32 = 0x08;
    /// Header type, 8 bits.
    pub const HEADER_TYPE: u32 = 0x0e;
    /// First of six base address registers.
    pub const BAR0: u32 = 0x10;
    /// Subsystem's vendor, 16 bits.
    pub const SUBSYSTEM_VENDOR: u32 = 0x2c;
    /// Subsystem, 16 bits.
    pub const SUBSYSTEM: u32 = 0x2e;
    /// Offset of the first capability, 8 bits.
    pub const CAPABILITIES: u32 = 0x34;

    /// Command register: registers answer.
    pub const COMMAND_MEMORY: u16 = 1 << 1;
    /// Command register: the function may write memory and raise interrupts.
    pub const COMMAND_BUS_MASTER: u16 = 1 << 2;
    /// Status register: there are capabilities.
    pub const STATUS_CAPABILITIES: u16 = 1 << 4;

    /// Capability: power management.
    pub const CAPABILITY_POWER: u8 = 0x01;
    /// Capability: PCI Express.
    pub const CAPABILITY_EXPRESS: u8 = 0x10;
    /// Capability: MSI-X.
    pub const CAPABILITY_MSIX: u8 = 0x11;
    /// From the power capability: control and status, 16 bits; the state is in bits 1:0.
    pub const POWER_CONTROL: u32 = 4;
    /// Power control: the state; 0 is D0, 3 is D3hot.
    pub const POWER_STATE: u16 = 3;
    /// Power control: coming back from D3hot resets nothing.
    pub const POWER_NO_SOFT_RESET: u16 = 1 << 3;
    /// From the Express capability: device capabilities, 32 bits; bit 28 says that FLR is there.
    pub const EXPRESS_DEVICE: u32 = 4;
    /// Device capabilities: function-level reset.
    pub const EXPRESS_DEVICE_FLR: u32 = 1 << 28;
    /// From the MSI-X capability: control, 16 bits; vectors less one in bits 10:0.
    pub const MSIX_CONTROL: u32 = 2;
    /// From the MSI-X capability: BAR in bits 2:0, offset of the table in the rest.
    pub const MSIX_TABLE: u32 = 4;
}

/// Access to a function's config space. Offsets and lengths are those of whole fields.
pub trait ConfigSpace {
    /// Reads `bytes.len()` bytes from `offset` on.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::BusRefused`].
    fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<(), Error>;

    /// Writes them.
    ///
    /// # Errors
    /// As [`ConfigSpace::read`].
    fn write(&self, offset: u32, bytes: &[u8]) -> Result<(), Error>;
}

fn read16(space: &dyn ConfigSpace, offset: u32) -> Result<u16, Error> {
    let mut bytes = [0; 2];
    space.read(offset, &mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

fn read32(space: &dyn ConfigSpace, offset: u32) -> Result<u32, Error> {
    let mut bytes = [0; 4];
    space.read(offset, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn unusable(what: String) -> Error {
    Error::PciFunction { what }
}

/// Checks that the function is a card that this driver can drive: its numbers, MSI-X with enough vectors, and a
/// function-level reset.
///
/// # Errors
/// [`Error::DeadCard`] when nothing answers, [`Error::PciFunction`], and those of the accesses.
pub fn check(space: &dyn ConfigSpace) -> Result<(), Error> {
    let (vendor, device) = (
        read16(space, config::VENDOR)?,
        read16(space, config::DEVICE)?,
    );
    if vendor == u16::MAX {
        return Err(Error::DeadCard);
    }
    if (vendor, device) != (VENDOR_ID, DEVICE_ID) {
        return Err(unusable(format!(
            "it is {vendor:04x}:{device:04x}, not {VENDOR_ID:04x}:{DEVICE_ID:04x}"
        )));
    }
    let msix = capability(space, config::CAPABILITY_MSIX)?
        .ok_or_else(|| unusable("it has no MSI-X interrupts".into()))?;
    let vectors = (read16(space, msix + config::MSIX_CONTROL)? & 0x7ff) + 1;
    if vectors < VECTORS {
        return Err(unusable(format!(
            "it has {vectors} interrupt vectors instead of {VECTORS}"
        )));
    }
    let express = capability(space, config::CAPABILITY_EXPRESS)?
        .ok_or_else(|| unusable("it isn't PCI Express".into()))?;
    if read32(space, express + config::EXPRESS_DEVICE)? & config::EXPRESS_DEVICE_FLR == 0 {
        return Err(unusable("it has no function-level reset".into()));
    }
    Ok(())
}

/// Offset of the first capability with this number.
fn capability(space: &dyn ConfigSpace, wanted: u8) -> Result<Option<u32>, Error> {
    if read16(space, config::STATUS)? & config::STATUS_CAPABILITIES == 0 {
        return Ok(None);
    }
    let mut at = read16(space, config::CAPABILITIES)? & 0xfc;
    // 48 have room between header and end; more are a circle.
    for _ in 0..48 {
        if at < 0x40 {
            return Ok(None);
        }
        let [number, next] = read16(space, at.into())?.to_le_bytes();
        if number == wanted {
            return Ok(Some(at.into()));
        }
        at = u16::from(next & 0xfc);
    }
    Err(unusable("its list of capabilities has no end".into()))
}

/// Makes the registers answer, and lets the function write memory or not. A function that is gone takes no notice.
///
/// # Errors
/// Those of the accesses, and [`Error::PciFunction`] when the command register doesn't take it.
pub fn command(space: &dyn ConfigSpace, bus_master: bool) -> Result<(), Error> {
    let before = read16(space, config::COMMAND)?;
    let mut wanted = before | config::COMMAND_MEMORY;
    if bus_master {
        wanted |= config::COMMAND_BUS_MASTER;
    } else {
        wanted &= !config::COMMAND_BUS_MASTER;
    }
    space.write(config::COMMAND, &wanted.to_le_bytes())?;
    let relevant = config::COMMAND_MEMORY | config::COMMAND_BUS_MASTER;
    match read16(space, config::COMMAND)? {
        u16::MAX => Ok(()),
        found if (found ^ wanted) & relevant == 0 => Ok(()),
        found => Err(unusable(format!(
            "its command register reads {found:#06x} after {wanted:#06x} was written"
        ))),
    }
}

/// Puts the function into D3hot, or back into D0. False where it has no power management, or would come back reset.
///
/// # Errors
/// Those of the accesses, and [`Error::PciFunction`] when the state doesn't stick.
pub fn sleep(space: &dyn ConfigSpace, on: bool) -> Result<bool, Error> {
    let Some(power) = capability(space, config::CAPABILITY_POWER)? else {
        return Ok(false);
    };
    let control = power + config::POWER_CONTROL;
    let before = read16(space, control)?;
    if before & config::POWER_NO_SOFT_RESET == 0 {
        return Ok(false);
    }
    let state = if on { config::POWER_STATE } else { 0 };
    let wanted = before & !config::POWER_STATE | state;
    space.write(control, &wanted.to_le_bytes())?;
    // What the specification gives a function for the way, in either direction.
    std::thread::sleep(std::time::Duration::from_millis(10));
    match read16(space, control)? {
        // Gone, which is seen elsewhere.
        u16::MAX => Ok(true),
        found if found & config::POWER_STATE == state => Ok(true),
        found => Err(unusable(format!(
            "its power control reads {found:#06x} after {wanted:#06x} was written"
        ))),
    }
}

/// Layout of the status page: 64-bit little-endian words, and a text. A card that is gone shows all-ones.
pub mod status_page {
    /// Bytes of the page.
    pub const BYTES: usize = 4096;
    /// What [`MAGIC_AT`] holds.
    pub const MAGIC: u64 = u64::from_le_bytes(*b"PHBXSTAT");
    /// Word: [`MAGIC`].
    pub const MAGIC_AT: usize = 0;
    /// Word: version of the layout, 1.
    pub const VERSION_AT: usize = 8;
    /// Word: writes that reached host memory.
    pub const WRITES_AT: usize = 16;
    /// Word: writes that nothing was mapped for.
    pub const REFUSED_AT: usize = 24;
    /// Word: interrupts that were raised.
    pub const INTERRUPTS_AT: usize = 32;
    /// Word: bit 0 says that the photons come from a known seed.
    pub const FLAGS_AT: usize = 40;
    /// Word: how many lanes, from 0 on, get light; 0 where all do.
    pub const LIT_LANES_AT: usize = 48;
    /// Text: what the card is, as long as [`TEXT_BYTES`] with zero bytes at its end.
    pub const TEXT_AT: usize = 256;
    /// Most bytes of the text.
    pub const TEXT_BYTES: usize = 256;
    /// Bytes of the page that have a meaning.
    pub const USED: usize = TEXT_AT + TEXT_BYTES;
}

/// What a status page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardStatusPage {
    /// Writes that reached host memory, since the card was made.
    pub writes: u64,
    /// Writes that nothing was mapped for. Only a simulated card can know.
    pub refused: u64,
    /// Interrupts that were raised.
    pub interrupts: u64,
    /// What it says of the photons.
    pub about: About,
    /// What the card is, for people.
    pub text: String,
}

impl CardStatusPage {
    /// Reads it.
    ///
    /// # Errors
    /// [`Error::DeadCard`], and [`Error::PciFunction`] for a page that isn't one.
    pub fn read(page: &DmaMemory) -> Result<Self, Error> {
        use status_page as at;
        if page.len() < at::BYTES {
            return Err(unusable("its status page is too short".into()));
        }
        let mut bytes = [0; at::USED];
        page.copy_out(0, &mut bytes);
        Self::parse(&bytes)
    }

    /// The same of its bytes, as far as the layout goes.
    ///
    /// # Errors
    /// As [`CardStatusPage::read`].
    pub fn parse(page: &[u8; status_page::USED]) -> Result<Self, Error> {
        use status_page as at;
        let word = |offset: usize| {
            page[offset..]
                .first_chunk()
                .map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        match (word(at::MAGIC_AT), word(at::VERSION_AT)) {
            (at::MAGIC, 1) => {}
            (u64::MAX, _) => return Err(Error::DeadCard),
            (0, _) => {
                let source = io::Error::other(
                    "it reads as zeroes, as when a function was pulled out and put back",
                );
                let what = "its status page".to_owned();
                return Err(Error::BusRefused { what, source });
            }
            (found, _) => {
                let what = format!("its status page is another's: it begins with {found:#x}");
                return Err(unusable(what));
            }
        }
        let text = &page[at::TEXT_AT..at::TEXT_AT + at::TEXT_BYTES];
        let text: String = String::from_utf8_lossy(text)
            .trim_end_matches('\0')
            .chars()
            .filter(|character| !character.is_control())
            .collect();
        Ok(Self {
            writes: word(at::WRITES_AT),
            refused: word(at::REFUSED_AT),
            interrupts: word(at::INTERRUPTS_AT),
            about: About {
                reproducible: word(at::FLAGS_AT) & 1 != 0,
                lit_lanes: u32::try_from(word(at::LIT_LANES_AT))
                    .ok()
                    .filter(|lanes| *lanes > 0),
            },
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A config space as an array; what is written sticks where `stuck` isn't set.
    struct Array {
        bytes: Mutex<[u8; 256]>,
        stuck: bool,
    }

    impl ConfigSpace for Array {
        fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
            let at = offset as usize;
            let held = self.bytes.lock().expect("lock");
            bytes.copy_from_slice(&held[at..at + bytes.len()]);
            Ok(())
        }
        fn write(&self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
            if !self.stuck {
                let at = offset as usize;
                self.bytes.lock().expect("lock")[at..at + bytes.len()].copy_from_slice(bytes);
            }
            Ok(())
        }
    }

    fn good() -> [u8; 256] {
        let mut bytes = [0; 256];
        bytes[0..2].copy_from_slice(&VENDOR_ID.to_le_bytes());
        bytes[2..4].copy_from_slice(&DEVICE_ID.to_le_bytes());
        bytes[6] = config::STATUS_CAPABILITIES as u8;
        bytes[0x34] = 0x40;
        bytes[0x40..0x42].copy_from_slice(&[config::CAPABILITY_EXPRESS, 0x90]);
        bytes[0x44..0x48].copy_from_slice(&config::EXPRESS_DEVICE_FLR.to_le_bytes());
        bytes[0x90..0x92].copy_from_slice(&[config::CAPABILITY_MSIX, 0]);
        bytes[0x92] = (VECTORS - 1) as u8;
        bytes
    }

    fn space(change: impl FnOnce(&mut [u8; 256])) -> Array {
        let mut bytes = good();
        change(&mut bytes);
        Array {
            bytes: Mutex::new(bytes),
            stuck: false,
        }
    }

    #[test]
    fn each_fault_of_a_function_is_named() {
        assert!(check(&space(|_| ())).is_ok());
        assert!(matches!(
            check(&space(|bytes| bytes.fill(0xff))),
            Err(Error::DeadCard)
        ));
        type Change = fn(&mut [u8; 256]);
        let cases: [(Change, &str); 6] = [
            (|b| b[2] = 0, "10ee:5000"),
            (|b| b[6] = 0, "no MSI-X"),
            (|b| b[0x90] = 5, "no MSI-X"),
            (|b| b[0x92] = 1, "2 interrupt vectors"),
            (|b| b[0x47] = 0, "no function-level reset"),
            (|b| b[0x40..0x42].copy_from_slice(&[9, 0x40]), "no end"),
        ];
        for (change, words) in cases {
            let error = check(&space(change)).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn sleep_sticks_or_is_left_alone() {
        let with_power = |control: u8| {
            space(|bytes| {
                bytes[0x90..0x92].copy_from_slice(&[config::CAPABILITY_MSIX, 0xa0]);
                bytes[0xa0..0xa2].copy_from_slice(&[config::CAPABILITY_POWER, 0]);
                bytes[0xa4] = control;
            })
        };
        assert!(!sleep(&space(|_| ()), true).expect("no such thing"));
        assert!(
            !sleep(&with_power(0), true).expect("left alone"),
            "would come back reset"
        );
        let mut good = with_power(8);
        for (on, held) in [(true, 11), (false, 8)] {
            assert!(sleep(&good, on).expect("taken"));
            assert_eq!(good.bytes.lock().expect("lock")[0xa4], held);
        }
        good.stuck = true;
        assert!(matches!(sleep(&good, true), Err(Error::PciFunction { .. })));
    }

    #[test]
    fn the_command_register_is_read_back() {
        let mut plain = space(|_| ());
        command(&plain, true).expect("taken");
        assert_eq!(plain.bytes.lock().expect("lock")[4], 6);
        command(&plain, false).expect("taken");
        assert_eq!(plain.bytes.lock().expect("lock")[4], 2);
        plain.stuck = true;
        assert!(matches!(
            command(&plain, true),
            Err(Error::PciFunction { .. })
        ));
        plain.bytes = Mutex::new([0xff; 256]);
        assert!(
            command(&plain, true).is_ok(),
            "gone, and that is seen elsewhere"
        );
    }

    #[test]
    fn a_status_page_that_is_none_says_why() {
        let page = |byte| CardStatusPage::parse(&[byte; status_page::USED]);
        assert!(matches!(page(0xff), Err(Error::DeadCard)));
        let says = |byte| page(byte).expect_err("no page").to_string();
        let zeroes = says(0);
        assert!(
            zeroes.contains("reads as zeroes") && zeroes.contains("open the card anew"),
            "{zeroes}"
        );
        assert!(says(0x11).contains("begins with 0x1111111111111111"));
    }
}
