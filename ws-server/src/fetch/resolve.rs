//! The look-up of a host's name, whose failure can be told from that of a connection.

use std::{
    future::ready,
    net::SocketAddr,
    task::{Context, Poll},
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use thiserror::Error;
use tower_service::Service;

use crate::authenticate::BoxFuture;

/// Asks the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Resolver;

/// A name without an address.
#[derive(Clone, Copy, Debug, Error)]
#[error("the name cannot be resolved")]
pub(super) struct Unresolved;

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = BoxFuture<'static, Result<Self::Response, Unresolved>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if name.as_str().is_empty() {
            return Box::pin(ready(Err(Unresolved)));
        }
        Box::pin(async move {
            // The port is the connector's to fill in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| Unresolved)?;
            let found: Vec<_> = found.collect();
            if found.is_empty() { Err(Unresolved) } else { Ok(found.into_iter()) }
        })
    }
}
