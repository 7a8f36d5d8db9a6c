//! What somebody may: the trait, and the ways to decide.
//!
//! An [`Authorizer`] says yes, no with a cause, that nobody can be asked, or nothing at all. Several become one by
//! [`AllOf`], [`AnyOf`] and [`Not`]; a route asks its own as [`AllOf`] does.

mod action;
mod authorizer;
#[cfg(feature = "cedar")]
pub mod cedar;
mod combinators;
mod decide;
mod error;
mod logic;
mod permit;
#[cfg(feature = "remote")]
pub mod remote;
mod requirements;
mod rules;
#[cfg(test)]
mod tests;

pub use action::{Action, ActionFn, action_fn};
pub use authorizer::{Authorizer, Everybody, from_fn};
pub use combinators::{AllOf, AnyOf, Not};
pub use decide::decide_action;
pub(crate) use decide::decide_handshake;
pub use error::AuthorizationError;
pub use permit::{Authorization, Permit};
pub use requirements::{Roles, Scopes};
pub use rules::Rules;
