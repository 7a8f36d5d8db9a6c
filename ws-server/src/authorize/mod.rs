//! What somebody may: the trait, and the ways to decide.

mod authorizer;
mod error;
mod requirements;

pub use authorizer::{AllOf, Authorizer, from_fn};
pub use error::AuthorizationError;
pub use requirements::{Roles, Scopes};
