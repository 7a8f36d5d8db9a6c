//! The state machine of an open connection, without I/O and without a clock.
//!
//! Bytes go in and events come out ([`Receiver`]); messages go in and bytes come out ([`Sender`]). The
//! two directions share nothing but the closing handshake, so that they can be driven apart;
//! [`Connection`] joins them where one owner drives both. Time is an argument ([`Keepalive`]).

mod assembly;
mod config;
mod control;
#[cfg(test)]
mod deflate_tests;
mod error;
mod keepalive;
mod machine;
mod receiver;
#[cfg(test)]
mod samples;
mod sender;

pub use config::{Config, Limits, Role};
pub use control::{encode_control, encode_plain_text};
pub use error::{ProtocolError, SendError};
#[cfg(feature = "tokio")]
pub(crate) use keepalive::after;
pub use keepalive::{Keepalive, KeepaliveAction};
pub use machine::Connection;
pub use receiver::{Event, Receiver};
pub use sender::{DIRECT_PAYLOAD, Sender};
