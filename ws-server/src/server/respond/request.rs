//! What a request asks for, before any rule is applied to it.

use ws_core::handshake::TokenList;
use ws_core::head::RequestHead;

use crate::authenticate::HandshakeContext;
use crate::gate::{Facts, RouteMatch, Routes, Trace};
use crate::server::shared::Refused;
use crate::session::RequestId;

/// A request, and what is known about it beside its head.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) head: RequestHead,
    pub(crate) facts: Facts,
    pub(crate) id: RequestId,
    pub(crate) wish: Wish,
    /// The route, where a router has found it that is not ours.
    pub(crate) route: Option<RouteMatch>,
    /// Whether the connection ends with the answer, whatever the answer is.
    pub(crate) closes: bool,
}

impl Request {
    pub(crate) fn new(head: RequestHead, facts: Facts) -> Self {
        let (wish, closes) = (Wish::of(&head), asks_to_close(&head));
        Self { head, facts, id: RequestId::new(), wish, route: None, closes }
    }

    /// Where it is for.
    pub(super) fn route(&self, routes: &impl Routes) -> Option<RouteMatch> {
        self.route.clone().or_else(|| routes.find(self.head.path()))
    }

    /// What whoever decides about it may look at.
    pub(super) fn context<'a>(&'a self, route: &'a RouteMatch) -> HandshakeContext<'a> {
        HandshakeContext::of(&self.head, &self.facts).with_route(&route.path).with_params(&route.params)
    }

    /// What the operator is told about it if it is refused.
    pub(super) fn refused<'a>(&'a self, trace: &'a Trace) -> Refused<'a> {
        Refused {
            peer: self.facts.peer,
            request_id: self.id,
            method: Some(self.head.method()),
            path: Some(self.head.path()),
            trace,
            dry_run: self.wish == Wish::DryRun,
        }
    }
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To become a WebSocket, or what is left of such a wish after a proxy.
    Upgrade,
    /// To be told what an upgrade would be told.
    DryRun,
    /// A browser asks whether a page of another origin may make a dry run (Fetch standard, CORS preflight).
    Preflight,
    /// Something else: a page.
    Plain,
}

impl Wish {
    pub(crate) fn of(head: &RequestHead) -> Self {
        let fields = head.fields();
        let upgrade = ["Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "HTTP2-Settings"];
        if upgrade.iter().any(|name| fields.contains(name)) || lists(head, "Connection", "upgrade") {
            return Self::Upgrade;
        }
        match head.method() {
            "GET" if accepts_problem(head) => Self::DryRun,
            "OPTIONS" if fields.contains("Origin") && fields.contains("Access-Control-Request-Method") => {
                Self::Preflight
            }
            _ => Self::Plain,
        }
    }
}

impl Wish {
    /// Whether it is about what a handshake would get.
    pub(crate) const fn is_rehearsal(self) -> bool {
        matches!(self, Self::DryRun | Self::Preflight)
    }
}

/// Whether the connection ends with the answer to this request (RFC 9112 9.3).
pub(crate) fn asks_to_close(head: &RequestHead) -> bool {
    !head.version().is_http_11() || lists(head, "Connection", "close")
}

/// Whether the request wants the head of the answer only (RFC 9110 9.3.2).
pub(super) fn wants_head_only(head: &RequestHead) -> bool {
    head.method() == "HEAD"
}

/// A list that is malformed counts as naming everything: that is the careful reading of both options that are asked.
fn lists(head: &RequestHead, field: &str, option: &str) -> bool {
    TokenList::of(head.fields().get_all(field)).contains(option).unwrap_or(true)
}

/// RFC 9110 12.5.1: one of the ranges is the media type of a problem, by name.
fn accepts_problem(head: &RequestHead) -> bool {
    head.fields().get_all("Accept").flat_map(|value| value.split(|&byte| byte == b',')).any(|range| {
        let name = range.split(|&byte| byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"application/problem+json")
    })
}

#[cfg(test)]
mod tests {
    use ws_core::head::Version;

    use super::*;

    fn head(method: &str, version: Version, fields: &[(&str, &str)]) -> RequestHead {
        RequestHead::from_parts(method, "/x", version, fields.iter().copied()).unwrap()
    }

    #[test]
    fn any_trace_of_an_upgrade_makes_it_one() {
        for field in [
            ("Upgrade", "websocket"),
            ("Connection", "keep-alive, Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
            ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
        ] {
            let fields = [field, ("Accept", "application/problem+json")];
            assert_eq!(Wish::of(&head("GET", Version::HTTP_11, &fields)), Wish::Upgrade, "{field:?}");
        }
    }

    #[test]
    fn dry_runs_and_preflights() {
        let wish = |method: &str, fields: &[(&str, &str)]| Wish::of(&head(method, Version::HTTP_11, fields));
        assert_eq!(wish("GET", &[("Accept", "text/html, Application/Problem+JSON;q=0.5")]), Wish::DryRun);
        assert_eq!(wish("GET", &[("Accept", "*/*")]), Wish::Plain);
        assert_eq!(wish("POST", &[("Accept", "application/problem+json")]), Wish::Plain);
        let preflight = [("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET")];
        assert_eq!(wish("OPTIONS", &preflight), Wish::Preflight);
        assert_eq!(wish("OPTIONS", &preflight[..1]), Wish::Plain);
    }

    #[test]
    fn who_closes() {
        let closes = |version, fields: &[(&str, &str)]| asks_to_close(&head("GET", version, fields));
        assert!(!closes(Version::HTTP_11, &[]));
        assert!(!closes(Version::HTTP_11, &[("Connection", "keep-alive")]));
        assert!(closes(Version::HTTP_11, &[("Connection", "keep-alive, Close")]));
        assert!(closes(Version::HTTP_11, &[("Connection", "keep alive")]), "malformed");
        // RFC 9112 9.3: HTTP/1.0 persists only by a request that we do not honour.
        assert!(closes(Version::HTTP_10, &[("Connection", "keep-alive")]));
    }
}
