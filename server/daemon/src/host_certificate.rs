//! A host's own certificate, and what is made with it: the configurations of channels to the parent and to further hosts.

use std::sync::Arc;

use photonbox_channel::{
    ByteSource, CaCertificate, ClientConfig, ClientOptions, Identity, KeyStock, MixingSource,
    ServerConfig, ServerOptions,
};

use crate::Result;
use crate::channel_settings::{self, Towards, groups, settings};
use crate::current::Current;
use crate::generator::HostGenerator;
use crate::options::JoinOptions;

type Configs = (ClientConfig, ServerConfig);
type Make = Arc<dyn Fn(&Arc<Identity>) -> Result<Configs> + Send + Sync>;

/// The certificate of a running host; channels that stand keep the one that they were made with.
#[derive(Clone)]
pub(crate) struct HostCertificate {
    /// Signs requests through relays.
    pub(crate) identity: Current<Identity>,
    /// Of channels to the parent.
    pub(crate) client: Current<ClientConfig>,
    /// Of a relay's channels to further hosts.
    pub(crate) server: Current<ServerConfig>,
    make: Make,
}

impl HostCertificate {
    /// `stock`: keys made ahead for all channels.
    pub(crate) fn new(
        options: &JoinOptions,
        towards: Towards,
        ca: &CaCertificate,
        identity: Arc<Identity>,
        generator: &Arc<HostGenerator>,
        stock: Option<Arc<KeyStock>>,
    ) -> Result<Self> {
        let source = Arc::clone(generator) as Arc<dyn ByteSource>;
        let (ca, generator, options) = (ca.clone(), Arc::clone(generator), options.clone());
        let make = move |identity: &Arc<Identity>| {
            let mixing = Arc::clone(&generator) as Arc<dyn MixingSource>;
            let mut client = ClientOptions::new(Arc::clone(identity), ca.clone(), mixing);
            client.groups = groups(options.group);
            client.settings = settings(&options.rekey, &options.limits);
            client.settings.keepalive = channel_settings::keepalive(&options.limits, towards);
            client.stock.clone_from(&stock);
            let client = ClientConfig::new(client).map_err(|e| channel_settings::refused(&e))?;
            let mut server =
                ServerOptions::new(Arc::clone(identity), ca.clone(), Arc::clone(&source));
            server.groups = groups(options.group);
            server.settings = settings(&options.rekey, &options.limits);
            server.stock.clone_from(&stock);
            let server = ServerConfig::new(server).map_err(|e| channel_settings::refused(&e))?;
            Ok((client, server))
        };
        let (client, server) = make(&identity)?;
        Ok(Self {
            identity: Current::new(identity),
            client: Current::new(client),
            server: Current::new(server),
            make: Arc::new(make),
        })
    }

    /// From now on new channels have this one.
    pub(crate) fn take(&self, identity: Arc<Identity>) -> Result<()> {
        let (client, server) = (self.make)(&identity)?;
        self.client.set(client);
        self.server.set(server);
        self.identity.set(identity);
        Ok(())
    }
}
