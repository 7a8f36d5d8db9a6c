use std::time::Duration;

use tokio::time::Instant;

/// The moment `time` from now; a time beyond what the clock can tell is as good as endless.
pub(crate) fn after(time: Duration) -> Instant {
    const ENDLESS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + time.min(ENDLESS)
}
