//! What goes over a connection, without its TLS: somebody between both ends who has the certificates of both.

use std::sync::{Arc, Mutex};

use photonbox_channel::{CaCertificate, HttpTls, Identity, Role};
use photonbox_client::OsRandom;
use photonbox_store::Identity as Own;
use rustls::pki_types::ServerName;
use rustls::time_provider::DefaultTimeProvider;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// One way of a connection.
type Way = Arc<Mutex<Vec<u8>>>;

/// Between somebody who asks and somebody who answers.
pub(super) struct Tap {
    pub(super) address: String,
    seen: Arc<Mutex<Vec<Way>>>,
    _runtime: tokio::runtime::Runtime,
}

fn tls(own: &Own, peer: Role) -> HttpTls {
    let identity = Identity::from_der(&own.certificate, own.private_key.as_slice());
    HttpTls {
        identity: Arc::new(identity.expect("an identity")),
        ca: CaCertificate::from_der(&own.ca_certificate).expect("a CA"),
        roles: vec![peer],
        source: OsRandom::shared(),
        clock: Arc::new(DefaultTimeProvider),
    }
}

impl Tap {
    /// Shows `server`'s certificate to who comes with the role `asks`, and `client`'s to who answers at `to` with the role `answers`.
    pub(super) fn new(server: &Own, asks: Role, client: &Own, answers: Role, to: &str) -> Self {
        let (shown, used) = (tls(server, asks), tls(client, answers));
        let acceptor = TlsAcceptor::from(shown.server().expect("TLS"));
        let connector = TlsConnector::from(used.client(None).expect("TLS"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let seen: Arc<Mutex<Vec<Way>>> = Arc::default();
        let (to, all) = (to.to_owned(), Arc::clone(&seen));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("a port").to_string();
        runtime.spawn(async move {
            // The configurations hold their generators weakly.
            let _held = (&shown, &used);
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, connector) = (acceptor.clone(), connector.clone());
                let to = TcpStream::connect(&to).await.expect("who answers");
                let there = [Arc::default(), Arc::default()];
                all.lock().expect("no panic").extend(there.clone());
                tokio::spawn(async move {
                    let Ok(ours) = acceptor.accept(stream).await else {
                        return;
                    };
                    let name = ServerName::try_from("photonbox").expect("a name");
                    let theirs = connector.connect(name, to).await.expect("TLS");
                    let (from_ours, to_ours) = tokio::io::split(ours);
                    let (from_theirs, to_theirs) = tokio::io::split(theirs);
                    let [out, back] = there;
                    tokio::join!(
                        pass(from_ours, to_theirs, &out),
                        pass(from_theirs, to_ours, &back)
                    );
                });
            }
        });
        Self {
            address,
            seen,
            _runtime: runtime,
        }
    }

    /// All that has gone through so far: each connection's both ways.
    pub(super) fn seen(&self) -> Vec<Vec<u8>> {
        let seen = self.seen.lock().expect("no panic");
        let copies = seen.iter().map(|one| one.lock().expect("no panic").clone());
        copies.collect()
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    seen: &Mutex<Vec<u8>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        seen.lock()
            .expect("no panic")
            .extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
