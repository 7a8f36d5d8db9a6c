//! The header fields that a server behind gets.

use std::net::IpAddr;

use ws_client::{Builder, RequestError};
use ws_core::head::RequestHead;
use ws_server::prepare::Admission;

use super::identity;

/// Where the gateway looks for credentials; what it finds there is its own business.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    /// Header fields beside `Authorization`.
    pub(crate) fields: Vec<String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) parameters: Vec<String>,
    /// The subprotocol that a token follows.
    pub(crate) subprotocol: Option<&'static str>,
}

impl Credentials {
    /// Nowhere: everything is passed on.
    pub(super) const NONE: &'static Self =
        &Self { fields: Vec::new(), cookies: Vec::new(), parameters: Vec::new(), subprotocol: None };

    /// The pair of subprotocols that is a credential, among those that are offered.
    pub(super) fn pair<'a>(&self, offered: &'a [String]) -> &'a [String] {
        let first = offered.iter().position(|offer| self.subprotocol == Some(&**offer));
        first.and_then(|first| offered.get(first..first + 2)).unwrap_or_default()
    }
}

/// Adds what the client has sent and may be passed on, and what the gateway knows about it.
pub(super) fn add(
    mut client: Builder,
    admission: &Admission<'_>,
    credentials: &Credentials,
    forward: bool,
) -> Result<Builder, RequestError> {
    let head = admission.request.head();
    let nominated = nominated(head);
    for (name, value) in head.fields().iter() {
        // What is not UTF-8 cannot be passed on as it is, and means nothing that anybody agrees on (RFC 9110 5.5).
        let Ok(value) = std::str::from_utf8(value) else { continue };
        let stays = is_ours(name)
            || nominated.iter().any(|nominated| name.eq_ignore_ascii_case(nominated))
            || !forward && is_credential(name, credentials);
        if stays {
            continue;
        }
        if name.eq_ignore_ascii_case("Cookie") && !forward {
            if let Some(cookies) = without(value, &credentials.cookies) {
                client = client.header(name, &cookies)?;
            }
        } else if name.eq_ignore_ascii_case("Origin") {
            // One that no browser writes has no meaning to the server behind either.
            if let Ok(with) = client.clone().origin(value) {
                client = with;
            }
        } else {
            client = client.header(name, value)?;
        }
    }
    for (name, value) in forwarded(admission) {
        client = client.header(name, &value)?;
    }
    for (name, value) in identity::fields(admission.identity) {
        client = client.header(name, &value)?;
    }
    Ok(client)
}

/// Whether only the gateway says this to a server behind, whoever else does.
fn is_ours(name: &str) -> bool {
    // Servers that hand fields on as variables (RFC 3875 4.1.18) do not tell '_' from '-'.
    let name = name.to_ascii_lowercase().replace('_', "-");
    OURS.contains(&&*name) || name.starts_with("sec-websocket-") || name.starts_with("x-forwarded-")
}

// The handshake is one of our own (RFC 6455 4.1), and what stands here is for one hop (RFC 9110 7.6.1).
const OURS: [&str; 16] = [
    "host",
    "connection",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "content-length",
    "http2-settings",
    "forwarded",
    "x-real-ip",
    "x-auth-subject",
    "x-auth-roles",
    "x-auth-scopes",
];

fn is_credential(name: &str, credentials: &Credentials) -> bool {
    name.eq_ignore_ascii_case("Authorization")
        || credentials.fields.iter().any(|field| name.eq_ignore_ascii_case(field))
}

/// RFC 9110 7.6.1: the fields that `Connection` names are for this hop alone.
fn nominated(head: &RequestHead) -> Vec<&str> {
    let values = head.fields().get_all("Connection").filter_map(|value| std::str::from_utf8(value).ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// A `Cookie` without these cookies (RFC 6265 4.2.1); nothing if none is left.
fn without(value: &str, cookies: &[String]) -> Option<String> {
    let kept: Vec<&str> = value
        .split(';')
        .map(str::trim)
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default().trim();
            !pair.is_empty() && cookies.iter().all(|cookie| cookie != name)
        })
        .collect();
    (!kept.is_empty()).then(|| kept.join("; "))
}

/// Where the request comes from (RFC 7239 4, and the fields that were there before it).
///
/// One element: the client as the gateway sees it, behind the proxies that it trusts. What strangers say of themselves
/// is not repeated.
fn forwarded(admission: &Admission<'_>) -> Vec<(&'static str, String)> {
    let request = &admission.request;
    let address = request.peer().ip().to_canonical();
    let proto = if request.is_secure() { "https" } else { "http" };
    // RFC 7239 6: an IPv6 address stands in brackets and quotes.
    let node = match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"[{address}]\""),
    };
    let host = request.host().filter(|host| !host.is_empty());
    let mut element = format!("for={node};proto={proto}");
    if let Some(host) = host {
        // A host has been checked to be one, so that it needs no escapes (RFC 7239 4).
        element = format!("for={node};host=\"{host}\";proto={proto}");
    }
    let mut fields = vec![
        ("Forwarded", element),
        ("X-Forwarded-For", address.to_string()),
        ("X-Forwarded-Proto", proto.to_owned()),
    ];
    fields.extend(host.map(|host| ("X-Forwarded-Host", host.to_owned())));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_that_are_credentials_go_and_the_others_stay() {
        let credentials = ["sid".to_owned(), "jwt".to_owned()];
        for (value, expected) in [
            ("a=b", Some("a=b")),
            ("sid=1", None),
            ("a=b; sid=1; c=d", Some("a=b; c=d")),
            ("jwt=x.y.z;a=b;;sid=", Some("a=b")),
            ("sidecar=1; SID=2", Some("sidecar=1; SID=2")),
            ("sid", None),
            ("a=sid=1", Some("a=sid=1")),
        ] {
            assert_eq!(without(value, &credentials).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn what_only_the_gateway_says_in_any_spelling() {
        for name in [
            "X-Auth-Subject",
            "x_auth_subject",
            "X-FORWARDED-PORT",
            "Forwarded",
            "X_Real_Ip",
            "Sec-WebSocket-Key",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in ["X-Auth-Subjects", "X-Forward", "Sec-Fetch-Site", "User-Agent", "Cookie"] {
            assert!(!is_ours(name), "{name}");
        }
    }

    #[test]
    fn a_token_follows_its_subprotocol() {
        let credentials = Credentials { subprotocol: Some("bearer"), ..Credentials::default() };
        let offered = ["chat", "bearer", "x.y.z", "more"].map(str::to_owned);
        assert_eq!(credentials.pair(&offered), ["bearer", "x.y.z"]);
        assert!(credentials.pair(&offered[..2]).is_empty() && Credentials::NONE.pair(&offered).is_empty());
    }
}
