//! A token and its time.

use std::fmt;
use std::time::SystemTime;

use zeroize::Zeroizing;

/// A bearer token (RFC 6750), and until when it is good. Its text is wiped from memory with it.
#[derive(Clone)]
pub struct Token {
    text: Zeroizing<String>,
    expires: Option<SystemTime>,
}

impl Token {
    /// A token of which it is not known when it expires.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: Zeroizing::new(text.into()), expires: None }
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
}

/// Without the token itself.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires", &self.expires).finish_non_exhaustive()
    }
}
