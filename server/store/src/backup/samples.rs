//! A store with something in every table.
#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_secret::SecretBytes;

use super::PAGE;
use crate::store_tests::{TERMS, enrolment, identity};
use crate::testing::root;
use crate::{
    AgentRow, ApplianceRow, AuditEvent, Authority, DeliveryRow, FailedTry, HeldLane, HubStore,
    ItemRow, LedgerRows, NoteRow, RequestRow, SetRow, SourceRow, VaultRows,
};

/// What is done with the vault in one transaction.
pub(super) fn vault(store: &dyn HubStore, work: impl Fn(&mut dyn VaultRows)) {
    let done = store.vault(&mut |rows| {
        work(rows);
        Ok(true)
    });
    assert!(done.unwrap());
}

pub(super) fn audit(rows: &mut dyn VaultRows, at: u64) {
    let event = AuditEvent {
        at,
        action: "item.create".into(),
        ..AuditEvent::default()
    };
    rows.audit(&event).unwrap();
}

/// More items than two pages have.
const ITEMS: u64 = 2 * PAGE + 1;

/// A store with rows in every table.
pub(super) fn fill(store: &dyn HubStore) {
    store.set_root_key(Some(root(1)));
    let authority = Authority {
        certificate: vec![9],
        private_key: SecretBytes::from_slice(b"ca key"),
        created: 3,
    };
    let hub = identity("a");
    store.create_identity(&hub, Some(&authority)).unwrap();
    for number in 1..4 {
        let host = format!("h{number} \u{e4}'\"");
        store.add_enrolment(&enrolment(&host, number)).unwrap();
    }
    store.revoke("h2 \u{e4}'\"", 15).unwrap();
    store.issue_token(&[7; 36], TERMS, 1000).unwrap();
    for at in 0..3 {
        let (peer, reason) = ("::1".into(), "the token is wrong".into());
        store
            .add_failed_try(&FailedTry { at, peer, reason })
            .unwrap();
    }
    let run = store.begin_run(5).unwrap();
    let source = SourceRow {
        source: "card".into(),
        credited: i64::MAX as u64,
        conditioned: 1,
        delivered: 2,
        discarded: 3,
        simulated: true,
        replayed: false,
        test: true,
    };
    let delivery = DeliveryRow {
        host: "h1".into(),
        class: "full".into(),
        request: "1".into(),
        hops: 2,
        bytes: 0,
        sha256: [255; 32],
        simulated: true,
        replayed: false,
        test: true,
        updated: 6,
    };
    let rows = LedgerRows {
        sources: vec![source],
        deliveries: vec![delivery],
    };
    store.save_ledger(run, &rows).unwrap();
    store.end_run(run, 7).unwrap();
    store.begin_run(8).unwrap();
    store.play_recording(&[1; 32], 9).unwrap();
    let held = HeldLane {
        card: "c".into(),
        lane: 63,
        alarms: vec!["balance".into()],
        since: 1,
    };
    store.hold_lane(&held).unwrap();
    vault(store, |rows| {
        for name in ["s", "t"] {
            assert!(rows.add_set(&set(name)).unwrap());
            rows.put_appliance(&appliance(name)).unwrap();
        }
        for number in 0..ITEMS {
            assert!(rows.add_item(&item(number)).unwrap());
        }
        let request = RequestRow {
            appliance: "alpha".into(),
            key: "k".into(),
            digest: [3; 48],
            status: 201,
            body: b"{}".to_vec(),
            created: 1,
        };
        rows.add_request(&request).unwrap();
        let note = NoteRow {
            set: "s".into(),
            appliance: "alpha".into(),
            id: "1".into(),
            from: "beta".into(),
            kind: "delta".into(),
            generation: 2,
            body: vec![0, 255],
            created: 4,
        };
        rows.add_note(&note).unwrap();
        assert!(rows.spend("s", &[1; 32], 50).unwrap());
        let secret = SecretBytes::from_slice(b"a key that makes tickets");
        assert!(rows.add_secret("ticket/1", &secret).unwrap());
        for at in 1..4 {
            audit(rows, at);
        }
    });
}

pub(super) fn set(name: &str) -> SetRow {
    SetRow {
        set: name.into(),
        scheme: "p384".into(),
        protocol: "three".into(),
        appliances_keep_shares: false,
        generation: 1,
        private_key: Some(SecretBytes::from_slice(b"the private key of E")),
        public_key: Some(vec![4; 97]),
        agents: vec![AgentRow {
            host: "one".into(),
            address: "one.example:4502".into(),
        }],
        owner: "alpha".into(),
        created: 5,
    }
}

pub(super) fn appliance(set: &str) -> ApplianceRow {
    ApplianceRow {
        set: set.into(),
        generation: 1,
        appliance: "alpha".into(),
        state: "trusted".into(),
        concealment: Some(SecretBytes::from_slice(b"r of this appliance")),
        private_key: Some(SecretBytes::from_slice(b"its own key")),
        public_key: None,
        hpke_key: vec![7; 97],
        vouched_by: None,
        created: 6,
        revoked: None,
    }
}

fn item(number: u64) -> ItemRow {
    ItemRow {
        set: if number.is_multiple_of(3) { "t" } else { "s" }.into(),
        generation: 1 + number % 2,
        item: format!("item {}", number / 2),
        share_generation: 1,
        appliance: "alpha".into(),
        // Longer than the file's buffer now and then.
        share: Some(vec![
            number as u8;
            if number.is_multiple_of(50) {
                70_000
            } else {
                100
            }
        ]),
        wrapped: None,
        user_blinded: true,
        created: 7,
    }
}
