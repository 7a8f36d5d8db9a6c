//! The servers behind the gateway: how they are reached, what they are told, and how messages pass.

mod connect;
mod error;
mod fields;
mod identity;
mod pump;
mod resource;
mod target;
mod tls;

pub(crate) use connect::{Legs, Upstream};
pub(crate) use fields::Credentials;
pub(crate) use pump::{echo, pump};
pub(crate) use target::{Target, Timeouts};
pub(crate) use tls::{CaError, Trust};
