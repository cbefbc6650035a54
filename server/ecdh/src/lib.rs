//! P-384 key pairs whose scalar the caller draws: one multiplication to make, one to agree, and 48 bytes in locked
//! memory to keep.
//!
//! `aws-lc-rs` makes keys from its own generator only, or checks a given scalar by a second multiplication; and it keeps
//! private keys in memory that is not locked. This crate calls the same arithmetic of `aws-lc` (constant time, result
//! checked to be on the curve) by way of its C interface, and nothing else (`docs/decisions/0016-ecdh.md`).
//!
//! Countermeasures T5, T13 (`docs/threat-model.md`).

use std::ptr::{self, NonNull};

use aws_lc_sys as c;
use photonbox_secret::SecretArray;

/// Length of an uncompressed point: 4, x, y (SEC 1 §2.3.3).
pub const POINT_LEN: usize = 97;
/// Length of a scalar, and of an x-coordinate.
pub const FIELD_LEN: usize = 48;
/// More than any call below leaves on the stack.
const STACK: usize = 32 * 1024;

/// Why there is no key or no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EcdhError {
    /// Not a point of P-384 in its uncompressed form.
    #[error("not an uncompressed point of P-384; the other side is broken or hostile")]
    BadPoint,
    /// The scalar is 0 modulo the order.
    #[error("the scalar is zero; draw another")]
    BadScalar,
    /// There was no memory for the calculation.
    #[error("no memory for a P-384 calculation; free some")]
    NoMemory,
}

/// A secret number of the library's; wiped when freed.
struct Number(NonNull<c::BIGNUM>);

impl Number {
    fn of(bytes: &[u8; FIELD_LEN]) -> Result<Self, EcdhError> {
        // SAFETY: reads FIELD_LEN bytes from a live array and gives a fresh number, or null.
        let number = unsafe { c::BN_bin2bn(bytes.as_ptr(), FIELD_LEN, ptr::null_mut()) };
        NonNull::new(number).map(Self).ok_or(EcdhError::NoMemory)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: made by BN_bin2bn, owned by this struct alone, and freed once.
        unsafe { c::BN_clear_free(self.0.as_ptr()) };
    }
}

/// A point of the library's; wiped when freed, since it may be a shared secret.
struct Point(NonNull<c::EC_POINT>);

impl Point {
    fn new() -> Result<Self, EcdhError> {
        // SAFETY: takes the group that `group` vouches for and gives a fresh point, or null.
        let point = unsafe { c::EC_POINT_new(group()) };
        NonNull::new(point).map(Self).ok_or(EcdhError::NoMemory)
    }

    /// Decodes a point; the library checks that it is on the curve. P-384 has no other subgroup (cofactor 1).
    fn decode(bytes: &[u8]) -> Result<Self, EcdhError> {
        if bytes.len() != POINT_LEN || bytes.first() != Some(&4) {
            return Err(EcdhError::BadPoint);
        }
        let point = Self::new()?;
        // SAFETY: group and point live; reads the slice's own length; no context is needed.
        let done = unsafe {
            c::EC_POINT_oct2point(
                group(),
                point.0.as_ptr(),
                bytes.as_ptr(),
                bytes.len(),
                ptr::null_mut(),
            )
        };
        if done == 1 {
            Ok(point)
        } else {
            forget_errors();
            Err(EcdhError::BadPoint)
        }
    }

    /// `scalar` times the generator, or times `of`.
    fn product(scalar: &SecretArray<FIELD_LEN>, of: Option<&Self>) -> Result<Self, EcdhError> {
        let number = Number::of(scalar.as_array())?;
        let result = Self::new()?;
        let number = number.0.as_ptr().cast_const();
        let (n, q, m) = match of {
            None => (number, ptr::null(), ptr::null()),
            Some(point) => (ptr::null(), point.0.as_ptr().cast_const(), number),
        };
        // SAFETY: every pointer is null where the interface allows it, or lives until the end of this function.
        let done = unsafe { c::EC_POINT_mul(group(), result.0.as_ptr(), n, q, m, ptr::null_mut()) };
        if done == 1 {
            Ok(result)
        } else {
            forget_errors();
            Err(EcdhError::NoMemory)
        }
    }

    /// The uncompressed form; fails for the point at infinity.
    fn encode(&self, bytes: &mut [u8; POINT_LEN]) -> Result<(), EcdhError> {
        // SAFETY: group and point live; writes at most the array's length.
        let written = unsafe {
            c::EC_POINT_point2oct(
                group(),
                self.0.as_ptr(),
                c::point_conversion_form_t::POINT_CONVERSION_UNCOMPRESSED,
                bytes.as_mut_ptr(),
                bytes.len(),
                ptr::null_mut(),
            )
        };
        if written == POINT_LEN {
            Ok(())
        } else {
            forget_errors();
            Err(EcdhError::BadScalar)
        }
    }
}

impl Drop for Point {
    fn drop(&mut self) {
        // SAFETY: made by EC_POINT_new, owned by this struct alone, and freed once.
        unsafe { c::EC_POINT_clear_free(self.0.as_ptr()) };
    }
}

/// The curve.
fn group() -> *const c::EC_GROUP {
    // SAFETY: gives a constant of the library's that lives for ever.
    unsafe { c::EC_group_p384() }
}

/// Empties the library's list of errors of this thread: what went wrong is told by our own.
fn forget_errors() {
    // SAFETY: takes nothing and touches this thread's list only.
    unsafe { c::ERR_clear_error() };
}

/// Overwrites the part of the stack that a call before has used: the library's scalars lie there.
#[inline(never)]
fn scrub() {
    let mut used = [0_u8; STACK];
    photonbox_secret::wipe(&mut used);
}

/// A key pair, used once.
pub struct KeyPair {
    scalar: SecretArray<FIELD_LEN>,
    public: [u8; POINT_LEN],
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair")
    }
}

impl KeyPair {
    /// The key pair of a scalar (big-endian), which should be uniform in 1 … n − 1.
    ///
    /// # Errors
    /// [`EcdhError::BadScalar`] for a multiple of the order, [`EcdhError::NoMemory`].
    pub fn of_scalar(scalar: SecretArray<FIELD_LEN>) -> Result<Self, EcdhError> {
        let mut public = [0; POINT_LEN];
        let encoded = Point::product(&scalar, None).and_then(|point| point.encode(&mut public));
        scrub();
        encoded.map(|()| Self { scalar, public })
    }

    /// The uncompressed point.
    #[must_use]
    pub fn public(&self) -> &[u8; POINT_LEN] {
        &self.public
    }

    /// The x-coordinate of the shared point (SP 800-56A §5.7.1.2). The key is used up.
    ///
    /// # Errors
    /// [`EcdhError::BadPoint`] unless `peer` is an uncompressed point of the curve, [`EcdhError::NoMemory`].
    pub fn agree(self, peer: &[u8]) -> Result<SecretArray<FIELD_LEN>, EcdhError> {
        let agreed = Point::decode(peer).and_then(|peer| {
            let shared = Point::product(&self.scalar, Some(&peer))?;
            let mut encoded = SecretArray::<POINT_LEN>::new_zeroed();
            shared.encode(encoded.as_mut_array())?;
            let mut x = SecretArray::new_zeroed();
            x.as_mut_slice()
                .copy_from_slice(&encoded.as_slice()[1..=FIELD_LEN]);
            Ok(x)
        });
        scrub();
        agreed
    }
}
