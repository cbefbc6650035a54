//! What a good client finds: a PCI function, and its socket.

use crate::stand::Stand;
use photonbox_driver::transport::pci::{MSIX_BAR, REGISTERS_BAR, STATUS_BAR};
use photonbox_driver::transport::vfio_user::VfioUser;
use photonbox_driver::transport::vfio_user::wire::{self, Command, Header, flag};
use photonbox_driver::{Error, Transport};
use photonbox_regmap::{MAGIC, global};
use photonbox_simcard::vfio_user::{About, ServeError, Server};
use photonbox_simcard::{Fault, Pace, SimCard, SimCardOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use vfio_bindings::bindings::vfio::VFIO_PCI_CONFIG_REGION_INDEX;
use zerocopy::IntoBytes;

#[test]
fn posted_requests_are_done_in_order_and_never_answered() {
    let stand = Stand::new();
    let mut raw = stand.raw().agreed();
    raw.config(4, &[2, 0]);
    for value in 0..2000_u32 {
        let header = Header {
            flags: flag::NO_REPLY.into(),
            ..Header::request(1000, Command::RegionWrite, 20)
        };
        let access = wire::RegionAccess {
            // Every other one is refused, without a word.
            offset: (u64::from(global::SCRATCH) + u64::from(value & 1)).into(),
            region: REGISTERS_BAR.into(),
            count: 4.into(),
        };
        raw.send(&header, &[access.as_bytes(), &value.to_le_bytes()], &[]);
    }
    let scratch = raw.read(REGISTERS_BAR, global::SCRATCH.into(), 4);
    assert_eq!(scratch, Ok(1998_u32.to_le_bytes().to_vec()));
}

#[test]
fn command_and_power_decide_what_the_function_does() {
    let stand = Stand::new();
    let mut raw = stand.raw().agreed();
    let magic = MAGIC.to_le_bytes().to_vec();
    assert_eq!(
        raw.read(REGISTERS_BAR, 0, 4),
        Ok(vec![0xff; 4]),
        "memory space is off"
    );
    raw.config(4, &[6, 0]);
    assert_eq!(raw.read(REGISTERS_BAR, 0, 4), Ok(magic.clone()));
    assert!(stand.card.masters());
    let power = 0x44;
    raw.config(power, &[3, 0]);
    assert_eq!(raw.read(REGISTERS_BAR, 0, 4), Ok(vec![0xff; 4]), "D3");
    raw.write(REGISTERS_BAR, global::SCRATCH.into(), &[1; 4])
        .expect("without effect");
    assert!(!stand.card.masters(), "no DMA, no interrupt");
    raw.config(power, &[0, 0]);
    assert_eq!(raw.read(REGISTERS_BAR, 0, 4), Ok(magic));
    assert_eq!(
        raw.read(REGISTERS_BAR, global::SCRATCH.into(), 4),
        Ok(vec![0; 4])
    );
    assert!(stand.card.masters(), "as it was");
    // Function-level reset by device control, bit 15.
    raw.config(0x58, &[0, 0x80]);
    assert_eq!(*stand.card.resets.lock().expect("lock"), 1);
    assert!(!stand.card.masters());
    assert_eq!(raw.read(VFIO_PCI_CONFIG_REGION_INDEX, 4, 2), Ok(vec![0, 0]));
    *stand.card.gone.lock().expect("lock") = true;
    for region in [
        VFIO_PCI_CONFIG_REGION_INDEX,
        REGISTERS_BAR,
        MSIX_BAR,
        STATUS_BAR,
    ] {
        assert_eq!(raw.read(region, 0, 4), Ok(vec![0xff; 4]), "gone: {region}");
    }
    drop(raw);
    assert!(matches!(stand.connect(), Err(Error::DeadCard)));
}

#[test]
fn interrupts_are_masked_triggered_and_kept_over_a_reset() {
    let stand = Stand::new();
    let client = stand.connect().expect("a client");
    let host = stand.card.host();
    let now = Duration::ZERO;
    let soon = Duration::from_secs(60);
    host.raise_irq(1);
    assert!(client.wait_irq(1, soon).expect("vector"));
    client.reset().expect("reset");
    host.raise_irq(1);
    assert!(client.wait_irq(1, soon).expect("vector"), "still connected");
    host.raise_irq(99);
    for other in [0, 2, 3] {
        assert!(!client.wait_irq(other, now).expect("vector"));
    }
    assert!(matches!(
        client.interrupt(4),
        Err(Error::NoVector { vector: 4 })
    ));
}

#[test]
fn writes_that_hit_nothing_are_refused_and_counted() {
    let stand = Stand::new();
    let client = stand.connect().expect("a client");
    let buffer = client.alloc_dma(1 << 16).expect("memory");
    let (start, host) = (buffer.iova(), stand.card.host());
    assert!(host.dma_write(start + 0xfff8, &[3; 8]).is_ok());
    for iova in [0, start - 8, start + 0x1_0000 - 4, u64::MAX - 3] {
        assert!(host.dma_write(iova, &[3; 8]).is_err(), "{iova:#x}");
    }
    drop(buffer);
    assert!(host.dma_write(start, &[3; 8]).is_err(), "unmapped");
    let page = client.status_page().expect("alive").expect("a page");
    assert_eq!((page.writes, page.refused), (1, 5));
    assert_eq!(
        (page.text.as_str(), page.about.reproducible),
        ("probe", false)
    );
    drop(client);
    assert!(host.dma_write(start, &[3; 8]).is_err());
}

#[test]
fn a_second_client_is_told_that_the_card_is_in_use() {
    let stand = Stand::new();
    let first = stand.connect().expect("a client");
    assert!(matches!(stand.connect(), Err(Error::InUse { .. })));
    assert_eq!(first.read32(global::MAGIC).expect("undisturbed"), MAGIC);
    drop(first);
    for _ in 0..20 {
        // One leaves, the next comes at once.
        drop(stand.connect().expect("free"));
    }
    stand.is_well();
}

#[test]
fn a_server_that_ends_takes_its_socket_along() {
    let mut stand = Stand::new();
    let client = stand.connect().expect("a client");
    let taken = Server::new(Arc::clone(&stand.card) as _, &stand.path, About::default());
    assert!(matches!(taken.err(), Some(ServeError::Taken { .. })));
    drop(stand.server.take());
    assert!(!stand.path.exists());
    let error = client.read32(0).expect_err("nobody is there");
    assert!(matches!(error, Error::Link { .. }), "{error}");
    assert!(
        matches!(client.read32(0), Err(Error::Link { .. })),
        "and stays so"
    );
    assert!(matches!(stand.connect(), Err(Error::NoServer { .. })));
    let nowhere = PathBuf::from("/nonexistent/card");
    let socket = Server::new(Arc::clone(&stand.card) as _, &nowhere, About::default());
    assert!(matches!(socket.err(), Some(ServeError::Socket { .. })));
}

#[test]
fn several_cards_are_served_by_one_process() {
    let stands: Vec<_> = (0..4).map(|_| Stand::new()).collect();
    let clients: Vec<_> = stands
        .iter()
        .map(|stand| stand.connect().expect("a client"))
        .collect();
    for (number, client) in (0..).zip(&clients) {
        client.write32(global::SCRATCH, number).expect("alive");
    }
    for (number, stand) in (0..).zip(&stands) {
        assert_eq!(*stand.card.scratch.lock().expect("lock"), number);
    }
}

/// A simulated card whose time stands still, and its server.
fn simulated(path: &Path) -> (Arc<SimCard>, Server) {
    let sim = SimCard::new(SimCardOptions {
        pace: Pace::Manual,
        ..SimCardOptions::default()
    })
    .expect("a card");
    let server = Server::new(Arc::clone(&sim) as _, path, About::default()).expect("a server");
    (sim, server)
}

#[test]
fn a_removed_card_shows_ones_on_its_status_page_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("card");
    let (sim, _server) = simulated(&path);
    let client = VfioUser::connect(path.to_str().expect("text")).expect("a client");
    let page = client.status_page().expect("alive").expect("a page");
    assert!(page.text.starts_with("model, small build"), "{}", page.text);
    sim.inject(Fault::SurpriseRemoval).expect("possible");
    assert_eq!(client.read32(0).expect("the bus works"), u32::MAX);
    let start = Instant::now();
    while !matches!(client.status_page(), Err(Error::DeadCard)) {
        assert!(start.elapsed() < Duration::from_secs(60), "seen soon");
        std::thread::sleep(Duration::from_millis(10));
    }
    client.bus_master(true).expect("no error on a working bus");
    client.reset().expect("no error on a working bus");
}

#[test]
fn a_card_that_comes_back_answers_whoever_opens_it_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("card");
    let (sim, _server) = simulated(&path);
    let connect = || VfioUser::connect(path.to_str().expect("text"));
    let client = connect().expect("a client");
    client.bus_master(true).expect("alive");
    client.write32(global::SCRATCH, 7).expect("alive");
    // Away and back before the client looks: its config space is lost all the same.
    sim.inject(Fault::SurpriseRemoval).expect("possible");
    sim.end(Fault::SurpriseRemoval);
    assert_eq!(client.read32(0).expect("the bus works"), u32::MAX);
    client.write32(global::SCRATCH, 8).expect("without effect");
    drop(client);
    let client = connect().expect("a card again");
    assert_eq!(client.read32(0).expect("alive"), MAGIC);
    assert_eq!(client.read32(global::SCRATCH).expect("alive"), 0);
    let page = client.status_page().expect("alive").expect("a page");
    assert!(page.text.starts_with("model, small build"), "{}", page.text);
}

#[test]
fn the_status_page_is_told_in_two_steps() {
    let stand = Stand::new();
    let mut raw = stand.raw().agreed();
    for (room, bytes) in [(32_u32, 32), (63, 32), (64, 64), (4096, 64)] {
        let ask = wire::RegionInfo {
            argsz: room.into(),
            index: STATUS_BAR.into(),
            ..wire::RegionInfo::default()
        };
        let body = raw
            .call(Command::RegionInfo, &[ask.as_bytes()])
            .expect("known");
        let (info, rest) = wire::split::<wire::RegionInfo>(&body).expect("whole");
        assert_eq!(
            (body.len(), info.argsz.get()),
            (bytes, 64),
            "room for {room}"
        );
        // A place within what comes with the next step.
        assert_eq!((info.capability.get(), info.size.get()), (32, 4096));
        let areas = wire::sparse_areas(&info, rest).map(|areas| areas.len());
        assert_eq!(areas, (bytes == 64).then_some(1));
    }
}
