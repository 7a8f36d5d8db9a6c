//! What is written to stderr.

use std::io::{IsTerminal as _, Write as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::Problem;

/// Begins to log: one line for each refusal and for what an operator has to know. `RUST_LOG` says otherwise.
pub(crate) fn begin() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let terminal = std::io::stderr().is_terminal();
    // Somebody else may have begun already, in a test.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal)
        .try_init();
}

/// Tells everything that is wrong, one line each.
pub(crate) fn problems(problems: &[Problem]) {
    let mut stderr = std::io::stderr().lock();
    for problem in problems {
        // Whoever closed stderr does not want to know.
        let _ = writeln!(stderr, "error: {problem}");
    }
}
