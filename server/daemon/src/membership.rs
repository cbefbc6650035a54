//! What an enrolled host brings to its hub, whatever it does there: identity, generator, certificate, and the link.

use std::sync::Arc;

use photonbox_channel::{ByteSource, CaCertificate, KeyStock, Role as ChannelRole, Usage};
use photonbox_store::{Identity, Role, Store};
use tokio::sync::mpsc;

use crate::channel_settings::{self, Towards};
use crate::channels::Channels;
use crate::generator::HostGenerator;
use crate::host_certificate::HostCertificate;
use crate::link::{Link, Upstream};
use crate::options::JoinOptions;
use crate::renewal::{ByHub, Renewal, addresses};
use crate::shutdown::Shutdown;
use crate::workers::key_stock;
use crate::{Error, Result};

/// Who a state directory belongs to, if that is a host.
pub(crate) fn own(store: &dyn Store) -> Result<Identity> {
    let own = store.identity()?;
    if own.role != Role::Host {
        return Err(Error::failed(
            format!("this state directory belongs to the hub `{}`", own.name),
            "give --state a directory that was enrolled with `photonbox enroll`",
        ));
    }
    Ok(own)
}

/// An enrolled host.
pub(crate) struct Membership {
    pub(crate) own: Identity,
    pub(crate) ca: CaCertificate,
    pub(crate) hubs: Vec<String>,
    pub(crate) generator: Arc<HostGenerator>,
    pub(crate) stock: Option<Arc<KeyStock>>,
    pub(crate) certificate: HostCertificate,
    pub(crate) renewal: Arc<Renewal<ByHub>>,
}

/// A link on its way.
pub(crate) struct Linked {
    pub(crate) upstream: Upstream,
    pub(crate) task: tokio::task::JoinHandle<()>,
    /// Ends the link.
    pub(crate) last: Shutdown,
    /// Why no parent will ever take this host.
    pub(crate) refused: mpsc::Receiver<Error>,
}

impl Membership {
    /// All that can be wrong with it is found here, before the first connection.
    pub(crate) fn new(
        options: &JoinOptions,
        store: &Arc<dyn Store>,
        own: Identity,
    ) -> Result<Self> {
        let ca = channel_settings::ca(&own)?;
        let identity = channel_settings::identity(&own)?;
        channel_settings::check_certificate(&ca, &own, Usage::Client, &[ChannelRole::Host])?;
        if options.relay.is_some() && !own.relay {
            return Err(Error::failed(
                format!("the certificate of `{}` does not allow relaying", own.name),
                "enrol with a token that does (photonbox enroll token on the hub)",
            ));
        }
        let generator = Arc::new(HostGenerator::new()?);
        let hubs = addresses(&options.hubs);
        let towards = if hubs.len() > 1 || options.relay.is_some() {
            Towards::AParent
        } else {
            Towards::TheParent
        };
        let source = Arc::clone(&generator) as Arc<dyn ByteSource>;
        let stock = key_stock(&source, options.rekey.keys_ahead);
        let certificate =
            HostCertificate::new(options, towards, &ca, identity, &generator, stock.clone())?;
        let by = ByHub {
            store: Arc::clone(store),
            hubs: hubs.clone(),
        };
        let taking = certificate.clone();
        let renewal = Renewal::new(by, &own, Box::new(move |identity| taking.take(identity)))?;
        Ok(Self {
            own,
            ca,
            hubs,
            generator,
            stock,
            certificate,
            renewal,
        })
    }

    /// Starts the link; its channels stand in `channels`.
    pub(crate) fn link(&self, channels: &Channels) -> Linked {
        let (refusal, refused) = mpsc::channel(1);
        let last = Shutdown::new();
        let link = Link {
            hubs: self.hubs.clone(),
            config: self.certificate.client.clone(),
            generator: Arc::clone(&self.generator) as Arc<dyn ByteSource>,
            channels: channels.clone(),
            shutdown: last.clone(),
            refused: refusal,
        };
        let (upstream, task) = link.start();
        Linked {
            upstream,
            task,
            last,
            refused,
        }
    }

    /// Nothing that a copy of this machine has in common with it is used from here on.
    pub(crate) fn renew_secrets(&self) -> impl Fn() + Send + Sync + 'static + use<> {
        let (generator, stock) = (Arc::clone(&self.generator), self.stock.clone());
        move || {
            generator.renew();
            if let Some(stock) = &stock {
                stock.clear();
            }
        }
    }
}
