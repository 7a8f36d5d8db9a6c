//! Buffers that belong to a thread, not to a connection.

use std::cell::RefCell;

use bytes::BytesMut;

/// The size of a buffer in bytes: a message of 64 KiB comes with its header in one read.
pub const BUFFER: usize = 72 << 10;

/// A buffer that has grown beyond this is not kept.
const MOST_BYTES: usize = 4 * BUFFER;

/// How many free buffers a thread keeps.
const KEPT: usize = 16;

/// After a buffer was kept by a message, so many reads of the thread copy their messages out; doubled
/// each time up to the maximum.
const FIRST_COPIES: u32 = 64;
const MOST_COPIES: u32 = 1 << 16;

struct Pool {
    free: Vec<BytesMut>,
    copies_left: u32,
    next_copies: u32,
}

thread_local! {
    static POOL: RefCell<Pool> =
        const { RefCell::new(Pool { free: Vec::new(), copies_left: 0, next_copies: FIRST_COPIES }) };
}

/// An empty buffer of at least [`BUFFER`] bytes.
#[inline]
pub fn take() -> BytesMut {
    with(|pool| pool.free.pop()).flatten().unwrap_or_else(|| BytesMut::with_capacity(BUFFER))
}

/// Gives a buffer back. Whatever is in it is gone; one that others still hold parts of is let go.
#[inline]
pub fn give(mut buffer: BytesMut) -> bool {
    buffer.clear();
    if !buffer.try_reclaim(BUFFER) {
        return false;
    }
    if buffer.capacity() > MOST_BYTES {
        return true;
    }
    with(|pool| {
        if pool.free.len() < KEPT {
            pool.free.push(buffer);
        }
    });
    true
}

/// As [`give`], for a buffer that messages were received in. Where a message is still held when its
/// buffer is done with, the application keeps messages: from then on messages of this thread get
/// storage of their own for a while, so that a small one never pins a whole buffer for long.
#[inline]
pub(super) fn give_received(buffer: BytesMut) {
    if !give(buffer) {
        with(|pool| {
            pool.copies_left = pool.next_copies;
            pool.next_copies = (pool.next_copies * 2).min(MOST_COPIES);
        });
    }
}

/// Whether the messages of the read that begins now should be copied out of the buffer.
#[inline]
pub(super) fn should_copy() -> bool {
    let copy = with(|pool| {
        let copy = pool.copies_left > 0;
        pool.copies_left = pool.copies_left.saturating_sub(1);
        copy
    });
    copy.unwrap_or(false)
}

/// The thread's pool; `None` while the thread ends.
#[inline]
fn with<T>(work: impl FnOnce(&mut Pool) -> T) -> Option<T> {
    POOL.try_with(|pool| work(&mut pool.borrow_mut())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_whole() {
        let mut buffer = take();
        let address = buffer.as_ptr();
        buffer.extend_from_slice(&[1; 1000]);
        drop(buffer.split_to(500));
        assert!(give(buffer));
        let again = take();
        assert_eq!((again.as_ptr(), again.len()), (address, 0));
        assert!(again.capacity() >= BUFFER);
    }

    #[test]
    fn a_buffer_that_a_message_holds_is_let_go_and_the_next_reads_copy() {
        let mut buffer = take();
        buffer.extend_from_slice(b"message");
        let message = buffer.split_to(7).freeze();
        assert!(!should_copy());
        give_received(buffer);
        assert_eq!(message, "message");
        assert!((0..FIRST_COPIES).all(|_| should_copy()));
        assert!(!should_copy());
    }
}
