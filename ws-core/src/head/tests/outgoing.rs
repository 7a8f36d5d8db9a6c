//! What we send cannot be split.

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::{HeadError, HeadLimits, HeadReader, InvalidField, OutgoingFields, RequestHead, Version};

/// CVE-2017-18587 and CVE-2026-1527: CR and LF in what is sent make two fields of one, or two messages.
#[test]
fn header_splitting() {
    let mut fields = OutgoingFields::new();
    for (name, value, error) in [
        ("X", "a\r\nSet-Cookie: b", InvalidField::Value(b'\r')),
        ("X", "a\nb", InvalidField::Value(b'\n')),
        ("X", "a\0", InvalidField::Value(0)),
        ("X\r\nY", "a", InvalidField::Name),
        ("X: a\r\nY", "a", InvalidField::Name),
        ("X ", "a", InvalidField::Name),
        ("", "a", InvalidField::Name),
        ("\u{e9}", "a", InvalidField::Name),
    ] {
        assert_eq!(fields.push(name, value), Err(error), "{name:?}: {value:?}");
    }
    assert!(fields.is_empty());
}

/// CVE-2017-18587, CVE-2026-1527: the same through the parts of a request.
#[test]
fn parts_that_hide_a_line() {
    let version = Version::HTTP_11;
    let fields = [("Host", "a")];
    for (method, target) in
        [("GET /x", "/"), ("GET", "/ HTTP/1.1\r\nX:"), ("GET\r\n", "/"), ("\r\nGET", "/"), ("", "/")]
    {
        assert!(RequestHead::from_parts(method, target, version, fields).is_err(), "{method:?} {target:?}");
    }
    let split = RequestHead::from_parts("GET", "/", version, [("A", "b\r\nC: d")]);
    assert_eq!(split.err(), Some(HeadError::Parts));
}

#[test]
fn fields_are_read_back() {
    let mut fields = OutgoingFields::new();
    fields.push("A", " b: c ").unwrap();
    fields.push_bytes("D", b"\xff").unwrap();
    fields.push("E", "").unwrap();
    assert_eq!(fields.iter().collect::<Vec<_>>(), [("A", &b"b: c"[..]), ("D", b"\xff"), ("E", b"")]);
    assert!(fields.contains("d") && !fields.contains("b"));
    assert_eq!(format!("{fields:?}"), r#"["A", "D", "E"]"#);
}

proptest! {
    /// Whatever is let in comes out as the same fields, and nothing else.
    #[test]
    fn what_is_sent_is_what_is_read(
        fields in prop::collection::vec(("\\PC{0,8}|[a-zA-Z-]{1,8}", prop::collection::vec(any::<u8>(), 0..12)), 0..8),
    ) {
        let mut outgoing = OutgoingFields::new();
        let mut sent = Vec::new();
        for (name, value) in &fields {
            if outgoing.push_bytes(name, value).is_ok() {
                sent.push((name.clone(), value.trim_ascii().to_vec()));
            }
        }
        let mut buffer = BytesMut::from("HTTP/1.1 200 OK\r\n");
        outgoing.encode(&mut buffer);
        buffer.extend_from_slice(b"\r\nrest");
        let head = HeadReader::new(HeadLimits::default()).read_response(&mut buffer).unwrap().unwrap();
        let read: Vec<_> = head.fields().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        prop_assert_eq!(read, sent);
        prop_assert_eq!(&buffer[..], b"rest");
    }
}
