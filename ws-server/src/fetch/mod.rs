//! How the server itself asks somebody over HTTP: key sets, token introspection, a remote decision.
//!
//! One client for all of them. It waits no longer and reads no more than it is told, follows no redirects (credentials
//! would go along), and looks at no proxy of the environment.

mod client;
mod config;
mod endpoint;
mod error;
mod resolve;
#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;

pub(crate) use client::{Fetched, Fetcher};
pub use config::{CertificateError, FetchConfig};
pub use endpoint::{Endpoint, EndpointError};
pub use error::FetchError;
