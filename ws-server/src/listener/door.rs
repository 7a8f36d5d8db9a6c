#[cfg(feature = "tls")]
use std::sync::Arc;

#[cfg(feature = "tls")]
use super::tls::TlsPort;

/// What is spoken on a listening address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// TLS, or plain HTTP.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Arc<TlsPort>>,
}

impl Door {
    /// Whether bytes mean nothing here unless they are encrypted.
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unused_self, reason = "what it says is in a field with TLS")
    )]
    pub(crate) const fn is_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }
}
