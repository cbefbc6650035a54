//! Enrolment frames: what decodes encodes to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

// The file itself, not the daemon around it: SQLite under a sanitizer takes longer to build than to fuzz.
#[allow(dead_code)]
#[path = "../../../server/daemon/src/enroll_protocol.rs"]
mod enroll_protocol;

use enroll_protocol::{HEADER, Message, parse_header};

fuzz_target!(|data: &[u8]| {
    let Some((header, rest)) = data.split_first_chunk::<HEADER>() else { return };
    let Ok((kind, length)) = parse_header(header) else { return };
    let Some(body) = rest.get(..length) else { return };
    if let Ok(message) = Message::decode(kind, body)
        && let Ok(again) = message.encode()
    {
        assert_eq!(again, data[..HEADER + length]);
    }
});
