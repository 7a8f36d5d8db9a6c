//! The WebSocket protocol without I/O (RFC 6455), its compression (RFC 7692), and the catalogue of
//! refusals.
//!
//! ```text
//! bytes ──▶ head ──▶ handshake ──▶ [decision] ──▶ frame ──▶ message ──▶ connection ──▶ handler
//!             │           │            ▲  │                                  │
//!             └───────────┴── refusal ─┼──┘            ◀── the same rooms backwards, encoding
//!                                      │
//!                            a server's policy
//! ```
//!
//! Each module is one room of the picture and uses only those to its left:
//!
//! | module | what is in it |
//! |---|---|
//! | [`head`] | an HTTP/1.1 head, read strictly and in any number of pieces |
//! | [`handshake`] | the opening handshake of server and client, rule by rule (RFC 6455 section 4) |
//! | [`refusal`] | every cause for which a connection is refused or ended, with its one answer |
//! | [`frame`] | frame headers and masks (RFC 6455 section 5) |
//! | [`message`] | text, close codes and reasons (RFC 6455 sections 5.5, 5.6, 7.4 and 8.1) |
//! | [`deflate`] | permessage-deflate (RFC 7692) |
//! | [`connection`] | the state machine of an open connection: bytes in, events out; messages in, bytes out |
//! | `net` | the async socket on it (feature `tokio`) |
//!
//! Without the feature `tokio` there is no I/O, no clock and no task in here: time is an argument, and
//! bytes come and go in buffers of the caller.

#![deny(missing_docs)]

pub mod connection;
pub mod deflate;
pub mod frame;
pub mod handshake;
pub mod head;
pub mod message;
#[cfg(feature = "tokio")]
pub mod net;
pub mod refusal;
