//! RFC 6455 section 5: the frame, its header, its opcode and its mask.
//!
//! Nothing here knows about messages or connections: a [`Header`] is read from bytes and written to
//! bytes, and a payload is masked in place.

mod error;
mod header;
mod key;
mod mask;
mod opcode;

pub use error::FrameError;
pub use header::{Header, MAX_CONTROL_PAYLOAD, MAX_HEADER};
pub use key::{RandomUnavailable, fresh_mask_key};
pub use mask::apply_mask;
pub use opcode::OpCode;
