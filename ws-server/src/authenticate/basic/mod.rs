//! Users and passwords (RFC 7617) from an htpasswd file.

mod authenticator;
mod hash;
mod htpasswd;
#[cfg(test)]
mod tests;
mod user_pass;
mod workers;

pub use authenticator::Basic;
pub use hash::HashFault;
pub use htpasswd::{Htpasswd, HtpasswdError, LineFault};
