#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_store::TokenRefusal;

use super::*;
use crate::enroll_desk::EnrolmentDesk;

/// A hub's desk behind a real port, without a card.
struct Desk {
    directory: tempfile::TempDir,
    address: String,
    store: Arc<dyn Store>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("hub");
        init(&InitOptions {
            state: Some(state.clone()),
            hub_name: Some("hub".into()),
            ..InitOptions::default()
        })
        .unwrap();
        let store = crate::api::open_store(&StoreOptions::default(), None, &state).unwrap();
        let store: Arc<dyn Store> = store;
        let own = store.identity().unwrap();
        let ca = CaCertificate::from_der(&own.ca_certificate).unwrap();
        let identity =
            ChannelIdentity::from_der(&own.certificate, own.private_key.as_slice()).unwrap();
        let desk = EnrolmentDesk::new(
            Arc::clone(&store),
            &identity,
            ca,
            Arc::new(OsSource),
            pki::LEAF_SECONDS,
        );
        let desk = Arc::new(desk.unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let desk = Arc::clone(&desk);
                tokio::spawn(async move {
                    let (wants, stream) = crate::front_door::greet(stream).await.unwrap();
                    assert_eq!(wants, crate::front_door::Wants::Enrolment);
                    desk.serve(stream, peer).await;
                });
            }
        });
        Self {
            directory,
            address,
            store,
            task,
        }
    }

    fn token(&self, ttl_seconds: u64, relay: bool) -> TokenReport {
        let state = Some(self.directory.path().join("hub"));
        enroll_token(&TokenOptions {
            state,
            ttl_seconds,
            relay,
            ..TokenOptions::default()
        })
        .unwrap()
    }

    fn options(&self, host: &str, token: &TokenReport) -> EnrollOptions {
        EnrollOptions {
            state: Some(self.directory.path().join(host)),
            hub: self.address.clone(),
            ca_hash: token.ca_hash.clone(),
            token: token.token.clone().into(),
            host_name: Some(host.into()),
        }
    }
}

fn reason(error: Error) -> String {
    match error {
        Error::EnrolmentRefused { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_makes_one_host() {
    let desk = Desk::open().await;
    let token = desk.token(60, true);
    let report = enroll(&desk.options("h1", &token)).await.unwrap();
    assert!(report.relay);
    let own = SqliteStore::open(&desk.directory.path().join("h1"))
        .unwrap()
        .identity()
        .unwrap();
    assert_eq!(
        (own.name.as_str(), own.hub.as_str(), own.relay),
        ("h1", "hub", true)
    );
    assert_eq!(
        pki::hex(&pki::fingerprint(&own.ca_certificate)),
        token.ca_hash
    );
    let enrolled = desk.store.living_enrolment("h1").unwrap().unwrap();
    assert_eq!(enrolled.serial, report.certificate_serial);
    assert_eq!(enrolled.fingerprint, pki::fingerprint(&own.certificate));

    // Used up: another host, and the same one again, are refused, and it is remembered.
    let again = enroll(&desk.options("h2", &token)).await.unwrap_err();
    assert_eq!(reason(again), TokenRefusal::Used.to_string());
    let tries = desk.store.failed_tries().unwrap();
    assert_eq!(tries.len(), 1);
    assert!(tries[0].reason.contains("used already"));
    let same = enroll(&desk.options("h1", &desk.token(60, true)))
        .await
        .unwrap_err();
    assert!(matches!(
        same,
        Error::Store(photonbox_store::Error::AlreadyInitialised { .. })
    ));
}

#[tokio::test]
async fn relaying_is_the_tokens_to_allow() {
    let desk = Desk::open().await;
    let report = enroll(&desk.options("plain", &desk.token(60, false)))
        .await
        .unwrap();
    assert!(!report.relay);
    assert!(!desk.store.living_enrolment("plain").unwrap().unwrap().relay);
}

#[tokio::test]
async fn wrong_tokens_are_refused_and_a_taken_name_costs_no_token() {
    let desk = Desk::open().await;
    let token = desk.token(60, true);
    enroll(&desk.options("h1", &token)).await.unwrap();
    let fresh = desk.token(60, true);
    let mut options = desk.options("other", &fresh);
    options.host_name = Some("h1".into());
    assert!(reason(enroll(&options).await.unwrap_err()).contains("enrolled already"));
    options.host_name = Some("h2".into());
    options.token = "pbx1-nonsense".to_owned().into();
    assert_eq!(
        reason(enroll(&options).await.unwrap_err()),
        TokenRefusal::Malformed.to_string()
    );
    options.token = format!("{}{}", &fresh.token[..14], &"0".repeat(64)).into();
    assert_eq!(
        reason(enroll(&options).await.unwrap_err()),
        TokenRefusal::Wrong.to_string()
    );
    options.token = fresh.token.clone().into();
    enroll(&options).await.unwrap();
}

#[tokio::test]
async fn a_made_up_token_is_answered_alike_for_every_name() {
    let desk = Desk::open().await;
    let token = desk.token(60, true);
    enroll(&desk.options("h1", &token)).await.unwrap();
    let made_up = TokenReport {
        token: format!("pbx1-00000000-{}", "0".repeat(64)),
        ..token.clone()
    };
    for name in ["h1", "h9"] {
        let mut options = desk.options("other", &made_up);
        options.host_name = Some(name.into());
        assert!(!format!("{options:?} {made_up:?}").contains("pbx1"));
        let refused = enroll(&options).await.unwrap_err();
        assert_eq!(reason(refused), TokenRefusal::Wrong.to_string());
    }
}

#[tokio::test]
async fn the_pinned_ca_decides() {
    let (desk, other) = (Desk::open().await, Desk::open().await);
    let mut options = desk.options("h1", &desk.token(60, true));
    options.ca_hash = other.token(60, true).ca_hash;
    let error = enroll(&options).await.unwrap_err();
    assert!(error.to_string().contains("pinned CA"), "{error}");
    assert!(error.help().contains("--ca-hash"));
    assert!(
        desk.store.failed_tries().unwrap().is_empty(),
        "the token never left"
    );
    options.ca_hash = "12".into();
    assert_eq!(enroll(&options).await.unwrap_err().exit_code(), 2);
}

#[tokio::test]
async fn a_silent_address_and_a_foreign_server_are_one_line_errors() {
    let desk = Desk::open().await;
    let mut options = desk.options("h1", &desk.token(60, true));
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    options.hub = closed.local_addr().unwrap().to_string();
    drop(closed);
    let error = enroll(&options).await.unwrap_err();
    assert!(error.to_string().contains("cannot enrol at") && error.exit_code() == 1);
}

#[test]
fn tokens_live_between_a_second_and_thirty_days() {
    let directory = tempfile::tempdir().unwrap();
    let state = Some(directory.path().join("hub"));
    let none = TokenOptions {
        state: state.clone(),
        ..TokenOptions::default()
    };
    assert!(matches!(
        enroll_token(&none),
        Err(Error::Store(photonbox_store::Error::NotInitialised { .. }))
    ));
    init(&InitOptions {
        state: state.clone(),
        hub_name: Some("hub".into()),
        ..InitOptions::default()
    })
    .unwrap();
    for ttl_seconds in [0, MAX_TTL + 1] {
        let options = TokenOptions {
            state: state.clone(),
            ttl_seconds,
            relay: false,
            ..TokenOptions::default()
        };
        assert_eq!(enroll_token(&options).unwrap_err().exit_code(), 2);
    }
    let report = enroll_token(&TokenOptions {
        state: state.clone(),
        ttl_seconds: 5,
        relay: false,
        ..TokenOptions::default()
    })
    .unwrap();
    assert!(report.expires >= os::unix_now() + 4);
    let twice = init(&InitOptions {
        state,
        hub_name: Some("hub".into()),
        ..InitOptions::default()
    })
    .unwrap_err();
    assert!(matches!(
        twice,
        Error::Store(photonbox_store::Error::AlreadyInitialised { .. })
    ));
}

#[tokio::test]
async fn a_host_at_rest_renews_over_the_wire_and_the_old_one_is_closed_by_use() {
    let desk = Desk::open().await;
    enroll(&desk.options("h1", &desk.token(60, true)))
        .await
        .unwrap();
    let state = desk.directory.path().join("h1");
    let before = SqliteStore::open(&state).unwrap().identity().unwrap();
    let mut options = crate::RenewOptions {
        state: Some(state.clone()),
        hubs: vec![],
        ..crate::RenewOptions::default()
    };
    assert_eq!(crate::renew(&options).await.unwrap_err().exit_code(), 2);
    // The first address does not answer.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    options.hubs = vec![format!("{},{}", closed.local_addr().unwrap(), desk.address)];
    drop(closed);
    let report = crate::renew(&options).await.unwrap();
    let after = SqliteStore::open(&state).unwrap().identity().unwrap();
    assert_ne!(after.certificate, before.certificate);
    assert_eq!(
        (report.role.as_str(), report.id.as_str()),
        ("host", after.name.as_str())
    );
    let used = |own: &Identity| {
        let fingerprint = pki::fingerprint(&own.certificate);
        let found = desk.store.use_enrolment(&fingerprint, os::unix_now());
        found.unwrap().unwrap().revoked.is_none()
    };
    assert!(used(&before) && used(&after) && !used(&before));
    desk.store.revoke("h1", os::unix_now()).unwrap();
    let refused = crate::renew(&options).await.unwrap_err();
    assert!(matches!(refused, Error::RenewalRefused { .. }), "{refused}");
    assert!(refused.to_string().ends_with("the host was revoked"));
    let tries = desk.store.failed_tries().unwrap();
    assert_eq!(tries.last().unwrap().reason, "the host was revoked");
    let kept = SqliteStore::open(&state).unwrap().identity().unwrap();
    assert_eq!(kept.certificate, after.certificate);
}
