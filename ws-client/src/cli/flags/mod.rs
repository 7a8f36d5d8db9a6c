//! What it takes to reach a server and to be let in: the flags of every command, in groups.

mod access;
#[cfg(test)]
mod access_tests;
mod credentials;
mod network;
mod request;
mod tls;
mod usage;

pub(super) use access::Access;
pub(super) use usage::Usage;
