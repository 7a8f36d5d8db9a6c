//! The accept loop: it never ends by itself and never spins, whatever `accept` reports.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// The first pause when the process or the system has no descriptor or memory left for a connection.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Hands each accepted connection to `take`, for ever; drop the future to stop.
///
/// A connection that was reset while it waited is skipped. Out of descriptors (`EMFILE`, `ENFILE`) or memory, the loop
/// logs and pauses, each time twice as long up to a second, since the waiting connection would wake it again at once.
pub(crate) async fn accept_loop(listener: &TcpListener, mut take: impl FnMut(TcpStream, SocketAddr)) {
    let mut pause = FIRST_PAUSE;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                pause = FIRST_PAUSE;
                #[cfg(not(target_os = "linux"))]
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %error, "a connection that ended before it began");
                    continue;
                }
                take(stream, peer);
            }
            Err(error) if is_of_the_connection(&error) => {
                tracing::debug!(%error, "a connection ended before it was accepted");
            }
            Err(error) => {
                tracing::error!(%error, pause_ms = pause.as_millis(), "cannot accept connections for now");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Whether the error tells of that one connection, not of us: Linux passes pending network errors on to `accept`.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_running_out_are_our_trouble_and_a_reset_is_the_connections() {
        // EMFILE, ENFILE, ENOMEM as Linux numbers them.
        for ours in [24, 23, 12] {
            assert!(!is_of_the_connection(&io::Error::from_raw_os_error(ours)), "{ours}");
        }
        for theirs in [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset] {
            assert!(is_of_the_connection(&theirs.into()));
        }
    }

    #[tokio::test]
    async fn every_connection_is_handed_over_with_its_peer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let looping = tokio::spawn(async move {
            accept_loop(&listener, |stream, peer| drop(sender.send((stream, peer)))).await;
        });
        let mut clients = Vec::new();
        for _ in 0..3 {
            let client = TcpStream::connect(address).await.unwrap();
            let (accepted, peer) = receiver.recv().await.unwrap();
            assert_eq!(peer, client.local_addr().unwrap());
            #[cfg(target_os = "linux")]
            drop(accepted);
            clients.push(client);
        }
        looping.abort();
    }
}
