//! RFC 6455 5.5.1 and 7.4: what a Close frame says.

use bytes::BytesMut;
use thiserror::Error;

use super::Text;

/// The longest close reason in bytes: 125 less the two of the code (RFC 6455 section 5.5).
pub const MAX_REASON: usize = 123;

/// A close code (RFC 6455 section 7.4 and the IANA WebSocket Close Code Number Registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data that cannot be accepted.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: data inconsistent with its type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a policy was violated.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message too big to process.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the client misses an extension.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: the server met an unexpected condition.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the server restarts.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: try again later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got an invalid answer from upstream.
    pub const BAD_GATEWAY: Self = Self(1014);
    /// 3000: unauthorized.
    pub const UNAUTHORIZED: Self = Self(3000);
    /// 3003: forbidden.
    pub const FORBIDDEN: Self = Self(3003);
    /// 3008: timeout.
    pub const TIMEOUT: Self = Self(3008);

    /// The code for a number that may stand in a Close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999.
    pub const fn new(code: u16) -> Option<Self> {
        // RFC 6455 7.4.1 and 7.4.2: 1004 to 1006 and 1015 MUST NOT be sent, the others are unassigned.
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for CloseCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The body of a Close frame: a code and a reason.
///
/// ```
/// use ws_core::message::{CloseCode, CloseFrame};
///
/// let frame = CloseFrame::new(CloseCode::NORMAL, "bye");
/// assert_eq!((frame.code.get(), frame.reason.as_str()), (1000, "bye"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// Why.
    pub code: CloseCode,
    /// Why in words; at most 123 bytes go on the wire.
    pub reason: Text,
}

/// The body of a Close frame that RFC 6455 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CloseFrameError {
    /// One byte is neither nothing nor a code (RFC 6455 5.5.1).
    #[error("a close frame with a body of one byte")]
    OneByte,
    /// The code may not be sent (RFC 6455 7.4).
    #[error("close code {0} may not be sent")]
    Code(u16),
    /// The reason is not UTF-8 (RFC 6455 5.5.1).
    #[error("the close reason is not valid UTF-8")]
    Reason,
}

impl CloseFrame {
    /// A close frame's body. A reason of more than 123 bytes is cut, at a character's border.
    pub fn new(code: CloseCode, reason: impl Into<Text>) -> Self {
        let reason = reason.into();
        let kept = truncate_reason(&reason);
        if kept.len() == reason.len() { Self { code, reason } } else { Self { code, reason: kept.into() } }
    }

    /// Reads the payload of a Close frame; `None` where it is empty.
    pub(crate) fn parse(payload: &[u8]) -> Result<Option<Self>, CloseFrameError> {
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            return if payload.is_empty() { Ok(None) } else { Err(CloseFrameError::OneByte) };
        };
        let number = u16::from_be_bytes(*code);
        let code = CloseCode::new(number).ok_or(CloseFrameError::Code(number))?;
        // RFC 6455 8.1: text that is not UTF-8 fails the connection, a close reason included.
        let reason = std::str::from_utf8(reason).map_err(|_| CloseFrameError::Reason)?;
        Ok(Some(Self { code, reason: reason.into() }))
    }

    /// The payload of the frame, exact to the byte.
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.code.get().to_be_bytes());
        out.extend_from_slice(truncate_reason(&self.reason).as_bytes());
    }
}

/// The longest start of `reason` that fits a Close frame and does not end inside a character.
pub fn truncate_reason(reason: &str) -> &str {
    let end = (0..=MAX_REASON.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
    reason.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 7.4: which codes may be sent, from the text of the section and the registry.
    #[test]
    fn codes_that_may_be_sent() {
        let registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
        for number in 0..=u16::MAX {
            let expected = registered.contains(&number) || (3000..5000).contains(&number);
            assert_eq!(CloseCode::new(number).is_some(), expected, "{number}");
        }
    }

    #[test]
    fn reasons_are_cut_at_a_character() {
        assert_eq!(truncate_reason("short"), "short");
        assert_eq!(truncate_reason(&"a".repeat(123)).len(), 123);
        assert_eq!(truncate_reason(&"a".repeat(124)).len(), 123);
        assert_eq!(truncate_reason(&"ü".repeat(100)).len(), 122);
        assert_eq!(truncate_reason(&"日".repeat(100)).len(), 123);
        assert_eq!(truncate_reason(&format!("a{}", "😀".repeat(40))).len(), 121);
        let long = CloseFrame::new(CloseCode::NORMAL, "ü".repeat(100));
        let mut out = BytesMut::new();
        long.encode(&mut out);
        assert_eq!(out.len(), 124);
        assert_eq!(CloseFrame::parse(&out), Ok(Some(long)));
    }

    #[test]
    fn bodies_that_are_refused() {
        assert_eq!(CloseFrame::parse(b""), Ok(None));
        assert_eq!(CloseFrame::parse(b"\x03"), Err(CloseFrameError::OneByte));
        assert_eq!(CloseFrame::parse(b"\x03\xed"), Err(CloseFrameError::Code(1005)));
        assert_eq!(CloseFrame::parse(b"\x03\xe8\xff"), Err(CloseFrameError::Reason));
        let good = CloseFrame::new(CloseCode::NORMAL, "");
        assert_eq!(CloseFrame::parse(b"\x03\xe8"), Ok(Some(good)));
    }
}
