//! Both directions together: what is answered, and how a connection ends.

use super::*;
use crate::{
    connection::{
        DIRECT_PAYLOAD, Limits,
        samples::{BINARY, CLOSE, CONTINUATION, FIN, Frames, PING, PONG, TEXT, frame, frames},
    },
    message::{CloseCode, MAX_REASON},
};

/// What a server makes of the frames of a client, and what it answers.
fn serve(server: &mut Connection, sent: Frames<'_>) -> (Vec<Event>, Option<ProtocolError>, BytesMut) {
    let (mut input, mut output, mut events) = (frames(Role::Client, sent), BytesMut::new(), Vec::new());
    loop {
        match server.receive(&mut input, &mut output) {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None, output),
            Err(error) => return (events, Some(error), output),
        }
    }
}

fn server() -> Connection {
    Connection::new(&Config::new(Role::Server))
}

fn client() -> Connection {
    Connection::new(&Config::new(Role::Client))
}

fn answer(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(Role::Server, first, payload)
}

/// RFC 6455 5.5.2 and 5.5.3: each ping is answered by a pong with the same payload, in order.
#[test]
fn pings_are_answered() {
    let sent: Frames<'_> = &[
        (FIN | PING, b""),
        (TEXT, b"a"),
        (FIN | PING, &[9; 125]),
        (FIN | CONTINUATION, b"b"),
        (FIN | PONG, b"unsolicited"),
    ];
    let (events, error, output) = serve(&mut server(), sent);
    assert_eq!((events.len(), error), (4, None));
    assert_eq!(output, [answer(FIN | PONG, b""), answer(FIN | PONG, &[9; 125])].concat());
}

/// RFC 6455 5.5.1: nothing follows our Close frame, a pong no more than a message.
#[test]
fn pings_are_not_answered_after_our_close() {
    let (mut server, mut output) = (server(), BytesMut::new());
    server.close(None, &mut output).unwrap();
    let (events, error, output) = serve(&mut server, &[(FIN | PING, b"1"), (FIN | TEXT, b"late")]);
    // What the peer sent before it saw our Close frame still arrives.
    assert_eq!((events.len(), error, output.len()), (2, None, 0));
    assert!(!server.is_closed());
    let (events, error, output) = serve(&mut server, &[(FIN | CLOSE, b"")]);
    assert_eq!((events, error, output.len()), (vec![Event::Close(None)], None, 0));
    assert!(server.is_closed());
}

/// RFC 6455 5.5.1: a Close frame is answered with the code that it had, exact to the byte (CVE-2026-45736).
#[test]
fn close_is_echoed_to_the_byte() {
    let longest = [&1000u16.to_be_bytes()[..], &[b'r'; MAX_REASON]].concat();
    for body in [&b""[..], b"\x03\xe8", b"\x0f\xa0", b"\x03\xe9going away", b"\x03\x00", &longest] {
        let (_, error, output) = serve(&mut server(), &[(FIN | CLOSE, body)]);
        if error.is_none() {
            assert_eq!(output, answer(FIN | CLOSE, body));
        }
        assert_eq!(error.is_some(), body == b"\x03\x00", "768 is no close code");
    }
}

/// RFC 6455 7.4: every code that may be sent comes back, every other is answered with 1002.
#[test]
fn every_close_code() {
    for code in 0..=u16::MAX {
        let valid = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let mut server = server();
        let (events, _, output) = serve(&mut server, &[(FIN | CLOSE, &code.to_be_bytes())]);
        let answered = u16::from_be_bytes([output[2], output[3]]);
        assert_eq!((events.len(), answered), if valid { (1, code) } else { (0, 1002) }, "{code}");
        assert!(server.is_closed());
    }
}

/// What we say with Close is what was asked for, to the byte, and at most 125 bytes.
#[test]
fn close_payloads_are_exact() {
    for (code, reason) in
        [(1000, String::new()), (1001, "bye".into()), (3000, "x".repeat(200)), (4999, "ü".repeat(62))]
    {
        let frame = CloseFrame::new(CloseCode::new(code).unwrap(), reason.clone());
        let mut output = BytesMut::new();
        server().close(Some(&frame), &mut output).unwrap();
        let kept = crate::message::truncate_reason(&reason).as_bytes();
        assert_eq!(output, answer(FIN | CLOSE, &[&code.to_be_bytes()[..], kept].concat()));
        assert!(output.len() <= 127);
    }
}

/// RFC 6455 7.1.7: a failure says Close with its code and its reason, once; then nothing is processed.
#[test]
fn failures_say_why() {
    let limits = Limits { frame: 100, message: 50, fragments: 2, ..Limits::default() };
    let cases: [(Frames<'_>, u16); 7] = [
        (&[(FIN | TEXT, b"\xff")], 1007),
        (&[(FIN | CLOSE, b"\x03\xe8\xff")], 1007),
        (&[(FIN | CLOSE, b"\x03")], 1002),
        (&[(CONTINUATION, b"")], 1002),
        (&[(FIN | BINARY, &[0; 101])], 1009),
        (&[(BINARY, &[0; 26]), (FIN | CONTINUATION, &[0; 26])], 1009),
        (&[(BINARY, b""), (CONTINUATION, b""), (FIN | CONTINUATION, b"")], 1008),
    ];
    for (sent, code) in cases {
        let mut server = Connection::new(&Config { limits, ..Config::new(Role::Server) });
        let (events, error, output) = serve(&mut server, sent);
        let error = error.unwrap();
        assert_eq!(events, []);
        let body = [&code.to_be_bytes()[..], error.to_string().as_bytes()].concat();
        assert_eq!(output, answer(FIN | CLOSE, &body), "{error}");
        assert_eq!(error.close_code().get(), code);
        assert!(server.is_closed());
        let (events, error, output) = serve(&mut server, &[(FIN | PING, b""), (FIN | TEXT, b"late")]);
        assert_eq!((events, error, output.len()), (vec![], None, 0));
    }
}

/// RFC 6455 5.5.1: after a Close frame in either direction nothing can be sent, and nothing is written.
#[test]
fn misuse_after_close() {
    let mut sent_first = server();
    sent_first.close(None, &mut BytesMut::new()).unwrap();
    let mut received_first = server();
    assert_eq!(serve(&mut received_first, &[(FIN | CLOSE, b"")]).0, [Event::Close(None)]);
    let mut failed = server();
    assert!(serve(&mut failed, &[(FIN | TEXT, b"\xff")]).1.is_some());
    for mut connection in [sent_first, received_first, failed] {
        let mut output = BytesMut::new();
        assert_eq!(connection.send(Message::text("late"), &mut output), Err(SendError::Closed));
        assert_eq!(connection.send_fragment(true, b"late", false, &mut output), Err(SendError::Closed));
        assert_eq!(connection.ping(&Bytes::new(), &mut output), Err(SendError::Closed));
        let again = CloseFrame::new(CloseCode::NORMAL, "again");
        assert_eq!(connection.close(Some(&again), &mut output), Ok(()));
        assert!(output.is_empty());
    }
}

#[test]
fn misuse_while_open() {
    let (mut server, mut output) = (server(), BytesMut::new());
    let long = Bytes::from_static(&[0; 126]);
    assert_eq!(server.ping(&long, &mut output), Err(SendError::ControlTooLong(126)));
    server.send_fragment(false, b"", false, &mut output).unwrap();
    let before = output.len();
    assert_eq!(server.send(Message::text("inside"), &mut output), Err(SendError::Unfinished));
    assert_eq!(output.len(), before);
    // RFC 6455 5.4: control frames MAY be injected in the middle of a fragmented message.
    server.ping(&Bytes::new(), &mut output).unwrap();
    server.send_fragment(false, b"", true, &mut output).unwrap();
    server.send(Message::text("after"), &mut output).unwrap();
}

/// RFC 6455 7.1.3: both may begin the closing handshake at once.
#[test]
fn both_close_at_once() {
    let (mut client, mut server) = (client(), server());
    let (mut there, mut back) = (BytesMut::new(), BytesMut::new());
    client.close(Some(&CloseFrame::new(CloseCode::NORMAL, "done")), &mut there).unwrap();
    server.close(Some(&CloseFrame::new(CloseCode::GOING_AWAY, "")), &mut back).unwrap();
    let from_server = client.receive(&mut back, &mut there).unwrap();
    assert_eq!(from_server, Some(Event::Close(Some(CloseFrame::new(CloseCode::GOING_AWAY, "")))));
    let from_client = server.receive(&mut there, &mut back).unwrap();
    assert_eq!(from_client, Some(Event::Close(Some(CloseFrame::new(CloseCode::NORMAL, "done")))));
    assert!(client.is_closed() && server.is_closed());
    assert!(there.is_empty() && back.is_empty());
}

/// Messages of both kinds and every size, fragments, pings: all arrive, both ways.
#[test]
fn a_conversation() {
    let (mut client, mut server) = (client(), server());
    for _ in 0..2 {
        let (here, there) = (&mut client, &mut server);
        for size in [0, 1, 125, 126, DIRECT_PAYLOAD, 65_536, 1 << 20] {
            let (mut wire, mut answers) = (BytesMut::new(), BytesMut::new());
            let (text, binary) = (Message::text("t".repeat(size)), Message::binary(vec![0xB1; size]));
            here.send(text.clone(), &mut wire).unwrap();
            here.ping(&Bytes::from_static(b"there?"), &mut wire).unwrap();
            here.send_fragment(false, &vec![0xB1; size / 2], false, &mut wire).unwrap();
            here.send_fragment(false, &vec![0xB1; size - size / 2], true, &mut wire).unwrap();
            assert_eq!(there.receive(&mut wire, &mut answers), Ok(Some(Event::Message(text))));
            let question = Event::Ping(Bytes::from_static(b"there?"));
            assert_eq!(there.receive(&mut wire, &mut answers), Ok(Some(question)));
            assert_eq!(there.receive(&mut wire, &mut answers), Ok(Some(Event::Message(binary))));
            assert_eq!(there.receive(&mut wire, &mut answers), Ok(None));
            let pong = Event::Pong(Bytes::from_static(b"there?"));
            assert_eq!(here.receive(&mut answers, &mut wire), Ok(Some(pong)));
            assert!(wire.is_empty() && answers.is_empty());
        }
        std::mem::swap(&mut client, &mut server);
    }
}
