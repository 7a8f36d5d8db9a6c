//! What the suites share: which of them run, child processes that never outlive a test, and the
//! foreign runtimes that some of them talk to.
//!
//! Two environment variables steer every suite:
//!
//! - `WS_TESTS_HEAVY=1` runs the heavy suites in debug builds too; see [`suites::asked_for`].
//! - `WS_TESTS_REQUIRE=1` turns a suite that must be skipped, because a tool it needs cannot be had,
//!   into one that fails; see [`suites::skip`].

pub mod certificates;
pub mod keys;
pub mod measured;
pub mod process;
pub mod runtimes;
pub mod suites;
pub mod wire;
