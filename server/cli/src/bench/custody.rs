//! `custody.split.*`, `custody.combine.*`: keys of 32 bytes split among holders and put together again a second, on one thread. With the
//! feature `bench-peers` beside vsss-rs, which draws its coefficients from the same generator. Ours lie in memory that is locked and
//! wiped, the peer's in vectors.

use super::drbg::Generator;
use super::harness::{self, Effort, Measured};
use photonbox_channel::{ByteSource as _, Drawn};
use photonbox_custody::envelope::KEY;
use photonbox_custody::shamir::{self, Share};
use photonbox_secret::SecretBytes;
use std::hint::black_box;

/// Threshold, holders, and what the figures are called.
const SHARINGS: [(u8, u8, &str); 2] = [(3, 5, "3of5"), (16, 31, "16of31")];
/// Between two looks at the clock.
const AT_ONCE: u64 = 16;

/// One thing done again and again, a second.
fn rate(effort: Effort, mut once: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    harness::rate(effort.slice, || {
        (0..AT_ONCE).try_for_each(|_| once())?;
        Ok(AT_ONCE)
    })
}

/// Ours, beside the peer's where there is one.
fn beside(
    (kind, sharing): (&str, &str),
    effort: Effort,
    mut ours: impl FnMut() -> anyhow::Result<()>,
    peer: Option<impl FnMut() -> anyhow::Result<()>>,
) -> anyhow::Result<Measured> {
    let name = format!("custody.{kind}.{sharing}");
    let mut ours = || rate(effort, &mut ours);
    let Some(mut peer) = peer else {
        let value = harness::alone(effort.pairs, ours)?;
        return Ok(Measured::alone(&name, "1/s", value));
    };
    let medians = harness::pairs(effort.pairs, &mut ours, || rate(effort, &mut peer))?;
    let (value, baseline) = (medians.ours, medians.baseline);
    Ok(Measured::beside(&name, "1/s", value, baseline))
}

/// Measures them.
pub(crate) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let generator = Generator::new()?;
    let mut secret = SecretBytes::new_zeroed(KEY);
    generator.fill(secret.as_mut_slice())?;
    for (threshold, holders, sharing) in SHARINGS {
        measuring(&format!("custody.*.{sharing}"));
        let places: Vec<u8> = (1..=holders).collect();
        let split = || {
            let random = &mut Drawn(&generator);
            shamir::split(secret.as_slice(), threshold, &places, random)
        };
        let shares = split()?;
        // The last of them: of x = 1, 2 and 3 all weights would be 1.
        let enough: Vec<&Share> = shares.iter().rev().take(threshold.into()).collect();
        let combine = || shamir::combine(&enough, threshold);
        anyhow::ensure!(combine()? == secret, "our own shares give another key");
        let peer = peer::Peer::new(&generator, &secret, &enough)?;

        let ours = || {
            black_box(split()?);
            Ok(())
        };
        let theirs = peer.as_ref().map(|peer| {
            || {
                peer.split(threshold, holders)
                    .map(|shares| drop(black_box(shares)))
            }
        });
        results.push(beside(("split", sharing), effort, ours, theirs)?);
        let ours = || {
            black_box(combine()?);
            Ok(())
        };
        let theirs = peer
            .as_ref()
            .map(|peer| || peer.combine().map(|key| drop(black_box(key))));
        results.push(beside(("combine", sharing), effort, ours, theirs)?);
    }
    Ok(())
}

#[cfg(feature = "bench-peers")]
mod peer {
    use super::{Drawn, Generator, SecretBytes, Share};
    use rand_core::UnwrapErr;
    use vsss_rs::Gf256;

    /// The same key and shares in vsss-rs.
    pub(super) struct Peer<'a> {
        generator: &'a Generator,
        secret: &'a [u8],
        shares: Vec<Vec<u8>>,
    }

    impl<'a> Peer<'a> {
        /// Fails if the peer makes another key of our shares, or we of its.
        pub(super) fn new(
            generator: &'a Generator,
            secret: &'a SecretBytes,
            ours: &[&Share],
        ) -> anyhow::Result<Option<Self>> {
            let secret = secret.as_slice();
            // x, then the values.
            let shares = ours
                .iter()
                .map(|share| [&[share.x], share.y.as_slice()].concat());
            let peer = Self {
                generator,
                secret,
                shares: shares.collect(),
            };
            anyhow::ensure!(
                peer.combine()? == secret,
                "the peer vsss-rs gives another key"
            );
            let threshold = u8::try_from(ours.len())?;
            let theirs = peer.split(threshold, threshold)?;
            let theirs = theirs.iter().map(|share| {
                let (x, y) = share
                    .split_first()
                    .ok_or(anyhow::anyhow!("an empty share"))?;
                Ok(Share {
                    x: *x,
                    y: SecretBytes::from_slice(y),
                })
            });
            let theirs = theirs.collect::<anyhow::Result<Vec<_>>>()?;
            let key = super::shamir::combine(&theirs.iter().collect::<Vec<_>>(), threshold)?;
            anyhow::ensure!(
                key.as_slice() == secret,
                "shares of vsss-rs give another key"
            );
            Ok(Some(peer))
        }

        pub(super) fn split(&self, threshold: u8, holders: u8) -> anyhow::Result<Vec<Vec<u8>>> {
            let random = UnwrapErr(Drawn(self.generator));
            let shares = Gf256::split_bytes(threshold.into(), holders.into(), self.secret, random);
            shares.map_err(|error| anyhow::anyhow!("vsss-rs does not split: {error}"))
        }

        pub(super) fn combine(&self) -> anyhow::Result<Vec<u8>> {
            let key = Gf256::combine_bytes(&self.shares);
            key.map_err(|error| anyhow::anyhow!("vsss-rs does not combine: {error}"))
        }
    }
}

#[cfg(not(feature = "bench-peers"))]
mod peer {
    use super::{Generator, SecretBytes, Share};

    /// There is none without the feature.
    pub(super) enum Peer {}

    impl Peer {
        #[allow(clippy::unnecessary_wraps, reason = "the peer's own form can fail")]
        pub(super) fn new(
            _: &Generator,
            _: &SecretBytes,
            _: &[&Share],
        ) -> anyhow::Result<Option<Self>> {
            Ok(None)
        }

        pub(super) fn split(&self, _: u8, _: u8) -> anyhow::Result<Vec<Vec<u8>>> {
            match *self {}
        }

        pub(super) fn combine(&self) -> anyhow::Result<Vec<u8>> {
            match *self {}
        }
    }
}
