//! Why a server behind is no help, and what the client is told of it.

use std::io;
use std::time::Duration;

use ws_client::{Body, ConnectError, HandshakeError, Refused};
use ws_core::refusal::{Cause, Refusal};
use ws_server::prepare::{ForeignAnswer, Unprepared};

/// Why there is no connection to a server behind.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("it cannot be reached: {0}")]
    Unreachable(#[source] io::Error),
    #[error("no connection came about within {0:?}")]
    ConnectTimeout(Duration),
    #[error("its host is no name that a certificate can be for")]
    Name,
    #[error("the TLS handshake failed: {0}")]
    Tls(#[source] io::Error),
    #[error("{0}")]
    Handshake(#[source] ConnectError),
    #[error("it selected none of the subprotocols, one of which is required here")]
    SubprotocolMissing,
    #[error("it selected a credential as its subprotocol")]
    SubprotocolSecret,
}

impl UpstreamError {
    /// What the client gets. `pass_on`: the server's own refusal where there is one.
    pub(crate) fn into_unprepared(self, pass_on: bool) -> Unprepared {
        let refusal = Refusal::new(self.cause());
        let Some(status) = self.status() else {
            return refusal.detail(chain(&self)).into();
        };
        // The status of whoever is behind is no secret, and tells the client whom to ask.
        let refusal = refusal.public_detail(format!("the server behind answered with {status}"));
        match self {
            Self::Handshake(ConnectError::Refused(refused)) if pass_on && refused.body.is_complete() => {
                Unprepared::Answered(refusal, answer(&refused))
            }
            _ => refusal.into(),
        }
    }

    fn cause(&self) -> Cause {
        match self {
            Self::Handshake(ConnectError::Handshake(HandshakeError::TimedOut { .. })) => {
                Cause::UpstreamTimeout
            }
            Self::Handshake(ConnectError::Refused(_) | ConnectError::Redirected(_))
            | Self::SubprotocolMissing
            | Self::SubprotocolSecret => Cause::UpstreamRefused,
            // What we would have sent is no request: nothing of the client's, which was one when it came.
            Self::Handshake(ConnectError::Request(_)) => Cause::InternalError,
            _ => Cause::UpstreamDown,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Handshake(ConnectError::Refused(refused)) => Some(refused.status),
            Self::Handshake(ConnectError::Redirected(redirected)) => Some(redirected.status),
            _ => None,
        }
    }
}

fn answer(refused: &Refused) -> ForeignAnswer {
    let fields = refused
        .fields()
        .iter()
        .filter_map(|(name, value)| Some((name.to_owned(), std::str::from_utf8(value).ok()?.to_owned())));
    let body: &Body = &refused.body;
    ForeignAnswer::new(refused.status, fields.collect(), body.bytes().to_vec())
}

/// An error and what is behind it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}
