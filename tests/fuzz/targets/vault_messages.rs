//! Messages of the vault's protocols, and what their groups decode: what is read is written to the same bytes, in each of the three groups.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255};
use photonbox_vault::protocol::{Clear, Delta, Hidden, Kind, Transfer, UserBlinding};

/// By the number that stands on the wire.
const KINDS: [Kind; 20] = [
    Kind::BlindedCreate,
    Kind::BlindedServe,
    Kind::MasterPart,
    Kind::HomomorphicAsk,
    Kind::HomomorphicServe,
    Kind::AgentsCreate,
    Kind::AgentsAsk,
    Kind::AgentsServe,
    Kind::OptimisedSetUp,
    Kind::OptimisedCreate,
    Kind::OptimisedServe,
    Kind::HomomorphicCreate,
    Kind::BlindedVouch,
    Kind::BlindedMoved,
    Kind::HomomorphicVouch,
    Kind::HomomorphicMoved,
    Kind::AgentsVouch,
    Kind::AgentsMoved,
    Kind::Delta,
    Kind::ForUser,
];

fn messages<G: Group>(data: &[u8]) {
    for kind in KINDS {
        if let Ok(message) = Clear::<G>::read(data, kind) {
            assert_eq!(message.to_bytes().as_slice(), data);
            assert_eq!(data[1], kind as u8, "read as another kind");
        }
        if let Ok(message) = Hidden::<G>::read(data, kind) {
            assert_eq!(message.to_bytes(), data);
            assert_eq!(data[1], kind as u8, "read as another kind");
        }
    }
}

/// What one of each decodes, and what is computed with it.
fn decodes<G: Group>(data: &[u8]) {
    if let Ok(element) = G::decode(data) {
        assert_eq!(G::encode(&element).as_slice(), data);
        let twice = G::product(&element, &element);
        assert_eq!(G::encode(&G::quotient(&twice, &element)).as_slice(), data);
    }
    if let Ok(ciphertext) = G::decode_ciphertext(data) {
        assert_eq!(G::encode_ciphertext(&ciphertext), data);
        let twice = G::product_of_encrypted(&ciphertext, &ciphertext);
        assert_eq!(G::quotient_of_encrypted(&twice, &ciphertext), ciphertext);
    }
    if let Ok(key) = G::decode_public_key(data) {
        assert_eq!(G::encode_public_key(&key), data);
    }
    if let Ok(key) = G::decode_private_key(data) {
        assert_eq!(G::encode_private_key(&key).as_slice(), data);
        assert_eq!(G::encode_public_key(&G::public_key(&key)).len(), G::PUBLIC_KEY);
    }
    if let Ok(t) = Transfer::<G>::decode(data) {
        assert_eq!(t.encode().as_slice(), data);
    }
    if let Ok(delta) = Delta::<G>::decode(data) {
        assert_eq!(delta.encode().as_slice(), data);
    }
    if let Ok(u) = UserBlinding::<G>::decode(data) {
        assert_eq!(u.encode().as_slice(), data);
    }
}

fn group<G: Group>(data: &[u8]) {
    messages::<G>(data);
    // Of messages and of what has none of their three bytes before it.
    decodes::<G>(data);
    decodes::<G>(data.get(3..).unwrap_or_default());
}

fuzz_target!(|data: &[u8]| {
    group::<P384>(data);
    group::<Ristretto255>(data);
    group::<Paillier3072>(data);
});
