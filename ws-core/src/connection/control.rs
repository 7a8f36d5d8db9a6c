//! RFC 6455 5.5: control frames, written.

use bytes::BytesMut;

use super::{Role, SendError};
use crate::frame::{Header, MAX_CONTROL_PAYLOAD, MAX_HEADER, OpCode, apply_mask, fresh_mask_key};

/// Appends a control frame to `out`, masked where the role demands it.
///
/// # Errors
/// [`SendError::ControlTooLong`] beyond 125 bytes, [`SendError::Random`] where a client gets no key.
pub fn encode_control(
    role: Role,
    opcode: OpCode,
    payload: &[u8],
    out: &mut BytesMut,
) -> Result<(), SendError> {
    // RFC 6455 5.5: all control frames MUST have a payload of 125 bytes or fewer.
    if payload.len() > MAX_CONTROL_PAYLOAD {
        return Err(SendError::ControlTooLong(payload.len()));
    }
    append_frame(role, Header { fin: true, rsv1: false, opcode, mask: None, length: 0 }, payload, out)
}

/// Appends a text message of one frame that is not compressed, as it may be between messages that are (RFC 7692 6).
///
/// # Errors
/// [`SendError::Random`] where a client gets no masking key.
pub fn encode_plain_text(role: Role, text: &str, out: &mut BytesMut) -> Result<(), SendError> {
    let header = Header { fin: true, rsv1: false, opcode: OpCode::Text, mask: None, length: 0 };
    append_frame(role, header, text.as_bytes(), out)
}

/// Appends a frame with its payload; `header` needs neither mask nor length.
pub(super) fn append_frame(
    role: Role,
    header: Header,
    payload: &[u8],
    out: &mut BytesMut,
) -> Result<(), SendError> {
    let mask = fresh_mask(role)?;
    let mut bytes = [0; MAX_HEADER];
    let size = Header { mask, length: payload.len() as u64, ..header }.encode(&mut bytes);
    out.reserve(size + payload.len());
    out.extend_from_slice(&bytes[..size]);
    out.extend_from_slice(payload);
    if let Some(key) = mask {
        let start = out.len() - payload.len();
        apply_mask(&mut out[start..], key, 0);
    }
    Ok(())
}

/// RFC 6455 5.1: a client MUST mask all frames, a server MUST NOT mask any.
pub(super) fn fresh_mask(role: Role) -> Result<Option<[u8; 4]>, SendError> {
    match role {
        Role::Server => Ok(None),
        Role::Client => Ok(Some(fresh_mask_key()?)),
    }
}
