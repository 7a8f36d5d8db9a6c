//! What outlives a reload: what was spent, and what was fetched.

use std::path::PathBuf;

use ws_server::authenticate::Revocations;
use ws_server::authenticate::bearer::Verifier;
use ws_server::authenticate::ticket::Ticket;

/// The parts of a running server that the next configuration goes on with, where it says the same of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// Where keys come from, and the keys that have come.
    pub(crate) keys: Option<(String, Verifier)>,
    /// What is revoked, by a file or by an operator.
    pub(crate) revocations: Revocations,
    pub(crate) revoked_file: Option<PathBuf>,
    /// The parameter of tickets, and those that are spent.
    pub(crate) tickets: Option<(String, Ticket)>,
}
