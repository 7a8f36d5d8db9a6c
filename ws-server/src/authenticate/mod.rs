//! Who somebody is: the trait, the identity, and the ways to establish one.

mod authenticator;
pub mod bearer;
mod certificate;
mod context;
mod error;
mod identity;
mod params;

pub use authenticator::{Anonymous, Authenticator, BoxFuture, Challenging, from_fn};
pub use certificate::ClientCertificate;
pub use context::HandshakeContext;
pub use error::{AuthenticationError, CredentialsFault};
pub use identity::{Identity, Scheme};
pub use params::Params;
