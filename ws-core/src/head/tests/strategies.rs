//! Heads for property tests: valid, damaged, and the ways to cut them.

use proptest::prelude::*;

use super::BROWSER;

/// Bytes at which readers tend to disagree.
const TRICKY: &[u8] = b"\r\n \t:\0/.?#%,;=\"\\(){}@[]1A\x0b\x7f\x80\xff";

pub(super) fn valid_request() -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![Just("GET".to_owned()), "[A-Z!#$%&'*+.^_`|~0-9-]{1,32}"];
    let target = prop_oneof![
        "/[a-z0-9/._~-]{0,20}(\\?[!-~&&[^#\"<>]]{0,20})?",
        "https?://[a-z.]{1,9}(:[0-9]{1,4})?(/[a-z]{0,9})?"
    ];
    let method = method.prop_filter("the forms of these are their own", |method| method != "CONNECT");
    let field =
        ("[a-zA-Z!#$%&'*+.^_`|~0-9-]{1,16}", "[ \t]{0,2}", prop::collection::vec(value_byte(), 0..24));
    (any::<bool>(), method, target, 0..=9_u8, prop::collection::vec(field, 0..40)).prop_map(
        |(empty_line, method, target, minor, fields)| {
            let start = if empty_line { "\r\n" } else { "" };
            let mut head = format!("{start}{method} {target} HTTP/1.{minor}\r\n").into_bytes();
            for (name, space, value) in fields {
                head.extend_from_slice(&[name.as_bytes(), b":", space.as_bytes(), &value, b"\r\n"].concat());
            }
            head.extend_from_slice(b"\r\n");
            head
        },
    )
}

pub(super) fn valid_response() -> impl Strategy<Value = Vec<u8>> {
    (valid_request(), 100..=999_u16, "( [ -~\t]{0,20})?").prop_map(|(request, status, reason)| {
        let fields = request.windows(2).skip(2).position(|two| two == b"\r\n").unwrap_or(0) + 2;
        [format!("HTTP/1.1 {status}{reason}").as_bytes(), &request[fields..]].concat()
    })
}

/// A valid head with a few bytes changed, removed, added or doubled.
pub(super) fn damaged(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let damage =
        (any::<prop::sample::Index>(), 0..4_u8, prop_oneof![prop::sample::select(TRICKY), any::<u8>()]);
    let browser = Just(BROWSER.as_bytes().to_vec());
    (prop_oneof![valid, browser], prop::collection::vec(damage, 0..4)).prop_map(|(mut head, damages)| {
        for (place, kind, byte) in damages {
            let at = place.index(head.len());
            match kind {
                0 => head[at] = byte,
                1 => drop(head.remove(at)),
                2 => head.insert(at, byte),
                _ => head.insert(at, head[at]),
            }
        }
        head
    })
}

/// Where to cut: the lengths of the pieces, over and over again.
pub(super) fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        prop::collection::vec(1..40_usize, 1..8),
        prop::collection::vec(1..4_usize, 1..8)
    ]
}

fn value_byte() -> impl Strategy<Value = u8> {
    prop_oneof![8 => 0x20..0x7f_u8, 1 => Just(b'\t'), 1 => 0x80..=0xff_u8]
}
