//! States of zlib that belong to a thread and serve its connections in turn.
//!
//! A state is large (some 260 KiB to compress, 46 KiB to inflate) and expensive to allocate, yet
//! between two messages a connection without context has no use for it. So it is borrowed from the
//! thread for a message and given back at its end: ten thousand idle connections own nothing, and a
//! busy thread allocates nothing. A state may come back on another thread than it was taken from;
//! each thread keeps a few and drops the rest.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress};

/// Into this many bytes zlib writes at a time; it is the most that is inflated past a limit.
pub(super) const BLOCK: usize = 16 * 1024;

/// How many states of each kind a thread keeps.
const KEPT: usize = 4;

#[derive(Default)]
struct Pool {
    block: Option<Box<[u8]>>,
    inflating: Vec<Decompress>,
    compressing: Vec<Compressing>,
}

/// A state to compress with, and what it was made for.
pub(super) struct Compressing {
    pub(super) state: Compress,
    window_bits: u8,
    level: u8,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// Lends the thread's block for the time of a call.
pub(super) fn with_block<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut block = with(|pool| pool.block.take()).flatten().unwrap_or_else(|| vec![0; BLOCK].into());
    let result = work(&mut block);
    with(|pool| pool.block = Some(block));
    result
}

/// A fresh state to inflate with.
///
/// zlib inflates what was compressed with any window that is not larger than its own, and a state takes
/// the memory of the largest one in any case. A smaller one would only make the verdict on a peer that
/// looks back too far depend on how its data was cut: zlib does not see it within one call.
pub(super) fn take_inflating() -> Decompress {
    with(|pool| pool.inflating.pop()).flatten().unwrap_or_else(|| Decompress::new(false))
}

/// Takes a state back.
pub(super) fn give_inflating(mut state: Decompress) {
    state.reset(false);
    with(|pool| {
        if pool.inflating.len() < KEPT {
            pool.inflating.push(state);
        }
    });
}

/// A fresh state to compress with; `window_bits` is from 9 to 15.
pub(super) fn take_compressing(window_bits: u8, level: u8) -> Compressing {
    let kept = with(|pool| {
        let fits = |it: &Compressing| it.window_bits == window_bits && it.level == level;
        let position = pool.compressing.iter().position(fits)?;
        Some(pool.compressing.swap_remove(position))
    });
    kept.flatten().unwrap_or_else(|| Compressing {
        state: Compress::new_with_window_bits(Compression::new(level.into()), false, window_bits),
        window_bits,
        level,
    })
}

/// Takes a state back; where there are enough, the one that has waited longest goes.
pub(super) fn give_compressing(mut compressing: Compressing) {
    compressing.state.reset();
    with(|pool| {
        if pool.compressing.len() >= KEPT {
            pool.compressing.remove(0);
        }
        pool.compressing.push(compressing);
    });
}

/// The thread's pool; `None` while the thread ends.
fn with<T>(work: impl FnOnce(&mut Pool) -> T) -> Option<T> {
    POOL.try_with(|pool| pool.try_borrow_mut().ok().map(|mut pool| work(&mut pool))).ok().flatten()
}

#[cfg(test)]
pub(super) fn kept() -> (usize, usize) {
    with(|pool| (pool.inflating.len(), pool.compressing.len())).unwrap_or_default()
}
