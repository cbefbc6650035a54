//! A card's interrupts on the host's side, by vector.

use super::Interrupt;
use crate::error::Error;
use photonbox_regmap::global;
use std::sync::Arc;

/// One [`Interrupt`] for each vector.
#[derive(Clone)]
pub(super) struct Vectors(Vec<Arc<Interrupt>>);

impl Default for Vectors {
    /// As many as a card has.
    fn default() -> Self {
        Self::new(global::VECTORS)
    }
}

impl Vectors {
    pub(super) fn new(count: u16) -> Self {
        Self((0..count).map(|_| Arc::default()).collect())
    }

    /// The interrupt with this vector.
    pub(super) fn get(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.0
            .get(usize::from(vector))
            .cloned()
            .ok_or(Error::NoVector { vector })
    }

    /// Raises it; false if there is none.
    #[must_use]
    pub(super) fn raise(&self, vector: u16) -> bool {
        let found = self.0.get(usize::from(vector));
        found.inspect(|interrupt| interrupt.raise()).is_some()
    }
}
