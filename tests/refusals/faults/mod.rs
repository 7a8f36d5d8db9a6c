//! The faults, by what they concern.

pub(crate) mod credentials;
pub(crate) mod head;
pub(crate) mod permissions;
pub(crate) mod server;
pub(crate) mod upgrade;
