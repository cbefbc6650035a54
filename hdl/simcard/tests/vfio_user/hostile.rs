//! Clients that break the rules, and after each a good one.

use crate::stand::{Probe, Stand};
use photonbox_driver::transport::pci::{MSIX_BAR, REGISTERS_BAR, STATUS_BAR};
use photonbox_driver::transport::vfio_user::frame;
use photonbox_driver::transport::vfio_user::wire::{self, Command, Header, flag};
use photonbox_regmap::{BAR_BYTES, MAGIC, global};
use photonbox_simcard::vfio_user::serve_connection;
use proptest::prelude::*;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use vfio_bindings::bindings::vfio::*;
use zerocopy::IntoBytes;

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
    let write = |raw: &mut crate::stand::Raw, count, data: &[u8]| {
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
