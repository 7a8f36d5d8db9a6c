//! A server that listens: how it runs, and how it ends.

use std::io;
use std::net::SocketAddr;
use std::thread::available_parallelism;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use ws_core::refusal::Cause;

use super::builder::ServerBuilder;
use super::current::Current;
use super::error::{BuildError, ServeError};
use super::http::Conversation;
use super::workers;
use crate::authenticate::{Revocation, RevocationError, Revocations};
use crate::listener::{BindError, Crowded, Door, Entry, ListenAddress, ProxyProtocol, accept_loop, bind};
#[cfg(feature = "tls")]
use crate::listener::{TlsError, TlsPort, watch};
use crate::operate::{Counters, render};
use crate::session::Sessions;

/// A server that listens, made by [`ServerBuilder::bind`](super::ServerBuilder::bind). Connections wait until
/// [`serve`](Self::serve) is called.
#[derive(Debug)]
pub struct BoundServer {
    current: Current,
    /// The sockets of each address, and what is spoken there.
    listeners: Vec<(Door, Vec<std::net::TcpListener>)>,
    addresses: Vec<SocketAddr>,
    /// Threads of its own.
    threads: Option<usize>,
}

impl BoundServer {
    pub(super) async fn bind(
        current: Current,
        listen: &[ListenAddress],
        threads: Option<usize>,
    ) -> Result<Self, BuildError> {
        let threads = threads.map(|threads| if threads == 0 { cores() } else { threads });
        let loops = threads.unwrap_or_else(|| Handle::current().metrics().num_workers());
        let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
        let doors = current.load().doors.clone();
        for (address, door) in listen.iter().zip(doors) {
            let sockets = bind(&address.resolve().await?, loops)?;
            let first = sockets.first().ok_or(BindError::NoAddress)?;
            let local = first.local_addr();
            addresses.push(
                local.map_err(|source| BindError::Unresolved { address: address.address.clone(), source })?,
            );
            listeners.push((door, sockets));
        }
        Ok(Self { current, listeners, addresses, threads })
    }

    /// The address that the server listens on, with the port that it got; the first, where there are several.
    pub fn local_addr(&self) -> SocketAddr {
        // bind() refuses to make a server without an address.
        self.addresses.first().copied().unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// All addresses that the server listens on, in the order of the builder.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// A handle to shut the server down with.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(self.current.clone())
    }

    /// Serves until [`ServerHandle::shutdown`] is called and everything has ended or the drain timeout is over.
    ///
    /// It runs on the runtime that it is called on, with an accept loop for each of its workers, unless
    /// [`threads`](super::ServerBuilder::threads) says otherwise.
    ///
    /// # Errors
    /// [`ServeError`] where the server cannot run, or one of its own threads is lost.
    ///
    /// # Cancel safety
    /// Dropped, the server stops to accept at once. Sessions that run on the caller's runtime go on.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time.
    pub async fn serve(self) -> Result<(), ServeError> {
        let Self { current, listeners, threads, .. } = self;
        #[cfg(feature = "tls")]
        let ports = tls_ports(&current);
        let serving = async {
            match threads {
                None => {
                    let each = |(door, sockets): (Door, Vec<_>)| {
                        sockets.into_iter().map(move |socket| (door.clone(), socket))
                    };
                    serve_here(&current, listeners.into_iter().flat_map(each)).await.map_err(ServeError::from)
                }
                Some(threads) => workers::serve(&current, listeners, threads).await,
            }
        };
        #[cfg(feature = "tls")]
        return tokio::select! {
            served = serving => served,
            () = watch(ports) => Ok(()),
        };
        #[cfg(not(feature = "tls"))]
        serving.await
    }
}

/// Ends a server from elsewhere, and looks at it. Clones are handles to the same server.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    current: Current,
}

impl ServerHandle {
    pub(crate) const fn new(current: Current) -> Self {
        Self { current }
    }

    /// Begins a graceful shutdown; to call it again changes nothing.
    ///
    /// New handshakes are refused with `server-draining`. Sessions get a Close frame with 1001 and the time at which to
    /// come back; their handlers' `recv` ends with the closing handshake. When all of them have returned, or after the
    /// drain timeout, [`BoundServer::serve`] returns.
    pub fn shutdown(&self) {
        self.current.shut_down();
    }

    /// Replaces routes, pages, limits, rules and everything else that a builder is told, while connections go on. The next
    /// request is decided by what `builder` says; sessions keep what was agreed with them, and requests that are being
    /// answered are answered by the settings that they came under.
    ///
    /// What was counted stays counted: connections, attempts of addresses where their rate stays the same, and what
    /// [`counters`](Self::counters) tell. What was revoked stays revoked, unless `builder` has [another
    /// list](ServerBuilder::revocations). Not replaced are the addresses that the server listens on and its threads: what
    /// `builder` says of them is ignored, but for what TLS is spoken with, address by address in their order.
    ///
    /// For a guard of axum `builder` has one [route without a handler](crate::Route::embedded), whatever its path. Files of
    /// TLS are read before it returns.
    ///
    /// # Errors
    /// [`BuildError`] as for [`ServerBuilder::bind`]; the settings stay as they are then.
    pub fn reload(&self, builder: ServerBuilder) -> Result<(), BuildError> {
        self.current.replace(|before| builder.succeed(before))
    }

    /// Reads the files of all [`TlsFiles`](crate::TlsFiles) again, as it happens by itself when they change.
    ///
    /// # Errors
    /// The first that cannot be used, of which what was read before stays in use. The others are in use.
    ///
    /// # Cancel safety
    /// The files are read to the end all the same.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[cfg(feature = "tls")]
    pub async fn reload_tls(&self) -> Result<(), TlsError> {
        let ports = tls_ports(&self.current);
        let reloading = tokio::task::spawn_blocking(move || {
            let mut result = Ok(());
            for port in ports {
                result = result.and(port.reload());
            }
            result
        });
        // The task neither panics nor is aborted, but by a runtime that ends.
        reloading.await.unwrap_or(Ok(()))
    }

    /// The sessions that are open now.
    pub fn sessions(&self) -> &Sessions {
        self.current.sessions()
    }

    /// Revokes a credential or a subject: from now on handshakes that rest on it are refused, and within a second the
    /// sessions that do are closed (`token-revoked`: 401, 3000). For a single session see
    /// [`SessionHandle::close`](crate::SessionHandle::close).
    ///
    /// ```
    /// use ws_server::ServerHandle;
    /// use ws_server::authenticate::{Revocation, RevocationError};
    ///
    /// fn token_was_stolen(server: &ServerHandle, jti: &str) -> Result<(), RevocationError> {
    ///     server.revoke(Revocation::credential(jti))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`RevocationError`]: there is no room for more.
    pub fn revoke(&self, revocation: Revocation) -> Result<(), RevocationError> {
        self.revocations().revoke(revocation)
    }

    /// What is revoked.
    pub fn revocations(&self) -> Revocations {
        self.current.load().gate.revocations().clone()
    }

    /// What happened since the server was built, by cause.
    pub fn counters(&self) -> &Counters {
        self.current.counters()
    }

    /// The same as text, in the exposition format of Prometheus (`text/plain; version=0.0.4`).
    pub fn metrics(&self) -> String {
        render(self.counters(), self.connections())
    }

    /// Connections that are open now, those that have not been let in included.
    pub fn connections(&self) -> usize {
        self.current.places().open()
    }
}

/// Serves on the current runtime until the shutdown is over.
pub(super) async fn serve_here(
    current: &Current,
    listeners: impl IntoIterator<Item = (Door, std::net::TcpListener)>,
) -> io::Result<()> {
    let mut loops = JoinSet::new();
    for (door, listener) in listeners {
        let listener = TcpListener::from_std(listener)?;
        let current = current.clone();
        loops.spawn(async move {
            accept_loop(&listener, |stream, peer| take(&current, &door, stream, peer)).await;
        });
    }
    current.drain().begun().await;
    let left = current.drain().finished().await;
    if left > 0 {
        tracing::warn!(sessions = left, "the drain timeout is over; what is left is cut off");
        // Their own timers ring at the same moment.
        tokio::time::sleep(LAST_MOMENT).await;
    }
    // Dropping the set stops the accept loops and closes the sockets.
    Ok(())
}

/// What sessions get to notice that their time is over.
const LAST_MOMENT: Duration = Duration::from_millis(20);

/// Finds a place for a connection that was just accepted, and begins to talk.
fn take(current: &Current, door: &Door, stream: TcpStream, peer: SocketAddr) {
    let shared = current.load();
    // Behind a proxy are many clients: whose connection it is, is known when the proxy has said so.
    let counted = (!shared.proxies.trusts(peer.ip())).then(|| peer.ip());
    match shared.places.enter(counted) {
        Entry::Admitted(place) => {
            let more_comes_first = door.is_tls() || shared.proxy_protocol != ProxyProtocol::Off;
            let conversation = Conversation::new(current.clone(), shared, stream, peer, place);
            if more_comes_first {
                tokio::spawn(conversation.enter(door.clone()));
            } else {
                tokio::spawn(conversation.run());
            }
        }
        Entry::TurnedAway(crowded) => {
            let cause = match crowded {
                _ if shared.drain.has_begun() => Cause::ServerDraining,
                Crowded::Address => Cause::AddressQuotaExceeded,
                Crowded::Server => Cause::ServerFull,
            };
            let Some(answer) = shared.turn_away(peer, cause, door) else { return };
            // A fresh socket has room for this, which the runtime does not know yet. Whether it arrives is not certain:
            // what the peer has sent already is not read, and there is no time to wait.
            let _ = SockRef::from(&stream).send(&answer);
        }
    }
}

/// The ports that speak TLS.
#[cfg(feature = "tls")]
fn tls_ports(current: &Current) -> Vec<std::sync::Arc<TlsPort>> {
    current.load().doors.iter().filter_map(|door| door.tls.clone()).collect()
}

fn cores() -> usize {
    available_parallelism().map_or(1, std::num::NonZero::get)
}
