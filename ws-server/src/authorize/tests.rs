//! Tests of the combinators: their tables of truth, and the laws that follow from them.

use std::{
    future::{Ready, pending, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use proptest::prelude::*;
use ws_core::{
    head::{RequestHead, Version},
    refusal::Cause,
};

use super::*;
use crate::authenticate::{BoxFuture, HandshakeContext, Identity, Scheme};

/// Always the same answer, to both questions.
#[derive(Clone, Debug)]
struct Says(Authorization);

impl Authorizer for Says {
    fn authorize<'a>(&'a self, _: &'a HandshakeContext<'a>, _: &'a Identity) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.0.clone()))
    }

    fn authorize_action<'a>(&'a self, _: &'a Action<'a>, _: &'a Identity) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(self.0.clone()))
    }
}

fn head() -> RequestHead {
    RequestHead::from_parts("GET", "/rooms/ann", Version::HTTP_11, [("Host", "example.com")]).unwrap()
}

fn ann() -> Identity {
    Identity::new(Scheme::Bearer).with_subject("ann").with_roles(["member"])
}

fn now<T>(future: BoxFuture<'_, T>) -> T {
    let mut future = future;
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

/// The answer to a handshake, which the answer to an action has to equal.
fn ask(authorizer: &impl Authorizer) -> Authorization {
    let head = head();
    let request = HandshakeContext::new(&head, ([192, 0, 2, 1], 4711).into(), SystemTime::UNIX_EPOCH);
    let answer = now(authorizer.authorize(&request, &ann()));
    let action = Action::new("read", "room/ann", SystemTime::UNIX_EPOCH);
    assert_eq!(now(authorizer.authorize_action(&action, &ann())), answer);
    answer
}

fn all(answers: &[Authorization]) -> Authorization {
    ask(&answers.iter().cloned().map(Says).fold(AllOf::new(), AllOf::and))
}

fn any(answers: &[Authorization]) -> Authorization {
    ask(&answers.iter().cloned().map(Says).fold(AnyOf::new(), AnyOf::or))
}

fn not(answer: Authorization) -> Authorization {
    ask(&Not::new("not", Says(answer)))
}

fn denied(rule: &'static str) -> Authorization {
    Err(AuthorizationError::PolicyDenied { rule: rule.into() })
}

fn role() -> Authorization {
    Err(AuthorizationError::RoleMissing { role: "admin".into() })
}

fn scope() -> Authorization {
    Err(AuthorizationError::ScopeInsufficient { required: vec!["chat".into()] })
}

fn hidden() -> Authorization {
    Err(AuthorizationError::ResourceHidden { rule: "hidden".into() })
}

const INTERNAL: Authorization = Err(AuthorizationError::Internal);
const DOWN: Authorization = Err(AuthorizationError::Unavailable { retry_after: None });
const UNDECIDED: Authorization = Err(AuthorizationError::Undecided);

/// What remains of an answer if causes and rules are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    Unknown,
    Nothing,
}

/// The naive oracle: it asks nobody, and looks at every answer.
fn truth(answer: &Authorization) -> Truth {
    match answer {
        Ok(_) => Truth::Yes,
        Err(AuthorizationError::Unavailable { .. } | AuthorizationError::Internal) => Truth::Unknown,
        Err(AuthorizationError::Undecided) => Truth::Nothing,
        Err(_) => Truth::No,
    }
}

fn first_of(order: [Truth; 3], answers: &[Authorization]) -> Truth {
    let among = |wanted: &Truth| answers.iter().any(|answer| truth(answer) == *wanted);
    order.into_iter().find(among).unwrap_or(Truth::Nothing)
}

#[test]
fn two_by_two() {
    let yes = || Ok(Permit::by("yes"));
    let no = || denied("no");
    let both = [
        // One, other, all of both, any of both.
        (yes(), yes(), Ok(Permit::by("yes, yes")), yes()),
        (yes(), no(), no(), yes()),
        (yes(), DOWN, DOWN, yes()),
        (yes(), UNDECIDED, yes(), yes()),
        (no(), no(), no(), no()),
        (no(), DOWN, no(), DOWN),
        (no(), UNDECIDED, no(), no()),
        (DOWN, DOWN, DOWN, DOWN),
        (DOWN, UNDECIDED, DOWN, DOWN),
        (UNDECIDED, UNDECIDED, UNDECIDED, UNDECIDED),
    ];
    for (one, other, and, or) in both {
        for pair in [[one.clone(), other.clone()], [other.clone(), one.clone()]] {
            assert_eq!(all(&pair), and, "all of {pair:?}");
            assert_eq!(any(&pair), or, "any of {pair:?}");
        }
    }
    assert_eq!((all(&[]), any(&[])), (UNDECIDED, UNDECIDED));
    assert_eq!(not(yes()), denied("not"));
    assert_eq!(not(no()), Ok(Permit::by("not")));
    for answer in [DOWN, INTERNAL, UNDECIDED] {
        assert_eq!(not(answer.clone()), answer);
    }
}

#[test]
fn the_first_no_is_told_by_all_and_the_most_informative_by_any() {
    assert_eq!(all(&[denied("a"), scope(), hidden()]), denied("a"));
    assert_eq!(all(&[DOWN, role(), denied("a")]), role());
    assert_eq!(all(&[INTERNAL, DOWN]), INTERNAL);
    let ranking = [hidden(), scope(), role(), denied("a")];
    for (place, more) in ranking.iter().enumerate() {
        for less in &ranking[place..] {
            assert_eq!(any(&[less.clone(), more.clone()]), *more);
            assert_eq!(any(&[more.clone(), less.clone()]), *more);
        }
    }
    assert_eq!(any(&[denied("a"), denied("b")]), denied("a"));
    assert_eq!(any(&[hidden(), DOWN, INTERNAL]), DOWN, "who is down might have said yes");
}

#[test]
fn nobody_is_asked_in_vain() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = || {
        let asked = Arc::clone(&asked);
        move |_: &HandshakeContext<'_>, _: &Identity| {
            asked.fetch_add(1, Ordering::Relaxed);
            ready(Ok(()))
        }
    };
    let head = head();
    let request = HandshakeContext::new(&head, ([192, 0, 2, 1], 4711).into(), SystemTime::UNIX_EPOCH);
    let decided = |authorizer: &dyn Authorizer| now(authorizer.authorize(&request, &ann())).is_ok();
    assert!(!decided(&AllOf::new().and(Says(denied("a"))).and(counting())));
    assert!(decided(&AnyOf::new().or(Says(Ok(Permit::new()))).or(counting())));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert!(!decided(&AllOf::new().and(Says(DOWN)).and(counting())));
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the second one might have said no");
}

#[test]
fn every_error_has_its_cause() {
    for (error, cause) in [
        (scope(), Cause::ScopeInsufficient),
        (role(), Cause::RoleMissing),
        (denied("a"), Cause::PolicyDenied),
        (hidden(), Cause::ResourceHidden),
        (DOWN, Cause::AuthorizationUnavailable),
        (INTERNAL, Cause::InternalError),
        (UNDECIDED, Cause::PolicyDenied),
    ] {
        let error = error.unwrap_err();
        let refusal = error.to_refusal();
        assert_eq!((error.cause(), refusal.cause), (cause, cause));
        assert_eq!(refusal.detail, error.to_string());
        assert_eq!(refusal.detail_is_public, cause == Cause::PolicyDenied);
        assert_eq!(refusal.required_scope.is_some(), cause == Cause::ScopeInsufficient);
        assert_eq!(error.is_denial(), !matches!(cause.status(), Some(500..)));
    }
    let wait = Duration::from_secs(7);
    let refusal = AuthorizationError::Unavailable { retry_after: Some(wait) }.to_refusal();
    assert_eq!(refusal.retry_after, Some(wait));
}

#[test]
fn a_closure_decides_about_what_it_is_for() {
    let action = Action::new("read", "room/ann", SystemTime::UNIX_EPOCH);
    let handshakes = from_fn(|request, _| {
        let known = request.head().path() == "/rooms/ann";
        async move { if known { Ok(()) } else { Err(AuthorizationError::Internal) } }
    });
    let head = head();
    let request = HandshakeContext::new(&head, ([192, 0, 2, 1], 4711).into(), SystemTime::UNIX_EPOCH);
    assert_eq!(now(handshakes.authorize(&request, &ann())), Ok(Permit::new()));
    assert_eq!(now(handshakes.authorize_action(&action, &ann())), UNDECIDED);
    let actions = action_fn(|action, _| {
        let known = action.name() == "read";
        async move { if known { Ok(()) } else { Err(AuthorizationError::Internal) } }
    });
    assert_eq!(now(actions.authorize(&request, &ann())), UNDECIDED);
    assert_eq!(now(actions.authorize_action(&action, &ann())), Ok(Permit::new()));
    // What is demanded of a connection is no permission to do something in it.
    for demands in [&Roles::all(["member"]) as &dyn Authorizer, &Everybody] {
        assert_eq!(now(demands.authorize(&request, &ann())), Ok(Permit::new()));
        assert_eq!(now(demands.authorize_action(&action, &ann())), UNDECIDED);
    }
}

#[tokio::test(start_paused = true)]
async fn actions_are_decided_in_time_and_whatever_happens() {
    struct Hangs;
    impl Authorizer for Hangs {
        fn authorize<'a>(
            &'a self,
            _: &'a HandshakeContext<'a>,
            _: &'a Identity,
        ) -> BoxFuture<'a, Authorization> {
            Box::pin(pending())
        }

        fn authorize_action<'a>(
            &'a self,
            _: &'a Action<'a>,
            _: &'a Identity,
        ) -> BoxFuture<'a, Authorization> {
            Box::pin(pending())
        }
    }
    fn panics(_: &Action<'_>, _: &Identity) -> Ready<Result<(), AuthorizationError>> {
        panic!("at once")
    }
    let yes = || Arc::new(Says(Ok(Permit::by("yes")))) as Arc<dyn Authorizer>;
    let no = || Arc::new(Says(denied("no"))) as Arc<dyn Authorizer>;
    let cases: [(Vec<Arc<dyn Authorizer>>, Authorization); 7] = [
        (vec![], UNDECIDED),
        (vec![Arc::new(Everybody)], UNDECIDED),
        (vec![Arc::new(Everybody), yes()], Ok(Permit::by("yes"))),
        (vec![yes(), no()], denied("no")),
        (vec![Arc::new(Hangs), yes()], DOWN),
        (vec![Arc::new(Hangs), no()], denied("no")),
        (vec![Arc::new(action_fn(panics)), yes()], INTERNAL),
    ];
    let action = Action::new("read", "room/ann", SystemTime::UNIX_EPOCH);
    for (authorizers, expected) in cases {
        let began = tokio::time::Instant::now();
        let answer = decide_action(&authorizers, &action, &ann(), Duration::from_secs(5)).await;
        assert_eq!(answer, expected);
        assert!(began.elapsed() <= Duration::from_secs(5));
    }
}

fn answers() -> impl Strategy<Value = Vec<Authorization>> {
    let answer = prop_oneof![
        Just(Ok(Permit::new())),
        "[a-c]".prop_map(|rule| Ok(Permit::by(rule))),
        "[a-c]".prop_map(|rule| Err(AuthorizationError::PolicyDenied { rule: rule.into() })),
        Just(role()),
        Just(scope()),
        Just(hidden()),
        Just(DOWN),
        Just(INTERNAL),
        Just(UNDECIDED),
    ];
    proptest::collection::vec(answer, 0..6)
}

proptest! {
    #[test]
    fn they_agree_with_the_logic_of_yes_no_and_unknown(answers in answers()) {
        prop_assert_eq!(truth(&all(&answers)), first_of([Truth::No, Truth::Unknown, Truth::Yes], &answers));
        prop_assert_eq!(truth(&any(&answers)), first_of([Truth::Yes, Truth::Unknown, Truth::No], &answers));
    }

    #[test]
    fn not_turns_all_into_any(answers in answers()) {
        let turned: Vec<_> = answers.iter().cloned().map(not).collect();
        prop_assert_eq!(truth(&not(all(&answers))), truth(&any(&turned)));
        prop_assert_eq!(truth(&not(any(&answers))), truth(&all(&turned)));
        for answer in answers {
            prop_assert_eq!(truth(&not(not(answer.clone()))), truth(&answer));
        }
    }

    #[test]
    fn parentheses_change_nothing(answers in answers(), at in 0_usize..6) {
        let (left, right) = answers.split_at(at.min(answers.len()));
        prop_assert_eq!(all(&[all(left), all(right)]), all(&answers));
        prop_assert_eq!(truth(&any(&[any(left), any(right)])), truth(&any(&answers)));
    }

    #[test]
    fn what_is_told_was_said(answers in answers()) {
        for told in [all(&answers), any(&answers)] {
            if told.is_err() && told != UNDECIDED {
                prop_assert!(answers.contains(&told));
            }
        }
    }
}
