#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_secret::SecretBytes;
use proptest::prelude::*;

use super::*;
use crate::enroll::OsSource;
use crate::options::InitOptions;

fn validity(issued: u64, life: u64) -> Validity {
    Validity {
        not_before: issued - 300,
        not_after: issued + life,
    }
}

#[test]
fn a_third_is_left_when_it_is_due() {
    let options = CertificateOptions::default();
    assert_eq!(options.due(validity(1000, 300)), Some(1201));
    let year = validity(1_000_000, pki::LEAF_SECONDS);
    let left = year.not_after - options.due(year).unwrap();
    assert_eq!(left / 86_400, 120);
    let never = CertificateOptions {
        renew_left_percent: 0,
        ..options
    };
    assert_eq!(never.due(year), None);
}

#[test]
fn settings_out_of_bounds_are_wrong_usage() {
    CertificateOptions::default().check().unwrap();
    for (life_seconds, renew_left_percent) in [(0, 33), (pki::CA_SECONDS + 1, 33), (60, 91)] {
        let options = CertificateOptions {
            life_seconds,
            renew_left_percent,
        };
        assert_eq!(options.check().unwrap_err().exit_code(), 2, "{options:?}");
    }
}

proptest! {
    #[test]
    fn pauses_grow_and_several_fit_into_what_is_left(left in 0_u64..40_000_000, last in 0_u64..4000) {
        let pause = next_pause(last, left);
        prop_assert!((1..=LONGEST_PAUSE).contains(&pause));
        prop_assert!(left < 8 || pause <= left / 8);
    }
}

#[test]
fn after_the_end_nobody_is_asked_every_second() {
    let mut pause = next_pause(0, 1);
    assert_eq!(pause, 1);
    let mut all = Vec::new();
    for _ in 0..9 {
        pause = next_pause(pause, 0);
        all.push(pause);
    }
    assert_eq!(all, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
}

/// A hub's desk and one enrolled host, without a wire: what the hub judges is given by hand.
struct Rig {
    directory: tempfile::TempDir,
    desk: EnrolmentDesk,
    store: Arc<dyn Store>,
    host: Identity,
}

const CONNECTION: [u8; EXPORTED] = [7; EXPORTED];

impl Rig {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("hub");
        crate::init(&InitOptions {
            state: Some(state.clone()),
            hub_name: Some("hub".into()),
            ..InitOptions::default()
        })
        .unwrap();
        let store = api::open_store(&crate::StoreOptions::default(), None, &state).unwrap();
        let store: Arc<dyn Store> = store;
        let own = store.identity().unwrap();
        let identity = channel_settings::identity(&own).unwrap();
        let ca = channel_settings::ca(&own).unwrap();
        let source = Arc::new(OsSource);
        let desk = EnrolmentDesk::new(Arc::clone(&store), &identity, ca, source, 1000).unwrap();
        let mut rig = Self {
            directory,
            desk,
            store,
            host: own,
        };
        rig.host = rig.enrolled("h", os::unix_now(), 1000);
        rig
    }

    /// An identity of a host that the hub has issued at `issued`.
    fn enrolled(&self, host: &str, issued: u64, life: u64) -> Identity {
        let signer = self.desk.signer().unwrap();
        let leaf = signer
            .new_identity(host, LeafRole::HostAndRelay, issued, life)
            .unwrap();
        self.store
            .add_enrolment(&photonbox_store::Enrolment {
                host: host.into(),
                serial: leaf.serial,
                fingerprint: pki::fingerprint(&leaf.certificate),
                relay: true,
                issued,
                expires: leaf.expires,
                revoked: None,
                superseded: None,
            })
            .unwrap();
        Identity {
            role: Role::Host,
            name: host.into(),
            hub: "hub".into(),
            certificate: leaf.certificate,
            private_key: leaf.private_key,
            ca_certificate: self.host.ca_certificate.clone(),
            relay: true,
            created: issued,
            renewed: None,
        }
    }

    /// What the hub answers to a renewal that `by` signs over `connection`.
    fn asked(
        &self,
        certificate: &[u8],
        by: &Identity,
        connection: &[u8; EXPORTED],
    ) -> (std::result::Result<Message, String>, SecretBytes) {
        let request = pki::new_request("mallory").unwrap();
        let signed = to_sign(connection, certificate, &request.request);
        let signature = channel_settings::identity(by)
            .unwrap()
            .sign(&signed)
            .unwrap();
        let now = os::unix_now();
        let answer = self
            .desk
            .renew(certificate, &request.request, &signature, &CONNECTION, now);
        (answer, request.private_key)
    }

    fn refused(&self, certificate: &[u8], by: &Identity, connection: &[u8; EXPORTED]) -> String {
        let before = self.store.enrolments().unwrap();
        let reason = self.asked(certificate, by, connection).0.unwrap_err();
        assert_eq!(
            self.store.enrolments().unwrap(),
            before,
            "nothing is issued"
        );
        assert!(!reason.contains('\n') && reason.len() < 200, "{reason}");
        reason
    }
}

#[test]
fn a_renewed_certificate_has_the_same_name_and_roles() {
    let rig = Rig::new();
    let (answer, key) = rig.asked(&rig.host.certificate, &rig.host, &CONNECTION);
    let ca_hash = pki::fingerprint(&rig.host.ca_certificate);
    let granted = Granted::judge(answer.unwrap(), "hub", "h", ca_hash, &key);
    let granted = granted.unwrap().unwrap();
    assert_eq!(granted.own.roles, [ChannelRole::Host, ChannelRole::Relay]);
    let newest = rig.store.living_enrolment("h").unwrap().unwrap();
    assert_eq!(newest.serial, granted.own.serial);
    assert_eq!(
        newest.expires,
        pki::validity(&granted.certificate).unwrap().not_after
    );
}

#[test]
fn who_may_not_renew_is_told_why_in_a_line() {
    let rig = Rig::new();
    let host = &rig.host;
    let other = rig.enrolled("other", os::unix_now(), 1000);
    let reason = rig.refused(&host.certificate, &other, &CONNECTION);
    assert!(
        reason.contains("not signed by the certificate's key"),
        "{reason}"
    );
    let reason = rig.refused(&host.certificate, host, &[8; EXPORTED]);
    assert!(
        reason.contains("not signed"),
        "a request of another connection: {reason}"
    );
    let expired = rig.enrolled("late", os::unix_now() - 2000, 1000);
    let reason = rig.refused(&expired.certificate, &expired, &CONNECTION);
    assert!(
        reason.contains("has expired") && reason.contains("enrolled anew"),
        "{reason}"
    );
    let foreign = Rig::new();
    let reason = rig.refused(&foreign.host.certificate, &foreign.host, &CONNECTION);
    assert!(reason.contains("another CA"), "{reason}");
    let hub = rig.store.identity().unwrap();
    let reason = rig.refused(&hub.certificate, &hub, &CONNECTION);
    assert!(reason.contains("role"), "{reason}");
    let reason = rig.refused(b"nonsense", host, &CONNECTION);
    assert!(reason.contains("is refused"), "{reason}");
    rig.store.revoke("h", os::unix_now()).unwrap();
    let reason = rig.refused(&host.certificate, host, &CONNECTION);
    assert_eq!(reason, "the host was revoked");
}

#[test]
fn a_hub_renews_by_its_ca_though_its_own_has_expired() {
    let rig = Rig::new();
    let own = rig.store.identity().unwrap();
    let old =
        rig.desk
            .signer()
            .unwrap()
            .new_identity("hub", LeafRole::Hub, os::unix_now() - 500, 100);
    let old = old.unwrap();
    let expired = store_renewed(&*rig.store, own, old.certificate, old.private_key).unwrap();
    let ca = channel_settings::ca(&expired).unwrap();
    let good = |own: &Identity| {
        channel_settings::check_certificate(&ca, own, Usage::Server, &[ChannelRole::Hub])
    };
    assert!(good(&expired).is_err());
    let options = RenewOptions {
        state: Some(rig.directory.path().join("hub")),
        ..RenewOptions::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let report = runtime.block_on(renew(&options)).unwrap();
    assert_eq!((report.role.as_str(), report.id.as_str()), ("hub", "hub"));
    let own = rig.store.identity().unwrap();
    good(&own).unwrap();
    assert_eq!(Shown::of(&own).unwrap().serial, report.certificate_serial);
    assert!(own.renewed.is_some());
}

#[test]
fn somebody_who_was_faster_is_not_overwritten() {
    let rig = Rig::new();
    let (one, two) = (rig.store.identity().unwrap(), rig.store.identity().unwrap());
    by_authority(&*rig.store, one, &rig.desk.signer().unwrap(), 100).unwrap();
    let late = by_authority(&*rig.store, two, &rig.desk.signer().unwrap(), 100).unwrap_err();
    assert!(late.to_string().contains("meanwhile"), "{late}");
}
