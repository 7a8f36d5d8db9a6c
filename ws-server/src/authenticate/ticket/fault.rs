use std::time::Duration;

use thiserror::Error;

use crate::authenticate::{claims::ClaimsFault, signed::SignedFault};

/// Why a ticket is rejected that has neither expired nor been spent. The text goes on after "the ticket".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TicketFault {
    /// It is not signed, not by us, or its claims do not hold.
    #[error(transparent)]
    Signed(#[from] SignedFault),
    /// It expires later than any ticket may.
    #[error("is good for longer than {} s", .limit.as_secs_f64())]
    LivesTooLong {
        /// The lifetime that a ticket may have.
        limit: Duration,
    },
    /// It is bound to another path.
    #[error("is for another path")]
    OtherPath,
    /// It is bound to another address.
    #[error("is for another client address")]
    OtherAddress,
    /// It is bound to no path, and has to be.
    #[error("is bound to no path")]
    NoPath,
    /// It is bound to no address, and has to be.
    #[error("is bound to no client address")]
    NoAddress,
}

impl From<ClaimsFault> for TicketFault {
    fn from(fault: ClaimsFault) -> Self {
        Self::Signed(fault.into())
    }
}
