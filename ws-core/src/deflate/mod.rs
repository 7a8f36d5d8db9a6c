//! RFC 7692: permessage-deflate.

use bytes::BytesMut;

/// How we use compression.
#[derive(Clone, Debug)]
pub struct DeflateConfig {
    /// The server's context is reset for each message.
    pub server_no_context_takeover: bool,
    /// The client's context is reset for each message.
    pub client_no_context_takeover: bool,
    /// Bits of the server's window.
    pub server_max_window_bits: u8,
    /// Bits of the client's window.
    pub client_max_window_bits: u8,
    /// 1 (fast) to 9 (small).
    pub level: u8,
    /// Shorter messages go uncompressed.
    pub threshold: usize,
}

/// What was agreed.
#[derive(Clone, Copy, Debug)]
pub struct DeflateParams {
    /// The server's context is reset for each message.
    pub server_no_context_takeover: bool,
    /// The client's context is reset for each message.
    pub client_no_context_takeover: bool,
    /// Bits of the server's window.
    pub server_max_window_bits: u8,
    /// Bits of the client's window.
    pub client_max_window_bits: u8,
}

/// Why a message does not inflate.
#[derive(Debug)]
pub enum InflateError {
    /// It would be larger than the limit.
    TooLarge,
    /// It is not DEFLATE.
    Corrupt,
}

/// Inflates messages.
#[derive(Debug)]
pub struct Inflater;

impl Inflater {
    /// For the peer's window.
    pub fn new(_window_bits: u8, _no_context_takeover: bool) -> Self {
        Self
    }

    /// Inflates the next piece of a message.
    pub fn inflate(
        &mut self,
        _input: &[u8],
        _end_of_message: bool,
        _out: &mut BytesMut,
        _limit: usize,
    ) -> Result<(), InflateError> {
        Err(InflateError::Corrupt)
    }
}

/// Compresses messages.
#[derive(Debug)]
pub struct Compressor;

impl Compressor {
    /// For our window.
    pub fn new(_window_bits: u8, _no_context_takeover: bool, _level: u8) -> Self {
        Self
    }

    /// Compresses one message.
    pub fn compress(&mut self, _message: &[u8], _out: &mut BytesMut) {}
}
