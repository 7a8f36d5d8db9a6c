//! The TCP connection: the first of a host's addresses that answers.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::timeouts::deadline;

/// The head start of an address before the next one is tried beside it (RFC 8305 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Why no TCP connection came about.
///
/// Where a host has several addresses, the error is that of the most telling one: a port that is closed
/// says more than a network that cannot be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TcpError {
    /// The machine answers, but nothing listens on the port (or a firewall rejects).
    #[error("nothing listens on {address}{}: start the server, or correct the port", and(others))]
    PortClosed {
        /// The address tried first of those where nothing listens.
        address: SocketAddr,
        /// Other addresses of the host where nothing listens either, at most three.
        others: Vec<SocketAddr>,
        /// What the system said.
        source: io::Error,
    },
    /// There is no way to the host or its network.
    #[error("{address} cannot be reached: check the network, the routes and the address")]
    Unreachable {
        /// The address tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No answer came in time: the host is down, or a firewall drops what is sent to it.
    #[error("{address} did not answer within {after:?}: check that the host is up and no firewall drops")]
    TimedOut {
        /// The first address tried.
        address: SocketAddr,
        /// The time given to all addresses together.
        after: Duration,
    },
    /// The other side, or something on the way, broke the connection off while it came about.
    #[error("{address} broke the connection off at once: check for a firewall or a full server")]
    Reset {
        /// The address tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not let this process connect there.
    #[error("this process may not connect to {address}: check the local firewall and the sandbox")]
    NotPermitted {
        /// The address tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// This machine has no free port or file descriptor for one more connection.
    #[error(
        "this machine has no free port or file descriptor for a connection to {address}: close some, or raise the limit"
    )]
    Exhausted {
        /// The address tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else.
    #[error("the connection to {address} failed: {source}")]
    Failed {
        /// The address tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Connects to the first address that answers.
///
/// Addresses are tried in turn, the families alternating; a silent one gets a head start of 250 ms before
/// the next is tried beside it (RFC 8305). Cancel safe: every attempt ends with the future.
pub(crate) async fn connect(addresses: &[SocketAddr], within: Duration) -> Result<TcpStream, TcpError> {
    let open = |address| async move {
        let stream = TcpStream::connect(address).await?;
        if is_connected_to_itself(&stream) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        // Messages are batched by the socket itself; the system must not hold them back a second time.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    race(addresses, within, open).await
}

/// Nobody listens there, and the system has given this end that very port: TCP then connects it to itself (RFC 9293 3.5).
/// Who tries a port of this machine again and again meets that sooner or later.
fn is_connected_to_itself(stream: &TcpStream) -> bool {
    matches!((stream.local_addr(), stream.peer_addr()), (Ok(local), Ok(peer)) if local == peer)
}

async fn race<S, F>(
    addresses: &[SocketAddr],
    within: Duration,
    open: impl Fn(SocketAddr) -> F,
) -> Result<S, TcpError>
where
    S: Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
{
    let end = deadline(within);
    let mut attempts = JoinSet::new();
    let mut failures = Vec::new();
    for address in alternate(addresses) {
        let attempt = open(address);
        attempts.spawn(async move { (address, attempt.await) });
        // The next address follows after the head start, or at once when this one has failed.
        let next = (Instant::now() + HEAD_START).min(end);
        if let Some(stream) = first_success(&mut attempts, &mut failures, next, true).await {
            return Ok(stream);
        }
        if Instant::now() >= end {
            break;
        }
    }
    match first_success(&mut attempts, &mut failures, end, false).await {
        Some(stream) => Ok(stream),
        None => Err(most_telling(addresses, failures, within)),
    }
}

/// The first attempt that succeeds before `end`; None when none did, or, on demand, at the first failure.
async fn first_success<S: 'static>(
    attempts: &mut JoinSet<(SocketAddr, io::Result<S>)>,
    failures: &mut Vec<(SocketAddr, io::Error)>,
    end: Instant,
    stop_at_failure: bool,
) -> Option<S> {
    loop {
        let ended = tokio::select! {
            biased;
            ended = attempts.join_next() => ended?,
            () = sleep_until(end) => return None,
        };
        match ended {
            Ok((_, Ok(stream))) => return Some(stream),
            Ok((address, Err(error))) => failures.push((address, error)),
            // The attempt panicked or the runtime is shutting down; the others go on.
            Err(_) => {}
        }
        if stop_at_failure {
            return None;
        }
    }
}

/// RFC 8305 4: the families alternate, beginning with that of the resolver's first choice.
fn alternate(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let mut first = addresses.iter().filter(|address| address.is_ipv6() == preferred).copied();
    let mut second = addresses.iter().filter(|address| address.is_ipv6() != preferred).copied();
    let mut order = Vec::with_capacity(addresses.len());
    while order.len() < addresses.len() {
        order.extend(first.next());
        order.extend(second.next());
    }
    order
}

fn most_telling(
    addresses: &[SocketAddr],
    failures: Vec<(SocketAddr, io::Error)>,
    within: Duration,
) -> TcpError {
    let all_failed = failures.len() >= addresses.len();
    let is_closed = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    let closed: Vec<_> =
        failures.iter().filter(|(_, error)| is_closed(error)).map(|(address, _)| *address).collect();
    let told = failures.into_iter().map(|(address, source)| typed(address, source, within)).min_by_key(rank);
    match told {
        Some(TcpError::PortClosed { address, source, .. }) => {
            let others = closed.into_iter().filter(|other| *other != address).take(3).collect();
            TcpError::PortClosed { address, others, source }
        }
        Some(error) if all_failed => error,
        _ => {
            let address = addresses.first().copied().unwrap_or(SocketAddr::from(([0; 4], 0)));
            TcpError::TimedOut { address, after: within }
        }
    }
}

fn typed(address: SocketAddr, source: io::Error, after: Duration) -> TcpError {
    match source.kind() {
        // An address of the other family that this machine has not is no way there; IPv4 is always there, and what it
        // lacks is a free port.
        io::ErrorKind::AddrNotAvailable if address.is_ipv4() => TcpError::Exhausted { address, source },
        io::ErrorKind::ConnectionRefused => TcpError::PortClosed { address, others: Vec::new(), source },
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => TcpError::Unreachable { address, source },
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::NotConnected => {
            TcpError::Reset { address, source }
        }
        io::ErrorKind::PermissionDenied => TcpError::NotPermitted { address, source },
        // What the system gives up by itself, after more than two minutes on Linux.
        io::ErrorKind::TimedOut => TcpError::TimedOut { address, after },
        _ if is_exhaustion(&source) => TcpError::Exhausted { address, source },
        _ => TcpError::Failed { address, source },
    }
}

/// More addresses, behind the first one.
fn and(others: &[SocketAddr]) -> String {
    others.iter().fold(String::new(), |text, other| format!("{text} and {other}"))
}

/// Whether this process or this machine has no file descriptor left.
fn is_exhaustion(error: &io::Error) -> bool {
    // EMFILE and ENFILE; the standard library has no kind for them.
    cfg!(unix) && matches!(error.raw_os_error(), Some(24 | 23))
}

/// The lower, the more an error says about the server.
fn rank(error: &TcpError) -> u8 {
    match error {
        TcpError::PortClosed { .. } | TcpError::Reset { .. } => 0,
        TcpError::TimedOut { .. } => 1,
        TcpError::Failed { .. } | TcpError::Exhausted { .. } => 2,
        TcpError::NotPermitted { .. } => 3,
        TcpError::Unreachable { .. } => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;

    use tokio::net::TcpListener;

    use super::*;

    type Attempt = Pin<Box<dyn Future<Output = io::Result<SocketAddr>> + Send>>;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// What happens at an address is written in its port.
    fn scripted(at: SocketAddr) -> Attempt {
        Box::pin(async move {
            match at.port() {
                1 => Ok(at),
                2 => Err(io::ErrorKind::ConnectionRefused.into()),
                3 => Err(io::ErrorKind::NetworkUnreachable.into()),
                4 => Err(io::ErrorKind::PermissionDenied.into()),
                5 => Err(io::ErrorKind::QuotaExceeded.into()),
                6 => Err(io::ErrorKind::ConnectionReset.into()),
                7 => Err(io::ErrorKind::TimedOut.into()),
                8 => Err(io::ErrorKind::AddrNotAvailable.into()),
                _ => std::future::pending().await,
            }
        })
    }

    async fn outcome(addresses: &[&str]) -> Result<SocketAddr, TcpError> {
        let addresses: Vec<_> = addresses.iter().map(|text| address(text)).collect();
        race(&addresses, Duration::from_secs(5), scripted).await
    }

    // RFC 9293 3.5: simultaneous connection synchronization, with oneself.
    #[tokio::test]
    async fn a_stream_to_itself_is_no_server() {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let own = socket.local_addr().expect("bound");
        assert!(is_connected_to_itself(&socket.connect(own).await.expect("TCP allows it")));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("bound");
        assert!(!is_connected_to_itself(&TcpStream::connect(at).await.expect("it listens")));
    }

    #[tokio::test]
    async fn connects_and_turns_nagle_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let at = listener.local_addr().expect("bound");
        let stream = connect(&[at], Duration::from_secs(5)).await.expect("it listens");
        assert_eq!(stream.peer_addr().expect("connected"), at);
        assert!(stream.nodelay().expect("connected"));
    }

    #[tokio::test]
    async fn a_closed_port() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let at = listener.local_addr().expect("bound");
        drop(listener);
        let error = connect(&[at], Duration::from_secs(5)).await.expect_err("nothing listens");
        assert!(matches!(error, TcpError::PortClosed { address, .. } if address == at), "{error:?}");
        assert!(error.to_string().contains(&at.to_string()), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_failure_is_its_own_error() {
        assert!(matches!(outcome(&["1.1.1.1:2"]).await, Err(TcpError::PortClosed { .. })));
        assert!(matches!(outcome(&["1.1.1.1:3"]).await, Err(TcpError::Unreachable { .. })));
        assert!(matches!(outcome(&["1.1.1.1:4"]).await, Err(TcpError::NotPermitted { .. })));
        assert!(matches!(outcome(&["1.1.1.1:5"]).await, Err(TcpError::Failed { .. })));
        assert!(matches!(outcome(&["1.1.1.1:6"]).await, Err(TcpError::Reset { .. })));
        assert!(matches!(outcome(&["1.1.1.1:7"]).await, Err(TcpError::TimedOut { .. })));
        assert!(matches!(outcome(&["1.1.1.1:8"]).await, Err(TcpError::Exhausted { .. })));
        assert!(matches!(outcome(&["[::1]:8"]).await, Err(TcpError::Unreachable { .. })));
        let started = Instant::now();
        assert!(matches!(outcome(&["1.1.1.1:9"]).await, Err(TcpError::TimedOut { .. })));
        assert_eq!(started.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn the_most_telling_failure_is_reported() {
        assert!(matches!(outcome(&["[::1]:3", "1.1.1.1:2"]).await, Err(TcpError::PortClosed { .. })));
        assert!(matches!(outcome(&["[::1]:9", "1.1.1.1:2"]).await, Err(TcpError::PortClosed { .. })));
        assert!(matches!(outcome(&["[::1]:3", "1.1.1.1:9"]).await, Err(TcpError::TimedOut { .. })));
        assert!(matches!(outcome(&["[::1]:3", "1.1.1.1:4"]).await, Err(TcpError::NotPermitted { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn all_closed_ports_are_named() {
        let text = outcome(&["[::1]:2", "127.0.0.1:2"]).await.expect_err("closed").to_string();
        assert!(text.starts_with("nothing listens on [::1]:2 and 127.0.0.1:2: "), "{text}");
        let some = outcome(&["[::1]:9", "1.1.1.1:2"]).await.expect_err("closed").to_string();
        assert!(some.starts_with("nothing listens on 1.1.1.1:2: "), "{some}");
        let many = outcome(&["1.1.1.1:2", "1.1.1.2:2", "1.1.1.3:2", "1.1.1.4:2", "1.1.1.5:2"]).await;
        assert!(matches!(many, Err(TcpError::PortClosed { others, .. }) if others.len() == 3));
    }

    // RFC 8305 5: an address that fails is followed at once, a silent one after its head start.
    #[tokio::test(start_paused = true)]
    async fn the_next_address_does_not_wait_for_a_silent_one() {
        let started = Instant::now();
        assert_eq!(outcome(&["[::1]:2", "1.1.1.1:1"]).await.expect("the second"), address("1.1.1.1:1"));
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(outcome(&["[::1]:9", "1.1.1.1:1"]).await.expect("the second"), address("1.1.1.1:1"));
        assert_eq!(started.elapsed(), HEAD_START);
        let many = outcome(&["[::1]:9", "[::2]:9", "[::3]:9", "1.1.1.1:1"]).await.expect("the last");
        assert_eq!(many, address("1.1.1.1:1"));
        assert_eq!(started.elapsed(), HEAD_START * 2);
    }

    // RFC 8305 5: once a connection is there, all other attempts are cancelled; and so they are with the caller.
    #[tokio::test(start_paused = true)]
    async fn no_attempt_outlives_the_race() {
        let running = Arc::new(());
        let open = |at: SocketAddr| {
            let running = running.clone();
            async move {
                let outcome = scripted(at).await;
                drop(running);
                outcome
            }
        };
        let both = ["[::1]:9", "1.1.1.1:1"].map(address);
        race(&both, Duration::from_secs(5), open).await.expect("the second");
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&running), 1);
        let silent = ["[::1]:9", "1.1.1.1:9"].map(address);
        let given_up =
            tokio::time::timeout(HEAD_START * 2, race(&silent, Duration::from_secs(5), open)).await;
        assert!(given_up.is_err());
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&running), 1);
    }

    // RFC 8305 4.
    #[test]
    fn families_alternate() {
        let addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].map(address);
        assert_eq!(alternate(&addresses), ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"].map(address));
        assert!(alternate(&[]).is_empty());
    }
}
