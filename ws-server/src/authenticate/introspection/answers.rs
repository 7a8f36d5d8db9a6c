//! What is remembered of the answers, by the digest of the token.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use crate::authenticate::digest::Digest;

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is active, with what was said of it, in JSON.
    Active(Bytes),
    /// It is not, with what was said when it was, if it ever was.
    Inactive(Option<Bytes>),
}

/// How long answers hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) active: Duration,
    pub(super) inactive: Duration,
}

/// A bounded memory. Tokens that were active at some time are kept apart from those that never were, so that nobody
/// can drive out the good ones with bad ones.
#[derive(Debug)]
pub(super) struct Answers {
    good: Mutex<Generations<Entry>>,
    bad: Mutex<Generations<Instant>>,
}

#[derive(Clone, Debug)]
struct Entry {
    active: bool,
    body: Bytes,
    until: Instant,
}

impl Answers {
    /// Room for so many of each kind.
    pub(super) fn new(capacity: usize) -> Self {
        Self { good: Mutex::new(Generations::new(capacity)), bad: Mutex::new(Generations::new(capacity)) }
    }

    /// The answer that still holds.
    pub(super) fn get(&self, token: &Digest, now: Instant) -> Option<Answer> {
        if let Some(entry) = locked(&self.good).get(token) {
            let Entry { active, body, until } = entry.clone();
            let answer = if active { Answer::Active(body) } else { Answer::Inactive(Some(body)) };
            return (now < until).then_some(answer);
        }
        locked(&self.bad).get(token).is_some_and(|until| now < *until).then_some(Answer::Inactive(None))
    }

    /// Remembers what was answered; returns it with what was known before.
    pub(super) fn put(&self, token: Digest, active: Option<Bytes>, times: Times, now: Instant) -> Answer {
        let mut good = locked(&self.good);
        if let Some(body) = active {
            good.put(token, Entry { active: true, body: body.clone(), until: now + times.active });
            return Answer::Active(body);
        }
        let until = now + times.inactive;
        if let Some(known) = good.get(&token).map(|entry| entry.body.clone()) {
            good.put(token, Entry { active: false, body: known.clone(), until });
            return Answer::Inactive(Some(known));
        }
        drop(good);
        locked(&self.bad).put(token, until);
        Answer::Inactive(None)
    }
}

/// A map that holds no more than its capacity: when the younger half is full, the older one is forgotten.
#[derive(Debug)]
struct Generations<V> {
    half: usize,
    young: HashMap<Digest, V>,
    old: HashMap<Digest, V>,
}

impl<V> Generations<V> {
    fn new(capacity: usize) -> Self {
        Self { half: capacity.div_ceil(2), young: HashMap::new(), old: HashMap::new() }
    }

    /// Whoever is looked up is young again.
    fn get(&mut self, token: &Digest) -> Option<&V> {
        if let Some((token, value)) = self.old.remove_entry(token) {
            self.put(token, value);
        }
        self.young.get(token)
    }

    fn put(&mut self, token: Digest, value: V) {
        if self.half == 0 {
            return;
        }
        self.old.remove(&token);
        if self.young.len() >= self.half && !self.young.contains_key(&token) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(token, value);
    }
}

/// Nothing panics while the lock is held, and each entry stands by itself.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
