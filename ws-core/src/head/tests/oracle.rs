//! Agreement with a naive reader of whole heads, and with `httparse`.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::HeadError;
use super::strategies::{damaged, valid_request, valid_response};
use super::{request, response};

type Fields = Vec<(String, Vec<u8>)>;

fn is_tchar(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char)
}

/// RFC 9112 3 and 5 word by word, on a whole head and with no regard for speed. Gives method, target,
/// minor version and fields.
fn naive(bytes: &[u8]) -> Option<(String, String, u8, Fields)> {
    // Each byte as the character of the same number.
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let text = text.strip_prefix("\r\n").unwrap_or(&text);
    let (head, _) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let minor = version.strip_prefix("HTTP/1.")?.parse::<u8>().ok()?;
    let whole = words.next().is_none() && version.len() == 8 && version.as_bytes()[7].is_ascii_digit();
    let method_fits = (1..=32).contains(&method.len()) && method.chars().all(is_tchar);
    if !whole || !method_fits || !naive_target(target) {
        return None;
    }
    let mut fields = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        if name.is_empty() || !name.chars().all(is_tchar) {
            return None;
        }
        if value.chars().any(|char| char.is_ascii_control() && char != '\t') {
            return None;
        }
        let value = value.trim_matches([' ', '\t']).chars().map(|char| u8::try_from(char).unwrap()).collect();
        fields.push((name.to_owned(), value));
    }
    Some((method.to_owned(), target.to_owned(), minor, fields))
}

/// The decisions on targets, for the methods that the strategies give: origin-form and absolute-form.
fn naive_target(target: &str) -> bool {
    let after = ["http://", "https://"].into_iter().find_map(|scheme| {
        target
            .get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
            .map(|_| &target[scheme.len()..])
    });
    let (path, query) = match after {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let authority = &rest[..end];
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            let host_fits =
                host.chars().all(|char| char.is_ascii_alphanumeric() || "-._~!$&'()*+;=%".contains(char));
            let port_fits = port.chars().all(|char| char.is_ascii_digit())
                && (port.is_empty() || port.parse::<u16>().is_ok());
            if host.is_empty() || !host_fits || !naive_percent(host) || !port_fits {
                return false;
            }
            (&rest[end..], rest.contains('?'))
        }
        None if target.starts_with('/') => (target, target.contains('?')),
        None => return false,
    };
    let (path, query) = if query { path.split_once('?').unwrap() } else { (path, "") };
    let visible = |char: char| char.is_ascii_graphic() && !"#\"<>".contains(char);
    path.chars().all(|char| visible(char) && !"\\`{}".contains(char))
        && naive_percent(path)
        && query.chars().all(visible)
}

fn naive_percent(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.chars().take(2).all(|char| char.is_ascii_hexdigit()))
}

/// The classes of heads that `httparse` reads and we refuse, each of them a decision.
fn is_stricter_than_httparse(error: HeadError) -> bool {
    matches!(
        error,
        // RFC 9112 2.2: httparse takes LF for a line end, and skips any number of empty lines.
        HeadError::BareLineFeed | HeadError::BareCarriageReturn | HeadError::EmptyLines
        // RFC 9112 3.2: httparse lets any visible or non-ASCII byte into a target, in any form.
        | HeadError::TargetByte(_)
        | HeadError::TargetNotAscii
        | HeadError::TargetFragment
        | HeadError::TargetPercentEncoding
        | HeadError::TargetForm
        | HeadError::TargetScheme
        | HeadError::TargetAuthority(_)
        // Limits, which httparse leaves to its caller.
        | HeadError::MethodTooLong
        | HeadError::TooManyFields(_)
        // RFC 9112 4: httparse takes a status from 000, and lets the reason be anything.
        | HeadError::StatusCode
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A valid head is read, and as what it is.
    #[test]
    fn valid_requests_are_read(bytes in valid_request()) {
        let (head, rest) = request(&bytes).unwrap().unwrap();
        let (method, target, minor, fields) = naive(&bytes).expect("the naive reader reads valid heads");
        prop_assert_eq!((head.method(), head.target(), head.version().minor), (&*method, &*target, minor));
        let read: Fields = head.fields().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        prop_assert_eq!(read, fields);
        prop_assert!(rest.is_empty());
    }

    /// A damaged head is read by both or by neither, as the same.
    #[test]
    fn a_naive_reader_agrees(bytes in damaged(valid_request())) {
        let read = match request(&bytes) {
            Ok(None) => return Ok(()),
            Ok(Some((head, _))) if head.method() == "CONNECT" || head.target() == "*" => return Ok(()),
            Ok(Some((head, _))) if head.version().major != 1 => None,
            Ok(Some((head, _))) => {
                let fields = head.fields().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
                Some((head.method().to_owned(), head.target().to_owned(), head.version().minor, fields))
            }
            Err(_) => None,
        };
        prop_assert_eq!(read, naive(&bytes));
    }

    /// What we read `httparse` reads alike; what it reads and we do not is a decision.
    #[test]
    fn httparse_agrees_on_requests(bytes in damaged(valid_request())) {
        let mut room = [httparse::EMPTY_HEADER; 128];
        let mut theirs = httparse::Request::new(&mut room);
        let status = theirs.parse(&bytes);
        match request(&bytes) {
            // RFC 9110 2.5: a later minor version is taken as 1.1; httparse refuses it.
            Ok(Some((head, _))) if head.version().major != 1 || head.version().minor > 1 => {
                prop_assert_eq!(status, Err(httparse::Error::Version));
            }
            Ok(Some((head, rest))) => {
                prop_assert_eq!(status, Ok(httparse::Status::Complete(bytes.len() - rest.len())));
                prop_assert_eq!((theirs.method, theirs.path), (Some(head.method()), Some(head.target())));
                prop_assert_eq!(theirs.version, Some(head.version().minor));
                let theirs: Vec<_> = theirs.headers.iter().map(|field| (field.name, field.value)).collect();
                prop_assert_eq!(head.fields().iter().collect::<Vec<_>>(), theirs);
            }
            Ok(None) => prop_assert!(!matches!(status, Ok(httparse::Status::Complete(_)))),
            Err(error) => prop_assert!(status.is_err() || is_stricter_than_httparse(error)
                || matches!(status, Ok(httparse::Status::Partial)), "{:?} against {:?}", error, status),
        }
    }

    #[test]
    fn httparse_agrees_on_responses(bytes in damaged(valid_response())) {
        let mut room = [httparse::EMPTY_HEADER; 128];
        let mut theirs = httparse::Response::new(&mut room);
        let status = theirs.parse(&bytes);
        match response(&bytes) {
            Ok(Some((head, _))) if head.version().major != 1 || head.version().minor > 1 => {
                prop_assert_eq!(status, Err(httparse::Error::Version));
            }
            Ok(Some((head, rest))) => {
                prop_assert_eq!(status, Ok(httparse::Status::Complete(bytes.len() - rest.len())));
                prop_assert_eq!(theirs.code, Some(head.status()));
                let theirs: Vec<_> = theirs.headers.iter().map(|field| (field.name, field.value)).collect();
                prop_assert_eq!(head.fields().iter().collect::<Vec<_>>(), theirs);
            }
            Ok(None) => prop_assert!(!matches!(status, Ok(httparse::Status::Complete(_)))),
            Err(error) => prop_assert!(status.is_err() || is_stricter_than_httparse(error)
                || error == HeadError::NotHttp
                || matches!(status, Ok(httparse::Status::Partial)), "{:?} against {:?}", error, status),
        }
    }
}

/// The decisions above do happen: a list that nothing can reach would hide a difference.
#[test]
fn decisions_against_httparse_are_real() {
    let mut met = BTreeSet::new();
    for head in [
        &b"GET / HTTP/1.1\n\n"[..],
        b"\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"GET /\" HTTP/1.1\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n",
        b"GET /# HTTP/1.1\r\n\r\n",
        b"GET /% HTTP/1.1\r\n\r\n",
        b"GET x HTTP/1.1\r\n\r\n",
        b"GET ws://a/ HTTP/1.1\r\n\r\n",
        b"GET http://a@b/ HTTP/1.1\r\n\r\n",
        b"MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM / HTTP/1.1\r\n\r\n",
    ] {
        let mut room = [httparse::EMPTY_HEADER; 4];
        assert!(httparse::Request::new(&mut room).parse(head).is_ok_and(|status| status.is_complete()));
        let error = request(head).err().unwrap();
        assert!(is_stricter_than_httparse(error));
        met.insert(format!("{error:?}"));
    }
    assert_eq!(met.len(), 10);
}
