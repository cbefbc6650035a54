//! Whatever comes, opening a packet neither panics nor succeeds; and each kind of instructions says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_keybox::esp::{BoxKeys, Header, Instructions, open};

fuzz_target!(|data: &[u8]| {
    let Ok(mut header) = Header::read(data) else {
        return;
    };
    let [libraries, fastest] = [Instructions::Libraries, Instructions::fastest()].map(|instructions| {
        let keys = BoxKeys::with(instructions, header.i, &[[7; 32]; 3]);
        open(&keys, &header, &mut data.to_vec())
    });
    assert!(libraries.is_err());
    assert_eq!(libraries, fastest);
    // Most pointers are beyond a box of three keys: those within are what is worth trying.
    header.j = header.j % 3 + 1;
    let keys = BoxKeys::new(header.i, &[[7; 32]; 3]);
    assert!(open(&keys, &header, &mut data.to_vec()).is_err());
});
