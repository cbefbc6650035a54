//! The hub's side of enrolment: judges tokens and certificates in force, signs requests.
//!
//! Countermeasure T10 (`docs/threat-model.md`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use photonbox_channel::labels::RENEWAL;
use photonbox_channel::{
    ByteSource, CaCertificate, Identity as ChannelIdentity, enroll_server_config,
};
use photonbox_store::{Enrolment, FailedTry, Grant, Store};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::current::Current;
use crate::enroll::{EXPORTED, TIMEOUT, read, write};
use crate::enroll_protocol::Message;
use crate::failure::LOCKED_TEXT;
use crate::pki::{self, LeafRole};
use crate::renewal::no_authority;
use crate::{Error, Result, channel_settings, os};

/// The hub's side: judges tokens, signs requests.
pub(crate) struct EnrolmentDesk {
    pub(crate) store: Arc<dyn Store>,
    hub: String,
    pub(crate) ca: CaCertificate,
    /// Seconds that issued certificates live.
    pub(crate) life: u64,
    /// Made once for each certificate of the hub: each one that is made leaks a little, and anybody may connect. It
    /// asks for no certificate and keeps no tickets, so it never looks at the clock that it was made with.
    tls: Current<rustls::ServerConfig>,
    /// `tls` holds it weakly.
    source: Arc<dyn ByteSource>,
}

impl EnrolmentDesk {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        identity: &ChannelIdentity,
        ca: CaCertificate,
        source: Arc<dyn ByteSource>,
        life: u64,
    ) -> Result<Self> {
        let tls = enroll_server_config(identity, &ca, &source, os::unix_now())
            .map_err(|error| channel_settings::refused(&error))?;
        Ok(Self {
            store,
            hub: identity.id().to_owned(),
            ca,
            life,
            tls: Current::new(tls),
            source,
        })
    }

    /// From now on whoever enrols sees this certificate of the hub.
    pub(crate) fn show(&self, identity: &ChannelIdentity) -> Result<()> {
        let tls = enroll_server_config(identity, &self.ca, &self.source, os::unix_now())
            .map_err(|error| channel_settings::refused(&error))?;
        self.tls.set(tls);
        Ok(())
    }

    /// The CA as something that signs. Made for each signature: its key is in the clear no longer than that, and not at all while
    /// the hub is locked.
    pub(crate) fn signer(&self) -> Result<pki::Signer> {
        let authority = self.store.authority()?.ok_or_else(no_authority)?;
        pki::Signer::new(&authority.certificate, &authority.private_key)
    }

    /// The same for somebody who asked, and who hears in one line why not.
    pub(crate) fn signer_for_others(&self) -> std::result::Result<pki::Signer, String> {
        self.signer().map_err(|error| match error {
            Error::Store(photonbox_store::Error::SecretsLocked) => LOCKED_TEXT.to_owned(),
            error => broken(&error),
        })
    }

    /// One connection: TLS, one request, one answer.
    pub(crate) async fn serve<S>(self: Arc<Self>, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match tokio::time::timeout(TIMEOUT, Arc::clone(&self).answer(stream, peer)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::info!(%peer, %error, "enrolment broken off"),
            Err(_) => tracing::info!(%peer, "enrolment took too long"),
        }
    }

    async fn answer<S>(self: Arc<Self>, stream: S, peer: SocketAddr) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stream = TlsAcceptor::from(self.tls.get()).accept(stream).await?;
        let message = read(&mut stream).await?;
        let connection = stream.get_ref().1;
        let exported = connection
            .export_keying_material([0; EXPORTED], RENEWAL, None)
            .map_err(io::Error::other)?;
        let desk = Arc::clone(&self);
        // The database waits for the disk.
        let answer = tokio::task::spawn_blocking(move || {
            desk.decide(message, &exported, peer, os::unix_now())
        })
        .await
        .map_err(io::Error::other)?;
        write(&mut stream, &answer).await?;
        stream.shutdown().await
    }

    /// Judges a request; whatever is refused is remembered and told in one line.
    fn decide(
        &self,
        message: Message,
        exported: &[u8; EXPORTED],
        peer: SocketAddr,
        now: u64,
    ) -> Message {
        let answer = match message {
            Message::Renewal {
                certificate,
                request,
                signature,
            } => self.renew(&certificate, &request, &signature, exported, now),
            other => self.grant(other, now),
        };
        match answer {
            Ok(granted) => granted,
            Err(reason) => {
                tracing::warn!(%peer, reason, "enrolment refused");
                let failed = FailedTry {
                    at: now,
                    peer: peer.to_string(),
                    reason: reason.clone(),
                };
                if let Err(error) = self.store.add_failed_try(&failed) {
                    tracing::error!(%error, "cannot remember the refused enrolment");
                }
                Message::Refused { reason }
            }
        }
    }

    fn grant(&self, message: Message, now: u64) -> std::result::Result<Message, String> {
        let Message::Request {
            host,
            token,
            request,
        } = message
        else {
            return Err("a request was expected".into());
        };
        pki::check_id(&host).map_err(|error| error.to_string())?;
        // Before the store's transaction, in which it could not be read; told only to who has a token.
        let signer = self.signer_for_others();
        let mut issued = None;
        let mut issue = |grant: Grant| {
            let signer = signer.as_ref().map_err(Clone::clone)?;
            let (enrolment, certificate) = self.issue(signer, &host, grant, &request, now)?;
            issued = Some(certificate);
            Ok(enrolment)
        };
        // Token, name, certificate, in this order and as one: whoever has no token learns nothing.
        let enrolled = self
            .store
            .enrol(&token, &host, now, &mut issue)
            .map_err(|error| broken(&error))?
            .map_err(|refusal| refusal.to_string())?;
        let certificate = issued.ok_or_else(|| broken(&"no certificate was issued"))?;
        tracing::info!(
            host,
            serial = enrolled.serial,
            relay = enrolled.relay,
            "host enrolled"
        );
        Ok(self.granted(certificate, enrolled.relay))
    }

    /// Signs what a grant allows.
    pub(crate) fn issue(
        &self,
        signer: &pki::Signer,
        host: &str,
        grant: Grant,
        request: &[u8],
        now: u64,
    ) -> std::result::Result<(Enrolment, Vec<u8>), String> {
        let role = if grant.relay {
            LeafRole::HostAndRelay
        } else {
            LeafRole::Host
        };
        let leaf = signer
            .sign_request(request, host, role, now, self.life)
            .map_err(|error| error.to_string())?;
        let enrolment = Enrolment {
            host: host.to_owned(),
            serial: leaf.serial,
            fingerprint: pki::fingerprint(&leaf.certificate),
            relay: grant.relay,
            issued: now,
            expires: leaf.expires,
            revoked: None,
            superseded: None,
        };
        Ok((enrolment, leaf.certificate))
    }

    pub(crate) fn granted(&self, certificate: Vec<u8>, relay: bool) -> Message {
        Message::Granted {
            hub: self.hub.clone(),
            certificate,
            ca_certificate: self.ca.der().to_vec(),
            relay,
        }
    }
}

/// What a host is told of the hub's own failure.
pub(crate) fn broken(error: &dyn std::fmt::Display) -> String {
    tracing::error!(%error, "enrolment failed");
    "the hub cannot enrol now; its log says why".to_owned()
}
