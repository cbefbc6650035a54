//! From options and the stored identity to the channel crate's configuration.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::{
    CaCertificate, Group as ChannelGroup, Identity as ChannelIdentity, Role, Settings, Usage,
};
use photonbox_store::{Identity, Role as StoreRole};

use crate::options::{Group, LimitOptions, RekeyOptions};
use crate::{Error, Result, os};

/// Groups in order of preference.
pub(crate) fn groups(group: Group) -> Vec<ChannelGroup> {
    match group {
        Group::Hybrid => vec![ChannelGroup::Secp384r1Mlkem1024, ChannelGroup::Secp384r1],
        Group::P384 => vec![ChannelGroup::Secp384r1],
    }
}

/// The channel's behaviour. Zero packets or seconds mean no limit.
pub(crate) fn settings(rekey: &RekeyOptions, limits: &LimitOptions) -> Settings {
    let narrow = |bound: Option<u64>| {
        bound.and_then(|bound| NonZeroU32::new(u32::try_from(bound).unwrap_or(u32::MAX)))
    };
    let defaults = Settings::default();
    Settings {
        rekey_packets: rekey.packets.and_then(NonZeroU64::new),
        rekey_seconds: narrow(rekey.seconds),
        pq_epochs: narrow(rekey.pq_epochs),
        pq_seconds: narrow(rekey.pq_seconds),
        when_exhausted: rekey.when_exhausted,
        prekeys_least: defaults.prekeys_least.min(rekey.prekeys),
        prekeys_most: rekey.prekeys,
        handshake_timeout: Duration::from_millis(limits.handshake_timeout_ms.max(1)),
        keepalive: keepalive(limits, Towards::Hosts),
        ..defaults
    }
}

/// Whom a channel leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Towards {
    /// Those that we serve.
    Hosts,
    /// Our only parent, and nobody hangs on us.
    TheParent,
    /// One of several parents, or the parent of a relay.
    AParent,
}

/// Keepalive of a channel. It is dead after three: who has somewhere else to go, or others to tell, leaves a silent parent
/// after 1.5 s, and who has not dials anew after 4.5 s.
pub(crate) fn keepalive(limits: &LimitOptions, towards: Towards) -> Duration {
    match (limits.keepalive_ms, towards) {
        (Some(ms), _) => Duration::from_millis(ms),
        (None, Towards::AParent) => Duration::from_millis(500),
        (None, Towards::TheParent) => Duration::from_millis(1500),
        (None, Towards::Hosts) => Settings::default().keepalive,
    }
}

/// A setting that the channel refuses.
pub(crate) fn refused(error: &photonbox_channel::Error) -> Error {
    Error::usage(
        error.to_string(),
        "correct [rekey] and [limits] of the configuration",
    )
}

fn unreadable(error: &photonbox_channel::IdentityError) -> Error {
    Error::failed(
        format!("the identity in the state directory cannot be used: {error}"),
        "restore the directory from a backup, or enrol anew into an empty one",
    )
}

/// The pinned CA.
pub(crate) fn ca(own: &Identity) -> Result<CaCertificate> {
    CaCertificate::from_der(&own.ca_certificate).map_err(|e| unreadable(&e))
}

/// Our certificate and key.
pub(crate) fn identity(own: &Identity) -> Result<Arc<ChannelIdentity>> {
    ChannelIdentity::from_der(&own.certificate, own.private_key.as_slice())
        .map(Arc::new)
        .map_err(|e| unreadable(&e))
}

/// Says before the first connection that our own certificate would be refused.
pub(crate) fn check_certificate(
    ca: &CaCertificate,
    own: &Identity,
    usage: Usage,
    roles: &[Role],
) -> Result<()> {
    ca.verify(&own.certificate, usage, roles, os::unix_now())
        .map(drop)
        .map_err(|error| {
            Error::failed(
                format!(
                    "the certificate of `{}` is not good any more: {error}",
                    own.name
                ),
                match own.role {
                    StoreRole::Hub => {
                        "check the clock; then `photonbox enroll renew` with this --state"
                    }
                    StoreRole::Host => {
                        "check the clock; enrol anew into another --state with a fresh token"
                    }
                },
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_somewhere_else_to_go_notices_silence_soonest() {
        let mut limits = LimitOptions::default();
        let of = |limits: &LimitOptions| {
            [Towards::Hosts, Towards::TheParent, Towards::AParent]
                .map(|towards| keepalive(limits, towards).as_millis())
        };
        assert_eq!(of(&limits), [15_000, 1_500, 500]);
        limits.keepalive_ms = Some(2_000);
        assert_eq!(of(&limits), [2_000; 3]);
        let settings = settings(&RekeyOptions::default(), &limits);
        assert_eq!(settings.keepalive, Duration::from_secs(2));
    }
}
