//! HTTP proxies: CONNECT (RFC 9110 9.3.6).

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use ws_core::head::{HeadLimits, HeadReader, OutgoingFields, ResponseHead};
use ws_core::refusal::Challenge;
use zeroize::Zeroizing;

use super::{ProxyError, ProxyUrl};
use crate::connect::handshake::framing;
use crate::connect::timeouts::deadline;
use crate::refused::{Framing, Printable, read, said};
use crate::request::basic;

/// How many interim responses (RFC 9110 15.2) may come before the answer.
const INTERIM: usize = 8;

/// How much of a refusal's body is looked at, and for how long at most.
const BODY: usize = 4096;
const BODY_TIME: Duration = Duration::from_secs(1);

/// The longest reason that is passed on, in characters.
const REASON: usize = 240;

/// Has `proxy`, at the other end of `stream`, connect to `target`, a host and a port. Not cancel safe.
pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    proxy: &ProxyUrl,
    target: &str,
    within: Duration,
) -> Result<(), ProxyError> {
    let end = deadline(within);
    let mut buffer = BytesMut::with_capacity(1024);
    let head = match timeout_at(end, exchange(stream, proxy, target, &mut buffer)).await {
        Ok(head) => head?,
        Err(_) => return Err(ProxyError::TimedOut { proxy: proxy.to_string(), after: within }),
    };
    match head.status() {
        // RFC 9110 9.3.6: any 2xx means that the tunnel begins right after the head, whatever its fields say of a body.
        // The client speaks first in it, so that bytes which are there already come from no server behind it.
        200..=299 if buffer.is_empty() => Ok(()),
        101 | 200..=299 => Err(ProxyError::NotAProxy { proxy: proxy.to_string() }),
        407 => Err(ProxyError::Authentication {
            proxy: proxy.to_string(),
            sent: proxy.credentials.is_some(),
            schemes: schemes(&head),
        }),
        status => {
            let within = end.saturating_duration_since(Instant::now()).min(BODY_TIME);
            let body =
                read(stream, buffer, framing(&head).unwrap_or(Framing::UntilClose), BODY, within).await;
            let reason = reason(&head, said(&head, &body).as_deref());
            let (proxy, target, status) = (proxy.to_string(), target.to_owned(), Some(status));
            // RFC 9110 15.6.3 to 15.6.5: the proxy itself is well, and has not got further.
            if matches!(status, Some(502..=504)) {
                Err(ProxyError::TargetUnreachable { proxy, target, status, reason })
            } else {
                Err(ProxyError::Refused { proxy, target, status, reason })
            }
        }
    }
}

/// The request out, the final answer's head in.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    proxy: &ProxyUrl,
    target: &str,
    buffer: &mut BytesMut,
) -> Result<ResponseHead, ProxyError> {
    let broken = |source| ProxyError::Io { proxy: proxy.to_string(), source };
    let request = request(proxy, target)?;
    let sent = async {
        stream.write_all(&request).await?;
        stream.flush().await
    };
    // A proxy may refuse before it has read all; its answer is worth more than the failure to send.
    let mut unsent = sent.await.err();
    let mut reader = HeadReader::new(HeadLimits::default());
    let mut interim = 0;
    loop {
        let head = reader.read_response(buffer);
        match head.map_err(|_| ProxyError::NotAProxy { proxy: proxy.to_string() })? {
            Some(head) if !head.is_interim() => return Ok(head),
            Some(_) if interim == INTERIM => return Err(ProxyError::NotAProxy { proxy: proxy.to_string() }),
            Some(_) => interim += 1,
            None => {
                buffer.reserve(1024);
                match (stream.read_buf(buffer).await, unsent.take()) {
                    (Ok(0) | Err(_), Some(unsent)) => return Err(broken(unsent)),
                    (Ok(0), None) => return Err(ProxyError::Closed { proxy: proxy.to_string() }),
                    (Ok(_), kept) => unsent = kept,
                    (Err(source), None) => return Err(broken(source)),
                }
            }
        }
    }
}

// RFC 9110 9.3.6: the target is a host and a port, and so is Host (RFC 9112 3.2).
fn request(proxy: &ProxyUrl, target: &str) -> Result<Zeroizing<Vec<u8>>, ProxyError> {
    let mut fields = OutgoingFields::new();
    let add = |fields: &mut OutgoingFields| {
        fields.push("Host", target)?;
        match &proxy.credentials {
            Some(pair) => fields.push("Proxy-Authorization", &basic(&pair.user, &pair.password)),
            None => Ok(()),
        }
    };
    // Both were checked as they were read.
    add(&mut fields).map_err(|_| ProxyError::NotAProxy { proxy: proxy.to_string() })?;
    let mut encoded = BytesMut::new();
    fields.encode(&mut encoded);
    let mut request = Zeroizing::new(Vec::with_capacity(encoded.len() + target.len() + 32));
    for part in [b"CONNECT ", target.as_bytes(), b" HTTP/1.1\r\n", &encoded, b"\r\n"] {
        request.extend_from_slice(part);
    }
    zeroize::Zeroize::zeroize(&mut encoded[..]);
    Ok(request)
}

/// RFC 9110 11.7.1: how the proxy takes credentials.
fn schemes(head: &ResponseHead) -> Vec<String> {
    let challenges = head.fields().get_all("Proxy-Authenticate");
    let challenges =
        challenges.filter_map(|value| Challenge::parse_list(std::str::from_utf8(value).ok()?).ok());
    challenges.flatten().map(|challenge| challenge.scheme().to_owned()).collect()
}

/// The status line, and what the body says beside.
fn reason(head: &ResponseHead, said: Option<&str>) -> String {
    let phrase = String::from_utf8_lossy(head.reason());
    let mut reason = head.status().to_string();
    for part in [phrase.trim(), said.unwrap_or_default()] {
        if !part.is_empty() {
            reason.push_str(if reason.len() == 3 { " " } else { ": " });
            reason.push_str(part);
        }
    }
    // Servers that are none answer CONNECT with one of these.
    if matches!(head.status(), 400 | 404 | 405 | 501) {
        reason.push_str("; is that a proxy?");
    }
    Printable(&reason).to_string().chars().take(REASON).collect()
}
