//! Whose turn it is after a failure, and whether the same attempt is worth repeating.

use std::fmt;

use ws_core::refusal::Cause;

/// Who has to change something before a connection can come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Responsible {
    /// The one who connects: the address, the request or the credentials.
    Client,
    /// The one who runs the server, or what it depends on.
    Server,
    /// The one who runs a proxy between the two.
    Proxy,
    /// The network: names, routes, firewalls.
    Network,
}

impl fmt::Display for Responsible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Proxy => "proxy",
            Self::Network => "network",
        })
    }
}

/// Who is responsible for a refusal, by its cause where it is told, else by its status.
pub(super) fn responsible(cause: Option<Cause>, status: u16) -> Responsible {
    match cause {
        // This client always sends these as they should be: something on the way changed them.
        Some(
            Cause::UpgradeHeadersStripped
            | Cause::UpgradeRequired
            | Cause::UpgradeConflicting
            | Cause::HttpVersionUnsupported
            | Cause::MethodNotAllowed
            | Cause::UnexpectedBody
            | Cause::MissingHost
            | Cause::DuplicateHost
            | Cause::WebsocketVersionMissing
            | Cause::WebsocketKeyInvalid,
        ) => Responsible::Proxy,
        // It always sends version 13, the only one of RFC 6455.
        Some(Cause::WebsocketVersionUnsupported) => Responsible::Server,
        Some(Cause::RateLimited | Cause::AddressQuotaExceeded | Cause::PrincipalQuotaExceeded) => {
            Responsible::Client
        }
        _ => by_status(cause.and_then(Cause::status).unwrap_or(status)),
    }
}

fn by_status(status: u16) -> Responsible {
    match status {
        // RFC 9110 15.5.8: the proxy wants credentials. RFC 6585 6: a captive portal.
        407 => Responsible::Proxy,
        511 => Responsible::Network,
        500.. => Responsible::Server,
        _ => Responsible::Client,
    }
}

/// Whether the very same request may be let in later.
pub(super) fn is_worth_retrying(cause: Option<Cause>, status: u16) -> bool {
    match cause {
        Some(
            Cause::HandshakeTimeout
            | Cause::InternalError
            | Cause::TokenNotYetValid
            | Cause::UpstreamDown
            | Cause::UpstreamTimeout
            // A connection that was given up for its silence may be opened anew.
            | Cause::IdleTimeout,
        ) => true,
        Some(cause) => cause.is_temporary(),
        // RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4, RFC 9110 15.6: what may pass by itself.
        None => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 529),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_worth_retrying() {
        for cause in
            [Cause::RateLimited, Cause::ServerDraining, Cause::UpstreamTimeout, Cause::TokenNotYetValid]
        {
            assert!(is_worth_retrying(Some(cause), 0), "{cause}");
        }
        for cause in [Cause::TokenExpired, Cause::OriginDenied, Cause::RouteNotFound, Cause::UpstreamRefused]
        {
            assert!(!is_worth_retrying(Some(cause), 503), "{cause}");
        }
        for (status, worth) in
            [(200, false), (401, false), (404, false), (429, true), (501, false), (503, true)]
        {
            assert_eq!(is_worth_retrying(None, status), worth, "{status}");
        }
    }

    #[test]
    fn the_one_who_can_change_it_is_responsible() {
        for (cause, status, expected) in [
            (Some(Cause::TokenExpired), 401, Responsible::Client),
            (Some(Cause::UpgradeHeadersStripped), 426, Responsible::Proxy),
            (Some(Cause::AuthenticationUnavailable), 503, Responsible::Server),
            (Some(Cause::RateLimited), 429, Responsible::Client),
            // The cause says more than a status that something in between has changed.
            (Some(Cause::InternalError), 403, Responsible::Server),
            (None, 200, Responsible::Client),
            (None, 404, Responsible::Client),
            (None, 407, Responsible::Proxy),
            (None, 502, Responsible::Server),
            (None, 511, Responsible::Network),
        ] {
            assert_eq!(responsible(cause, status), expected, "{cause:?} {status}");
        }
    }
}
