//! `ecdh.p384`: how many pairs of key generation and agreement one thread, and all cores, do.

use super::harness;
use anyhow::{Context as _, anyhow};
use aws_lc_rs::agreement::{self, ECDH_P384, PrivateKey, UnparsedPublicKey};
use std::time::Duration;

/// One key generation and one agreement with a fixed peer.
fn once(peer: &[u8]) -> anyhow::Result<()> {
    let ours = PrivateKey::generate(&ECDH_P384).map_err(|_| anyhow!("cannot make a P-384 key"))?;
    let public = ours
        .compute_public_key()
        .map_err(|_| anyhow!("cannot compute a P-384 public key"))?;
    std::hint::black_box(public.as_ref());
    agreement::agree(
        &ours,
        UnparsedPublicKey::new(&ECDH_P384, peer),
        anyhow!("P-384 agreement failed"),
        |secret| {
            std::hint::black_box(secret);
            Ok(())
        },
    )
}

fn peer() -> anyhow::Result<Vec<u8>> {
    let key = PrivateKey::generate(&ECDH_P384).map_err(|_| anyhow!("cannot make a P-384 key"))?;
    let public = key
        .compute_public_key()
        .map_err(|_| anyhow!("cannot compute a P-384 public key"))?;
    Ok(public.as_ref().to_vec())
}

/// Key generation and agreement per second on the calling thread.
pub(crate) fn one_thread(slice: Duration) -> anyhow::Result<f64> {
    let peer = peer()?;
    harness::rate(slice, || once(&peer).map(|()| 1))
}

/// The same on all cores at once, one pinned thread each.
pub(crate) fn all_cores(slice: Duration) -> anyhow::Result<f64> {
    let rates = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..harness::cores())
            .map(|core| {
                scope.spawn(move || {
                    harness::pin(core);
                    one_thread(slice)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|t| {
                t.join()
                    .map_err(|_| anyhow!("a measuring thread panicked"))?
            })
            .collect::<anyhow::Result<Vec<f64>>>()
    })
    .context("measuring P-384 on all cores")?;
    Ok(rates.iter().sum())
}
