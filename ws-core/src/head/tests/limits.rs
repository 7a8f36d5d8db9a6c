//! Each limit at, below and above it, and what reading costs.

use bytes::BytesMut;

use super::super::{HeadError, HeadLimits, HeadReader};
use crate::refusal::Cause;

const LIMITS: HeadLimits = HeadLimits { bytes: 200, line: 100, fields: 4, target: 20 };

fn read(bytes: &[u8], limits: HeadLimits) -> Result<bool, HeadError> {
    let mut buffer = BytesMut::from(bytes);
    HeadReader::new(limits).read_request(&mut buffer).map(|head| head.is_some())
}

/// A head of exactly this many bytes, in lines of 50.
fn head_of(bytes: usize) -> Vec<u8> {
    let mut head = b"GET / HTTP/1.1\r\n".to_vec();
    while head.len() + 2 < bytes {
        let line = (bytes - head.len() - 2).min(50);
        let line = if bytes - head.len() - 2 - line < 4 { bytes - head.len() - 2 } else { line };
        head.extend_from_slice(b"a:");
        head.resize(head.len() + line - 4, b'x');
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    assert_eq!(head.len(), bytes);
    head
}

#[test]
fn bytes_of_the_head() {
    assert_eq!(read(&head_of(199), LIMITS), Ok(true));
    assert_eq!(read(&head_of(200), LIMITS), Ok(true));
    assert_eq!(read(&head_of(201), LIMITS), Err(HeadError::HeadTooLarge(200)));
    // The limit strikes when it is reached, not when the head ends.
    assert_eq!(read(&head_of(201)[..199], LIMITS), Ok(false));
    assert_eq!(read(&head_of(201)[..200], LIMITS), Err(HeadError::HeadTooLarge(200)));
    assert_eq!(
        read(b"GET / HTTP/1.1\r\n\r\n", HeadLimits { bytes: 10, ..LIMITS }),
        Err(HeadError::HeadTooLarge(10))
    );
    assert_eq!(HeadError::HeadTooLarge(200).cause(), Cause::HeadTooLarge);
    // What comes after the head does not count.
    assert_eq!(read(&[head_of(200), vec![0; 1000]].concat(), LIMITS), Ok(true));
}

#[test]
fn bytes_of_a_line() {
    let line = |length: usize| {
        let mut head = b"GET / HTTP/1.1\r\na:".to_vec();
        head.resize(16 + length, b'x');
        head
    };
    for length in [99, 100] {
        assert_eq!(read(&line(length), LIMITS), Ok(false));
        assert_eq!(read(&[line(length), b"\r\n\r\n".to_vec()].concat(), LIMITS), Ok(true));
    }
    assert_eq!(read(&line(101), LIMITS), Err(HeadError::LineTooLong(100)));
    assert_eq!(HeadError::LineTooLong(100).cause(), Cause::HeadTooLarge);
    let mut status = BytesMut::from(format!("HTTP/1.1 200 {}", "x".repeat(88)).as_bytes());
    let error = HeadReader::new(LIMITS).read_response(&mut status).err();
    assert_eq!(error, Some(HeadError::LineTooLong(100)));
}

#[test]
fn count_of_fields() {
    let head = |count: usize| format!("GET / HTTP/1.1\r\n{}", "a:b\r\n".repeat(count));
    for count in [3, 4] {
        assert_eq!(read(format!("{}\r\n", head(count)).as_bytes(), LIMITS), Ok(true));
    }
    assert_eq!(read(head(5).as_bytes(), LIMITS), Err(HeadError::TooManyFields(4)));
    assert_eq!(HeadError::TooManyFields(4).cause(), Cause::TooManyHeaders);
}

#[test]
fn bytes_of_the_target() {
    let head = |length: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(length - 1));
    assert_eq!(read(head(19).as_bytes(), LIMITS), Ok(true));
    assert_eq!(read(head(20).as_bytes(), LIMITS), Ok(true));
    assert_eq!(read(head(21).as_bytes(), LIMITS), Err(HeadError::TargetTooLong(20)));
    assert_eq!(HeadError::TargetTooLong(20).cause(), Cause::TargetTooLong);
    // RFC 9110 15.5.15: a line that is too long because of its target is 414 as well.
    let limits = HeadLimits { line: 10, ..LIMITS };
    assert_eq!(read(head(11).as_bytes(), limits), Err(HeadError::TargetTooLong(10)));
}

#[test]
fn defaults() {
    let head = |target: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(target - 1));
    let limits = HeadLimits::default();
    assert_eq!(read(head(4096).as_bytes(), limits), Ok(true));
    assert_eq!(read(head(4097).as_bytes(), limits), Err(HeadError::TargetTooLong(4096)));
    assert_eq!(read(&head_of(16_000)[..3000], limits), Ok(false));
}

/// More fields than are split without an allocation.
#[test]
fn many_fields_are_split() {
    for count in [31, 32, 33, 64] {
        let head = format!("GET / HTTP/1.1\r\n{}\r\n", "Name: value\r\n".repeat(count));
        let mut buffer = BytesMut::from(head.as_bytes());
        let head = HeadReader::new(HeadLimits::default()).read_request(&mut buffer).unwrap().unwrap();
        assert_eq!(head.fields().len(), count);
        assert!(head.fields().iter().all(|field| field == ("Name", b"value")));
    }
}
