//! How the answers of several authorizers become one.
//!
//! It is the logic of yes, no and unknown (Kleene), in which a no decides a conjunction and a yes a disjunction, whatever
//! is unknown beside it. Whoever abstains does not count.

use std::ops::ControlFlow;

use super::{Authorization, AuthorizationError, Permit, error::Weight};

/// One answer of several, and whether it decides.
pub(super) trait Fold: Default {
    /// Adds an answer; breaks when no further one can change the result.
    fn add(&mut self, answer: Authorization) -> ControlFlow<()>;

    /// The answer of all of them.
    fn finish(self) -> Authorization;
}

/// Nobody may say no, and somebody has to say yes. The first no is told.
#[derive(Debug, Default)]
pub(super) struct All {
    permit: Option<Permit>,
    failure: Option<AuthorizationError>,
    denial: Option<AuthorizationError>,
}

/// Somebody has to say yes. The most informative no is told, unless somebody could not be asked.
#[derive(Debug, Default)]
pub(super) struct Any {
    permit: Option<Permit>,
    failure: Option<AuthorizationError>,
    denial: Option<(u8, AuthorizationError)>,
}

impl Fold for All {
    fn add(&mut self, answer: Authorization) -> ControlFlow<()> {
        match answer {
            Ok(permit) => {
                self.permit = Some(match self.permit.take() {
                    None => permit,
                    Some(earlier) => earlier.and(permit),
                });
            }
            Err(error) => match error.weight() {
                Weight::Denial(_) => {
                    self.denial = Some(error);
                    return ControlFlow::Break(());
                }
                Weight::Failure => _ = self.failure.get_or_insert(error),
                Weight::Abstention => {}
            },
        }
        ControlFlow::Continue(())
    }

    fn finish(self) -> Authorization {
        match self.denial.or(self.failure) {
            Some(error) => Err(error),
            None => self.permit.ok_or(AuthorizationError::Undecided),
        }
    }
}

impl Fold for Any {
    fn add(&mut self, answer: Authorization) -> ControlFlow<()> {
        match answer {
            Ok(permit) => {
                self.permit = Some(permit);
                return ControlFlow::Break(());
            }
            Err(error) => match error.weight() {
                Weight::Denial(rank) => {
                    if self.denial.as_ref().is_none_or(|(best, _)| rank > *best) {
                        self.denial = Some((rank, error));
                    }
                }
                Weight::Failure => _ = self.failure.get_or_insert(error),
                Weight::Abstention => {}
            },
        }
        ControlFlow::Continue(())
    }

    fn finish(self) -> Authorization {
        if let Some(permit) = self.permit {
            return Ok(permit);
        }
        let denial = self.denial.map(|(_, error)| error);
        Err(self.failure.or(denial).unwrap_or(AuthorizationError::Undecided))
    }
}
