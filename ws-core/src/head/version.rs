use std::fmt;

/// An HTTP version: `HTTP/1.1` is major 1, minor 1 (RFC 9112 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The digit before the dot.
    pub major: u8,
    /// The digit after the dot.
    pub minor: u8,
}

impl Version {
    /// HTTP/1.0.
    pub const HTTP_10: Self = Self { major: 1, minor: 0 };
    /// HTTP/1.1.
    pub const HTTP_11: Self = Self { major: 1, minor: 1 };

    /// Whether this is HTTP/1.1, or a later minor version, which is to be treated as HTTP/1.1
    /// (RFC 9110 2.5).
    #[must_use]
    pub const fn is_http_11(self) -> bool {
        self.major == 1 && self.minor >= 1
    }
}

impl Version {
    /// How many bytes a version has on the wire.
    pub(super) const LENGTH: usize = 8;

    /// Whether `byte` may stand at `index` of `HTTP/` DIGIT `.` DIGIT (RFC 9112 2.3).
    pub(super) fn allows(index: usize, byte: u8) -> bool {
        match index {
            5 | 7 => byte.is_ascii_digit(),
            _ => b"HTTP/ . ".get(index) == Some(&byte),
        }
    }

    /// Reads the digits of a version each byte of which is [allowed](Self::allows).
    pub(super) fn from_wire(bytes: &[u8]) -> Self {
        let digit = |index: usize| bytes.get(index).map_or(0, |byte| byte.wrapping_sub(b'0'));
        Self { major: digit(5), minor: digit(7) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP/{}.{}", self.major, self.minor)
    }
}
