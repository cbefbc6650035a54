//! What the kernel's file system tells of PCI functions: which are cards, who drives them, which IOMMU group they are in.

use crate::error::Error;
use crate::transport::pci::{DEVICE_ID, VENDOR_ID};
use std::fs;
use std::path::{Path, PathBuf};

/// The driver that hands functions to user space.
const DRIVER: &str = "vfio-pci";

/// Where a function is: domain, bus, device, function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bdf(String);

impl Bdf {
    /// `0000:03:00.0`, or `03:00.0` in domain 0.
    ///
    /// # Errors
    /// [`Error::UnknownCard`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownCard {
            asked: format!("vfio:{text}"),
        };
        let fields: Vec<&str> = text.split(':').collect();
        let (domain, bus, rest) = match fields[..] {
            [bus, rest] => ("0000", bus, rest),
            [domain, bus, rest] => (domain, bus, rest),
            _ => return Err(unknown()),
        };
        let (device, function) = rest.split_once('.').ok_or_else(unknown)?;
        let number = |text: &str, digits: usize, most: u32| {
            let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            u32::from_str_radix(text, 16)
                .ok()
                .filter(|&number| plain && number <= most)
                .ok_or_else(unknown)
        };
        Ok(Self(format!(
            "{:04x}:{:02x}:{:02x}.{}",
            number(domain, 4, 0xffff)?,
            number(bus, 2, 0xff)?,
            number(device, 2, 0x1f)?,
            number(function, 1, 7)?
        )))
    }

    /// As the kernel writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A card that sysfs shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its address.
    pub bdf: Bdf,
    /// The kernel driver that has it, if any.
    pub driver: Option<String>,
    /// Its IOMMU group; none without an IOMMU.
    pub group: Option<String>,
}

/// `/sys/bus/pci`, or a copy of it.
#[derive(Debug, Clone)]
pub struct Sysfs {
    root: PathBuf,
}

impl Default for Sysfs {
    fn default() -> Self {
        Self::at(Path::new("/sys/bus/pci"))
    }
}

impl Sysfs {
    /// A tree elsewhere, for tests.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    fn device(&self, bdf: &str) -> PathBuf {
        self.root.join("devices").join(bdf)
    }

    /// The last part of where a link leads.
    fn link(&self, bdf: &str, name: &str) -> Option<String> {
        let target = fs::read_link(self.device(bdf).join(name)).ok()?;
        Some(target.file_name()?.to_str()?.to_owned())
    }

    fn number(&self, bdf: &str, name: &str) -> Option<u16> {
        let text = fs::read_to_string(self.device(bdf).join(name)).ok()?;
        u16::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
    }

    fn found(&self, bdf: Bdf) -> Found {
        Found {
            driver: self.link(bdf.as_str(), "driver"),
            group: self.link(bdf.as_str(), "iommu_group"),
            bdf,
        }
    }

    /// All cards, in the order of their addresses. None without PCI.
    #[must_use]
    pub fn cards(&self) -> Vec<Found> {
        let Ok(entries) = fs::read_dir(self.root.join("devices")) else {
            return Vec::new();
        };
        let mut cards: Vec<Found> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Bdf::parse(&name).ok())
            .filter(|bdf| {
                let ids = (
                    self.number(bdf.as_str(), "vendor"),
                    self.number(bdf.as_str(), "device"),
                );
                ids == (Some(VENDOR_ID), Some(DEVICE_ID))
            })
            .map(|bdf| self.found(bdf))
            .collect();
        cards.sort_by(|one, other| one.bdf.cmp(&other.bdf));
        cards
    }

    /// The IOMMU group of a function that is ready to be opened.
    ///
    /// # Errors
    /// [`Error::NoSuchFunction`], [`Error::NoIommu`], [`Error::NotBound`].
    pub fn group(&self, bdf: &Bdf) -> Result<String, Error> {
        let at = || bdf.as_str().to_owned();
        if !self.device(bdf.as_str()).exists() {
            let others = self.cards();
            let known: Vec<&str> = others.iter().map(|card| card.bdf.as_str()).collect();
            return Err(Error::NoSuchFunction {
                bdf: at(),
                cards: if known.is_empty() {
                    "there is none".into()
                } else {
                    format!("cards: {}", known.join(", "))
                },
            });
        }
        let found = self.found(bdf.clone());
        // Behind some IOMMUs (virtio's) a function has no group until a driver takes it.
        if found.group.is_none() && !self.translates() {
            return Err(Error::NoIommu { bdf: at() });
        }
        if found.driver.as_deref() != Some(DRIVER) {
            return Err(Error::NotBound {
                bdf: at(),
                driver: found.driver.unwrap_or_else(|| "no driver".into()),
            });
        }
        found.group.ok_or_else(|| Error::NoIommu { bdf: at() })
    }

    /// The machine has an IOMMU.
    fn translates(&self) -> bool {
        let units = fs::read_dir(self.root.join("../../class/iommu"));
        units.is_ok_and(|mut units| units.next().is_some())
    }

    /// The other functions of a group that are not in user space's hands: what makes it not viable.
    #[must_use]
    pub fn in_the_way(&self, bdf: &Bdf) -> Vec<String> {
        let members = self.device(bdf.as_str()).join("iommu_group/devices");
        let Ok(entries) = fs::read_dir(members) else {
            return Vec::new();
        };
        let mut others: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name != bdf.as_str())
            .filter_map(|name| {
                let driver = self.link(&name, "driver")?;
                let harmless = [DRIVER, "pci-stub", "pcieport"].contains(&driver.as_str());
                (!harmless).then(|| format!("{name} ({driver})"))
            })
            .collect();
        others.sort();
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A tree with a card at each address: driver and group.
    fn tree(name: &str, cards: &[(&str, Option<&str>, Option<&str>)]) -> (PathBuf, Sysfs) {
        let root =
            std::env::temp_dir().join(format!("photonbox-sysfs-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let bus = root.join("bus/pci");
        fs::create_dir_all(&bus).expect("bus");
        for (bdf, driver, group) in cards {
            let device = bus.join("devices").join(bdf);
            fs::create_dir_all(&device).expect("device");
            fs::write(device.join("vendor"), format!("{VENDOR_ID:#06x}\n")).expect("vendor");
            fs::write(device.join("device"), format!("{DEVICE_ID:#06x}\n")).expect("device");
            if let Some(driver) = driver {
                symlink(bus.join("drivers").join(driver), device.join("driver")).expect("driver");
            }
            if let Some(group) = group {
                let groups = bus.join("groups").join(group);
                fs::create_dir_all(groups.join("devices").join(bdf)).expect("group");
                symlink(&groups, device.join("iommu_group")).expect("group");
            }
        }
        (root, Sysfs::at(&bus))
    }

    #[test]
    fn addresses_are_normal_or_refused() {
        for (text, normal) in [
            ("0000:03:00.0", "0000:03:00.0"),
            ("0A:1f.7", "0000:0a:1f.7"),
            ("abcd:ff:00.1", "abcd:ff:00.1"),
        ] {
            assert_eq!(Bdf::parse(text).expect(text).as_str(), normal);
        }
        for text in [
            "",
            "03",
            "03:00",
            "3:00.0",
            "03:20.0",
            "03:00.8",
            "0:03:00.0",
            "03:00.0.0",
            "03:+0.0",
        ] {
            assert!(Bdf::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn cards_are_listed_and_what_they_lack_is_named() {
        let (root, sysfs) = tree(
            "list",
            &[
                ("0000:04:00.0", Some("vfio-pci"), Some("7")),
                ("0000:03:00.0", Some("nvme"), Some("7")),
                ("0000:05:00.0", None, Some("8")),
                ("0000:06:00.0", Some("vfio-pci"), None),
                ("0000:08:00.0", None, None),
            ],
        );
        let other = root.join("bus/pci/devices/0000:00:1f.0");
        fs::create_dir_all(&other).expect("another");
        fs::write(other.join("vendor"), "0x8086\n").expect("vendor");
        fs::write(other.join("device"), "0x1234\n").expect("device");
        let names: Vec<String> = sysfs
            .cards()
            .iter()
            .map(|card| card.bdf.as_str().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "0000:03:00.0",
                "0000:04:00.0",
                "0000:05:00.0",
                "0000:06:00.0",
                "0000:08:00.0"
            ]
        );
        let bdf = |text: &str| Bdf::parse(text).expect(text);
        assert_eq!(sysfs.group(&bdf("04:00.0")).expect("ready"), "7");
        assert_eq!(sysfs.in_the_way(&bdf("04:00.0")), ["0000:03:00.0 (nvme)"]);
        assert_eq!(sysfs.in_the_way(&bdf("03:00.0")), Vec::<String>::new());
        for (text, says) in [
            ("03:00.0", "nvme"),
            ("05:00.0", "no driver"),
            ("06:00.0", "no IOMMU"),
            ("08:00.0", "no IOMMU"),
            ("07:00.0", "cards: 0000:03:00.0"),
        ] {
            let said = sysfs.group(&bdf(text)).expect_err(text).to_string();
            assert!(said.contains(says), "{said}");
        }
        fs::create_dir_all(root.join("class/iommu/virtio3")).expect("an IOMMU");
        for (text, says) in [("06:00.0", "no IOMMU"), ("08:00.0", "no driver")] {
            let said = sysfs.group(&bdf(text)).expect_err(text).to_string();
            assert!(said.contains(says), "{said}");
        }
        fs::remove_dir_all(root).expect("removed");
        assert!(sysfs.cards().is_empty());
    }
}
