//! RFC 6455 5.2: what a frame carries.

use super::FrameError;

/// The opcode of a frame (RFC 6455 section 5.2 and 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpCode {
    /// A further fragment of a message.
    Continuation = 0x0,
    /// A text message, or its first fragment.
    Text = 0x1,
    /// A binary message, or its first fragment.
    Binary = 0x2,
    /// The closing handshake.
    Close = 0x8,
    /// A question whether the peer is there.
    Ping = 0x9,
    /// The answer to a ping.
    Pong = 0xA,
}

impl OpCode {
    /// Reads the low four bits of a frame's first byte.
    ///
    /// # Errors
    /// [`FrameError::ReservedOpcode`] for 3 to 7 and 11 to 15.
    pub const fn from_bits(bits: u8) -> Result<Self, FrameError> {
        match bits {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xA => Ok(Self::Pong),
            // RFC 6455 5.2: an unknown opcode MUST fail the connection.
            other => Err(FrameError::ReservedOpcode(other)),
        }
    }

    /// Whether frames of this opcode are control frames (RFC 6455 section 5.5).
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}
