//! Sealing through relays: a relay can neither read, make, alter, reorder nor replay.
//!
//! Shows T11 (`docs/threat-model.md`).

use std::time::Duration;

use photonbox_channel::sealed::{
    Ask, Attestation, Opener, REQUEST_WINDOW, ReplayGuard, SealError, Sealer, SignedRequest,
    StreamLimits, answer, check_path, request,
};
use photonbox_channel::{Class, IdentityError, Mode, Provenance, Role};

use crate::pair::{Authority, NOW_UNIX, Seeded};

const ASK: Ask = Ask {
    class: Class::Full,
    mode: Mode::Once { bytes: 48 },
    attested: false,
};
const PATH: [&str; 2] = ["host-1", "relay-1"];
const SIMULATED: Provenance = Provenance {
    simulated: true,
    replayed: false,
    test: false,
};

struct World {
    ca: Authority,
    host: std::sync::Arc<photonbox_channel::Identity>,
    hub: std::sync::Arc<photonbox_channel::Identity>,
    source: std::sync::Arc<Seeded>,
}

impl World {
    fn new() -> Self {
        let ca = Authority::new();
        Self {
            host: ca.of(Role::Host, "host-1"),
            hub: ca.of(Role::Hub, "hub-1"),
            ca,
            source: Seeded::new(3),
        }
    }

    fn verify(&self, bytes: &[u8], guard: &mut ReplayGuard) -> Result<SignedRequest, SealError> {
        SignedRequest::verify(bytes, &self.ca.certificate, "hub-1", &PATH, guard, NOW_UNIX)
    }

    fn stream(&self, limits: StreamLimits) -> (Sealer, Opener) {
        let (bytes, pending) =
            request(&self.host, "hub-1", 5, 0, ASK, &*self.source, NOW_UNIX).unwrap();
        let signed = self.verify(&bytes, &mut ReplayGuard::default()).unwrap();
        assert_eq!((signed.class, signed.mode), (ASK.class, ASK.mode));
        let (opening, sealer) = answer(
            &self.hub,
            &signed,
            &PATH,
            limits,
            &*self.source,
            Duration::ZERO,
        )
        .unwrap();
        let (opened, opener) = pending
            .open(&opening, &self.ca.certificate, NOW_UNIX)
            .unwrap();
        assert_eq!(opened.path, PATH);
        assert_eq!((opened.hops(), opened.limits), (1, limits));
        (sealer.unwrap(), opener.unwrap())
    }
}

fn seal(sealer: &mut Sealer, payload: &[u8]) -> Vec<u8> {
    sealer
        .seal(payload, None, SIMULATED, false, Duration::ZERO)
        .unwrap()
}

#[test]
fn blocks_reach_the_final_host_with_labels_and_statement() {
    let world = World::new();
    let (mut sealer, mut opener) = world.stream(StreamLimits::default());
    let block = seal(&mut sealer, &[7; 48]);
    assert!(!block.windows(16).any(|w| w == [7; 16]), "payload in clear");
    let opened = opener.open(&block).unwrap();
    assert_eq!(opened.payload(), [7; 48]);
    assert_eq!(
        (opened.seq, opened.last, opened.provenance),
        (0, false, SIMULATED)
    );
    assert!(opened.attestation().is_none());
    let attestation = Attestation {
        statement: b"statement",
        key: &[1; 48],
        signature: &[2; 100],
    };
    let full = vec![9; 64 * 1024];
    let block = sealer
        .seal(
            &full,
            Some(attestation),
            Provenance::default(),
            true,
            Duration::ZERO,
        )
        .unwrap();
    let opened = opener.open(&block).unwrap();
    assert_eq!(opened.payload(), full);
    assert_eq!(opened.attestation(), Some(attestation));
    assert_eq!((opened.seq, opened.last), (1, true));
}

#[test]
fn a_relay_cannot_alter_replay_or_reorder_blocks() {
    let world = World::new();
    let (mut sealer, mut opener) = world.stream(StreamLimits::default());
    let blocks: Vec<_> = (0..3).map(|i| seal(&mut sealer, &[i; 20])).collect();
    assert_eq!(opener.open(&blocks[1]).err(), Some(SealError::Reordered));
    for at in 0..blocks[0].len() {
        let mut altered = blocks[0].clone();
        altered[at] ^= 1;
        assert!(opener.open(&altered).is_err(), "byte {at}");
    }
    for cut in 0..blocks[0].len() {
        assert!(opener.open(&blocks[0][..cut]).is_err());
    }
    // Refused blocks change nothing: the right ones still open.
    assert_eq!(opener.open(&blocks[0]).unwrap().payload(), [0; 20]);
    assert_eq!(opener.open(&blocks[0]).err(), Some(SealError::Replayed));
    assert_eq!(opener.open(&blocks[2]).err(), Some(SealError::Reordered));
    assert_eq!(opener.open(&blocks[1]).unwrap().payload(), [1; 20]);
    // A block of another stream with the same numbers does not open.
    let (mut other, _) = world.stream(StreamLimits::default());
    seal(&mut other, &[0; 20]);
    seal(&mut other, &[0; 20]);
    assert_eq!(
        opener.open(&seal(&mut other, &[2; 20])).err(),
        Some(SealError::BadTag)
    );
}

#[test]
fn both_ends_renew_by_blocks_and_by_time() {
    let world = World::new();
    let limits = StreamLimits {
        blocks: 2,
        seconds: 60,
    };
    let (mut sealer, _) = world.stream(limits);
    seal(&mut sealer, &[1; 16]);
    assert!(!sealer.is_used_up(Duration::from_secs(59)));
    assert!(sealer.is_used_up(Duration::from_secs(60)));
    seal(&mut sealer, &[1; 16]);
    assert_eq!(
        sealer.seal(&[1; 16], None, SIMULATED, false, Duration::ZERO),
        Err(SealError::Renew)
    );
    let (mut fresh, _) = world.stream(limits);
    assert_eq!(
        fresh.seal(&[], None, SIMULATED, false, Duration::ZERO),
        Err(SealError::Size)
    );
    assert_eq!(
        fresh.seal(&[0; 65_537], None, SIMULATED, false, Duration::ZERO),
        Err(SealError::Size)
    );
}

#[test]
fn requests_cannot_be_altered_replayed_or_redirected() {
    let world = World::new();
    let (bytes, _) = request(&world.host, "hub-1", 5, 0, ASK, &*world.source, NOW_UNIX).unwrap();
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        let result = world.verify(&altered, &mut ReplayGuard::default());
        assert!(result.is_err(), "byte {at}");
    }
    let mut guard = ReplayGuard::default();
    world.verify(&bytes, &mut guard).unwrap();
    assert_eq!(world.verify(&bytes, &mut guard), Err(SealError::Replayed));
    let at = |unix, guard: &mut ReplayGuard| {
        SignedRequest::verify(&bytes, &world.ca.certificate, "hub-1", &PATH, guard, unix)
    };
    let fresh = &mut ReplayGuard::default();
    assert_eq!(
        at(NOW_UNIX + REQUEST_WINDOW + 1, fresh),
        Err(SealError::Stale)
    );
    assert_eq!(
        at(NOW_UNIX - REQUEST_WINDOW - 1, fresh),
        Err(SealError::Stale)
    );
    assert!(at(NOW_UNIX + REQUEST_WINDOW, fresh).is_ok());
    assert_eq!(
        at(NOW_UNIX + REQUEST_WINDOW, &mut guard),
        Err(SealError::Replayed)
    );

    let to = |hub: &str, path: &[&str], ca: &Authority| {
        let guard = &mut ReplayGuard::default();
        SignedRequest::verify(&bytes, &ca.certificate, hub, path, guard, NOW_UNIX).err()
    };
    assert_eq!(
        to("hub-2", &PATH, &world.ca),
        Some(SealError::NotForUs("hub"))
    );
    assert_eq!(
        to("hub-1", &["host-2", "relay-1"], &world.ca),
        Some(SealError::NotForUs("path"))
    );
    assert_eq!(
        to("hub-1", &["host-1", "relay-1", "relay-1"], &world.ca),
        Some(SealError::Loop)
    );
    assert_eq!(
        to("hub-1", &PATH, &Authority::new()),
        Some(SealError::Identity(IdentityError::WrongCa))
    );
}

#[test]
fn a_relay_cannot_ask_or_answer_in_anothers_name() {
    let world = World::new();
    // A relay's own certificate does not make it the hub.
    let relay = world.ca.of(Role::Relay, "relay-1");
    let (bytes, pending) =
        request(&world.host, "hub-1", 5, 0, ASK, &*world.source, NOW_UNIX).unwrap();
    let signed = world.verify(&bytes, &mut ReplayGuard::default()).unwrap();
    let limits = StreamLimits::default();
    let (forged, _) = answer(
        &relay,
        &signed,
        &PATH,
        limits,
        &*world.source,
        Duration::ZERO,
    )
    .unwrap();
    assert!(matches!(
        pending.open(&forged, &world.ca.certificate, NOW_UNIX),
        Err(SealError::Identity(IdentityError::WrongRole { .. }))
    ));
    // Nor does an answer to one request fit another.
    let (_, other) = request(&world.host, "hub-1", 5, 0, ASK, &*world.source, NOW_UNIX).unwrap();
    let (opening, _) = answer(
        &world.hub,
        &signed,
        &PATH,
        limits,
        &*world.source,
        Duration::ZERO,
    )
    .unwrap();
    assert!(matches!(
        other.open(&opening, &world.ca.certificate, NOW_UNIX),
        Err(SealError::NotForUs("stream"))
    ));
    // An opening with any byte altered is refused.
    for at in (0..opening.len()).step_by(7) {
        let (bytes, pending) =
            request(&world.host, "hub-1", 6, 0, ASK, &*world.source, NOW_UNIX).unwrap();
        let signed = world.verify(&bytes, &mut ReplayGuard::default()).unwrap();
        let (mut opening, _) = answer(
            &world.hub,
            &signed,
            &PATH,
            limits,
            &*world.source,
            Duration::ZERO,
        )
        .unwrap();
        let at = at.min(opening.len() - 1);
        opening[at] ^= 1;
        assert!(
            pending
                .open(&opening, &world.ca.certificate, NOW_UNIX)
                .is_err()
        );
    }
}

#[test]
fn class_drbg_has_origin_and_path_attested_but_no_key() {
    let world = World::new();
    let ask = Ask {
        class: Class::Drbg,
        ..ASK
    };
    let (bytes, pending) =
        request(&world.host, "hub-1", 1, 0, ask, &*world.source, NOW_UNIX).unwrap();
    let signed = world.verify(&bytes, &mut ReplayGuard::default()).unwrap();
    let limits = StreamLimits::default();
    let (opening, sealer) = answer(
        &world.hub,
        &signed,
        &PATH,
        limits,
        &*world.source,
        Duration::ZERO,
    )
    .unwrap();
    assert!(sealer.is_none());
    let (opened, opener) = pending
        .open(&opening, &world.ca.certificate, NOW_UNIX)
        .unwrap();
    assert!(opener.is_none());
    assert_eq!((opened.name.hub.as_str(), opened.hops()), ("hub-1", 1));
}

#[test]
fn an_exhausted_source_gives_an_error_and_nothing_else() {
    let world = World::new();
    for budget in [0, 31, 33, 79] {
        let source = Seeded::with_budget(1, budget);
        assert!(matches!(
            request(&world.host, "hub-1", 1, 0, ASK, &*source, NOW_UNIX),
            Err(SealError::Source(_))
        ));
    }
    let (bytes, _) = request(&world.host, "hub-1", 1, 0, ASK, &*world.source, NOW_UNIX).unwrap();
    let signed = world.verify(&bytes, &mut ReplayGuard::default()).unwrap();
    let dry = Seeded::with_budget(1, 47);
    assert!(matches!(
        answer(
            &world.hub,
            &signed,
            &PATH,
            StreamLimits::default(),
            &*dry,
            Duration::ZERO
        ),
        Err(SealError::Source(_))
    ));
}

#[test]
fn paths_with_loops_or_too_many_relays_are_refused() {
    assert!(check_path(&["h", "r1", "r2"], "hub").is_ok());
    assert_eq!(check_path(&["h", "r1", "h"], "hub"), Err(SealError::Loop));
    assert_eq!(check_path(&["h", "r1"], "r1"), Err(SealError::Loop));
    assert_eq!(check_path(&[], "hub"), Err(SealError::Loop));
    let ids: Vec<String> = (0..18).map(|i| format!("r{i}")).collect();
    let path: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert!(check_path(&path[..17], "hub").is_ok());
    assert_eq!(check_path(&path, "hub"), Err(SealError::Loop));
}
