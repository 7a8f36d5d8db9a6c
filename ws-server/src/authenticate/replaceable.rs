use std::{
    mem,
    sync::{Arc, PoisonError, RwLock},
};

/// Something that is replaced as a whole while it is in use. Whoever has got it keeps what it has got.
#[derive(Debug, Default)]
pub(super) struct Replaceable<T>(RwLock<Arc<T>>);

impl<T> Replaceable<T> {
    pub(super) fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    pub(super) fn get(&self) -> Arc<T> {
        // A lock is held for a copy of a pointer only, so that nobody panics with it.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set(&self, value: T) {
        let value = Arc::new(value);
        let before = mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), value);
        // Not under the lock: it may be large.
        drop(before);
    }
}
