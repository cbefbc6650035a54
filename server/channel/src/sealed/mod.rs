//! `full` entropy through relays (spec 1-entropy §1.6): the hub seals to the final host, so that
//! no relay can read, make, alter, reorder or replay it.
//!
//! Steps (numbered as in `docs/protocol.md`): S1 the host signs a request with a fresh HPKE key and
//! a nonce; S2 the hub checks it, opens one HPKE context and signs the opening; S3 blocks follow in
//! the context's order; S4 both renew after N_s blocks or T_s seconds. For class `drbg` the same
//! signed request and opening run without a key: they attest origin and path, not secrecy.
//!
//! HPKE (RFC 9180): DHKEM(P-384, HKDF-SHA384), HKDF-SHA384, AES-256-GCM, base mode.
//!
//! Countermeasure T11 (`docs/threat-model.md`).

mod blocks;

use std::collections::BTreeMap;
use std::time::Duration;

use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use photonbox_hpke::{Aead, Dhkem, Kdf, with_random};
use zeroize::Zeroizing;

use crate::identity::{
    CaCertificate, Identity, IdentityError, PeerIdentity, Role, Usage, is_valid_id,
    verify_signature,
};
use crate::kx::POINT_LEN;
use crate::labels;
use crate::message::{
    Class, MAX_ID, MAX_PATH, MAX_PAYLOAD, MAX_SIGNED, Mode, encode_path, read_path,
};
use crate::source::{ByteSource, Drawn, SourceExhausted};
use crate::wire::{Malformed, Out, Reader, to_vec};

pub use self::blocks::{Attestation, OpenedBlock, Opener, Sealer};

const REQUEST_MAGIC: [u8; 4] = *b"PBSQ";
const OPENING_MAGIC: [u8; 4] = *b"PBSO";
const BLOCK_MAGIC: [u8; 4] = *b"PBSB";
const VERSION: u8 = 1;
/// Magic, version, length.
const PREFIX: usize = 9;
/// The longest certificate that a signed object carries.
const MAX_CERTIFICATE: usize = 4096;
/// How far a request's time may be from ours, in seconds.
pub const REQUEST_WINDOW: u64 = 300;
/// Requests remembered at once; more are refused rather than forgotten.
const MAX_REMEMBERED: usize = 1 << 16;

/// What is wrong with a signed request, an opening or a block. Nothing of it was used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Does not parse, or has an unknown magic or version.
    #[error("a sealed object is malformed ({0}); a relay altered it or runs another version")]
    Malformed(&'static str),
    /// Its signer's certificate or its signature is not good.
    #[error("a sealed object is not from whom it claims: {0}")]
    Identity(#[from] IdentityError),
    /// The request or opening is for someone else, or for another stream.
    #[error("a sealed object is for another {0}; a relay mixed up streams")]
    NotForUs(&'static str),
    /// The request is too old or from the future.
    #[error("a signed request is outside its {REQUEST_WINDOW} s window; set the clocks")]
    Stale,
    /// The request or block was seen before.
    #[error("a sealed object came twice; a relay replays")]
    Replayed,
    /// A block is missing before this one.
    #[error("a sealed block is missing or out of order; renew the stream")]
    Reordered,
    /// The block does not authenticate.
    #[error("a sealed block does not authenticate; a relay altered it")]
    BadTag,
    /// The path has a loop or is too long.
    #[error("the path of relays has a loop or more than {MAX_PATH} relays; check the parents")]
    Loop,
    /// N_s or T_s is reached: make a new request.
    #[error("the sealed stream is used up; renew it with a fresh request")]
    Renew,
    /// Too many requests in the window.
    #[error("too many signed requests within {REQUEST_WINDOW} s; try again later")]
    Busy,
    /// The payload is empty or too long.
    #[error("a sealed payload must be 1 to {MAX_PAYLOAD} bytes")]
    Size,
    /// No bytes for a key.
    #[error(transparent)]
    Source(#[from] SourceExhausted),
}

impl From<Malformed> for SealError {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Malformed(what)
    }
}

/// Magic, version and length in front of what `body` writes.
fn framed(magic: [u8; 4], body: impl Fn(&mut Out<'_>)) -> Vec<u8> {
    let inner = to_vec(body);
    to_vec(|out| {
        out.bytes(&magic);
        out.u8(VERSION);
        out.long(&inner);
    })
}

fn unframe(magic: [u8; 4], bytes: &[u8], max: usize) -> Result<&[u8], SealError> {
    let mut reader = Reader::new(bytes);
    if reader.array::<4>("magic")? != magic {
        return Err(SealError::Malformed("magic"));
    }
    if reader.u8("version")? != VERSION {
        return Err(SealError::Malformed("version"));
    }
    let inner = reader.long(max, "length")?;
    reader.end()?;
    Ok(inner)
}

/// Splits off the signature and checks it over label || everything before it. The certificate is
/// judged by the caller.
fn signed_part<'a>(
    inner: &'a [u8],
    label: &[u8],
    certificate: &[u8],
    signature_at: usize,
    signature: &[u8],
) -> Result<&'a [u8], SealError> {
    let part = inner
        .get(..signature_at)
        .ok_or(SealError::Malformed("signature"))?;
    verify_signature(certificate, &[label, part].concat(), signature)?;
    Ok(part)
}

fn sign_onto(
    identity: &Identity,
    label: &[u8],
    magic: [u8; 4],
    body: impl Fn(&mut Out<'_>),
) -> Result<Vec<u8>, SealError> {
    let part = to_vec(body);
    let signature = identity.sign(&[label, &part[..]].concat())?;
    Ok(framed(magic, |out| {
        out.bytes(&part);
        out.short(&signature);
    }))
}

/// Which stream of which host: what binds a request, its opening and its blocks together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamName {
    /// The final host's ID.
    pub host: String,
    /// The hub's ID.
    pub hub: String,
    /// The host's number for the stream.
    pub stream: u64,
    /// 0, then one more for each renewal.
    pub generation: u32,
}

impl StreamName {
    fn encode(&self, out: &mut Out<'_>) {
        out.short(self.host.as_bytes());
        out.short(self.hub.as_bytes());
        out.u64(self.stream);
        out.u32(self.generation);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SealError> {
        let name = Self {
            host: reader.text(MAX_ID, "host")?.to_owned(),
            hub: reader.text(MAX_ID, "hub")?.to_owned(),
            stream: reader.u64("stream")?,
            generation: reader.u32("generation")?,
        };
        if is_valid_id(&name.host) && is_valid_id(&name.hub) {
            Ok(name)
        } else {
            Err(SealError::Malformed("ID"))
        }
    }

    /// HPKE `info`: label, both IDs, stream, generation, nonce.
    fn info(&self, nonce: &[u8; 32]) -> Vec<u8> {
        to_vec(|out| {
            out.bytes(labels::SEAL);
            self.encode(out);
            out.bytes(nonce);
        })
    }
}

/// S1: what a host asks the hub for, through any relays, signed by its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The stream.
    pub name: StreamName,
    /// Fresh for each request.
    pub nonce: [u8; 32],
    /// When it was made, Unix seconds.
    pub time: u64,
    /// The class asked for.
    pub class: Class,
    /// How much and when.
    pub mode: Mode,
    /// Whether each block comes with a signed statement.
    pub attested: bool,
    /// The fresh HPKE public key (class `full` only).
    key: Option<[u8; POINT_LEN]>,
    /// Who signed, verified by [`SignedRequest::verify`].
    pub signer: PeerIdentity,
}

/// The host's secret side of a request that is not answered yet.
pub struct PendingStream {
    name: StreamName,
    nonce: [u8; 32],
    class: Class,
    key: Option<<Dhkem as Kem>::PrivateKey>,
}

/// What a host asks for, before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The class.
    pub class: Class,
    /// How much and when.
    pub mode: Mode,
    /// With signed statements.
    pub attested: bool,
}

/// S1: makes and signs a request. The bytes go into [`crate::Request::signed`].
///
/// # Errors
/// [`SealError::Source`], or [`SealError::Identity`] when signing fails.
pub fn request(
    identity: &Identity,
    hub: &str,
    stream: u64,
    generation: u32,
    ask: Ask,
    source: &dyn ByteSource,
    unix_seconds: u64,
) -> Result<(Vec<u8>, PendingStream), SealError> {
    let name = StreamName {
        host: identity.id().to_owned(),
        hub: hub.to_owned(),
        stream,
        generation,
    };
    let mut nonce = [0; 32];
    source.fill(&mut nonce)?;
    let pair = match ask.class {
        Class::Full => {
            let mut ikm = Zeroizing::new([0_u8; 48]);
            source.fill(&mut ikm[..])?;
            Some(Dhkem::derive_keypair(&ikm[..]))
        }
        Class::Drbg => None,
    };
    let certificate = &identity.public().certificate;
    let bytes = sign_onto(identity, labels::SIGN_REQUEST, REQUEST_MAGIC, |out| {
        name.encode(out);
        out.bytes(&nonce);
        out.u64(unix_seconds);
        out.u8(ask.class.code());
        ask.mode.encode(out);
        out.u8(u8::from(ask.attested));
        match &pair {
            Some((_, public)) => out.short(&public.to_bytes()),
            None => out.short(&[]),
        }
        out.short(certificate);
    })?;
    let pending = PendingStream {
        name,
        nonce,
        class: ask.class,
        key: pair.map(|(private, _)| private),
    };
    Ok((bytes, pending))
}

/// Remembers requests within their time window, so that a relay cannot replay one.
#[derive(Debug, Default)]
pub struct ReplayGuard {
    seen: BTreeMap<(u64, [u8; 32]), ()>,
}

impl ReplayGuard {
    fn admit(&mut self, nonce: [u8; 32], time: u64, now: u64) -> Result<(), SealError> {
        if now.abs_diff(time) > REQUEST_WINDOW {
            return Err(SealError::Stale);
        }
        // What is out of the window is refused by its time and need not be remembered.
        let oldest = now.saturating_sub(REQUEST_WINDOW);
        self.seen = self.seen.split_off(&(oldest, [0; 32]));
        if self.seen.contains_key(&(time, nonce)) {
            return Err(SealError::Replayed);
        }
        if self.seen.len() >= MAX_REMEMBERED {
            return Err(SealError::Busy);
        }
        self.seen.insert((time, nonce), ());
        Ok(())
    }
}

impl SignedRequest {
    /// S2, first half: the hub checks a request that came through `path` (the final host first).
    ///
    /// # Errors
    /// [`SealError`], which says what does not fit; the hub then answers
    /// [`crate::RefusalCode::BadSignature`] or [`crate::RefusalCode::Loop`].
    pub fn verify(
        bytes: &[u8],
        ca: &CaCertificate,
        hub: &str,
        path: &[&str],
        guard: &mut ReplayGuard,
        unix_seconds: u64,
    ) -> Result<Self, SealError> {
        let inner = unframe(REQUEST_MAGIC, bytes, MAX_SIGNED)?;
        let mut reader = Reader::new(inner);
        let name = StreamName::read(&mut reader)?;
        let nonce = reader.array("nonce")?;
        let time = reader.u64("time")?;
        let class = Class::read(&mut reader)?;
        let mode = Mode::read(&mut reader)?;
        let attested = reader.flag("attested")?;
        let key = match reader.short(POINT_LEN, "HPKE key")? {
            [] => None,
            key => Some(
                key.try_into()
                    .map_err(|_| SealError::Malformed("HPKE key"))?,
            ),
        };
        let certificate = reader.short(MAX_CERTIFICATE, "certificate")?;
        let mut end = reader.clone();
        let signature_at = inner.len() - end.remainder().len();
        let signature = reader.short(256, "signature")?;
        reader.end()?;
        let signer = ca.verify(certificate, Usage::Client, &[Role::Host], unix_seconds)?;
        signed_part(
            inner,
            labels::SIGN_REQUEST,
            certificate,
            signature_at,
            signature,
        )?;
        if signer.id != name.host {
            return Err(SealError::NotForUs("host"));
        }
        if name.hub != hub {
            return Err(SealError::NotForUs("hub"));
        }
        if (class == Class::Full) != key.is_some() {
            return Err(SealError::Malformed("HPKE key"));
        }
        check_path(path, hub)?;
        if path.first().copied() != Some(name.host.as_str()) {
            return Err(SealError::NotForUs("path"));
        }
        guard.admit(nonce, time, unix_seconds)?;
        Ok(Self {
            name,
            nonce,
            time,
            class,
            mode,
            attested,
            key,
            signer,
        })
    }
}

/// Refuses a path (final host first, then relays) that holds an ID twice, holds `own`, or is too
/// long. Relays call it before they add themselves.
///
/// # Errors
/// [`SealError::Loop`].
pub fn check_path(path: &[&str], own: &str) -> Result<(), SealError> {
    let looped = path
        .iter()
        .enumerate()
        .any(|(i, id)| *id == own || path[..i].contains(id));
    if path.is_empty() || path.len() > MAX_PATH + 1 || looped {
        return Err(SealError::Loop);
    }
    Ok(())
}

/// N_s and T_s of a sealed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Blocks.
    pub blocks: u32,
    /// Seconds.
    pub seconds: u32,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            blocks: 4096,
            seconds: 3600,
        }
    }
}

/// S2, second half: opens the HPKE context and signs the opening. The bytes go back in
/// [`crate::Message::Opening`]; the sealer is `None` for class `drbg`.
///
/// # Errors
/// [`SealError::Source`], [`SealError::Malformed`] for a key that is no point, or a failure to
/// sign.
pub fn answer(
    identity: &Identity,
    request: &SignedRequest,
    path: &[&str],
    limits: StreamLimits,
    source: &dyn ByteSource,
    now: Duration,
) -> Result<(Vec<u8>, Option<Sealer>), SealError> {
    let info = request.name.info(&request.nonce);
    let context = match &request.key {
        Some(key) => {
            let key = <Dhkem as Kem>::PublicKey::from_bytes(key)
                .map_err(|_| SealError::Malformed("HPKE key"))?;
            let made = with_random(&mut Drawn(source), |random| {
                hpke::setup_sender_with_rng::<Aead, Kdf, Dhkem>(&OpModeS::Base, &key, &info, random)
            });
            let made = made.map_err(|_| SourceExhausted)?;
            Some(made.map_err(|_| SealError::Malformed("HPKE key"))?)
        }
        None => None,
    };
    let enc = context.as_ref().map(|(enc, _)| enc.to_bytes());
    let certificate = &identity.public().certificate;
    let opening = sign_onto(identity, labels::SIGN_OPENING, OPENING_MAGIC, |out| {
        out.short(&info);
        out.u8(request.class.code());
        out.u32(limits.blocks);
        out.u32(limits.seconds);
        encode_path(path, out);
        match &enc {
            Some(enc) => out.short(enc),
            None => out.short(&[]),
        }
        out.short(certificate);
    })?;
    let sealer = context.map(|(_, context)| Sealer {
        context,
        stream: request.name.stream,
        generation: request.name.generation,
        next: 0,
        limits,
        opened: now,
    });
    Ok((opening, sealer))
}

/// The hub's signed answer, as the host verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOpening {
    /// The stream.
    pub name: StreamName,
    /// The class that is served.
    pub class: Class,
    /// The final host first, then each relay: what the hub saw.
    pub path: Vec<String>,
    /// N_s and T_s.
    pub limits: StreamLimits,
    /// The hub that signed, verified: the one whose signature attested blocks carry.
    pub signer: PeerIdentity,
}

impl SignedOpening {
    /// Relays between the hub and the host.
    #[must_use]
    pub fn hops(&self) -> u8 {
        self.path.len().saturating_sub(1).min(255) as u8
    }
}

impl PendingStream {
    /// S2 at the host: checks the hub's signed opening. The opener is `None` for class `drbg`.
    ///
    /// # Errors
    /// [`SealError`]; the pending stream is used up, make a new request.
    pub fn open(
        self,
        opening: &[u8],
        ca: &CaCertificate,
        unix_seconds: u64,
    ) -> Result<(SignedOpening, Option<Opener>), SealError> {
        let inner = unframe(OPENING_MAGIC, opening, MAX_SIGNED)?;
        let mut reader = Reader::new(inner);
        let info = reader.short(512, "info")?;
        let class = Class::read(&mut reader)?;
        let limits = StreamLimits {
            blocks: reader.u32("N_s")?,
            seconds: reader.u32("T_s")?,
        };
        let path = read_path(&mut reader)?;
        let enc = reader.short(POINT_LEN, "enc")?;
        let certificate = reader.short(MAX_CERTIFICATE, "certificate")?;
        let mut end = reader.clone();
        let signature_at = inner.len() - end.remainder().len();
        let signature = reader.short(256, "signature")?;
        reader.end()?;
        let signer = ca.verify(certificate, Usage::Server, &[Role::Hub], unix_seconds)?;
        signed_part(
            inner,
            labels::SIGN_OPENING,
            certificate,
            signature_at,
            signature,
        )?;
        if signer.id != self.name.hub {
            return Err(SealError::NotForUs("hub"));
        }
        if info != self.name.info(&self.nonce) || class != self.class {
            return Err(SealError::NotForUs("stream"));
        }
        check_path(&path, &self.name.hub)?;
        if path.first().copied() != Some(self.name.host.as_str()) {
            return Err(SealError::NotForUs("path"));
        }
        let opener = match self.key {
            Some(key) => {
                let enc = <Dhkem as Kem>::EncappedKey::from_bytes(enc)
                    .map_err(|_| SealError::Malformed("enc"))?;
                let context =
                    hpke::setup_receiver::<Aead, Kdf, Dhkem>(&OpModeR::Base, &key, &enc, info)
                        .map_err(|_| SealError::Malformed("enc"))?;
                Some(Opener {
                    context,
                    stream: self.name.stream,
                    generation: self.name.generation,
                    next: 0,
                })
            }
            None if enc.is_empty() => None,
            None => return Err(SealError::Malformed("enc")),
        };
        let opening = SignedOpening {
            name: self.name,
            class,
            path: path.into_iter().map(str::to_owned).collect(),
            limits,
            signer,
        };
        Ok((opening, opener))
    }
}
