//! A connection attempt with a token of a provider, and a second one with a fresh token where that helps.

use std::sync::Arc;

use tokio::time::timeout;
use ws_core::net::WebSocket;

use super::{Credentials, CredentialsError, Token};
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
    /// Connects with a token where there is a provider of them. A token that is not accepted is renewed once, and the
    /// attempt made once more if it is another one; never over a stream of the caller's, which is used up.
    pub(crate) async fn with_credentials(
        &self,
        url: &WsUrl,
        budget: Budget,
        stream: Option<Stream>,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let Some(credentials) = &self.identity.credentials else {
            return self.following(url, &self.request, budget, stream).await;
        };
        let repeatable = stream.is_none();
        if repeatable {
            // Before a token is asked for that must not be sent.
            self.dial.check_credentials(url)?;
        }
        let token = self.token(credentials, budget).await?;
        let error = match self.present(url, &token, budget, stream).await {
            Err(error) if error.is_token_invalid() || error.do_new_credentials_help() => error,
            result => return result,
        };
        // RFC 6750 3.1: "The client MAY request a new access token and retry the protected resource request."
        credentials.reject(&token);
        if !repeatable {
            return Err(error);
        }
        let fresh = self.token(credentials, budget).await?;
        if fresh.text() == token.text() {
            return Err(error);
        }
        self.present(url, &fresh, budget, None).await
    }

    async fn token(&self, credentials: &Credentials, budget: Budget) -> Result<Arc<Token>, CredentialsError> {
        let limit = budget.stage(self.timeouts.credentials);
        match timeout(limit, credentials.current()).await {
            Ok(token) => token,
            Err(_) => Err(CredentialsError::TimedOut { after: limit }),
        }
    }

    /// One attempt with this token.
    async fn present(
        &self,
        url: &WsUrl,
        token: &Arc<Token>,
        budget: Budget,
        stream: Option<Stream>,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let mut request = self.request.clone();
        request.bearer_token(token.text())?;
        let (socket, mut answer) = self.following(url, &request, budget, stream).await?;
        // Another origin was not shown it.
        answer.token = answer.url.same_origin(url).then(|| Arc::clone(token));
        Ok((socket, answer))
    }
}
