//! Several authenticators on a route: whose credentials decide, and when a cookie counts.

use proptest::prelude::*;
use ws_core::refusal::Challenge;

use super::{
    super::*,
    identities::{by_key, subject},
    *,
};
use crate::authenticate::{
    Ambient, Anonymous, AnyOf, AuthenticationError, Authenticator, Challenging, HandshakeContext, Identity,
    Scheme,
};

/// Takes a session that a browser sends by itself: `session=ann` is good.
fn by_session() -> impl Authenticator {
    let by_session = |request: &HandshakeContext<'_>| {
        let session = request.head().fields().get_str("Cookie").map(str::to_owned);
        async move {
            match session.as_deref() {
                None => Err(AuthenticationError::CredentialsMissing),
                Some("session=ann") => Ok(Identity::new(Scheme::Cookie).with_subject("ann by cookie")),
                Some(_) => Err(AuthenticationError::CredentialsRejected),
            }
        }
    };
    Ambient::new(Challenging::new(Challenge::cookie("chat"), by_session))
}

/// Wherever the cookie stands on the route, it does not count beside credentials that somebody has chosen to send.
#[tokio::test]
async fn a_cookie_does_not_count_beside_another_authenticators_credentials() {
    let routes: [fn() -> Policy; 4] = [
        || Policy::new().authenticate(by_session()).authenticate(bearer()).authenticate(by_key()),
        || Policy::new().authenticate(bearer()).authenticate(by_key()).authenticate(by_session()),
        // `bearer()` takes a cookie of that name as well, and stands before the key.
        || Policy::new().authenticate(bearer()).authenticate(by_session()).authenticate(by_key()),
        || Policy::new().authenticate(by_key()).authenticate(by_session()).authenticate(bearer()),
    ];
    for policy in routes {
        for cookie in ["session=ann", "session=x", "session=a; session=b"] {
            let request = || Request::new().with("Cookie", cookie);
            assert_eq!(subject(policy(), &request().bearer(&good())).await, "ann");
            assert_eq!(cause(policy(), &request().bearer("x")).await, Cause::TokenMalformed);
            assert_eq!(subject(policy(), &request().and("X-Api-Key", "k-1")).await, "probe");
            assert_eq!(cause(policy(), &request().and("X-Api-Key", "k")).await, Cause::CredentialsRejected);
        }
    }
}

#[tokio::test]
async fn a_cookie_decides_where_there_is_nothing_else() {
    let first = || Policy::new().authenticate(by_session()).authenticate(by_key());
    let last = || Policy::new().authenticate(by_key()).authenticate(by_session());
    let optional = || Policy::new().authenticate(by_key()).authenticate(by_session()).authenticate(Anonymous);
    let (good, bad) =
        (Request::new().with("Cookie", "session=ann"), Request::new().with("Cookie", "session=x"));
    for policy in [first, last, optional] {
        assert_eq!(subject(policy(), &good).await, "ann by cookie");
        assert_eq!(cause(policy(), &bad).await, Cause::CredentialsRejected);
    }
    assert_eq!(cause(last(), &Request::new()).await, Cause::CredentialsMissing);
    assert!(accepted(optional(), &Request::new()).await.identity.is_anonymous());
    // Who stands behind nobody in particular is never asked.
    let never = Policy::new().authenticate(Anonymous).authenticate(by_session());
    assert!(accepted(never, &bad).await.identity.is_anonymous());
    // Another scheme is nothing that this route takes: a proxy's password does not hide the session behind it.
    let header_only = Bearer::new("chat", Verifier::new(signer().verifying_key()));
    let policy = Policy::new().authenticate(header_only).authenticate(by_session());
    assert_eq!(subject(policy, &good.and("Authorization", "Basic YTpi")).await, "ann by cookie");
}

/// Somebody who has no certificate may have something else.
#[tokio::test]
async fn a_certificate_is_one_way_among_others() {
    let by_certificate =
        |_: &HandshakeContext<'_>| std::future::ready(Err(AuthenticationError::ClientCertificateRequired));
    let alone = || Policy::new().authenticate(by_certificate);
    assert_eq!(cause(alone(), &Request::new()).await, Cause::ClientCertificateRequired);
    for policy in
        [alone().authenticate(bearer()), Policy::new().authenticate(bearer()).authenticate(by_certificate)]
    {
        assert_eq!(cause(policy.clone(), &Request::new()).await, Cause::CredentialsMissing);
        assert_eq!(subject(policy.clone(), &Request::new().bearer(&good())).await, "ann");
        let other = Request::new().with("Authorization", "Basic YTpi");
        assert_eq!(cause(policy, &other).await, Cause::SchemeUnsupported);
    }
    assert!(accepted(alone().authenticate(Anonymous), &Request::new()).await.identity.is_anonymous());
}

#[tokio::test]
async fn nobody_in_particular_may_be_one_of_any() {
    let any = || AnyOf::new().or(by_session()).or(by_key()).or(Anonymous);
    let header_only = || Bearer::new("chat", Verifier::new(signer().verifying_key()));
    for first in [Policy::new(), Policy::new().authenticate(header_only())] {
        let policy = || first.clone().authenticate(any());
        let cookie = |value: &str| Request::new().with("Cookie", format!("session={value}"));
        assert!(accepted(policy(), &Request::new()).await.identity.is_anonymous());
        assert_eq!(subject(policy(), &cookie("x").and("X-Api-Key", "k-1")).await, "probe");
        assert_eq!(subject(policy(), &cookie("ann")).await, "ann by cookie");
        assert_eq!(cause(policy(), &cookie("x")).await, Cause::CredentialsRejected);
    }
}

/// What stands in a request for one of the authenticators of a route.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sent {
    Nothing,
    Good,
    Bad,
}

const FIELDS: [&str; 5] = ["X-0", "X-1", "X-2", "X-3", "X-4"];

/// Takes what is sent in a field of its own; as a cookie if it is ambient.
fn in_field(policy: Policy, name: &'static str, ambient: bool) -> Policy {
    let by_field = move |request: &HandshakeContext<'_>| {
        std::future::ready(match request.head().fields().get_str(name) {
            None => Err(AuthenticationError::CredentialsMissing),
            Some("good") => Ok(Identity::new(Scheme::Custom("field".into())).with_subject(name)),
            Some(_) => Err(AuthenticationError::CredentialsRejected),
        })
    };
    if ambient { policy.authenticate(Ambient::new(by_field)) } else { policy.authenticate(by_field) }
}

/// The rule, said as plainly as it can be.
fn oracle(route: &[(bool, Sent)]) -> Result<&'static str, Cause> {
    let first = |ambient: bool| {
        let places = route.iter().zip(FIELDS);
        places
            .filter(|((is, sent), _)| *is == ambient && *sent != Sent::Nothing)
            .map(|((_, sent), name)| (*sent, name))
            .next()
    };
    match first(false).or_else(|| first(true)) {
        Some((Sent::Good, name)) => Ok(name),
        Some(_) => Err(Cause::CredentialsRejected),
        None => Err(Cause::CredentialsMissing),
    }
}

proptest! {
    #[test]
    fn the_first_chosen_credentials_decide_and_then_the_first_cookie(
        route in prop::collection::vec(
            (any::<bool>(), prop::sample::select(vec![Sent::Nothing, Sent::Good, Sent::Bad])),
            1..=FIELDS.len(),
        ),
    ) {
        let (mut policy, mut request) = (Policy::new(), Request::new());
        for ((ambient, sent), name) in route.iter().zip(FIELDS) {
            policy = in_field(policy, name, *ambient);
            match sent {
                Sent::Nothing => {}
                Sent::Good => request = request.and(name, "good"),
                Sent::Bad => request = request.and(name, "bad"),
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let decision = runtime.block_on(ask(policy, &request)).decision;
        let decided = match &decision {
            Ok(accepted) => Ok(accepted.identity.subject().unwrap()),
            Err(refusal) => Err(refusal.cause),
        };
        prop_assert_eq!(decided, oracle(&route));
    }
}

/// A certificate that is demanded of everybody comes before all credentials, and before a first message.
#[tokio::test]
async fn a_certificate_may_be_demanded_of_everybody() {
    let open = || Policy::new().require_client_certificate();
    assert_eq!(cause(open(), &Request::new()).await, Cause::ClientCertificateRequired);
    let known = || open().authenticate(bearer());
    assert_eq!(cause(known(), &Request::new().bearer(&good())).await, Cause::ClientCertificateRequired);
    let shown = crate::authenticate::ClientCertificate::new(vec![vec![0x30, 0x00]]);
    let facts = Facts { certificate: Some(shown), ..facts() };
    let head = Request::new().bearer(&good()).head();
    assert!(gate(known()).check(&head, &facts).await.decision.is_ok());
    let head = Request::new().head();
    let refusal = gate(known()).check(&head, &facts).await.decision.unwrap_err();
    assert_eq!(refusal.cause, Cause::CredentialsMissing, "it says that somebody is known, not who it is");
}
