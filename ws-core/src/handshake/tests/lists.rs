//! Token lists and subprotocols.

use super::super::{HandshakeError, MalformedList, SubprotocolError, TokenList};
use super::Lines;

/// RFC 9110 5.6.1, 5.3: elements between commas, over all lines; empty elements do not count.
#[test]
fn token_lists() {
    let tokens = |values: &[&'static str]| {
        TokenList::of(values.iter().map(|value| value.as_bytes())).tokens().collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(tokens(&["keep-alive, Upgrade"]), Ok(vec!["keep-alive", "Upgrade"]));
    assert_eq!(tokens(&["a", "b,c"]), Ok(vec!["a", "b", "c"]));
    assert_eq!(tokens(&[" ,a ,\t,b,,"]), Ok(vec!["a", "b"]));
    assert_eq!(tokens(&[]), Ok(vec![]));
    assert_eq!(tokens(&["", ","]), Ok(vec![]));
    for malformed in ["a b", "a;b", "\"a\"", "a/1", "\u{e9}", "a\0"] {
        assert_eq!(tokens(&["x", malformed]), Err(MalformedList), "{malformed:?}");
    }
}

#[test]
fn a_malformed_list_contains_nothing() {
    let contains = |value: &'static str| TokenList::of([value.as_bytes()]).contains("upgrade");
    assert_eq!(contains("close, UPGRADE"), Ok(true));
    assert_eq!(contains("close, upgraded, upgrad"), Ok(false));
    assert_eq!(contains("upgrade, a b"), Err(MalformedList));
    assert_eq!(contains("a b, upgrade"), Err(MalformedList));
}

/// RFC 6455 4.1, 11.3.4: unique tokens, over one line or several.
#[test]
fn subprotocols() {
    let offer = |values: &[&str]| {
        values
            .iter()
            .fold(Lines::request(), |lines, value| lines.also("Sec-WebSocket-Protocol", value))
            .checked()
    };
    let names = |values: &[&str]| offer(values).unwrap().subprotocols;
    assert_eq!(names(&[]), [""; 0]);
    assert_eq!(names(&["chat"]), ["chat"]);
    assert_eq!(names(&["chat, superchat", "mqtt"]), ["chat", "superchat", "mqtt"]);
    // RFC 9110 5.6.1.2: empty elements are ignored. Names are case-sensitive.
    assert_eq!(names(&[",chat,, Chat,"]), ["chat", "Chat"]);
    for (values, error) in [
        (&[""][..], SubprotocolError::Empty),
        (&[" , ,"], SubprotocolError::Empty),
        (&["", ""], SubprotocolError::Empty),
        (&["chat room"], SubprotocolError::NotToken),
        (&["chat;q=1"], SubprotocolError::NotToken),
        (&["\"chat\""], SubprotocolError::NotToken),
        (&["a/b"], SubprotocolError::NotToken),
        (&["ch\u{e4}t"], SubprotocolError::NotToken),
        (&["a, b, a"], SubprotocolError::Repeated),
        (&["a", "a"], SubprotocolError::Repeated),
        (&["1,2,3,4,5,6,7,8,9,10,1"], SubprotocolError::Repeated),
    ] {
        assert_eq!(offer(values).err(), Some(HandshakeError::Subprotocols(error)), "{values:?}");
    }
    assert_eq!(names(&["1,2,3,4,5,6,7,8,9,10,11"]).len(), 11);
}
