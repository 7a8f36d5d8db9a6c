//! Memory that looks like a socket, to blocking and to asynchronous code alike.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::frame::{Header, OpCode, apply_mask};

/// An endless stream of equal frames. What is written to it is gone.
#[derive(Clone)]
pub(crate) struct Tape {
    frames: Arc<[u8]>,
    position: usize,
}

impl Tape {
    pub(crate) fn of_masked_frames(payload: &[u8], text: bool) -> Self {
        const LENGTH: usize = 512 * 1024;
        let mut frames = Vec::new();
        let mut key = [0x37, 0xfa, 0x21, 0x3d];
        while frames.len() < LENGTH {
            // Every frame has a key of its own.
            key = u32::from_ne_bytes(key).wrapping_mul(747_796_405).wrapping_add(1).to_ne_bytes();
            let opcode = if text { OpCode::Text } else { OpCode::Binary };
            let length = payload.len() as u64;
            let header = Header { fin: true, rsv1: false, opcode, mask: Some(key), length };
            let mut encoded = [0; 14];
            let size = header.encode(&mut encoded);
            frames.extend_from_slice(&encoded[..size]);
            let start = frames.len();
            frames.extend_from_slice(payload);
            apply_mask(&mut frames[start..], key, 0);
        }
        Self { frames: frames.into(), position: 0 }
    }
}

/// A source of bytes that copies them once, to where they are wanted, as a system call does.
pub(crate) trait Source {
    /// Hands at most `most` bytes to `put` and tells how many; 0 when there are none now.
    fn hand(&mut self, most: usize, put: impl FnOnce(&[u8])) -> usize;
}

impl Source for Tape {
    fn hand(&mut self, most: usize, put: impl FnOnce(&[u8])) -> usize {
        if self.position == self.frames.len() {
            self.position = 0;
        }
        let piece = &self.frames[self.position..];
        let piece = &piece[..piece.len().min(most)];
        put(piece);
        self.position += piece.len();
        piece.len()
    }
}

impl Read for Tape {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.hand(into.len(), |piece| into[..piece.len()].copy_from_slice(piece)))
    }
}

impl Write for Tape {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        Ok(from.len())
    }

    fn write_vectored(&mut self, from: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Ok(from.iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One end of a pipe: what one end writes, the other reads.
pub(crate) struct Pipe {
    incoming: Rc<RefCell<BytesMut>>,
    outgoing: Rc<RefCell<BytesMut>>,
}

impl Pipe {
    pub(crate) fn pair() -> (Self, Self) {
        let [there, back] = [(), ()].map(|()| Rc::new(RefCell::new(BytesMut::with_capacity(256 * 1024))));
        let near = Self { incoming: Rc::clone(&back), outgoing: Rc::clone(&there) };
        (near, Self { incoming: there, outgoing: back })
    }
}

impl Source for Pipe {
    fn hand(&mut self, most: usize, put: impl FnOnce(&[u8])) -> usize {
        let mut incoming = self.incoming.borrow_mut();
        let count = incoming.len().min(most);
        put(&incoming[..count]);
        incoming.advance(count);
        if incoming.is_empty() {
            // So that it begins at its front again.
            incoming.clear();
        }
        count
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.hand(into.len(), |piece| into[..piece.len()].copy_from_slice(piece)) {
            0 => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.outgoing.borrow_mut().extend_from_slice(from);
        Ok(from.len())
    }

    fn write_vectored(&mut self, from: &[io::IoSlice<'_>]) -> io::Result<usize> {
        from.iter().map(|slice| self.write(slice)).sum()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes asynchronous what never waits; an empty pipe is pending, and nobody is woken.
pub(crate) struct Ready<T>(pub(crate) T);

impl<T: Source + Unpin> AsyncRead for Ready<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.hand(into.remaining(), |piece| into.put_slice(piece)) {
            0 => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<T: Write + Unpin> AsyncWrite for Ready<T> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(from))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write_vectored(from))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
