//! The async socket: what leaves when, what is held, and how a connection ends.

mod batching;
mod ending;
mod support;
mod traffic;
