//! Bytes on their way out.

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes, BytesMut};

use super::pool;

/// Frames to be written: large payloads as they are, everything else gathered behind them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// What goes first. Empty most of the time, and then without storage.
    chunks: VecDeque<Bytes>,
    chunk_bytes: usize,
    /// What goes last; new frames are appended here.
    tail: BytesMut,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { chunks: VecDeque::new(), chunk_bytes: 0, tail: BytesMut::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.chunk_bytes + self.tail.len()
    }

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
    pub(super) fn append(&mut self, mut other: Self) {
        if self.is_empty() {
            self.release();
            *self = other;
            return;
        }
        if !other.chunks.is_empty() {
            if !self.tail.is_empty() {
                let head = self.tail.split().freeze();
                self.push_chunk(head);
            }
            self.chunk_bytes += other.chunk_bytes;
            self.chunks.append(&mut other.chunks);
        }
        self.tail().extend_from_slice(&other.tail);
        other.tail.clear();
        other.release();
    }

    /// The bytes at the front, as far as one write may take them.
    pub(super) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; 16]) -> usize {
        let mut used = 0;
        let parts = self.chunks.iter().map(|chunk| &chunk[..]).chain([&self.tail[..]]);
        for (slot, part) in slices.iter_mut().zip(parts.filter(|part| !part.is_empty())) {
            *slot = IoSlice::new(part);
            used += 1;
        }
        used
    }

    /// The only slice, where there are no large payloads.
    pub(super) fn single(&self) -> Option<&[u8]> {
        self.chunks.is_empty().then_some(&self.tail[..])
    }

    /// `count` bytes were written.
    pub(super) fn advance(&mut self, mut count: usize) {
        while let Some(chunk) = self.chunks.front_mut() {
            if count < chunk.len() {
                chunk.advance(count);
                self.chunk_bytes -= count;
                return;
            }
            count -= chunk.len();
            self.chunk_bytes -= chunk.len();
            self.chunks.pop_front();
        }
        self.tail.advance(count.min(self.tail.len()));
        if self.tail.is_empty() {
            self.release();
        }
    }

    /// Gives storage back that holds nothing.
    fn release(&mut self) {
        if self.tail.capacity() > 0 {
            pool::give(std::mem::take(&mut self.tail));
        }
        if self.chunks.is_empty() && self.chunks.capacity() > 0 {
            self.chunks = VecDeque::new();
        }
    }

    fn push_chunk(&mut self, chunk: Bytes) {
        self.chunk_bytes += chunk.len();
        self.chunks.push_back(chunk);
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
        assert_eq!((queue.tail.capacity(), queue.chunks.capacity()), (0, 0));
    }
}
