//! Static pages: what a plain GET of a configured path is answered with.

use bytes::Bytes;

use super::respond::Answer;

/// A page that is kept in memory.
#[derive(Clone, Debug)]
pub(super) struct Page {
    content_type: String,
    etag: String,
    body: Bytes,
}

/// Why a page cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The path of a page is compared as it is, without parameters.
    #[error("the page {path:?} has a parameter in its path")]
    Parameter {
        /// The path as it was given.
        path: String,
    },
    /// The content type does not fit into a header field.
    #[error("the page {path:?} has the content type {content_type:?}, which is no field value")]
    ContentType {
        /// The path as it was given.
        path: String,
        /// The content type as it was given.
        content_type: String,
    },
}

impl Page {
    pub(super) fn new(path: &str, content_type: &str, body: Bytes) -> Result<Self, PageError> {
        if path.contains(['{', '}']) {
            return Err(PageError::Parameter { path: path.to_owned() });
        }
        // RFC 9110 5.5: a value that could end its line could begin another field.
        if content_type.is_empty() || !content_type.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            let content_type = content_type.to_owned();
            return Err(PageError::ContentType { path: path.to_owned(), content_type });
        }
        let etag = etag(&body);
        Ok(Self { content_type: content_type.to_owned(), etag, body })
    }

    /// The answer to a GET or HEAD. The content is shared by all who are sent it.
    pub(super) fn answer(&self, request: &PageRequest<'_>) -> Answer {
        let date = ("Date", request.date.to_owned());
        let cache = [("Cache-Control", "no-cache".to_owned()), ("ETag", self.etag.clone())];
        if request.if_none_match.is_some_and(|tags| matches(tags, &self.etag)) {
            // RFC 9110 15.4.5: the validator is repeated, there is no content.
            let fields = cache.into_iter().chain([date]).collect();
            return Answer::new(304, "Not Modified", fields, Bytes::new());
        }
        let mut fields = vec![
            ("Content-Type", self.content_type.clone()),
            ("X-Content-Type-Options", "nosniff".to_owned()),
            ("Content-Security-Policy", "frame-ancestors 'self'".to_owned()),
        ];
        fields.extend(cache);
        fields.extend([("Content-Length", self.body.len().to_string()), date]);
        // RFC 9110 9.3.2: the answer to HEAD is that to GET without the content.
        let body = if request.head_only { Bytes::new() } else { self.body.clone() };
        Answer::new(200, "OK", fields, body)
    }
}

/// What the answer depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PageRequest<'a> {
    pub(super) head_only: bool,
    pub(super) if_none_match: Option<&'a str>,
    /// The time of the answer (RFC 9110 6.6.1).
    pub(super) date: &'a str,
}

/// RFC 9110 8.8.3: a strong validator, made from the content.
fn etag(body: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, body);
    let mut etag = String::from("\"");
    for byte in digest.as_ref().iter().take(12) {
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

/// RFC 9110 13.1.2: weak comparison with each entry of the list, or `*`. Our own tags have no comma inside.
fn matches(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(page: &Page, request: PageRequest<'_>) -> String {
        let answer = page.answer(&PageRequest { date: "now", ..request });
        String::from_utf8([&answer.head.encode()[..], &answer.body].concat()).unwrap()
    }

    #[test]
    fn get_head_and_revalidation() {
        let page = Page::new("/", "text/html; charset=utf-8", Bytes::from_static(b"<p>hello")).unwrap();
        let got = answer(&page, PageRequest::default());
        assert!(got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"), "{got}");
        assert!(got.contains("\r\nContent-Length: 8\r\n") && got.ends_with("\r\n\r\n<p>hello"), "{got}");
        assert!(!got.contains("Connection"), "{got}");
        // CWE-1021: no foreign page may lay this one under its own.
        assert!(got.contains("\r\nContent-Security-Policy: frame-ancestors 'self'\r\n"), "{got}");
        let head = answer(&page, PageRequest { head_only: true, ..PageRequest::default() });
        assert!(head.contains("\r\nContent-Length: 8\r\nDate: now\r\n\r\n"), "{head}");
        let etag = page.etag.clone();
        for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let request = PageRequest { if_none_match: Some(&known), ..PageRequest::default() };
            let got = answer(&page, request);
            assert_eq!(
                got,
                format!(
                    "HTTP/1.1 304 Not Modified\r\nCache-Control: no-cache\r\nETag: {etag}\r\nDate: now\r\n\r\n"
                )
            );
        }
        let other = PageRequest { if_none_match: Some("\"other\""), ..PageRequest::default() };
        assert!(answer(&page, other).starts_with("HTTP/1.1 200"));
    }

    #[test]
    fn a_content_type_cannot_begin_another_field() {
        let evil = Page::new("/", "text/html\r\nSet-Cookie: a=b", Bytes::new());
        assert!(matches!(evil, Err(PageError::ContentType { .. })));
        assert!(matches!(Page::new("/{x}", "text/html", Bytes::new()), Err(PageError::Parameter { .. })));
    }
}
