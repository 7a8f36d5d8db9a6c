//! A connection that comes back by itself: [`Client::reconnecting`](crate::Client::reconnecting) gives a [`Reconnecting`],
//! whose task connects, restores what was agreed, and connects again after a loss, when and only where that can help.

mod backoff;
mod config;
mod counters;
mod error;
mod events;
#[cfg(test)]
mod fault_tests;
mod halves;
mod handle;
#[cfg(test)]
mod handle_tests;
mod history;
#[cfg(test)]
mod hook_tests;
mod hooks;
mod policy;
mod queue;
mod random;
#[cfg(test)]
mod scripted;
mod session;
mod state;
mod worker;
#[cfg(test)]
mod worker_tests;

pub use backoff::Backoff;
pub use config::{ReconnectConfig, WhenFull};
pub use counters::Counters;
pub use error::{RestoreError, SendError};
pub use halves::{Receiver, Sender};
pub use handle::Reconnecting;
pub use hooks::{BoxError, Failure, OnFailure, OnOpen, RestoreFuture};
pub use policy::Decision;
pub use queue::Bounds;
pub use state::{Opened, State};
