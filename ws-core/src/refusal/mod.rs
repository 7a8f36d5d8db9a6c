//! The catalogue of refusals: every way in which a connection can be refused, or ended by policy,
//! with the one answer that each of them gets.
//!
//! A [`Cause`] says *why*. Its code, title, HTTP status, close code and required header fields stand
//! in one table, so a cause cannot be answered in two different ways. A [`Refusal`] is a cause with
//! what is known about this occurrence; it becomes an [`HttpRefusal`] before the upgrade and a
//! [`CloseRefusal`] after it, and [`Disclosure`] decides how much a stranger is told. [`Problem`],
//! [`RefusedBy`] and [`Challenge`] read the same answers on the client's side.

mod catalogue;
mod cause;
mod challenge;
mod challenge_list;
mod close;
mod http;
mod occurrence;
mod presentation;
mod problem;
mod refused_by;
mod text;
mod trace_step;

#[cfg(test)]
mod contract_tests;
#[cfg(test)]
mod tests;

pub use catalogue::Cause;
pub use cause::FieldValue;
pub use challenge::{Challenge, InvalidToken};
pub use challenge_list::ChallengeListError;
pub use close::CloseRefusal;
pub use http::HttpRefusal;
pub use occurrence::Refusal;
pub use presentation::{Disclosure, Presentation};
pub use problem::{Problem, ProblemError};
pub use refused_by::{RefusedBy, RefusedByError};
pub(crate) use text::is_token_byte;
pub use trace_step::TraceStep;
