//! A card on a socket of its own, and a client that sends what it likes.

use photonbox_driver::transport::vfio_user::wire::{self, Command, Header, Limits, flag};
use photonbox_driver::transport::vfio_user::{VfioUser, frame};
use photonbox_driver::{Device, Error, HostBus, Transport};
use photonbox_regmap::{MAGIC, global};
use photonbox_simcard::vfio_user::{About, Server};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vfio_bindings::bindings::vfio::VFIO_PCI_CONFIG_REGION_INDEX;
use zerocopy::IntoBytes;

/// A card that keeps what is done to it.
#[derive(Default)]
pub(crate) struct Probe {
    pub(crate) host: Mutex<Option<Arc<dyn HostBus>>>,
    pub(crate) master: Mutex<bool>,
    pub(crate) resets: Mutex<u32>,
    pub(crate) scratch: Mutex<u32>,
    pub(crate) gone: Mutex<bool>,
}

impl Probe {
    pub(crate) fn host(&self) -> Arc<dyn HostBus> {
        self.host.lock().expect("lock").clone().expect("attached")
    }

    pub(crate) fn masters(&self) -> bool {
        *self.master.lock().expect("lock")
    }
}

impl Device for Probe {
    fn read32(&self, offset: u32) -> u32 {
        match offset {
            _ if *self.gone.lock().expect("lock") => u32::MAX,
            global::MAGIC => MAGIC,
            global::SCRATCH => *self.scratch.lock().expect("lock"),
            _ => 0,
        }
    }
    fn write32(&self, offset: u32, value: u32) {
        if offset == global::SCRATCH {
            *self.scratch.lock().expect("lock") = value;
        }
    }
    fn attach(&self, host: Arc<dyn HostBus>) {
        *self.host.lock().expect("lock") = Some(host);
    }
    fn bus_master_enable(&self, on: bool) {
        *self.master.lock().expect("lock") = on;
    }
    fn function_level_reset(&self) {
        *self.resets.lock().expect("lock") += 1;
        *self.scratch.lock().expect("lock") = 0;
    }
    fn describe(&self) -> String {
        "probe".into()
    }
}

/// A card on a socket of its own.
pub(crate) struct Stand {
    pub(crate) card: Arc<Probe>,
    pub(crate) server: Option<Server>,
    pub(crate) path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("card");
        let card = Arc::new(Probe::default());
        let server =
            Server::new(Arc::clone(&card) as _, &path, About::default()).expect("a server");
        Self {
            card,
            server: Some(server),
            path,
            _folder: folder,
        }
    }

    pub(crate) fn connect(&self) -> Result<VfioUser, Error> {
        VfioUser::connect(self.path.to_str().expect("text"))
    }

    /// The card works for a good client.
    pub(crate) fn is_well(&self) {
        let good = self.connect().expect("the next client");
        assert_eq!(good.read32(global::MAGIC).expect("alive"), MAGIC);
        good.write32(global::SCRATCH, 77).expect("alive");
        assert_eq!(good.read32(global::SCRATCH).expect("alive"), 77);
        let buffer = good.alloc_dma(4096).expect("memory");
        self.card
            .host()
            .dma_write(buffer.iova(), &[1; 8])
            .expect("mapped");
        assert_eq!(buffer.memory().load_acquire(0), 0x0101_0101_0101_0101);
        self.card.host().raise_irq(2);
        assert!(good.wait_irq(2, Duration::from_secs(60)).expect("vector 2"));
    }

    pub(crate) fn raw(&self) -> Raw {
        let stream = UnixStream::connect(&self.path).expect("a server");
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).expect("time-out");
        Raw { stream, id: 0 }
    }
}

/// A client that sends what it likes.
pub(crate) struct Raw {
    pub(crate) stream: UnixStream,
    pub(crate) id: u16,
}

impl Raw {
    pub(crate) fn send(&mut self, header: &Header, parts: &[&[u8]], fds: &[BorrowedFd<'_>]) {
        frame::send(&self.stream, &frame::bytes(header, parts), fds).expect("sent");
    }

    pub(crate) fn reply(&mut self) -> Result<Vec<u8>, i32> {
        let mut impatient = |_| Err(std::io::ErrorKind::TimedOut.into());
        let reply = frame::receive(&self.stream, &mut impatient).expect("a reply");
        assert_eq!(reply.header.id.get(), self.id);
        match reply.header.has(flag::ERROR) {
            true => Err(reply.header.error.get() as i32),
            false => Ok(reply.body),
        }
    }

    pub(crate) fn call_with(
        &mut self,
        command: Command,
        parts: &[&[u8]],
        fds: &[BorrowedFd<'_>],
    ) -> Result<Vec<u8>, i32> {
        self.id += 1;
        let length = parts.iter().map(|part| part.len()).sum();
        let header = Header::request(self.id, command, length);
        self.send(&header, parts, fds);
        self.reply()
    }

    pub(crate) fn call(&mut self, command: Command, parts: &[&[u8]]) -> Result<Vec<u8>, i32> {
        self.call_with(command, parts, &[])
    }

    pub(crate) fn agreed(mut self) -> Self {
        let text = Limits::OURS.to_text();
        let version = wire::Version {
            major: 0.into(),
            minor: 9.into(),
        };
        let reply = self.call(Command::Version, &[version.as_bytes(), &text]);
        assert_eq!(reply.expect("agreed")[..4], [0, 0, 1, 0]);
        self
    }

    pub(crate) fn access(
        &mut self,
        command: Command,
        region: u32,
        offset: u64,
        count: u32,
        data: &[u8],
    ) -> Result<Vec<u8>, i32> {
        let access = wire::RegionAccess {
            offset: offset.into(),
            region: region.into(),
            count: count.into(),
        };
        let reply = self.call(command, &[access.as_bytes(), data])?;
        Ok(reply[size_of::<wire::RegionAccess>()..].to_vec())
    }

    pub(crate) fn read(&mut self, region: u32, offset: u64, count: u32) -> Result<Vec<u8>, i32> {
        self.access(Command::RegionRead, region, offset, count, &[])
    }

    pub(crate) fn write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), i32> {
        self.access(
            Command::RegionWrite,
            region,
            offset,
            data.len() as u32,
            data,
        )
        .map(|_| ())
    }

    pub(crate) fn config(&mut self, offset: u64, data: &[u8]) {
        self.write(VFIO_PCI_CONFIG_REGION_INDEX, offset, data)
            .expect("config space");
    }
}
