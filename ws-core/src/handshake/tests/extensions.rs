//! The grammar of `Sec-WebSocket-Extensions`: RFC 6455 9.1.

use proptest::prelude::*;

use super::super::{ExtensionError, ExtensionOffer, parse_extensions};

fn parse(value: &str) -> Result<Vec<ExtensionOffer>, ExtensionError> {
    parse_extensions([value.as_bytes()])
}

fn offer(name: &str, params: &[(&str, Option<&str>)]) -> ExtensionOffer {
    let params =
        params.iter().map(|(name, value)| ((*name).to_owned(), value.map(ToOwned::to_owned))).collect();
    ExtensionOffer { name: name.to_owned(), params }
}

#[test]
fn lists() {
    for (value, offers) in [
        ("permessage-deflate", vec![offer("permessage-deflate", &[])]),
        // RFC 6455 9.1: the examples.
        ("deflate-stream", vec![offer("deflate-stream", &[])]),
        (
            "mux; max-channels=4; flow-control, deflate-stream",
            vec![
                offer("mux", &[("max-channels", Some("4")), ("flow-control", None)]),
                offer("deflate-stream", &[]),
            ],
        ),
        ("private-extension", vec![offer("private-extension", &[])]),
        // Commas and semicolons inside quotation marks separate nothing, and a quoted token is that token.
        ("a;b=\"c\",d", vec![offer("a", &[("b", Some("c"))]), offer("d", &[])]),
        ("a;b=\"\\c\\d\"", vec![offer("a", &[("b", Some("cd"))])]),
        // Repeated parameters are for the extension to judge (RFC 7692 7.1).
        ("a;b=1;b=2", vec![offer("a", &[("b", Some("1")), ("b", Some("2"))])]),
        // RFC 6455 4.3: implied whitespace; RFC 9110 5.6.1.2: empty elements.
        (" ,\ta ; b\t=\t1 ,, c,", vec![offer("a", &[("b", Some("1"))]), offer("c", &[])]),
    ] {
        assert_eq!(parse(value), Ok(offers), "{value}");
    }
    assert_eq!(parse_extensions([]), Ok(vec![]));
    // RFC 6455 11.3.2: several lines are one list.
    assert_eq!(
        parse_extensions([&b"a"[..], b"", b"b;c"]),
        Ok(vec![offer("a", &[]), offer("b", &[("c", None)])])
    );
}

#[test]
fn violations() {
    for (value, error) in [
        ("", ExtensionError::Empty),
        (" , ,", ExtensionError::Empty),
        (";a", ExtensionError::Name),
        ("=a", ExtensionError::Name),
        ("\"a\"", ExtensionError::Name),
        ("a, ;b", ExtensionError::Name),
        ("\u{e9}", ExtensionError::Name),
        ("a;", ExtensionError::ParameterName),
        ("a;;b", ExtensionError::ParameterName),
        ("a; ,b", ExtensionError::ParameterName),
        ("a;=1", ExtensionError::ParameterName),
        ("a;\"b\"", ExtensionError::ParameterName),
        ("a;b=", ExtensionError::ParameterValue),
        ("a;b=;c", ExtensionError::ParameterValue),
        ("a;b=,c", ExtensionError::ParameterValue),
        ("a;b==1", ExtensionError::ParameterValue),
        // After unescaping, a quoted value MUST be a token.
        ("a;b=\"\"", ExtensionError::ParameterValue),
        ("a;b=\"c d\"", ExtensionError::ParameterValue),
        ("a;b=\"c,d\"", ExtensionError::ParameterValue),
        ("a;b=\"c;d\"", ExtensionError::ParameterValue),
        ("a;b=\"\\\"\"", ExtensionError::ParameterValue),
        ("a;b=\"\u{e9}\"", ExtensionError::ParameterValue),
        ("a;b=\"c", ExtensionError::QuoteOpen),
        ("a;b=\"", ExtensionError::QuoteOpen),
        ("a;b=\"c\\", ExtensionError::QuoteOpen),
        ("a;b=\"c\\\"", ExtensionError::QuoteOpen),
        ("a;b=\"c, d", ExtensionError::QuoteOpen),
        ("a b", ExtensionError::Separator(b'b')),
        ("a=1", ExtensionError::Separator(b'=')),
        ("a;b c", ExtensionError::Separator(b'c')),
        ("a;b=\"c\"d", ExtensionError::Separator(b'd')),
        ("a\0", ExtensionError::Separator(0)),
        ("a/b", ExtensionError::Separator(b'/')),
    ] {
        assert_eq!(parse(value), Err(error), "{value:?}");
    }
}

/// A naive reader: for values without quotation marks, splitting is all there is to it.
fn naive(value: &str) -> Option<Vec<ExtensionOffer>> {
    let is_token = |text: &str| {
        !text.is_empty()
            && text.chars().all(|char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char))
    };
    let token = |text: &str| Some(text.trim()).filter(|text| is_token(text)).map(ToOwned::to_owned);
    let mut offers = Vec::new();
    for element in value.split(',').filter(|element| !element.trim().is_empty()) {
        let mut parts = element.split(';');
        let name = token(parts.next()?)?;
        let mut params = Vec::new();
        for part in parts {
            params.push(match part.split_once('=') {
                Some((name, value)) => (token(name)?, Some(token(value)?)),
                None => (token(part)?, None),
            });
        }
        offers.push(ExtensionOffer { name, params });
    }
    (!offers.is_empty()).then_some(offers)
}

proptest! {
    #[test]
    fn a_naive_reader_agrees(value in "[a1 ,;=/\t\u{e9}]{0,24}") {
        prop_assert_eq!(parse(&value).ok(), naive(&value));
    }

    /// Nothing panics, and what is read says the same when it is written.
    #[test]
    fn what_is_read_can_be_written(value in "([ab,;=\" ]|\\\\|\\PC){0,32}") {
        if let Ok(offers) = parse(&value) {
            let written: Vec<_> = offers.iter().map(ToString::to_string).collect();
            prop_assert_eq!(parse(&written.join(", ")), Ok(offers));
        }
    }
}
