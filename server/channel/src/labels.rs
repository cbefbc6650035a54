//! Every label that a key or a signature of this crate hangs on, in one tree.
//!
//! ```text
//! photonbox/1
//! ├── exporter "EXPORTER-photonbox/1 second channel"   salt of chain_0 (from TLS)
//! ├── exporter "EXPORTER-photonbox/1 session"          name of a session in batches (from TLS)
//! ├── exporter "EXPORTER-photonbox/1 renewal"          ties a renewal to its enrolment connection (from TLS)
//! ├── chain    "photonbox/1 chain"                     every chain_d,e || key_d,e
//! ├── sign
//! │   ├── batch    "photonbox/1 sign batch"            prekeys and announced keys
//! │   ├── renewal  "photonbox/1 sign renewal"          a host's request for a newer certificate
//! │   ├── request  "photonbox/1 sign request"          a host's request through relays
//! │   └── opening  "photonbox/1 sign opening"          the hub's answer to it
//! └── seal     "photonbox/1 seal full"                 HPKE info of a sealed stream
//! ```
//! A label is never a prefix of another and is always followed by fields of fixed or stated
//! length, so no two uses can give the same input.

/// TLS exporter label of the salt of chain_0 (RFC 8446 §7.5); no context.
pub const EXPORTER: &[u8] = b"EXPORTER-photonbox/1 second channel";
/// TLS exporter label of the session's name, 32 bytes; no context. It is no secret.
pub const SESSION: &[u8] = b"EXPORTER-photonbox/1 session";
/// TLS exporter label of the 32 bytes that a renewal is signed over; no context. They are no secret.
pub const RENEWAL: &[u8] = b"EXPORTER-photonbox/1 renewal";
/// A host's request for a newer certificate: label || exporter || certificate || certificate request, each of the two
/// with its length (4 bytes).
pub const SIGN_RENEWAL: &[u8] = b"photonbox/1 sign renewal";
/// A batch of one-time keys: label || session || direction || kind || first epoch || count || keys ||
/// ML-KEM epoch || ML-KEM field with its length (protocol steps 6a and 6b).
pub const SIGN_BATCH: &[u8] = b"photonbox/1 sign batch";
/// Info of each step of the chain: label || d || e || both public keys (spec 1-entropy §1.5).
pub const CHAIN: &[u8] = b"photonbox/1 chain";
/// A host's signed request.
pub const SIGN_REQUEST: &[u8] = b"photonbox/1 sign request";
/// The hub's signed opening of a stream.
pub const SIGN_OPENING: &[u8] = b"photonbox/1 sign opening";
/// HPKE `info` of a sealed stream.
pub const SEAL: &[u8] = b"photonbox/1 seal full";

/// ALPN of the channel.
pub const ALPN_CHANNEL: &[u8] = b"photonbox/1";
/// ALPN of enrolment.
pub const ALPN_ENROLL: &[u8] = b"photonbox-enroll/1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_is_a_prefix_of_another() {
        let all = [
            EXPORTER,
            SESSION,
            RENEWAL,
            SIGN_RENEWAL,
            CHAIN,
            SIGN_BATCH,
            SIGN_REQUEST,
            SIGN_OPENING,
            SEAL,
        ];
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate() {
                assert!(i == j || !a.starts_with(b), "{i} {j}");
            }
        }
    }
}
