//! Tests of the head reader: each fault by name, every split, limits, cost, and agreement with a naive
//! reader and with `httparse`.

mod faults;
mod forms;
mod hostile;
mod limits;
mod oracle;
mod outgoing;
mod splits;
mod strategies;

use bytes::BytesMut;

use super::{HeadError, HeadLimits, HeadReader, RequestHead, ResponseHead};

/// A handshake as Chromium sends it.
const BROWSER: &str = "GET /rooms/lobby?token=a.b.c HTTP/1.1\r\nHost: chat.example.com:9001\r\n\
    Connection: keep-alive, Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nUpgrade: websocket\r\n\
    Origin: https://chat.example.com\r\nSec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br\r\nCookie: a=b; c=\u{e9}\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
    Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n\r\n";

/// What a reader of default limits makes of these bytes, and what it leaves.
fn request(bytes: &[u8]) -> Result<Option<(RequestHead, BytesMut)>, HeadError> {
    let mut buffer = BytesMut::from(bytes);
    let head = HeadReader::new(HeadLimits::default()).read_request(&mut buffer)?;
    Ok(head.map(|head| (head, buffer)))
}

fn response(bytes: &[u8]) -> Result<Option<(ResponseHead, BytesMut)>, HeadError> {
    let mut buffer = BytesMut::from(bytes);
    let head = HeadReader::new(HeadLimits::default()).read_response(&mut buffer)?;
    Ok(head.map(|head| (head, buffer)))
}

fn request_error(bytes: &[u8]) -> Option<HeadError> {
    request(bytes).err()
}

fn response_error(bytes: &[u8]) -> Option<HeadError> {
    response(bytes).err()
}

/// A request whose only field line is this one.
fn with_line(line: &[u8]) -> Vec<u8> {
    [b"GET / HTTP/1.1\r\nHost: a\r\n", line, b"\r\n\r\n"].concat()
}
