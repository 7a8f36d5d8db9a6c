use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::port::TlsPort;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// Keeps the certificates of these listeners up to date, for ever; drop the future to stop.
///
/// The files are read as a whole each time: they are small, and the time of the last change, which some file systems tell
/// to the second, misses one that follows soon after another.
pub(crate) async fn watch(ports: Vec<Arc<TlsPort>>) {
    let ports: Arc<[_]> = ports.into();
    if ports.is_empty() {
        return std::future::pending().await;
    }
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let ports = Arc::clone(&ports);
        // A file may be on a disk that does not answer: nobody else has to wait for it.
        let looking =
            tokio::task::spawn_blocking(move || ports.iter().filter_map(|port| port.look()).collect());
        let told: Result<Vec<_>, _> = looking.await;
        for told in told.unwrap_or_default() {
            match told {
                Ok(()) => tracing::info!(target: "ws_server::tls", "new certificates are in use"),
                Err(error) => tracing::error!(
                    target: "ws_server::tls", %error, "new certificates cannot be used; the old ones stay in use"
                ),
            }
        }
    }
}
