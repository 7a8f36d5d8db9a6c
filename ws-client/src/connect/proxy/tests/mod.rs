//! The client through scripted proxies.

mod choice;
mod connect;
#[cfg(feature = "tls")]
mod https;
mod scripted;
mod socks;
