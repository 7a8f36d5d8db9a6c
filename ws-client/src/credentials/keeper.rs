//! Those who follow the tokens, and the task that renews these for them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep_until};

use super::Token;
use super::shared::Shared;

/// The tokens of [`Credentials`](super::Credentials), one after the other, as they are renewed.
///
/// ```
/// use ws_client::credentials::{Credentials, StaticToken, Token};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let credentials = Credentials::new(StaticToken::new(Token::new("abc")));
/// let mut tokens = credentials.subscribe();
/// assert_eq!(tokens.next().await.text(), "abc");
/// # }
/// ```
#[derive(Debug)]
pub struct Tokens {
    latest: watch::Receiver<Option<Arc<Token>>>,
    /// Held for as long as somebody follows.
    _keeper: Arc<Keeper>,
}

impl Tokens {
    pub(super) fn new(mut latest: watch::Receiver<Option<Arc<Token>>>, keeper: Arc<Keeper>) -> Self {
        // The one that is there is the first.
        latest.mark_changed();
        Self { latest, _keeper: keeper }
    }

    /// The next token: at the first call the one that is used now, as soon as there is one. Those between two calls are
    /// left out but for the last.
    ///
    /// Failures are not told; they are logged, and [`Credentials::current`](super::Credentials::current) tells them.
    ///
    /// # Cancel safety
    ///
    /// No token is lost.
    pub async fn next(&mut self) -> Arc<Token> {
        loop {
            if self.latest.changed().await.is_err() {
                // The credentials, which the keeper holds, cannot be gone before.
                std::future::pending::<()>().await;
            }
            if let Some(token) = self.latest.borrow_and_update().clone() {
                return token;
            }
        }
    }
}

/// The task that renews tokens in time. It ends with this value.
#[derive(Debug)]
pub(super) struct Keeper(AbortHandle);

impl Keeper {
    pub(super) fn start(shared: &Arc<Shared>) -> Self {
        let task: JoinHandle<()> = tokio::spawn(keep(Arc::clone(shared)));
        Self(task.abort_handle())
    }

    /// Whether the runtime that it was started in still runs it.
    pub(super) fn is_alive(&self) -> bool {
        !self.0.is_finished()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How often a provider is asked for news while somebody follows.
const LOOK: Duration = Duration::from_secs(2);

/// How long the keeper sleeps at the most: while the machine sleeps, the clock of tasks may stand still.
const NAP: Duration = Duration::from_secs(30);

async fn keep(shared: Arc<Shared>) {
    let has_news = shared.provider.news().is_some();
    loop {
        match shared.request_in_time() {
            Ok(flight) => drop(flight.landed().await),
            Err(at) => {
                let nap = Instant::now() + if has_news { LOOK } else { NAP };
                // A token without an end is kept until it is rejected.
                let until = at.map(|at| at.min(nap)).or(has_news.then_some(nap));
                let slept = async {
                    match until {
                        Some(until) => sleep_until(until).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = slept => {}
                    () = shared.stirred.notified() => {}
                }
                if shared.has_news(LOOK).await {
                    drop(shared.request_news().landed().await);
                }
            }
        }
    }
}
