//! What can go wrong with an open connection.

use std::io;

use thiserror::Error;

use crate::{
    connection::{ProtocolError, SendError},
    message::CloseCode,
};

/// Why an open connection cannot go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol or a limit; it was told so with a Close frame.
    #[error("the peer broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// The caller asked for what cannot be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The transport failed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// The peer went away without a Close frame (what browsers call 1006).
    #[error("the connection ended without a closing handshake")]
    Lost,
    /// The peer was silent for too long and did not answer a ping.
    #[error("the peer did not answer a ping in time")]
    PingTimeout,
    /// The peer took no bytes for too long. It has the close timeout to take them after all, and the Close frame
    /// behind them: 1008.
    #[error("the peer took no data in time")]
    WriteTimeout,
    /// The peer did not answer our Close frame in time.
    #[error("the peer did not answer the close frame in time")]
    CloseTimeout,
}

impl Error {
    /// The code that the peer was told, where we failed the connection for its fault.
    pub const fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Protocol(error) => Some(error.close_code()),
            _ => None,
        }
    }
}
