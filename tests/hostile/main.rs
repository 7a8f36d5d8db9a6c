//! Callers who mean no good: whatever they send, each connection ends in time, memory stays bounded, and the server
//! serves the next caller. And servers who mean no good: our client calls each misdeed by its name, and does not spin.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod clients;
mod closing;
mod compression;
mod descriptors;
mod documented;
mod floods;
mod frames;
mod heads;
mod servers;
mod silence;
mod support;
