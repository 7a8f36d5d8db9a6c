//! A real OpenID provider, node's `oidc-provider`: it issues tokens over the loopback, our client brings them, and our
//! server checks them with the provider's keys, or asks the provider.
//!
//! ```text
//! cargo test --release -p tests --test openid
//! ```
//!
//! How long `lasting` takes is set by two variables, in seconds: `WS_OPENID_LIFETIME` is that of a token (6), and
//! `WS_OPENID_DURATION` that of a connection (40). In full:
//!
//! ```text
//! WS_OPENID_LIFETIME=60 WS_OPENID_DURATION=300 cargo test --release -p tests --test openid lasting
//! ```
//!
//! The package is installed from its registry first.

mod lasting;
mod numbers;
mod opaque;
mod outage;
mod provider;
mod renewed;
mod rotation;
mod signed;
mod support;
mod tokens;
