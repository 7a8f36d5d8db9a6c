use std::io;

use thiserror::Error;

use crate::authenticate::bearer::JwkSetError;
#[cfg(feature = "remote")]
use crate::{
    authenticate::JsonFault,
    fetch::{EndpointError, FetchError},
};

/// Why the keys of a [`KeySource`](super::KeySource) cannot be had. Never the fault of a caller.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the file of the key set cannot be read: {0}")]
    File(io::ErrorKind),
    /// What was found is no usable key set.
    #[error(transparent)]
    Set(#[from] JwkSetError),
    /// Nothing was brought.
    #[cfg(feature = "remote")]
    #[error("the {what} cannot be fetched: {error}")]
    Fetch {
        /// What was to be fetched.
        what: &'static str,
        /// Why not.
        error: FetchError,
    },
    /// Something else than a 200 was answered.
    #[cfg(feature = "remote")]
    #[error("the {what} was answered with status {status}")]
    Status {
        /// What was to be fetched.
        what: &'static str,
        /// The status.
        status: u16,
    },
    /// The provider's metadata are not one JSON object (OpenID Connect Discovery 4.2).
    #[cfg(feature = "remote")]
    #[error("the provider's metadata {0}")]
    MetadataJson(JsonFault),
    /// A member of the provider's metadata is missing or no string (OpenID Connect Discovery 3).
    #[cfg(feature = "remote")]
    #[error("the provider's metadata have no string `{0}`")]
    MetadataMember(&'static str),
    /// The metadata are those of another issuer (OpenID Connect Discovery 4.3).
    #[cfg(feature = "remote")]
    #[error("the provider's metadata are of another issuer")]
    IssuerMismatch,
    /// `jwks_uri` is nothing that can be fetched.
    #[cfg(feature = "remote")]
    #[error("the provider's `jwks_uri` cannot be used: {0}")]
    JwksUri(EndpointError),
    /// The provider is spoken to over TLS, and `jwks_uri` names a place that is not.
    #[cfg(feature = "remote")]
    #[error("the provider's `jwks_uri` is not https, as the issuer is")]
    JwksUriInsecure,
    /// Nothing has been tried: there is no runtime to try it on.
    #[error("the keys have not been fetched yet")]
    NotYet,
    /// The last set that was had is older than is allowed.
    #[error("the keys are too old to go on with")]
    Stale,
}
