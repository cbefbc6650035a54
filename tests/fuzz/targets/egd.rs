//! EGD commands: no panic, no command longer than what was given, and always progress.
#![no_main]

use libfuzzer_sys::fuzz_target;

// The file itself, not the daemon around it: SQLite under a sanitizer takes longer to build than to fuzz.
#[allow(dead_code)]
#[path = "../../../server/daemon/src/sinks/egd_protocol.rs"]
mod egd_protocol;

use egd_protocol::{MAX_COMMAND, parse};

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    while let Ok(Some((_, length))) = parse(rest) {
        assert!(0 < length && length <= rest.len() && length <= MAX_COMMAND);
        rest = &rest[length..];
    }
    // A command is either complete, unknown, or waits for at most MAX_COMMAND bytes.
    if rest.len() >= MAX_COMMAND {
        assert!(!matches!(parse(rest), Ok(None)));
    }
});
