//! RFC 6455 5.2: the frame header, read and written.

use super::{FrameError, OpCode};

/// The longest frame header: two bytes, a 64-bit length, a masking key.
pub const MAX_HEADER: usize = 14;

/// The longest payload of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const OPCODE: u8 = 0x0F;
const MASK: u8 = 0x80;
const LENGTH: u8 = 0x7F;
const LENGTH_16: u8 = 0x7E;
const LENGTH_64: u8 = 0x7F;

/// The header of one frame (RFC 6455 section 5.2).
///
/// ```
/// use ws_core::frame::{Header, OpCode};
///
/// let (header, size) = Header::parse(&[0x81, 0x05, b'H', b'e'])?.expect("a whole header");
/// assert_eq!((header.fin, header.opcode, header.length, size), (true, OpCode::Text, 5, 2));
/// # Ok::<(), ws_core::frame::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last frame of its message.
    pub fin: bool,
    /// The first reserved bit: set on the first frame of a compressed message (RFC 7692 section 6).
    pub rsv1: bool,
    /// What the frame carries.
    pub opcode: OpCode,
    /// The masking key, where the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload.
    pub length: u64,
}

impl Header {
    /// Reads a header from the front of `bytes`: the header and its size in bytes, or `None` where
    /// more bytes are needed. What is wrong is told at the first byte that shows it.
    ///
    /// # Errors
    /// Every rule of RFC 6455 section 5.2 and 5.5 that a header alone can break.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, FrameError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        // RFC 6455 5.2: RSV bits MUST be 0 unless an extension defines them; RSV1 is the connection's to judge.
        if first & RSV2_RSV3 != 0 {
            return Err(FrameError::ReservedBits);
        }
        let opcode = OpCode::from_bits(first & OPCODE)?;
        let fin = first & FIN != 0;
        // RFC 6455 5.5: control frames MUST NOT be fragmented.
        if opcode.is_control() && !fin {
            return Err(FrameError::ControlFragmented);
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let (length, after_length) = match second & LENGTH {
            // RFC 6455 5.5: control frames MUST have a payload of 125 bytes or fewer.
            126 | 127 if opcode.is_control() => return Err(FrameError::ControlTooLong),
            126 => {
                let Some(&field) = bytes.get(2..).and_then(|rest| rest.first_chunk::<2>()) else {
                    return Ok(None);
                };
                (minimal(u64::from(u16::from_be_bytes(field)), 126)?, 4)
            }
            127 => {
                let Some(&field) = bytes.get(2..).and_then(|rest| rest.first_chunk::<8>()) else {
                    return Ok(None);
                };
                let length = u64::from_be_bytes(field);
                // RFC 6455 5.2: the most significant bit MUST be 0.
                if length >> 63 != 0 {
                    return Err(FrameError::LengthTopBit);
                }
                (minimal(length, 1 << 16)?, 10)
            }
            short => (u64::from(short), 2),
        };
        let rsv1 = first & RSV1 != 0;
        if second & MASK == 0 {
            return Ok(Some((Self { fin, rsv1, opcode, mask: None, length }, after_length)));
        }
        let Some(&key) = bytes.get(after_length..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Ok(None);
        };
        Ok(Some((Self { fin, rsv1, opcode, mask: Some(key), length }, after_length + 4)))
    }

    /// Writes the header to the front of `out`, with the shortest encoding of the length, and
    /// returns its size.
    #[inline]
    pub fn encode(&self, out: &mut [u8; MAX_HEADER]) -> usize {
        out[0] = self.opcode as u8 | if self.fin { FIN } else { 0 } | if self.rsv1 { RSV1 } else { 0 };
        let mask = if self.mask.is_some() { MASK } else { 0 };
        // RFC 6455 5.2: the minimal number of bytes MUST be used to encode the length.
        let mut size = 2;
        if self.length < 126 {
            out[1] = mask | (self.length.to_be_bytes()[7]);
        } else if self.length < 1 << 16 {
            out[1] = mask | LENGTH_16;
            out[2..4].copy_from_slice(&self.length.to_be_bytes()[6..]);
            size = 4;
        } else {
            out[1] = mask | LENGTH_64;
            out[2..10].copy_from_slice(&self.length.to_be_bytes());
            size = 10;
        }
        if let Some(key) = self.mask {
            out[size..size + 4].copy_from_slice(&key);
            size += 4;
        }
        size
    }
}

/// RFC 6455 5.2: a length below `floor` had a shorter encoding.
const fn minimal(length: u64, floor: u64) -> Result<u64, FrameError> {
    if length < floor { Err(FrameError::LengthNotMinimal) } else { Ok(length) }
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
