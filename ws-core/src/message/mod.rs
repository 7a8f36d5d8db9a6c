//! RFC 6455 sections 5.4 to 5.6 and 7.4: messages, their text, and what a Close frame says.

mod close;
mod kind;
mod text;
mod utf8;

pub use close::{CloseCode, CloseFrame, CloseFrameError, MAX_REASON, truncate_reason};
pub use kind::Message;
pub use text::{InvalidUtf8, Text};
pub use utf8::Utf8Validator;
