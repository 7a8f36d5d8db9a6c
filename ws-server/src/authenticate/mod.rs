//! Who somebody is: the trait, the identity, and the ways to establish one.

pub mod bearer;
mod identity;

pub use identity::{Identity, Scheme};
