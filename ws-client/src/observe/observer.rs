//! What an observer is told.

use std::time::Duration;

use crate::connect::WsUrl;
use crate::error::ConnectError;

/// Is told how connection attempts go. Everything is told from within the attempt, so it must not block.
///
/// ```
/// use ws_client::observe::{Attempt, Observer, StageEnd};
/// use ws_client::Client;
///
/// struct SlowStages;
///
/// impl Observer for SlowStages {
///     fn stage_ended(&self, attempt: Attempt<'_>, end: &StageEnd<'_>) {
///         if end.took.as_millis() > 500 {
///             println!("{:?}: {} took {:?}", attempt.url, end.stage.name(), end.took);
///         }
///     }
/// }
///
/// # fn example() -> Result<(), ws_client::UrlError> {
/// let client = Client::builder("wss://rooms.example/lobby")?.observer(SlowStages).build();
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// An attempt begins.
    fn began(&self, attempt: Attempt<'_>) {
        let _ = attempt;
    }

    /// A stage of it has ended, well or badly.
    fn stage_ended(&self, attempt: Attempt<'_>, end: &StageEnd<'_>) {
        let _ = (attempt, end);
    }

    /// It has ended, after this time.
    fn ended(&self, attempt: Attempt<'_>, outcome: Outcome<'_>, took: Duration) {
        let _ = (attempt, outcome, took);
    }
}

/// One call of a client's `connect`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// Counts the attempts of a client and its clones, from 1.
    pub number: u64,
    /// The address; its query may be a secret, and its `Debug` text is without it.
    pub url: &'a WsUrl,
}

/// A stage on the way to an open connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// Getting a token from its provider.
    Credentials,
    /// Resolving the host's name.
    Dns,
    /// The TCP connection, to the server or to a proxy.
    Tcp,
    /// The conversation with a proxy.
    Proxy,
    /// A stream by other means: a Unix socket, or a [`Connector`](crate::Connector).
    Stream,
    /// The TLS handshake with the server.
    Tls,
    /// The handshake of RFC 6455: the request, and the answer to it.
    Http,
}

impl Stage {
    /// All of them, in the order in which they usually come.
    pub const ALL: [Self; 7] =
        [Self::Credentials, Self::Dns, Self::Tcp, Self::Proxy, Self::Stream, Self::Tls, Self::Http];

    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Stream => "stream",
            Self::Tls => "tls",
            Self::Http => "http",
        }
    }
}

/// How something ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// Well.
    Done,
    /// With this error.
    Failed(&'a ConnectError),
    /// Not at all: whoever waited for it does not any more.
    Abandoned,
}

impl Outcome<'_> {
    /// `ok`, the [code](ConnectError::code) of the error, or `abandoned`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Failed(error) => error.code(),
            Self::Abandoned => "abandoned",
        }
    }
}

/// How a stage ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StageEnd<'a> {
    /// Which.
    pub stage: Stage,
    /// How.
    pub outcome: Outcome<'a>,
    /// After how long.
    pub took: Duration,
    /// What came of it, in words: the addresses, the one that was connected to, the status. What went wrong says the
    /// outcome.
    pub detail: &'a str,
}
