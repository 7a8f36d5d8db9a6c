//! One question at a time for one token, whoever asks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};

use crate::authenticate::digest::Digest;

/// The tokens about which somebody is asking.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Digest, Arc<AsyncMutex<()>>>>);

/// Somebody who asks, or waits for who does.
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    token: Digest,
    turn: Option<Arc<AsyncMutex<()>>>,
}

impl Flights {
    pub(super) fn join(&self, token: Digest) -> Flight<'_> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = Arc::clone(flights.entry(token).or_default());
        Flight { flights: self, token, turn: Some(turn) }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Flight<'_> {
    /// Waits until nobody else asks. Cancel safe; whoever is dropped while asking leaves it to the next.
    pub(super) async fn turn(&self) -> Option<AsyncMutexGuard<'_, ()>> {
        match &self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted and given back under the lock: whoever is the last to leave sees only the map's own.
        self.turn = None;
        if flights.get(&self.token).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            flights.remove(&self.token);
        }
    }
}
