//! Which suites run, and how one that does not run says so.

use std::fmt::Display;
use std::io::Write;

/// Whether a heavy suite was asked for, with a loud line where it was not.
///
/// A suite is heavy when it takes minutes, or needs a foreign runtime or a browser. It runs in release
/// builds (`cargo test --release -p tests --test NAME`) and wherever `WS_TESTS_HEAVY=1` is set, so that
/// the plain `cargo test --workspace` stays short.
pub fn asked_for(suite: &str, test_binary: &str) -> bool {
    let asked = !cfg!(debug_assertions) || is_set("WS_TESTS_HEAVY");
    if !asked {
        say(format_args!(
            "SKIPPED: {suite}: not asked for; run `cargo test --release -p tests --test {test_binary}`"
        ));
    }
    asked
}

/// Says loudly that a suite is skipped since something that it needs cannot be had here.
///
/// # Panics
///
/// If `WS_TESTS_REQUIRE=1` forbids skipping.
pub fn skip(suite: &str, reason: impl Display) {
    assert!(!is_set("WS_TESTS_REQUIRE"), "{suite} must not be skipped (WS_TESTS_REQUIRE is set): {reason}");
    say(format_args!("SKIPPED: {suite}: {reason}"));
}

/// Prints a line on stderr even from a test that passes, whose output the test harness would hide.
pub fn say(line: impl Display) {
    // The harness captures what `eprintln!` prints, not what is written to the stream itself. It may be in
    // the middle of a line of its own. A closed stderr is no reason to fail a test.
    let _ = std::io::stderr().lock().write_all(format!("\n{line}\n").as_bytes());
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}
