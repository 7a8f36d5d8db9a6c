//! The bytes of a connection before it is a WebSocket: heads in, answers out, and the end.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use ws_core::head::{HeadError, HeadLimits, HeadReader, RequestHead};
use ws_core::net::pool;

use crate::listener::{ProxyHeader, ProxyHeaderError, ProxyProtocol, Stream};

/// Bytes that are read at once behind an incomplete head.
const CHUNK: usize = 2048;
/// RFC 9112 9.6: what is read and thrown away after the last answer, so that no reset overtakes it.
const LINGER_BYTES: usize = 64 * 1024;
/// How long that is done.
const LINGER_TIME: Duration = Duration::from_secs(1);

/// Why no further head came.
#[derive(Debug)]
pub(super) enum NoHead {
    /// The peer closed or reset the connection.
    Gone,
    /// What came is no head.
    Invalid(HeadError),
    /// The head was not whole at the deadline; so much of it was there.
    Late(usize),
}

/// Why no header of the PROXY protocol came.
#[derive(Debug)]
pub(super) enum NoProxyHeader {
    /// The peer closed or reset the connection before it had sent a byte, as some do to see whether anybody listens.
    Gone,
    /// What came is no header.
    Invalid(ProxyHeaderError),
    /// It broke off, or was not whole at the deadline.
    Incomplete,
}

/// A connection whose peer may be anybody. It holds a buffer only while it holds bytes.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    buffer: BytesMut,
}

impl Wire {
    pub(super) const fn new(stream: Stream, buffer: BytesMut) -> Self {
        Self { stream, buffer }
    }

    /// Whether bytes came that were not read as part of a head.
    pub(super) fn has_bytes(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The first byte that was not read yet, if one is there.
    pub(super) fn first_byte(&self) -> Option<u8> {
        self.buffer.first().copied()
    }

    /// Reads a header of the PROXY protocol. The bytes after it stay.
    pub(super) async fn proxy_header(
        &mut self,
        protocol: ProxyProtocol,
        deadline: Instant,
    ) -> Result<ProxyHeader, NoProxyHeader> {
        loop {
            if self.has_bytes() {
                match protocol.read(&self.buffer) {
                    Ok(Some((header, length))) => {
                        self.buffer.advance(length);
                        self.settle();
                        return Ok(header);
                    }
                    Ok(None) => {}
                    Err(error) => return Err(NoProxyHeader::Invalid(error)),
                }
            }
            match timeout_at(deadline, self.more()).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false) | Err(_)) if !self.has_bytes() => return Err(NoProxyHeader::Gone),
                Ok(Ok(false) | Err(_)) | Err(_) => return Err(NoProxyHeader::Incomplete),
            }
        }
    }

    /// The stream, and the bytes that came after the last head.
    pub(super) fn into_parts(self) -> (Stream, BytesMut) {
        (self.stream, self.buffer)
    }

    /// Waits for the first byte of a head, without a buffer. `Ok(false)`: the peer closed.
    ///
    /// Cancel safe.
    pub(super) async fn first_bytes(&mut self) -> io::Result<bool> {
        if self.has_bytes() { Ok(true) } else { self.more().await }
    }

    /// Reads a whole head. The bytes after it stay.
    pub(super) async fn head(
        &mut self,
        limits: HeadLimits,
        deadline: Instant,
    ) -> Result<RequestHead, NoHead> {
        let mut reader = HeadReader::new(limits);
        loop {
            if self.has_bytes() {
                match reader.read_request(&mut self.buffer) {
                    Ok(Some(head)) => {
                        self.settle();
                        return Ok(head);
                    }
                    Ok(None) => {}
                    Err(error) => return Err(NoHead::Invalid(error)),
                }
            }
            match timeout_at(deadline, self.more()).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false) | Err(_)) => return Err(NoHead::Gone),
                Err(_) => return Err(NoHead::Late(self.buffer.len())),
            }
        }
    }

    /// Completes when the peer has closed or reset the connection. Bytes that come meanwhile are kept, up to `limit`;
    /// beyond it nothing is read, and so no end is seen.
    ///
    /// Cancel safe.
    pub(super) async fn gone(&mut self, limit: usize) {
        while self.buffer.len() < limit {
            match self.more().await {
                Ok(true) => {}
                Ok(false) | Err(_) => return,
            }
        }
        std::future::pending::<()>().await;
    }

    /// Sends an answer in two parts. One that the peer does not take within `time` is given up.
    pub(super) async fn send(&mut self, parts: [&[u8]; 2], time: Duration) -> io::Result<()> {
        // Most answers fit into the socket's buffer: one system call, no timer.
        let written = match self.stream.try_write_vectored(&parts.map(IoSlice::new)) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        let [first, second] = parts;
        if written == first.len() + second.len() {
            return Ok(());
        }
        let rest = async {
            self.stream.write_all(first.get(written..).unwrap_or_default()).await?;
            self.stream
                .write_all(second.get(written.saturating_sub(first.len())..).unwrap_or_default())
                .await?;
            // TLS may still hold what was written.
            self.stream.flush().await
        };
        timeout(time, rest).await.unwrap_or_else(|late| Err(late.into()))
    }

    /// Ends the connection so that the last answer arrives: no more is sent, and what still comes is thrown away for a
    /// moment, since closing with unread bytes resets the connection (RFC 9112 9.6).
    pub(super) async fn linger(mut self) {
        let discarding = async {
            self.stream.shutdown().await?;
            let mut left = LINGER_BYTES.saturating_sub(self.buffer.len());
            while left > 0 {
                self.buffer.clear();
                if !self.more().await? {
                    break;
                }
                left = left.saturating_sub(self.buffer.len());
            }
            io::Result::Ok(())
        };
        // Late, reset or done: in each case the connection is over.
        let _ = timeout(LINGER_TIME, discarding).await;
    }

    /// Reads what is there, at least one byte; `false` at the end of the stream. Cancel safe.
    async fn more(&mut self) -> io::Result<bool> {
        poll_fn(|cx| {
            // A buffer of the thread, or the room behind what is there.
            if self.buffer.is_empty() {
                self.settle();
                self.buffer = pool::take();
            } else {
                self.buffer.reserve(CHUNK);
            }
            let read = pin!(self.stream.read_buf(&mut self.buffer)).poll(cx);
            if read.is_pending() {
                self.settle();
            }
            read.map_ok(|count| count > 0)
        })
        .await
    }

    /// Gives the thread's buffer back; the start of a head that is in it moves to one of its size. Many thousands may
    /// wait in the middle of a head.
    fn settle(&mut self) {
        if self.buffer.is_empty() {
            if self.buffer.capacity() > 0 {
                pool::give(std::mem::take(&mut self.buffer));
            }
        } else if self.buffer.capacity() >= pool::BUFFER / 2 {
            let own = BytesMut::from(&self.buffer[..]);
            pool::give(std::mem::replace(&mut self.buffer, own));
        }
    }
}
