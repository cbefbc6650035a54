//! Channel records and service messages: arbitrary bytes, and one byte changed in a good record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_channel::message::Message;
use photonbox_channel::record::{self, HEADER_LEN, Kind, RecordOpener, RecordSealer, TAG_LEN};
use photonbox_channel::schedule::{PublicKeys, RecordKey, RootChain};

/// The same key each time: secrecy is not what is tested here.
fn key() -> RecordKey {
    let point = [4; 97];
    RootChain::new(&[1; 48], &[2; 48]).split(PublicKeys { a: &point, b: &point }).0.key
}

fuzz_target!(|data: &[u8]| {
    // Nothing that was not sealed opens.
    if !data.is_empty() {
        assert!(record::open_all(&mut RecordOpener::new(key(), 0), data).is_err());
    }

    // What decodes as a message encodes to the same bytes.
    if let Ok(message) = Message::decode(data) {
        let mut again = vec![0; message.encoded_len()];
        message.encode_into(&mut again);
        assert_eq!(again, data);
    }

    // One changed byte in a good record is refused.
    if let [at, change, payload @ ..] = data
        && !payload.is_empty()
    {
        let mut sealed = vec![0; HEADER_LEN];
        sealed.extend_from_slice(payload);
        sealed.extend_from_slice(&[0; TAG_LEN]);
        let mut sealer = RecordSealer::new(key(), 0, 10);
        if sealer.seal(Kind::Data, &mut sealed).is_ok() {
            assert_eq!(record::open_all(&mut RecordOpener::new(key(), 0), &sealed), Ok(1));
            let at = usize::from(*at) % sealed.len();
            sealed[at] ^= change | 1;
            assert!(record::open_all(&mut RecordOpener::new(key(), 0), &sealed).is_err());
        }
    }
});
