//! The hub's own certificate, and what is made with it: the configuration of channels and the enrolment desk.

use std::sync::Arc;

use photonbox_channel::{
    Admission, ByteSource, Identity as ChannelIdentity, KeyStock, ServerConfig, ServerOptions,
};
use photonbox_store::{Identity, Store};

use crate::channel_settings::{self, groups, settings};
use crate::current::Current;
use crate::enroll_desk::EnrolmentDesk;
use crate::options::ServeOptions;
use crate::renewal::{ByAuthority, Renewal};
use crate::{Error, Result};

/// The certificate of a running hub.
pub(crate) struct HubCertificate {
    /// For new channels; each keeps the identity that it was accepted with.
    pub(crate) channels: Current<ServerConfig>,
    pub(crate) desk: Arc<EnrolmentDesk>,
    pub(crate) renewal: Arc<Renewal<ByAuthority>>,
}

impl HubCertificate {
    pub(crate) fn new(
        options: &ServeOptions,
        store: &Arc<dyn Store>,
        own: &Identity,
        source: Arc<dyn ByteSource>,
        stock: Option<Arc<KeyStock>>,
        admission: Arc<dyn Admission>,
    ) -> Result<Self> {
        options.certificates.check()?;
        let ca = channel_settings::ca(own)?;
        let identity = channel_settings::identity(own)?;
        let make = {
            let (ca, source, options) = (ca.clone(), Arc::clone(&source), options.clone());
            move |identity: Arc<ChannelIdentity>| {
                let mut server = ServerOptions::new(identity, ca.clone(), Arc::clone(&source));
                server.groups = groups(options.group);
                server.stock.clone_from(&stock);
                server.admission = Some(Arc::clone(&admission));
                server.settings = settings(&options.rekey, &options.limits);
                ServerConfig::new(server).map_err(|e| channel_settings::refused(&e))
            }
        };
        let channels = Current::new(make(Arc::clone(&identity))?);
        let life = options.certificates.life_seconds;
        let desk = EnrolmentDesk::new(Arc::clone(store), &identity, ca, source, life)?;
        match desk.signer() {
            // Everything but signing goes on.
            Ok(_) | Err(Error::Store(photonbox_store::Error::SecretsLocked)) => {}
            Err(error) => return Err(error),
        }
        let desk = Arc::new(desk);
        let take = {
            let (channels, desk) = (channels.clone(), Arc::clone(&desk));
            Box::new(move |identity: Arc<ChannelIdentity>| {
                let config = make(Arc::clone(&identity))?;
                desk.show(&identity)?;
                channels.set(config);
                Ok(())
            })
        };
        let by = ByAuthority {
            store: Arc::clone(store),
            desk: Arc::clone(&desk),
        };
        Ok(Self {
            channels,
            desk,
            renewal: Renewal::new(by, own, take)?,
        })
    }

    /// The newest.
    pub(crate) fn identity(&self) -> Arc<ChannelIdentity> {
        Arc::clone(self.channels.get().identity())
    }
}
