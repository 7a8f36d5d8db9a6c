//! Clients that come back: in great number, at the time they are told, over a network that changes.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod crowd;
mod histogram;
mod silence;
mod storm;
