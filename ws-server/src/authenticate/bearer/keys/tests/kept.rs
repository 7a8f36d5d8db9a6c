use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{set, signer, token};
use crate::authenticate::{
    BoxFuture,
    bearer::{
        Algorithm, JwkSet, JwkSetError, Key, KeySource, KeysError, Signer, TokenError, Verifier,
        keys::{kept::Kept, origin::Origin, state::Schedule},
    },
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DOWN: KeysError = KeysError::File(std::io::ErrorKind::NotFound);

/// Brings what it is told to after a second, and counts.
struct Scripted {
    answer: Mutex<Result<JwkSet, KeysError>>,
    loads: AtomicUsize,
    /// Whether the first time takes for ever.
    stuck: bool,
}

impl Scripted {
    fn new(answer: Result<JwkSet, KeysError>) -> Arc<Self> {
        Arc::new(Self { answer: Mutex::new(answer), loads: AtomicUsize::new(0), stuck: false })
    }

    fn answers(&self, answer: Result<JwkSet, KeysError>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

impl Origin for Scripted {
    fn load<'a>(&'a self, _: &'a [Algorithm]) -> BoxFuture<'a, Result<JwkSet, KeysError>> {
        let stuck = self.loads.fetch_add(1, Ordering::SeqCst) == 0 && self.stuck;
        Box::pin(async move {
            if stuck {
                std::future::pending::<()>().await;
            }
            sleep(SECOND).await;
            self.answer.lock().unwrap().clone()
        })
    }
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a script")
    }
}

/// Refreshes each hour, re-fetches each 30 seconds at the most, lets keys become a day old.
fn verifier(origin: &Arc<Scripted>) -> Verifier {
    let schedule = Schedule { interval: HOUR, refetch_limit: 30 * SECOND, stale_for: 24 * HOUR };
    Verifier::with(Vec::new(), Some(Kept::new(Arc::<Scripted>::clone(origin), Arc::from([]), schedule)))
}

async fn verify(verifier: &Verifier, id: &str) -> Result<(), TokenError> {
    verifier.verify_fresh(&token(id), SystemTime::now()).await.map(drop)
}

fn at_hand(verifier: &Verifier, id: &str) -> Result<(), TokenError> {
    verifier.verify(&token(id), SystemTime::now()).map(drop)
}

fn unavailable(wait: Option<Duration>) -> Result<(), TokenError> {
    Err(TokenError::KeysUnavailable { retry_after: wait })
}

/// How long until it comes again.
fn wait(result: Result<(), TokenError>) -> Duration {
    match result {
        Err(TokenError::KeysUnavailable { retry_after: Some(wait) }) => wait,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_tokens_wait_for_the_keys_and_share_one_fetch() {
    let origin = Scripted::new(Ok(set(&["a"])));
    let verifier = verifier(&origin);
    assert_eq!(at_hand(&verifier, "a"), unavailable(None));
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let verifier = verifier.clone();
        waiting.spawn(async move { verify(&verifier, "a").await });
    }
    assert!(waiting.join_all().await.into_iter().all(|result| result == Ok(())));
    assert_eq!(at_hand(&verifier, "a"), Ok(()));
    assert_eq!(origin.loads(), 1);
}

// A key of our own that has no id is tried for every token. It neither keeps a rotated key from being fetched, nor blames
// a caller whose key cannot be.
#[tokio::test(start_paused = true)]
async fn a_key_of_our_own_without_an_id_does_not_stand_for_those_of_the_source() {
    let secret = b"thirty-two bytes, at the least..";
    let nameless = Signer::ed25519(&[9; 32]).unwrap().verifying_key();
    for own in [nameless, Key::secret(Algorithm::Hs256, secret).unwrap()] {
        let origin = Scripted::new(Err(DOWN));
        let verifier = verifier(&origin).key(own);
        assert_eq!(at_hand(&verifier, "a"), unavailable(None));
        assert!(wait(verify(&verifier, "a").await) > Duration::ZERO);
        origin.answers(Ok(set(&["a"])));
        sleep(HOUR).await;
        assert_eq!(verify(&verifier, "a").await, Ok(()));
        origin.answers(Ok(set(&["b"])));
        assert!(at_hand(&verifier, "b").is_err());
        sleep(30 * SECOND).await;
        assert_eq!(verify(&verifier, "b").await, Ok(()));
        // Whoever has signed with another key in the name of a known one is told that.
        let forged = signer("forged").with_id("b").sign(&serde_json::json!({})).unwrap();
        assert_eq!(verifier.verify(&forged, SystemTime::now()), Err(TokenError::SignatureWrong));
    }
}

// The herd that each rotation of keys brings.
#[tokio::test(start_paused = true)]
async fn unknown_keys_share_one_fetch_and_wait_for_the_limit() {
    let origin = Scripted::new(Ok(set(&["a"])));
    let verifier = verifier(&origin);
    verifier.ready().await.unwrap();
    assert_eq!(verify(&verifier, "b").await, Err(TokenError::KeyUnknown), "within the limit");
    assert_eq!(origin.loads(), 1);

    sleep(31 * SECOND).await;
    origin.answers(Ok(set(&["b"])));
    let mut waiting = JoinSet::new();
    for nth in 0..100 {
        let verifier = verifier.clone();
        let id = if nth % 2 == 0 { "b" } else { "c" };
        waiting.spawn(async move { (id, verify(&verifier, id).await) });
    }
    for (id, result) in waiting.join_all().await {
        assert_eq!(result, if id == "b" { Ok(()) } else { Err(TokenError::KeyUnknown) }, "{id}");
    }
    assert_eq!(origin.loads(), 2);
    // The old key went with the set that it was in.
    assert_eq!(verify(&verifier, "a").await, Err(TokenError::KeyUnknown));
    // However many follow, the next fetch is for the first after the limit.
    let begun = Instant::now();
    while origin.loads() == 2 {
        sleep(SECOND).await;
        let _ = verify(&verifier, "c").await;
    }
    assert!((29 * SECOND..32 * SECOND).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

// Keys without ids cannot be told apart but by their signatures.
#[tokio::test(start_paused = true)]
async fn keys_without_ids_are_renewed_as_well() {
    let nameless = |id: &str| {
        let mut jwk = super::signer(id).verifying_jwk().unwrap();
        jwk.as_object_mut().unwrap().remove("kid");
        let set = serde_json::json!({ "keys": [jwk] }).to_string();
        JwkSet::parse(set.as_bytes(), &Algorithm::ALL).unwrap()
    };
    let origin = Scripted::new(Ok(nameless("a")));
    let verifier = verifier(&origin);
    assert_eq!(verify(&verifier, "a").await, Ok(()));
    assert_eq!(verify(&verifier, "b").await, Err(TokenError::SignatureWrong), "within the limit");
    sleep(31 * SECOND).await;
    origin.answers(Ok(nameless("b")));
    assert_eq!(verify(&verifier, "b").await, Ok(()));
    assert_eq!(verify(&verifier, "a").await, Err(TokenError::SignatureWrong));
    // Where the key is known by its id, a wrong signature is wrong, and nothing is fetched.
    origin.answers(Ok(set(&["c"])));
    sleep(31 * SECOND).await;
    assert_eq!(verify(&verifier, "c").await, Ok(()));
    sleep(31 * SECOND).await;
    let (loads, good) = (origin.loads(), token("c"));
    let (input, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", token("b").rsplit_once('.').unwrap().1);
    let refused = verifier.verify_fresh(&forged, SystemTime::now()).await;
    assert_eq!((refused, origin.loads()), (Err(TokenError::SignatureWrong), loads));
}

#[tokio::test(start_paused = true)]
async fn known_keys_wait_for_nothing() {
    let origin = Scripted::new(Ok(set(&["a"])));
    let verifier = verifier(&origin);
    verifier.ready().await.unwrap();
    sleep(HOUR / 2).await;
    let begun = Instant::now();
    for _ in 0..10 {
        assert_eq!(verify(&verifier, "a").await, Ok(()));
    }
    assert_eq!((origin.loads(), begun.elapsed()), (1, Duration::ZERO));
    // Whoever is malformed is told so, and has nothing fetched.
    assert_eq!(verifier.verify_fresh("x", SystemTime::now()).await, Err(TokenError::Parts));
    assert_eq!(origin.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_each_interval_or_up_to_a_tenth_earlier() {
    let origin = Scripted::new(Ok(set(&["a"])));
    let verifier = verifier(&origin);
    verifier.ready().await.unwrap();
    for nth in 1..20 {
        assert_eq!(origin.loads(), nth);
        let begun = Instant::now();
        while origin.loads() == nth {
            sleep(SECOND).await;
        }
        let elapsed = begun.elapsed();
        // It began up to three seconds after the last fetch, and ended up to one after this one.
        assert!(elapsed + 3 * SECOND >= HOUR * 9 / 10 && elapsed <= HOUR + SECOND, "{elapsed:?}");
        sleep(2 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_keys_nobody_is_blamed_and_all_is_well_when_they_come() {
    let origin = Scripted::new(Err(DOWN));
    let verifier = verifier(&origin);
    assert_eq!(verifier.ready().await, Err(DOWN));
    let retry = wait(verify(&verifier, "a").await);
    assert!(retry <= SECOND && retry > SECOND / 2, "{retry:?}");
    // RFC 7515: what is wrong by itself is still told as such.
    assert_eq!(verifier.verify_fresh("x", SystemTime::now()).await, Err(TokenError::Parts));

    // Each wait is twice the one before, up to the limit.
    let mut waits = Vec::new();
    let mut last = Instant::now();
    for seen in 1..9 {
        while origin.loads() == seen {
            sleep(SECOND / 100).await;
        }
        waits.push(last.elapsed().saturating_sub(SECOND).as_secs_f64());
        last = Instant::now();
    }
    for (waited, expected) in waits.iter().zip([0.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]).skip(1) {
        assert!((expected * 0.89..expected + 0.2).contains(waited), "{waits:?}");
    }

    origin.answers(Ok(set(&["a"])));
    sleep(32 * SECOND).await;
    assert_eq!(at_hand(&verifier, "a"), Ok(()), "by itself");
}

#[tokio::test(start_paused = true)]
async fn old_keys_go_on_as_long_as_they_may() {
    let origin = Scripted::new(Ok(set(&["a"])));
    let verifier = verifier(&origin);
    verifier.ready().await.unwrap();
    origin.answers(Err(KeysError::Set(JwkSetError::NoList)));
    // What cannot be told is not refused.
    sleep(31 * SECOND).await;
    assert!(wait(verify(&verifier, "b").await) <= SECOND);
    assert_eq!(verify(&verifier, "a").await, Ok(()));
    // 40 s less than a day: 33 s have passed since the keys were fetched.
    sleep((24 * 3600 - 40) * SECOND).await;
    assert_eq!(verify(&verifier, "a").await, Ok(()));
    sleep(10 * SECOND).await;
    assert_eq!(at_hand(&verifier, "a"), unavailable(None));
    assert!(wait(verify(&verifier, "a").await) <= 30 * SECOND);
    // The tokens of nobody are told what they are all the same.
    origin.answers(Ok(set(&["a", "b"])));
    sleep(32 * SECOND).await;
    assert_eq!((at_hand(&verifier, "a"), at_hand(&verifier, "b")), (Ok(()), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_without_whoever_asked() {
    let origin = Scripted::new(Ok(set(&["a"])));
    let verifier = verifier(&origin);
    verifier.ready().await.unwrap();
    sleep(31 * SECOND).await;
    origin.answers(Ok(set(&["b"])));
    let given_up = tokio::time::timeout(SECOND / 2, verify(&verifier, "b")).await;
    assert!(given_up.is_err());
    sleep(SECOND).await;
    assert_eq!((at_hand(&verifier, "b"), origin.loads()), (Ok(()), 2));
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_user() {
    let origin = Scripted::new(Ok(set(&["a"])));
    let verifier = verifier(&origin);
    let other = verifier.clone().audience("chat");
    verifier.ready().await.unwrap();
    drop(verifier);
    sleep(2 * HOUR).await;
    assert!(origin.loads() > 1, "another still uses the keys");
    drop(other);
    while Arc::strong_count(&origin) > 1 {
        tokio::task::yield_now().await;
    }
    let loads = origin.loads();
    sleep(24 * HOUR).await;
    assert_eq!(origin.loads(), loads);
    // In the middle of a fetch too.
    let verifier = self::verifier(&origin);
    sleep(SECOND / 2).await;
    drop(verifier);
    let begun = Instant::now();
    while Arc::strong_count(&origin) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[test]
fn a_task_that_went_with_its_runtime_is_replaced() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let origin = Scripted::new(Ok(set(&["a"])));
    // Without any runtime at first.
    let verifier = verifier(&origin);
    assert_eq!((at_hand(&verifier, "a"), origin.loads()), (unavailable(None), 0));
    let first = runtime();
    first.block_on(async { verifier.ready().await.unwrap() });
    assert_eq!(origin.loads(), 1);
    drop(first);
    assert_eq!(at_hand(&verifier, "a"), Ok(()));
    runtime().block_on(async {
        origin.answers(Ok(set(&["b"])));
        sleep(31 * SECOND).await;
        assert_eq!(verify(&verifier, "b").await, Ok(()));
    });
    assert_eq!(origin.loads(), 2);
}

#[test]
fn who_waits_begins_another_task_when_the_first_goes() {
    let (answer, loads) = (Mutex::new(Ok(set(&["a"]))), AtomicUsize::new(0));
    let origin = Arc::new(Scripted { answer, loads, stuck: true });
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let verifier = first.block_on(async { verifier(&origin) });
    while origin.loads() == 0 {
        std::thread::yield_now();
    }
    let waiting = second.spawn(async move { verify(&verifier, "a").await });
    first.shutdown_background();
    assert_eq!(second.block_on(waiting).unwrap(), Ok(()));
    assert_eq!(origin.loads(), 2);
}

#[tokio::test]
async fn files_are_read_and_read_again() {
    let path = std::env::temp_dir().join(format!("ws-server-jwks-{}.json", std::process::id()));
    let source = || KeySource::file(&path).refetch_limit(Duration::ZERO);
    assert_eq!(Verifier::with_source(source()).ready().await, Err(DOWN));
    std::fs::write(&path, super::set_json(&["a"])).unwrap();
    let verifier = Verifier::with_source(source());
    assert_eq!(verify(&verifier, "a").await, Ok(()));
    std::fs::write(&path, super::set_json(&["b"])).unwrap();
    assert_eq!(verify(&verifier, "b").await, Ok(()));
    assert_eq!(verify(&verifier, "a").await, Err(TokenError::KeyUnknown));
    std::fs::write(&path, " ".repeat(2 * 1024 * 1024)).unwrap();
    assert_eq!(wait(verify(&verifier, "a").await).as_millis() / 200, 0);
    assert_eq!(verify(&verifier, "b").await, Ok(()));
    std::fs::remove_file(&path).unwrap();
}
