//! Ours: the sockets of `ws-server` and `ws-client`.

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use ws_client::Client;
use ws_core::connection::Event;
use ws_core::deflate::DeflateConfig;
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::WebSocket;
use ws_server::{Route, Server, Session};

use crate::talk::{Heard, Talker, answer};

pub(crate) struct Peer {
    socket: WebSocket,
    /// The answer to the close frame that we sent.
    answered: Option<Heard>,
}

/// How messages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Off,
    /// Each by itself, in a small window.
    Alone,
    /// With what came before as context, in a window of full size.
    InContext,
}

impl Compression {
    pub(crate) const ALL: [Self; 3] = [Self::Off, Self::Alone, Self::InContext];

    fn config(self) -> Option<DeflateConfig> {
        let alone = DeflateConfig { threshold: 0, ..DeflateConfig::default() };
        match self {
            Self::Off => None,
            Self::Alone => Some(alone),
            Self::InContext => Some(DeflateConfig {
                server_no_context_takeover: false,
                client_no_context_takeover: false,
                server_max_window_bits: 15,
                client_max_window_bits: 15,
                ..alone
            }),
        }
    }
}

/// Our client, connected. If it offers compression, the other end has to agree.
pub(crate) async fn connect(url: &str, compression: Compression) -> Peer {
    let mut client = Client::builder(url).expect("a URL");
    if let Some(config) = compression.config() {
        client = client.compression(config);
    }
    let (socket, answer) = client.build().connect_with_answer().await.expect("a connection");
    assert_eq!(answer.compression.is_some(), compression != Compression::Off);
    Peer::new(socket)
}

/// Our server, which holds its part of the conversation with everybody.
pub(crate) struct Answering {
    pub(crate) url: String,
    done: mpsc::UnboundedReceiver<()>,
    serving: JoinHandle<()>,
}

impl Answering {
    pub(crate) async fn start(compression: Compression) -> Self {
        let (sender, done) = mpsc::unbounded_channel();
        let handler = move |session: Session| {
            let sender = sender.clone();
            async move {
                answer(&mut Peer::new(session.socket)).await;
                let _ = sender.send(());
            }
        };
        let server = Server::builder()
            .listen("127.0.0.1:0")
            .route("/", Route::new(handler))
            .compression(compression.config())
            .bind()
            .await
            .expect("a port");
        let url = format!("ws://{}/", server.local_addr());
        let serving = tokio::spawn(async move { server.serve().await.expect("serving") });
        Self { url, done, serving }
    }

    /// Waits until two connections came to the end that they should come to.
    pub(crate) async fn answered_two(&mut self) {
        for _ in 0..2 {
            self.done.recv().await.expect("a conversation that ended well");
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Peer {
    fn new(socket: WebSocket) -> Self {
        Self { socket, answered: None }
    }
}

impl Talker for Peer {
    async fn text(&mut self, text: &str) {
        self.socket.send(text).await.expect("sending");
    }

    async fn binary(&mut self, data: &[u8]) {
        self.socket.send(data).await.expect("sending");
    }

    async fn pieces(&mut self, _pieces: &[&[u8]]) -> bool {
        false
    }

    async fn ping(&mut self, payload: &[u8]) -> bool {
        self.socket.ping(Bytes::copy_from_slice(payload)).await.expect("sending");
        true
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame::new(CloseCode::new(code).expect("a code to send"), reason);
        let answer = self.socket.close(frame).await.expect("an answer");
        self.answered = Some(close(answer));
    }

    async fn hear(&mut self) -> Heard {
        if let Some(answer) = self.answered.take() {
            return answer;
        }
        loop {
            return match self
                .socket
                .recv_event()
                .await
                .expect("reading")
                .expect("a close frame before the end")
            {
                Event::Message(message) => match message.as_text() {
                    Some(text) => Heard::Text(text.to_owned()),
                    None => Heard::Binary(message.as_bytes().to_vec()),
                },
                Event::Pong(payload) => Heard::Pong(payload.to_vec()),
                Event::Close(frame) => {
                    // The closing handshake goes on to the end of the stream.
                    assert_eq!(self.socket.recv_event().await.expect("a clean end"), None);
                    close(frame)
                }
                Event::Ping(_) => continue,
            };
        }
    }
}

fn close(frame: Option<CloseFrame>) -> Heard {
    Heard::Close(frame.map(|frame| (frame.code.get(), frame.reason.to_string())))
}
