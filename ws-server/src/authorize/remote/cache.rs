use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::fields::Fingerprint;
use crate::authorize::Authorization;

/// What was answered not long ago.
///
/// All answers are kept for the same time, so that those that came first are over first.
#[derive(Debug)]
pub(super) struct Cache {
    time: Duration,
    capacity: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Fingerprint, (Instant, Authorization)>,
    /// In the order of coming. An answer that came again is in it twice.
    order: VecDeque<(Instant, Fingerprint)>,
}

impl Cache {
    /// Keeps up to `capacity` answers for `time` each.
    pub(super) fn new(time: Duration, capacity: usize) -> Self {
        Self { time, capacity, kept: Mutex::default() }
    }

    pub(super) fn get(&self, question: &Fingerprint) -> Option<Authorization> {
        let (came, answer) = self.kept().answers.get(question)?.clone();
        (came.elapsed() < self.time).then_some(answer)
    }

    pub(super) fn put(&self, question: Fingerprint, answer: Authorization) {
        if self.capacity == 0 || self.time.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut kept = self.kept();
        while let Some((came, oldest)) = kept.order.front().copied() {
            if now.saturating_duration_since(came) < self.time && kept.order.len() < self.capacity {
                break;
            }
            kept.order.pop_front();
            if kept.answers.get(&oldest).is_some_and(|(current, _)| *current == came) {
                kept.answers.remove(&oldest);
            }
        }
        kept.order.push_back((now, question));
        kept.answers.insert(question, (now, answer));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::Permit;

    const SECOND: Duration = Duration::from_secs(1);

    fn question(number: u8) -> Fingerprint {
        Fingerprint([number; 32])
    }

    fn has(cache: &Cache, number: u8) -> bool {
        cache.get(&question(number)).is_some()
    }

    fn put(cache: &Cache, number: u8) {
        cache.put(question(number), Ok(Permit::by(number.to_string())));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_its_time() {
        let cache = Cache::new(10 * SECOND, 10);
        put(&cache, 1);
        tokio::time::advance(9 * SECOND).await;
        assert_eq!(cache.get(&question(1)), Some(Ok(Permit::by("1"))));
        assert!(!has(&cache, 2));
        // Coming again, it stays for longer.
        put(&cache, 1);
        tokio::time::advance(9 * SECOND).await;
        put(&cache, 2);
        assert!(has(&cache, 1));
        tokio::time::advance(SECOND).await;
        assert!(!has(&cache, 1) && has(&cache, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_makes_room() {
        let cache = Cache::new(10 * SECOND, 3);
        for number in 0..100 {
            put(&cache, number);
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(has(&cache, number) && !has(&cache, number.wrapping_sub(3)));
            let kept = cache.kept();
            assert!(kept.answers.len() <= 3 && kept.order.len() <= 3);
        }
        let nothing = Cache::new(10 * SECOND, 0);
        put(&nothing, 1);
        let never = Cache::new(Duration::ZERO, 3);
        put(&never, 1);
        assert!(!has(&nothing, 1) && !has(&never, 1) && never.kept().order.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_does_not_stay() {
        let cache = Cache::new(SECOND, 100);
        for number in 0..50 {
            put(&cache, number);
        }
        tokio::time::advance(SECOND).await;
        put(&cache, 50);
        assert_eq!(cache.kept().answers.len(), 1);
        assert_eq!(cache.kept().order.len(), 1);
    }
}
