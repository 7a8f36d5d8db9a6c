//! What a client needs to know, collected: one file for each stage that has settings.

mod credentials;
mod dial;
mod observe;
mod request;
mod session;
#[cfg(feature = "tls")]
mod tls;

use ws_core::net::WebSocket;

use crate::client::Client;
use crate::error::ConnectError;

/// Collects what a [`Client`] needs to know.
///
/// Setters that take text from outside fail at once, with an error that names the fix.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it connects or builds"]
pub struct Builder(Client);

impl Builder {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// The client, for connecting more than once.
    pub fn build(self) -> Client {
        if let Some(credentials) = &self.0.identity.credentials {
            self.0.observers.metrics.include_token_requests(credentials.request_counter());
        }
        self.0
    }

    /// Connects: [`Client::connect`].
    ///
    /// # Errors
    ///
    /// As [`Client::connect`].
    ///
    /// # Cancel safety
    ///
    /// As [`Client::connect`].
    pub async fn connect(self) -> Result<WebSocket, ConnectError> {
        self.build().connect().await
    }
}
