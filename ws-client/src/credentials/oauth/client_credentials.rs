//! Tokens for the client itself.

use super::TokenEndpoint;
use super::answer::Asked;
use crate::credentials::{CredentialsError, Token, TokenFuture, TokenProvider};

/// Tokens that the client gets by its own credentials (RFC 6749 4.4): see [`TokenEndpoint::client_credentials`].
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    endpoint: TokenEndpoint,
}

impl ClientCredentials {
    pub(super) fn new(endpoint: TokenEndpoint) -> Self {
        Self { endpoint }
    }

    async fn ask(&self) -> Result<Token, CredentialsError> {
        let asked = Asked::now(&self.endpoint);
        let http = self.endpoint.http().await.map_err(|error| asked.failed(error))?;
        let client = self.endpoint.client();
        let mut request = client.exchange_client_credentials().add_scopes(self.endpoint.requested_scopes());
        for (name, value) in self.endpoint.parameters() {
            request = request.add_extra_param(name, value);
        }
        let answer = request.request_async(http).await;
        asked.token(&answer.map_err(|error| asked.refused(error))?)
    }
}

impl TokenProvider for ClientCredentials {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(self.ask())
    }
}
