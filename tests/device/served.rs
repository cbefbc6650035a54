//! The way to a card over a socket: a server for it alone, and the driver as its client.

use photonbox_driver::{
    Device, Error, Transport,
    dma::DmaBuffer,
    transport::{Interrupt, vfio_user::VfioUser},
};
use photonbox_simcard::vfio_user::{About, Server};
use std::sync::Arc;

/// Serves the card, and connects to it.
pub(crate) fn connect(device: Arc<dyn Device>) -> Result<Box<dyn Transport>, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("card");
    let server = Server::new(device, &path, About::default()).expect("a server");
    Ok(Box::new(Served {
        transport: VfioUser::connect(path.to_str().expect("plain text"))?,
        _server: server,
        _folder: folder,
    }))
}

/// The client, and then the server, go with the card.
struct Served {
    transport: VfioUser,
    _server: Server,
    _folder: tempfile::TempDir,
}

impl Transport for Served {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        self.transport.read32(offset)
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.transport.write32(offset, value)
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        self.transport.alloc_dma(bytes)
    }

    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.transport.interrupt(vector)
    }

    fn bus_master(&self, on: bool) -> Result<(), Error> {
        self.transport.bus_master(on)
    }

    fn reset(&self) -> Result<(), Error> {
        self.transport.reset()
    }

    fn sleep(&self, on: bool) -> Result<bool, Error> {
        self.transport.sleep(on)
    }

    fn describe(&self) -> String {
        self.transport.describe()
    }
}
