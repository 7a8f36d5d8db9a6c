//! Who watches connections come about: metrics, `tracing`, and whoever else wants to.
//!
//! A call of [`Client::connect`](crate::Client::connect) is an [`Attempt`]. It goes through [`Stage`]s, some of them
//! more than once: a token that is not accepted is renewed, and the way is gone again; so it is after a redirection. An
//! [`Observer`] is told when an attempt begins, how each stage ends and how long it took, and how the attempt ends.
//! [`Stages`] is one that keeps what it was told.
//!
//! # `tracing`
//! Each attempt is a span `ws.connect` (level info) with the URL, without its query, and a number. In it each stage that
//! ends is an event (debug) with `stage`, `outcome`, `ms` and `detail`; the end of the attempt is one (info), with `code`
//! where it failed. No secret is in any of them.

#[cfg(test)]
mod observe_tests;
mod observer;
mod stages;
mod watch;

pub use observer::{Attempt, Observer, Outcome, Stage, StageEnd};
pub use stages::{StageRecord, Stages};
pub(crate) use watch::{Observers, Watch};
