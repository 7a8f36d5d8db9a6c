//! The async socket: what leaves when, what is held, and how a connection ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adversity;
mod batching;
mod ending;
mod inspecting;
mod support;
mod traffic;
