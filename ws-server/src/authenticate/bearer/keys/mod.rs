//! Where the keys of a verifier come from: given once, or kept fresh from a file, an address or an OpenID provider.

mod error;
mod kept;
mod origin;
#[cfg(feature = "remote")]
mod provider;
mod refresh;
mod source;
mod state;
#[cfg(test)]
mod tests;

pub use error::KeysError;
pub(super) use kept::Kept;
pub use source::KeySource;
