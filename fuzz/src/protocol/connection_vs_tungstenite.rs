//! Our connection beside tungstenite's: the same stream gets the same verdict, and each receives what the
//! other sends.

use tungstenite::{
    Error, Message as TheirMessage,
    error::ProtocolError as TheirProtocolError,
    protocol::{Role as TheirRole, WebSocket, WebSocketConfig},
};
use ws_core::{
    connection::{Config, Event, Limits, ProtocolError, Role},
    frame::FrameError,
    message::{CloseFrameError, Message},
};

use super::{
    conversation,
    input::Input,
    memory_stream::MemoryStream,
    outcome::{Outcome, Reception},
};

/// The input: one byte that chooses, then a stream of frames or the script of a conversation.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let role = if choice & 1 == 0 { Role::Server } else { Role::Client };
    if choice & 2 == 0 {
        same_verdict(role, input.rest());
    } else {
        conversation::check(role, input);
    }
}

/// Where the two differ, and why we decide as we do.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// RFC 6455 5.2: "the minimal number of bytes MUST be used to encode the length". tungstenite takes
    /// longer encodings.
    LengthNotMinimal,
    /// RFC 6455 5.2, 5.5: the length of a control frame, at most 125, is never written in two or eight bytes.
    /// tungstenite takes a small one written so.
    ControlLengthExtended,
    /// RFC 6455 7.4: a Close frame with a code that may not be sent is a protocol error. tungstenite
    /// delivers it as if it had said 1002.
    CloseCode,
}

fn decision(error: ProtocolError) -> Option<Decision> {
    match error {
        ProtocolError::Frame(FrameError::LengthNotMinimal) => Some(Decision::LengthNotMinimal),
        ProtocolError::Frame(FrameError::ControlTooLong) => Some(Decision::ControlLengthExtended),
        ProtocolError::CloseFrame(CloseFrameError::Code(_)) => Some(Decision::CloseCode),
        _ => None,
    }
}

const FRAME: usize = 1 << 12;
const MESSAGE: usize = 1 << 13;

fn same_verdict(role: Role, stream: &[u8]) {
    let limits = Limits { frame: FRAME, message: MESSAGE, fragments: usize::MAX, output: 0 };
    let Outcome { events, error } = Reception::whole(&Config { limits, ..Config::new(role) }, stream);
    let ours: Vec<TheirMessage> = events.into_iter().map(in_their_words).collect();
    let mut peer = Peer::new(role, stream);
    let end = peer.read();

    let Some(error) = error else {
        assert_eq!(unregistered_by_them(ours.clone()), peer.said);
        // RFC 6455 5.5.1: after a Close frame we look at nothing. tungstenite's client goes on reading.
        let closed = matches!(ours.last(), Some(TheirMessage::Close(_)));
        assert!(closed || end == End::Waiting, "only tungstenite refuses: {end:?}");
        return;
    };
    if decision(error).is_some() {
        assert!(peer.said.starts_with(&ours), "{error}");
        return;
    }
    assert_eq!(ours, peer.said, "{error}");
    if end == End::Waiting {
        // RFC 6455 5.2, 8.1 and the rest: we refuse at the first byte that shows what is wrong;
        // tungstenite waits for the frame to be whole. Whatever completes it, it refuses then.
        peer.socket.get_mut().incoming = vec![0x7F; FRAME + 20];
        let end = peer.read();
        assert_eq!(ours, peer.said, "{error}");
        assert!(matches!(end, End::Refused(_)), "only we refuse: {error}; {end:?}");
    }
}

/// IANA's registry of RFC 6455 11.7 has 1014 (Bad Gateway), and so have we. tungstenite does not know it, and
/// delivers it as it delivers a code that may not be sent.
fn unregistered_by_them(mut said: Vec<TheirMessage>) -> Vec<TheirMessage> {
    if let Some(TheirMessage::Close(Some(frame))) = said.last_mut()
        && u16::from(frame.code) == 1014
    {
        *frame = tungstenite::protocol::CloseFrame {
            code: tungstenite::protocol::frame::coding::CloseCode::Protocol,
            reason: "Protocol violation".into(),
        };
    }
    said
}

/// tungstenite reading a stream.
struct Peer {
    socket: WebSocket<MemoryStream>,
    said: Vec<TheirMessage>,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Waiting,
    Closed,
    Refused(String),
}

impl Peer {
    fn new(role: Role, stream: &[u8]) -> Self {
        let config = their_config().max_frame_size(Some(FRAME)).max_message_size(Some(MESSAGE));
        let stream = MemoryStream { incoming: stream.to_vec(), outgoing: Vec::new() };
        Self { socket: WebSocket::from_raw_socket(stream, their_role(role), Some(config)), said: Vec::new() }
    }

    fn read(&mut self) -> End {
        loop {
            match self.socket.read() {
                Ok(message) => self.said.push(message),
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return End::Waiting;
                }
                Err(
                    Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(TheirProtocolError::ReceivedAfterClosing),
                ) => return End::Closed,
                Err(error) => return End::Refused(error.to_string()),
            }
        }
    }
}

/// Small buffers: tungstenite fills all of its buffer with zeros before each read.
pub(super) fn their_config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(1 << 10)
}

pub(super) const fn their_role(role: Role) -> TheirRole {
    match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    }
}

pub(super) fn in_their_words(event: Event) -> TheirMessage {
    match event {
        Event::Message(Message::Text(text)) => TheirMessage::text(text.as_str()),
        Event::Message(Message::Binary(bytes)) => TheirMessage::Binary(bytes),
        Event::Ping(payload) => TheirMessage::Ping(payload),
        Event::Pong(payload) => TheirMessage::Pong(payload),
        Event::Close(frame) => TheirMessage::Close(frame.map(|frame| tungstenite::protocol::CloseFrame {
            code: frame.code.get().into(),
            reason: frame.reason.as_str().into(),
        })),
    }
}
