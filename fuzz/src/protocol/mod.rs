//! Checks of `ws-core`, one file for each target, beside what they share.

pub mod connection_vs_tungstenite;
mod conversation;
pub mod deflate;
mod frame_oracle;
pub mod frames;
pub mod handshake_request;
pub mod handshake_response;
mod head_decisions;
#[path = "../../../ws-core/src/deflate/oracle.rs"]
mod inflate_oracle;
mod input;
mod memory_stream;
mod outcome;
