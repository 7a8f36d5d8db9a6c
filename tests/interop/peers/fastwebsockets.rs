//! `fastwebsockets`, with `hyper` for its handshakes.

use std::sync::Arc;
use std::sync::Mutex;

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, upgrade};
use http_body_util::Empty;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, UPGRADE};
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::talk::{Heard, Talker};

pub(crate) struct Peer(FragmentCollector<TokioIo<Upgraded>>);

pub(crate) async fn connect(url: &str, stream: TcpStream) -> Peer {
    let authority = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
    let request = Request::get(url.replace("ws://", "http://"))
        .header(HOST, authority)
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "upgrade")
        .header("Sec-WebSocket-Key", fastwebsockets::handshake::generate_key())
        .header("Sec-WebSocket-Version", "13")
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let (socket, _) =
        fastwebsockets::handshake::client(&TokioExecutor::new(), request, stream).await.expect("a handshake");
    Peer(FragmentCollector::new(socket))
}

pub(crate) async fn accept(stream: TcpStream) -> Peer {
    let (sender, receiver) = oneshot::channel();
    let sender = Arc::new(Mutex::new(Some(sender)));
    let service = service_fn(move |mut request: Request<Incoming>| {
        let sender = sender.clone();
        async move {
            let (response, upgraded) = upgrade::upgrade(&mut request)?;
            if let Some(sender) = sender.lock().ok().and_then(|mut sender| sender.take()) {
                let _ = sender.send(upgraded);
            }
            Ok::<_, fastwebsockets::WebSocketError>(response)
        }
    });
    tokio::spawn(
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades(),
    );
    let upgraded = receiver.await.expect("a request");
    Peer(FragmentCollector::new(upgraded.await.expect("a handshake")))
}

impl Peer {
    async fn send(&mut self, frame: Frame<'static>) {
        self.0.write_frame(frame).await.expect("sending");
    }
}

impl Talker for Peer {
    async fn text(&mut self, text: &str) {
        self.send(Frame::text(Payload::Owned(text.as_bytes().to_vec()))).await;
    }

    async fn binary(&mut self, data: &[u8]) {
        self.send(Frame::binary(Payload::Owned(data.to_vec()))).await;
    }

    async fn pieces(&mut self, pieces: &[&[u8]]) -> bool {
        for (index, piece) in pieces.iter().enumerate() {
            let opcode = if index == 0 { OpCode::Text } else { OpCode::Continuation };
            let last = index + 1 == pieces.len();
            self.send(Frame::new(last, opcode, None, Payload::Owned(piece.to_vec()))).await;
            if index == 0 {
                self.send(Frame::new(true, OpCode::Ping, None, Payload::Borrowed(b"between"))).await;
            }
        }
        true
    }

    async fn ping(&mut self, payload: &[u8]) -> bool {
        self.send(Frame::new(true, OpCode::Ping, None, Payload::Owned(payload.to_vec()))).await;
        true
    }

    async fn close(&mut self, code: u16, reason: &str) {
        self.send(Frame::close(code, reason.as_bytes())).await;
    }

    async fn hear(&mut self) -> Heard {
        loop {
            let frame = self.0.read_frame().await.expect("a close frame before the end");
            let payload = frame.payload.to_vec();
            return match frame.opcode {
                OpCode::Text => Heard::Text(String::from_utf8(payload).expect("UTF-8")),
                OpCode::Binary => Heard::Binary(payload),
                OpCode::Pong => Heard::Pong(payload),
                OpCode::Close => Heard::Close(payload.split_first_chunk().map(|(code, reason)| {
                    (u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned())
                })),
                OpCode::Ping | OpCode::Continuation => continue,
            };
        }
    }
}
