//! Conformance: the Autobahn suite against the example server `echo` and the example client
//! `autobahn_client`. One command runs it, and installs the suite before if need be:
//!
//! ```text
//! cargo test --release -p tests --test autobahn
//! ```
//!
//! With compression all 517 cases run; without it all but groups 12 and 13, which are about compression.
//! Nothing but OK and INFORMATIONAL passes, for what a case tests and for how its connection closes.
//! Over TLS the client runs the cases that are quick, without groups 9, 12 and 13; `WS_AUTOBAHN_ALL=1` has it run all of
//! them there, too. The suite needs Python 2.7 (from pyenv, for example), or an existing `wstest` on `PATH`.

mod report;
mod shards;

use std::path::PathBuf;
use std::sync::OnceLock;

use tests::{runtimes, suites};

use crate::report::Table;
use crate::shards::{Side, run};

const ALL_CASES: usize = 517;
const CASES_ON_COMPRESSION: usize = 90 + 126;
const CASES_ON_LIMITS: usize = 54;

#[test]
fn server_passes_every_case() {
    passes(Side::Server, true);
}

#[test]
fn client_passes_every_case() {
    passes(Side::Client, true);
}

#[test]
fn client_passes_over_tls() {
    passes(Side::ClientOverTls, std::env::var_os("WS_AUTOBAHN_ALL").is_some_and(|value| value == "1"));
}

fn passes(side: Side, all: bool) {
    let Some(wstest) = wstest() else { return };
    let program = tests::process::example(side.example()).expect("the example builds");

    let outcomes = run(side, all, wstest, &program);
    let table = Table::new(&outcomes);
    suites::say(format_args!("\nAutobahn, {side}\n{table}"));

    let faults = table.faults();
    assert!(faults.is_empty(), "{side}: {} cases did not pass:\n{}", faults.len(), faults.join("\n"));
    let others = ALL_CASES - CASES_ON_COMPRESSION;
    let expected = if all { [ALL_CASES, others] } else { [others - CASES_ON_LIMITS, 0] };
    assert_eq!(table.cases(true), expected[0], "{side}: cases run with compression");
    assert_eq!(table.cases(false), expected[1], "{side}: cases run without compression");
}

/// Autobahn's program, asked for and installed at most once however many tests want it.
fn wstest() -> Option<&'static PathBuf> {
    static WSTEST: OnceLock<Option<PathBuf>> = OnceLock::new();
    WSTEST
        .get_or_init(|| {
            if !suites::asked_for("Autobahn", "autobahn") {
                return None;
            }
            match runtimes::wstest() {
                Ok(wstest) => Some(wstest),
                Err(why) => {
                    suites::skip("Autobahn", format_args!("its suite cannot be had: {why}"));
                    None
                }
            }
        })
        .as_ref()
}
