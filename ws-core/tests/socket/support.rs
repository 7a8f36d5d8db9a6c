//! A transport that counts, and sockets over it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use ws_core::{
    connection::Role,
    frame::{Header, OpCode, apply_mask},
    net::{Error, SocketConfig, WebSocket},
};

/// A duplex stream that counts the writes.
pub(crate) struct Counting {
    inner: DuplexStream,
    pub(crate) writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, SeqCst);
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, SeqCst);
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A socket, the raw other end of its stream, and the count of its writes.
pub(crate) fn socket(config: SocketConfig, capacity: usize) -> (WebSocket, DuplexStream, Arc<AtomicUsize>) {
    let (near, far) = duplex(capacity);
    let writes = Arc::new(AtomicUsize::new(0));
    let stream = Counting { inner: near, writes: writes.clone() };
    (WebSocket::from_stream(stream, config, BytesMut::new()), far, writes)
}

pub(crate) fn server() -> (WebSocket, DuplexStream, Arc<AtomicUsize>) {
    socket(SocketConfig::new(Role::Server), 1 << 20)
}

/// A frame as a client sends it.
pub(crate) fn masked(opcode: OpCode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let key = [1, 2, 3, 4];
    let header = Header { fin, rsv1: false, opcode, mask: Some(key), length: payload.len() as u64 };
    let mut head = [0; 14];
    let size = header.encode(&mut head);
    let mut frame = head[..size].to_vec();
    frame.extend_from_slice(payload);
    apply_mask(&mut frame[size..], key, 0);
    frame
}

pub(crate) fn text(payload: &str) -> Vec<u8> {
    masked(OpCode::Text, true, payload.as_bytes())
}

/// Reads one unmasked frame.
pub(crate) async fn read_frame(
    stream: &mut DuplexStream,
    buffer: &mut BytesMut,
) -> Option<(OpCode, Vec<u8>)> {
    loop {
        if let Some((header, size)) = Header::parse(buffer).unwrap() {
            let length = usize::try_from(header.length).unwrap();
            if buffer.len() >= size + length {
                buffer.advance(size);
                return Some((header.opcode, buffer.split_to(length).to_vec()));
            }
        }
        if stream.read_buf(buffer).await.unwrap() == 0 {
            return None;
        }
    }
}

pub(crate) async fn write(stream: &mut DuplexStream, frames: &[Vec<u8>]) {
    stream.write_all(&frames.concat()).await.unwrap();
}

/// The plain loop of the README.
pub(crate) async fn echo(mut ws: WebSocket) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}
