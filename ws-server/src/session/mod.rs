//! Connections that were let in: what a handler gets, the task that runs it, and how sessions are found and ended.

mod attended;
mod chain;
mod control;
mod desk;
mod drain;
mod handle;
mod handler;
mod host;
mod in_band;
mod info;
mod judge;
mod message_rate;
mod opening;
mod petition;
mod recheck;
mod registry;
mod renewal;
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
pub(crate) use judge::Settings;
pub use message_rate::MessageRate;
pub(crate) use opening::{Held, Opening, Rules, Running, Start};
pub(crate) use petition::Petition;
pub use recheck::Rechecked;
pub use renewal::Renewal;
pub use request_id::{RequestId, RequestIdError};
pub use session::Session;
pub use sessions::Sessions;
