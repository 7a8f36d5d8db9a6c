//! Which proxy leads to which server.

use std::sync::Arc;

use super::{Environment, ProxyError, ProxyUrl};
use crate::connect::WsUrl;

/// Which proxies are used.
#[derive(Clone, Debug)]
pub(crate) enum Proxies {
    /// None.
    None,
    /// The caller's, for all servers.
    Fixed(Arc<ProxyUrl>),
    /// Those of the environment, for all servers but those on this machine.
    Environment(Arc<Environment>),
}

impl Proxies {
    /// The proxy that leads to `url`, if one does; `local` tells whether that is on this machine.
    pub(crate) fn proxy_for(&self, url: &WsUrl, local: bool) -> Result<Option<&ProxyUrl>, ProxyError> {
        match self {
            Self::Fixed(proxy) => Ok(Some(proxy)),
            Self::Environment(environment) if !local => environment.proxy_for(url),
            _ => Ok(None),
        }
    }
}

impl Default for Proxies {
    fn default() -> Self {
        Self::Environment(Arc::new(Environment::of_process()))
    }
}
