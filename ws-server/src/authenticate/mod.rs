//! Who somebody is: the trait, the identity, and the ways to establish one.
//!
//! Programs bring a token ([`bearer`]), a key ([`api_key`]) or a password (`basic`, feature `passwords`). A page in a
//! browser, whose WebSocket can send no field of its own, brings a session [`cookie`], or a [`ticket`] in the query.
//! A route may take several: the first credentials that somebody has chosen to send decide, in the route's order, and
//! a cookie only where there are none. [`AnyOf`] asks all of its own about the same credentials.

mod ambient;
mod any_of;
pub mod api_key;
mod authenticator;
#[cfg(feature = "passwords")]
pub mod basic;
pub mod bearer;
mod certificate;
mod claims;
#[cfg(feature = "tls")]
mod client_certificate;
mod context;
pub mod cookie;
mod digest;
#[cfg(feature = "tls")]
mod distinguished_name;
mod error;
mod identity;
mod informative;
#[cfg(feature = "remote")]
mod introspection;
mod json;
mod params;
mod places;
mod replaceable;
mod revocation;
pub mod signed;
pub mod ticket;

pub use ambient::Ambient;
pub use any_of::AnyOf;
pub use authenticator::{Anonymous, Authenticator, BoxFuture, Challenging, from_fn};
pub use certificate::{CertificateFault, ClientCertificate};
pub use claims::ClaimsFault;
#[cfg(feature = "tls")]
pub use client_certificate::{CertificateDetails, CertificateName, ClientCertificates};
pub use context::HandshakeContext;
pub use error::{AuthenticationError, CredentialsFault};
pub use identity::{Identity, Scheme};
#[cfg(feature = "remote")]
pub use introspection::{ClientCredentialsError, Introspection};
pub use json::JsonFault;
pub use params::Params;
pub(crate) use revocation::OnRevocation;
pub use revocation::{Revocation, RevocationError, Revocations};
