//! Who somebody is: the trait, the identity, and the ways to establish one.

mod ambient;
mod any_of;
pub mod api_key;
mod authenticator;
#[cfg(feature = "passwords")]
pub mod basic;
pub mod bearer;
mod certificate;
mod claims;
mod context;
pub mod cookie;
mod error;
mod identity;
mod informative;
#[cfg(feature = "remote")]
mod introspection;
mod json;
mod params;
mod places;
mod replaceable;
pub mod signed;
pub mod ticket;

pub use ambient::Ambient;
pub use any_of::AnyOf;
pub use authenticator::{Anonymous, Authenticator, BoxFuture, Challenging, from_fn};
pub use certificate::ClientCertificate;
pub use claims::ClaimsFault;
pub use context::HandshakeContext;
pub use error::{AuthenticationError, CredentialsFault};
pub use identity::{Identity, Scheme};
#[cfg(feature = "remote")]
pub use introspection::Introspection;
pub use json::JsonFault;
pub use params::Params;
