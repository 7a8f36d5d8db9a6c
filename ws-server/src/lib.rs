//! ws-server

pub mod authenticate;
pub mod authorize;
pub mod gate;

pub use authenticate::Params;
