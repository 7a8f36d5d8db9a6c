//! Why a server cannot begin.

use super::page::PageError;
use super::table::RouteError;
use crate::listener::BindError;

/// What is wrong with what the builder was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A path cannot be a route, or a page.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A page cannot be served.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The name goes into a header field, as a token (RFC 9110 5.6.2).
    #[error("the server's name {name:?} is not a token")]
    Name {
        /// The name as it was given.
        name: String,
    },
    /// The address of the documentation is no URI reference: it is empty, or holds a space or other than ASCII.
    #[error("the address of the documentation {address:?} is not a URI reference")]
    Documentation {
        /// The address as it was given.
        address: String,
    },
    /// A host to serve is not a host with an optional port, so that no request could be for it.
    #[error("the served host {host:?} is not HOST or HOST:PORT")]
    ServedHost {
        /// The host as it was given.
        host: String,
    },
    /// A subprotocol is not a token (RFC 6455 4.1), so that no client could offer it.
    #[error("the subprotocol {subprotocol:?} of the route {path:?} is not a token")]
    Subprotocol {
        /// The route's path.
        path: String,
        /// The subprotocol as it was given.
        subprotocol: String,
    },
    /// A route requires a subprotocol and has none, so that everybody would be refused.
    #[error("the route {path:?} requires a subprotocol and has none")]
    SubprotocolMissing {
        /// The route's path.
        path: String,
    },
    /// A route requires scopes or roles and has no authenticator, so that everybody would be refused.
    #[error("the route {path:?} requires scopes or roles and authenticates nobody: add Route::authenticate")]
    Unauthenticated {
        /// The route's path.
        path: String,
    },
    /// A route has no handler, and is not for a guard of axum.
    #[error("the route {path:?} has no handler: make it with Route::new")]
    HandlerMissing {
        /// The route's path.
        path: String,
    },
    /// What a guard of axum is made of, or is to be replaced by, is not exactly one route without a handler.
    #[error("a guard has one route, which is made with Route::embedded")]
    Guard,
    /// The PROXY protocol is on and nobody is trusted to speak it, so that everybody would be turned away.
    #[error("the PROXY protocol is on and no proxy is trusted: add ServerBuilder::trusted_proxies")]
    NoTrustedProxy,
    /// TLS cannot be spoken.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] crate::listener::TlsError),
    /// The server cannot listen.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// Why a server ended before it was told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The runtime does not take the sockets, or a thread of the server cannot be had.
    #[error("cannot run the server: {0}")]
    Io(#[from] std::io::Error),
    /// A thread of the server ended: it panicked.
    #[error("a thread of the server panicked")]
    ThreadPanicked,
    /// A thread of the server was still busy after the drain timeout: a handler on it computes, or waits, without ever
    /// yielding. The thread is left behind.
    #[error("a thread of the server did not end in time: a handler on it never yields")]
    ThreadBlocked,
}
