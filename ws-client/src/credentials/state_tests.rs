use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::state::{Answer, Moment, State};
use super::{CredentialsError, Token};

/// The time, as far as the machine knows it.
struct Clock(Moment);

impl Clock {
    fn new() -> Self {
        Self(Moment { monotonic: Instant::now(), wall: SystemTime::now() })
    }

    fn after(&mut self, seconds: f64) -> Moment {
        let time = Duration::from_secs_f64(seconds);
        self.0 = Moment { monotonic: self.0.monotonic + time, wall: self.0.wall + time };
        self.0
    }

    fn token(&self, text: &str, seconds: f64) -> Token {
        Token::new(text).expires(self.0.wall + Duration::from_secs_f64(seconds))
    }
}

fn unavailable(retry_after: Option<Duration>) -> CredentialsError {
    CredentialsError::Unavailable { reason: "it is down".into(), retry_after }
}

fn used(state: &State, now: Moment) -> Option<Arc<Token>> {
    match state.answer(now) {
        Answer::Use(token) => Some(token),
        _ => None,
    }
}

#[test]
fn a_token_is_used_then_renewed_then_waited_for() {
    let mut clock = Clock::new();
    let mut state = State::default();
    assert!(matches!(state.answer(clock.0), Answer::Ask));
    assert_eq!(state.next_request(clock.0), Some(clock.0.monotonic));
    // 100 s with the middle lead of 35 s, and a margin of 5 s.
    state.install(clock.token("a", 100.0), clock.0, 0.5);
    assert_eq!(state.next_request(clock.0), Some(clock.0.monotonic + Duration::from_secs(65)));
    let now = clock.after(64.9);
    assert!(used(&state, now).is_some());
    let now = clock.after(0.2);
    assert!(matches!(state.answer(now), Answer::UseAndRenew(_)));
    let now = clock.after(30.0);
    assert!(matches!(state.answer(now), Answer::Ask), "five seconds before the end");
    assert!(state.fallback(now).is_some());
    let now = clock.after(5.0);
    assert!(matches!(state.answer(now), Answer::Ask));
    assert!(state.fallback(now).is_none());
}

#[test]
fn a_token_without_an_end_is_kept() {
    let mut clock = Clock::new();
    let mut state = State::default();
    state.install(Token::new("a"), clock.0, 0.5);
    let now = clock.after(1e9);
    assert!(used(&state, now).is_some());
    assert_eq!(state.next_request(now), None);
}

#[test]
fn either_clock_ends_a_token() {
    let mut state = State::default();
    let clock = Clock::new();
    state.install(clock.token("a", 3600.0), clock.0, 0.5);
    let hour = Duration::from_secs(3600);
    // The machine slept.
    let slept = Moment { wall: clock.0.wall + hour, ..clock.0 };
    assert!(matches!(state.answer(slept), Answer::Ask));
    // The wall clock was set back.
    let set_back = Moment { monotonic: clock.0.monotonic + hour, wall: clock.0.wall - hour };
    assert!(matches!(state.answer(set_back), Answer::Ask));
}

#[test]
fn a_failed_renewal_leaves_the_old_token_in_use_and_the_provider_in_peace() {
    let mut clock = Clock::new();
    let mut state = State::default();
    state.install(clock.token("a", 100.0), clock.0, 0.5);
    let now = clock.after(80.0);
    state.failed(unavailable(None), now, 1.0);
    assert!(used(&state, now).is_some(), "not asked again at once");
    assert_eq!(state.next_request(now), Some(now.monotonic + Duration::from_millis(500)));
    let now = clock.after(0.6);
    assert!(matches!(state.answer(now), Answer::UseAndRenew(_)));
    state.failed(unavailable(Some(Duration::from_secs(12))), now, 1.0);
    // Into the margin: still in use, since there is no other.
    let now = clock.after(11.0);
    assert!(used(&state, now).is_some_and(|token| token.text() == "a"));
    assert_eq!(state.next_request(now), Some(now.monotonic + Duration::from_secs(1)), "as it was told");
    // Behind its end.
    state.failed(unavailable(Some(Duration::from_secs(20))), now, 1.0);
    let now = clock.after(15.0);
    let Answer::Fail(CredentialsError::Unavailable { retry_after, .. }) = state.answer(now) else {
        panic!("{:?}", state.answer(now));
    };
    assert_eq!(retry_after, Some(Duration::from_secs(5)), "what is left of it");
    let now = clock.after(5.0);
    assert!(matches!(state.answer(now), Answer::Ask));
    // A token makes good for all of it.
    state.install(clock.token("b", 100.0), now, 0.5);
    state.failed(unavailable(None), now, 1.0);
    assert_eq!(state.next_request(now), Some(now.monotonic + Duration::from_secs(65)));
}

#[test]
fn the_end_of_a_token_is_not_slept_through() {
    let mut clock = Clock::new();
    let mut state = State::default();
    state.install(clock.token("a", 100.0), clock.0, 0.5);
    clock.after(70.0);
    let mut requests = Vec::new();
    while state.fallback(clock.0).is_some() {
        state.failed(unavailable(None), clock.0, 1.0);
        let at = state.next_request(clock.0).expect("it is renewed").duration_since(clock.0.monotonic);
        requests.push(at.as_secs_f64());
        clock.after(at.as_secs_f64());
    }
    // Half a second that doubles up to a third of what is left, and down again to half a second.
    assert_eq!(requests[..5], [0.5, 1.0, 2.0, 4.0, 7.5]);
    assert!(requests[5..].windows(2).all(|pair| pair[0] >= pair[1]), "{requests:?}");
    assert!(requests.len() < 20 && requests.last() == Some(&0.5), "{requests:?}");
}

#[test]
fn an_endless_pause_is_not_obeyed() {
    let clock = Clock::new();
    let mut state = State::default();
    state.failed(unavailable(Some(Duration::MAX)), clock.0, 0.5);
    assert_eq!(state.next_request(clock.0), Some(clock.0.monotonic + Duration::from_secs(3600)));
}

#[test]
fn a_token_is_rejected_by_generation() {
    let clock = Clock::new();
    let mut state = State::default();
    let first = state.install(Token::new("a"), clock.0, 0.5);
    let second = state.install(Token::new("b"), clock.0, 0.5);
    assert!(!state.reject(&first));
    assert!(used(&state, clock.0).is_some());
    // The same text is not the same token.
    assert!(!state.reject(&Arc::new(Token::new("b"))));
    assert!(state.reject(&second));
    assert!(matches!(state.answer(clock.0), Answer::Ask));
    assert!(state.fallback(clock.0).is_none());
    assert_eq!(state.next_request(clock.0), Some(clock.0.monotonic));
}

#[test]
fn a_provider_that_gives_the_rejected_token_again_is_not_asked_in_a_loop() {
    let mut clock = Clock::new();
    let mut state = State::default();
    let token = state.install(Token::new("a"), clock.0, 1.0);
    for pause in [0.5, 1.0, 2.0] {
        assert!(state.reject(&token));
        let again = state.install(Token::new("a"), clock.0, 1.0);
        assert!(Arc::ptr_eq(&token, &again));
        let used = used(&state, clock.0).expect("the server is to judge");
        assert!(Arc::ptr_eq(&token, &used));
        assert_eq!(state.next_request(clock.0), Some(clock.0.monotonic + Duration::from_secs_f64(pause)));
        let now = clock.after(pause);
        assert!(matches!(state.answer(now), Answer::Ask));
    }
    // Where it fails after that, there is no token.
    state.failed(unavailable(None), clock.0, 1.0);
    assert!(matches!(state.answer(clock.0), Answer::Fail(_)));
    // Another one, and all is well.
    state.install(Token::new("b"), clock.0, 1.0);
    assert!(used(&state, clock.0).is_some());
}

#[test]
fn a_token_that_is_over_by_our_clock_is_for_the_server_to_judge() {
    let mut clock = Clock::new();
    let mut state = State::default();
    state.install(clock.token("a", 0.0), clock.0, 1.0);
    assert!(used(&state, clock.0).is_some());
    assert_eq!(state.next_request(clock.0), Some(clock.0.monotonic + Duration::from_millis(500)));
    let now = clock.after(0.5);
    assert!(matches!(state.answer(now), Answer::Ask));
}

#[test]
fn a_provider_that_keeps_its_token_is_asked_less_and_less_before_the_end() {
    let mut clock = Clock::new();
    let mut state = State::default();
    let end = clock.0.wall + Duration::from_secs(1000);
    let token = || Token::new("a").expires(end);
    let first = state.install(token(), clock.0, 0.5);
    let mut requests = 0;
    while clock.0.wall < end {
        let at = state.next_request(clock.0).expect("it is renewed");
        clock.after(at.duration_since(clock.0.monotonic).as_secs_f64());
        assert!(Arc::ptr_eq(&first, &state.install(token(), clock.0, 0.5)));
        requests += 1;
    }
    assert!((3..20).contains(&requests), "{requests}");
}

#[test]
fn news_end_a_pause() {
    let clock = Clock::new();
    let mut state = State::default();
    state.failed(unavailable(None), clock.0, 0.5);
    assert!(matches!(state.answer(clock.0), Answer::Fail(_)));
    state.has_news();
    assert!(matches!(state.answer(clock.0), Answer::Ask));
}

#[test]
fn a_provider_whose_tokens_are_over_in_a_moment_is_not_asked_without_a_pause() {
    let mut clock = Clock::new();
    let mut state = State::default();
    let begun = clock.0.monotonic;
    for number in 0..20 {
        state.install(clock.token(&number.to_string(), 0.01), clock.0, 0.0);
        assert!(used(&state, clock.0).is_some(), "it is good all the same");
        let at = state.next_request(clock.0).expect("it is renewed");
        clock.after(at.duration_since(clock.0.monotonic).as_secs_f64());
    }
    assert!(clock.0.monotonic.duration_since(begun) >= Duration::from_secs(5));
}

#[test]
fn a_token_that_is_over_by_our_clock_and_is_rejected_is_asked_for_again() {
    let clock = Clock::new();
    let mut state = State::default();
    let token = state.install(clock.token("a", 0.0), clock.0, 1.0);
    assert!(state.reject(&token));
    assert!(matches!(state.answer(clock.0), Answer::Ask));
    // Where it is all there is, it is handed out as it is.
    state.install(clock.token("a", 0.0), clock.0, 1.0);
    assert!(state.reject(&token) && used(&state, clock.0).is_some());
}
