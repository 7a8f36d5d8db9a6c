//! API keys, for programs: a secret of their own in a header field or in the query.

mod authenticator;
mod keys;
#[cfg(test)]
mod tests;

pub use authenticator::ApiKey;
pub use keys::{ApiKeyEntry, ApiKeys, ApiKeysError};
