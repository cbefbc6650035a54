//! The client against servers that are wrong in one way each.

use super::frame::{self, Message};
use super::wire::{self, Command, Header, Limits};
use super::*;
use std::{
    io,
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    thread::{self, JoinHandle},
};

/// What a server does with one request.
enum Answer {
    /// The reply's header, as it should be, and its body.
    Plain(Vec<u8>),
    /// A refusal.
    Errno(i32),
    /// These bytes, whatever they are.
    Bytes(Vec<u8>),
    /// Nothing at all.
    Silence,
    /// The end of the connection.
    Hangup,
}

type Script = dyn Fn(&Message) -> Option<Answer> + Send + Sync;

/// A server that does what a card would, but for what its script says.
struct Fake {
    path: PathBuf,
    _thread: JoinHandle<()>,
}

impl Fake {
    fn new(script: impl Fn(&Message) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let unique = format!(
            "photonbox-{}-{:?}.sock",
            std::process::id(),
            thread::current().id()
        );
        let path = std::env::temp_dir().join(unique);
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        let thread = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                converse(&stream, &script);
            }
        });
        Self {
            path,
            _thread: thread,
        }
    }

    fn connect(&self) -> Result<VfioUser, Error> {
        VfioUser::connect_within(
            self.path.to_str().expect("text"),
            Duration::from_millis(200),
        )
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn converse(stream: &UnixStream, script: &Script) {
    let mut patient = |_| Ok::<(), io::Error>(());
    while let Ok(message) = frame::receive(stream, &mut patient) {
        let answer = script(&message).unwrap_or_else(|| healthy(&message));
        let header = &message.header;
        let bytes = match answer {
            Answer::Plain(body) => frame::bytes(&header.reply(body.len()), &[&body]),
            Answer::Errno(errno) => frame::bytes(&header.refusal(errno), &[]),
            Answer::Bytes(bytes) => bytes,
            Answer::Silence => continue,
            Answer::Hangup => return,
        };
        if frame::send(stream, &bytes, &[]).is_err() {
            return;
        }
    }
}

fn config_space() -> [u8; 256] {
    let mut bytes = [0; 256];
    bytes[0..2].copy_from_slice(&pci::VENDOR_ID.to_le_bytes());
    bytes[2..4].copy_from_slice(&pci::DEVICE_ID.to_le_bytes());
    bytes[4] = 2;
    bytes[6] = 0x10;
    bytes[0x34] = 0x40;
    bytes[0x40..0x42].copy_from_slice(&[0x10, 0x50]);
    bytes[0x44..0x48].copy_from_slice(&pci::config::EXPRESS_DEVICE_FLR.to_le_bytes());
    bytes[0x50..0x54].copy_from_slice(&[0x11, 0, (VECTORS - 1) as u8, 0]);
    bytes
}

/// What a card without a status page answers, all of whose registers read as their offset.
fn healthy(message: &Message) -> Answer {
    let body = &message.body[..];
    let command = Command::from_number(message.header.command.get()).expect("known");
    Answer::Plain(match command {
        Command::Version => [&[0, 0, 1, 0][..], &Limits::OURS.to_text()].concat(),
        Command::DeviceInfo => wire::DeviceInfo {
            flags: (VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET).into(),
            regions: 9.into(),
            irqs: 5.into(),
            ..wire::DeviceInfo::default()
        }
        .as_bytes()
        .to_vec(),
        Command::RegionInfo => {
            let (ask, _) = wire::split::<wire::RegionInfo>(body).expect("whole");
            wire::RegionInfo {
                index: ask.index,
                flags: 3.into(),
                size: u64::from(BAR_BYTES).into(),
                ..wire::RegionInfo::default()
            }
            .as_bytes()
            .to_vec()
        }
        Command::IrqInfo => wire::IrqInfo {
            flags: VFIO_IRQ_INFO_EVENTFD.into(),
            count: 4.into(),
            ..wire::IrqInfo::default()
        }
        .as_bytes()
        .to_vec(),
        Command::RegionRead => {
            let (ask, _) = wire::split::<wire::RegionAccess>(body).expect("whole");
            let (offset, count) = (ask.offset.get() as usize, ask.count.get() as usize);
            let data = match ask.region.get() {
                VFIO_PCI_CONFIG_REGION_INDEX => config_space()[offset..offset + count].to_vec(),
                _ => (offset as u32).to_le_bytes().to_vec(),
            };
            [ask.as_bytes(), &data].concat()
        }
        Command::RegionWrite => body[..size_of::<wire::RegionAccess>()].to_vec(),
        Command::DmaUnmap => body.to_vec(),
        Command::DmaMap | Command::SetIrqs | Command::Reset => Vec::new(),
    })
}

/// A server that answers one command differently, from the `after`th such request on.
fn wrong(command: Command, after: u32, answer: fn(&Message) -> Answer) -> Fake {
    let seen = std::sync::atomic::AtomicU32::new(0);
    Fake::new(move |message| {
        let is_it = message.header.command.get() == command.number();
        let number = seen.fetch_add(is_it.into(), std::sync::atomic::Ordering::Relaxed);
        (is_it && number >= after).then(|| answer(message))
    })
}

#[test]
fn a_healthy_server_is_a_card() {
    let fake = Fake::new(|_| None);
    let card = fake.connect().expect("a card");
    assert_eq!(card.read32(0x1234).expect("alive"), 0x1234);
    card.write32(8, 9).expect("alive");
    assert!(card.alloc_dma(5000).expect("memory").iova() > 0);
    card.reset().expect("alive");
    assert!(card.describe().starts_with("card served at "));
    assert_eq!(card.status_page().expect("alive"), None);
}

#[test]
fn nobody_there_says_what_to_start() {
    let error = VfioUser::connect("/nonexistent/card")
        .err()
        .expect("nobody");
    assert!(matches!(error, Error::NoServer { .. }));
    assert!(
        error
            .to_string()
            .contains("simcard --socket /nonexistent/card"),
        "{error}"
    );
}

#[test]
fn replies_that_are_not_the_request_s_end_the_link() {
    type Wrong = fn(&Message) -> Answer;
    let cases: [(Wrong, &str); 7] = [
        (|_| Answer::Silence, "no reply within"),
        (|_| Answer::Hangup, "the server is gone"),
        (|m| reply(m, |header| header.id = 999.into()), "request 999"),
        (
            |m| reply(m, |header| header.command = 4.into()),
            "command 4",
        ),
        (|m| reply(m, |header| header.flags = 0.into()), "instead of"),
        (|m| reply(m, |header| header.size = 3.into()), "of 3 bytes"),
        (
            |m| reply(m, |header| header.size = (1 << 30).into()),
            "of 1073741824 bytes",
        ),
    ];
    for (answer, words) in cases {
        let fake = wrong(Command::Reset, 0, answer);
        let card = fake.connect().expect("a card");
        let error = card.reset().expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
        let error = card.read32(0).expect_err("dead").to_string();
        assert!(error.contains("it failed before"), "{error}");
    }
}

fn reply(message: &Message, change: fn(&mut Header)) -> Answer {
    let mut header = message.header.reply(0);
    change(&mut header);
    Answer::Bytes(frame::bytes(&header, &[]))
}

#[test]
fn a_trickling_reply_is_late_in_all() {
    let fake = Fake::new(|message| {
        if message.header.command.get() != Command::Reset.number() {
            return None;
        }
        thread::sleep(Duration::from_millis(150));
        Some(Answer::Bytes(vec![0; 3]))
    });
    let card = fake.connect().expect("a card");
    let start = std::time::Instant::now();
    assert!(matches!(card.reset(), Err(Error::Link { .. })));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_refusal_is_an_error_and_the_link_goes_on() {
    let fake = wrong(Command::DmaMap, 1, |_| Answer::Errno(libc::ENOSPC));
    let card = fake.connect().expect("a card");
    let _first = card.alloc_dma(4096).expect("memory");
    let error = card.alloc_dma(4096).err().expect("refused");
    assert!(
        matches!(&error, Error::BusRefused { source, .. } if source.raw_os_error() == Some(libc::ENOSPC)),
        "{error}"
    );
    assert_eq!(card.read32(12).expect("alive"), 12);
}

#[test]
fn each_lack_of_a_server_is_told_at_the_start() {
    type Wrong = fn(&Message) -> Answer;
    let cases: [(Command, u32, Wrong, &str); 11] = [
        (
            Command::Version,
            0,
            |_| Answer::Errno(libc::EBUSY),
            "in use by another",
        ),
        (
            Command::Version,
            0,
            |_| Answer::Plain(vec![1, 0, 0, 0]),
            "another version",
        ),
        (
            Command::Version,
            0,
            |_| Answer::Plain(vec![0, 0, 1, 0, b'{', 0]),
            "can't be read",
        ),
        (Command::Version, 0, |_| Answer::Plain(vec![0]), "too short"),
        (
            Command::DeviceInfo,
            0,
            |_| Answer::Plain(vec![0; 16]),
            "no PCI config space",
        ),
        (
            Command::RegionInfo,
            0,
            |_| Answer::Plain(vec![0; 32]),
            "no registers",
        ),
        (
            Command::RegionInfo,
            1,
            |_| Answer::Plain(vec![0; 32]),
            "another region",
        ),
        (
            Command::IrqInfo,
            0,
            |_| Answer::Plain(vec![0; 16]),
            "no interrupts",
        ),
        (
            Command::RegionRead,
            0,
            |_| Answer::Plain(vec![0xff; 18]),
            "the card is dead",
        ),
        (
            Command::RegionRead,
            0,
            |_| Answer::Plain(vec![0; 17]),
            "another length",
        ),
        (
            Command::SetIrqs,
            2,
            |_| Answer::Errno(libc::EINVAL),
            "refuses connecting interrupts",
        ),
    ];
    for (command, after, answer, words) in cases {
        let fake = wrong(command, after, answer);
        let error = fake.connect().err().expect(words).to_string();
        assert!(error.contains(words), "{error}");
        assert!(error.contains("; ") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_write_that_is_done_in_part_is_an_error() {
    let fake = Fake::new(|message| {
        let (access, _) = wire::split::<wire::RegionAccess>(&message.body)?;
        let is_it = message.header.command.get() == Command::RegionWrite.number()
            && access.region.get() == pci::REGISTERS_BAR;
        is_it.then(|| Answer::Plain(vec![0; size_of::<wire::RegionAccess>()]))
    });
    let card = fake.connect().expect("a card");
    let error = card.write32(0, 1).expect_err("0 of 4 bytes").to_string();
    assert!(error.contains("not all of it"), "{error}");
}
