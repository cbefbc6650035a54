//! Attested blocks (1-entropy §1.3): a signed statement about where a block came from, tied to it
//! by an HMAC under a random key that only the recipient gets.
//!
//! The statement can be shown to anybody: without the key it says nothing about the block, not
//! even whether a guess at it is right. With block and key the recipient proves that the statement
//! is about these very bytes.

mod statement;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use photonbox_secret::SecretArray;
use sha2::Sha384;

pub use statement::{HealthCounters, Statement, StatementView};

/// Bytes of the HMAC-SHA-384 key and of its value.
pub const MAC_BYTES: usize = 48;
/// Longest signature that is taken: a P-384 signature has 96 bytes plain and at most 104 in DER.
pub const MAX_SIGNATURE_BYTES: usize = 512;
/// In front of what is signed, so that the identity key's signature here means nothing elsewhere.
const SIGNING_LABEL: &[u8] = b"photonbox attested block 1\0";
const MAGIC: [u8; 4] = *b"PBXT";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 9;

/// Why a block could not be attested or an attestation is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestError {
    /// Bytes that are no attestation or statement of this version.
    #[error(
        "these bytes are not an attestation of this version ({0}): get it again from the hub that made it"
    )]
    Malformed(&'static str),
    /// A field is too long to be encoded.
    #[error("a statement can't be made: {0}")]
    TooLong(&'static str),
    /// The identity key could not sign.
    #[error("the hub's identity key could not sign: {0}; check the state folder")]
    Signing(String),
    /// The signature is not the hub's.
    #[error(
        "the attestation's signature is wrong: do not trust the block; check which hub's certificate is used"
    )]
    Signature,
    /// The HMAC does not match block and key.
    #[error("the attestation is about another block: do not trust this one")]
    OtherBlock,
}

/// Signs with the hub's identity: ECDSA P-384 over SHA-384, implemented where the key is held.
pub trait Signer {
    /// Signs `message` (the signer hashes it).
    ///
    /// # Errors
    /// [`AttestError::Signing`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AttestError>;
}

/// Verifies signatures of one hub's identity.
pub trait Verifier {
    /// Checks `signature` over `message`.
    ///
    /// # Errors
    /// [`AttestError::Signature`].
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), AttestError>;
}

/// A statement as it was signed. Holds nothing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    statement: Vec<u8>,
    signature: Vec<u8>,
}

/// What a recipient gets beside the block itself.
pub struct AttestedBlock {
    /// The signed statement, for anybody.
    pub attestation: Attestation,
    /// The HMAC's key, for the recipient alone.
    pub key: SecretArray<MAC_BYTES>,
}

impl fmt::Debug for AttestedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttestedBlock")
            .field("attestation", &self.attestation)
            .finish_non_exhaustive()
    }
}

/// Signs a statement about `block`. `key` must be fresh random bytes, used for this block alone;
/// `statement`'s `mac` and `block_bytes` are filled in here.
///
/// # Errors
/// [`AttestError::TooLong`], [`AttestError::Signing`].
pub fn attest(
    mut statement: Statement,
    block: &[u8],
    key: SecretArray<MAC_BYTES>,
    signer: &dyn Signer,
) -> Result<AttestedBlock, AttestError> {
    statement.block_bytes =
        u32::try_from(block.len()).map_err(|_| AttestError::TooLong("the block is over 4 GiB"))?;
    statement.mac = mac(block, &key).finalize().into_bytes().into();
    let statement = statement.encode()?;
    let signature = signer.sign(&signed_message(&statement))?;
    if signature.is_empty() || signature.len() > MAX_SIGNATURE_BYTES {
        return Err(AttestError::Signing(format!(
            "a signature of {} bytes came back",
            signature.len()
        )));
    }
    Ok(AttestedBlock {
        attestation: Attestation {
            statement,
            signature,
        },
        key,
    })
}

fn mac(block: &[u8], key: &SecretArray<MAC_BYTES>) -> Hmac<Sha384> {
    let mut mac = match Hmac::<Sha384>::new_from_slice(key.as_slice()) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    };
    mac.update(block);
    mac
}

fn signed_message(statement: &[u8]) -> Vec<u8> {
    [SIGNING_LABEL, statement].concat()
}

impl Attestation {
    /// Checks the signature and reads the statement: for anybody who knows the hub.
    ///
    /// # Errors
    /// [`AttestError::Signature`], [`AttestError::Malformed`].
    pub fn verify(&self, verifier: &dyn Verifier) -> Result<Statement, AttestError> {
        verifier.verify(&signed_message(&self.statement), &self.signature)?;
        Statement::decode(&self.statement)
    }

    /// Checks signature, length and HMAC: for the recipient.
    ///
    /// # Errors
    /// As [`Attestation::verify`], and [`AttestError::OtherBlock`].
    pub fn verify_block(
        &self,
        block: &[u8],
        key: &SecretArray<MAC_BYTES>,
        verifier: &dyn Verifier,
    ) -> Result<Statement, AttestError> {
        let statement = self.verify(verifier)?;
        if usize::try_from(statement.block_bytes) != Ok(block.len()) {
            return Err(AttestError::OtherBlock);
        }
        mac(block, key)
            .verify_slice(&statement.mac)
            .map_err(|_| AttestError::OtherBlock)?;
        Ok(statement)
    }

    /// The statement without any check of its signature, to be shown as such.
    ///
    /// # Errors
    /// [`AttestError::Malformed`].
    pub fn unverified_statement(&self) -> Result<Statement, AttestError> {
        Statement::decode(&self.statement)
    }

    /// The encoded statement, byte for byte as it was signed.
    #[must_use]
    pub fn statement_bytes(&self) -> &[u8] {
        &self.statement
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Puts an attestation together from its two parts, as a channel carries them.
    ///
    /// # Errors
    /// [`AttestError::Malformed`] if one of them can't be what it should be.
    pub fn from_parts(statement: Vec<u8>, signature: Vec<u8>) -> Result<Self, AttestError> {
        Statement::decode(&statement)?;
        if signature.is_empty() || signature.len() > MAX_SIGNATURE_BYTES {
            return Err(AttestError::Malformed("the signature's length"));
        }
        Ok(Self {
            statement,
            signature,
        })
    }

    /// Encodes both: magic `PBXT`, version, length of the rest (u32), length of the statement
    /// (u32), statement, signature. Big-endian.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let rest = 4 + self.statement.len() + self.signature.len();
        let mut bytes = Vec::with_capacity(HEADER_BYTES + rest);
        bytes.extend_from_slice(&MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&(rest as u32).to_be_bytes());
        bytes.extend_from_slice(&(self.statement.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&self.statement);
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// Reads what [`Attestation::encode`] made, and nothing else.
    ///
    /// # Errors
    /// [`AttestError::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, AttestError> {
        let mut reader = statement::Reader::open(bytes, MAGIC, VERSION)?;
        let length = reader.u32()? as usize;
        let statement = reader.bytes(length)?.to_vec();
        let signature = reader.rest().to_vec();
        Self::from_parts(statement, signature)
    }
}

#[cfg(test)]
mod tests;
