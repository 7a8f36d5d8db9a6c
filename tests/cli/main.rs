//! The program `ws` as people and scripts use it: the real binary, against our servers and others, through pipes and
//! through a terminal.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod credentials;
mod failures;
mod foreign;
mod pipes;
mod program;
mod returning;
mod secrets;
mod servers;
mod terminal;
mod typing;
mod ways;
