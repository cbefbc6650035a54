//! A vfio-user client of the served card that sends arbitrary bytes: no panic, no wait, and the card is detached in
//! the end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_driver::{Device, HostBus};
use photonbox_simcard::vfio_user::serve_connection;
use std::{
    io::Write,
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

/// A card of one register.
#[derive(Default)]
struct Card {
    register: AtomicU32,
    master: AtomicBool,
}

impl Device for Card {
    fn read32(&self, _offset: u32) -> u32 {
        self.register.load(Ordering::Relaxed) & 0xffff
    }
    fn write32(&self, _offset: u32, value: u32) {
        self.register.store(value, Ordering::Relaxed);
    }
    fn attach(&self, _host: Arc<dyn HostBus>) {}
    fn bus_master_enable(&self, on: bool) {
        self.master.store(on, Ordering::Relaxed);
    }
    fn function_level_reset(&self) {
        self.register.store(0, Ordering::Relaxed);
    }
    fn describe(&self) -> String {
        String::new()
    }
}

/// Agrees on the version, so that what follows is looked at.
const VERSION: [u8; 20] = [0, 0, 1, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

fuzz_target!(|data: &[u8]| {
    // Longer, and the replies would not fit into the socket's buffer, which nobody empties meanwhile.
    let data = &data[..data.len().min(1024)];
    let (mut ours, theirs) = UnixStream::pair().expect("sockets");
    if data.first().is_some_and(|first| first & 1 == 0) {
        ours.write_all(&VERSION).expect("room");
    }
    ours.write_all(data.get(1..).unwrap_or_default()).expect("room");
    ours.shutdown(Shutdown::Write).expect("open");
    let card = Arc::new(Card::default());
    serve_connection(&theirs, Arc::clone(&card) as _).expect("memory");
    assert!(!card.master.load(Ordering::Relaxed));
});
