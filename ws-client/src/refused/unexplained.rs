//! What an answer means that names no cause of the catalogue: by its status, and by the few words with which widespread
//! servers say more.

use std::borrow::Cow;

use ws_core::head::Fields;
use ws_core::refusal::{Cause, Challenge};

use super::sent::{self, SentCredential};

/// The name of such a refusal, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// A code of the catalogue where the answer allows just that one, else a name of its own.
    pub(crate) code: &'static str,
    advice: Advice,
}

/// What to do: the same in each case, or it depends on what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Advice {
    Words(&'static str),
    Unauthorized(Wanted),
    Forbidden {
        /// The server has no words for it.
        silent: bool,
    },
}

/// What a 401 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Bearer,
    Basic,
    Credentials,
}

const UNAUTHORIZED: &str = "unauthorized-unexplained";

impl Meaning {
    const fn new(code: &'static str, advice: &'static str) -> Self {
        Self { code, advice: Advice::Words(advice) }
    }

    /// What to do, where these credentials were sent.
    pub(super) fn advice(self, sent: &[SentCredential]) -> Cow<'static, str> {
        match self.advice {
            Advice::Words(words) => words.into(),
            Advice::Unauthorized(wanted) => sent::unauthorized(wanted, sent),
            Advice::Forbidden { silent } => sent::forbidden(silent, sent),
        }
    }

    /// The cause that has this name, for the decisions that follow from one.
    pub(super) fn cause(&self) -> Option<Cause> {
        Cause::from_code(self.code)
    }
}

/// What an answer with this status means. `said` are the words of its body, and its reason where that is one of its own.
pub(super) fn meaning(status: u16, fields: &Fields, challenges: &[Challenge], said: Option<&str>) -> Meaning {
    let said = said.unwrap_or_default().to_ascii_lowercase();
    match status {
        400 => by_words(&said).unwrap_or(Meaning::new(
            "refused-unexplained",
            "the server, or a proxy before it, finds fault with the request: check the path, the subprotocols and the \
             headers that you add",
        )),
        401 => unauthorized(challenges),
        403 => forbidden(challenges, &said),
        426 => upgrade_required(fields, &said),
        _ => by_status(status),
    }
}

// RFC 6750 3.1, RFC 9110 11.6.1.
fn unauthorized(challenges: &[Challenge]) -> Meaning {
    if bearer_error(challenges, "invalid_token") {
        return Meaning::new(
            UNAUTHORIZED,
            "the token is expired, revoked or not one of this server's: get a fresh one",
        );
    }
    let asks_for = |scheme| challenges.iter().any(|challenge| challenge.is(scheme));
    let wanted = match (asks_for("Bearer"), asks_for("Basic")) {
        (true, _) => Wanted::Bearer,
        (false, true) => Wanted::Basic,
        (false, false) => Wanted::Credentials,
    };
    Meaning { code: UNAUTHORIZED, advice: Advice::Unauthorized(wanted) }
}

// RFC 6750 3.1.
fn forbidden(challenges: &[Challenge], said: &str) -> Meaning {
    if bearer_error(challenges, "insufficient_scope") {
        return Meaning::new(
            "scope-insufficient",
            "the token lacks a scope: ask the authorization server for a token with it",
        );
    }
    if said.contains("origin") {
        return Meaning::new(
            "origin-denied",
            "the server does not let this origin in: connect from one that it allows (Builder::origin), or have its \
             operator allow this one",
        );
    }
    Meaning { code: "forbidden-unexplained", advice: Advice::Forbidden { silent: said.is_empty() } }
}

fn bearer_error(challenges: &[Challenge], error: &str) -> bool {
    challenges.iter().any(|challenge| challenge.is("Bearer") && challenge.error() == Some(error))
}

// RFC 9110 15.5.22, RFC 6455 4.2.2: the answer names what to upgrade to, and the version.
fn upgrade_required(fields: &Fields, said: &str) -> Meaning {
    let versions = fields.get_str("Sec-WebSocket-Version");
    if versions.is_some_and(|versions| versions.split(',').all(|version| version.trim() != "13")) {
        return Meaning::new(
            "websocket-version-unsupported",
            "the server does not speak version 13 of the protocol (RFC 6455): its operator has to update it",
        );
    }
    let upgrade = fields.get_str("Upgrade").unwrap_or_default();
    if versions.is_some() || upgrade.eq_ignore_ascii_case("websocket") || said.contains("upgrade header") {
        return STRIPPED;
    }
    by_status(426)
}

/// This client always sends these fields, so whoever does not see them stands behind something that drops them.
const STRIPPED: Meaning = Meaning::new(
    "upgrade-headers-stripped",
    "a proxy on the way drops or changes the fields of the handshake: its operator has to let WebSockets through (in nginx: \
     proxy_http_version 1.1, and Upgrade and Connection set by proxy_set_header)",
);

/// What a server finds wrong with a request that was right when it was sent.
fn by_words(said: &str) -> Option<Meaning> {
    /// nginx; Apache httpd; Go; Tomcat.
    const PLAIN: [&str; 4] = [
        "plain http request was sent to https port",
        "speaking plain http to an ssl-enabled server port",
        "client sent an http request to an https server",
        "this combination of host and port requires tls",
    ];
    let says = |words: &str| said.contains(words);
    if PLAIN.iter().any(|words| says(words)) {
        return Some(Meaning::new(
            "plain-http-on-tls-port",
            "this port speaks TLS: write wss:// in place of ws://",
        ));
    }
    // nginx.
    if says("no required ssl certificate was sent") {
        return Some(Meaning::new(
            "client-certificate-required",
            "the server wants a client certificate: configure one",
        ));
    }
    if says("the ssl certificate error") {
        return Some(Meaning::new(
            "client-certificate-rejected",
            "the server does not accept this client's certificate: use one of an authority that it trusts",
        ));
    }
    // nginx.
    if says("request header or cookie too large") {
        return Some(by_status(431));
    }
    // Starlette and Django.
    if says("invalid host header") || says("invalid http_host header") {
        return Some(HOST);
    }
    if says("subprotocol") {
        return Some(Meaning::new(
            "subprotocol-unsupported",
            "the server wants a subprotocol that was not offered: offer one that it speaks",
        ));
    }
    let fields =
        ["upgrade", "connection header", "sec-websocket-key", "sec-websocket-version", "websocket headers"];
    fields.iter().any(|field| says(field)).then_some(STRIPPED)
}

const HOST: Meaning = Meaning::new(
    "host-not-served",
    "the server does not serve this host name: connect by one that it does, or have its operator add it",
);

#[rustfmt::skip]
fn by_status(status: u16) -> Meaning {
    let (code, advice) = match status {
        200..=299 => ("not-a-websocket-endpoint", "an ordinary web page answers, or a login page of this network: check host, port and path"),
        300..=399 => ("refused-unexplained", "a redirect that names no address: ask who runs the server"),
        404 | 410 => ("not-a-websocket-endpoint", "there is no WebSocket at this path, or a proxy on the way drops the field Upgrade: check the path first"),
        405 | 426 | 501 => ("not-a-websocket-endpoint", "what answers takes no WebSocket here, or a proxy on the way drops the field Upgrade: check the path first"),
        407 => ("proxy-authentication-required", "a proxy on the way wants a user name and a password: set it as this client's proxy, with them in its URL"),
        408 => ("handshake-timeout", "the request did not reach the server in time: connect again"),
        413 | 431 => ("head-too-large", "the request is larger than the server takes: send less in headers and cookies"),
        414 => ("target-too-long", "the URL is longer than the server takes: send large values in a header or a message"),
        421 => return HOST,
        429 => ("rate-limited", "too many requests for now: wait, then connect again"),
        451 => ("refused-unexplained", "refused for legal reasons: ask who runs the server"),
        500 => ("internal-error", "the server failed: connect again later; if it stays so, its log tells the operator why"),
        // 520, 521, 523, 525 to 527 and 530 are Cloudflare's.
        502 | 520 | 521 | 523 | 525..=527 | 530 => ("upstream-down", "a proxy or CDN answers, and cannot reach the server behind it: connect again later, and tell its operator"),
        503 => ("unavailable-unexplained", "the server, or a proxy without a server behind it, takes nobody now: connect again later"),
        504 | 522 | 524 => ("upstream-timeout", "a proxy or CDN answers, and the server behind it does not in time: connect again later, and tell its operator"),
        505 => ("http-version-unsupported", "a proxy on the way speaks an old HTTP to the server: its operator has to let HTTP/1.1 through"),
        511 => ("network-login-required", "this network wants a login first: open any page in a browser"),
        400..=499 => ("refused-unexplained", "the server gives no reason: check the URL, the headers and the credentials"),
        _ => ("refused-unexplained", "the server gives no reason; its log may"),
    };
    Meaning::new(code, advice)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use ws_core::head::{HeadLimits, HeadReader};

    use super::*;

    fn code(head: &str, said: &str) -> &'static str {
        let mut buffer = BytesMut::from(format!("HTTP/1.1 {head}\r\n\r\n").as_str());
        let head = HeadReader::new(HeadLimits::default()).read_response(&mut buffer).unwrap().unwrap();
        let challenges: Vec<Challenge> = head
            .fields()
            .get_str("WWW-Authenticate")
            .map(|value| Challenge::parse_list(value).unwrap())
            .unwrap_or_default();
        meaning(head.status(), head.fields(), &challenges, Some(said)).code
    }

    #[test]
    fn words_of_widespread_servers() {
        for (said, expected) in [
            ("The plain HTTP request was sent to HTTPS port", "plain-http-on-tls-port"),
            ("Client sent an HTTP request to an HTTPS server.", "plain-http-on-tls-port"),
            ("No required SSL certificate was sent", "client-certificate-required"),
            ("The SSL certificate error", "client-certificate-rejected"),
            ("Request Header Or Cookie Too Large", "head-too-large"),
            ("Invalid host header", "host-not-served"),
            ("Connection header did not include 'upgrade'", "upgrade-headers-stripped"),
            ("Can \"Upgrade\" only to \"WebSocket\".", "upgrade-headers-stripped"),
            ("HTTP Connection header missing", "upgrade-headers-stripped"),
            ("missing subprotocol chat.v2", "subprotocol-unsupported"),
            ("Missing or invalid Sec-WebSocket-Key header", "upgrade-headers-stripped"),
            ("Invalid room", "refused-unexplained"),
            ("", "refused-unexplained"),
        ] {
            assert_eq!(code("400 Bad Request", said), expected, "{said}");
        }
        // The words of a body mean nothing where the status says another thing.
        assert_eq!(code("403 Forbidden", "Client sent an HTTP request"), "forbidden-unexplained");
        assert_eq!(code("403 Forbidden", "Cross origin websockets not allowed"), "origin-denied");
    }

    // RFC 9110 15.5.22, RFC 6455 4.2.2.
    #[test]
    fn an_upgrade_that_was_asked_for_and_did_not_arrive() {
        assert_eq!(code("426 Upgrade Required\r\nUpgrade: websocket", ""), "upgrade-headers-stripped");
        assert_eq!(code("426 X\r\nSec-WebSocket-Version: 13, 8", ""), "upgrade-headers-stripped");
        assert_eq!(code("426 X\r\nSec-WebSocket-Version: 8, 7", ""), "websocket-version-unsupported");
        assert_eq!(code("426 Upgrade Required", "Upgrade Required"), "not-a-websocket-endpoint");
    }

    // RFC 6750 3.1.
    #[test]
    fn what_a_challenge_says() {
        let scope = "403 F\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"a\"";
        assert_eq!(code(scope, ""), "scope-insufficient");
        assert_eq!(code("401 U\r\nWWW-Authenticate: Basic realm=\"a\"", ""), "unauthorized-unexplained");
    }

    #[test]
    fn each_status_has_a_name_and_an_advice() {
        for status in 200..=999 {
            let meaning = by_status(status);
            assert!(!meaning.code.is_empty() && !meaning.advice(&[]).ends_with('.'), "{status}");
        }
        for (status, expected) in [
            (200, "not-a-websocket-endpoint"),
            (404, "not-a-websocket-endpoint"),
            (418, "refused-unexplained"),
            (521, "upstream-down"),
            (522, "upstream-timeout"),
            (511, "network-login-required"),
            (599, "refused-unexplained"),
        ] {
            assert_eq!(by_status(status).code, expected, "{status}");
        }
    }
}
