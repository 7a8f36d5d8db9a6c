use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::authenticate::{
    AuthenticationError,
    digest::{Digest, digest_of},
};

/// The tickets that have been used, each for as long as it could be used again. Of a ticket its hash is kept, so that all
/// take the same room however long their ids are.
pub(super) struct SpentTickets {
    capacity: usize,
    known: Mutex<Known>,
}

struct Known {
    digests: HashSet<Digest>,
    by_expiry: BinaryHeap<Reverse<(SystemTime, Digest)>>,
    /// Up to here tickets have been forgotten: those that expire before it may have been spent, even if the clock
    /// goes back.
    forgotten: SystemTime,
}

impl SpentTickets {
    /// Keeps so many at the most.
    pub(super) fn new(capacity: usize) -> Self {
        let known = Known { digests: HashSet::new(), by_expiry: BinaryHeap::new(), forgotten: UNIX_EPOCH };
        Self { capacity, known: Mutex::new(known) }
    }

    /// Spends the ticket: of any number of callers with the same id exactly one succeeds.
    pub(super) fn spend(
        &self,
        id: &str,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<(), AuthenticationError> {
        let digest = digest_of(id.as_bytes());
        let mut known = self.look_at(&digest, expires, now)?;
        if known.digests.len() >= self.capacity {
            let next = known.by_expiry.peek().map(|Reverse((expires, _))| *expires);
            let wait = next.and_then(|next| next.duration_since(now).ok());
            return Err(AuthenticationError::Unavailable { retry_after: wait });
        }
        known.digests.insert(digest);
        known.by_expiry.push(Reverse((expires, digest)));
        Ok(())
    }

    /// Whether it could be spent, as far as others have not done so.
    pub(super) fn check(
        &self,
        id: &str,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<(), AuthenticationError> {
        self.look_at(&digest_of(id.as_bytes()), expires, now).map(drop)
    }

    fn look_at(
        &self,
        digest: &Digest,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<MutexGuard<'_, Known>, AuthenticationError> {
        // Nothing in here panics between two changes that belong together.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.forget(now);
        if known.digests.contains(digest) {
            return Err(AuthenticationError::TicketSpent);
        }
        if expires <= known.forgotten {
            return Err(AuthenticationError::TicketExpired);
        }
        Ok(known)
    }
}

impl Known {
    /// Forgets those that have expired.
    fn forget(&mut self, now: SystemTime) {
        while let Some(Reverse((expires, digest))) = self.by_expiry.peek()
            && *expires <= now
        {
            self.digests.remove(digest);
            self.forgotten = *expires;
            self.by_expiry.pop();
        }
        if self.digests.capacity() > 4 * self.digests.len() + 1024 {
            self.digests.shrink_to(2 * self.digests.len());
            self.by_expiry.shrink_to(2 * self.by_expiry.len());
        }
    }
}

impl fmt::Debug for SpentTickets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SpentTickets").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const SPENT: Result<(), AuthenticationError> = Err(AuthenticationError::TicketSpent);
    const EXPIRED: Result<(), AuthenticationError> = Err(AuthenticationError::TicketExpired);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_ticket_is_spent_once() {
        let spent = SpentTickets::new(9);
        for _ in 0..2 {
            assert_eq!(spent.check("a", at(10), at(1)), Ok(()));
        }
        assert_eq!(spent.spend("a", at(10), at(1)), Ok(()));
        for now in [1, 9] {
            assert_eq!(spent.check("a", at(10), at(now)), SPENT);
            assert_eq!(spent.spend("a", at(10), at(now)), SPENT);
        }
        assert_eq!(spent.spend("b", at(10), at(9)), Ok(()));
    }

    #[test]
    fn it_is_kept_until_it_expires_and_no_longer() {
        let spent = SpentTickets::new(usize::MAX);
        for id in 0..10_000_u64 {
            spent.spend(&id.to_string(), at(10 + id % 3), at(1)).unwrap();
        }
        let kept = |now| {
            let _ = spent.check("x", at(100), at(now));
            spent.known.lock().unwrap().digests.len()
        };
        assert_eq!([kept(9), kept(10), kept(11), kept(12)], [10_000, 6666, 3333, 0]);
        let known = spent.known.lock().unwrap();
        assert!(
            known.digests.capacity() < 2048 && known.by_expiry.capacity() < 2048,
            "the room is given back"
        );
    }

    #[test]
    fn a_full_set_says_when_to_come_back() {
        let spent = SpentTickets::new(2);
        spent.spend("a", at(10), at(1)).unwrap();
        spent.spend("b", at(8), at(1)).unwrap();
        let full = AuthenticationError::Unavailable { retry_after: Some(Duration::from_secs(5)) };
        assert_eq!(spent.spend("c", at(10), at(3)), Err(full));
        assert_eq!(spent.spend("a", at(10), at(3)), SPENT, "what is known is known");
        assert_eq!(spent.spend("c", at(10), at(8)), Ok(()));
        let nothing = SpentTickets::new(0);
        assert_eq!(
            nothing.spend("a", at(10), at(1)),
            Err(AuthenticationError::Unavailable { retry_after: None })
        );
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_second_chance() {
        let spent = SpentTickets::new(9);
        spent.spend("a", at(10), at(1)).unwrap();
        spent.spend("b", at(20), at(10)).unwrap();
        assert_eq!(spent.spend("a", at(10), at(1)), EXPIRED);
        assert_eq!(spent.spend("c", at(11), at(1)), Ok(()));
    }

    #[test]
    fn of_many_at_once_exactly_one_wins() {
        let spent = SpentTickets::new(1000);
        for round in 0..200 {
            let id = round.to_string();
            let start = std::sync::Barrier::new(4);
            let wins = std::thread::scope(|scope| {
                let racers = [(); 4].map(|()| {
                    scope.spawn(|| {
                        start.wait();
                        spent.spend(&id, at(10), at(1)).is_ok()
                    })
                });
                racers.into_iter().filter_map(|racer| racer.join().unwrap().then_some(())).count()
            });
            assert_eq!(wins, 1);
        }
    }

    proptest! {
        /// The oracle forgets nothing.
        #[test]
        fn nothing_is_spent_twice(tries in prop::collection::vec((0_u8..8, 0_u64..20, 0_u64..20), 0..60)) {
            let spent = SpentTickets::new(9);
            let mut ever = HashSet::new();
            for (id, expires, now) in tries {
                let (id, expires) = (format!("{id} {expires}"), at(expires));
                if spent.spend(&id, expires, at(now)).is_ok() && expires > at(now) {
                    prop_assert!(ever.insert(id));
                }
            }
        }
    }
}
