//! A real OpenID provider, node's `oidc-provider`: it issues tokens over the loopback, our client brings them, and our
//! server checks them with the provider's keys, or asks the provider.
//!
//! ```text
//! cargo test --release -p tests --test openid
//! ```
//!
//! The package is installed from its registry first.

mod opaque;
mod outage;
mod provider;
mod rotation;
mod signed;
mod support;
