//! `tungstenite`, by way of `tokio-tungstenite`.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::talk::{Heard, Talker};

pub(crate) struct Peer(WebSocketStream<TcpStream>);

pub(crate) async fn connect(url: &str, stream: TcpStream) -> Peer {
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a handshake");
    Peer(socket)
}

pub(crate) async fn accept(stream: TcpStream) -> Peer {
    Peer(tokio_tungstenite::accept_async(stream).await.expect("a handshake"))
}

impl Peer {
    async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("sending");
    }
}

impl Talker for Peer {
    async fn text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    async fn binary(&mut self, data: &[u8]) {
        self.send(Message::binary(data.to_vec())).await;
    }

    async fn pieces(&mut self, pieces: &[&[u8]]) -> bool {
        for (index, piece) in pieces.iter().enumerate() {
            let opcode = OpCode::Data(if index == 0 { Data::Text } else { Data::Continue });
            let last = index + 1 == pieces.len();
            self.send(Message::Frame(Frame::message(piece.to_vec(), opcode, last))).await;
            if index == 0 {
                self.send(Message::Ping("between".into())).await;
            }
        }
        true
    }

    async fn ping(&mut self, payload: &[u8]) -> bool {
        self.send(Message::Ping(payload.to_vec().into())).await;
        true
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        self.0.close(Some(frame)).await.expect("closing");
    }

    async fn hear(&mut self) -> Heard {
        loop {
            return match self.0.next().await.expect("a close frame before the end").expect("reading") {
                Message::Text(text) => Heard::Text(text.to_string()),
                Message::Binary(data) => Heard::Binary(data.to_vec()),
                Message::Pong(payload) => Heard::Pong(payload.to_vec()),
                Message::Close(frame) => {
                    // Reads on, so that the answer to the close frame leaves.
                    while let Some(Ok(_)) = self.0.next().await {}
                    Heard::Close(frame.map(|frame| (frame.code.into(), frame.reason.to_string())))
                }
                Message::Ping(_) | Message::Frame(_) => continue,
            };
        }
    }
}
