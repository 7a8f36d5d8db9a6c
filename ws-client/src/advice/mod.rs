//! What follows from an error, in one place for all of them: its name, whose turn it is, whether to come back and when,
//! whether new credentials help, and what to do next.

mod codes;
mod error;
mod next_step;
mod refusal;

pub use next_step::NextStep;
