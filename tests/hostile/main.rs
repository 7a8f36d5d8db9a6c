//! Callers who mean no good: whatever they send, each connection ends in time, memory stays bounded, and the server
//! serves the next caller.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod closing;
mod compression;
mod descriptors;
mod documented;
mod floods;
mod frames;
mod heads;
mod silence;
mod support;
