//! What has gone wrong elsewhere, by name.

use std::time::Instant;

use super::super::{HandshakeError, UpgradeRequest, parse_extensions};
use super::{ACCEPT, KEY, Lines, client, request_head, response_head};
use crate::head::{HeadLimits, HeadReader, RequestHead, Version};
use crate::refusal::Cause;

/// CVE-2026-58055 and h2c smuggling: a body or another protocol beside the upgrade, for whoever stands
/// between to understand otherwise.
#[test]
fn cve_2026_58055_body_or_h2c_beside_the_upgrade() {
    for (name, value, cause) in [
        ("Content-Length", "5", Cause::UnexpectedBody),
        ("Transfer-Encoding", "chunked", Cause::UnexpectedBody),
        ("Upgrade", "h2c", Cause::UpgradeConflicting),
        ("Upgrade", "foo, H2C", Cause::UpgradeConflicting),
        ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA", Cause::UpgradeConflicting),
        ("HTTP2-Settings", "", Cause::UpgradeConflicting),
    ] {
        let error = Lines::request().also(name, value).checked().unwrap_err();
        assert_eq!(
            (error.cause(), cause.status(), cause.closes()),
            (cause, Some(400), true),
            "{name}: {value}"
        );
    }
    // Beside a request that has lost its websocket, too.
    let lines = Lines::request().with("Upgrade", "h2c").with("Connection", "Upgrade, HTTP2-Settings");
    assert_eq!(lines.checked().err(), Some(HandshakeError::UpgradeToHttp2));
}

/// RUSTSEC-2021-0020, CVE-2020-35863, CVE-2025-43859: messages whose length two readers see differently.
#[test]
fn rustsec_2021_0020_two_lengths() {
    let lines = Lines::request().also("Transfer-Encoding", "chunked").also("Content-Length", "0");
    assert_eq!(lines.checked().err(), Some(HandshakeError::TransferEncoding));
    for value in ["xchunked", "chunked, identity", "\x0bchunked".trim_start_matches('\x0b')] {
        assert!(Lines::request().also("Transfer-Encoding", value).checked().is_err());
    }
}

/// RUSTSEC-2021-0078: `Content-Length: +0` is a number for some readers.
#[test]
fn rustsec_2021_0078_plus_sign() {
    for value in ["+0", "+1", " +0", "0+"] {
        let lines = Lines::request().also("Content-Length", value);
        assert_eq!(lines.checked().err(), Some(HandshakeError::ContentLengthMalformed), "{value:?}");
    }
}

/// CVE-2026-28367: repeated fields of which one reader takes the first and the next one the last.
#[test]
fn cve_2026_28367_repeated_fields() {
    for (name, value, error) in [
        ("Host", "other.example", HandshakeError::HostRepeated),
        ("Sec-WebSocket-Key", KEY, HandshakeError::KeyRepeated),
        ("Sec-WebSocket-Version", "8", HandshakeError::VersionRepeated),
    ] {
        assert_eq!(Lines::request().also(name, value).checked().err(), Some(error));
        assert_eq!(Lines::request().also(&name.to_uppercase(), value).checked().err(), Some(error));
    }
}

/// CVE-2018-1002105, CVE-2026-2833: a tunnel is open only after a 101 with the right answer to the key.
#[test]
fn cve_2018_1002105_tunnel_without_a_valid_101() {
    let response = Lines::response;
    for lines in [
        response().start("HTTP/1.1 200 OK"),
        response().start("HTTP/1.1 102 Processing"),
        response().start("HTTP/1.1 403 Forbidden"),
        response().without("Upgrade"),
        response().without("Connection"),
        response().without("Sec-WebSocket-Accept"),
        response().with("Sec-WebSocket-Accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ] {
        assert!(lines.verified_by(&client()).is_err(), "{}", lines.bytes().escape_ascii());
    }
}

/// CVE-2022-21676, CVE-2022-41940, CVE-2020-7693, CVE-2024-11738: every byte of every header replaced by
/// every other. Nothing panics, and what is still accepted has a key that answers.
#[test]
fn cve_2022_21676_every_byte_of_a_request_mutated() {
    let lines = Lines::request()
        .also("Origin", "http://a")
        .also("Sec-WebSocket-Protocol", "chat, mqtt")
        .also("Sec-WebSocket-Extensions", "permessage-deflate; a=\"b\"");
    let (accepted, refused) = mutate(&lines.bytes(), |bytes| {
        let Some(head) = request_head(bytes) else { return false };
        UpgradeRequest::from_head(&head)
            .inspect_err(|error| assert!(error.cause().status().is_some()))
            .is_ok()
    });
    assert!(accepted > 1000 && refused > 1000, "{accepted} accepted, {refused} refused");
}

/// The same for a response: only one accept key opens the tunnel.
#[test]
fn cve_2024_11738_every_byte_of_a_response_mutated() {
    let client = client().subprotocols(["chat"]).unwrap().extensions("permessage-deflate").unwrap();
    let lines = Lines::response()
        .also("Sec-WebSocket-Protocol", "chat")
        .also("Sec-WebSocket-Extensions", "permessage-deflate; a=\"b\"");
    let (accepted, refused) = mutate(&lines.bytes(), |bytes| {
        let opened = response_head(bytes).is_some_and(|head| client.verify(&head).is_ok());
        assert!(!opened || bytes.windows(ACCEPT.len()).any(|window| window == ACCEPT.as_bytes()));
        opened
    });
    assert!(accepted > 1000 && refused > 1000, "{accepted} accepted, {refused} refused");
}

/// Replaces each byte by every other, removes it, and doubles it.
fn mutate(bytes: &[u8], accepts: impl Fn(&[u8]) -> bool) -> (u32, u32) {
    let (mut accepted, mut refused) = (0, 0);
    let mut count = |bytes: &[u8]| if accepts(bytes) { accepted += 1 } else { refused += 1 };
    for at in 0..bytes.len() {
        let mut mutated = bytes.to_vec();
        for byte in 0..=255 {
            mutated[at] = byte;
            count(&mutated);
        }
        mutated.remove(at);
        count(&mutated);
        mutated.splice(at..at, [bytes[at], bytes[at]]);
        count(&mutated);
    }
    (accepted, refused)
}

/// CVE-2021-32640, CVE-2020-7662, CVE-2020-7663: twice the list takes about twice the time, not four
/// times.
#[test]
fn cve_2020_7662_lists_cost_linear_time() {
    let extensions = |value: &str| drop(parse_extensions([value.as_bytes()]));
    let upgrade = |name: &str, value: &str| {
        let fields = Lines::request().with(name, value).fields;
        drop(UpgradeRequest::from_head(
            &RequestHead::from_parts("GET", "/", Version::HTTP_11, fields).unwrap(),
        ));
    };
    let subprotocols = |value: &str| upgrade("Sec-WebSocket-Protocol", value);
    let connection = |value: &str| upgrade("Connection", value);
    let list: &dyn Fn(usize) -> String = &|count| "a,".repeat(count);
    let parameters = &|count| format!("a{}", ";b".repeat(count));
    let escapes = &|count| format!("a;b=\"{}", "\\".repeat(count));
    let spaces = &|count| " ".repeat(count);
    let commas = &|count| ",".repeat(count);
    let unique = &unique_names;
    for (name, value, read) in [
        ("offers", list, &extensions as &dyn Fn(&str)),
        ("parameters", parameters, &extensions),
        ("escapes", escapes, &extensions),
        ("spaces", spaces, &extensions),
        ("subprotocols", unique, &subprotocols),
        ("connection", commas, &connection),
    ] {
        let ratio = growth(&value(2_000), &value(4_000), read);
        // Sorting and the allocator take their part; what grows with the square would reach 4.
        assert!(ratio < 3.0, "{name}: {ratio}");
    }
}

/// A list in which no name stands twice.
fn unique_names(count: usize) -> String {
    (0..count).map(|index| format!("p{index}")).collect::<Vec<_>>().join(",")
}

/// How much longer `twice` takes than `once`: the fastest of many runs in turn, since other work on the
/// machine only ever adds. More runs where the first ones were disturbed.
fn growth(once: &str, twice: &str, read: &dyn Fn(&str)) -> f64 {
    let time = |value: &str| {
        let start = Instant::now();
        read(value);
        start.elapsed().as_secs_f64()
    };
    let (mut fast, mut slow) = (f64::MAX, f64::MAX);
    for round in 0..2_000 {
        (fast, slow) = (fast.min(time(once)), slow.min(time(twice)));
        if round >= 50 && slow / fast < 2.5 {
            break;
        }
    }
    slow / fast
}

/// CVE-2021-32640 and its kin through the limits of a head: the longest list that can come is short.
#[test]
fn cve_2021_32640_lists_are_bounded_by_the_line() {
    let value = unique_names(1500);
    assert!(value.len() < 8192);
    let mut bytes =
        bytes::BytesMut::from(&Lines::request().also("Sec-WebSocket-Protocol", &value).bytes()[..]);
    let mut reader = HeadReader::new(HeadLimits::default());
    let head = reader.read_request(&mut bytes);
    assert!(
        head.is_err()
            || UpgradeRequest::from_head(&head.unwrap().unwrap()).unwrap().subprotocols.len() == 1500
    );
}
