//! One connection that was let in: what its handler gets, and the task that runs the handler.

mod chain;
mod drain;
mod handler;
mod info;
mod opening;
mod request_id;
#[expect(clippy::module_inception, reason = "the room is named for the type that is its centre")]
mod session;
mod task;

pub(crate) use drain::{Busy, Drain};
pub(crate) use handler::Handler;
pub use handler::{HandlerError, Outcome};
pub use info::SessionInfo;
pub(crate) use opening::{Opening, Start};
pub use request_id::RequestId;
pub use session::Session;
