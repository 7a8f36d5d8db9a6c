//! How many connections a principal has.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, trace::Trace};
use crate::authenticate::{Identity, Scheme};

/// The principals are split so that handshakes seldom wait for each other.
const SHARDS: usize = 16;

/// The count of connections of each principal that has any.
#[derive(Debug)]
pub(super) struct Quota {
    limit: AtomicUsize,
    shards: [Mutex<HashMap<Arc<Principal>, usize>>; SHARDS],
    hasher: RandomState,
}

/// Who somebody is, wherever they connect from.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Principal {
    scheme: Scheme,
    issuer: Option<Box<str>>,
    name: Name,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Name {
    Subject(Box<str>),
    /// Who has no subject is known by the credential.
    Credential(Box<str>),
}

impl Quota {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: AtomicUsize::new(limit),
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        })
    }

    /// From now on there are so many places. Nobody who has one loses it.
    pub(super) fn limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Takes a place for one more connection of `who`. Somebody anonymous needs none.
    pub(super) fn take(
        self: &Arc<Self>,
        who: &Identity,
        trace: &mut Trace,
    ) -> Result<Option<PrincipalPlace>, Refusal> {
        let Some(principal) = Principal::of(who) else {
            trace.skip(Check::PrincipalQuota);
            return Ok(None);
        };
        let mut shard = self.shard(&principal);
        let open = shard.get(&principal).copied().unwrap_or_default();
        self.judge(open, trace)?;
        let principal = Arc::new(principal);
        *shard.entry(Arc::clone(&principal)).or_default() += 1;
        drop(shard);
        Ok(Some(PrincipalPlace { quota: Arc::clone(self), principal }))
    }

    /// Whether `who` would get a place.
    pub(super) fn look(&self, who: &Identity, trace: &mut Trace) -> Result<(), Refusal> {
        let Some(principal) = Principal::of(who) else {
            trace.skip(Check::PrincipalQuota);
            return Ok(());
        };
        let open = self.shard(&principal).get(&principal).copied().unwrap_or_default();
        self.judge(open, trace)
    }

    fn judge(&self, open: usize, trace: &mut Trace) -> Result<(), Refusal> {
        let limit = self.limit.load(Ordering::Relaxed);
        if open < limit {
            trace.pass(Check::PrincipalQuota);
            return Ok(());
        }
        trace.refuse(Check::PrincipalQuota, Cause::PrincipalQuotaExceeded);
        let detail = format!("{open} connections are open, and {limit} are allowed");
        trace.compared(detail.clone());
        Err(Refusal::new(Cause::PrincipalQuotaExceeded).detail(detail))
    }

    fn shard(&self, principal: &Principal) -> MutexGuard<'_, HashMap<Arc<Principal>, usize>> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let index = self.hasher.hash_one(principal) as usize % SHARDS;
        // The counts are right whatever panicked elsewhere: no code that can panic runs under the lock.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Principal {
    fn of(who: &Identity) -> Option<Self> {
        let name = match (who.subject(), who.credential_id()) {
            _ if who.is_anonymous() => return None,
            (Some(subject), _) => Name::Subject(subject.into()),
            (None, Some(id)) => Name::Credential(id.into()),
            (None, None) => return None,
        };
        Some(Self { scheme: who.scheme().clone(), issuer: who.issuer().map(Into::into), name })
    }
}

/// The place of one connection among those of its principal. It is given back when this is dropped: keep it as long as
/// the connection is open.
pub struct PrincipalPlace {
    quota: Arc<Quota>,
    principal: Arc<Principal>,
}

impl Drop for PrincipalPlace {
    fn drop(&mut self) {
        let mut shard = self.quota.shard(&self.principal);
        if let Some(open) = shard.get_mut(&self.principal) {
            *open -= 1;
            if *open == 0 {
                shard.remove(&self.principal);
            }
        }
    }
}

impl fmt::Debug for PrincipalPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PrincipalPlace").field(&self.principal).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(subject: &str) -> Identity {
        Identity::new(Scheme::Bearer).with_issuer("https://id.example").with_subject(subject)
    }

    fn take(quota: &Arc<Quota>, who: &Identity) -> Result<Option<PrincipalPlace>, Cause> {
        quota.take(who, &mut Trace::default()).map_err(|refusal| refusal.cause)
    }

    #[test]
    fn each_principal_has_so_many_places_and_gives_them_back() {
        let quota = Quota::new(2);
        let ann = identity("ann");
        let first = take(&quota, &ann).unwrap();
        let _second = take(&quota, &ann).unwrap();
        assert_eq!(take(&quota, &ann).unwrap_err(), Cause::PrincipalQuotaExceeded);
        assert!(quota.look(&ann, &mut Trace::default()).is_err());
        // Another subject, issuer or scheme is somebody else.
        let others = [
            identity("ben"),
            identity("ann").with_issuer("https://other.example"),
            Identity::new(Scheme::Basic).with_issuer("https://id.example").with_subject("ann"),
            Identity::new(Scheme::Bearer).with_issuer("https://id.example").with_credential_id("ann"),
        ];
        for other in &others {
            assert!(take(&quota, other).unwrap().is_some(), "{other:?}");
        }
        drop(first);
        assert!(quota.look(&ann, &mut Trace::default()).is_ok());
        assert!(take(&quota, &ann).unwrap().is_some());
    }

    #[test]
    fn nobody_in_particular_is_not_counted() {
        let quota = Quota::new(0);
        let nameless = Identity::new(Scheme::ApiKey);
        for who in [Identity::anonymous().with_subject("ann"), nameless] {
            let mut trace = Trace::default();
            assert!(quota.take(&who, &mut trace).unwrap().is_none());
            assert_eq!(trace.to_string(), "(principal-quota)");
        }
    }

    #[test]
    fn nothing_is_left_of_those_who_have_gone() {
        let quota = Quota::new(1);
        for subject in 0..100 {
            drop(take(&quota, &identity(&subject.to_string())));
        }
        assert!(quota.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }
}
