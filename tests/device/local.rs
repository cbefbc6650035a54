//! Cards in this program, and a bus that lies.

use photonbox_driver::{Device, HostBus};
pub(crate) use photonbox_simcard::SimCard;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What the way to a card takes.
pub(crate) type AnyCard = dyn Device;

/// Whether opening or closing a card resets it before the driver does.
pub(crate) const fn opening_resets() -> bool {
    false
}

/// A card with some registers forged, and whose writes to chosen registers get lost.
pub(crate) struct Forged {
    inner: Arc<dyn Device>,
    reads: Mutex<HashMap<u32, u32>>,
    lost: Mutex<Vec<u32>>,
}

impl Forged {
    pub(crate) fn new(inner: Arc<dyn Device>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            reads: Mutex::default(),
            lost: Mutex::default(),
        })
    }

    pub(crate) fn forge(&self, offset: u32, value: u32) {
        self.reads.lock().expect("lock").insert(offset, value);
    }

    pub(crate) fn honest(&self) {
        self.reads.lock().expect("lock").clear();
    }

    pub(crate) fn lose_writes(&self, offset: u32) {
        self.lost.lock().expect("lock").push(offset);
    }
}

impl Device for Forged {
    fn read32(&self, offset: u32) -> u32 {
        let forged = self.reads.lock().expect("lock").get(&offset).copied();
        forged.unwrap_or_else(|| self.inner.read32(offset))
    }

    fn write32(&self, offset: u32, value: u32) {
        if !self.lost.lock().expect("lock").contains(&offset) {
            self.inner.write32(offset, value);
        }
    }

    fn attach(&self, host: Arc<dyn HostBus>) {
        self.inner.attach(host);
    }

    fn bus_master_enable(&self, on: bool) {
        self.inner.bus_master_enable(on);
    }

    fn function_level_reset(&self) {
        self.inner.function_level_reset();
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}
