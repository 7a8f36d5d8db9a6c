//! `tokio-websockets`. Its API has no fragments, but it cuts what is longer than a frame may be.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, CloseCode, Config, Message, Payload, ServerBuilder, WebSocketStream};

use crate::talk::{Heard, Talker};

pub(crate) struct Peer(WebSocketStream<TcpStream>);

pub(crate) async fn connect(url: &str, stream: TcpStream) -> Peer {
    let builder = ClientBuilder::new().uri(url).expect("a URL").config(small_frames());
    Peer(builder.connect_on(stream).await.expect("a handshake").0)
}

pub(crate) async fn accept(stream: TcpStream) -> Peer {
    let builder = ServerBuilder::new().config(small_frames());
    Peer(builder.accept(stream).await.expect("a handshake").1)
}

/// A length that is no multiple of a character's, so that frames end within characters.
fn small_frames() -> Config {
    Config::default().frame_size(4093)
}

impl Peer {
    async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("sending");
    }
}

impl Talker for Peer {
    async fn text(&mut self, text: &str) {
        self.send(Message::text(text.to_owned())).await;
    }

    async fn binary(&mut self, data: &[u8]) {
        self.send(Message::binary(Payload::from(data.to_vec()))).await;
    }

    async fn pieces(&mut self, _pieces: &[&[u8]]) -> bool {
        false
    }

    async fn ping(&mut self, payload: &[u8]) -> bool {
        self.send(Message::ping(payload.to_vec())).await;
        true
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let code = CloseCode::try_from(code).expect("a valid code");
        self.send(Message::close(Some(code), reason)).await;
    }

    async fn hear(&mut self) -> Heard {
        loop {
            let message = self.0.next().await.expect("a close frame before the end").expect("reading");
            if let Some(text) = message.as_text() {
                return Heard::Text(text.to_owned());
            } else if message.is_binary() {
                return Heard::Binary(message.as_payload().to_vec());
            } else if message.is_pong() {
                return Heard::Pong(message.as_payload().to_vec());
            } else if message.is_close() {
                // It tells of a close frame without a code by code 1005.
                let frame = message.as_close().map(|(code, reason)| (code.into(), reason.to_owned()));
                // Reads on, so that the answer to the close frame leaves.
                while let Some(Ok(_)) = self.0.next().await {}
                return Heard::Close(frame.filter(|(code, _)| *code != 1005));
            }
        }
    }
}
