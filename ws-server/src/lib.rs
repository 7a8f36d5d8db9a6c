//! ws-server
pub mod authenticate;
