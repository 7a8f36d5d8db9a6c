use bytes::Bytes;

/// An answer that somebody else gave, to be passed on as it is.
///
/// Fields that belong to one connection alone are left out on the way (RFC 9110 7.6.1), and so are those that a name or
/// a value makes invalid; `Content-Length`, `Date` where it is missing, and `X-Request-Id` are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignAnswer {
    /// From 200 to 599.
    status: u16,
    /// The header fields.
    pub fields: Vec<(String, String)>,
    /// The content.
    pub body: Bytes,
}

impl ForeignAnswer {
    /// An answer with this status; one that is no final status of HTTP counts as 502 (RFC 9110 15).
    pub fn new(status: u16, fields: Vec<(String, String)>, body: impl Into<Bytes>) -> Self {
        let status = if (200..=599).contains(&status) { status } else { 502 };
        Self { status, fields, body: body.into() }
    }

    /// The status, from 200 to 599.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The fields that may be passed on.
    pub(crate) fn end_to_end(&self) -> impl Iterator<Item = (&str, &str)> {
        // RFC 9110 7.6.1: those that `Connection` names are for the next hop alone.
        let named: Vec<&str> = self
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Connection"))
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .collect();
        self.fields.iter().map(|(name, value)| (&**name, &**value)).filter(move |(name, _)| {
            !HOP_BY_HOP.iter().chain(&named).any(|own| own.eq_ignore_ascii_case(name))
        })
    }
}

/// RFC 9110 7.6.1, and what we write ourselves.
const HOP_BY_HOP: [&str; 13] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Content-Length",
    "X-Request-Id",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
];

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 9110 7.6.1.
    #[test]
    fn what_belongs_to_one_connection_stays_there() {
        let fields = [
            ("WWW-Authenticate", "Bearer"),
            ("Connection", "close, X-Own"),
            ("x-own", "1"),
            ("Transfer-Encoding", "chunked"),
            ("content-length", "7"),
            ("Retry-After", "3"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let answer = ForeignAnswer::new(401, fields, "no");
        let passed: Vec<(&str, &str)> = answer.end_to_end().collect();
        assert_eq!(passed, [("WWW-Authenticate", "Bearer"), ("Retry-After", "3")]);
    }

    #[test]
    fn a_status_that_is_no_answer_is_not_passed_on() {
        for (status, expected) in [(101, 502), (199, 502), (200, 200), (599, 599), (600, 502), (0, 502)] {
            assert_eq!(ForeignAnswer::new(status, Vec::new(), "").status(), expected);
        }
    }
}
