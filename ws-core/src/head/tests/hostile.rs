//! What has gone wrong elsewhere, by name.

use bytes::BytesMut;

use super::super::field_section::FieldSection;
use super::super::{HeadError, HeadLimits, HeadReader};
use super::{BROWSER, request, request_error, response, with_line};
use crate::refusal::Cause;

/// How many bytes the field section looks at in all, for a head that comes in pieces of this length.
fn bytes_looked_at(head: &[u8], piece: usize) -> usize {
    let limits = HeadLimits { bytes: usize::MAX, line: usize::MAX, fields: usize::MAX, target: usize::MAX };
    let mut section = FieldSection::starting_at(0);
    let mut position = 0;
    for end in (piece..head.len()).step_by(piece).chain([head.len()]) {
        if let Some(end) = section.advance(&head[..end], &mut position, &limits).unwrap() {
            section.split(&head.into(), end).unwrap();
        }
    }
    section.looked_at
}

/// CVE-2023-43669: a large header that comes byte by byte must not be read from its start each time.
#[test]
fn cve_2023_43669_cost_is_linear_byte_by_byte() {
    let one_line = |length: usize| format!("A: {}\r\n\r\n", "x".repeat(length));
    let many_lines = |length: usize| format!("{}\r\n", "A: b\r\n".repeat(length / 6));
    for head in [&one_line as &dyn Fn(usize) -> String, &many_lines] {
        for piece in [1, 2, 7, 100_000] {
            let (once, twice) = (head(8_000), head(16_000));
            let (cost, double) =
                (bytes_looked_at(once.as_bytes(), piece), bytes_looked_at(twice.as_bytes(), piece));
            // Once for the line ends, once for each line, once for splitting; some CRs twice.
            assert!(cost <= 4 * once.len(), "{cost} bytes looked at for {} at {piece}", once.len());
            assert!(double * 10 <= cost * 22, "{cost} and {double} at {piece}");
        }
    }
}

/// CVE-2023-43669: and then 431.
#[test]
fn cve_2023_43669_large_header_is_refused() {
    let mut reader = HeadReader::new(HeadLimits::default());
    let mut buffer = BytesMut::from("GET / HTTP/1.1\r\n");
    let line = format!("X: {}\r\n", "x".repeat(4000));
    let error = line.bytes().cycle().take(20_000).find_map(|byte| {
        buffer.extend_from_slice(&[byte]);
        reader.read_request(&mut buffer).err()
    });
    assert_eq!(error, Some(HeadError::HeadTooLarge(16 * 1024)));
    assert_eq!(buffer.len(), 16 * 1024);
    assert_eq!(HeadError::HeadTooLarge(0).cause().status(), Some(431));
}

/// CVE-2024-37890: too many headers. Also CVE-2021-32640, CVE-2020-7662, CVE-2020-7663.
#[test]
fn cve_2024_37890_ten_thousand_headers() {
    let head = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10_000));
    let error = request_error(head.as_bytes()).unwrap();
    assert_eq!(error, HeadError::TooManyFields(64));
    assert_eq!((error.cause(), error.cause().status()), (Cause::TooManyHeaders, Some(431)));
}

/// RUSTSEC-2021-0081, CVE-2026-28367: heads that one reader takes and the next one reads otherwise.
#[test]
fn rustsec_2021_0081_readers_that_disagree() {
    for head in [
        &b"GET / HTTP/1.1\nHost: a\n\n"[..],
        b"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\r\n\tHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        b" GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost\0: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\0Host: a\r\n\r\n",
        b"GET / HTTP/1.1\0\r\nHost: a\r\n\r\n",
        b"GET / HTTP/+1.1\r\nHost: a\r\n\r\n",
        b"GET /\rHTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\x0bHTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let error = request_error(head).unwrap_or_else(|| panic!("{}", head.escape_ascii()));
        assert_eq!(error.cause(), Cause::MalformedRequest);
        assert!(error.cause().closes());
    }
}

/// CVE-2020-35884: `Transfer-Encoding : chunked` is the field for one reader and none for the next.
#[test]
fn cve_2020_35884_space_before_the_colon() {
    for line in [
        &b"Transfer-Encoding : chunked"[..],
        b"Transfer-Encoding\t: chunked",
        b"Transfer-Encoding\x0b: chunked",
    ] {
        assert!(request(&with_line(line)).is_err(), "{}", line.escape_ascii());
    }
}

/// CVE-2022-21676, CVE-2022-41940, CVE-2020-7693, CVE-2024-11738: odd bytes anywhere crash nothing. Every
/// byte of a whole handshake, and of an answer, replaced by every other; removed; doubled.
#[test]
fn cve_2022_41940_every_byte_mutated() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let mut outcomes = [0; 2];
    for bytes in [BROWSER.as_bytes(), answer.as_bytes()] {
        for at in 0..bytes.len() {
            let mut mutated = bytes.to_vec();
            let mut read = |mutated: &[u8]| {
                let _ = response(mutated);
                outcomes[usize::from(request(mutated).is_err())] += 1;
            };
            for byte in 0..=255 {
                mutated[at] = byte;
                read(&mutated);
            }
            mutated.remove(at);
            read(&mutated);
            mutated.splice(at..at, [bytes[at], bytes[at]]);
            read(&mutated);
        }
    }
    // Both must happen, or nothing was tried.
    assert!(outcomes.iter().all(|&count| count > 10_000), "{outcomes:?}");
}
