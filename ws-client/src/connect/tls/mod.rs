//! TLS between the stream and the handshake (RFC 6455 3: `wss`), by rustls on ring: TLS 1.2 and 1.3.

#[cfg(feature = "tls")]
mod alert;
#[cfg(feature = "tls")]
mod certificate;
#[cfg(feature = "tls")]
mod config_error;
mod error;
#[cfg(feature = "tls")]
mod explain;
#[cfg(all(test, feature = "tls"))]
mod identity_tests;
#[cfg(feature = "tls")]
mod input;
#[cfg(all(test, feature = "tls"))]
mod input_tests;
#[cfg(feature = "tls")]
mod pin;
#[cfg(feature = "tls")]
mod roots;
#[cfg(feature = "tls")]
mod settings;
#[cfg(feature = "tls")]
mod stage;
#[cfg(all(test, feature = "tls"))]
mod stage_tests;
#[cfg(all(test, feature = "tls"))]
mod testing;
#[cfg(feature = "tls")]
mod verifier;
mod version;
#[cfg(feature = "tls")]
mod wire;
#[cfg(feature = "tls")]
mod witness;

#[cfg(feature = "tls")]
pub use config_error::{TlsConfigError, TlsInput};
pub use error::TlsError;
#[cfg(feature = "tls")]
pub(crate) use input::{Input, identity, revocation_lists, roots};
#[cfg(feature = "tls")]
pub(crate) use pin::Pin;
#[cfg(feature = "oauth")]
pub(crate) use roots::platform;
#[cfg(feature = "tls")]
pub(crate) use settings::Settings;
#[cfg(feature = "tls")]
pub(crate) use stage::{Secured, Tls};
pub use version::TlsVersion;
