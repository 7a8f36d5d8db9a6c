//! A connection attempt with a token of a provider, and a second one with a fresh token where that helps.

use std::sync::Arc;

use tokio::time::timeout;
use ws_core::net::WebSocket;

use super::first_message::introduce;
use super::{Credentials, CredentialsError, Placement, Token, in_band};
use crate::client::{Answer, Client};
use crate::connect::WsUrl;
use crate::connect::dial::Stream;
use crate::connect::timeouts::Budget;
use crate::error::ConnectError;
use crate::observe::{Stage, Watch};
use crate::request::{BEARER, Request};

/// Which credentials a client presents, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presented {
    pub(crate) credentials: Option<Credentials>,
    pub(crate) placement: Placement,
    /// Tokens are renewed on live connections.
    pub(crate) in_band: bool,
}

impl Client {
    /// Connects with a token where there is a provider of them. A token that is not accepted is renewed once, and the
    /// attempt made once more if it is another one; never over a stream of the caller's, which is used up.
    pub(crate) async fn with_credentials(
        &self,
        url: &WsUrl,
        budget: Budget,
        watch: &Watch<'_>,
        stream: Option<Stream>,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let Some(credentials) = &self.identity.credentials else {
            return self.following(url, &self.request, budget, watch, stream).await;
        };
        let repeatable = stream.is_none();
        if repeatable {
            // Before a token is asked for that must not be sent.
            self.dial.check_credentials(url)?;
        }
        let token = self.token(credentials, budget, watch).await?;
        let error = match self.present(url, &token, budget, watch, stream).await {
            Err(error) if error.is_token_invalid() || error.do_new_credentials_help() => error,
            result => return result,
        };
        // RFC 6750 3.1: "The client MAY request a new access token and retry the protected resource request."
        credentials.reject(&token);
        if !repeatable {
            return Err(error);
        }
        let fresh = self.token(credentials, budget, watch).await?;
        if fresh.text() == token.text() {
            return Err(error);
        }
        self.present(url, &fresh, budget, watch, None).await
    }

    async fn token(
        &self,
        credentials: &Credentials,
        budget: Budget,
        watch: &Watch<'_>,
    ) -> Result<Arc<Token>, ConnectError> {
        let limit = budget.stage(self.timeouts.credentials);
        let token = async {
            match timeout(limit, credentials.current()).await {
                Ok(token) => token,
                Err(_) => Err(CredentialsError::TimedOut { after: limit }),
            }
        };
        watch.stage(Stage::Credentials, token, |_| String::new()).await
    }

    /// One attempt with this token.
    async fn present(
        &self,
        url: &WsUrl,
        token: &Arc<Token>,
        budget: Budget,
        watch: &Watch<'_>,
        stream: Option<Stream>,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let mut request = self.request.clone();
        request.token(token, &self.identity.placement)?;
        self.following(url, &request, budget, watch, stream).await
    }

    /// What follows an accepted handshake with a token of a provider.
    pub(crate) async fn introduced(
        &self,
        mut socket: WebSocket,
        mut answer: Answer,
        request: &Request,
        budget: Budget,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        if let Some(token) = request.introduction() {
            introduce(&mut socket, token, budget.stage(self.timeouts.handshake)).await?;
        }
        let Some(token) = request.carries() else { return Ok((socket, answer)) };
        // What carried the token is no subprotocol.
        if self.identity.placement == Placement::Subprotocol {
            answer.subprotocol =
                answer.subprotocol.filter(|selected| selected != BEARER && selected != token.text());
        }
        if let Some(credentials) = self.identity.credentials.as_ref().filter(|_| self.identity.in_band) {
            in_band::renew(&mut socket, credentials, Arc::clone(token));
        }
        answer.token = Some(Arc::clone(token));
        Ok((socket, answer))
    }
}
