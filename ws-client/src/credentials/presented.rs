//! A connection attempt with a token of a provider, and a second one with a fresh token where that helps.

use ws_core::net::WebSocket;

use super::Credentials;
use crate::client::{Answer, Client};
use crate::connect::WsUrl;
use crate::connect::dial::Stream;
use crate::connect::timeouts::Budget;
use crate::error::ConnectError;

/// Which credentials a client presents, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presented {
    pub(crate) credentials: Option<Credentials>,
}

impl Client {
    /// Connects with a token where there is a provider of them.
    pub(crate) async fn with_credentials(
        &self,
        url: &WsUrl,
        budget: Budget,
        stream: Option<Stream>,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let Some(credentials) = &self.identity.credentials else {
            return self.attempt(url, &self.request, budget, stream).await;
        };
        let token = credentials.current().await?;
        let mut request = self.request.clone();
        request.bearer_token(token.text())?;
        let (socket, mut answer) = self.attempt(url, &request, budget, stream).await?;
        answer.token = Some(token);
        Ok((socket, answer))
    }
}
