//! The function's config space: what it says, which bits can be written, and what a reset leaves.
//!
//! A type 0 header with three capabilities: power management, PCI Express with function-level reset, MSI-X.

use super::msix;
use photonbox_driver::transport::pci::{
    CLASS, DEVICE_ID, MSIX_BAR, REGISTERS_BAR, STATUS_BAR, VENDOR_ID, config, status_page,
};
use photonbox_regmap::{BAR_BYTES, global::VECTORS};

/// Bytes of the config space; those of PCI Express beyond the first 256 read as 0.
pub(crate) const BYTES: usize = 4096;
const WRITABLE: usize = 256;

const POWER: usize = 0x40;
const EXPRESS: usize = 0x50;
const MSIX: usize = 0x90;

const EXPRESS_CONTROL: usize = EXPRESS + 8;
/// Device control, bit 15: start a function-level reset. Reads as 0.
const EXPRESS_FLR: u8 = 0x80;
/// Device control after reset: reads of at most 512 bytes, of which this function makes none.
const EXPRESS_CONTROL_RESET: u16 = 0x2000;
const MSIX_CONTROL: usize = MSIX + config::MSIX_CONTROL as usize;
const MSIX_ENABLE: u8 = 0x80;
const MSIX_FUNCTION_MASK: u8 = 0x40;

/// The BARs: number and bytes. 32-bit, not prefetchable.
pub(crate) const BARS: [(u32, u32); 3] = [
    (REGISTERS_BAR, BAR_BYTES),
    (MSIX_BAR, msix::BAR_BYTES),
    (STATUS_BAR, status_page::BYTES as u32),
];

/// The config space of one function.
pub(crate) struct Config {
    bytes: [u8; WRITABLE],
    /// Bits that the host can write.
    writable: [u8; WRITABLE],
}

impl Config {
    /// As after power-on.
    pub(crate) fn new() -> Self {
        let mut config = Self {
            bytes: [0; WRITABLE],
            writable: [0; WRITABLE],
        };
        let header = |offset: u32| offset as usize;
        config.put16(header(config::VENDOR), VENDOR_ID);
        config.put16(header(config::DEVICE), DEVICE_ID);
        config.put16(header(config::STATUS), config::STATUS_CAPABILITIES);
        config.put32(header(config::REVISION_AND_CLASS), CLASS << 8 | 1);
        config.put16(header(config::SUBSYSTEM_VENDOR), VENDOR_ID);
        config.put16(header(config::SUBSYSTEM), 1);
        config.bytes[header(config::CAPABILITIES)] = POWER as u8;
        // Memory, bus master, parity, SERR, no INTx: the function has no I/O ports.
        config.allow16(header(config::COMMAND), 0x0546);
        config.allow16(0x0c, 0x00ff); // cache line size: without effect, as PCI Express wants
        config.allow16(0x3c, 0x00ff); // interrupt line: the host's notebook
        for (bar, bytes) in BARS {
            let mask = !(bytes - 1);
            let at = header(config::BAR0) + 4 * bar as usize;
            config.writable[at..at + 4].copy_from_slice(&mask.to_le_bytes());
        }
        config.power();
        config.express();
        config.msix();
        config.reset();
        config
    }

    fn power(&mut self) {
        self.capability(POWER, config::CAPABILITY_POWER, EXPRESS);
        self.put16(POWER + 2, 0x0003); // version 1.2, D0 and D3 only
        // The state; coming back from D3 resets nothing (bit 3).
        self.allow16(POWER + config::POWER_CONTROL as usize, 0x0003);
    }

    fn express(&mut self) {
        self.capability(EXPRESS, config::CAPABILITY_EXPRESS, MSIX);
        self.put16(EXPRESS + 2, 0x0002); // version 2, an endpoint
        // Role-based errors, FLR; writes of at most 256 bytes.
        let device = config::EXPRESS_DEVICE_FLR | 0x8001;
        self.put32(EXPRESS + config::EXPRESS_DEVICE as usize, device);
        // Errors, payload, read requests. No relaxed ordering, no "no snoop": both stay 0.
        self.allow16(EXPRESS_CONTROL, 0x70ef);
        self.put32(EXPRESS + 0x0c, 0x0000_0043); // link: four lanes of 8 GT/s
        self.allow16(EXPRESS + 0x10, 0x00c3);
        self.put16(EXPRESS + 0x12, 0x0043);
        self.put32(EXPRESS + 0x2c, 0x0000_000e); // speeds up to 8 GT/s
    }

    fn msix(&mut self) {
        self.capability(MSIX, config::CAPABILITY_MSIX, 0);
        self.put16(MSIX_CONTROL, VECTORS - 1);
        self.allow16(MSIX_CONTROL, 0xc000);
        self.put32(MSIX + 4, MSIX_BAR);
        self.put32(MSIX + 8, msix::PENDING_AT | MSIX_BAR);
    }

    fn capability(&mut self, at: usize, number: u8, next: usize) {
        self.bytes[at] = number;
        self.bytes[at + 1] = next as u8;
    }

    fn put16(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    fn put32(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn allow16(&mut self, at: usize, mask: u16) {
        self.writable[at..at + 2].copy_from_slice(&mask.to_le_bytes());
    }

    fn get16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    /// What a function-level reset leaves: every bit that can be written is as after power-on.
    pub(crate) fn reset(&mut self) {
        for (byte, writable) in self.bytes.iter_mut().zip(&self.writable) {
            *byte &= !writable;
        }
        self.put16(EXPRESS_CONTROL, EXPRESS_CONTROL_RESET);
        let no_reset_from_d3 = 1 << 3;
        self.put16(POWER + config::POWER_CONTROL as usize, no_reset_from_d3);
    }

    /// Bytes from `offset` on. The caller has checked that they are there.
    pub(crate) fn read(&self, offset: usize, bytes: &mut [u8]) {
        for (at, byte) in (offset..).zip(bytes) {
            *byte = self.bytes.get(at).copied().unwrap_or(0);
        }
    }

    /// Writes bytes; those that can't be written stay. True when that starts a function-level reset, which is left
    /// to the caller.
    #[must_use]
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) -> bool {
        let mut reset = false;
        for (at, byte) in (offset..).zip(bytes) {
            if let (Some(held), Some(mask)) = (self.bytes.get_mut(at), self.writable.get(at)) {
                *held = *held & !mask | byte & mask;
            }
            reset |= at == EXPRESS_CONTROL + 1 && byte & EXPRESS_FLR != 0;
        }
        reset
    }

    fn powered(&self) -> bool {
        self.get16(POWER + config::POWER_CONTROL as usize) & 3 == 0
    }

    /// Whether the registers answer.
    pub(crate) fn answers(&self) -> bool {
        self.powered() && self.get16(config::COMMAND as usize) & config::COMMAND_MEMORY != 0
    }

    /// Whether the function may write memory and raise interrupts.
    pub(crate) fn masters(&self) -> bool {
        self.powered() && self.get16(config::COMMAND as usize) & config::COMMAND_BUS_MASTER != 0
    }

    /// Whether MSI-X is enabled, and whether all of it is masked.
    pub(crate) fn msix_state(&self) -> (bool, bool) {
        let control = self.bytes[MSIX_CONTROL + 1];
        (
            control & MSIX_ENABLE != 0,
            control & MSIX_FUNCTION_MASK != 0,
        )
    }

    /// Enables MSI-X or not, as a host's kernel does when it connects interrupts.
    pub(crate) fn enable_msix(&mut self, on: bool) {
        self.bytes[MSIX_CONTROL + 1] &= !MSIX_ENABLE;
        if on {
            self.bytes[MSIX_CONTROL + 1] |= MSIX_ENABLE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read16(config: &Config, offset: usize) -> u16 {
        let mut bytes = [0; 2];
        config.read(offset, &mut bytes);
        u16::from_le_bytes(bytes)
    }

    fn read32(config: &Config, offset: usize) -> u32 {
        let mut bytes = [0; 4];
        config.read(offset, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    #[test]
    fn bars_tell_their_sizes() {
        let mut config = Config::new();
        for bar in 0..6_u32 {
            let at = 0x10 + 4 * bar as usize;
            assert!(!config.write(at, &[0xff; 4]));
            let size = BARS.iter().find(|(b, _)| *b == bar).map_or(0, |(_, s)| *s);
            let shown = read32(&config, at);
            assert_eq!(shown, size.wrapping_neg(), "BAR {bar}");
        }
    }

    #[test]
    fn the_list_of_capabilities_ends() {
        let config = Config::new();
        let mut at = usize::from(read16(&config, 0x34));
        let mut found = Vec::new();
        while at != 0 {
            let [number, next] = read16(&config, at).to_le_bytes();
            found.push(number);
            at = next.into();
        }
        assert_eq!(found, [0x01, 0x10, 0x11]);
        assert_eq!(read16(&config, 0x100), 0, "no extended capability");
    }

    #[test]
    fn power_and_command_decide_who_answers() {
        let mut config = Config::new();
        assert!(!config.answers() && !config.masters());
        assert!(!config.write(4, &[6, 0]));
        assert!(config.answers() && config.masters());
        assert!(!config.write(POWER + 4, &[3]));
        assert!(!config.answers() && !config.masters(), "D3");
        assert!(!config.write(POWER + 4, &[0]));
        assert!(config.answers() && config.masters(), "as it was");
    }

    #[test]
    fn a_function_level_reset_is_asked_for_by_one_bit() {
        let mut config = Config::new();
        assert!(!config.write(4, &[6, 4]));
        assert!(config.write(EXPRESS_CONTROL, &[0x10, 0x80]));
        assert_eq!(read16(&config, EXPRESS_CONTROL) & 0x8010, 0, "reads as 0");
        config.reset();
        assert_eq!(read16(&config, 4), 0);
        assert_eq!(read16(&config, EXPRESS_CONTROL), EXPRESS_CONTROL_RESET);
    }

    #[test]
    fn msix_can_be_enabled_from_both_sides() {
        let mut config = Config::new();
        assert_eq!(config.msix_state(), (false, false));
        assert!(!config.write(MSIX_CONTROL, &[0xff, 0xff]));
        assert_eq!(config.msix_state(), (true, true));
        assert_eq!(read16(&config, MSIX_CONTROL) & 0x7ff, VECTORS - 1);
        config.enable_msix(false);
        assert_eq!(config.msix_state(), (false, true));
        config.enable_msix(true);
        assert_eq!(config.msix_state(), (true, true));
    }

    proptest! {
        #[test]
        fn what_it_is_cannot_be_written(
            writes in prop::collection::vec((0_usize..BYTES, prop::collection::vec(any::<u8>(), 1..9)), 0..64),
        ) {
            let mut config = Config::new();
            for (offset, bytes) in &writes {
                let _ = config.write(*offset, bytes);
            }
            let fresh = Config::new();
            for at in (0..4).chain(6..0x0c).chain(0x2c..0x3c).chain([POWER, EXPRESS, MSIX]) {
                prop_assert_eq!(config.bytes[at], fresh.bytes[at], "{:#x}", at);
            }
            config.reset();
            prop_assert_eq!(config.bytes, fresh.bytes);
        }
    }
}
