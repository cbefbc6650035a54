//! The server of a card and its clients: good ones, bad ones, several, none.

use photonbox_driver::transport::pci::{MSIX_BAR, REGISTERS_BAR, STATUS_BAR};
use photonbox_driver::transport::vfio_user::wire::{self, Command, Header, Limits, flag};
use photonbox_driver::transport::vfio_user::{VfioUser, frame};
use photonbox_driver::{Device, Error, HostBus, Transport};
use photonbox_regmap::{BAR_BYTES, MAGIC, global};
use photonbox_simcard::vfio_user::{About, ServeError, Server, serve_connection};
use photonbox_simcard::{Fault, Pace, SimCard, SimCardOptions};
use proptest::prelude::*;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use vfio_bindings::bindings::vfio::*;
use zerocopy::IntoBytes;

/// A card that keeps what is done to it.
#[derive(Default)]
struct Probe {
    host: Mutex<Option<Arc<dyn HostBus>>>,
    master: Mutex<bool>,
    resets: Mutex<u32>,
    scratch: Mutex<u32>,
    gone: Mutex<bool>,
}

impl Probe {
    fn host(&self) -> Arc<dyn HostBus> {
        self.host.lock().expect("lock").clone().expect("attached")
    }

    fn masters(&self) -> bool {
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
struct Stand {
    card: Arc<Probe>,
    server: Option<Server>,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Stand {
    fn new() -> Self {
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

    fn connect(&self) -> Result<VfioUser, Error> {
        VfioUser::connect(self.path.to_str().expect("text"))
    }

    /// The card works for a good client.
    fn is_well(&self) {
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

    fn raw(&self) -> Raw {
        let stream = UnixStream::connect(&self.path).expect("a server");
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).expect("time-out");
        Raw { stream, id: 0 }
    }
}

/// A client that sends what it likes.
struct Raw {
    stream: UnixStream,
    id: u16,
}

impl Raw {
    fn send(&mut self, header: &Header, parts: &[&[u8]], fds: &[BorrowedFd<'_>]) {
        frame::send(&self.stream, &frame::bytes(header, parts), fds).expect("sent");
    }

    fn reply(&mut self) -> Result<Vec<u8>, i32> {
        let mut impatient = |_| Err(std::io::ErrorKind::TimedOut.into());
        let reply = frame::receive(&self.stream, &mut impatient).expect("a reply");
        assert_eq!(reply.header.id.get(), self.id);
        match reply.header.has(flag::ERROR) {
            true => Err(reply.header.error.get() as i32),
            false => Ok(reply.body),
        }
    }

    fn call_with(
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

    fn call(&mut self, command: Command, parts: &[&[u8]]) -> Result<Vec<u8>, i32> {
        self.call_with(command, parts, &[])
    }

    fn agreed(mut self) -> Self {
        let text = Limits::OURS.to_text();
        let version = wire::Version {
            major: 0.into(),
            minor: 9.into(),
        };
        let reply = self.call(Command::Version, &[version.as_bytes(), &text]);
        assert_eq!(reply.expect("agreed")[..4], [0, 0, 1, 0]);
        self
    }

    fn access(
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

    fn read(&mut self, region: u32, offset: u64, count: u32) -> Result<Vec<u8>, i32> {
        self.access(Command::RegionRead, region, offset, count, &[])
    }

    fn write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), i32> {
        self.access(
            Command::RegionWrite,
            region,
            offset,
            data.len() as u32,
            data,
        )
        .map(|_| ())
    }

    fn config(&mut self, offset: u64, data: &[u8]) {
        self.write(VFIO_PCI_CONFIG_REGION_INDEX, offset, data)
            .expect("config space");
    }
}

const INVAL: i32 = 22;

#[test]
fn a_client_that_breaks_the_framing_is_disconnected() {
    let stand = Stand::new();
    for size in [0_u32, 15, 1 << 20, u32::MAX] {
        let mut raw = stand.raw();
        let header = Header {
            size: size.into(),
            ..Header::request(0, Command::Version, 0)
        };
        raw.send(&header, &[], &[]);
        assert_eq!(raw.reply(), Err(90), "too long, or too short: {size}");
        assert_eq!(raw.stream.read(&mut [0; 1]).expect("the end"), 0);
    }
    stand.is_well();
}

#[test]
fn a_client_that_leaves_in_mid_message_leaves_nothing() {
    let stand = Stand::new();
    let whole = frame::bytes(&Header::request(9, Command::RegionWrite, 20), &[&[0; 20]]);
    for length in [1, 7, 15, 16, 17, 35] {
        let mut raw = stand.raw().agreed();
        raw.config(4, &[6, 0]);
        assert!(stand.card.masters());
        raw.stream.write_all(&whole[..length]).expect("sent");
        drop(raw);
        // The next one gets the card as it is after power-on.
        let mut next = stand.raw().agreed();
        assert!(!stand.card.masters(), "bus mastering is off");
        let command = next.read(VFIO_PCI_CONFIG_REGION_INDEX, 4, 2);
        assert_eq!(command, Ok(vec![0, 0]));
    }
    stand.is_well();
}

#[test]
fn requests_out_of_order_or_unknown_are_refused_and_the_connection_stays() {
    let stand = Stand::new();
    let mut raw = stand.raw();
    assert_eq!(raw.call(Command::Reset, &[]), Err(71), "nothing is agreed");
    assert_eq!(raw.call(Command::Version, &[&[1, 0, 0, 0]]), Err(93));
    for text in [&b"{}"[..], b"\0", b"{\"capabilities\":7}\0", b"\xff\0"] {
        assert_eq!(raw.call(Command::Version, &[&[0; 4], text]), Err(INVAL));
    }
    let mut raw = raw.agreed();
    assert_eq!(raw.call(Command::Version, &[&[0; 4]]), Err(71), "twice");
    for number in [0, 6, 11, 12, 14, 15, 999] {
        raw.id += 1;
        let header = Header {
            command: number.into(),
            ..Header::request(raw.id, Command::Reset, 8)
        };
        raw.send(&header, &[&[5; 8]], &[]);
        assert_eq!(raw.reply(), Err(95), "command {number}");
    }
    raw.id += 1;
    let header = Header {
        flags: flag::REPLY.into(),
        ..Header::request(raw.id, Command::Reset, 0)
    };
    raw.send(&header, &[], &[]);
    assert_eq!(raw.reply(), Err(INVAL), "a reply to nothing");
    assert!(raw.call(Command::Reset, &[]).is_ok());
    assert_eq!(*stand.card.resets.lock().expect("lock"), 1);
}

#[test]
fn bodies_that_are_too_short_are_refused() {
    let stand = Stand::new();
    let mut raw = stand.raw().agreed();
    let needs = [
        (Command::DmaMap, size_of::<wire::DmaMap>()),
        (Command::DmaUnmap, size_of::<wire::DmaUnmap>()),
        (Command::DeviceInfo, size_of::<wire::DeviceInfo>()),
        (Command::RegionInfo, size_of::<wire::RegionInfo>()),
        (Command::IrqInfo, size_of::<wire::IrqInfo>()),
        (Command::SetIrqs, size_of::<wire::SetIrqs>()),
        (Command::RegionRead, size_of::<wire::RegionAccess>()),
        (Command::RegionWrite, size_of::<wire::RegionAccess>()),
    ];
    for (command, bytes) in needs {
        for length in 0..bytes {
            let body = vec![0; length];
            assert_eq!(
                raw.call(command, &[&body]),
                Err(INVAL),
                "{command:?} {length}"
            );
        }
    }
    for index in [VFIO_PCI_NUM_REGIONS, u32::MAX] {
        let region = wire::RegionInfo {
            index: index.into(),
            ..wire::RegionInfo::default()
        };
        assert_eq!(
            raw.call(Command::RegionInfo, &[region.as_bytes()]),
            Err(INVAL)
        );
        let irq = wire::IrqInfo {
            index: index.into(),
            ..wire::IrqInfo::default()
        };
        assert_eq!(raw.call(Command::IrqInfo, &[irq.as_bytes()]), Err(INVAL));
    }
    drop(raw);
    stand.is_well();
}

#[test]
fn accesses_outside_a_region_are_refused() {
    let stand = Stand::new();
    let mut raw = stand.raw().agreed();
    raw.config(4, &[2, 0]);
    let config = VFIO_PCI_CONFIG_REGION_INDEX;
    let end = u64::from(BAR_BYTES);
    for (region, offset, count) in [
        (REGISTERS_BAR, 0, 0),
        (REGISTERS_BAR, end - 3, 4),
        (REGISTERS_BAR, end, 4),
        (REGISTERS_BAR, u64::MAX, 4),
        (REGISTERS_BAR, u64::MAX - 3, 4),
        (REGISTERS_BAR, 0, wire::MAX_DATA_BYTES as u32 + 1),
        (REGISTERS_BAR, 0, u32::MAX),
        (MSIX_BAR, 4093, 4),
        (STATUS_BAR, 4096, 1),
        (config, 4095, 2),
        (1, 0, 4),
        (6, 0, 4),
        (9, 0, 4),
        (u32::MAX, 0, 4),
    ] {
        let read = raw.read(region, offset, count);
        assert_eq!(read, Err(INVAL), "{region} {offset:#x} {count}");
        let data = vec![0; (count as usize).min(8)];
        if data.len() == count as usize {
            let write = raw.write(region, offset, &data);
            assert_eq!(write, Err(INVAL), "{region} {offset:#x} {count}");
        }
    }
    let write = |raw: &mut Raw, count, data: &[u8]| {
        raw.access(Command::RegionWrite, REGISTERS_BAR, 0x20, count, data)
    };
    assert_eq!(
        write(&mut raw, 4, &[0; 8]),
        Err(INVAL),
        "more came than was said"
    );
    assert_eq!(write(&mut raw, 8, &[0; 4]), Err(INVAL), "less came");
    assert_eq!(write(&mut raw, 2, &[0; 2]), Err(INVAL), "half a register");
    assert_eq!(raw.write(STATUS_BAR, 0, &[0; 4]), Err(INVAL), "read only");
    // Reads may have any shape.
    let magic = u64::from(global::MAGIC);
    assert_eq!(
        raw.read(REGISTERS_BAR, magic + 1, 2),
        Ok(MAGIC.to_le_bytes()[1..3].to_vec())
    );
    assert_eq!(raw.read(config, 0, 256).map(|bytes| bytes.len()), Ok(256));
    drop(raw);
    stand.is_well();
}

#[test]
fn descriptors_that_are_too_many_or_wrong_are_refused() {
    let stand = Stand::new();
    let mut raw = stand.raw().agreed();
    let null = File::open("/dev/null").expect("there");
    let map = wire::DmaMap {
        flags: 3.into(),
        address: 0x1000.into(),
        size: 0x1000.into(),
        ..wire::DmaMap::default()
    };
    let body = map.as_bytes();
    for count in [1, 2, wire::MAX_DESCRIPTORS] {
        let fds = vec![null.as_fd(); count];
        assert_eq!(
            raw.call_with(Command::DmaMap, &[body], &fds),
            Err(INVAL),
            "{count}"
        );
    }
    assert!(raw.call(Command::DmaMap, &[body]).is_ok(), "passed over");
    let irqs = |flags: u32, start: u32, count: u32| wire::SetIrqs {
        flags: flags.into(),
        index: VFIO_PCI_MSIX_IRQ_INDEX.into(),
        start: start.into(),
        count: count.into(),
        ..wire::SetIrqs::default()
    };
    let trigger = VFIO_IRQ_SET_ACTION_TRIGGER;
    let eventfds = VFIO_IRQ_SET_DATA_EVENTFD | trigger;
    for (ask, fds) in [
        (irqs(eventfds, 0, 1), 1),
        (irqs(eventfds, 0, 2), 1),
        (irqs(eventfds, 0, 5), 0),
        (irqs(eventfds, u32::MAX, 1), 0),
        (irqs(eventfds, 1, u32::MAX), 0),
        (irqs(VFIO_IRQ_SET_DATA_NONE | trigger, 0, 1), 1),
        (irqs(VFIO_IRQ_SET_DATA_NONE | trigger, 4, 1), 0),
        (irqs(VFIO_IRQ_SET_DATA_BOOL | trigger, 0, 4), 0),
        (
            irqs(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_MASK, 0, 1),
            0,
        ),
        (irqs(trigger, 0, 1), 0),
        (irqs(VFIO_IRQ_SET_DATA_NONE, 0, 1), 0),
        (irqs(u32::MAX, 0, 1), 0),
    ] {
        let fds = vec![null.as_fd(); fds];
        let refused = raw.call_with(Command::SetIrqs, &[ask.as_bytes()], &fds);
        assert_eq!(refused, Err(INVAL), "{ask:?}");
    }
    let off = irqs(VFIO_IRQ_SET_DATA_NONE | trigger, 0, 0);
    assert!(raw.call(Command::SetIrqs, &[off.as_bytes()]).is_ok());
    drop(raw);
    stand.is_well();
}

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
    assert_eq!((page.text.as_str(), page.reproducible), ("probe", false));
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

#[test]
fn a_removed_card_shows_ones_on_its_status_page_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("card");
    let sim = SimCard::new(SimCardOptions {
        pace: Pace::Manual,
        ..SimCardOptions::default()
    })
    .expect("a card");
    let _server = Server::new(Arc::clone(&sim) as _, &path, About::default()).expect("a server");
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_end_the_server(
        messages in prop::collection::vec(
            (0_u16..17, prop::collection::vec(any::<u8>(), 0..48), prop::sample::select(vec![0_u32, 1, 16, 32])),
            0..24,
        ),
        tail in prop::collection::vec(any::<u8>(), 0..40),
        agreed in any::<bool>(),
    ) {
        let (mut ours, theirs) = UnixStream::pair().expect("sockets");
        let mut bytes = Vec::new();
        if agreed {
            bytes.extend(frame::bytes(&Header::request(0, Command::Version, 4), &[&[0; 4]]));
        }
        for (command, mut body, flags) in messages {
            // Small numbers reach further than large ones.
            body.iter_mut().skip(1).step_by(2).for_each(|byte| *byte &= 3);
            let header = Header {
                command: command.into(),
                flags: flags.into(),
                ..Header::request(1, Command::Reset, body.len())
            };
            bytes.extend(frame::bytes(&header, &[&body]));
        }
        bytes.extend(tail);
        ours.write_all(&bytes).expect("room");
        ours.shutdown(std::net::Shutdown::Write).expect("shut");
        let card = Arc::new(Probe::default());
        serve_connection(&theirs, Arc::clone(&card) as _).expect("memory");
        prop_assert!(!card.masters());
        drop(theirs);
        // What came back is whole replies.
        let mut impatient = |_| Err(std::io::ErrorKind::TimedOut.into());
        loop {
            match frame::receive(&ours, &mut impatient) {
                Ok(reply) => prop_assert!(reply.header.has(flag::REPLY)),
                Err(frame::Broken::Closed) => break,
                // A part of a message was left unread.
                Err(frame::Broken::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(other) => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
