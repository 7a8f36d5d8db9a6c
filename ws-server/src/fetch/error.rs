use std::{error::Error, io, time::Duration};

use hyper_util::client::legacy;
use thiserror::Error;

use super::resolve::Unresolved;

/// Why a fetch brought nothing. Each is told by the stage in which it happened.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The host's name has no address, or nobody answers who would know it.
    #[error("the name of the host cannot be resolved")]
    Dns,
    /// No connection to the host.
    #[error("there is no connection to the host: {0}")]
    Connect(io::ErrorKind),
    /// There is one, and TLS does not come about (RFC 8446).
    #[error("there is no TLS with the host: {0}")]
    Tls(rustls::Error),
    /// It took too long, in whichever stage.
    #[error("it took longer than {} ms", .limit.as_millis())]
    Timeout {
        /// The limit that was set.
        limit: Duration,
    },
    /// The answer is not HTTP, or ends before it is complete.
    #[error("the answer is not HTTP, or incomplete")]
    Broken,
    /// The body is longer than what is read of one.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The limit that was set, in bytes.
        limit: usize,
    },
}

impl FetchError {
    /// What went wrong before there was an answer.
    pub(super) fn before_answer(error: &legacy::Error) -> Self {
        let connecting = error.is_connect();
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        let mut io = None;
        while let Some(error) = cause {
            if error.is::<Unresolved>() {
                return Self::Dns;
            }
            if let Some(error) = error.downcast_ref::<io::Error>() {
                // An error that an `io::Error` wraps is not among its own causes.
                if let Some(tls) = error.get_ref().and_then(tls) {
                    return Self::Tls(tls);
                }
                io = io.or_else(|| Some(error.kind()));
            }
            cause = error.source();
        }
        if connecting { Self::Connect(io.unwrap_or(io::ErrorKind::Other)) } else { Self::Broken }
    }
}

/// The TLS error that `error` is, or wraps.
fn tls(error: &(dyn Error + Send + Sync + 'static)) -> Option<rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls.clone());
    }
    tls(error.downcast_ref::<io::Error>()?.get_ref()?)
}
