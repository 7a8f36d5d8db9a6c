//! Bytes on their way out.

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes, BytesMut};

use super::pool;

/// Frames to be written: large payloads as they are, everything else gathered behind them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// What goes first; seldom there.
    chunks: Option<Box<Chunks>>,
    /// What goes last; new frames are appended here.
    tail: BytesMut,
}

#[derive(Debug, Default)]
struct Chunks {
    list: VecDeque<Bytes>,
    bytes: usize,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self::default()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.chunks.as_ref().map_or(0, |chunks| chunks.bytes) + self.tail.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where frames are appended.
    #[inline]
    pub(super) fn tail(&mut self) -> &mut BytesMut {
        if self.tail.capacity() == 0 {
            self.tail = pool::take();
        }
        &mut self.tail
    }

    /// A payload that follows what was appended so far, without a copy.
    pub(super) fn push_direct(&mut self, payload: Bytes) {
        if !self.tail.is_empty() {
            let head = self.tail.split().freeze();
            self.push_chunk(head);
        }
        self.push_chunk(payload);
    }

    /// Puts another queue behind this one.
    #[inline]
    pub(super) fn append(&mut self, mut other: Self) {
        if self.is_empty() {
            self.release();
            *self = other;
            return;
        }
        if let Some(chunks) = other.chunks.take() {
            for chunk in chunks.list {
                self.push_direct(chunk);
            }
        }
        self.tail().extend_from_slice(&other.tail);
        other.tail.clear();
        other.release();
    }

    /// The bytes at the front, as far as one write may take them.
    pub(super) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; 16]) -> usize {
        let mut used = 0;
        let chunks = self.chunks.iter().flat_map(|chunks| &chunks.list);
        let parts = chunks.map(|chunk| &chunk[..]).chain([&self.tail[..]]);
        for (slot, part) in slices.iter_mut().zip(parts.filter(|part| !part.is_empty())) {
            *slot = IoSlice::new(part);
            used += 1;
        }
        used
    }

    /// The only slice, where there are no large payloads.
    #[inline]
    pub(super) fn single(&self) -> Option<&[u8]> {
        self.chunks.is_none().then_some(&self.tail[..])
    }

    /// `count` bytes were written.
    #[inline]
    pub(super) fn advance(&mut self, count: usize) {
        let count = if self.chunks.is_some() { self.advance_chunks(count) } else { count };
        self.tail.advance(count.min(self.tail.len()));
        if self.tail.is_empty() {
            self.release();
        }
    }

    /// Takes what was written off the large payloads, and returns what was written behind them.
    fn advance_chunks(&mut self, mut count: usize) -> usize {
        let Some(chunks) = &mut self.chunks else { return count };
        while let Some(chunk) = chunks.list.front_mut() {
            if count < chunk.len() {
                chunk.advance(count);
                chunks.bytes -= count;
                return 0;
            }
            count -= chunk.len();
            chunks.bytes -= chunk.len();
            chunks.list.pop_front();
        }
        self.chunks = None;
        count
    }

    /// Gives storage back that holds nothing.
    #[inline]
    fn release(&mut self) {
        if self.tail.is_empty() && self.tail.capacity() > 0 {
            pool::give(std::mem::take(&mut self.tail));
        }
    }

    fn push_chunk(&mut self, chunk: Bytes) {
        let chunks = self.chunks.get_or_insert_default();
        chunks.bytes += chunk.len();
        chunks.list.push_back(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(queue: &Queue) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 16];
        let used = queue.slices(&mut slices);
        slices[..used].iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn order_is_kept_and_every_partial_write_is_right() {
        let build = || {
            let mut queue = Queue::new();
            queue.tail().extend_from_slice(b"ab");
            queue.push_direct(Bytes::from_static(b"LARGE"));
            queue.tail().extend_from_slice(b"cd");
            let mut other = Queue::new();
            other.tail().extend_from_slice(b"e");
            other.push_direct(Bytes::from_static(b"MORE"));
            other.tail().extend_from_slice(b"f");
            queue.append(other);
            queue
        };
        let all = b"abLARGEcdeMOREf";
        assert_eq!(content(&build()), all);
        for written in 0..=all.len() {
            let mut queue = build();
            queue.advance(written);
            assert_eq!(content(&queue), &all[written..], "{written}");
            assert_eq!(queue.len(), all.len() - written);
        }
    }

    #[test]
    fn an_empty_queue_holds_no_storage() {
        let mut queue = Queue::new();
        queue.tail().extend_from_slice(b"ab");
        queue.push_direct(Bytes::from_static(b"LARGE"));
        queue.advance(7);
        assert!(queue.is_empty());
        assert!(queue.tail.capacity() == 0 && queue.chunks.is_none());
    }
}
