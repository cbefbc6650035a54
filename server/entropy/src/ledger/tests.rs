use super::*;

fn funded() -> (Ledger, SourceId) {
    let mut ledger = Ledger::new();
    let card = ledger.source("card").expect("a source");
    ledger
        .credit(card, 900_000, 2000, Provenance::SIMULATED)
        .expect("credit");
    (ledger, card)
}

#[test]
fn debits_up_to_the_credit_and_not_a_millibit_more() {
    let (mut ledger, card) = funded();
    ledger.condition(card, 448_000, 384).expect("covered");
    ledger
        .discard_credit(card, 452_000)
        .expect("exactly the rest");
    assert!(ledger.invariant_holds());
    let before = ledger.account(card).cloned();
    assert!(matches!(
        ledger.discard_credit(card, 1),
        Err(LedgerError::Broken(_))
    ));
    assert_eq!(
        ledger.account(card).cloned(),
        before,
        "the bad entry is not kept"
    );
    assert!(!ledger.invariant_holds());
    assert!(!ledger.report().invariant_holds);
}

#[test]
fn a_broken_ledger_refuses_everything() {
    let (mut ledger, card) = funded();
    let delivery = ledger.open_delivery("host", Class::Drbg, 0).expect("open");
    assert!(ledger.condition(card, 900_001, 384).is_err());
    assert!(
        ledger.credit(card, 1_000_000, 1, Provenance::REAL).is_err(),
        "credit can't mend it"
    );
    assert!(ledger.open_delivery("host", Class::Drbg, 0).is_err());
    assert!(ledger.record(delivery, b"x", Provenance::REAL).is_err());
    assert!(ledger.source("card").is_err());
}

#[test]
fn full_bits_need_448_credited_bits_for_384() {
    let (mut ledger, card) = funded();
    assert!(ledger.clone().condition(card, 447_999, 384).is_err());
    assert!(ledger.clone().condition(card, 448_000, 385).is_err());
    ledger.condition(card, 448_000, 384).expect("enough");
}

#[test]
fn full_bits_are_used_once() {
    let (mut ledger, card) = funded();
    ledger.condition(card, 448_000, 384).expect("covered");
    ledger.seed(card, 100).expect("of 384");
    ledger.discard_full(card, 84).expect("of 284");
    ledger.hand_out(card, 200).expect("the rest");
    for broken in [
        ledger.clone().seed(card, 1),
        ledger.clone().discard_full(card, 1),
        ledger.clone().hand_out(card, 1),
        ledger.clone().hand_out(card, u64::MAX),
    ] {
        assert!(matches!(broken, Err(LedgerError::Broken(_))));
    }
}

#[test]
fn more_full_entropy_can_not_be_delivered_than_left_the_pool() {
    let (mut ledger, card) = funded();
    ledger.condition(card, 448_000, 384).expect("covered");
    ledger.hand_out(card, 80).expect("covered");
    let delivery = ledger.open_delivery("host", Class::Full, 1).expect("open");
    ledger
        .record(delivery, &[1; 10], Provenance::SIMULATED)
        .expect("80 bits");
    assert_eq!(ledger.delivered_full_bits(), 80);
    assert!(matches!(
        ledger.record(delivery, &[1], Provenance::REAL),
        Err(LedgerError::Broken(_))
    ));
}

#[test]
fn deliveries_hash_all_their_bytes_and_keep_their_labels() {
    let mut ledger = Ledger::new();
    let first = ledger.open_delivery("alice", Class::Drbg, 0).expect("open");
    let second = ledger.open_delivery("bob", Class::Drbg, 2).expect("open");
    assert_ne!(first, second);
    ledger.record(first, b"a", Provenance::REAL).expect("open");
    ledger
        .record(second, b"other", Provenance::REAL)
        .expect("open");
    ledger
        .record(first, b"bc", Provenance::SIMULATED)
        .expect("open");
    let report = ledger.close_delivery(first).expect("it is open");
    // SHA-256("abc"), FIPS 180-4's own example.
    assert_eq!(
        report.sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(
        (report.bytes, report.host.as_str(), report.open),
        (3, "alice", false)
    );
    assert!(report.provenance.simulated);
    assert_eq!(
        ledger.record(first, b"d", Provenance::REAL),
        Err(LedgerError::NotOpen(0))
    );
    assert_eq!(
        ledger
            .delivery(second)
            .map(|report| (report.bytes, report.hops)),
        Some((5, 2))
    );
    assert_eq!(ledger.take_closed(), [report]);
    assert_eq!(ledger.delivery(first), None);
    assert_eq!(ledger.report().delivered_drbg_bytes, 8, "the total stays");
    assert_eq!(ledger.report().deliveries.len(), 1);
    ledger
        .record(second, b"!", Provenance::REAL)
        .expect("still open");
}

#[test]
fn json_has_the_keys_that_scripts_rely_on() {
    let (mut ledger, card) = funded();
    ledger.condition(card, 455_544, 384).expect("covered");
    ledger.open_delivery("host", Class::Drbg, 0).expect("open");
    let json = serde_json::to_value(ledger.report()).expect("plain");
    assert_eq!(json["credited_bits"], 900);
    assert_eq!(json["conditioned_bits"], 455);
    assert_eq!(json["delivered_full_bits"], 0);
    assert_eq!(json["sources"][0]["source"], "card");
    assert_eq!(json["sources"][0]["simulated"], true);
    for key in ["host", "bytes", "class", "sha256"] {
        assert!(json["deliveries"][0].get(key).is_some(), "{key}");
    }
    assert_eq!(json["deliveries"][0]["class"], "drbg");
}

#[test]
fn a_snapshot_survives_json_and_writes_off_what_was_in_memory() {
    let (mut ledger, card) = funded();
    ledger.condition(card, 448_000, 384).expect("covered");
    ledger.hand_out(card, 128).expect("covered");
    let delivery = ledger.open_delivery("host", Class::Full, 0).expect("open");
    ledger
        .record(delivery, &[7; 16], Provenance::SIMULATED)
        .expect("open");
    let text = serde_json::to_string(&ledger.snapshot()).expect("plain");
    let mut restored = Ledger::restore(serde_json::from_str(&text).expect("plain")).expect("sound");
    assert!(restored.invariant_holds());
    let account = restored.account(card).expect("it was there");
    assert_eq!(account.discarded_millibits(), 452_000);
    assert_eq!(account.discarded_full_bits(), 256);
    assert_eq!(account.delivered_bits(), 128);
    assert_eq!(restored.delivered_full_bits(), 128);
    let kept = restored.delivery(delivery).expect("it was there");
    assert!(!kept.open);
    assert_eq!(
        Some(kept.sha256),
        ledger.delivery(delivery).map(|report| report.sha256)
    );
    let next = restored
        .open_delivery("host", Class::Full, 0)
        .expect("open");
    assert!(next > delivery, "numbers go on");
    assert!(
        restored.hand_out(card, 1).is_err(),
        "what was lost can't be given"
    );
}

#[test]
fn bad_snapshots_are_refused() {
    let (mut ledger, card) = funded();
    ledger.condition(card, 448_000, 384).expect("covered");
    ledger.hand_out(card, 8).expect("covered");
    let delivery = ledger.open_delivery("host", Class::Full, 0).expect("open");
    ledger
        .record(delivery, &[7], Provenance::REAL)
        .expect("open");
    let good = serde_json::to_value(ledger.snapshot()).expect("plain");
    let restore = |json: serde_json::Value| {
        Ledger::restore(serde_json::from_value(json).expect("shaped like a snapshot")).map(|_| ())
    };
    assert_eq!(restore(good.clone()), Ok(()));
    let edits: [fn(&mut serde_json::Value); 5] = [
        |json| json["format"] = "photonbox-ledger/2".into(),
        |json| json["sources"][0][1]["credited"] = "447999".into(),
        |json| json["recorded_full_bits"] = 9.into(),
        |json| json["deliveries"][0]["sha256"] = "zz".into(),
        |json| json["next_delivery"] = 0.into(),
    ];
    for edit in edits {
        let mut bad = good.clone();
        edit(&mut bad);
        assert!(
            matches!(restore(bad.clone()), Err(LedgerError::Snapshot(_))),
            "{bad}"
        );
    }
}

#[test]
fn sources_are_bounded() {
    let mut ledger = Ledger::new();
    for i in 0..MAX_SOURCES {
        ledger.source(&format!("card {i}")).expect("room");
    }
    assert_eq!(ledger.source("one more"), Err(LedgerError::TooManySources));
    let first = ledger.source("card 0").expect("known");
    assert_eq!(ledger.name(first), "card 0");
}
