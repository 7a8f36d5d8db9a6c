//! What came back, in words, and the table of the documentation.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, SystemTime};

use tests::process::{target, workspace};
use tests::wire::{Answer, Peer};
use ws_core::connection::Role;
use ws_core::net::{SocketConfig, WebSocket};

const BEGIN: &str = "<!-- The table is written by tests/fastapi. -->\n";
const END: &str = "<!-- End of the table. -->\n";

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Got {
    /// There is nobody to connect to.
    Nobody,
    /// The connection was closed without an answer.
    Closed,
    /// Nothing came for long.
    Silence,
    Answer(Answer),
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) cause: String,
    pub(crate) what: String,
    pub(crate) alone: String,
    pub(crate) guarded: String,
}

#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

impl Got {
    /// The code of the refusal, by the field that says who has refused.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Answer(answer) if answer.head.status() == 101 => "accepted",
            Self::Answer(answer) => {
                let refused_by = answer.field("Refused-By").unwrap_or("");
                refused_by.split("code=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or("none")
            }
            Self::Nobody | Self::Closed | Self::Silence => "none",
        }
    }

    pub(crate) fn status_and_body(&self) -> Option<(u16, &str)> {
        match self {
            Self::Answer(answer) => Some((answer.head.status(), std::str::from_utf8(&answer.body).ok()?)),
            Self::Nobody | Self::Closed | Self::Silence => None,
        }
    }

    /// As somebody sees it who knows nothing of us: status, and what the body says.
    fn plain(&self) -> String {
        let answer = match self {
            Self::Nobody => return "no connection".to_owned(),
            Self::Closed => return "closed unanswered".to_owned(),
            Self::Silence => return "no answer for 5 s".to_owned(),
            Self::Answer(answer) => answer,
        };
        let status = answer.head.status();
        let body = String::from_utf8_lossy(&answer.body);
        match body.lines().next() {
            _ if status == 101 => "101, let in".to_owned(),
            None => format!("{status}, empty"),
            Some(line) => format!("{status}: {}", shortened(line)),
        }
    }

    /// Status, code, and the fields that say what to do.
    fn explained(&self) -> String {
        let Self::Answer(answer) = self else { return self.plain() };
        if answer.head.status() == 101 {
            return self.plain();
        }
        let mut text = format!("{} `{}`", answer.head.status(), self.code());
        for name in ["WWW-Authenticate", "Retry-After", "Allow", "Sec-WebSocket-Version"] {
            if let Some(value) = answer.field(name) {
                let value = match name {
                    // How long it takes is different each time.
                    "Retry-After" => "…".to_owned(),
                    _ => without_description(value),
                };
                let _ = write!(text, ", `{name}: {value}`");
            }
        }
        text
    }
}

impl Row {
    pub(crate) fn new(case: &crate::Case, alone: &Got, guarded: &Got) -> Self {
        Self {
            cause: case.cause.to_owned(),
            what: case.what.to_owned(),
            alone: alone.plain(),
            guarded: guarded.explained(),
        }
    }
}

impl Table {
    pub(crate) fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Holds the table of the documentation against this one.
    pub(crate) fn compare(&self) {
        let document = workspace().join("FASTAPI.md");
        let text = fs::read_to_string(&document).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("the mark before the table");
        let (stated, after) = rest.split_once(END).expect("the mark behind the table");
        let table = self.render();
        if std::env::var_os("WS_TESTS_WRITE").is_some() {
            fs::write(&document, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
            return;
        }
        let copy = target().join("tmp/fastapi/table.md");
        fs::write(&copy, &table).unwrap();
        for (stated, found) in stated.lines().zip(table.lines()) {
            assert_eq!(stated, found, "FASTAPI.md; this run's table is {}", copy.display());
        }
        assert_eq!(stated.lines().count(), table.lines().count(), "FASTAPI.md; see {}", copy.display());
    }

    fn render(&self) -> String {
        let mut text =
            "| what is sent | cause | FastAPI alone | through the gateway |\n|---|---|---|---|\n".to_owned();
        for Row { cause, what, alone, guarded } in &self.0 {
            let cause = if cause == "accepted" { String::new() } else { format!("`{cause}`") };
            let cells = [what, &cause, alone, guarded].map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }
}

/// How a connection goes on until shortly after `moment`.
pub(crate) async fn ending(peer: Peer, moment: SystemTime) -> String {
    let mut socket = WebSocket::from_tcp(peer.stream, SocketConfig::new(Role::Client), peer.buffer);
    let wait = moment.duration_since(SystemTime::now()).unwrap_or_default() + Duration::from_secs(2);
    let closed =
        tokio::time::timeout(wait, async { while matches!(socket.recv().await, Ok(Some(_))) {} }).await;
    match (closed, socket.close_frame()) {
        (Err(_), _) => "stays open".to_owned(),
        (Ok(()), Some(frame)) => format!("closed with {}, `{}`", frame.code.get(), frame.reason),
        (Ok(()), None) => "closed without a word".to_owned(),
    }
}

/// A challenge without the words that say once more what its code does.
fn without_description(value: &str) -> String {
    match value.split_once(", error_description=\"") {
        Some((before, rest)) => format!("{before}{}", rest.split_once('"').map_or("", |(_, after)| after)),
        None => value.to_owned(),
    }
}

fn shortened(line: &str) -> String {
    const LENGTH: usize = 90;
    if line.chars().count() <= LENGTH {
        format!("`{line}`")
    } else {
        format!("`{}…`", line.chars().take(LENGTH).collect::<String>())
    }
}
