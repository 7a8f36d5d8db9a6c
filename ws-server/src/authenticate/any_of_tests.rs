use std::{
    future::ready,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, UNIX_EPOCH},
};

use ws_core::head::{RequestHead, Version};

use super::*;
use crate::authenticate::{Ambient, Anonymous, Challenging, CredentialsFault, Scheme, bearer::TokenError};

type Answer = Result<Identity, AuthenticationError>;

const MALFORMED: AuthenticationError = AuthenticationError::CredentialsMalformed(CredentialsFault::TwoPlaces);
const UNAVAILABLE: AuthenticationError = AuthenticationError::Unavailable { retry_after: None };

/// One failure of each rank, from the least telling to the most.
fn ladder() -> Vec<AuthenticationError> {
    vec![
        AuthenticationError::ClientCertificateRequired,
        AuthenticationError::CredentialsMissing,
        AuthenticationError::SchemeUnsupported,
        AuthenticationError::Token(TokenError::Parts),
        AuthenticationError::Token(TokenError::KeyUnknown),
        AuthenticationError::Token(TokenError::SignatureWrong),
        AuthenticationError::Token(TokenError::AudienceWrong),
        AuthenticationError::Token(TokenError::Expired { ago: Duration::ZERO }),
        UNAVAILABLE,
        AuthenticationError::Internal,
        MALFORMED,
    ]
}

fn saying(answer: &Answer) -> impl Authenticator + use<> {
    let answer = answer.clone();
    move |_: &HandshakeContext<'_>| ready(answer.clone())
}

fn ann() -> Identity {
    Identity::new(Scheme::Bearer).with_subject("ann")
}

async fn ask(any: &AnyOf) -> Answer {
    let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, [("Host", "example.com")]).unwrap();
    any.authenticate(&HandshakeContext::new(&head, ([192, 0, 2, 1], 1).into(), UNIX_EPOCH)).await
}

#[tokio::test]
async fn the_failure_that_tells_most_is_the_answer() {
    let ladder = ladder();
    for (place, lesser) in ladder.iter().enumerate() {
        for greater in &ladder[place..] {
            for (first, second) in [(lesser, greater), (greater, lesser)] {
                let any = AnyOf::new().or(saying(&Err(first.clone()))).or(saying(&Err(second.clone())));
                assert_eq!(ask(&any).await, Err(greater.clone()), "{first}, {second}");
            }
        }
    }
    assert_eq!(ask(&AnyOf::new()).await, Err(AuthenticationError::CredentialsMissing));
}

#[tokio::test]
async fn of_two_that_tell_as_much_the_first_is_the_answer() {
    let expired = Err(AuthenticationError::Token(TokenError::Expired { ago: Duration::ZERO }));
    let spent = Err(AuthenticationError::TicketSpent);
    for (first, second) in [(&expired, &spent), (&spent, &expired)] {
        assert_eq!(ask(&AnyOf::new().or(saying(first)).or(saying(second))).await, *first);
    }
}

#[tokio::test]
async fn whoever_one_of_them_accepts_is_let_in() {
    for error in ladder() {
        let refusing = Err(error.clone());
        assert_eq!(ask(&AnyOf::new().or(saying(&Ok(ann()))).or(saying(&refusing))).await, Ok(ann()));
        let expected = if error == MALFORMED { Err(error) } else { Ok(ann()) };
        assert_eq!(ask(&AnyOf::new().or(saying(&refusing)).or(saying(&Ok(ann())))).await, expected);
    }
}

/// Bad credentials are not as good as none.
#[tokio::test]
async fn nobody_is_let_in_only_without_credentials() {
    for error in ladder() {
        let let_in = matches!(
            error,
            AuthenticationError::ClientCertificateRequired | AuthenticationError::CredentialsMissing
        );
        let answer = ask(&AnyOf::new().or(saying(&Err(error.clone()))).or(Anonymous)).await;
        assert_eq!(answer, if let_in { Ok(Identity::anonymous()) } else { Err(error) });
    }
}

#[tokio::test]
async fn a_cookie_is_looked_at_where_nobody_has_found_anything_else() {
    for error in ladder() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let by_cookie = Ambient::new(move |_: &HandshakeContext<'_>| {
            counted.fetch_add(1, Ordering::Relaxed);
            ready(Ok::<_, AuthenticationError>(ann()))
        });
        let any = AnyOf::new().or(by_cookie).or(saying(&Err(error.clone())));
        assert!(any.is_ambient());
        let expected = if error.passes_on() { Ok(ann()) } else { Err(error) };
        assert_eq!(ask(&any).await, expected);
        assert_eq!(asked.load(Ordering::Relaxed), usize::from(expected.is_ok()));
    }
}

#[test]
fn challenges_are_those_of_all_and_each_once() {
    let nothing = || saying(&Err(AuthenticationError::CredentialsMissing));
    let challenging = |challenge| Challenging::new(challenge, nothing());
    let any = AnyOf::new()
        .or(challenging(Challenge::bearer("chat")))
        .or(AnyOf::new().or(challenging(Challenge::api_key("chat"))).or(nothing()))
        .or(challenging(Challenge::bearer("chat")))
        .or(challenging(Challenge::bearer("partner")));
    assert_eq!(
        any.challenges(),
        [Challenge::bearer("chat"), Challenge::api_key("chat"), Challenge::bearer("partner")]
    );
    assert!(!any.is_ambient());
}
