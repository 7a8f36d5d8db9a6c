//! Everything that can go wrong, before a connection is open and after.

use thiserror::Error;
use ws_core::connection::ProtocolError;
use ws_core::message::CloseFrame;
use ws_core::net;

use crate::error::ConnectError;
use crate::reconnect::RestoreError;
use crate::refused::Closed;

/// Why there is no connection, or no longer one: the error of programs that do both.
///
/// ```
/// use ws_client::{Client, Error};
///
/// async fn one_message(url: &str) -> Result<(), Error> {
///     let mut socket = Client::builder(url)?.connect().await?;
///     socket.send("hello").await?;
///     while let Some(message) = socket.recv().await? {
///         println!("{message:?}");
///     }
///     match socket.close_frame() {
///         Some(frame) if frame.code.get() != 1000 => Err(Error::closed(frame)),
///         _ => Ok(()),
///     }
/// }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection came about.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The other side closed an open connection, with a close code and a reason.
    #[error("{0}")]
    Closed(Box<Closed>),
    /// An open connection broke.
    #[error("{}", broken(.0))]
    Broken(#[from] net::Error),
    /// A connection opened, but a [returning client](crate::reconnect) could not restore its state on it.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

impl Error {
    /// What a Close frame says.
    pub fn closed(frame: &CloseFrame) -> Self {
        Self::Closed(Box::new(Closed::of(frame)))
    }
}

/// What broke, and what to do.
fn broken(error: &net::Error) -> String {
    let then = match error {
        net::Error::Protocol(
            ProtocolError::FrameTooBig { .. }
            | ProtocolError::MessageTooBig { .. }
            | ProtocolError::TooManyFragments,
        ) => "allow more (Builder::limits) if the server may send so much",
        net::Error::Protocol(ProtocolError::RatioTooHigh) => {
            "allow more (DeflateConfig::max_ratio) if the server may send such messages"
        }
        net::Error::Protocol(_) => "tell who runs the server",
        net::Error::Io(source) => {
            return format!("the connection broke ({source}): connect again");
        }
        net::Error::Lost => "the server, or a proxy or firewall on the way, has cut it off: connect again",
        net::Error::PingTimeout => "the server or the network is gone: connect again",
        net::Error::WriteTimeout => "the server or the network is stuck: connect again, or send less at once",
        net::Error::CloseTimeout => "it is closed all the same",
        _ => return error.to_string(),
    };
    format!("{error}: {then}")
}

/// What leads to a [`ConnectError`] leads here as well.
macro_rules! through_connect {
    ($($source:ty),*) => {$(
        impl From<$source> for Error {
            fn from(source: $source) -> Self {
                Self::Connect(source.into())
            }
        }
    )*};
}

through_connect!(crate::UrlError, crate::RequestError, crate::credentials::CredentialsError);
