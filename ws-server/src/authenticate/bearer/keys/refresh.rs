//! The task that fetches keys: when they are due, and when it is asked to.

use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::{Instant, sleep_until};

use super::{
    error::KeysError,
    kept::{Kept, Running},
};
use crate::authenticate::bearer::{JwkSet, SkippedKey};

/// Runs until nobody uses the keys any more.
pub(super) async fn keep(running: Running) {
    let mut skipped = Vec::new();
    while wait(&running).await {
        let Some((origin, allowed)) =
            running.kept().map(|kept| (Arc::clone(&kept.origin), Arc::clone(&kept.allowed)))
        else {
            return;
        };
        let loaded = origin.load(&allowed).await;
        let Some(kept) = running.kept() else { return };
        publish(&kept, loaded, &mut skipped);
    }
}

/// Waits for the moment to fetch; `false` where there is nobody any more to fetch for.
async fn wait(running: &Running) -> bool {
    loop {
        let Some((due, nudge)) =
            running.kept().map(|kept| (kept.state.borrow().due, Arc::clone(&kept.nudge)))
        else {
            return false;
        };
        tokio::select! {
            () = sleep_until(due) => return true,
            () = nudge.notified() => {
                // Somebody may have asked before the last fetch ended, who has its result by now.
                let asked = |kept: Arc<Kept>| kept.state.borrow().wait(Instant::now()).is_none();
                if running.kept().is_none_or(asked) {
                    return true;
                }
            }
        }
    }
}

fn publish(kept: &Kept, loaded: Result<JwkSet, KeysError>, skipped: &mut Vec<SkippedKey>) {
    let failed_before = kept.state.borrow().failed().is_some();
    match &loaded {
        Ok(set) => {
            if failed_before {
                tracing::info!(target: "ws_server::keys", origin = %kept.origin, "the keys can be fetched again");
            }
            // Once for each set, not at each fetch.
            if set.skipped() != skipped.as_slice() {
                *skipped = set.skipped().to_vec();
                warn_of(skipped, kept);
            }
        }
        Err(error) => {
            tracing::warn!(target: "ws_server::keys", origin = %kept.origin, error = %error, "the keys cannot be fetched");
        }
    }
    let keys = loaded.map(|set| set.into_keys().into());
    kept.state.send_modify(|state| state.fetched(keys, &kept.schedule, Instant::now(), jitter()));
}

fn warn_of(skipped: &[SkippedKey], kept: &Kept) {
    for key in skipped {
        tracing::warn!(
            target: "ws_server::keys",
            origin = %kept.origin,
            index = key.index,
            id = key.id.as_deref().map(|id| tracing::field::debug(id.to_owned())),
            reason = %key.fault,
            "a key of the set is not used"
        );
    }
}

/// From 0 to 1.
fn jitter() -> f64 {
    let mut random = [0; 4];
    // Without randomness there is none in this either.
    let _ = SystemRandom::new().fill(&mut random);
    f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX)
}
