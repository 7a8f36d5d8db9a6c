//! Every refusal that the gate can make, against the catalogue and against what is written out here.

use std::{collections::HashSet, future::pending};

use ws_core::refusal::{Challenge, Disclosure, FieldValue, HttpRefusal, Presentation};

use super::{super::*, *};
use crate::{
    authenticate::{
        AuthenticationError, CertificateFault, Challenging, CredentialsFault, HandshakeContext, Identity,
    },
    authorize::AuthorizationError,
};

struct Case {
    cause: Cause,
    status: u16,
    check: Check,
    request: Request,
    facts: Facts,
    policy: Policy,
    config: GateConfig,
    /// Fields that the answer has, word for word.
    fields: Vec<(&'static str, &'static str)>,
}

impl Case {
    fn new(cause: Cause, status: u16, check: Check) -> Self {
        let config = GateConfig {
            authentication_timeout: Duration::from_millis(20),
            authorization_timeout: Duration::from_millis(20),
            ..GateConfig::default()
        };
        let (request, facts, policy) = (Request::new(), facts(), Policy::new());
        Self { cause, status, check, request, facts, policy, config, fields: Vec::new() }
    }

    fn request(mut self, change: impl FnOnce(Request) -> Request) -> Self {
        self.request = change(self.request);
        self
    }

    fn policy(mut self, change: impl FnOnce(Policy) -> Policy) -> Self {
        self.policy = change(self.policy);
        self
    }

    fn guarded(self) -> Self {
        self.policy(|policy| policy.authenticate(bearer()))
    }

    fn field(mut self, name: &'static str, value: &'static str) -> Self {
        self.fields.push((name, value));
        self
    }

    fn challenges(self, challenge: &'static str) -> Self {
        self.field("WWW-Authenticate", challenge)
    }
}

/// Fails in one way, whoever comes.
fn failing(error: AuthenticationError) -> impl crate::authenticate::Authenticator {
    let fail = move |_: &HandshakeContext<'_>| std::future::ready(Err(error.clone()));
    Challenging::new(Challenge::basic("chat"), fail)
}

fn denying(error: AuthorizationError) -> impl crate::authorize::Authorizer {
    move |_: &HandshakeContext<'_>, _: &Identity| std::future::ready(Err(error.clone()))
}

fn before_the_route() -> Vec<Case> {
    vec![
        Case::new(Cause::HttpVersionUnsupported, 505, Check::HttpVersion)
            .request(|request| request.version(Version::HTTP_10)),
        Case::new(Cause::MissingHost, 400, Check::Host).request(|request| request.without("Host")),
        Case::new(Cause::DuplicateHost, 400, Check::Host)
            .request(|request| request.and("Host", "example.com")),
        Case::new(Cause::HostMalformed, 400, Check::Host).request(|request| request.with("Host", "a@b")),
        Case::new(Cause::UnexpectedBody, 400, Check::Body)
            .request(|request| request.and("Content-Length", "1"))
            .field("Connection", "close"),
        Case::new(Cause::UnexpectedBody, 400, Check::Body)
            .request(|request| request.and("Transfer-Encoding", "chunked")),
        Case::new(Cause::MalformedRequest, 400, Check::Body)
            .request(|request| request.and("Content-Length", "+1"))
            .field("Connection", "close"),
        Case {
            facts: Facts { draining: true, ..facts() },
            ..Case::new(Cause::ServerDraining, 503, Check::Draining).field("Connection", "close")
        },
        Case {
            config: GateConfig {
                addresses: AddressPolicy::new().deny(["192.0.2.0/24"]).unwrap(),
                ..GateConfig::default()
            },
            ..Case::new(Cause::AddressDenied, 403, Check::Address)
        },
        Case {
            config: GateConfig {
                attempts_per_address: Some("1/8s".parse().unwrap()),
                ..GateConfig::default()
            },
            ..Case::new(Cause::RateLimited, 429, Check::Attempts).field("Retry-After", "8")
        },
        Case {
            facts: Facts { crowded: Some(Crowded::Address), ..facts() },
            ..Case::new(Cause::AddressQuotaExceeded, 429, Check::ConnectionsPerAddress)
        },
        Case {
            facts: Facts { crowded: Some(Crowded::Server), ..facts() },
            ..Case::new(Cause::ServerFull, 503, Check::Connections)
        },
        Case {
            config: GateConfig { served_hosts: vec!["example.com:8443".to_owned()], ..GateConfig::default() },
            ..Case::new(Cause::HostNotServed, 421, Check::ServedHost)
        },
    ]
}

fn upgrades() -> Vec<Case> {
    let upgrade = |case: Case| {
        case.field("Upgrade", "websocket").field("Connection", "Upgrade").field("Sec-WebSocket-Version", "13")
    };
    vec![
        Case::new(Cause::RouteNotFound, 404, Check::Route).request(|request| request.target("/mail")),
        Case::new(Cause::MethodNotAllowed, 405, Check::Method)
            .request(|request| request.method("POST"))
            .field("Allow", "GET"),
        upgrade(Case::new(Cause::UpgradeRequired, 426, Check::Upgrade))
            .request(|request| request.without("Upgrade").without("Connection").without("Sec-WebSocket-Key")),
        upgrade(Case::new(Cause::UpgradeHeadersStripped, 426, Check::Upgrade))
            .request(|request| request.without("Upgrade").with("Connection", "close")),
        upgrade(Case::new(Cause::UpgradeHeadersStripped, 426, Check::Upgrade))
            .request(|request| request.without("Upgrade").version(Version::HTTP_10)),
        Case::new(Cause::UpgradeConflicting, 400, Check::Upgrade)
            .request(|request| request.with("Upgrade", "h2c, websocket"))
            .field("Connection", "close"),
        Case::new(Cause::MalformedRequest, 400, Check::Upgrade)
            .request(|request| request.with("Connection", "Upgrade;")),
        Case::new(Cause::WebsocketVersionMissing, 400, Check::WebSocketVersion)
            .request(|request| request.without("Sec-WebSocket-Version"))
            .field("Sec-WebSocket-Version", "13"),
        upgrade(Case::new(Cause::WebsocketVersionUnsupported, 426, Check::WebSocketVersion))
            .request(|request| request.with("Sec-WebSocket-Version", "8")),
        Case::new(Cause::WebsocketKeyInvalid, 400, Check::Key)
            .request(|request| request.with("Sec-WebSocket-Key", "short")),
        Case::new(Cause::ExtensionOfferMalformed, 400, Check::ExtensionOffer)
            .request(|request| request.with("Sec-WebSocket-Extensions", "a; b=\"")),
        Case::new(Cause::SubprotocolOfferMalformed, 400, Check::SubprotocolOffer)
            .request(|request| request.with("Sec-WebSocket-Protocol", "a, a")),
        Case::new(Cause::OriginDenied, 403, Check::Origin)
            .request(|request| request.with("Origin", "http://evil.example")),
        Case::new(Cause::OriginMissing, 403, Check::Origin)
            .request(|request| request.without("Origin"))
            .policy(|policy| policy.origins(OriginPolicy::any().required())),
        Case::new(Cause::OriginMalformed, 400, Check::Origin)
            .request(|request| request.with("Origin", "http://example.com/")),
        Case::new(Cause::SubprotocolUnsupported, 400, Check::Subprotocol)
            .request(|request| request.with("Sec-WebSocket-Protocol", "x"))
            .policy(|policy| policy.subprotocols(["chat.v2"]).require_subprotocol()),
    ]
}

fn credentials() -> Vec<Case> {
    let bare = r#"Bearer realm="chat""#;
    let token_case = |cause, changes: Value| {
        Case::new(cause, 401, Check::Authentication)
            .guarded()
            .request(|request| request.bearer(&token(changes)))
    };
    let raw = |cause, token: String| {
        Case::new(cause, 401, Check::Authentication).guarded().request(move |request| request.bearer(&token))
    };
    let with_header = |header: &str| {
        let parts = good();
        let mut parts: Vec<&str> = parts.split('.').collect();
        parts[0] = header;
        parts.join(".")
    };
    let failing_case = |cause, status, error| {
        Case::new(cause, status, Check::Authentication).policy(|policy| policy.authenticate(failing(error)))
    };
    let basic = r#"Basic realm="chat""#;
    vec![
        Case::new(Cause::CredentialsMissing, 401, Check::Authentication).guarded().challenges(bare),
        Case::new(Cause::SchemeUnsupported, 401, Check::Authentication)
            .guarded()
            .request(|request| request.with("Authorization", "Basic YTpi")),
        Case::new(Cause::CredentialsMalformed, 400, Check::Authentication)
            .guarded()
            .request(|request| request.with("Authorization", "Bearer"))
            .challenges(r#"Bearer realm="chat", error="invalid_request", error_description="…""#),
        token_case(Cause::TokenExpired, json!({ "exp": NOW }))
            .challenges(r#"Bearer realm="chat", error="invalid_token", error_description="…""#),
        token_case(Cause::TokenNotYetValid, json!({ "nbf": NOW + 1 })),
        token_case(Cause::TokenIssuerWrong, json!({ "iss": "x" })),
        token_case(Cause::TokenAudienceWrong, json!({ "aud": "x" })),
        token_case(Cause::TokenClaimMissing, json!({ "exp": null })),
        token_case(Cause::TokenMalformed, json!({ "exp": "1" })),
        raw(Cause::TokenMalformed, "x".to_owned()),
        // {"alg":"none"}, {"alg":"HS256","kid":"x"}
        raw(Cause::TokenAlgorithmDenied, with_header("eyJhbGciOiJub25lIn0")),
        raw(Cause::TokenSignatureInvalid, with_header("eyJhbGciOiJIUzI1NiJ9")),
        Case::new(Cause::TokenKeyUnknown, 401, Check::Authentication)
            .policy(|policy| {
                policy.authenticate(Bearer::new("chat", Verifier::new(signer().verifying_key().with_id("a"))))
            })
            .request(|request| request.bearer(&with_header("eyJhbGciOiJIUzI1NiIsImtpZCI6IngifQ"))),
        failing_case(
            Cause::TokenRevoked,
            401,
            AuthenticationError::Token(crate::authenticate::bearer::TokenError::Revoked),
        ),
        failing_case(Cause::CredentialsRejected, 401, AuthenticationError::CredentialsRejected)
            .challenges(basic),
        failing_case(
            Cause::CredentialsMalformed,
            400,
            AuthenticationError::CredentialsMalformed(CredentialsFault::Syntax),
        ),
        failing_case(Cause::TicketSpent, 401, AuthenticationError::TicketSpent).challenges(basic),
        failing_case(Cause::TicketExpired, 401, AuthenticationError::TicketExpired).challenges(basic),
        failing_case(Cause::ClientCertificateRequired, 403, AuthenticationError::ClientCertificateRequired),
        failing_case(
            Cause::ClientCertificateRejected,
            403,
            AuthenticationError::ClientCertificateRejected(CertificateFault::UnknownHolder),
        ),
        failing_case(
            Cause::AuthenticationUnavailable,
            503,
            AuthenticationError::Unavailable { retry_after: Some(Duration::from_secs(9)) },
        )
        .field("Retry-After", "9"),
        failing_case(Cause::InternalError, 500, AuthenticationError::Internal),
        Case::new(Cause::AuthenticationUnavailable, 503, Check::Authentication).policy(|policy| {
            policy.authenticate(|_: &HandshakeContext<'_>| pending::<Result<Identity, AuthenticationError>>())
        }),
    ]
}

fn permissions() -> Vec<Case> {
    let case = |cause, status, check| {
        Case::new(cause, status, check).guarded().request(|request| request.bearer(&good()))
    };
    let denied = |cause, status, error| {
        case(cause, status, Check::Policy).policy(|policy| policy.authorize(denying(error)))
    };
    vec![
        case(Cause::ScopeInsufficient, 403, Check::Scopes)
            .policy(|policy| policy.scopes(["chat:read", "chat:write"]))
            .challenges(
                r#"Bearer realm="chat", error="insufficient_scope", error_description="…", scope="chat:read chat:write""#,
            ),
        case(Cause::RoleMissing, 403, Check::Roles).policy(|policy| policy.roles(["member", "admin"])),
        denied(Cause::PolicyDenied, 403, AuthorizationError::PolicyDenied { rule: "r".into() }),
        denied(Cause::ResourceHidden, 404, AuthorizationError::ResourceHidden { rule: "r".into() }),
        case(Cause::ResourceHidden, 404, Check::Roles).policy(|policy| policy.roles(["admin"]).hide()),
        denied(Cause::InternalError, 500, AuthorizationError::Internal),
        denied(
            Cause::AuthorizationUnavailable,
            503,
            AuthorizationError::Unavailable { retry_after: Some(Duration::from_secs(9)) },
        )
        .field("Retry-After", "9"),
        Case {
            config: GateConfig { connections_per_principal: 0, ..GateConfig::default() },
            ..case(Cause::PrincipalQuotaExceeded, 429, Check::PrincipalQuota)
        },
        case(Cause::AuthorizationUnavailable, 503, Check::Policy).policy(|policy| {
            policy.authorize(|_: &HandshakeContext<'_>, _: &Identity| pending::<Result<(), AuthorizationError>>())
        }),
    ]
}

/// The causes of the catalogue that are the gate's to tell today.
const OURS: [Cause; 52] = [
    Cause::MalformedRequest,
    Cause::UnexpectedBody,
    Cause::MissingHost,
    Cause::DuplicateHost,
    Cause::HostMalformed,
    Cause::HostNotServed,
    Cause::HttpVersionUnsupported,
    Cause::MethodNotAllowed,
    Cause::UpgradeRequired,
    Cause::UpgradeConflicting,
    Cause::UpgradeHeadersStripped,
    Cause::WebsocketVersionUnsupported,
    Cause::WebsocketVersionMissing,
    Cause::WebsocketKeyInvalid,
    Cause::ExtensionOfferMalformed,
    Cause::SubprotocolOfferMalformed,
    Cause::SubprotocolUnsupported,
    Cause::RouteNotFound,
    Cause::OriginDenied,
    Cause::OriginMissing,
    Cause::OriginMalformed,
    Cause::CredentialsMissing,
    Cause::CredentialsMalformed,
    Cause::SchemeUnsupported,
    Cause::TokenMalformed,
    Cause::TokenAlgorithmDenied,
    Cause::TokenKeyUnknown,
    Cause::TokenSignatureInvalid,
    Cause::TokenExpired,
    Cause::TokenNotYetValid,
    Cause::TokenIssuerWrong,
    Cause::TokenAudienceWrong,
    Cause::TokenClaimMissing,
    Cause::TokenRevoked,
    Cause::CredentialsRejected,
    Cause::TicketSpent,
    Cause::TicketExpired,
    Cause::ClientCertificateRequired,
    Cause::ClientCertificateRejected,
    Cause::ScopeInsufficient,
    Cause::RoleMissing,
    Cause::PolicyDenied,
    Cause::ResourceHidden,
    Cause::AddressQuotaExceeded,
    Cause::PrincipalQuotaExceeded,
    Cause::ServerFull,
    Cause::ServerDraining,
    Cause::AddressDenied,
    Cause::RateLimited,
    Cause::AuthenticationUnavailable,
    Cause::AuthorizationUnavailable,
    Cause::InternalError,
];

#[tokio::test]
async fn every_refusal_is_answered_as_the_catalogue_says() {
    let (mut causes, mut checks) = (HashSet::new(), HashSet::new());
    for case in [before_the_route(), upgrades(), credentials(), permissions()].into_iter().flatten() {
        let Case { cause, status, check, request, facts, policy, config, fields } = case;
        let gate = configured(config, policy);
        if check == Check::Attempts {
            assert!(gate.check(&request.head(), &facts).await.decision.is_ok(), "the first is let in");
        }
        let checked = gate.check(&request.head(), &facts).await;
        let refusal = checked.decision.expect_err(cause.code());
        assert_eq!(refusal.cause, cause, "{refusal}");
        assert_eq!(checked.trace.outcome(check), Some(Outcome::Refused(cause)), "{}", checked.trace);
        assert_eq!(checked.trace.refused_by(), Some(check));
        assert!(
            checked.trace.steps().iter().all(|step| step.check <= check),
            "nothing is checked after a refusal: {}",
            checked.trace
        );

        let answer = refusal.to_http(&Presentation::new("0f3b", "https://docs.example")).unwrap();
        assert_eq!(answer.status, status, "{cause}");
        assert_eq!(cause.status(), Some(status), "{cause}");
        assert_required_fields(cause, &answer);
        for (name, value) in fields {
            let sent = answer.field(name).unwrap_or_else(|| panic!("{cause} without {name}"));
            assert_eq!(without_description(sent), value, "{cause}");
        }
        causes.insert(cause);
        checks.insert(check);
    }
    assert_eq!(causes, OURS.into_iter().collect(), "each cause has a case");
    // The preparation is the route's own, behind the gate.
    let ours = Check::ALL.into_iter().filter(|check| *check != Check::Preparation);
    assert_eq!(checks, ours.collect(), "each check refuses somebody");
}

fn assert_required_fields(cause: Cause, answer: &HttpRefusal) {
    for (name, value) in cause.disclosed().required_fields() {
        let sent = answer.field(name).unwrap_or_else(|| panic!("{cause} without {name}"));
        match value {
            FieldValue::Fixed(value) => assert_eq!(sent, *value, "{cause}"),
            FieldValue::Seconds => assert!(sent.parse::<u64>().unwrap() >= 1, "{cause}"),
            FieldValue::Challenges => assert!(!Challenge::parse_list(sent).unwrap().is_empty(), "{cause}"),
            other => panic!("what is {other:?}?"),
        }
    }
}

/// The words for people are the catalogue's.
fn without_description(field: &str) -> String {
    match field.split_once("error_description=\"") {
        Some((before, after)) => {
            let rest = after.split_once('"').map_or("", |(_, rest)| rest);
            format!("{before}error_description=\"…\"{rest}")
        }
        None => field.to_owned(),
    }
}

// No 404 tells what it was about.
#[tokio::test]
async fn what_is_hidden_looks_like_what_is_absent() {
    let policy = || Policy::new().authenticate(bearer()).roles(["admin"]).hide();
    let request = Request::new().bearer(&good());
    let hidden = ask(policy(), &request).await.decision.unwrap_err();
    let absent = ask(policy(), &request.target("/chat/secret")).await.decision.unwrap_err();
    assert_ne!(hidden.cause, absent.cause);
    for disclosure in [Disclosure::Full, Disclosure::Standard, Disclosure::Minimal] {
        let presentation = Presentation { disclosure, ..Presentation::new("0f3b", "https://docs.example") };
        assert_eq!(hidden.to_http(&presentation), absent.to_http(&presentation));
    }
}

#[tokio::test]
async fn nothing_of_a_token_is_told() {
    let request =
        Request::new().bearer(&token(json!({ "iss": "https://secret.example", "sub": "secret-person" })));
    let refusal = ask(Policy::new().authenticate(bearer()), &request).await.decision.unwrap_err();
    assert!(!format!("{refusal:?}").contains("secret"), "{refusal:?}");
}
