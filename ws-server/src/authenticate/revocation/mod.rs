//! Credentials and subjects that are revoked before their time: what is revoked, and where it is kept.

mod error;
mod file;
mod list;
#[expect(clippy::module_inception, reason = "the room is named for the type that is its centre")]
mod revocation;
mod revocations;

pub use error::RevocationError;
pub use revocation::Revocation;
pub(crate) use revocations::OnRevocation;
pub use revocations::Revocations;
