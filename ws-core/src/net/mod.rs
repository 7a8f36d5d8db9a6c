//! The async socket on the state machine, for server and client alike (feature `tokio`).
//!
//! ```text
//!            ┌──────────── WebSocket ───────────┐
//!  read ──▶  │ RecvHalf: pool buffer ─ Receiver │ ──▶ recv()
//!            │ SendHalf: Sender                 │ ◀── send()
//!            └───────────────┬──────────────────┘
//!  write ◀── Outbox ◀── cork ┘      (the cork gathers what one poll of the handler sends)
//! ```
//!
//! # Buffers
//! Bytes are read into a buffer of the thread's [`pool`], frames are taken out of it in place, and it
//! goes back when it is empty. An idle connection holds none; one that waits for the rest of a frame
//! holds as much as has come of it.
//!
//! # When what is sent leaves
//! - Under a [`Driver`] (a server's session): when the handler has been polled, when it has read all
//!   that was there, or when much has gathered.
//! - Elsewhere: at once, unless a message that came in the same read is still unread. Then it leaves with
//!   the answer to that one, or when the task yields, whichever is first.

mod config;
mod cork;
mod driver;
mod error;
mod halves;
mod inspect;
mod outbox;
pub mod pool;
mod queue;
mod recv;
mod send;
mod socket;
mod timer;
mod transport;
mod writer;

pub use config::SocketConfig;
pub use driver::{Driver, WeakDriver};
pub use error::Error;
pub use halves::ReuniteError;
pub use inspect::Inspect;
pub use recv::RecvHalf;
pub use send::SendHalf;
pub use socket::WebSocket;
pub use transport::{ReadSide, Transport, WriteSide};
