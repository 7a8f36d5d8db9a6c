//! RFC 6455 5.3: masking keys, fresh and unpredictable for each frame.

use std::cell::RefCell;

use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

/// The operating system's source of randomness did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system's random number generator is unavailable")]
pub struct RandomUnavailable;

/// One system call brings this many bytes.
const BATCH: usize = 512;

struct Batch {
    bytes: [u8; BATCH],
    used: usize,
}

thread_local! {
    static BATCHES: RefCell<Batch> = const { RefCell::new(Batch { bytes: [0; BATCH], used: BATCH }) };
}

/// A masking key that was never used before and that nobody can foresee (RFC 6455 sections 5.3 and
/// 10.3). Keys come from the operating system, 128 to a system call.
///
/// # Errors
/// [`RandomUnavailable`] where the operating system has no randomness to give.
pub fn fresh_mask_key() -> Result<[u8; 4], RandomUnavailable> {
    BATCHES.with_borrow_mut(|batch| {
        if batch.used == BATCH {
            SystemRandom::new().fill(&mut batch.bytes).map_err(|_| RandomUnavailable)?;
            batch.used = 0;
        }
        let rest = batch.bytes.get_mut(batch.used..).and_then(|rest| rest.first_chunk_mut::<4>());
        let key = rest.ok_or(RandomUnavailable)?;
        batch.used += 4;
        // What was given out is forgotten here.
        Ok(std::mem::take(key))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Predictable masks (CVE-2025-10148): a key for each frame, none of them handed out twice by design.
    #[test]
    fn keys_are_fresh_across_batches() {
        let keys: Vec<[u8; 4]> = (0..4 * BATCH).map(|_| fresh_mask_key().unwrap()).collect();
        // 2,048 keys of 32 bits: more than ten that coincide by chance will not be seen.
        assert!(keys.iter().collect::<HashSet<_>>().len() > keys.len() - 10);
        assert!(keys.iter().filter(|key| **key == [0; 4]).count() < 3);
    }
}
