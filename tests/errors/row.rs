//! One error: what was provoked, by whom, and what the client made of it.

use std::fmt;
use std::time::Duration;

use ws_client::{Error, NextStep};

use crate::{coverage, page};

/// Who provokes the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// The client alone, before anything is sent.
    None,
    /// The system: its resolver, its network.
    System,
    Ours,
    Nginx,
    HaProxy,
    FastApi,
    Node,
    /// Namespaces in which the system is broken on purpose.
    Network,
    /// A socket that does what no real server does, or not at will.
    Raw,
}

impl Peer {
    /// Those that need another program.
    pub(crate) const PROGRAMS: [Self; 5] =
        [Self::Nginx, Self::HaProxy, Self::FastApi, Self::Node, Self::Network];
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "nobody",
            Self::System => "the system",
            Self::Ours => "ws-server",
            Self::Nginx => "nginx",
            Self::HaProxy => "HAProxy",
            Self::FastApi => "FastAPI",
            Self::Node => "node `ws`",
            Self::Network => "a broken system",
            Self::Raw => "a raw socket",
        })
    }
}

/// Connect again, and nobody said when.
pub(crate) const AGAIN: NextStep = NextStep::Retry { after: None };
/// Connect again, and the server said when.
pub(crate) const WHEN_TOLD: NextStep = NextStep::Retry { after: Some(Duration::ZERO) };
pub(crate) const SERVER: NextStep = NextStep::Tell(ws_client::Responsible::Server);
pub(crate) const PROXY: NextStep = NextStep::Tell(ws_client::Responsible::Proxy);
pub(crate) const NETWORK: NextStep = NextStep::Tell(ws_client::Responsible::Network);

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) peer: Peer,
    /// The error's variant, from the outermost to the innermost.
    pub(crate) path: Vec<String>,
    pub(crate) code: String,
    pub(crate) said: String,
    pub(crate) responsible: String,
    pub(crate) again: String,
    pub(crate) credentials: bool,
    pub(crate) next: String,
}

/// All lines, and what was wrong with any.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    pub(crate) programs: Vec<Peer>,
    wrong: Vec<String>,
}

impl Table {
    /// An error that has to have this code, and this next step.
    pub(crate) fn add(
        &mut self,
        peer: Peer,
        what: impl Into<String>,
        (code, next): (&str, NextStep),
        error: impl Into<Error>,
    ) {
        self.add_shared(peer, what, (code, next), &error.into());
    }

    /// The same, of an error that belongs to others as well.
    pub(crate) fn add_shared(
        &mut self,
        peer: Peer,
        what: impl Into<String>,
        (code, next): (&str, NextStep),
        error: &Error,
    ) {
        let what = what.into();
        let row = Row {
            peer,
            path: coverage::path(&format!("{error:?}")),
            code: error.code().to_owned(),
            said: page::steady(&error.to_string()),
            responsible: error.responsible().to_string(),
            again: match (error.is_worth_retrying(), error.retry_after()) {
                (true, Some(_)) => "yes, when told",
                (true, None) => "yes",
                (false, _) => "no",
            }
            .to_owned(),
            credentials: error.do_new_credentials_help(),
            next: told(error.next_step()),
            what,
        };
        if row.code != code || row.next != told(next) {
            self.wrong.push(format!(
                "{} ({peer}): {code} and {:?} are right, the client says {} and {:?}: {}",
                row.what,
                told(next),
                row.code,
                row.next,
                row.said
            ));
        }
        if let Some(incoherence) = incoherent(error) {
            self.wrong.push(format!("{} ({peer}): {incoherence}: {error:?}", row.what));
        }
        if self.rows.iter().any(|other| (&other.what, other.peer) == (&row.what, row.peer)) {
            self.wrong.push(format!("{} ({peer}) is in the table twice", row.what));
        }
        self.rows.push(row);
    }

    /// This program has run.
    pub(crate) fn has_run(&mut self, program: Peer) {
        self.programs.push(program);
        self.programs.sort();
    }

    /// Rows that another process has found.
    pub(crate) fn take(&mut self, peer: Peer, rows: Vec<Row>) {
        self.rows.extend(rows);
        self.has_run(peer);
    }

    /// All rows, of which none is wrong.
    pub(crate) fn right(self) -> Vec<Row> {
        assert!(self.wrong.is_empty(), "{} rows are wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
        self.rows
    }

    /// Holds everything against the page, and the variants against the sources.
    pub(crate) fn finish(mut self) {
        self.rows.sort_by_key(|row| coverage::rank(&row.path));
        let (programs, rows) = (self.programs.clone(), self.right());
        coverage::check(&programs, &rows);
        page::compare(&programs, &rows);
    }
}

/// The next step in words; a time that the server gives is not the same in each run.
fn told(next: NextStep) -> String {
    match next {
        NextStep::Retry { after: Some(_) } => "connect again when the server says".to_owned(),
        other => other.to_string(),
    }
}

impl Row {
    /// For another process that reads it.
    pub(crate) fn line(&self) -> String {
        let Self { what, path, code, said, responsible, again, credentials, next, .. } = self;
        let path = path.join("::");
        ["row", what, &path, code, said, responsible, again, &credentials.to_string(), next].join("\t")
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let cells: Vec<String> = line.strip_prefix("row\t")?.split('\t').map(str::to_owned).collect();
        let [what, path, code, said, responsible, again, credentials, next] = cells.try_into().ok()?;
        let path = path.split("::").map(str::to_owned).collect();
        let (peer, credentials) = (Peer::Network, credentials == "true");
        Some(Self { what, peer, path, code, said, responsible, again, credentials, next })
    }
}

/// What an error says must fit together.
fn incoherent(error: &Error) -> Option<&'static str> {
    let text = error.to_string();
    match error.next_step() {
        NextStep::RenewCredentials if !error.do_new_credentials_help() => Some("new credentials do not help"),
        NextStep::Retry { .. } if !error.is_worth_retrying() => Some("a retry is not worth it"),
        NextStep::Tell(who) if who != error.responsible() => Some("another is responsible"),
        _ if text.chars().any(char::is_control) => Some("the text has control characters"),
        _ if text.is_empty() || text.ends_with([':', ' ', '\n']) => Some("the text has no end"),
        _ if !format!("{error:?}").contains(|c: char| c.is_ascii_uppercase()) => Some("no variant is named"),
        _ => None,
    }
}
