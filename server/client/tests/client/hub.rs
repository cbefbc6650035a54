//! A hub that says what a test wants, over mutual TLS.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use photonbox_channel::{ByteSource, CaCertificate, HttpTls, Identity, Role};
use photonbox_client::{Appliance, Credentials, OsRandom};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, SanType,
};
use rustls::time_provider::DefaultTimeProvider;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// `POST /v1/sets`.
    pub(crate) line: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is done about it.
pub(crate) enum Say {
    /// Status and body.
    Json(u16, Value),
    /// An answer of which so many bytes of the body are sent.
    Cut(usize),
    /// An answer without an end.
    Endless,
}

pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    certificate: CaCertificate,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let certificate = CaCertificate::from_der(&der).unwrap();
        Self {
            params,
            key,
            certificate,
        }
    }

    pub(crate) fn of(&self, role: Role, id: &str) -> Arc<Identity> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let uri = role.uri(id).as_str().try_into().unwrap();
        params.subject_alt_names.push(SanType::URI(uri));
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Arc::new(Identity::from_der(certificate.der(), &key.serialize_der()).unwrap())
    }
}

type Answers = Mutex<Box<dyn FnMut(&Asked) -> Say + Send>>;

/// The hub, and who asks it.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Answers>,
    pub(crate) folder: tempfile::TempDir,
    ca: Authority,
    pub(crate) source: Arc<dyn ByteSource>,
}

impl Scripted {
    /// As a hub of another CA, if that is wanted, and as somebody of this role.
    pub(crate) async fn new(
        other_ca: bool,
        role: Role,
        answer: impl FnMut(&Asked) -> Say + Send + 'static,
    ) -> Self {
        let ca = Authority::new();
        let shown = if other_ca {
            Authority::new().of(role, "hub")
        } else {
            ca.of(role, "hub")
        };
        let source = OsRandom::shared();
        let tls = HttpTls {
            identity: shown,
            ca: ca.certificate.clone(),
            roles: vec![Role::Host],
            source: Arc::clone(&source),
            clock: Arc::new(DefaultTimeProvider),
        };
        let tls = TlsAcceptor::from(tls.server().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Answers> = Arc::new(Mutex::new(Box::new(answer)));
        let (seen, script) = (Arc::clone(&asked), Arc::clone(&answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(
                    stream,
                    tls.clone(),
                    Arc::clone(&seen),
                    Arc::clone(&script),
                ));
            }
        });
        Self {
            address,
            asked,
            answers,
            folder: tempfile::tempdir().unwrap(),
            ca,
            source,
        }
    }

    /// It says something else from now on.
    pub(crate) fn says(&self, answer: impl FnMut(&Asked) -> Say + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(answer);
    }

    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// A new process of the appliance, as it were.
    pub(crate) fn appliance(&self) -> Appliance {
        self.appliance_of("host", self.folder.path())
    }

    /// An appliance of another host.
    pub(crate) fn appliance_of(&self, id: &str, folder: &Path) -> Appliance {
        let credentials = Credentials::of(self.ca.of(Role::Host, id), self.ca.certificate.clone());
        let hubs = vec![self.address.to_string()];
        Appliance::new(&credentials, hubs, folder, Arc::clone(&self.source)).unwrap()
    }
}

async fn serve(
    stream: TcpStream,
    tls: TlsAcceptor,
    seen: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Answers>,
) -> Option<()> {
    let mut stream = BufReader::new(tls.accept(stream).await.ok()?);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let field = |name: &str| {
            let fields = head.iter().filter_map(|line| line.split_once(": "));
            let mut found = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.to_owned())
        };
        let length = field("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let asked = Asked {
            line: head[0].trim_end_matches(" HTTP/1.1").to_owned(),
            key: field("idempotency-key"),
            body,
        };
        let say = (answers.lock().unwrap())(&asked);
        seen.lock().unwrap().push(asked);
        match say {
            Say::Json(status, body) => {
                let body = body.to_string();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all((head + &body).as_bytes()).await.ok()?;
                stream.flush().await.ok()?;
            }
            Say::Cut(bytes) => {
                let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", bytes + 1);
                stream.write_all(head.as_bytes()).await.ok()?;
                stream.write_all(&vec![b' '; bytes]).await.ok()?;
                stream.flush().await.ok()?;
                return None;
            }
            Say::Endless => {
                let head = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n";
                stream.write_all(head.as_bytes()).await.ok()?;
                loop {
                    stream.write_all(b"10000\r\n").await.ok()?;
                    stream.write_all(&[b' '; 65536]).await.ok()?;
                    stream.write_all(b"\r\n").await.ok()?;
                }
            }
        }
    }
}
