//! The head of an HTTP/1.1 message, read strictly and incrementally (RFC 9112).
//!
//! [`HeadReader`] takes bytes as they come and gives back a [`RequestHead`] or a [`ResponseHead`] once
//! the head is whole. It refuses whatever two parsers could read in two ways: bare CR or LF, folded
//! lines, whitespace before the colon, control characters. [`OutgoingFields`] is the other direction:
//! fields that we send, none of which can split.

mod authority;
mod error;
mod field_section;
mod fields;
mod limits;
mod outgoing;
mod reader;
mod request;
mod request_line;
mod response;
mod status_line;
mod syntax;
mod target;
#[cfg(test)]
mod tests;
mod version;

pub use authority::{Authority, AuthorityError};
pub use error::HeadError;
pub use fields::{Fields, Repeated};
pub use limits::HeadLimits;
pub use outgoing::{InvalidField, OutgoingFields};
pub use reader::HeadReader;
pub use request::RequestHead;
pub use response::ResponseHead;
pub(crate) use syntax::{is_tchar, is_token};
pub use version::Version;
