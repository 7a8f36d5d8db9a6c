//! The body of an answer that is not an upgrade: bounded in bytes and in time, and never a reason to lose
//! the status before it.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout_at;

use super::chunked::{ChunkError, Chunked};
use crate::connect::timeouts::deadline;

/// How much room a read has.
const PIECE: usize = 4096;

/// The body of a refusal: what came of it, and how it ended.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    bytes: Bytes,
    end: BodyEnd,
}

/// How the body of a refusal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyEnd {
    /// It is there as a whole.
    Complete,
    /// It is longer than the limit; this is its beginning.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// It did not come in time; this is what had come.
    TimedOut {
        /// The time it was given.
        after: Duration,
    },
    /// The connection ended before the body did.
    CutShort,
    /// The chunked coding is broken; this is what stood before.
    Malformed(ChunkError),
    /// Reading failed.
    Failed(io::ErrorKind),
}

impl Body {
    /// The bytes that came, at most as many as the limit says.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The text, where the bytes that came are UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// How it ended.
    pub fn end(&self) -> BodyEnd {
        self.end
    }

    /// Whether it is there as a whole.
    pub fn is_complete(&self) -> bool {
        self.end == BodyEnd::Complete
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("bytes", &self.bytes.len()).field("end", &self.end).finish()
    }
}

/// How a body is delimited (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// Reads a body: `buffer` has what came after the head.
///
/// Ends at the latest after `within`, and holds at most `limit` bytes and one piece more. Not cancel safe:
/// what was read is lost.
pub(crate) async fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    mut buffer: BytesMut,
    framing: Framing,
    limit: usize,
    within: Duration,
) -> Body {
    let deadline = deadline(within);
    let mut decoder = Decoder::new(framing);
    let mut out = BytesMut::new();
    // A chunked body can be mostly its own coding: what is read is bounded as well, not just what is kept.
    let mut budget = limit.saturating_mul(2).saturating_add(PIECE);
    let end = loop {
        match decoder.decode(&mut buffer, &mut out, limit) {
            Ok(true) => break BodyEnd::Complete,
            Ok(false) if out.len() >= limit && decoder.has_more(&buffer) => {
                break BodyEnd::TooLarge { limit };
            }
            Ok(false) if budget == 0 => break BodyEnd::TooLarge { limit },
            Ok(false) => {}
            Err(error) => break BodyEnd::Malformed(error),
        }
        buffer.reserve(PIECE);
        match timeout_at(deadline, stream.read_buf(&mut buffer)).await {
            Err(_) => break BodyEnd::TimedOut { after: within },
            Ok(Ok(0)) if framing == Framing::UntilClose => break BodyEnd::Complete,
            Ok(Ok(0)) => break BodyEnd::CutShort,
            Ok(Ok(count)) => budget = budget.saturating_sub(count),
            Ok(Err(error)) => break BodyEnd::Failed(error.kind()),
        }
    };
    Body { bytes: out.freeze(), end }
}

enum Decoder {
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

impl Decoder {
    fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(Chunked::default()),
            Framing::UntilClose => Self::UntilClose,
        }
    }

    /// Moves what belongs to the body to `out`, up to `limit` bytes; says whether the body has ended.
    fn decode(&mut self, input: &mut BytesMut, out: &mut BytesMut, limit: usize) -> Result<bool, ChunkError> {
        let room = limit.saturating_sub(out.len()).min(input.len());
        match self {
            Self::Chunked(chunked) => chunked.decode(input, out, limit),
            Self::Length(left) => {
                let taken = usize::try_from(*left).map_or(room, |left| left.min(room));
                out.extend_from_slice(&input.split_to(taken));
                *left -= taken as u64;
                Ok(*left == 0)
            }
            Self::UntilClose => {
                out.extend_from_slice(&input.split_to(room));
                Ok(false)
            }
        }
    }

    /// Whether more is known to follow when `out` is full: a body may also end exactly at the limit.
    fn has_more(&self, input: &BytesMut) -> bool {
        match self {
            Self::Length(_) => true,
            Self::Chunked(_) | Self::UntilClose => !input.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(5);

    /// What is read of a body whose beginning came with the head, and whose rest a scripted peer sends.
    async fn body<F>(
        framing: Framing,
        limit: usize,
        start: &str,
        peer: impl FnOnce(DuplexStream) -> F,
    ) -> Body
    where
        F: Future<Output = ()>,
    {
        let (mut ours, theirs) = duplex(64);
        let reading = read(&mut ours, BytesMut::from(start), framing, limit, WITHIN);
        tokio::select! {
            body = reading => body,
            body = async { peer(theirs).await; std::future::pending().await } => body,
        }
    }

    fn sends(text: &'static str) -> impl FnOnce(DuplexStream) -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
        move |mut stream| Box::pin(async move { stream.write_all(text.as_bytes()).await.expect("open") })
    }

    async fn stays_open(stream: DuplexStream) {
        let _open = stream;
        std::future::pending::<()>().await;
    }

    // RFC 9112 6.3: the length, the chunked coding and the end of the connection each end a body.
    #[tokio::test]
    async fn complete() {
        let read = body(Framing::Length(5), 100, "he", sends("llo!")).await;
        assert_eq!((read.text(), read.end()), (Some("hello"), BodyEnd::Complete));
        let read = body(Framing::Chunked, 100, "5\r\nhe", sends("llo\r\n0\r\n\r\n")).await;
        assert_eq!((read.text(), read.end()), (Some("hello"), BodyEnd::Complete));
        let read = body(Framing::UntilClose, 100, "he", sends("llo")).await;
        assert_eq!((read.text(), read.end()), (Some("hello"), BodyEnd::Complete));
    }

    #[tokio::test(start_paused = true)]
    async fn an_announced_end_does_not_wait_for_the_peer_to_close() {
        let read = body(Framing::Length(5), 100, "hello", stays_open).await;
        assert_eq!(read.end(), BodyEnd::Complete);
        let read = body(Framing::Length(0), 100, "", stays_open).await;
        assert_eq!(read.end(), BodyEnd::Complete);
        let read = body(Framing::Chunked, 100, "0\r\n\r\n", stays_open).await;
        assert_eq!(read.end(), BodyEnd::Complete);
    }

    #[tokio::test]
    async fn cut_short() {
        let read = body(Framing::Length(6), 100, "he", sends("llo")).await;
        assert_eq!((read.text(), read.end()), (Some("hello"), BodyEnd::CutShort));
        let read = body(Framing::Chunked, 100, "5\r\nhe", sends("llo\r\n")).await;
        assert_eq!((read.text(), read.end()), (Some("hello"), BodyEnd::CutShort));
    }

    #[tokio::test]
    async fn malformed() {
        let read = body(Framing::Chunked, 100, "2\r\nhe\r\n", sends("-1\r\n")).await;
        assert_eq!((read.text(), read.end()), (Some("he"), BodyEnd::Malformed(ChunkError::Size)));
    }

    #[tokio::test(start_paused = true)]
    async fn silent_and_slow() {
        let after = WITHIN;
        for framing in [Framing::Length(6), Framing::UntilClose] {
            let read = body(framing, 100, "hello", stays_open).await;
            assert_eq!((read.text(), read.end()), (Some("hello"), BodyEnd::TimedOut { after }));
        }
        // A byte a second is progress, but does not buy more time.
        let started = Instant::now();
        let drip = async |mut stream: DuplexStream| {
            while stream.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let read = body(Framing::UntilClose, 100, "", drip).await;
        assert_eq!(read.end(), BodyEnd::TimedOut { after });
        assert_eq!(started.elapsed(), WITHIN);
    }

    #[tokio::test]
    async fn at_below_and_above_the_limit() {
        for framing in [Framing::Length(5), Framing::UntilClose] {
            for (limit, kept, end) in [
                (6, "hello", BodyEnd::Complete),
                (5, "hello", BodyEnd::Complete),
                (4, "hell", BodyEnd::TooLarge { limit: 4 }),
                (0, "", BodyEnd::TooLarge { limit: 0 }),
            ] {
                let read = body(framing, limit, "he", sends("llo")).await;
                assert_eq!((read.text(), read.end()), (Some(kept), end), "{framing:?} {limit}");
            }
        }
        let chunks = "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        let read = body(Framing::Chunked, 5, chunks, stays_open).await;
        assert_eq!((read.text(), read.end()), (Some("hello"), BodyEnd::Complete));
        let read = body(Framing::Chunked, 4, chunks, stays_open).await;
        assert_eq!((read.text(), read.end()), (Some("hell"), BodyEnd::TooLarge { limit: 4 }));
    }

    #[tokio::test]
    async fn endless() {
        let flood = |piece: &'static str| {
            async move |mut stream: DuplexStream| while stream.write_all(piece.as_bytes()).await.is_ok() {}
        };
        for framing in [Framing::Length(u64::MAX), Framing::UntilClose] {
            let read = body(framing, 10_000, "", flood("aaaaaaaa")).await;
            assert_eq!((read.bytes().len(), read.end()), (10_000, BodyEnd::TooLarge { limit: 10_000 }));
        }
        // Nearly all coding and no data; then trailers without end.
        let read = body(Framing::Chunked, 10_000, "", flood("1;xxxxxxxxxxxxxxxx\r\na\r\n")).await;
        assert_eq!(read.end(), BodyEnd::TooLarge { limit: 10_000 });
        assert!(read.bytes().len() < 10_000);
        let read = body(Framing::Chunked, 10_000, "0\r\n", flood("A: b\r\n")).await;
        assert_eq!((read.bytes().len(), read.end()), (0, BodyEnd::TooLarge { limit: 10_000 }));
    }
}
