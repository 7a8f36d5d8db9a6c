//! The gate: every check that a handshake has to pass, in one fixed order, and the decision.
//!
//! It knows requests and facts, but no sockets, so that it can be asked in memory: see [`Gate::check`].

mod address;
mod attempts;
mod authentication;
mod authorization;
mod check;
mod crowding;
mod decision;
mod draining;
mod facts;
mod head;
mod later;
mod origin;
mod origin_policy;
mod policy;
mod quota;
mod route;
mod routes;
mod served_host;
mod subprotocol;
#[cfg(test)]
mod tests;
mod trace;
mod upgrade;

pub use address::AddressPolicy;
pub use check::Check;
pub use decision::{Accepted, Checked, Gate, GateConfig, Rehearsed};
pub use facts::{Crowded, Facts};
pub use origin_policy::{OriginPatternError, OriginPolicy};
pub use policy::Policy;
pub use quota::PrincipalPlace;
pub use routes::{RouteMatch, Routes};
pub use trace::{Outcome, Step, Trace};
