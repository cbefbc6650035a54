//! What new connections take, and what those that stand keep.

use std::sync::{Arc, PoisonError, RwLock};

/// A value that is replaced while others use it: whoever has taken one keeps that one.
pub(crate) struct Current<T>(Arc<RwLock<Arc<T>>>);

impl<T> Clone for Current<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Current<T> {
    pub(crate) fn new(value: impl Into<Arc<T>>) -> Self {
        Self(Arc::new(RwLock::new(value.into())))
    }

    /// The one of this moment.
    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on this one.
    pub(crate) fn set(&self, value: impl Into<Arc<T>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_one_keeps_it() {
        let current = Current::new(1);
        let other = current.clone();
        let had = other.get();
        current.set(2);
        assert_eq!((*had, *other.get()), (1, 2));
    }
}
