//! The opening handshake over a stream that is there: the request, the answer, and what may be wrong with it.

use std::io::{self, ErrorKind::UnexpectedEof};
use std::time::Duration;

use bytes::BytesMut;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout_at;
use ws_core::deflate::DeflateAnswerError;
use ws_core::handshake::{Accepted, ClientHandshake, ResponseError};
use ws_core::head::{Fields, HeadError, HeadLimits, HeadReader, ResponseHead};

use super::timeouts::{Budget, Timeouts, deadline};
use crate::error::{ConnectError, Redirected};
use crate::refused::{Framing, Refused, read};

/// How many interim responses (RFC 9110 15.2) may come before the answer.
const INTERIM: usize = 8;

/// Why there was no proper answer to the handshake.
///
/// An answer that is a proper refusal is [`ConnectError::Refused`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The request could not be sent.
    #[error(
        "the connection broke while the request was sent ({0}): connect again; a proxy or firewall may cut it off"
    )]
    Write(#[source] io::Error),
    /// The connection broke before the answer was there.
    #[error(
        "the connection broke before the answer was complete ({0}): connect again; a proxy or firewall may cut it off"
    )]
    Read(#[source] io::Error),
    /// The answer's head did not come in time.
    #[error("no complete answer came within {after:?} ({received} bytes did): is this an HTTP server?")]
    TimedOut {
        /// The time it was given.
        after: Duration,
        /// How many bytes had come.
        received: usize,
    },
    /// The peer closed the connection without a word.
    #[error(
        "the connection was closed without an answer: is this an HTTP server, does it let this address in, or, with ws://, \
         does this port speak TLS (then write wss://)?"
    )]
    NoAnswer,
    /// The peer closed the connection inside the answer's head.
    #[error(
        "the connection was closed after {received} bytes of the answer: connect again, and if it stays so, ask who runs the server"
    )]
    CutShort {
        /// How many bytes had come.
        received: usize,
    },
    /// The answer is a TLS record.
    #[error("this port speaks TLS: write wss:// in place of ws://")]
    TlsPort,
    /// The answer is not HTTP.
    #[error("what listens here does not speak HTTP: check the port")]
    NotHttp,
    /// The answer's head violates HTTP, or a limit.
    #[error("the answer is not valid HTTP, which the server's operator has to mend: {0}")]
    Head(#[source] HeadError),
    /// More than eight interim responses came before the answer.
    #[error(
        "more than {INTERIM} interim responses came and no answer, which the server's operator has to mend"
    )]
    TooManyInterim,
    /// The answer's `Content-Length` is not a number, or there are several different ones (RFC 9112 6.3).
    #[error("the answer's Content-Length is not valid, which the server's operator has to mend")]
    ContentLength,
    /// The answer is 101, but not one to this request (RFC 6455 4.1).
    #[error("{}", wrong(*.0))]
    Response(#[source] ResponseError),
    /// The server accepted compression with parameters that were not offered or are not valid (RFC 7692 7.1).
    #[error(
        "the server's answer to the offer of compression is not valid, which its operator has to mend (or offer none): {0}"
    )]
    Compression(#[source] DeflateAnswerError),
}

/// What is wrong with a 101, and whose turn it is.
fn wrong(error: ResponseError) -> String {
    match error {
        ResponseError::SubprotocolMissing => {
            "the server selected none of the subprotocols offered, and one is required: offer one that it speaks".to_owned()
        }
        ResponseError::AcceptMissing | ResponseError::AcceptRepeated | ResponseError::AcceptWrong => format!(
            "the server accepts, but does not answer this handshake ({error}): a cache or another program answers in its place"
        ),
        error => {
            format!("the server accepts, but not as RFC 6455 says, which its operator has to mend: {error}")
        }
    }
}

/// What bounds the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerLimits {
    pub(crate) budget: Budget,
    pub(crate) timeouts: Timeouts,
    pub(crate) head: HeadLimits,
    /// Bytes of a refusal's body.
    pub(crate) body: usize,
}

/// A handshake that was accepted.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) accepted: Accepted,
    pub(crate) head: ResponseHead,
    /// What came after the head: the beginning of the first frames.
    pub(crate) leftover: BytesMut,
}

/// Sends the request and reads the answer to it.
///
/// Ends in the time that the limits give. Not cancel safe: the stream cannot be used any more when this ends
/// otherwise than with success.
pub(crate) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    handshake: &ClientHandshake,
    limits: AnswerLimits,
) -> Result<Opened, ConnectError> {
    let mut buffer = BytesMut::with_capacity(2048);
    let head = exchange(stream, handshake, limits, &mut buffer).await?;
    match head.status() {
        101 => {
            let accepted = handshake.verify(&head).map_err(HandshakeError::Response)?;
            Ok(Opened { accepted, head, leftover: buffer })
        }
        // RFC 9110 15.4: a redirection names where to go; 304 and one without an address are refusals.
        300..=303 | 305..=399 if head.fields().contains("Location") => {
            Err(ConnectError::Redirected(Box::new(Redirected::new(head))))
        }
        _ => {
            let framing = framing(&head)?;
            let within = limits.budget.stage(limits.timeouts.body);
            let body = read(stream, buffer, framing, limits.body, within).await;
            Err(ConnectError::Refused(Box::new(Refused::new(head, body))))
        }
    }
}

/// The request out, the final answer's head in.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    handshake: &ClientHandshake,
    limits: AnswerLimits,
    buffer: &mut BytesMut,
) -> Result<ResponseHead, HandshakeError> {
    let after = limits.budget.stage(limits.timeouts.handshake);
    let deadline = deadline(after);
    let timed_out = |received| HandshakeError::TimedOut { after, received };
    let mut request = BytesMut::with_capacity(512);
    handshake.encode(&mut request);
    let sent = async {
        stream.write_all(&request).await?;
        stream.flush().await
    };
    // A server may refuse before it has read all; its answer is worth more than the failure to send.
    let unsent = timeout_at(deadline, sent).await.map_err(|_| timed_out(0))?.err();
    let mut reader = HeadReader::new(limits.head);
    let (mut interim, mut received) = (0, 0);
    loop {
        while let Some(head) = reader.read_response(buffer).map_err(typed)? {
            if !head.is_interim() {
                return Ok(head);
            }
            interim += 1;
            if interim > INTERIM {
                return Err(HandshakeError::TooManyInterim);
            }
        }
        buffer.reserve(1024);
        let read = timeout_at(deadline, stream.read_buf(buffer)).await.map_err(|_| timed_out(received))?;
        // RFC 8446 6.1: TLS without a closing alert may have been cut off; so has an answer that is not complete.
        let read = read.or_else(|error| if error.kind() == UnexpectedEof { Ok(0) } else { Err(error) });
        match (read, received) {
            (Ok(0) | Err(_), 0) if unsent.is_some() => break,
            (Ok(0), 0) => return Err(HandshakeError::NoAnswer),
            (Ok(0), received) => return Err(HandshakeError::CutShort { received }),
            (Ok(count), _) => received += count,
            (Err(error), _) => return Err(HandshakeError::Read(error)),
        }
    }
    Err(unsent.map_or(HandshakeError::NoAnswer, HandshakeError::Write))
}

fn typed(error: HeadError) -> HandshakeError {
    match error {
        HeadError::TlsRecord => HandshakeError::TlsPort,
        HeadError::NotHttp => HandshakeError::NotHttp,
        error => HandshakeError::Head(error),
    }
}

/// RFC 9112 6.3: how the body of a response is delimited.
pub(super) fn framing(head: &ResponseHead) -> Result<Framing, HandshakeError> {
    let fields = head.fields();
    // 1: 204 and 304 have no body.
    if matches!(head.status(), 204 | 304) {
        return Ok(Framing::Length(0));
    }
    // 3 and 4: a transfer coding overrides the length; if chunked is not the last one, the end is the close.
    if fields.contains("Transfer-Encoding") {
        let last = fields
            .get_all("Transfer-Encoding")
            .last()
            .and_then(|value| value.rsplit(|&byte| byte == b',').next());
        let chunked = last.is_some_and(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        return Ok(if chunked { Framing::Chunked } else { Framing::UntilClose });
    }
    // 5 to 8.
    content_length(fields).map(|length| length.map_or(Framing::UntilClose, Framing::Length))
}

// RFC 9110 8.6: the same number several times is that number; anything else is an error.
fn content_length(fields: &Fields) -> Result<Option<u64>, HandshakeError> {
    let mut found = None;
    for value in fields.get_all("Content-Length").flat_map(|value| value.split(|&byte| byte == b',')) {
        let value = value.trim_ascii();
        let number =
            std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|text| text.parse::<u64>().ok()).ok_or(HandshakeError::ContentLength)?;
        if found.is_some_and(|found| found != number) {
            return Err(HandshakeError::ContentLength);
        }
        found = Some(number);
    }
    Ok(found)
}
