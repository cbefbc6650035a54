//! The card's form of the key-box engine: `photonbox-keybox` defines it, the driver does it.

use crate::card::card_failed;
use photonbox_driver::{Card, KeyboxJob};
use photonbox_keybox::{Engine, Error, IpKey, KEY_BYTES, Parameters, Position};
use std::sync::Arc;

/// The engine of an opened card.
pub struct CardEngine(Arc<Card>);

impl CardEngine {
    /// The engine of `card`.
    pub fn new(card: Arc<Card>) -> Self {
        Self(card)
    }
}

impl Engine for CardEngine {
    fn name(&self) -> &'static str {
        "card"
    }

    fn orbit(
        &mut self,
        ip_key: &IpKey,
        parameters: Parameters,
        take: &mut dyn FnMut(Position, &[u8; KEY_BYTES]),
    ) -> Result<(), Error> {
        let job = KeyboxJob {
            s: parameters.s(),
            boxes: parameters.boxes(),
            keys: parameters.keys(),
        };
        let x0 = ip_key.x0(parameters.s());
        let result = self.0.keybox(&job, x0.as_array(), &mut |number, data| {
            for (key, j) in data.as_chunks::<KEY_BYTES>().0.iter().zip(1..) {
                if let Ok(at) = parameters.position(number, j) {
                    take(at, key);
                }
            }
        });
        result.map_err(|error| {
            let failed = card_failed(&error);
            Error::Engine(format!("{failed}; {}", failed.help()))
        })
    }
}
