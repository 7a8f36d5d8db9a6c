//! Tokens of an authorization server (OAuth 2.0, RFC 6749).

mod answer;
mod client_credentials;
mod endpoint;
mod http;
mod refresh_token;
#[cfg(test)]
mod tests;

pub use client_credentials::ClientCredentials;
pub use endpoint::{TokenEndpoint, TokenEndpointError};
pub use refresh_token::RefreshToken;
