//! Servers that mean no good: what they send to whoever connects, without end where that is possible.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use ws_core::deflate::Compressor;
use ws_core::handshake::accept_value;

/// What a server does with a connection: it has the stream, and the head of a proper answer without its last line.
type Script = fn(TcpStream, String) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server, and what the client has to call its misdeed.
#[derive(Clone, Copy)]
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) code: &'static str,
    /// Whether it hears the request out first.
    listens: bool,
    script: Script,
}

/// A hostile server that runs.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    /// How many connections there were.
    pub(crate) connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hostile {
    const fn new(name: &'static str, code: &'static str, script: Script) -> Self {
        Self { name, code, listens: true, script }
    }

    /// It begins as soon as there is a byte.
    const fn at_once(self) -> Self {
        Self { listens: false, ..self }
    }

    /// Listens.
    pub(crate) async fn serve(self) -> Serving {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let accepted = if self.listens {
                        read_request(&mut stream).await
                    } else {
                        let _ = stream.readable().await;
                        String::new()
                    };
                    (self.script)(stream, accepted).await;
                });
            }
        });
        Serving { address, connections, task }
    }
}

/// Reads the request; gives the head that accepts it, with compression where it is offered.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut request).await, Ok(1..)) {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request);
    let key = request.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let accept = accept_value(key.unwrap_or_default());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
        String::from_utf8_lossy(&accept)
    )
}

/// Sends `first`, then `again` for ever, as fast as it is taken.
async fn flood(mut stream: TcpStream, first: impl AsRef<[u8]>, again: &[u8]) {
    if stream.write_all(first.as_ref()).await.is_err() {
        return;
    }
    // In large pieces, so that the client is what is slow.
    let many = again.repeat((64 << 10) / again.len().max(1) + 1);
    while stream.write_all(&many).await.is_ok() {}
}

/// Sends `first`, then the rest a byte at a time, without end.
async fn drip(mut stream: TcpStream, first: impl AsRef<[u8]>, rest: &[u8]) {
    let _ = stream.write_all(first.as_ref()).await;
    for byte in rest.iter().cycle() {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Sends this, and then nothing, but stays.
async fn stay(mut stream: TcpStream, first: impl AsRef<[u8]>) {
    let _ = stream.write_all(first.as_ref()).await;
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
    // Its end is none for us.
    std::future::pending::<()>().await;
}

/// Sends this, and never reads again.
async fn deaf(mut stream: TcpStream, first: impl AsRef<[u8]>) {
    let _ = stream.write_all(first.as_ref()).await;
    std::future::pending::<()>().await;
}

fn frames(accepted: &str, frames: &[u8]) -> Vec<u8> {
    [accepted.as_bytes(), b"\r\n", frames].concat()
}

/// A message of 4 MiB in a frame of 4 KiB.
fn bomb() -> Vec<u8> {
    let mut payload = BytesMut::new();
    Compressor::new(15, true, 9).compress(&vec![0; 4 << 20], &mut payload);
    let mut frame = vec![0xc2, 0x7e];
    frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&payload);
    frame
}

macro_rules! hostile {
    ($($name:literal $code:literal |$stream:ident, $accepted:ident| $script:expr;)*) => {
        [$(Hostile::new($name, $code, |$stream, $accepted| {
            let _ = &$accepted;
            Box::pin(async move { $script })
        })),*]
    };
}

/// Before the connection is open.
#[rustfmt::skip]
pub(crate) const ANSWERING: [Hostile; 31] = hostile! {
    "silence" "no-http-answer" |stream, accepted| stay(stream, "").await;
    "an answer byte by byte" "no-http-answer" |stream, accepted| drip(stream, "", format!("{accepted}\r\n").as_bytes()).await;
    "a head without end" "http-answer-invalid" |stream, accepted| flood(stream, "HTTP/1.1 101 Switching Protocols\r\n", b"X: y\r\n").await;
    "a head without end, slowly" "no-http-answer" |stream, accepted| drip(stream, "HTTP/1.1 101 Switching Protocols\r\n", b"X: y\r\n").await;
    "a header line without end" "http-answer-invalid" |stream, accepted| flood(stream, "HTTP/1.1 101 Switching Protocols\r\nX: ", b"y").await;
    "a reason without end" "http-answer-invalid" |stream, accepted| flood(stream, "HTTP/1.1 101 ", b"Switching ").await;
    "empty lines without end" "no-http-answer" |stream, accepted| flood(stream, "", b"\r\n").await;
    "interim responses without end" "http-answer-invalid" |stream, accepted| flood(stream, "", b"HTTP/1.1 103 Early Hints\r\n\r\n").await;
    "interim responses without end, slowly" "no-http-answer" |stream, accepted| drip(stream, "", b"HTTP/1.1 100 Continue\r\n\r\n").await;
    "garbage without end" "no-http-answer" |stream, accepted| flood(stream, "", b"\x00\xff\x7f\r\nxyz").await;
    "zeros without end" "no-http-answer" |stream, accepted| flood(stream, "", b"\0").await;
    "a wrong accept key" "accept-key-wrong" |stream, accepted| stay(stream, accepted.replace("Accept: ", "Accept: A") + "\r\n").await;
    "an extension that was not offered" "extension-not-offered" |stream, accepted| stay(stream, accepted.replace("permessage-deflate", "x-zip") + "\r\n").await;
    "a hundred extensions" "handshake-answer-invalid" |stream, accepted| stay(stream, accepted.replace("permessage-deflate", &["permessage-deflate"; 100].join(", ")) + "\r\n").await;
    "a window of 7 bits" "extension-answer-invalid" |stream, accepted| stay(stream, accepted.replace("permessage-deflate", "permessage-deflate; server_max_window_bits=7") + "\r\n").await;
    "a subprotocol that was not offered" "subprotocol-not-offered" |stream, accepted| stay(stream, accepted + "Sec-WebSocket-Protocol: other\r\n\r\n").await;
    "a body without end" "forbidden-unexplained" |stream, accepted| flood(stream, "HTTP/1.1 403 Forbidden\r\n\r\n", b"no").await;
    "a body without end, slowly" "forbidden-unexplained" |stream, accepted| drip(stream, "HTTP/1.1 403 Forbidden\r\n\r\n", b"no").await;
    "a body of 2^63 bytes" "forbidden-unexplained" |stream, accepted| flood(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 9223372036854775808\r\n\r\n", b"no").await;
    "a body that does not come" "forbidden-unexplained" |stream, accepted| stay(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\n").await;
    "chunks without end" "forbidden-unexplained" |stream, accepted| flood(stream, "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n").await;
    "a chunk of 2^64 bytes" "forbidden-unexplained" |stream, accepted| flood(stream, "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"x").await;
    "a chunk extension without end" "forbidden-unexplained" |stream, accepted| flood(stream, "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x").await;
    "trailers without end" "forbidden-unexplained" |stream, accepted| flood(stream, "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n").await;
    "JSON a thousand deep" "forbidden-unexplained" |stream, accepted| stay(stream, format!("HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: 60000\r\n\r\n{}", "[".repeat(60_000))).await;
    "a page of one unclosed tag" "forbidden-unexplained" |stream, accepted| stay(stream, format!("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 60000\r\n\r\n{}", "<title".repeat(10_000))).await;
    "challenges of 8 KiB" "unauthorized-unexplained" |stream, accepted| stay(stream, format!("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: {}\r\n\r\n", "a, ".repeat(2600))).await;
    "a refusal in a Close frame that does not come" "closed-at-once" |stream, accepted| stay(stream, accepted + "Refused-By: rooms; id=1\r\n\r\n").await;
    "a refusal in a Close frame, and pings without end" "closed-at-once" |stream, accepted| flood(stream, accepted + "Refused-By: rooms; id=1\r\n\r\n", b"\x89\0").await;
    "a refusal in a Close frame, and messages without end" "closed-at-once" |stream, accepted| flood(stream, accepted + "Refused-By: rooms; id=1\r\n\r\n", b"\x81\x02hi").await;
    "a redirection to itself" "redirected-in-circles" |stream, accepted| stay(stream, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").await;
};

/// On a connection that is open.
#[rustfmt::skip]
pub(crate) const OPEN: [Hostile; 18] = hostile! {
    "101, then silence" "no-pong" |stream, accepted| stay(stream, frames(&accepted, b"")).await;
    "101, then the end" "connection-lost" |stream, accepted| { let mut stream = stream; let _ = stream.write_all(&frames(&accepted, b"")).await; };
    "101, then a reset" "connection-lost" |stream, accepted| { let mut stream = stream; let _ = stream.write_all(&frames(&accepted, b"")).await; sleep(Duration::from_millis(20)).await; let _ = stream.set_zero_linger(); };
    "half a frame, then silence" "no-pong" |stream, accepted| stay(stream, frames(&accepted, b"\x81\x05he")).await;
    "a length of 2^63" "protocol-violated" |stream, accepted| flood(stream, frames(&accepted, b"\x82\x7f\x80\0\0\0\0\0\0\0"), b"x").await;
    "a length of 2^63 - 1" "limit-exceeded" |stream, accepted| flood(stream, frames(&accepted, b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), b"x").await;
    "a message in pieces without end" "limit-exceeded" |stream, accepted| flood(stream, frames(&accepted, b"\x02\0"), b"\0\x7e\x10\0").await;
    "empty pieces without end" "limit-exceeded" |stream, accepted| flood(stream, frames(&accepted, b"\x02\0"), b"\0\0").await;
    "a masked frame" "protocol-violated" |stream, accepted| flood(stream, frames(&accepted, b""), b"\x81\x82\0\0\0\0hi").await;
    "frames of a reserved type" "protocol-violated" |stream, accepted| flood(stream, frames(&accepted, b""), b"\x83\0").await;
    "a continuation of nothing" "protocol-violated" |stream, accepted| flood(stream, frames(&accepted, b""), b"\x80\x02hi").await;
    "text that is no UTF-8" "protocol-violated" |stream, accepted| flood(stream, frames(&accepted, b""), b"\x81\x01\xff").await;
    "pings without end, and no ear" "peer-stalled" |stream, accepted| flood(stream, frames(&accepted, b""), b"\x89\x7dxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx").await;
    "a bomb" "limit-exceeded" |stream, accepted| stay(stream, frames(&accepted, &bomb())).await;
    "compressed garbage" "protocol-violated" |stream, accepted| flood(stream, frames(&accepted, b""), b"\xc2\x04\xff\xff\xff\xff").await;
    "a Close frame, and then nothing" "closed" |stream, accepted| stay(stream, frames(&accepted, b"\x88\x02\x0f\xa0")).await;
    "a Close frame, and then no end" "closed" |stream, accepted| flood(stream, frames(&accepted, b"\x88\x02\x0f\xa0"), b"\x81\x02hi").await;
    "a Close frame, and no ear" "closed" |stream, accepted| deaf(stream, frames(&accepted, b"\x88\x02\x0f\xa0")).await;
};

/// To a client that speaks TLS.
#[rustfmt::skip]
pub(crate) const TLS: [Hostile; 8] = hostile! {
    "TLS: silence" "tls-timeout" |stream, accepted| stay(stream, "").await;
    "TLS: zeros without end" "tls-on-plain-port" |stream, accepted| flood(stream, "", b"\0").await;
    "TLS: HTTP without end" "tls-on-plain-port" |stream, accepted| flood(stream, "", b"HTTP/1.1 400 Bad Request\r\n").await;
    "TLS: a record that does not come" "tls-timeout" |stream, accepted| stay(stream, b"\x16\x03\x03\x40\0").await;
    "TLS: a hello byte by byte" "tls-timeout" |stream, accepted| drip(stream, b"\x16\x03\x03\x40\0\x02\0\x3f\xfc\x03\x03", b"\0").await;
    "TLS: a hello of 16 MiB" "tls-failed" |stream, accepted| flood(stream, b"\x16\x03\x03\0\x04\x02\xff\xff\xff", &[b"\x16\x03\x03\x20\0".as_slice(), &[0; 0x2000]].concat()).await;
    "TLS: empty records without end" "tls-failed" |stream, accepted| flood(stream, "", b"\x16\x03\x03\0\0").await;
    "TLS: warnings without end" "tls-failed" |stream, accepted| flood(stream, "", b"\x15\x03\x03\0\x02\x01\x5a").await;
};

/// In place of an HTTP proxy.
#[rustfmt::skip]
pub(crate) const PROXY: [Hostile; 9] = hostile! {
    "a proxy: silence" "proxy-failed" |stream, accepted| stay(stream, "").await;
    "a proxy: a head without end" "proxy-failed" |stream, accepted| flood(stream, "HTTP/1.1 200 OK\r\n", b"X: y\r\n").await;
    "a proxy: a head without end, slowly" "proxy-failed" |stream, accepted| drip(stream, "HTTP/1.1 200 OK\r\n", b"X: y\r\n").await;
    "a proxy: interim responses without end" "proxy-failed" |stream, accepted| flood(stream, "", b"HTTP/1.1 100 Continue\r\n\r\n").await;
    "a proxy: a body without end" "proxy-refused" |stream, accepted| flood(stream, "HTTP/1.1 403 Forbidden\r\n\r\n", b"no").await;
    "a proxy: a body without end, slowly" "proxy-refused" |stream, accepted| drip(stream, "HTTP/1.1 403 Forbidden\r\n\r\n", b"no").await;
    "a proxy: a tunnel, and more without end" "proxy-failed" |stream, accepted| flood(stream, "HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 101 ").await;
    "a proxy: a tunnel, and silence in it" "no-http-answer" |stream, accepted| stay(stream, "HTTP/1.1 200 OK\r\n\r\n").await;
    "a proxy: garbage without end" "proxy-failed" |stream, accepted| flood(stream, "", b"\0\xff").await;
};

/// In place of a SOCKS proxy.
#[rustfmt::skip]
pub(crate) const SOCKS: [Hostile; 4] = hostile! {
    "SOCKS: silence" "proxy-failed" |stream, accepted| stay(stream, "").await;
    "SOCKS: garbage without end" "proxy-failed" |stream, accepted| flood(stream, "", b"\xff").await;
    "SOCKS: a reply byte by byte" "proxy-failed" |stream, accepted| drip(stream, b"\x05\0\x05\0\0\x03\xff", b"x").await;
    "SOCKS: HTTP without end" "proxy-failed" |stream, accepted| flood(stream, "", b"HTTP/1.1 400 Bad Request\r\n").await;
};

/// Those that do not wait for a request of HTTP.
pub(crate) fn at_once(servers: &[Hostile]) -> Vec<Hostile> {
    servers.iter().map(|hostile| hostile.at_once()).collect()
}
