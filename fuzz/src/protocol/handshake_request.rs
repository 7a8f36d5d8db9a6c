//! A client's opening handshake: the same however it is cut, and beside `httparse` and tungstenite.

use bytes::BytesMut;
use httparse::{EMPTY_HEADER, Status};
use tungstenite::{Error, HandshakeError as TheirHandshakeError, error::ProtocolError};
use ws_core::{
    handshake::{HandshakeError, Key, UpgradeRequest, UpgradeResponse},
    head::{HeadError, HeadLimits, HeadReader, RequestHead},
};

use super::{head_decisions::stricter, input::Input, memory_stream::MemoryStream};

/// Heads up to this length are read byte by byte as well.
const BYTE_BY_BYTE: usize = 2048;

/// The input: where to cut, then the request and what follows it.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let cuts = input.cuts();
    let stream = input.rest();

    let ours = read([stream]);
    assert_eq!(ours, read(cuts.pieces(stream)), "in pieces");
    if stream.len() <= BYTE_BY_BYTE {
        assert_eq!(ours, read(stream.chunks(1)), "byte by byte");
    }
    beside_httparse(&ours, stream);
    beside_tungstenite(&ours, stream);
}

/// A request as it was understood.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    method: String,
    target: String,
    minor: u8,
    major: u8,
    fields: Vec<(String, Vec<u8>)>,
    upgrade: Result<Key, HandshakeError>,
    /// What follows the head.
    rest: Vec<u8>,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Seen>, HeadError> {
    let (mut reader, mut buffer) = (HeadReader::new(HeadLimits::default()), BytesMut::new());
    let mut seen: Option<Seen> = None;
    for piece in pieces {
        if let Some(seen) = &mut seen {
            seen.rest.extend_from_slice(piece);
            continue;
        }
        buffer.extend_from_slice(piece);
        seen = reader.read_request(&mut buffer)?.map(|head| understand(&head, &buffer));
    }
    Ok(seen)
}

fn understand(head: &RequestHead, rest: &[u8]) -> Seen {
    // Nothing that can be asked of a head fails for one that was let in.
    assert!(head.target().contains(head.path()) || head.path() == "/");
    let upgrade = UpgradeRequest::from_head(head);
    if let Ok(request) = &upgrade {
        check_answer(request);
    }
    Seen {
        method: head.method().to_owned(),
        target: head.target().to_owned(),
        minor: head.version().minor,
        major: head.version().major,
        fields: head.fields().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        upgrade: upgrade.map(|request| request.key),
        rest: rest.to_vec(),
    }
}

/// The answer to any request that is accepted is one head, and says what it must.
fn check_answer(request: &UpgradeRequest) {
    let mut response = UpgradeResponse::new(request);
    if let Some(first) = request.subprotocols.first() {
        response.subprotocol(first).expect("it was offered");
    }
    let mut out = BytesMut::new();
    response.encode(&mut out);
    let head = HeadReader::new(HeadLimits::default()).read_response(&mut out).expect("our own answer");
    let head = head.expect("a whole head");
    assert!(out.is_empty());
    assert_eq!(head.status(), 101);
    assert_eq!(head.fields().first("Sec-WebSocket-Accept"), Some(&request.key.accept()[..]));
    let selected = head.fields().get_str("Sec-WebSocket-Protocol");
    assert_eq!(selected, request.subprotocols.first().map(String::as_str));
}

fn beside_httparse(ours: &Result<Option<Seen>, HeadError>, stream: &[u8]) {
    let mut headers = [EMPTY_HEADER; 100];
    let mut theirs = httparse::Request::new(&mut headers);
    let verdict = theirs.parse(stream);
    match (ours, verdict) {
        (Ok(Some(seen)), Ok(Status::Complete(size))) => {
            assert_eq!(seen.rest, stream[size..]);
            assert_eq!((Some(&*seen.method), Some(&*seen.target)), (theirs.method, theirs.path));
            assert_eq!((seen.major, Some(seen.minor)), (1, theirs.version));
            let fields = theirs.headers.iter().map(|field| (field.name.to_owned(), field.value.to_owned()));
            assert_eq!(seen.fields, fields.collect::<Vec<_>>());
        }
        // RFC 9110 2.5: a higher minor version is treated as 1.1; other versions have their own refusal.
        (Ok(_), Err(httparse::Error::Version)) | (Ok(None), Ok(Status::Partial)) | (Err(_), Err(_)) => {}
        // We look at a line when it is whole; then we refuse as well.
        (Ok(None), Err(error)) => {
            for end in [&b"\r\n\r\n"[..], b"\n\r\n"] {
                let completed = read([stream, end]);
                assert!(!matches!(completed, Ok(Some(_))), "only httparse refuses: {error}");
            }
        }
        (Err(error), Ok(Status::Complete(_))) => {
            assert!(stricter(*error).is_some(), "only we refuse: {error:?}");
        }
        // We refuse what more bytes cannot mend: nor can they for httparse.
        (Err(error), Ok(Status::Partial)) => {
            let ends = [&b"\r\n\r\n"[..], b"\n\r\n", b" HTTP/1.1\r\n\r\n", b"/ HTTP/1.1\r\n\r\n"];
            let mended = ends.iter().any(|end| {
                let mut headers = [EMPTY_HEADER; 100];
                let completed = [stream, end].concat();
                httparse::Request::new(&mut headers)
                    .parse(&completed)
                    .is_ok_and(|status| status.is_complete())
            });
            assert!(!mended || stricter(*error).is_some(), "only we refuse: {error:?}");
        }
        (Ok(ours), theirs) => panic!("{ours:?} beside httparse's {theirs:?}"),
    }
}

fn beside_tungstenite(ours: &Result<Option<Seen>, HeadError>, stream: &[u8]) {
    let memory = MemoryStream { incoming: stream.to_vec(), outgoing: Vec::new() };
    match (ours, tungstenite::accept(memory)) {
        (Ok(Some(Seen { upgrade: Ok(key), .. })), Ok(socket)) => {
            let answer = String::from_utf8_lossy(&socket.get_ref().outgoing).into_owned();
            let accept = String::from_utf8_lossy(&key.accept()).into_owned();
            assert!(answer.contains(&accept), "both compute the same key: {answer}");
        }
        (Ok(Some(seen @ Seen { upgrade: Ok(_), .. })), Err(TheirHandshakeError::Failure(error))) => {
            assert!(more_lenient(seen, &error).is_some(), "only tungstenite refuses: {error:?}");
        }
        (Ok(Some(Seen { upgrade: Err(error), .. })), Ok(_)) => {
            assert!(stricter_handshake(*error).is_some(), "only we refuse: {error:?}");
        }
        (Err(error), Ok(_)) => assert!(stricter(*error).is_some(), "only we refuse: {error:?}"),
        (Ok(Some(Seen { upgrade: Err(_), .. }) | None) | Err(_), Err(_)) => {}
        (Ok(ours), theirs) => panic!("{ours:?} beside tungstenite's {:?}", theirs.map(|_| ())),
    }
}

/// Requests that we accept and tungstenite does not.
fn more_lenient(seen: &Seen, error: &Error) -> Option<&'static str> {
    let repeated =
        |name: &str| seen.fields.iter().filter(|field| field.0.eq_ignore_ascii_case(name)).count() > 1;
    let list = |name: &str| {
        let mut values = seen.fields.iter().filter(|field| field.0.eq_ignore_ascii_case(name));
        values.any(|field| field.1.iter().any(|byte| matches!(byte, b',' | b'\t')))
    };
    Some(match error {
        Error::Protocol(ProtocolError::JunkAfterRequest) if !seen.rest.is_empty() => {
            "RFC 6455 4.1: whatever follows the head is the first of the frames"
        }
        Error::HttpFormat(_) if seen.target.contains("://") && seen.target.contains('%') => {
            "RFC 3986 3.2.2: a host name may be percent-encoded"
        }
        Error::Protocol(ProtocolError::HttparseError(httparse::Error::Version)) if seen.minor > 1 => {
            "RFC 9110 2.5: a higher minor version is treated as 1.1"
        }
        Error::Protocol(ProtocolError::MissingConnectionUpgradeHeader)
            if repeated("Connection") || list("Connection") =>
        {
            "RFC 9110 5.3, 5.6.1: Connection is a list, in one line or in several"
        }
        Error::Protocol(ProtocolError::MissingUpgradeWebSocketHeader)
            if repeated("Upgrade") || list("Upgrade") =>
        {
            "RFC 9110 7.8: Upgrade is a list, in one line or in several"
        }
        _ => return None,
    })
}

/// Requests that tungstenite accepts and we do not.
const fn stricter_handshake(error: HandshakeError) -> Option<&'static str> {
    Some(match error {
        HandshakeError::HostMissing | HandshakeError::HostRepeated | HandshakeError::HostMalformed(_) => {
            "RFC 6455 4.2.1, RFC 9112 3.2: exactly one valid Host"
        }
        HandshakeError::ContentLength
        | HandshakeError::ContentLengthMalformed
        | HandshakeError::ContentLengthRepeated
        | HandshakeError::TransferEncoding => "RFC 9112 6.3: a body would be taken for frames",
        HandshakeError::UpgradeMalformed => "RFC 9110 7.8: Upgrade is a list of protocols",
        HandshakeError::ConnectionMalformed => "RFC 9110 7.6.1: Connection is a list of tokens",
        HandshakeError::UpgradeToHttp2 | HandshakeError::Http2Settings => {
            "RFC 9113 3.1: no way to HTTP/2 beside the one to WebSocket"
        }
        HandshakeError::VersionRepeated => "RFC 6455 11.3.5: once in a request",
        HandshakeError::KeyRepeated => "RFC 6455 11.3.1: once in a request",
        HandshakeError::Extensions(_) => "RFC 6455 9.1: the grammar of extensions",
        HandshakeError::Subprotocols(_) => "RFC 6455 4.1: unique tokens",
        _ => return None,
    })
}
