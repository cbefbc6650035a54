//! Custody's signed objects, policies and foreign shares: whatever comes, nothing panics, and what is read is written to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_custody::approval::{Approval, Ceremony};
use photonbox_custody::configuration::Configuration;
use photonbox_custody::contribution::Contribution;
use photonbox_custody::envelope::Envelope;
use photonbox_custody::keys::VerifyingKey;
use photonbox_custody::policy::Policy;
use photonbox_custody::shamir::Share;
use photonbox_signed::{Body, Signed};

fn object<T: Body>(data: &[u8]) -> Option<Signed<T>> {
    let signed = Signed::<T>::read(data).ok()?;
    assert_eq!(signed.to_bytes(), data);
    Some(signed)
}

fuzz_target!(|data: &[u8]| {
    if let Some(signed) = object::<Configuration>(data) {
        let _ = signed.check(|_, _, _| Ok::<_, ()>(())).map(|(one, ())| one.check());
    }
    if let Some(signed) = object::<Ceremony>(data) {
        let shown = signed.check(|_, _, _| Ok::<_, ()>(()));
        let shown = shown.map(|(one, ())| one.operation.to_string());
        assert!(!shown.unwrap_or_default().contains('\n'));
    }
    object::<Approval>(data);
    object::<Envelope>(data);
    object::<Contribution>(data);
    if let Ok(key) = VerifyingKey::read(data) {
        assert_eq!(key.as_bytes(), data);
        assert!(key.verify(data, data).is_err());
    }
    if let Ok(share) = Share::of_vault(data) {
        assert_eq!(share.to_vault().as_slice(), data);
    }
    if let Ok(policy) = Policy::parse(std::str::from_utf8(data).unwrap_or_default()) {
        assert_eq!(Policy::parse(&policy.to_string()), Ok(policy));
    }
});
