//! Tickets for one connection each, in the query: for browsers, whose WebSocket can send no field of its own.
//!
//! The application issues one right before the page connects ([`TicketIssuer`]), and a route takes it once
//! ([`Ticket`]). Addresses end up in logs and histories; a ticket that stands there is spent or has expired.

mod authenticator;
mod fault;
mod issuer;
mod spent;
#[cfg(test)]
mod tests;

pub use authenticator::Ticket;
pub use fault::TicketFault;
pub use issuer::{Grant, IssueError, TicketIssuer};
