//! Tokens of the provider for our client, counted.

use tests::wire::{PATIENCE, Running};
use tokio::sync::watch;
use tokio::time::timeout;
use ws_client::credentials::oauth::TokenEndpoint;
use ws_client::credentials::{Credentials, TokenFuture, TokenProvider};
use ws_client::{Builder, Client};

use crate::provider::{Provider, secret};

/// The endpoint of the provider, for one of its clients.
pub(crate) fn endpoint(provider: &Provider, client: &str) -> TokenEndpoint {
    TokenEndpoint::new(&format!("{}/token", provider.issuer), client)
        .expect("local")
        .client_secret(secret(client))
        .scopes(["chat:read"])
        .parameter("resource", "https://chat.example/ES256")
}

/// How often a provider was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Requests {
    pub(crate) answered: usize,
    pub(crate) failed: usize,
}

/// What is known of a provider.
pub(crate) struct Watched(watch::Receiver<Requests>);

impl Watched {
    pub(crate) fn now(&self) -> Requests {
        *self.0.borrow()
    }

    /// Waits until this holds.
    pub(crate) async fn until(&mut self, holds: impl Fn(Requests) -> bool) {
        let known = timeout(2 * PATIENCE, self.0.wait_for(|requests| holds(*requests))).await;
        known.expect("in time").expect("somebody holds the provider");
    }
}

/// Credentials of `provider`, and how often it was asked.
pub(crate) fn watched(provider: impl TokenProvider) -> (Credentials, Watched) {
    let (requests, watched) = watch::channel(Requests::default());
    (Credentials::new(Counting { provider, requests }), Watched(watched))
}

struct Counting<P> {
    provider: P,
    requests: watch::Sender<Requests>,
}

impl<P: TokenProvider> TokenProvider for Counting<P> {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async {
            let token = self.provider.token().await;
            self.requests.send_modify(|requests| match &token {
                Ok(_) => requests.answered += 1,
                Err(_) => requests.failed += 1,
            });
            token
        })
    }
}

/// A client of the route `/numbers` whose tokens are renewed in band.
pub(crate) fn client(server: &Running, credentials: &Credentials) -> Builder {
    let builder = Client::builder(format!("ws://{}/numbers", server.address)).expect("valid");
    builder.credentials(credentials.clone()).renew_in_band(true)
}
