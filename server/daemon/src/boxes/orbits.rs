//! Computing: orbits by the card or, where it cannot, by the processor; boxes of an orbit's session keys.

use std::sync::Arc;

use photonbox_driver::Card;
use photonbox_keybox::cpu::Cpu;
use photonbox_keybox::{Engine, Error, IpKey, KEY_BYTES, Parameters, Position, derive};
use photonbox_secret::{SecretArray, SecretBytes};

use crate::CardEngine;

/// Session keys of all boxes, the first box first.
pub(super) struct Computed {
    pub(super) boxes: Vec<SecretBytes>,
    pub(super) engine: &'static str,
}

/// What computes orbits here.
#[derive(Clone)]
pub(super) struct Engines {
    pub(super) card: Option<Arc<Card>>,
}

impl Engines {
    /// An orbit. What the card can't compute, for its size or because it is busy or in trouble, the processor does: the
    /// bits are the same.
    ///
    /// # Errors
    /// [`Error::Weak`]: another IP key is needed.
    pub(super) fn orbit(&self, ip_key: &IpKey, parameters: Parameters) -> Result<Computed, Error> {
        if let Some(card) = &self.card {
            match compute(&mut CardEngine::new(Arc::clone(card)), ip_key, parameters) {
                Ok(computed) => return Ok(computed),
                Err(error @ Error::Weak { .. }) => return Err(error),
                Err(error) => {
                    tracing::info!(%error, "the card gave no orbit: the processor computes it");
                }
            }
        }
        compute(&mut Cpu::new(), ip_key, parameters)
    }
}

fn compute(
    engine: &mut dyn Engine,
    ip_key: &IpKey,
    parameters: Parameters,
) -> Result<Computed, Error> {
    let length = parameters.keys() as usize * KEY_BYTES;
    let mut boxes: Vec<SecretBytes> = Vec::with_capacity(parameters.boxes() as usize);
    engine.orbit(ip_key, parameters, &mut |at, key| {
        if at.j == 1 {
            boxes.push(SecretBytes::new_zeroed(length));
        }
        let keys = boxes.last_mut().map(|last| last.as_mut_slice());
        if let Some(place) = keys.and_then(|keys| keys.as_chunks_mut().0.get_mut(at.j as usize - 1))
        {
            *place = *key;
        }
    })?;
    if boxes.len() == parameters.boxes() as usize {
        let engine = engine.name();
        return Ok(Computed { boxes, engine });
    }
    Err(Error::Engine(format!(
        "{} gave {} boxes of {}; look at its log",
        engine.name(),
        boxes.len(),
        parameters.boxes()
    )))
}

/// K(i, 1), K(i, 2), … of a box's session keys, which the caller then lets go.
pub(super) fn derive_box(
    salt: &SecretArray<32>,
    number: u32,
    parameters: Parameters,
    session_keys: &SecretBytes,
) -> SecretBytes {
    let mut keys = SecretBytes::new_zeroed(session_keys.len());
    let (places, _) = keys.as_mut_slice().as_chunks_mut::<KEY_BYTES>();
    let (session_keys, _) = session_keys.as_slice().as_chunks::<KEY_BYTES>();
    for ((place, session_key), j) in places.iter_mut().zip(session_keys).zip(1..) {
        let n = (number - 1) * parameters.keys() + j;
        let key = derive::key(salt, session_key, Position { n, i: number, j });
        place.copy_from_slice(key.as_slice());
    }
    keys
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use photonbox_keybox::{Orbit, Reference};

    /// Boxes as the hub makes them are those of the definition, box by box and key by key.
    #[test]
    fn boxes_are_those_of_the_orbit() {
        let ip_key = IpKey::parse(&[b'3'; 64]).unwrap();
        let parameters = Parameters::new(4, 3, 5).unwrap();
        let by_hub = Engines { card: None }.orbit(&ip_key, parameters).unwrap();
        assert_eq!((by_hub.engine, by_hub.boxes.len()), ("cpu", 3));
        let reference = compute(&mut Reference, &ip_key, parameters).unwrap();
        let salt = SecretArray::from_array([7; 32]);
        let mut orbit = Orbit::new(&ip_key, 4).unwrap();
        for (number, (keys, same)) in (1..).zip(by_hub.boxes.iter().zip(&reference.boxes)) {
            assert_eq!(keys, same);
            let derived = derive_box(&salt, number, parameters, keys);
            for j in 1..=5 {
                orbit.step().unwrap();
                let at = parameters.position(number, j).unwrap();
                let key = derive::key(&salt, &orbit.session_key(), at);
                let from = 32 * (j as usize - 1);
                assert_eq!(&derived.as_slice()[from..from + 32], key.as_slice());
            }
        }
    }
}
