//! Attested blocks at the host: each block comes with the hub's signed statement about where it came
//! from (`1-entropy` §1.3). A block whose statement does not verify is never delivered.
//!
//! The directory holds `statements.jsonl` (one line each, for people), `attestations.bin` (statement
//! and signature one after another, each `PBXT`: to be shown to anybody who has the hub's
//! certificate), `keys.bin` (the HMAC keys, `PBXK`, mode 0600: with key and block the recipient, and
//! nobody else, proves that a statement is about that block) and the hub's certificates, DER.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use photonbox_channel::message::Provenance;
use photonbox_channel::{CaCertificate, IdentityError, Role, Usage};
use photonbox_entropy::attest::{AttestError, Attestation, MAC_BYTES, Verifier};
use photonbox_entropy::provenance::Class as PoolClass;
use photonbox_secret::SecretArray;
use serde_json::json;

use crate::options::Class;
use crate::source::on_the_wire;
use crate::{Error, Result, os, pki};

const KEY_MAGIC: [u8; 4] = *b"PBXK";
const KEY_VERSION: u8 = 1;

/// The hub's certificate as the verifier of its statements.
struct HubCertificate<'a>(&'a [u8]);

impl Verifier for HubCertificate<'_> {
    fn verify(&self, message: &[u8], signature: &[u8]) -> std::result::Result<(), AttestError> {
        photonbox_channel::verify_signature(self.0, message, signature)
            .map_err(|_| AttestError::Signature)
    }
}

/// What came beside a block.
pub(crate) struct Shown<'a> {
    pub(crate) statement: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) signature: &'a [u8],
}

/// What a statement must be about.
pub(crate) struct Expected<'a> {
    /// Name of the sink, for the line.
    pub(crate) sink: &'a str,
    /// The hub that enrolled us.
    pub(crate) hub: &'a str,
    pub(crate) class: Class,
    /// The labels that the delivery itself carries.
    pub(crate) provenance: Provenance,
    /// The hub's certificate, DER.
    pub(crate) certificate: &'a [u8],
}

struct Files {
    lines: File,
    attestations: File,
    keys: File,
    /// Length of `attestations`.
    offset: u64,
    known_certificates: Vec<[u8; 32]>,
}

/// The directory of statements; all sinks of a host share it.
#[derive(Clone)]
pub(crate) struct Statements {
    directory: PathBuf,
    ca: CaCertificate,
    files: Arc<Mutex<Files>>,
}

fn refused(what: impl std::fmt::Display) -> Error {
    Error::failed(
        format!("a block's attestation is not good: {what}"),
        "do not use the block (it was not delivered); ask the hub's operator",
    )
}

impl Statements {
    /// Makes the directory where it is missing; what is in it stays.
    ///
    /// # Errors
    /// A directory that cannot be written.
    pub(crate) fn open(directory: &Path, ca: CaCertificate) -> Result<Self> {
        let append = |name: &str, mode: u32| {
            let mut options = OpenOptions::new();
            options.append(true).create(true).mode(mode);
            options.open(directory.join(name))
        };
        let files = || -> io::Result<Files> {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true).mode(0o700).create(directory)?;
            let attestations = append("attestations.bin", 0o644)?;
            Ok(Files {
                lines: append("statements.jsonl", 0o644)?,
                keys: append("keys.bin", 0o600)?,
                offset: attestations.metadata()?.len(),
                attestations,
                known_certificates: Vec::new(),
            })
        };
        match files() {
            Ok(files) => Ok(Self {
                directory: directory.to_owned(),
                ca,
                files: Arc::new(Mutex::new(files)),
            }),
            Err(error) => Err(Error::failed(
                format!(
                    "cannot write statements to {}: {error}",
                    directory.display()
                ),
                "give --attest a directory that you may write",
            )),
        }
    }

    /// Verifies the statement about `block`, then writes it down.
    ///
    /// # Errors
    /// Whatever does not fit: the block must not be used then.
    pub(crate) fn take(
        &self,
        block: &[u8],
        shown: &Shown<'_>,
        expected: &Expected<'_>,
    ) -> Result<()> {
        let attestation =
            Attestation::from_parts(shown.statement.to_vec(), shown.signature.to_vec())
                .map_err(refused)?;
        let key = SecretArray::<MAC_BYTES>::from_slice(shown.key)
            .map_err(|_| refused("its key has a wrong length"))?;
        let statement = attestation
            .verify_block(block, &key, &HubCertificate(expected.certificate))
            .map_err(refused)?;
        // The channel or opening that brought the certificate has verified it; a hub that renews goes on signing with the
        // old one for what was begun under it, and that was good when it was said.
        let verify = |at| {
            self.ca
                .verify(expected.certificate, Usage::Server, &[Role::Hub], at)
        };
        let signer = match verify(os::unix_now()) {
            Err(IdentityError::Expired) => verify(statement.unix_ms / 1000),
            judged => judged,
        };
        let signer =
            signer.map_err(|error| refused(format!("the signer's certificate: {error}")))?;
        if statement.hub != expected.hub || signer.id != expected.hub {
            return Err(refused(format!(
                "it is by `{}`, and `{}` enrolled this host",
                statement.hub, expected.hub
            )));
        }
        let class = match statement.class {
            PoolClass::Full => Class::Full,
            PoolClass::Drbg => Class::Drbg,
        };
        if class != expected.class {
            return Err(refused(format!("it is about class {class}")));
        }
        if on_the_wire(statement.origin.provenance) != expected.provenance {
            return Err(refused("its labels are not those of the block"));
        }
        let view = serde_json::to_value(statement.view()).map_err(refused)?;
        self.write(&attestation, &key, view, expected)
            .map_err(|error| {
                Error::failed(
                    format!(
                        "cannot write a statement to {}: {error}",
                        self.directory.display()
                    ),
                    "check free space and permissions",
                )
            })
    }

    fn write(
        &self,
        attestation: &Attestation,
        key: &SecretArray<MAC_BYTES>,
        mut line: serde_json::Value,
        expected: &Expected<'_>,
    ) -> io::Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let fingerprint = pki::fingerprint(expected.certificate);
        let name = format!("hub-{}.der", &pki::hex(&fingerprint)[..16]);
        if !files.known_certificates.contains(&fingerprint) {
            std::fs::write(self.directory.join(&name), expected.certificate)?;
            files.known_certificates.push(fingerprint);
        }
        let encoded = attestation.encode();
        line["sink"] = json!(expected.sink);
        line["certificate"] = json!(name);
        line["offset"] = json!(files.offset);
        line["length"] = json!(encoded.len());
        let mut stored = Vec::with_capacity(9 + MAC_BYTES);
        stored.extend_from_slice(&KEY_MAGIC);
        stored.push(KEY_VERSION);
        stored.extend_from_slice(&(MAC_BYTES as u32).to_be_bytes());
        stored.extend_from_slice(key.as_slice());
        let kept = files.keys.write_all(&stored);
        photonbox_secret::wipe(&mut stored);
        kept?;
        files.attestations.write_all(&encoded)?;
        files.offset += encoded.len() as u64;
        // Last: a line is there only when all it names is.
        files.lines.write_all(format!("{line}\n").as_bytes())
    }
}

#[cfg(test)]
#[path = "attest_tests.rs"]
mod tests;
