use super::cause::{ALLOW, Answer, Row, UPGRADE, VERSION};

/// IANA WebSocket Close Code registry: Unauthorized.
const UNAUTHORIZED: u16 = 3000;
/// IANA WebSocket Close Code registry: Forbidden.
const FORBIDDEN: u16 = 3003;
/// IANA WebSocket Close Code registry: Timeout.
const TIMEOUT: u16 = 3008;
/// RFC 6455 7.4.1: a message violates the endpoint's policy.
const POLICY_VIOLATION: u16 = 1008;
/// RFC 6455 7.4.1: an endpoint goes away.
const GOING_AWAY: u16 = 1001;
/// RFC 6455 7.4.1: an unexpected condition.
const INTERNAL_ERROR: u16 = 1011;
/// IANA WebSocket Close Code registry: Try Again Later.
const TRY_AGAIN_LATER: u16 = 1013;
/// IANA WebSocket Close Code registry: the gateway got no valid answer from upstream.
const BAD_GATEWAY: u16 = 1014;

/// Makes the enum, the list of all causes and the table of their rows out of one definition.
macro_rules! catalogue {
    ($($variant:ident $code:literal, $answer:expr, $section:literal;
        $title:literal $summary:literal $remedy:literal)*) => {
        /// Why a connection was refused or ended: one variant for each row of the catalogue.
        ///
        /// ```
        /// use ws_core::refusal::Cause;
        ///
        /// assert_eq!(Cause::TokenExpired.code(), "token-expired");
        /// assert_eq!(Cause::TokenExpired.status(), Some(401));
        /// assert_eq!(Cause::TokenExpired.close_code(), Some(3000));
        /// assert_eq!(Cause::from_code("token-expired"), Some(Cause::TokenExpired));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Cause {
            $(
                #[doc = concat!("`", $code, "`: ", $summary)]
                $variant,
            )*
        }

        impl Cause {
            /// Every cause, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub(super) const fn row(self) -> &'static Row {
                const ROWS: &[Row] = &[$(Row {
                    code: $code,
                    title: $title,
                    summary: $summary,
                    remedy: $remedy,
                    section: $section,
                    answer: $answer,
                }),*];
                &ROWS[self as usize]
            }
        }
    };
}

catalogue! {
    // The head.
    MalformedRequest "malformed-request", Answer::http(400).closing(), "RFC 9112 2.2";
        "The request is not valid HTTP/1.1"
        "The request line or a header field breaks the grammar of HTTP/1.1."
        "Send a request line and header fields that end in CR LF, without NUL, bare CR or folded lines."
    UnexpectedBody "unexpected-body", Answer::http(400).closing(), "RFC 9110 9.3.1";
        "A handshake has no body"
        "The handshake announces a body with Content-Length or Transfer-Encoding."
        "Send the handshake without a body."
    MissingHost "missing-host", Answer::http(400).closing(), "RFC 9112 3.2";
        "The Host field is missing"
        "The request has no Host field."
        "Send exactly one Host field that names this server."
    DuplicateHost "duplicate-host", Answer::http(400).closing(), "RFC 9112 3.2";
        "The Host field is repeated"
        "The request has more than one Host field."
        "Send exactly one Host field; look for a proxy that adds its own."
    HostMalformed "host-malformed", Answer::http(400).closing(), "RFC 9112 3.2";
        "The Host field is not valid"
        "The Host field is not a host with an optional port."
        "Send the host, and the port if it is not the default one, as they stand in the address."
    ProxyHeaderInvalid "proxy-header-invalid", Answer::SILENCE, "PROXY protocol 2";
        "The PROXY protocol header is missing or broken"
        "This listener wants a PROXY protocol header first, and none that is valid came."
        "Turn the PROXY protocol on in the load balancer, or off on this listener."
    ForwardedInvalid "forwarded-invalid", Answer::http(400).closing(), "RFC 7239 4";
        "What the proxy says of the client makes no sense"
        "Forwarded or X-Forwarded-For from a trusted proxy is malformed, or the two name different clients."
        "The operator has the proxy write one of these fields and remove what clients send in the other."
    HostNotServed "host-not-served", Answer::http(421).closing(), "RFC 9110 15.5.20";
        "This host is not served here"
        "The Host field names a host that this server does not serve."
        "Check the host name in the address, and the name that a proxy passes on."
    PlainHttpOnTlsPort "plain-http-on-tls-port", Answer::http(400).closing(), "RFC 9110 4.2.2";
        "Plain HTTP was sent to a TLS port"
        "This port speaks TLS, and the request came unencrypted."
        "Use wss:// or https:// in the address."
    TlsOnPlainPort "tls-on-plain-port", Answer::http(400).closing(), "RFC 6455 3";
        "TLS was sent to a plain port"
        "This port speaks plain HTTP, and the client began with TLS."
        "Use ws:// or http:// in the address, or the port that speaks TLS."
    TargetTooLong "target-too-long", Answer::http(414).closing(), "RFC 9110 15.5.15";
        "The request target is too long"
        "The path and query together are longer than this server takes."
        "Shorten the path and the query; send large values in header fields or messages."
    HeadTooLarge "head-too-large", Answer::http(431).closing(), "RFC 6585 5";
        "The request head is too large"
        "The request line and header fields, or one of them, have more bytes than this server takes."
        "Send fewer or shorter header fields; cookies are the usual reason."
    TooManyHeaders "too-many-headers", Answer::http(431).closing(), "RFC 6585 5";
        "The request has too many header fields"
        "The request has more header fields than this server takes."
        "Send fewer header fields."
    HandshakeTimeout "handshake-timeout", Answer::http(408).closing(), "RFC 9110 15.5.9";
        "The request took too long"
        "The complete head of the request did not arrive in time."
        "Send the whole request at once after connecting."
    HttpVersionUnsupported "http-version-unsupported", Answer::http(505).closing(), "RFC 9110 15.6.6";
        "The HTTP version is not supported"
        "The request is not HTTP/1.1."
        "Use HTTP/1.1; look for a proxy that speaks HTTP/1.0 to this server."

    // The upgrade.
    MethodNotAllowed "method-not-allowed", Answer::http(405).fields(ALLOW), "RFC 9110 15.5.6";
        "The method is not allowed"
        "A WebSocket handshake is a GET request."
        "Use GET."
    UpgradeRequired "upgrade-required", Answer::http(426).fields(UPGRADE), "RFC 9110 15.5.22";
        "This is a WebSocket address"
        "A plain GET came to an address that only speaks WebSocket."
        "Open it with a WebSocket client: ws:// or wss://."
    UpgradeConflicting "upgrade-conflicting", Answer::http(400).closing(), "RFC 9110 7.8";
        "The upgrade names another protocol"
        "The request asks for HTTP/2 over cleartext (h2c) or carries HTTP2-Settings."
        "Ask for websocket alone, without HTTP2-Settings."
    UpgradeHeadersStripped "upgrade-headers-stripped", Answer::http(426).fields(UPGRADE), "RFC 6455 4.2.1";
        "The upgrade fields were lost on the way"
        "Sec-WebSocket-Key is there, but Upgrade: websocket or Connection: Upgrade is not."
        "Tell the proxy in between to pass on Upgrade and Connection, over HTTP/1.1."
    WebsocketVersionUnsupported "websocket-version-unsupported",
        Answer::http(426).fields(UPGRADE), "RFC 6455 4.4";
        "The WebSocket version is not supported"
        "Sec-WebSocket-Version is not 13."
        "Send Sec-WebSocket-Version: 13."
    WebsocketVersionMissing "websocket-version-missing", Answer::http(400).fields(VERSION), "RFC 6455 4.2.1";
        "The WebSocket version is missing"
        "The handshake has no Sec-WebSocket-Version."
        "Send Sec-WebSocket-Version: 13."
    WebsocketKeyInvalid "websocket-key-invalid", Answer::http(400), "RFC 6455 4.2.1";
        "The WebSocket key is not valid"
        "Sec-WebSocket-Key is missing, repeated, or not 16 bytes in canonical base64."
        "Send one Sec-WebSocket-Key: 16 random bytes in base64, 24 characters."
    ExtensionOfferMalformed "extension-offer-malformed", Answer::http(400), "RFC 6455 9.1";
        "The extension offer is malformed"
        "Sec-WebSocket-Extensions does not follow its grammar."
        "Send a list of extensions, each a token with parameters, or leave the field out."
    SubprotocolOfferMalformed "subprotocol-offer-malformed", Answer::http(400), "RFC 6455 4.1";
        "The subprotocol offer is malformed"
        "Sec-WebSocket-Protocol is empty, repeats a value, or is not a list of tokens."
        "Send each subprotocol once, as tokens separated by commas, or leave the field out."
    SubprotocolUnsupported "subprotocol-unsupported", Answer::http(400), "RFC 6455 4.2.2";
        "No offered subprotocol is supported"
        "This address requires a subprotocol, and none of those offered is spoken here."
        "Offer one of the supported subprotocols."
    RouteNotFound "route-not-found", Answer::http(404), "RFC 9110 15.5.5";
        "There is nothing at this address"
        "No route matches the path."
        "Check the path of the address."

    // Who may come near.
    AddressDenied "address-denied", Answer::http(403).or_frame(FORBIDDEN), "RFC 9110 15.5.4";
        "The client's address is not allowed"
        "The network address that the connection comes from may not use this server."
        "Connect from an allowed network, or ask the operator."
    OriginDenied "origin-denied", Answer::http(403), "RFC 6455 10.2";
        "The origin is not allowed"
        "Pages of this origin may not connect here."
        "Connect from an allowed origin, or have the operator allow this one."
    OriginMissing "origin-missing", Answer::http(403).or_frame(FORBIDDEN), "RFC 6455 10.2";
        "The origin is missing"
        "This address requires an Origin field, and there is none."
        "Send the Origin field; browsers do so by themselves."
    OriginMalformed "origin-malformed", Answer::http(400), "RFC 6454 7.1";
        "The Origin field is not valid"
        "The Origin field is repeated, or is not an origin."
        "Send one Origin field: a scheme, a host and an optional port, or null."

    // Who is it.
    CredentialsMissing "credentials-missing",
        Answer::http(401).challenging().or_frame(UNAUTHORIZED), "RFC 6750 3.1";
        "Credentials are required"
        "The request carries no credentials."
        "Send credentials of one of the schemes in WWW-Authenticate."
    CredentialsMalformed "credentials-malformed",
        Answer::http(400).bearer_error("invalid_request").or_frame(UNAUTHORIZED), "RFC 6750 3.1";
        "The credentials are malformed"
        "The Authorization field does not parse or is repeated, or credentials came in two places at once."
        "Send the credentials once, as a scheme, a space and the credentials."
    SchemeUnsupported "scheme-unsupported",
        Answer::http(401).challenging().or_frame(UNAUTHORIZED), "RFC 9110 11.6.2";
        "The authentication scheme is not accepted"
        "The credentials are of a scheme that is not accepted here."
        "Use one of the schemes in WWW-Authenticate."
    TokenMalformed "token-malformed", invalid_token(), "RFC 7519 7.2";
        "The token is malformed"
        "The token's structure, header or a claim does not have the expected form."
        "Send the token exactly as it was issued, whole and unquoted."
    TokenAlgorithmDenied "token-algorithm-denied", invalid_token(), "RFC 8725 3.1";
        "The token's algorithm is not allowed"
        "The token is not signed, or is signed with an algorithm that its key does not allow."
        "Have the issuer sign with an algorithm that this server allows."
    TokenKeyUnknown "token-key-unknown", invalid_token(), "RFC 7515 4.1.4";
        "The token's key is not known"
        "No key with the token's key identifier is known here."
        "Get a token from the issuer that this server trusts; the issuer may have changed its keys."
    TokenSignatureInvalid "token-signature-invalid", invalid_token(), "RFC 7515 5.2";
        "The token's signature is not valid"
        "The signature does not belong to this token and a key that is trusted here."
        "Send the token unchanged, and get it from the issuer that this server trusts."
    TokenExpired "token-expired", invalid_token(), "RFC 7519 4.1.4";
        "The token has expired"
        "The token's lifetime is over."
        "Get a fresh token and connect again."
    TokenNotYetValid "token-not-yet-valid", invalid_token(), "RFC 7519 4.1.5";
        "The token is not valid yet"
        "The token's lifetime has not begun."
        "Wait until the token is valid, or check the clocks of issuer and server."
    TokenIssuerWrong "token-issuer-wrong", invalid_token(), "RFC 7519 4.1.1";
        "The token's issuer is not trusted"
        "The token was issued by someone whom this server does not trust."
        "Get a token from the issuer that this server trusts."
    TokenAudienceWrong "token-audience-wrong", invalid_token(), "RFC 7519 4.1.3";
        "The token is meant for another audience"
        "The token was issued for another service."
        "Ask the issuer for a token for this service."
    TokenClaimMissing "token-claim-missing", invalid_token(), "RFC 7519 4.1";
        "The token lacks a claim"
        "A claim that this server requires is not in the token."
        "Have the issuer put the claim into its tokens."
    TokenRevoked "token-revoked", invalid_token(), "RFC 6750 3.1";
        "The token was revoked"
        "The token was withdrawn before its lifetime was over."
        "Log in again to get a new token."
    CredentialsRejected "credentials-rejected",
        Answer::http(401).challenging().or_frame(UNAUTHORIZED), "RFC 9110 15.5.2";
        "The credentials were rejected"
        "The credentials are not valid here."
        "Check them, or log in again."
    TicketSpent "ticket-spent", Answer::http(401).challenging().or_frame(UNAUTHORIZED), "RFC 9110 15.5.2";
        "The ticket was used before"
        "A ticket opens one connection, and this one has done so."
        "Get a new ticket for each connection."
    TicketExpired "ticket-expired", Answer::http(401).challenging().or_frame(UNAUTHORIZED), "RFC 9110 15.5.2";
        "The ticket has expired"
        "The ticket's lifetime is over."
        "Get a new ticket right before connecting."
    ClientCertificateRequired "client-certificate-required", Answer::http(403), "RFC 9110 15.5.4";
        "A client certificate is required"
        "The TLS connection was made without a client certificate."
        "Present a client certificate."
    ClientCertificateRejected "client-certificate-rejected",
        Answer::http(403).or_frame(FORBIDDEN), "RFC 9110 15.5.4";
        "The client certificate was not accepted"
        "The client certificate is valid, but its holder is not known here."
        "Present another certificate, or ask the operator to admit this one."

    // What may they do.
    ScopeInsufficient "scope-insufficient",
        Answer::http(403).bearer_error("insufficient_scope").or_frame(FORBIDDEN), "RFC 6750 3.1";
        "The token lacks a scope"
        "The token does not grant the scope that this address requires."
        "Ask the issuer for a token with the required scope."
    RoleMissing "role-missing", Answer::http(403).or_frame(FORBIDDEN), "RFC 9110 15.5.4";
        "A role is missing"
        "You do not have the role that this address requires."
        "Ask the operator for the role."
    PolicyDenied "policy-denied", Answer::http(403).or_frame(FORBIDDEN), "RFC 9110 15.5.4";
        "A policy does not allow this"
        "A rule of this server does not let you in."
        "Ask the operator; new credentials of the same kind will not help."
    ResourceHidden "resource-hidden", Answer::http(404), "RFC 9110 15.5.4";
        "The resource is hidden"
        "The caller may not know that this address exists; it is told what `route-not-found` is told."
        "The operator finds the reason in the log, under the request's identifier."

    // Not now.
    RateLimited "rate-limited", Answer::http(429).come_back().or_frame(TRY_AGAIN_LATER), "RFC 6585 4";
        "Too many attempts"
        "Too many attempts to connect came from this address."
        "Wait as long as Retry-After says, then try again."
    AddressQuotaExceeded "address-quota-exceeded",
        Answer::http(429).come_back().or_frame(TRY_AGAIN_LATER), "RFC 6585 4";
        "Too many connections from this address"
        "This address has as many open connections as it may have."
        "Close connections that are no longer needed, or try again later."
    PrincipalQuotaExceeded "principal-quota-exceeded",
        Answer::http(429).come_back().or_frame(TRY_AGAIN_LATER), "RFC 6585 4";
        "Too many connections for this account"
        "This account has as many open connections as it may have."
        "Close connections that are no longer needed, or try again later."
    ServerFull "server-full", Answer::http(503).come_back().or_frame(TRY_AGAIN_LATER), "RFC 9110 15.6.4";
        "The server is full"
        "The server has as many open connections as it may have."
        "Wait as long as Retry-After says, then try again."
    ServerDraining "server-draining",
        Answer::http(503).come_back_elsewhere().or_frame(GOING_AWAY), "RFC 9110 15.6.4";
        "The server is shutting down"
        "The server takes no new connections because it is about to stop."
        "Come back after the given time; another instance will answer."
    AuthenticationUnavailable "authentication-unavailable",
        Answer::http(503).come_back().or_frame(TRY_AGAIN_LATER), "RFC 9110 15.6.4";
        "Credentials cannot be checked at the moment"
        "The service that knows the identities is down or slow. This is not a fault of the credentials."
        "Keep the credentials and try again later."
    AuthorizationUnavailable "authorization-unavailable",
        Answer::http(503).come_back().or_frame(TRY_AGAIN_LATER), "RFC 9110 15.6.4";
        "Permissions cannot be checked at the moment"
        "The service that decides on permissions is down or slow."
        "Try again later."
    UpstreamDown "upstream-down", Answer::http(502).or_frame(BAD_GATEWAY), "RFC 9110 15.6.3";
        "The server behind the gateway is down"
        "The gateway cannot reach the server behind it."
        "Try again later; the operator has to look at the server behind."
    UpstreamRefused "upstream-refused", Answer::http(502), "RFC 9110 15.6.3";
        "The server behind the gateway refused"
        "The server behind the gateway did not accept the handshake."
        "The operator has to look at the server behind."
    UpstreamTimeout "upstream-timeout", Answer::http(504).or_frame(BAD_GATEWAY), "RFC 9110 15.6.5";
        "The server behind the gateway did not answer"
        "The server behind the gateway did not answer in time."
        "Try again later; the operator has to look at the server behind."
    InternalError "internal-error", Answer::http(500).or_frame(INTERNAL_ERROR), "RFC 9110 15.6.1";
        "The server failed"
        "The server failed by a fault of its own."
        "Try again; if it stays, tell the operator the request's identifier."

    // After the upgrade only.
    AuthenticationTimeout "authentication-timeout", Answer::frame(TIMEOUT), "IANA WebSocket close code 3008";
        "Authentication took too long"
        "The message with the credentials did not come in time."
        "Send the credentials in the first message, at once after connecting."
    MessageRateExceeded "message-rate-exceeded", Answer::frame(POLICY_VIOLATION), "RFC 6455 7.4.1";
        "Too many messages"
        "More messages or bytes came than this connection may send."
        "Send less often, or put more into each message."
    SlowConsumer "slow-consumer", Answer::frame(POLICY_VIOLATION), "RFC 6455 7.4.1";
        "Messages were not read fast enough"
        "More output was waiting for this receiver than the server keeps."
        "Read messages as they come, then connect again."
    IdleTimeout "idle-timeout", Answer::frame(TIMEOUT), "IANA WebSocket close code 3008";
        "The connection was idle for too long"
        "No pong and no other traffic came in time."
        "Answer pings and keep the connection in use, then connect again."
}

/// RFC 6750 3.1: expired, revoked, malformed, or invalid for other reasons.
const fn invalid_token() -> Answer {
    Answer::http(401).bearer_error("invalid_token").or_frame(UNAUTHORIZED)
}
