//! Damage on the wire: never a panic, never a wrong byte delivered, always a reason.
//!
//! Shows T5, T6 (`docs/threat-model.md`).

use photonbox_channel::{BoxMessage, CloseReason, Event, Message, RefusalCode, message::MAX_TEXT};
use proptest::prelude::*;

use crate::pair::{Setup, delivery, payloads};

fn closed(events: &[Event]) -> Option<(CloseReason, bool)> {
    events.iter().find_map(|event| match event {
        Event::Closed {
            reason, by_peer, ..
        } => Some((*reason, *by_peer)),
        _ => None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// One bit of the stream flips, in the handshake or later, on either way.
    #[test]
    fn a_flipped_bit_anywhere_closes_with_a_reason_or_has_no_effect(
        round in 0_usize..6,
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        to_a in any::<bool>(),
    ) {
        let mut pair = Setup::new().rekey(3, 0).join();
        let mut flipped = false;
        let mut sent = 0;
        for i in 0..24 {
            pair.b.take_outgoing(&mut pair.to_a);
            pair.a.take_outgoing(&mut pair.to_b);
            let wire = if to_a { &mut pair.to_a } else { &mut pair.to_b };
            if i >= round && !flipped && !wire.is_empty() {
                let at = at.index(wire.len());
                wire[at] ^= 1 << bit;
                flipped = true;
            }
            pair.step(usize::MAX);
            if pair.a.send(&delivery(sent, &[sent as u8; 40])).is_ok() {
                sent += 1;
            }
        }
        prop_assert!(flipped);
        pair.settle();
        // Whatever came is a prefix of what was sent.
        let got = payloads(&pair.b_events);
        let whole: Vec<u8> = (0..sent).flat_map(|i| [i as u8; 40]).collect();
        prop_assert!(whole.starts_with(&got));
        // A flipped length can make TLS wait for bytes that do not come; time ends that.
        pair.pass(std::time::Duration::from_secs(120));
        let (a, b) = (closed(&pair.a_events), closed(&pair.b_events));
        if a.is_none() && b.is_none() {
            // TLS 1.3 ignores the version in a record's header and the dummy ChangeCipherSpec:
            // a flip there has no meaning and must have no effect.
            prop_assert_eq!(payloads(&pair.b_events), whole);
            prop_assert!(pair.a.is_open() && pair.b.is_open());
        } else {
            prop_assert!(a.is_some() && b.is_some(), "{} {a:?} {b:?}", pair.errors());
            prop_assert!(a.is_some_and(|(reason, _)| reason.is_fault()));
            prop_assert!(pair.a.next_timeout().is_none() && pair.b.next_timeout().is_none());
        }
    }

    #[test]
    fn arbitrary_bytes_do_not_panic_the_decoder(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::decode(&bytes) {
            let mut again = vec![0; message.encoded_len()];
            prop_assert_eq!(message.encode_into(&mut again), bytes.len());
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn what_is_read_of_key_boxes_is_written_alike(kind in 10_u8..=16, small in any::<bool>(), mut bytes in proptest::collection::vec(any::<u8>(), 0..150)) {
        if small {
            // Numbers that pass: most of 16 bits and more do not.
            bytes.iter_mut().for_each(|byte| *byte &= 1);
        }
        bytes.insert(0, kind);
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert!(matches!(message, Message::Boxes(_)));
            let mut again = vec![0; message.encoded_len()];
            prop_assert_eq!(message.encode_into(&mut again), bytes.len());
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_instead_of_tls_close(bytes in proptest::collection::vec(any::<u8>(), 1..600)) {
        let mut pair = Setup::new().join();
        let result = pair.a.read_from_wire(&bytes, pair.now);
        prop_assert_eq!(result.is_err(), pair.a.is_closed());
    }
}

#[test]
fn an_orderly_close_is_told_with_its_reason() {
    let mut pair = Setup::new().open();
    pair.a.send(&delivery(0, b"last words")).unwrap();
    pair.a.close(CloseReason::Shutdown);
    pair.settle();
    assert_eq!(payloads(&pair.b_events), b"last words");
    assert_eq!(closed(&pair.a_events), Some((CloseReason::Shutdown, false)));
    assert_eq!(closed(&pair.b_events), Some((CloseReason::Shutdown, true)));
    assert_eq!(pair.b.status(pair.now).closed, Some(CloseReason::Shutdown));
    assert!(pair.a.send(&delivery(1, b"x")).is_err());
    assert!(pair.b.read_from_wire(&[0], pair.now).is_err());
    // Closing again changes nothing.
    pair.a.close(CloseReason::Normal);
    assert_eq!(pair.a.status(pair.now).closed, Some(CloseReason::Shutdown));
}

#[test]
fn an_end_without_a_close_message_is_a_truncation() {
    let mut pair = Setup::new().open();
    pair.a.send(&delivery(0, b"whole")).unwrap();
    let mut wire = Vec::new();
    pair.a.take_outgoing(&mut wire);
    let cut = wire.len() - 3;
    pair.b.read_from_wire(&wire[..cut], pair.now).unwrap();
    pair.b.wire_closed(pair.now);
    assert!(matches!(
        pair.b.poll_event(),
        Some(Event::Closed {
            reason: CloseReason::Truncated,
            by_peer: false,
            ..
        })
    ));
}

#[test]
fn messages_of_every_type_survive_encoding() {
    use photonbox_channel::{AttestedDelivery, Class, Delivery, Mode, Provenance, Request};
    let delivery = Delivery {
        id: 1,
        seq: u64::MAX,
        class: Class::Full,
        provenance: Provenance {
            simulated: true,
            replayed: true,
            test: false,
        },
        hops: 3,
        origin: "hub-1",
        last: true,
        payload: &[9; 100],
    };
    let request = |mode, signed| Request {
        id: 7,
        class: Class::Drbg,
        mode,
        attested: true,
        signed,
    };
    let messages = [
        Message::Request(request(Mode::Once { bytes: 16 }, None)),
        Message::Request(request(
            Mode::Periodic {
                bytes: 32,
                every_ms: 1000,
            },
            None,
        )),
        Message::Request(request(
            Mode::Stream {
                total: None,
                rate: Some(5),
            },
            Some(vec![1; 500]),
        )),
        Message::Request(request(Mode::OnDemand, None)),
        Message::Delivery(delivery),
        Message::AttestedDelivery(AttestedDelivery {
            delivery,
            statement: &[1; 300],
            key: &[2; 48],
            signature: &[3; 104],
        }),
        Message::Refused {
            id: 7,
            code: RefusalCode::Depleted,
            retry_after_ms: Some(1500),
            text: "the pool is empty",
        },
        Message::Cancel { id: 7 },
        Message::Pull { id: 7, bytes: 64 },
        Message::Forward {
            path: vec!["host-2", "relay-1"],
            request: request(Mode::OnDemand, Some(vec![4; 10])),
        },
        Message::Opening {
            id: 7,
            opening: &[5; 900],
        },
        Message::SealedDelivery {
            id: 7,
            hops: 1,
            block: &[6; 70_000],
        },
    ];
    for message in messages.into_iter().chain(box_messages()) {
        let mut bytes = vec![0; message.encoded_len()];
        assert_eq!(message.encode_into(&mut bytes), bytes.len());
        assert_eq!(Message::decode(&bytes).unwrap(), message);
        for cut in (0..bytes.len()).step_by(1 + bytes.len() / 300) {
            assert!(Message::decode(&bytes[..cut]).is_err());
        }
        bytes.push(0);
        assert!(Message::decode(&bytes).is_err());
    }
    // Text that is too long is cut, at a character boundary.
    let text = "ä".repeat(MAX_TEXT);
    let message = Message::Refused {
        id: 1,
        code: RefusalCode::Quota,
        retry_after_ms: None,
        text: &text,
    };
    let mut bytes = vec![0; message.encoded_len()];
    message.encode_into(&mut bytes);
    let Ok(Message::Refused { text, .. }) = Message::decode(&bytes) else {
        panic!("not refused")
    };
    assert_eq!(text.len(), MAX_TEXT);
}

fn box_messages() -> impl Iterator<Item = Message<'static>> {
    use photonbox_channel::message::{BoxSizes, KeysPart, MAX_PART};
    use photonbox_channel::{Class, Provenance};
    let sizes = BoxSizes {
        s: 8,
        boxes: 16,
        keys: u16::MAX,
    };
    let (id, orbit, number) = (7, u64::MAX - 1, 16);
    [
        BoxMessage::Open {
            id,
            peer: "gateway-2",
            sizes,
        },
        BoxMessage::Opened {
            id,
            orbit,
            role: 1,
            sizes,
        },
        BoxMessage::Keys(KeysPart {
            id,
            orbit,
            number,
            first: 2049,
            provenance: Provenance::default(),
            class: Class::Full,
            keys: &[9; 32 * MAX_PART],
        }),
        BoxMessage::Held { id, orbit, number },
        BoxMessage::Ready { id, orbit, number },
        BoxMessage::Next {
            id,
            orbit,
            number: 0,
        },
        BoxMessage::Waits {
            id,
            code: RefusalCode::Unhealthy,
            text: "no lane runs",
        },
    ]
    .into_iter()
    .map(Message::Boxes)
}
