//! A decision over HTTP: what nginx calls `auth_request`.
//!
//! # What is asked
//! A `GET` (or `POST`, without a body) of one address, with these fields. None of them is there if it has no value.
//!
//! | field | value |
//! |---|---|
//! | `X-Auth-Subject`, `X-Auth-Issuer`, `X-Auth-Scheme` | who it is, and how that is known; the scheme is `anonymous` for nobody |
//! | `X-Auth-Roles` | with commas between them |
//! | `X-Auth-Scopes` | with spaces between them |
//! | `X-Auth-Action`, `X-Auth-Resource` | `connect` for a handshake; what was asked of the session for an action |
//! | `X-Original-Method`, `X-Original-Host` | `GET`, and the `Host` of the handshake |
//! | `X-Original-URI` | the path of the handshake, with what [`Remote::query_except`] leaves of the query |
//! | `X-Original-Route` | the route, `/rooms/{room}` |
//! | `X-Forwarded-For`, `X-Forwarded-Proto` | the client's address, and `https` or `http` |
//!
//! In those of the identity and in action and resource, characters other than visible ASCII, commas and percent signs are
//! percent-encoded (RFC 3986 2.1), so that a role can neither become two nor begin a line. No credential goes along
//! unless [`Remote::forward`] names its field.
//!
//! # What the answer means
//! | status | |
//! |---|---|
//! | 2xx | yes |
//! | 401, 403 | no: `policy-denied`. Who is asking has been settled before, so that a 401 cannot mean that credentials are missing |
//! | any other, a redirect too; slow, broken or none | `authorization-unavailable`, with the `Retry-After` of the answer if it has one |
//!
//! `X-Auth-Rule` of an answer names the rule, for the trace or the one who is refused; it is `remote` otherwise.

mod cache;
mod config;
mod decider;
mod fields;
#[cfg(test)]
mod tests;

pub use config::RemoteError;
pub use decider::Remote;
