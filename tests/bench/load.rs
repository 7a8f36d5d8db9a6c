//! The load: connections that speak just enough WebSocket to keep an echo server busy.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What every connection of a run sends and expects.
pub(crate) struct Frames {
    /// As many masked frames as are in flight, one after the other.
    batch: Vec<u8>,
    /// The answer to one of them.
    answer: Vec<u8>,
    in_flight: usize,
    /// Whether new messages are sent only when all answers are there, or one for each answer as it comes.
    whole_batches: bool,
}

impl Frames {
    pub(crate) fn new(bytes: usize, in_flight: usize, whole_batches: bool) -> Self {
        let payload: Vec<u8> = (0..bytes).map(|at| b'a' + u8::try_from(at % 26).unwrap_or(0)).collect();
        let mut frame = header(bytes, 0x80);
        frame.extend_from_slice(&MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        let mut answer = header(bytes, 0);
        answer.extend_from_slice(&payload);
        Self { batch: frame.repeat(in_flight), answer, in_flight, whole_batches }
    }

    fn messages(&self, count: usize) -> &[u8] {
        &self.batch[..self.batch.len() / self.in_flight * count]
    }
}

/// The header of a binary frame (RFC 6455 5.2), without a masking key.
fn header(bytes: usize, mask_bit: u8) -> Vec<u8> {
    let mut header = vec![0x82];
    match bytes {
        0..=125 => header.push(mask_bit | u8::try_from(bytes).unwrap_or(0)),
        126..=0xffff => {
            header.push(mask_bit | 0x7e);
            header.extend_from_slice(&u16::try_from(bytes).unwrap_or(0).to_be_bytes());
        }
        _ => {
            header.push(mask_bit | 0x7f);
            header.extend_from_slice(&(bytes as u64).to_be_bytes());
        }
    }
    header
}

/// One connection, past its handshake.
pub(crate) struct Client {
    stream: TcpStream,
}

impl Client {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(REQUEST.as_bytes()).await?;
        let mut head = Vec::with_capacity(512);
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if head.starts_with(b"HTTP/1.1 101") {
            Ok(Self { stream })
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()))
        }
    }

    /// Sends one message and checks that it comes back.
    pub(crate) async fn echo_once(&mut self, frames: &Frames) -> io::Result<()> {
        self.stream.write_all(frames.messages(1)).await?;
        let mut answer = vec![0; frames.answer.len()];
        self.stream.read_exact(&mut answer).await?;
        if answer == frames.answer { Ok(()) } else { Err(io::Error::other("the echo differs")) }
    }

    /// Keeps messages in flight until it is dropped, and counts those that came back.
    pub(crate) async fn echo(mut self, frames: Rc<Frames>, count: Rc<Cell<u64>>) -> io::Result<()> {
        self.echo_once(&frames).await?;
        let mut buffer = vec![0; (2 * frames.answer.len() * frames.in_flight).max(4096)];
        let (mut received, mut owed) = (0, 0);
        self.stream.write_all(frames.messages(frames.in_flight)).await?;
        loop {
            let length = self.stream.read(&mut buffer).await?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            received += length;
            let whole = received / frames.answer.len();
            received %= frames.answer.len();
            count.set(count.get() + whole as u64);
            owed += whole;
            if owed == frames.in_flight || (owed > 0 && !frames.whole_batches) {
                self.stream.write_all(frames.messages(owed)).await?;
                owed = 0;
            }
        }
    }
}
