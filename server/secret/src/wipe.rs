//! Wiping that the optimiser may not remove and that runs at memory speed.

/// Overwrites `bytes` with zeros, however dead the compiler thinks they are.
///
/// `zeroize` does this with one volatile store a byte; blocks of 64 KiB are wiped for each
/// delivery, so the C library's `explicit_bzero` (a vectorised store that may not be elided) is
/// used instead.
pub fn wipe(bytes: &mut [u8]) {
    // SAFETY: the pointer and length come from one exclusive slice, and zero is a valid u8.
    unsafe { libc::explicit_bzero(bytes.as_mut_ptr().cast(), bytes.len()) }
}

#[cfg(test)]
mod tests {
    use super::wipe;

    #[test]
    fn wipes_exactly_the_slice() {
        let mut block = [0xa5u8; 300];
        wipe(&mut block[1..299]);
        assert_eq!(block[0], 0xa5);
        assert_eq!(block[299], 0xa5);
        assert!(block[1..299].iter().all(|&byte| byte == 0));
        wipe(&mut []);
    }
}
