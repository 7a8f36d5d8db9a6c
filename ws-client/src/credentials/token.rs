//! A token and its time.

use std::fmt;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::jwt;

/// A bearer token (RFC 6750), and until when it is good. Its text is wiped from memory with it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ws_client::credentials::Token;
///
/// let opaque = Token::new("2YotnFZFEjr1zCsicMWpAA");
/// assert_eq!(opaque.expires_at(), None);
///
/// let expires = SystemTime::now() + Duration::from_secs(60);
/// assert_eq!(opaque.expires(expires).expires_at(), Some(expires));
/// ```
#[derive(Clone)]
pub struct Token {
    text: Zeroizing<String>,
    expires: Option<SystemTime>,
}

impl Token {
    /// A token of which nothing else is told. Where it is a JWT, it is good until its claim `exp` (RFC 7519 4.1.4), which
    /// is read and not verified: it serves for nothing but to ask for another one in time.
    pub fn new(text: impl Into<String>) -> Self {
        let text = Zeroizing::new(text.into());
        Self { expires: jwt::expires(&text), text }
    }

    /// The same, good until `expires`.
    #[must_use]
    pub fn expires(mut self, expires: SystemTime) -> Self {
        self.expires = Some(expires);
        self
    }

    /// The token itself: a secret.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Until when it is good, where that is known.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires
    }

    /// What makes this text no token, wherever it is sent.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        /// Servers take no longer heads, nor first messages.
        const LONGEST: usize = 16 << 10;
        match &**self.text {
            "" => Some("it is empty"),
            text if text.len() > LONGEST => Some("it has more than 16 KiB"),
            text if text.bytes().any(|byte| byte.is_ascii_control()) => {
                Some("it has a control character, such as a line break")
            }
            text if text.contains(' ') => {
                Some("it has a space: give the token alone, without \"Bearer \" or quotes")
            }
            _ => None,
        }
    }
}

/// Without the token itself.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires", &self.expires).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_jwt_tells_its_own_end() {
        // {"exp":1764000000}
        let token = Token::new("e30.eyJleHAiOjE3NjQwMDAwMDB9.c2ln");
        assert_eq!(token.expires_at(), Some(UNIX_EPOCH + Duration::from_secs(1_764_000_000)));
        let told = UNIX_EPOCH + Duration::from_secs(5);
        assert_eq!(token.expires(told).expires_at(), Some(told));
    }

    #[test]
    fn a_flaw_is_told() {
        assert_eq!(Token::new("abc").flaw(), None);
        for text in ["", "a\n", "Bearer a", "a\u{7f}"] {
            assert!(Token::new(text).flaw().is_some(), "{text:?}");
        }
        assert!(Token::new("a".repeat(16 << 10)).flaw().is_none());
        assert!(Token::new("a".repeat((16 << 10) + 1)).flaw().is_some());
    }

    #[test]
    fn no_debug_text_has_the_token() {
        let text = format!("{:?}", Token::new("hunter2"));
        assert!(text.starts_with("Token") && !text.contains("hunter2"), "{text}");
    }
}
