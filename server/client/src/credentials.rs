//! Who we are, and whom we trust.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use photonbox_channel::{CaCertificate, Identity, IdentityError, Role, Usage, verify_signature};
use photonbox_vault::voucher::{Body, Signed};

use crate::Error;

/// An enrolled host's certificate and key, and the CA that others have theirs of.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) identity: Arc<Identity>,
    pub(crate) ca: CaCertificate,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials")
            .field(&self.identity.id())
            .finish()
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

impl Credentials {
    /// An enrolled host's certificate (DER), its key (PKCS#8, DER) and the CA's certificate (DER).
    ///
    /// # Errors
    /// [`Error::Credentials`].
    pub fn new(certificate: &[u8], key: &[u8], ca: &[u8]) -> Result<Self, Error> {
        let wrong = |error: IdentityError| Error::Credentials(error.to_string());
        Ok(Self {
            identity: Arc::new(Identity::from_der(certificate, key).map_err(wrong)?),
            ca: CaCertificate::from_der(ca).map_err(wrong)?,
        })
    }

    /// Of what is open already.
    #[must_use]
    pub fn of(identity: Arc<Identity>, ca: CaCertificate) -> Self {
        Self { identity, ca }
    }

    /// Our id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.identity.id()
    }

    /// Signed with our key, our certificate beside it.
    pub(crate) fn sign<T: Body>(&self, body: T) -> Result<Signed<T>, Error> {
        let sign = |message: &[u8]| self.identity.sign(message);
        let signed = Signed::sign(body, &self.identity.public().certificate, sign);
        signed.map_err(|error| Error::Credentials(error.to_string()))
    }

    /// The body, and the id of the host of our CA that signed it. Whether that is enrolled still is the hub's to know.
    pub(crate) fn check<'a, T: Body>(
        &self,
        signed: &'a Signed<T>,
    ) -> Result<(&'a T, String), Error> {
        signed.check(|certificate, message, signature| {
            let judged = (|| {
                let (usage, roles) = (Usage::Client, [Role::Host]);
                let signer = self.ca.verify(certificate, usage, &roles, now())?;
                verify_signature(certificate, message, signature)?;
                Ok(signer.id)
            })();
            judged.map_err(|error: IdentityError| {
                Error::Vouching(format!(
                    "{} by nobody who is enrolled here: {error}",
                    T::WHAT
                ))
            })
        })
    }
}
