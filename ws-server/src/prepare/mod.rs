//! What a route gets ready between the last check and the 101: a connection to a server behind it, for example.

mod admission;
mod answered;
mod handler;
mod late;
#[expect(clippy::module_inception, reason = "the room is named for the trait that is its centre")]
mod prepare;

pub use admission::Admission;
pub use answered::ForeignAnswer;
pub(crate) use handler::{Preparing, Ready, WithHandler};
pub(crate) use late::Late;
pub(crate) use prepare::Selection;
pub use prepare::{Prepare, Prepared, Unprepared};
