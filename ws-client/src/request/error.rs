//! What a caller can get wrong in a request.

use thiserror::Error;
use ws_core::handshake;

/// Why a request cannot be sent as it is: a mistake on this side, and its fix.
///
/// No variant repeats a value that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The name of a header is not a token (RFC 9110 5.1).
    #[error("{name:?} cannot be the name of a header: use letters, digits and hyphens")]
    HeaderName {
        /// The name.
        name: String,
    },
    /// The value of a header has a control character, such as CR or LF (RFC 9110 5.5).
    #[error(
        "the value of {name} has the control character {byte:#04x}: remove it (a line break at the end?)"
    )]
    HeaderValue {
        /// The header's name.
        name: String,
        /// The character.
        byte: u8,
    },
    /// The client sets this header itself.
    #[error("{name} cannot be set as a header: {instead}")]
    HeaderReserved {
        /// The header's name.
        name: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A header that must not be repeated is set twice.
    #[error("{name} is set twice: set it once")]
    HeaderRepeated {
        /// The header's name.
        name: String,
    },
    /// The token is not one that can follow `Bearer` (RFC 6750 2.1).
    #[error(
        "the bearer token has a character that no token has at byte {position}: \
         pass the token alone, without \"Bearer \", quotes or a line break"
    )]
    BearerToken {
        /// Where, in bytes from the start; at the length of an empty token.
        position: usize,
    },
    /// The user name has a colon, which separates it from the password (RFC 7617 2).
    #[error("the user name has a colon, with which Basic authentication ends it: use another user name")]
    BasicUser,
    /// The user name or the password has a control character (RFC 7617 2).
    #[error(
        "the user name or password has the control character {byte:#04x}: remove it (a line break at the end?)"
    )]
    BasicControl {
        /// The character.
        byte: u8,
    },
    /// The name of a cookie is not a token (RFC 6265 4.1.1).
    #[error("{name:?} cannot be the name of a cookie: use letters, digits and hyphens")]
    CookieName {
        /// The name.
        name: String,
    },
    /// The value of a cookie has a character that it cannot have (RFC 6265 4.1.1).
    #[error(
        "the value of the cookie {name} has a character that no cookie has at byte {position}: \
         encode spaces, quotes, commas, semicolons, backslashes and what is not ASCII, for example as %20"
    )]
    CookieValue {
        /// The cookie's name.
        name: String,
        /// Where, in bytes from the start.
        position: usize,
    },
    /// The origin is not of the form `scheme://host[:port]`, or `null` (RFC 6454 7).
    #[error(
        "the origin is not valid: write it as a browser does, for example https://app.example.com, without a path"
    )]
    Origin,
    /// A subprotocol is not a token (RFC 6455 4.1).
    #[error(
        "subprotocol number {number} is not a token: use letters, digits, dots and hyphens, one name for each"
    )]
    SubprotocolName {
        /// Which of those offered, counted from one.
        number: usize,
    },
    /// A subprotocol is offered twice (RFC 6455 4.1).
    #[error("subprotocol number {number} is offered a second time: offer it once")]
    SubprotocolRepeated {
        /// Which of those offered is the second one, counted from one.
        number: usize,
    },
    /// The handshake cannot be made for another reason.
    #[error("the handshake cannot be made: {0}")]
    Handshake(#[source] handshake::RequestError),
}
