//! How many connections there are, in all and from each address, and who of them has a place.
//!
//! A connection asks for its place when it is accepted and gives it back when it ends. One that finds no place is still
//! read and told so with a refusal; it keeps a seat in a small waiting room meanwhile, so that strangers who are told
//! "full" cannot use up what is left of the server. Past the waiting room a connection is turned away at the door.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::networks::counted_as;

/// The map of addresses is split so that accept loops seldom wait for each other.
const SHARDS: usize = 16;
/// Seats in the waiting room of one address.
const WAITING_PER_ADDRESS: usize = 8;
/// Seats in the waiting room of the server; more where it has many places, see [`waiting`].
const WAITING: usize = 64;

/// Which of the two limits is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    /// The limit for one address.
    Address,
    /// The limit for all addresses together.
    Server,
}

/// What a connection finds at the door.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It is let in: with a place, or to be told that there is none.
    Admitted(Place),
    /// Not even the waiting room has a seat.
    TurnedAway(Crowded),
}

/// The count of connections.
#[derive(Debug)]
pub(crate) struct Places {
    limit: AtomicUsize,
    limit_per_address: AtomicUsize,
    taken: AtomicUsize,
    open: AtomicUsize,
    addresses: [Mutex<HashMap<IpAddr, Tally>>; SHARDS],
    hasher: std::hash::RandomState,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    taken: usize,
    open: usize,
}

impl Places {
    pub(crate) fn new(limit: usize, limit_per_address: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.into(),
            limit_per_address: limit_per_address.into(),
            taken: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            addresses: Default::default(),
            hasher: std::hash::RandomState::new(),
        })
    }

    /// Goes on with other limits. Whoever has a place keeps it.
    pub(crate) fn limit(&self, limit: usize, limit_per_address: usize) {
        self.limit.store(limit, Ordering::Relaxed);
        self.limit_per_address.store(limit_per_address, Ordering::Relaxed);
    }

    /// Counts a connection that was just accepted; of nobody where the peer is a proxy, until
    /// [`assign`](Place::assign) says whose it is.
    pub(crate) fn enter(self: &Arc<Self>, peer: Option<IpAddr>) -> Entry {
        let address = peer.map(counted_as);
        let limit = self.limit.load(Ordering::Relaxed);
        let most = limit.saturating_add(waiting(limit));
        let full = self.open.fetch_add(1, Ordering::Relaxed) >= most;
        if let Err(crowded) = self.count(address, full) {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return Entry::TurnedAway(crowded);
        }
        let mut place = Place { places: Arc::clone(self), address, of_address: false, of_server: false };
        let _ = place.claim();
        Entry::Admitted(place)
    }

    /// Counts a connection of this address, unless the address has too many, or else the server is `full`.
    fn count(&self, address: Option<IpAddr>, full: bool) -> Result<(), Crowded> {
        let Some(address) = address else {
            return if full { Err(Crowded::Server) } else { Ok(()) };
        };
        let mut shard = self.shard(address);
        let open = shard.get(&address).map_or(0, |tally| tally.open);
        if open >= self.limit_per_address.load(Ordering::Relaxed).saturating_add(WAITING_PER_ADDRESS) {
            return Err(Crowded::Address);
        }
        if full {
            return Err(Crowded::Server);
        }
        shard.entry(address).or_default().open += 1;
        Ok(())
    }

    /// Connections that are open now, with a place or without.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn shard(&self, address: IpAddr) -> MutexGuard<'_, HashMap<IpAddr, Tally>> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let index = self.hasher.hash_one(address) as usize % SHARDS;
        // The counts are right whatever panicked elsewhere: no code that can panic runs under the lock.
        self.addresses[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    /// Under which address it is counted, once that is known.
    address: Option<IpAddr>,
    of_address: bool,
    of_server: bool,
}

impl Place {
    /// Takes the place if the connection has none yet: one may have come free since it was refused.
    pub(crate) fn claim(&mut self) -> Result<(), Crowded> {
        if let Some(address) = self.address.filter(|_| !self.of_address) {
            let mut shard = self.places.shard(address);
            let tally = shard.entry(address).or_default();
            if tally.taken >= self.places.limit_per_address.load(Ordering::Relaxed) {
                return Err(Crowded::Address);
            }
            tally.taken += 1;
            self.of_address = true;
        }
        if !self.of_server {
            let limit = self.places.limit.load(Ordering::Relaxed);
            let one_more = |taken: usize| (taken < limit).then_some(taken + 1);
            if self.places.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
                return Err(Crowded::Server);
            }
            self.of_server = true;
        }
        Ok(())
    }
}

impl Place {
    /// Counts the connection under the address of this peer from now on: a proxy has many clients, one after another.
    /// `None`: under nobody's, while the proxy is silent.
    ///
    /// # Errors
    /// The address has so many connections that not even its waiting room has a seat; the connection is counted.
    pub(crate) fn assign(&mut self, peer: Option<IpAddr>) -> Result<(), Crowded> {
        let address = peer.map(counted_as);
        if address == self.address {
            return Ok(());
        }
        self.leave();
        self.address = address;
        let Some(address) = address else { return Ok(()) };
        let mut shard = self.places.shard(address);
        let tally = shard.entry(address).or_default();
        tally.open += 1;
        let most = self.places.limit_per_address.load(Ordering::Relaxed).saturating_add(WAITING_PER_ADDRESS);
        if tally.open > most { Err(Crowded::Address) } else { Ok(()) }
    }

    /// Gives back what is counted under the address.
    fn leave(&mut self) {
        let Some(address) = self.address.take() else { return };
        let of_address = std::mem::take(&mut self.of_address);
        if let MapEntry::Occupied(mut entry) = self.places.shard(address).entry(address) {
            let tally = entry.get_mut();
            tally.taken -= usize::from(of_address);
            tally.open -= 1;
            if tally.open == 0 {
                entry.remove();
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.of_server {
            self.places.taken.fetch_sub(1, Ordering::Relaxed);
        }
        self.leave();
        self.places.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn waiting(limit: usize) -> usize {
    WAITING.max(limit / 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    fn admitted(places: &Arc<Places>, peer: IpAddr) -> Place {
        match places.enter(Some(peer)) {
            Entry::Admitted(place) => place,
            Entry::TurnedAway(why) => panic!("turned away: {why:?}"),
        }
    }

    #[test]
    fn below_at_and_above_the_limit_of_an_address() {
        let places = Places::new(100, 2);
        let mut first = admitted(&places, ip(1));
        let mut second = admitted(&places, ip(1));
        let mut third = admitted(&places, ip(1));
        assert_eq!((first.claim(), second.claim()), (Ok(()), Ok(())));
        assert_eq!(third.claim(), Err(Crowded::Address));
        assert_eq!(admitted(&places, ip(2)).claim(), Ok(()), "another address has its own count");
        drop(first);
        assert_eq!(third.claim(), Ok(()), "a place came free");
        assert_eq!(admitted(&places, ip(1)).claim(), Err(Crowded::Address));
    }

    #[test]
    fn below_at_and_above_the_limit_of_the_server() {
        let places = Places::new(2, 100);
        let mut held: Vec<_> = (1..=3).map(|last| admitted(&places, ip(last))).collect();
        assert_eq!(held[1].claim(), Ok(()));
        assert_eq!(held[2].claim(), Err(Crowded::Server));
        held.remove(0);
        assert_eq!(held[1].claim(), Ok(()));
    }

    #[test]
    fn the_waiting_rooms_end_somewhere() {
        let places = Places::new(0, 0);
        let waiting: Vec<_> = (0..WAITING_PER_ADDRESS).map(|_| admitted(&places, ip(1))).collect();
        assert!(matches!(places.enter(Some(ip(1))), Entry::TurnedAway(Crowded::Address)));
        let others: Vec<_> = (0..WAITING - WAITING_PER_ADDRESS)
            .map(|n| admitted(&places, ip(u8::try_from(n + 10).unwrap())))
            .collect();
        assert!(matches!(places.enter(Some(ip(2))), Entry::TurnedAway(Crowded::Server)));
        assert_eq!(places.open(), WAITING);
        // Where both are full, the address's own count is what is told.
        assert!(matches!(places.enter(Some(ip(1))), Entry::TurnedAway(Crowded::Address)));
        assert_eq!(places.open(), WAITING);
        drop((waiting, others));
        assert_eq!(places.open(), 0);
    }

    #[test]
    fn everything_is_given_back() {
        let places = Places::new(3, 3);
        for _ in 0..100 {
            let held: Vec<_> = (0..5).map(|_| admitted(&places, ip(1))).collect();
            drop(held);
        }
        assert_eq!(places.open(), 0);
        assert_eq!(places.taken.load(Ordering::Relaxed), 0);
        assert!(places.addresses.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }

    /// A proxy's connections are nobody's until a head says whose they are, and change hands with each request.
    #[test]
    fn a_place_is_counted_under_the_address_that_it_is_assigned_to() {
        let places = Places::new(4, 1);
        let of_proxy = || match places.enter(None) {
            Entry::Admitted(place) => place,
            Entry::TurnedAway(why) => panic!("turned away: {why:?}"),
        };
        let (mut first, mut second, mut third) = (of_proxy(), of_proxy(), of_proxy());
        let _ = first.assign(Some(ip(1)));
        let _ = second.assign(Some(ip(1)));
        let _ = third.assign(Some(ip(2)));
        assert_eq!((first.claim(), second.claim(), third.claim()), (Ok(()), Err(Crowded::Address), Ok(())));
        assert_eq!(admitted(&places, ip(2)).claim(), Err(Crowded::Address), "one count for both ways");
        let _ = first.assign(Some(ip(3)));
        assert_eq!((first.claim(), second.claim()), (Ok(()), Ok(())));
        let _ = second.assign(None);
        assert_eq!(admitted(&places, ip(1)).claim(), Ok(()));
        drop((first, second, third));
        assert_eq!((places.open(), places.taken.load(Ordering::Relaxed)), (0, 0));
        assert!(places.addresses.iter().all(|shard| shard.lock().unwrap().is_empty()));
        let mut waiting: Vec<_> = (0..=WAITING_PER_ADDRESS + 1).map(|_| of_proxy()).collect();
        let assigned = waiting.iter_mut().map(|place| place.assign(Some(ip(9))));
        assert_eq!(assigned.filter(Result::is_err).count(), 1);
        drop(waiting);
        assert_eq!(places.open(), 0);
        let full = Places::new(0, 0);
        let waiting: Vec<_> = (0..WAITING).map(|_| full.enter(None)).collect();
        assert!(matches!(full.enter(None), Entry::TurnedAway(Crowded::Server)));
        assert!(waiting.iter().all(|entry| matches!(entry, Entry::Admitted(_))));
    }
}
