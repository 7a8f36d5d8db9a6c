use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};

use super::{Credentials, CredentialsError, NewsFuture, Token, TokenFuture, TokenProvider};

const LIFETIME: Duration = Duration::from_secs(100);

/// A provider that follows a script, then gives `token 1`, `token 2` and so on, each good for [`LIFETIME`].
#[derive(Clone)]
struct Scripted {
    script: Arc<Mutex<VecDeque<Result<Token, CredentialsError>>>>,
    requests: Arc<AtomicUsize>,
    /// Each request takes a permit.
    gate: Arc<Semaphore>,
    news: Arc<Mutex<Option<bool>>>,
}

impl Scripted {
    fn new(script: impl IntoIterator<Item = Result<Token, CredentialsError>>) -> Self {
        Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            requests: Arc::default(),
            gate: Arc::new(Semaphore::new(1_000_000)),
            news: Arc::default(),
        }
    }

    /// Answers only as often as it is told to.
    fn closed() -> Self {
        Self { gate: Arc::new(Semaphore::new(0)), ..Self::new([]) }
    }

    fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

impl TokenProvider for Scripted {
    fn token(&self) -> TokenFuture<'_> {
        let number = self.requests.fetch_add(1, SeqCst) + 1;
        Box::pin(async move {
            self.gate.acquire().await.expect("open").forget();
            let scripted = self.script.lock().expect("whole").pop_front();
            scripted.unwrap_or_else(|| Ok(fresh(number)))
        })
    }

    fn news(&self) -> Option<NewsFuture<'_>> {
        let news = (*self.news.lock().expect("whole"))?;
        Some(Box::pin(async move { news }))
    }
}

fn fresh(number: usize) -> Token {
    Token::new(format!("token-{number}")).expires(SystemTime::now() + LIFETIME)
}

fn unavailable() -> CredentialsError {
    CredentialsError::Unavailable { reason: "it is down".into(), retry_after: None }
}

async fn text(credentials: &Credentials) -> String {
    credentials.current().await.expect("a token").text().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_hundred_who_wait_cause_one_request() {
    let provider = Scripted::closed();
    let credentials = Credentials::new(provider.clone());
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let credentials = credentials.clone();
        waiting.spawn(async move { text(&credentials).await });
    }
    sleep(Duration::from_secs(1)).await;
    provider.gate.add_permits(1);
    assert_eq!(waiting.join_all().await, vec!["token-1"; 100]);
    assert_eq!(provider.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_outlives_those_who_wait_for_it() {
    let provider = Scripted::closed();
    let credentials = Credentials::new(provider.clone());
    timeout(Duration::from_secs(1), credentials.current()).await.expect_err("it is not there yet");
    let other = tokio::spawn({
        let credentials = credentials.clone();
        async move { text(&credentials).await }
    });
    sleep(Duration::from_secs(1)).await;
    provider.gate.add_permits(1);
    assert_eq!(other.await.expect("it ends"), "token-1");
    assert_eq!(provider.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_has_its_time() {
    let provider = Scripted::closed();
    let credentials = Credentials::with_timeout(provider.clone(), Duration::from_secs(3));
    let begun = Instant::now();
    let error = credentials.current().await.expect_err("nothing comes");
    assert!(matches!(error, CredentialsError::TimedOut { after } if after == Duration::from_secs(3)));
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    assert_eq!(Arc::strong_count(&provider.requests), 2, "its task has ended");
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_to_all_and_not_repeated_at_once() {
    let provider = Scripted::new([Err(unavailable()), Err(unavailable())]);
    let credentials = Credentials::new(provider.clone());
    for _ in 0..1000 {
        credentials.current().await.expect_err("it is down");
    }
    assert_eq!(provider.requests(), 1);
    advance(Duration::from_millis(500)).await;
    credentials.current().await.expect_err("it is still down");
    assert_eq!(provider.requests(), 2);
    advance(Duration::from_secs(1)).await;
    assert_eq!(text(&credentials).await, "token-3");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_in_the_background_by_whoever_uses_it() {
    let provider = Scripted::new([]);
    let credentials = Credentials::new(provider.clone());
    assert_eq!(text(&credentials).await, "token-1");
    // 100 s: renewed when 55 to 75 of them are over.
    advance(Duration::from_secs(54)).await;
    assert_eq!(text(&credentials).await, "token-1");
    assert_eq!(provider.requests(), 1);
    advance(Duration::from_secs(22)).await;
    assert_eq!(text(&credentials).await, "token-1", "nobody waits for it");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(text(&credentials).await, "token-2");
    assert_eq!(provider.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_old_token_serves_while_it_is_good() {
    let provider = Scripted::new([Ok(fresh(1)), Err(unavailable()), Err(unavailable())]);
    let credentials = Credentials::new(provider.clone());
    assert_eq!(text(&credentials).await, "token-1");
    advance(Duration::from_secs(76)).await;
    assert_eq!(text(&credentials).await, "token-1");
    sleep(Duration::from_millis(1)).await;
    assert_eq!((text(&credentials).await, provider.requests()), ("token-1".into(), 2));
    // Shortly before the end it is waited for, in vain.
    advance(Duration::from_secs(20)).await;
    assert_eq!((text(&credentials).await, provider.requests()), ("token-1".into(), 3));
    advance(Duration::from_secs(4)).await;
    assert_eq!((text(&credentials).await, provider.requests()), ("token-4".into(), 4));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced_once_for_all() {
    let provider = Scripted::new([]);
    let credentials = Credentials::new(provider.clone());
    let token = credentials.current().await.expect("a token");
    let mut refused = JoinSet::new();
    for _ in 0..100 {
        let (credentials, token) = (credentials.clone(), Arc::clone(&token));
        refused.spawn(async move {
            credentials.reject(&token);
            text(&credentials).await
        });
    }
    assert_eq!(refused.join_all().await, vec!["token-2"; 100]);
    credentials.reject(&token);
    assert_eq!(text(&credentials).await, "token-2", "the one that is used was not rejected");
    assert_eq!(provider.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_same_token_again_is_no_loop() {
    let provider = Scripted::new((0..50).map(|_| Ok(Token::new("same"))));
    let credentials = Credentials::new(provider.clone());
    let token = credentials.current().await.expect("a token");
    for _ in 0..1000 {
        credentials.reject(&token);
        assert!(Arc::ptr_eq(&token, &credentials.current().await.expect("a token")));
    }
    assert_eq!(provider.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_an_error() {
    let provider = Scripted::new([Ok(Token::new("two\nlines"))]);
    let error = Credentials::new(provider).current().await.expect_err("no token");
    assert!(matches!(error, CredentialsError::Malformed { .. }), "{error}");
    assert!(!error.to_string().contains("two"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_panics_is_an_error() {
    let credentials = Credentials::new(super::from_fn(async || panic!("as it is meant to")));
    let error = credentials.current().await.expect_err("no token");
    assert!(error.to_string().contains("panicked"), "{error}");
}

#[test]
fn a_runtime_that_ends_takes_no_others_along() {
    let provider = Scripted::closed();
    let credentials = Credentials::new(provider.clone());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = runtime();
    first.block_on(async {
        let begun = timeout(Duration::from_millis(10), credentials.current());
        begun.await.expect_err("it is not there yet");
    });
    let _followed = first.block_on(async { credentials.subscribe() });
    drop(first);
    provider.gate.add_permits(1);
    runtime().block_on(async {
        assert_eq!(text(&credentials).await, "token-2");
        assert_eq!(credentials.subscribe().next().await.text(), "token-2");
    });
}

#[tokio::test(start_paused = true)]
async fn who_follows_has_each_token_in_time() {
    let provider = Scripted::new([]);
    let credentials = Credentials::new(provider.clone());
    let (mut tokens, mut others) = (credentials.subscribe(), credentials.subscribe());
    let mut before = Instant::now();
    for number in 1..=10 {
        let token = tokens.next().await;
        assert_eq!(token.text(), format!("token-{number}"));
        assert!(Arc::ptr_eq(&token, &others.next().await));
        let since = before.elapsed();
        before = Instant::now();
        let expected = if number == 1 { 0.0..=0.1 } else { 54.9..=75.1 };
        assert!(expected.contains(&since.as_secs_f64()), "{number}: {since:?}");
    }
    assert_eq!(provider.requests(), 10);
}

#[tokio::test(start_paused = true)]
async fn who_follows_has_the_next_token_after_a_rejection_and_after_failures() {
    let provider = Scripted::new([Ok(fresh(1)), Err(unavailable()), Err(unavailable())]);
    let credentials = Credentials::new(provider.clone());
    let mut tokens = credentials.subscribe();
    let first = tokens.next().await;
    credentials.reject(&first);
    let begun = Instant::now();
    assert_eq!(tokens.next().await.text(), "token-4");
    let took = begun.elapsed().as_secs_f64();
    assert!((0.75..=1.6).contains(&took), "a pause of 0.25 to 0.5 s, one of 0.5 to 1 s: {took}");
}

#[tokio::test(start_paused = true)]
async fn nobody_renews_for_nobody() {
    let provider = Scripted::new([]);
    let credentials = Credentials::new(provider.clone());
    let mut tokens = credentials.subscribe();
    tokens.next().await;
    drop(tokens);
    sleep(10 * LIFETIME).await;
    assert_eq!(provider.requests(), 1);
    drop(credentials);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(Arc::strong_count(&provider.requests), 1, "no task holds it");
}

#[tokio::test(start_paused = true)]
async fn news_are_heard() {
    let provider = Scripted::new([Err(unavailable())]);
    *provider.news.lock().expect("whole") = Some(false);
    let credentials = Credentials::new(provider.clone());
    credentials.current().await.expect_err("it is down");
    *provider.news.lock().expect("whole") = Some(true);
    credentials.current().await.expect_err("it was asked for news less than a second ago");
    advance(Duration::from_secs(1)).await;
    assert_eq!(text(&credentials).await, "token-2");
    *provider.news.lock().expect("whole") = Some(false);
    let mut tokens = credentials.subscribe();
    tokens.next().await;
    *provider.news.lock().expect("whole") = Some(true);
    let begun = Instant::now();
    assert_eq!(tokens.next().await.text(), "token-3");
    assert!(begun.elapsed() <= Duration::from_secs(4), "{:?}", begun.elapsed());
}
