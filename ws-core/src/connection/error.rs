//! The peer's faults and the caller's, kept apart.

use thiserror::Error;

use crate::{
    deflate::InflateError,
    frame::{FrameError, RandomUnavailable},
    message::{CloseCode, CloseFrameError, InvalidUtf8},
};

/// The peer broke the protocol or a limit: the connection is failed (RFC 6455 section 7.1.7) with
/// [`close_code`](Self::close_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame header that is never valid.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A client sent a frame without a mask (RFC 6455 5.1).
    #[error("a frame from a client is not masked")]
    MaskMissing,
    /// A server sent a frame with a mask (RFC 6455 5.1).
    #[error("a frame from a server is masked")]
    MaskUnexpected,
    /// RSV1 where no compressed message can start (RFC 6455 5.2, RFC 7692 6).
    #[error("RSV1 is set where no compressed message can start")]
    CompressionUnexpected,
    /// A continuation frame with nothing to continue (RFC 6455 5.4).
    #[error("a continuation frame with nothing to continue")]
    ContinuationUnexpected,
    /// A new message inside an unfinished one (RFC 6455 5.4).
    #[error("a new message began before the last one was finished")]
    ContinuationExpected,
    /// The frame is longer than we allow.
    #[error("a frame is longer than the limit of {limit} bytes")]
    FrameTooBig {
        /// [`Limits::frame`](super::Limits::frame).
        limit: usize,
    },
    /// The message is longer than we allow, or would inflate to more.
    #[error("a message is longer than the limit of {limit} bytes")]
    MessageTooBig {
        /// [`Limits::message`](super::Limits::message).
        limit: usize,
    },
    /// The compressed message inflates to more times its size than we allow.
    #[error("a compressed message inflates to too many times its size")]
    RatioTooHigh,
    /// The message comes in more fragments than we allow.
    #[error("a message comes in too many fragments")]
    TooManyFragments,
    /// A text message is not UTF-8 (RFC 6455 8.1).
    #[error("a text message is not valid UTF-8")]
    InvalidUtf8,
    /// The body of a Close frame is malformed (RFC 6455 5.5.1).
    #[error(transparent)]
    CloseFrame(#[from] CloseFrameError),
    /// The compressed data is corrupt (RFC 7692 7.2.2).
    #[error("a compressed message does not inflate")]
    CompressionCorrupt,
}

impl ProtocolError {
    /// The code that the connection is closed with (RFC 6455 section 7.4.1).
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::CloseFrame(CloseFrameError::Reason) | Self::CompressionCorrupt => {
                CloseCode::INVALID_PAYLOAD
            }
            Self::FrameTooBig { .. } | Self::MessageTooBig { .. } | Self::RatioTooHigh => {
                CloseCode::MESSAGE_TOO_BIG
            }
            Self::TooManyFragments => CloseCode::POLICY_VIOLATION,
            Self::Frame(_)
            | Self::MaskMissing
            | Self::MaskUnexpected
            | Self::CompressionUnexpected
            | Self::ContinuationUnexpected
            | Self::ContinuationExpected
            | Self::CloseFrame(_) => CloseCode::PROTOCOL_ERROR,
        }
    }

    pub(super) const fn inflating(error: InflateError, limit: usize) -> Self {
        match error {
            InflateError::TooLarge => Self::MessageTooBig { limit },
            InflateError::RatioExceeded => Self::RatioTooHigh,
            InflateError::Corrupt | InflateError::Incomplete => Self::CompressionCorrupt,
        }
    }
}

impl From<InvalidUtf8> for ProtocolError {
    fn from(_: InvalidUtf8) -> Self {
        Self::InvalidUtf8
    }
}

/// The caller asked for what cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// A Close frame was sent or received already: nothing may follow it (RFC 6455 5.5.1).
    #[error("the connection is closed, nothing more can be sent")]
    Closed,
    /// The payload of a ping or pong is longer than 125 bytes (RFC 6455 5.5).
    #[error("the payload of a control frame is {0} bytes long; 125 are allowed")]
    ControlTooLong(usize),
    /// A fragmented message is not finished: its next fragment has to come first (RFC 6455 5.4).
    #[error("a fragmented message is not finished; send its last fragment first")]
    Unfinished,
    /// No masking key could be made.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}
