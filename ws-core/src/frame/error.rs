//! What can be wrong with a frame's header.

use thiserror::Error;

/// A frame header that RFC 6455 does not allow. Each of these fails the connection with 1002.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// RSV2 or RSV3 is set: no extension that we speak uses them (RFC 6455 5.2).
    #[error("reserved bits are set in a frame header")]
    ReservedBits,
    /// The opcode is one of the reserved ones (RFC 6455 5.2).
    #[error("reserved opcode {0:#x}")]
    ReservedOpcode(u8),
    /// A control frame without FIN (RFC 6455 5.5).
    #[error("a control frame is fragmented")]
    ControlFragmented,
    /// A control frame with more than 125 bytes of payload (RFC 6455 5.5).
    #[error("a control frame carries more than 125 bytes")]
    ControlTooLong,
    /// The payload length would have fitted a shorter encoding (RFC 6455 5.2).
    #[error("the payload length is not minimally encoded")]
    LengthNotMinimal,
    /// The most significant bit of a 64-bit payload length is set (RFC 6455 5.2).
    #[error("the payload length has its top bit set")]
    LengthTopBit,
}
