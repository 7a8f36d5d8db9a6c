//! The same outcome for every split.

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::{HeadError, HeadLimits, HeadReader};
use super::strategies::{cuts, damaged, valid_request, valid_response};
use super::{BROWSER, request};

/// Everything that can be seen of a head, and the bytes after it.
type Seen = (String, Vec<(String, Vec<u8>)>, Vec<u8>);

const SMALL: HeadLimits = HeadLimits { bytes: 300, line: 60, fields: 6, target: 24 };

/// Feeds `bytes` in pieces of these lengths.
fn feed(bytes: &[u8], cuts: &[usize], limits: HeadLimits, requests: bool) -> Result<Option<Seen>, HeadError> {
    let mut reader = HeadReader::new(limits);
    let mut buffer = BytesMut::new();
    let mut rest = bytes;
    for &cut in cuts.iter().cycle() {
        let (piece, after) = rest.split_at(cut.min(rest.len()));
        buffer.extend_from_slice(piece);
        rest = after;
        let seen = if requests {
            reader.read_request(&mut buffer)?.map(|head| {
                let target = (head.path(), head.query(), head.target_authority());
                let line = format!("{} {} {} {target:?}", head.method(), head.target(), head.version());
                (line, head.fields().clone())
            })
        } else {
            reader.read_response(&mut buffer)?.map(|head| {
                let line = format!("{} {} {}", head.version(), head.status(), head.reason().escape_ascii());
                (line, head.fields().clone())
            })
        };
        if let Some((line, fields)) = seen {
            let fields = fields.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
            return Ok(Some((line, fields, [&buffer[..], rest].concat())));
        }
        if rest.is_empty() {
            break;
        }
    }
    Ok(None)
}

/// Every split in two, and one byte at a time, of a whole handshake with bytes after it.
#[test]
fn every_split_of_a_handshake() {
    let bytes = [BROWSER.as_bytes(), b"\x81\x85mask"].concat();
    let whole = feed(&bytes, &[bytes.len()], HeadLimits::default(), true);
    assert_eq!(whole.as_ref().unwrap().as_ref().unwrap().2, b"\x81\x85mask");
    for at in 1..bytes.len() {
        assert_eq!(feed(&bytes, &[at, bytes.len()], HeadLimits::default(), true), whole);
    }
    assert_eq!(feed(&bytes, &[1], HeadLimits::default(), true), whole);
}

/// A kept connection: one reader takes one head after the other from the same buffer.
#[test]
fn heads_in_a_row() {
    let mut reader = HeadReader::new(HeadLimits::default());
    let mut buffer = BytesMut::from("GET /1 HTTP/1.1\r\nA: 1\r\n\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3");
    for path in ["/1", "/2"] {
        assert_eq!(reader.read_request(&mut buffer).unwrap().unwrap().path(), path);
    }
    assert!(reader.read_request(&mut buffer).unwrap().is_none());
    buffer.extend_from_slice(b" HTTP/1.1\r\nB: 2\r\n\r\n");
    let head = reader.read_request(&mut buffer).unwrap().unwrap();
    assert_eq!((head.path(), head.fields().get_str("b")), ("/3", Some("2")));
    assert!(buffer.is_empty());
}

/// What is asked before any byte has come, or when none has come since.
#[test]
fn asking_again_changes_nothing() {
    let mut reader = HeadReader::new(HeadLimits::default());
    let mut buffer = BytesMut::new();
    for byte in BROWSER.as_bytes() {
        assert!(reader.read_request(&mut buffer).unwrap().is_none());
        assert!(reader.read_request(&mut buffer).unwrap().is_none());
        buffer.extend_from_slice(&[*byte]);
    }
    assert!(reader.read_request(&mut buffer).unwrap().is_some());
    buffer.extend_from_slice(b"G\0");
    for _ in 0..2 {
        assert_eq!(reader.read_request(&mut buffer).err(), Some(HeadError::Method(0)));
    }
}

/// Names are found without regard to case (RFC 9110 5.1), lines of one name in their order (5.3).
#[test]
fn fields_are_found() {
    let (head, _) = request(b"GET / HTTP/1.1\r\nA: 1\r\nb: 2\r\na: 3\r\n\r\n").unwrap().unwrap();
    let fields = head.fields();
    assert_eq!(fields.get_all("A").collect::<Vec<_>>(), [b"1", b"3"]);
    assert_eq!((fields.first("a"), fields.get_str("B")), (Some(&b"1"[..]), Some("2")));
    assert_eq!((fields.single("b"), fields.single("c")), (Ok(Some(&b"2"[..])), Ok(None)));
    assert!(fields.single("A").is_err());
    assert!(!fields.contains("Host") && !fields.is_empty());
    assert_eq!(format!("{fields:?}"), r#"["A", "b", "a"]"#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn requests(bytes in damaged(valid_request()), cuts in cuts(), small in any::<bool>()) {
        let limits = if small { SMALL } else { HeadLimits::default() };
        prop_assert_eq!(feed(&bytes, &[bytes.len()], limits, true), feed(&bytes, &cuts, limits, true));
    }

    #[test]
    fn responses(bytes in damaged(valid_response()), cuts in cuts(), small in any::<bool>()) {
        let limits = if small { SMALL } else { HeadLimits::default() };
        prop_assert_eq!(feed(&bytes, &[bytes.len()], limits, false), feed(&bytes, &cuts, limits, false));
    }

    #[test]
    fn noise(bytes in prop::collection::vec(any::<u8>(), 1..400), cuts in cuts()) {
        for requests in [true, false] {
            let whole = feed(&bytes, &[bytes.len()], SMALL, requests);
            prop_assert_eq!(whole, feed(&bytes, &cuts, SMALL, requests));
        }
    }
}
