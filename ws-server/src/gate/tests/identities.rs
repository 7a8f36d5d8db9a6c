//! Where credentials come from, several authenticators, and people without credentials.

use ws_core::refusal::{Challenge, Presentation};

use super::{super::*, *};
use crate::authenticate::{
    Anonymous, AuthenticationError, Authenticator, Challenging, HandshakeContext, Identity, Scheme,
};
use crate::authorize::AuthorizationError;

fn guarded() -> Policy {
    Policy::new().authenticate(bearer())
}

/// Knows one key in `X-Api-Key`.
pub(super) fn by_key() -> impl Authenticator {
    let by_key = |request: &HandshakeContext<'_>| {
        let key = request.head().fields().get_str("X-Api-Key").map(str::to_owned);
        async move {
            match key.as_deref() {
                None => Err(AuthenticationError::CredentialsMissing),
                Some("k-1") => Ok(Identity::new(Scheme::Custom("api-key".into())).with_subject("probe")),
                Some(_) => Err(AuthenticationError::CredentialsRejected),
            }
        }
    };
    Challenging::new(Challenge::api_key("chat"), by_key)
}

pub(super) async fn subject(policy: Policy, request: &Request) -> String {
    accepted(policy, request).await.identity.subject().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_may_come_in_each_of_its_places() {
    let good = good();
    for request in [
        Request::new().bearer(&good),
        Request::new().with("Authorization", format!("bEARER   {good}")),
        Request::new().target(format!("/chat?a=b&token={good}&c")),
        Request::new().target(format!("/chat?%74oken={}", good.replace('.', "%2E"))),
        Request::new().with("Cookie", format!("a=b; session={good}; c=d")),
        Request::new().with("Cookie", format!("session=\"{good}\"")),
        Request::new().with("Sec-WebSocket-Protocol", format!("bearer, {good}")),
        Request::new().with("Sec-WebSocket-Protocol", format!("chat.v2, bearer, {good}, chat.v1")),
    ] {
        assert_eq!(subject(guarded(), &request).await, "ann", "{request:?}");
    }
}

#[tokio::test]
async fn only_the_places_that_are_named_are_looked_at() {
    let header_only = || {
        let verifier = Verifier::new(signer().verifying_key()).any_audience();
        Policy::new().authenticate(Bearer::new("chat", verifier))
    };
    let good = good();
    for request in [
        Request::new().target(format!("/chat?token={good}")),
        Request::new().with("Cookie", format!("session={good}")),
        Request::new().with("Sec-WebSocket-Protocol", format!("bearer, {good}")),
    ] {
        assert_eq!(cause(header_only(), &request).await, Cause::CredentialsMissing, "{request:?}");
    }
}

// RFC 6750 2.1, RFC 9110 11.4, 5.3
#[tokio::test]
async fn credentials_have_a_form() {
    let good = good();
    for request in [
        Request::new().bearer(&good).and("Authorization", format!("Bearer {good}")),
        Request::new().with("Authorization", "Basic YTpi").and("Authorization", format!("Bearer {good}")),
        Request::new().with("Authorization", "Bearer"),
        Request::new().with("Authorization", ""),
        Request::new().with("Authorization", "B@arer x"),
        Request::new().with("Authorization", "Bearer a b"),
        Request::new().with("Authorization", "Bearer a,b"),
        Request::new().with("Authorization", "Bearer =a"),
        Request::new().with("Authorization", "Bearer a=a"),
        Request::new().with("Authorization", "Bearer a\tb"),
        Request::new().with("Authorization", "Bearer é"),
        Request::new().target("/chat?token="),
        Request::new().target("/chat?token"),
        Request::new().target("/chat?token=a+b"),
        Request::new().target("/chat?token=%00"),
        Request::new().target(format!("/chat?token={good}&token={good}")),
        Request::new().with("Cookie", format!("session={good}; session={good}")),
        Request::new().with("Cookie", format!("session={good}")).and("Cookie", "session=x"),
        Request::new().with("Cookie", "session="),
        Request::new().with("Sec-WebSocket-Protocol", "bearer"),
        Request::new().with("Sec-WebSocket-Protocol", "bearer, a!b"),
    ] {
        assert_eq!(cause(guarded(), &request).await, Cause::CredentialsMalformed, "{request:?}");
    }
}

// RFC 6750 2: a client must not use more than one method in a request. A cookie is the browser's doing.
#[tokio::test]
async fn credentials_come_in_one_place() {
    let good = good();
    let query = format!("/chat?token={good}");
    let offer = format!("bearer, {good}");
    for request in [
        Request::new().bearer(&good).target(&*query),
        Request::new().bearer(&good).with("Sec-WebSocket-Protocol", &*offer),
        Request::new().target(&*query).with("Sec-WebSocket-Protocol", &*offer),
        Request::new().bearer("x").target("/chat?token=y"),
    ] {
        assert_eq!(cause(guarded(), &request).await, Cause::CredentialsMalformed, "{request:?}");
    }
    let explicit = Request::new().bearer(&good).with("Cookie", "session=stale");
    assert_eq!(subject(guarded(), &explicit).await, "ann");
    let explicit = Request::new().bearer("stale").with("Cookie", format!("session={good}"));
    assert_eq!(cause(guarded(), &explicit).await, Cause::TokenMalformed, "what was said counts");
}

// RFC 6265 5.4: cookies of one name for several paths all come, whoever asks for them.
#[tokio::test]
async fn a_cookie_beside_an_explicit_credential_is_not_even_read() {
    let request = Request::new().bearer(&good()).with("Cookie", "session=a; session=b");
    assert_eq!(subject(guarded(), &request).await, "ann");
    let cookies_alone = Request::new().with("Cookie", "session=a; session=b");
    assert_eq!(cause(guarded(), &cookies_alone).await, Cause::CredentialsMalformed);
}

#[tokio::test]
async fn no_refusal_repeats_a_token_that_came_among_the_subprotocols() {
    let policy = || guarded().subprotocols(["chat.v2"]).require_subprotocol();
    for token in [good(), token(json!({ "exp": 1 })), format!("{}x", good())] {
        let request = Request::new().with("Sec-WebSocket-Protocol", format!("bearer, {token}"));
        let checked = ask(policy(), &request).await;
        let shown = format!("{checked:?}");
        assert!(!shown.contains(&token[..20]), "{shown}");
        assert!(checked.decision.is_err());
    }
}

#[tokio::test]
async fn another_scheme_is_no_second_place() {
    let request = Request::new().with("Authorization", "Basic YTpi");
    assert_eq!(cause(guarded(), &request).await, Cause::SchemeUnsupported);
    assert_eq!(subject(guarded(), &request.target(format!("/chat?token={}", good()))).await, "ann");
}

// The token is never echoed, and `bearer` answers only where nothing better does.
#[tokio::test]
async fn the_company_of_a_token_is_answered() {
    let policy = || guarded().subprotocols(["chat.v2"]);
    let offer = |names: &str| Request::new().with("Sec-WebSocket-Protocol", format!("{names}, {}", good()));
    assert_eq!(accepted(policy(), &offer("bearer")).await.subprotocol.as_deref(), Some("bearer"));
    assert_eq!(accepted(policy(), &offer("chat.v2, bearer")).await.subprotocol.as_deref(), Some("chat.v2"));
    let demanding = policy().require_subprotocol();
    assert_eq!(cause(demanding, &offer("bearer")).await, Cause::SubprotocolUnsupported);
    // On a route that takes no token there, the name means nothing.
    let open = Policy::new().subprotocols(["chat.v2"]);
    assert_eq!(accepted(open, &offer("bearer")).await.subprotocol, None);
}

#[tokio::test]
async fn the_first_credentials_that_are_there_decide() {
    let both = || Policy::new().authenticate(bearer()).authenticate(by_key());
    assert_eq!(subject(both(), &Request::new().bearer(&good())).await, "ann");
    assert_eq!(subject(both(), &Request::new().and("X-Api-Key", "k-1")).await, "probe");
    assert_eq!(cause(both(), &Request::new().and("X-Api-Key", "k-2")).await, Cause::CredentialsRejected);
    let with_both = Request::new().and("X-Api-Key", "k-1").bearer(&good());
    assert_eq!(subject(both(), &with_both).await, "ann", "the route's order");
    let with_bad = Request::new().and("X-Api-Key", "k-1").bearer("x");
    assert_eq!(cause(both(), &with_bad).await, Cause::TokenMalformed, "and no second chance");
    let other_scheme = Request::new().and("X-Api-Key", "k-1").with("Authorization", "Basic x");
    assert_eq!(subject(both(), &other_scheme).await, "probe");
}

// RFC 9110 11.6.1: one challenge for each scheme. RFC 6750 3.1: no error where there were no credentials.
#[tokio::test]
async fn all_schemes_are_challenged() {
    let both = Policy::new().authenticate(bearer()).authenticate(by_key());
    let refusal = ask(both, &Request::new()).await.decision.unwrap_err();
    let answer = refusal.to_http(&Presentation::new("0f3b", "https://docs.example")).unwrap();
    let challenges: Vec<&str> = answer
        .fields
        .iter()
        .filter(|(name, _)| *name == "WWW-Authenticate")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(challenges, [r#"Bearer realm="chat""#, r#"ApiKey realm="chat""#]);
}

#[tokio::test]
async fn credentials_may_be_optional() {
    let optional = || Policy::new().authenticate(bearer()).authenticate(Anonymous);
    assert!(accepted(optional(), &Request::new()).await.identity.is_anonymous());
    assert_eq!(subject(optional(), &Request::new().bearer(&good())).await, "ann");
    // Optional does not mean that bad ones are as good as none.
    assert_eq!(cause(optional(), &Request::new().bearer("x")).await, Cause::TokenMalformed);
    let basic = Request::new().with("Authorization", "Basic YTpi");
    assert_eq!(cause(optional(), &basic).await, Cause::SchemeUnsupported);
}

// RFC 9110 15.5.2: 401 to those who have not said who they are, 403 to those who have.
#[tokio::test]
async fn nobody_is_asked_who_they_are_before_they_are_denied() {
    let optional = || Policy::new().authenticate(bearer()).authenticate(Anonymous);
    for policy in
        [optional().scopes(["x"]), optional().roles(["x"]), optional().roles(["x"]).hide(), guarded().hide()]
    {
        assert_eq!(cause(policy, &Request::new()).await, Cause::CredentialsMissing);
    }
    // Where nobody can say who they are, it would be no use to ask.
    assert_eq!(cause(Policy::new().roles(["x"]), &Request::new()).await, Cause::RoleMissing);
    assert_eq!(cause(Policy::new().roles(["x"]).hide(), &Request::new()).await, Cause::ResourceHidden);
}

#[tokio::test]
async fn an_authenticator_sees_the_request() {
    let curious = |request: &HandshakeContext<'_>| {
        let seen = format!(
            "{} {} {} {} {:?} {:?}",
            request.peer(),
            request.is_secure(),
            request.head().path(),
            request.route(),
            request.param("room"),
            request.subprotocols(),
        );
        let now = request.now();
        async move { Ok(Identity::new(Scheme::Custom("curious".into())).with_subject(seen).with_expiry(now)) }
    };
    let policy = Arc::new(Policy::new().authenticate(curious));
    let gate = Gate::new(GateConfig::default(), move |_: &str| {
        let params = [("room", "lobby")].into_iter().collect();
        Some(RouteMatch::new(0, Arc::clone(&policy)).with_path("/{room}".into()).with_params(params))
    });
    let request = Request::new().with("Sec-WebSocket-Protocol", "a, b").with("Origin", "https://example.com");
    let checked = gate.check(&request.head(), &Facts { secure: true, ..facts() }).await;
    let identity = checked.decision.unwrap().identity;
    assert_eq!(identity.subject(), Some(r#"192.0.2.1:4711 true /chat /{room} Some("lobby") ["a", "b"]"#));
    assert_eq!(identity.expires(), Some(at(NOW)));
}

/// Whoever cannot be asked has not said no: neither hidden nor blamed on the caller.
#[tokio::test]
async fn an_outage_is_no_denial() {
    let optional = || Policy::new().authenticate(bearer()).authenticate(Anonymous).hide();
    for (error, expected) in [
        (AuthorizationError::Unavailable { retry_after: None }, Cause::AuthorizationUnavailable),
        (AuthorizationError::Internal, Cause::InternalError),
    ] {
        let failing =
            move |_: &HandshakeContext<'_>, _: &Identity| std::future::ready(Err::<(), _>(error.clone()));
        for request in [Request::new(), Request::new().bearer(&good())] {
            assert_eq!(cause(optional().authorize(failing.clone()), &request).await, expected);
        }
    }
}

// RFC 6750 3.1: insufficient_scope belongs to a Bearer challenge; another scheme would be no help.
#[tokio::test]
async fn a_missing_scope_is_told_to_bearers() {
    let policy = Policy::new().authenticate(by_key()).authenticate(bearer()).scopes(["x"]);
    let refusal = ask(policy, &Request::new().bearer(&good())).await.decision.unwrap_err();
    assert_eq!(refusal.cause, Cause::ScopeInsufficient);
    assert_eq!(refusal.challenges, [Challenge::bearer("chat")]);
    assert_eq!(refusal.required_scope.as_deref(), Some("x"));
}
