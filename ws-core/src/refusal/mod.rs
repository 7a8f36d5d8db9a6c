//! The catalogue of refusals: every way in which a connection can be refused, or ended by policy,
//! with the one answer that each of them gets.
//!
//! A [`Cause`] says *why*. Its code, title, HTTP status, close code and required header fields stand
//! in one table, so a cause cannot be answered in two different ways.

mod catalogue;
mod cause;

pub use catalogue::Cause;
pub use cause::FieldValue;
