//! Messages in, bytes out.

use bytes::{Bytes, BytesMut};

use super::{
    Config, Role, SendError,
    control::{append_frame, fresh_mask},
};
use crate::{
    deflate::Compressor,
    frame::{Header, MAX_HEADER, OpCode, apply_mask},
    message::Message,
};

/// From this size on a payload is handed on as it is, to be written behind its header, rather than
/// copied.
pub const DIRECT_PAYLOAD: usize = 16 << 10;

/// The sending half: it writes frames.
#[derive(Debug)]
pub struct Sender {
    role: Role,
    /// A fragmented message has begun.
    unfinished: bool,
    /// There where permessage-deflate was agreed.
    deflate: Option<Box<Deflate>>,
}

#[derive(Debug)]
struct Deflate {
    compressor: Compressor,
    threshold: usize,
}

impl Sender {
    /// The sending half of a connection that has just opened.
    pub fn new(config: &Config) -> Self {
        let deflate = config.deflate.as_ref().map(|(params, ours)| {
            let (bits, no_takeover) = match config.role {
                Role::Server => (params.server_max_window_bits, params.server_no_context_takeover),
                Role::Client => (params.client_max_window_bits, params.client_no_context_takeover),
            };
            let compressor = Compressor::new(bits, no_takeover, ours.level);
            Box::new(Deflate { compressor, threshold: ours.threshold })
        });
        Self { role: config.role, unfinished: false, deflate }
    }

    /// Appends a message to `out`. A large payload that goes out as it is comes back: it is to be
    /// written right after `out`.
    ///
    /// # Errors
    /// [`SendError::Unfinished`] inside a fragmented message; [`SendError::Random`] where a client gets
    /// no masking key.
    #[inline]
    pub fn encode(&mut self, message: Message, out: &mut BytesMut) -> Result<Option<Bytes>, SendError> {
        if self.unfinished {
            return Err(SendError::Unfinished);
        }
        let opcode = match &message {
            Message::Text(_) => OpCode::Text,
            Message::Binary(_) => OpCode::Binary,
        };
        let header = Header { fin: true, rsv1: false, opcode, mask: None, length: 0 };
        if let Some(deflate) = self.deflate.as_mut().filter(|deflate| message.len() >= deflate.threshold) {
            deflate.append(self.role, header, message.as_bytes(), out)?;
            return Ok(None);
        }
        if message.len() >= DIRECT_PAYLOAD {
            return append_direct(self.role, header, message.into_bytes(), out).map(Some);
        }
        append_frame(self.role, header, message.as_bytes(), out)?;
        Ok(None)
    }

    /// Appends one fragment of a message (RFC 6455 section 5.4), uncompressed. The kind of the message
    /// is told by its first fragment; `fin` ends it. Text may be cut anywhere.
    ///
    /// # Errors
    /// [`SendError::Random`] where a client gets no masking key.
    pub fn encode_fragment(
        &mut self,
        text: bool,
        payload: &[u8],
        fin: bool,
        out: &mut BytesMut,
    ) -> Result<(), SendError> {
        let opcode = match (self.unfinished, text) {
            (true, _) => OpCode::Continuation,
            (false, true) => OpCode::Text,
            (false, false) => OpCode::Binary,
        };
        append_frame(self.role, Header { fin, rsv1: false, opcode, mask: None, length: 0 }, payload, out)?;
        self.unfinished = !fin;
        Ok(())
    }
}

/// Appends the header alone and returns the payload as it goes on the wire.
fn append_direct(role: Role, header: Header, payload: Bytes, out: &mut BytesMut) -> Result<Bytes, SendError> {
    let mask = fresh_mask(role)?;
    let mut bytes = [0; MAX_HEADER];
    let size = Header { mask, length: payload.len() as u64, ..header }.encode(&mut bytes);
    out.extend_from_slice(&bytes[..size]);
    let Some(key) = mask else { return Ok(payload) };
    // A payload that nobody else holds is masked where it is, any other is copied.
    let mut masked = payload.try_into_mut().unwrap_or_else(BytesMut::from);
    apply_mask(&mut masked, key, 0);
    Ok(masked.freeze())
}

impl Deflate {
    fn append(
        &mut self,
        role: Role,
        header: Header,
        payload: &[u8],
        out: &mut BytesMut,
    ) -> Result<(), SendError> {
        let mask = fresh_mask(role)?;
        let start = out.len();
        // The header's size depends on the compressed length: room is left for the longest one, and
        // what is too much is closed up again.
        out.resize(start + MAX_HEADER, 0);
        self.compressor.compress(payload, out);
        let body = start + MAX_HEADER;
        if let Some(key) = mask {
            apply_mask(&mut out[body..], key, 0);
        }
        let length = out.len() - body;
        let mut bytes = [0; MAX_HEADER];
        let size = Header { rsv1: true, mask, length: length as u64, ..header }.encode(&mut bytes);
        out.copy_within(body.., start + size);
        out[start..start + size].copy_from_slice(&bytes[..size]);
        out.truncate(start + size + length);
        Ok(())
    }
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
