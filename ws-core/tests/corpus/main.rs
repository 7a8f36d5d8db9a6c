//! The checks of the fuzz targets on stable: over their corpora, and over streams made for the purpose.

#[path = "../../../fuzz/src/protocol/mod.rs"]
pub mod protocol;
#[path = "../../../fuzz/src/replay.rs"]
pub mod replay;

mod frames;
mod streams;

use protocol::{
    connection_vs_tungstenite, deflate, frames as frames_check, handshake_request, handshake_response,
};
use replay::replay;

#[test]
fn frames_corpus() {
    replay("frames", frames_check::check);
}

#[test]
fn connection_vs_tungstenite_corpus() {
    replay("connection_vs_tungstenite", connection_vs_tungstenite::check);
}

#[test]
fn deflate_corpus() {
    replay("deflate", deflate::check);
}

#[test]
fn handshake_request_corpus() {
    replay("handshake_request", handshake_request::check);
}

#[test]
fn handshake_response_corpus() {
    replay("handshake_response", handshake_response::check);
}
