//! How long each stage may take.

use std::time::Duration;

use tokio::time::Instant;

/// How long the stages of a connection attempt may take, each and all together.
///
/// ```
/// use std::time::Duration;
/// use ws_client::Timeouts;
///
/// let timeouts = Timeouts { tcp: Duration::from_secs(2), ..Timeouts::default() };
/// assert_eq!(timeouts.total, Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution. Default 5 s, as much as resolvers give a name server before they ask the next.
    pub dns: Duration,
    /// The TCP connection, over all addresses of the host. Default 10 s: time for three lost packets.
    pub tcp: Duration,
    /// The conversation with a proxy, once it is connected. Default 10 s.
    pub proxy: Duration,
    /// The TLS handshake. Default 10 s.
    pub tls: Duration,
    /// Getting a credential from its provider. Default 10 s.
    pub credentials: Duration,
    /// The handshake, from its first byte to the last of the answer's head. Default 10 s.
    pub handshake: Duration,
    /// The body of a refusal, after its head. Default 5 s; what has come by then is kept.
    pub body: Duration,
    /// All stages together. Default 30 s. A stage gets what is left of it, and its own time at most.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            dns: Duration::from_secs(5),
            tcp: Duration::from_secs(10),
            proxy: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            credentials: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            body: Duration::from_secs(5),
            total: Duration::from_secs(30),
        }
    }
}

/// The time of one attempt, running.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    end: Instant,
}

impl Budget {
    pub(crate) fn new(total: Duration) -> Self {
        Self { end: deadline(total) }
    }

    /// What a stage gets that may take `own` time.
    pub(crate) fn stage(&self, own: Duration) -> Duration {
        own.min(self.end.saturating_duration_since(Instant::now()))
    }
}

/// The moment `within` from now; a time beyond what the clock can tell is as good as endless.
pub(crate) fn deadline(within: Duration) -> Instant {
    const ENDLESS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + within.min(ENDLESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stage_gets_its_own_time_and_no_more_than_is_left() {
        let budget = Budget::new(Duration::from_secs(10));
        assert_eq!(budget.stage(Duration::from_secs(3)), Duration::from_secs(3));
        tokio::time::advance(Duration::from_secs(8)).await;
        assert_eq!(budget.stage(Duration::from_secs(3)), Duration::from_secs(2));
        tokio::time::advance(Duration::from_secs(8)).await;
        assert_eq!(budget.stage(Duration::from_secs(3)), Duration::ZERO);
    }

    #[tokio::test]
    async fn endless_is_no_overflow() {
        assert_eq!(Budget::new(Duration::MAX).stage(Duration::from_secs(1)), Duration::from_secs(1));
    }
}
