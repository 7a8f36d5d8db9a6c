//! Connections that were let in: what a handler gets, the task that runs it, and how sessions are found and ended.

mod chain;
mod control;
mod drain;
mod handle;
mod handler;
mod host;
mod info;
mod opening;
mod registry;
mod request_id;
#[expect(clippy::module_inception, reason = "the room is named for the type that is its centre")]
mod session;
mod sessions;
mod task;
mod warden;

pub(crate) use control::Control;
pub(crate) use drain::{Busy, Drain};
pub use handle::{RenewalError, SessionHandle};
pub(crate) use handler::Handler;
pub use handler::{HandlerError, Outcome};
pub(crate) use host::Host;
pub use info::SessionInfo;
pub(crate) use opening::{Held, Opening, Start};
pub use request_id::{RequestId, RequestIdError};
pub use session::Session;
pub use sessions::Sessions;
