//! A server's answer to our handshake: the same however it is cut, and beside `httparse` and tungstenite.

use bytes::BytesMut;
use httparse::{EMPTY_HEADER, Status};
use tungstenite::{
    Error, HandshakeError as TheirHandshakeError,
    error::{ProtocolError, SubProtocolError},
    http::Request,
};
use ws_core::{
    handshake::{Accepted, ClientHandshake, Key, ResponseError},
    head::{HeadError, HeadLimits, HeadReader, ResponseHead},
};

use super::{head_decisions::stricter, input::Input, memory_stream::MemoryStream};

/// The key of RFC 6455 1.3, so that an accept key can stand in the corpus.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

const BYTE_BY_BYTE: usize = 2048;

/// The input: a byte of which bit 0 offers two subprotocols and bit 1 an extension, where to cut, then the
/// response and what follows it.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let offer = Offer::new(input.byte());
    let cuts = input.cuts();
    let stream = input.rest();

    let ours = read(&offer, [stream]);
    assert_eq!(ours, read(&offer, cuts.pieces(stream)), "in pieces");
    if stream.len() <= BYTE_BY_BYTE {
        assert_eq!(ours, read(&offer, stream.chunks(1)), "byte by byte");
    }
    beside_httparse(&ours, stream);
    beside_tungstenite(&offer, &ours, stream);
}

struct Offer {
    subprotocols: bool,
    ours: ClientHandshake,
}

impl Offer {
    fn new(choice: u8) -> Self {
        let key = Key::parse(KEY.as_bytes()).expect("a key");
        let mut ours = ClientHandshake::with_key("example.com", "/", key).expect("a handshake");
        let subprotocols = choice & 1 != 0;
        if subprotocols {
            ours = ours.subprotocols(["chat.v2", "chat.v1"]).expect("subprotocols");
        }
        if choice & 2 != 0 {
            ours = ours.extensions("permessage-deflate; client_max_window_bits").expect("an extension");
        }
        Self { subprotocols, ours }
    }
}

/// A response as it was understood.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    reason: Vec<u8>,
    major: u8,
    minor: u8,
    fields: Vec<(String, Vec<u8>)>,
    accepted: Result<Accepted, ResponseError>,
    rest: Vec<u8>,
}

fn read<'a>(offer: &Offer, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Seen>, HeadError> {
    let (mut reader, mut buffer) = (HeadReader::new(HeadLimits::default()), BytesMut::new());
    let mut seen: Option<Seen> = None;
    for piece in pieces {
        if let Some(seen) = &mut seen {
            seen.rest.extend_from_slice(piece);
            continue;
        }
        buffer.extend_from_slice(piece);
        seen = reader.read_response(&mut buffer)?.map(|head| understand(offer, &head, &buffer));
    }
    Ok(seen)
}

fn understand(offer: &Offer, head: &ResponseHead, rest: &[u8]) -> Seen {
    let accepted = offer.ours.verify(head);
    if accepted.is_ok() {
        // RFC 6455 4.1: no tunnel without a 101 and the right key (CVE-2018-1002105).
        assert_eq!(head.status(), 101);
        assert_eq!(head.fields().first("Sec-WebSocket-Accept"), Some(&offer.ours.key().accept()[..]));
    }
    Seen {
        status: head.status(),
        reason: head.reason().to_vec(),
        major: head.version().major,
        minor: head.version().minor,
        fields: head.fields().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        accepted,
        rest: rest.to_vec(),
    }
}

fn beside_httparse(ours: &Result<Option<Seen>, HeadError>, stream: &[u8]) {
    let mut headers = [EMPTY_HEADER; 100];
    let mut theirs = httparse::Response::new(&mut headers);
    let verdict = theirs.parse(stream);
    match (ours, verdict) {
        (Ok(Some(seen)), Ok(Status::Complete(size))) => {
            assert_eq!(seen.rest, stream[size..]);
            assert_eq!(Some(seen.status), theirs.code);
            assert_eq!((seen.major, Some(seen.minor)), (1, theirs.version));
            // httparse tells no reason where it is not ASCII.
            if seen.reason.is_ascii() {
                assert_eq!(Some(&seen.reason[..]), theirs.reason.map(str::as_bytes));
            }
            let fields = theirs.headers.iter().map(|field| (field.name.to_owned(), field.value.to_owned()));
            assert_eq!(seen.fields, fields.collect::<Vec<_>>());
        }
        // RFC 9110 2.5: a higher minor version is treated as 1.1; other versions have their own error.
        (Ok(_), Err(httparse::Error::Version)) | (Ok(None), Ok(Status::Partial)) | (Err(_), Err(_)) => {}
        // We look at a line when it is whole; then we refuse as well.
        (Ok(None), Err(error)) => {
            for end in [&b"\r\n\r\n"[..], b"\n\r\n"] {
                let completed = read(&Offer::new(0), [stream, end]);
                assert!(!matches!(completed, Ok(Some(_))), "only httparse refuses: {error}");
            }
        }
        (Err(error), Ok(_)) => assert!(stricter(*error).is_some(), "only we refuse: {error:?}"),
        (Ok(ours), theirs) => panic!("{ours:?} beside httparse's {theirs:?}"),
    }
}

fn beside_tungstenite(offer: &Offer, ours: &Result<Option<Seen>, HeadError>, stream: &[u8]) {
    let mut request = Request::builder()
        .uri("ws://example.com/")
        .header("Host", "example.com")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", KEY);
    if offer.subprotocols {
        request = request.header("Sec-WebSocket-Protocol", "chat.v2, chat.v1");
    }
    let memory = MemoryStream { incoming: stream.to_vec(), outgoing: Vec::new() };
    let theirs = tungstenite::client::client(request.body(()).expect("a request"), memory);
    match (ours, theirs) {
        (Ok(Some(seen @ Seen { accepted: Ok(_), .. })), Err(TheirHandshakeError::Failure(error))) => {
            assert!(more_lenient(seen, &error).is_some(), "only tungstenite refuses: {error:?}");
        }
        (Ok(Some(Seen { accepted: Err(error), .. })), Ok(_)) => {
            assert!(stricter_verdict(*error).is_some(), "only we refuse: {error:?}");
        }
        (Err(error), Ok(_)) => assert!(stricter(*error).is_some(), "only we refuse: {error:?}"),
        (Ok(Some(Seen { accepted: Ok(_), .. })), Ok(_))
        | (Ok(Some(Seen { accepted: Err(_), .. }) | None) | Err(_), Err(_)) => {}
        (Ok(ours), theirs) => panic!("{ours:?} beside tungstenite's {:?}", theirs.map(|_| ())),
    }
}

/// Responses that we accept and tungstenite does not.
fn more_lenient(seen: &Seen, error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Protocol(ProtocolError::HttparseError(httparse::Error::Version)) if seen.minor > 1 => {
            "RFC 9110 2.5: a higher minor version is treated as 1.1"
        }
        Error::Protocol(ProtocolError::MissingConnectionUpgradeHeader) => {
            "RFC 6455 4.1: Connection contains the token, and may contain others"
        }
        Error::Protocol(ProtocolError::MissingUpgradeWebSocketHeader) => {
            "RFC 9110 5.6.1.2: a list of one may have empty elements"
        }
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol)) => {
            "RFC 6455 4.2.2: a server may select none; who needs one says so"
        }
        _ => return None,
    })
}

/// Responses that tungstenite accepts and we do not.
const fn stricter_verdict(error: ResponseError) -> Option<&'static str> {
    Some(match error {
        ResponseError::UpgradeWrong => {
            "RFC 6455 4.1: Upgrade is websocket and nothing else, over all its lines"
        }
        ResponseError::ConnectionWrong => {
            "RFC 9110 7.6.1: Connection is a list of tokens, over all its lines"
        }
        ResponseError::AcceptRepeated => "RFC 6455 11.3.3: once in a response",
        ResponseError::ExtensionsMalformed(_)
        | ResponseError::ExtensionNotOffered
        | ResponseError::ExtensionRepeated => "RFC 6455 4.1: no extension that was not offered",
        ResponseError::SubprotocolRepeated => "RFC 6455 11.3.4: once in a response",
        _ => return None,
    })
}
