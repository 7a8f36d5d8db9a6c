use bytes::{BufMut as _, BytesMut};

/// The largest stored block (RFC 1951 3.2.4).
const LARGEST: usize = 0xffff;

/// Appends a message as stored blocks, with the tail of the last, empty one taken off (RFC 7692
/// 7.2.1). It starts at a byte boundary, as every message of ours does, and looks back at nothing.
///
/// RFC 7692 7.2.3.6: the empty message is a single zero byte.
pub(super) fn store(message: &[u8], out: &mut BytesMut) {
    out.reserve(message.len() + message.len().div_ceil(LARGEST) * 5 + 1);
    for chunk in message.chunks(LARGEST) {
        // A chunk has at most this many bytes, so that the length is always there.
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        out.put_u8(0x00);
        out.put_u16_le(length);
        out.put_u16_le(!length);
        out.put_slice(chunk);
    }
    out.put_u8(0x00);
}
