//! What was decided, and what to do about it: a block of lines for people.

use std::error::Error as _;
use std::time::Duration;

use ws_core::refusal::{Cause, Challenge};

use super::close_codes;
use super::style::{Style, Tone, wrap};
use crate::refused::Printable;
use crate::{Closed, ConnectError, Error, Refused, Responsible};

/// The column of what is told, behind its label.
const COLUMN: usize = 18;
/// Characters of a body that is no problem document.
const SAID: usize = 300;

/// The whole block, without a line feed at its end.
pub(super) fn report(error: &Error, style: Style, width: usize) -> String {
    let mut block = Block { rows: Vec::new() };
    let title = match error {
        Error::Connect(ConnectError::Refused(refused)) => block.refused(refused),
        Error::Connect(ConnectError::Closed(closed)) => block.closed(closed, "refused"),
        Error::Closed(closed) => block.closed(closed, "closed"),
        Error::Connect(_) => block.failed(error, "not connected"),
        Error::Broken(_) => block.failed(error, "the connection broke"),
    };
    block.advice(error);
    let mut text = style.paint(Tone::Bad, &title);
    for (label, said) in &block.rows {
        let label = format!("  {label:<width$}", width = COLUMN - 2);
        text.push('\n');
        text.push_str(&style.paint(Tone::Dim, &label));
        text.push_str(&wrap(&Printable(said).to_string(), width, COLUMN));
    }
    text
}

struct Block {
    rows: Vec<(&'static str, String)>,
}

impl Block {
    fn row(&mut self, label: &'static str, said: impl Into<String>) {
        self.rows.push((label, said.into()));
    }

    fn refused(&mut self, refused: &Refused) -> String {
        if let Some(cause) = refused.cause() {
            self.cause(cause);
        } else {
            self.row("why", unexplained(refused));
        }
        let problem = refused.problem.as_ref();
        let by = match (&refused.refused_by, refused.fields().get_str("Server")) {
            (Some(by), _) => by.name.clone(),
            (None, _) if refused.by_application() => "the WebSocket server".to_owned(),
            (None, Some(server)) => format!("something that calls itself {server:?}"),
            (None, None) => "something that does not say who it is".to_owned(),
        };
        self.row("refused by", by);
        let said = problem.and_then(|problem| problem.detail.clone().or_else(|| problem.title.clone()));
        if let Some(said) = said.or_else(|| words(refused.body.text()?)) {
            self.said(&said, refused.cause());
        }
        if let Some(supported) =
            problem.map(|problem| problem.supported.join(", ")).filter(|list| !list.is_empty())
        {
            self.row("supported", supported);
        }
        if !refused.challenges.is_empty() {
            let challenges: Vec<String> = refused.challenges.iter().map(challenge).collect();
            self.row("it accepts", challenges.join("; "));
        }
        self.remedy(refused.cause());
        let id = refused.refused_by.as_ref().and_then(|by| by.id.clone());
        let id = id.or_else(|| problem?.request_id.clone());
        let id = id.or_else(|| refused.fields().get_str("X-Request-Id").map(str::to_owned));
        if let Some(id) = id {
            self.row("request id", format!("{id} (it stands in the server's log)"));
        }
        let reason = Printable(&refused.reason).to_string();
        title("refused", &format!("{} {reason}", refused.status), refused.code())
    }

    fn closed(&mut self, closed: &Closed, what: &str) -> String {
        let Some(frame) = &closed.frame else {
            self.row("why", "the server accepted the connection only to end it, without a close frame");
            return format!("{what}: without a word");
        };
        if let Some(cause) = closed.cause() {
            self.cause(cause);
            if !frame.detail().is_empty() {
                self.said(frame.detail(), Some(cause));
            }
            self.remedy(Some(cause));
        } else {
            if let Some(meaning) = close_codes::meaning(frame.code) {
                self.row("why", meaning);
            }
            if !frame.reason.is_empty() {
                self.row("the server said", frame.reason.as_str());
            }
        }
        if let Some(id) = closed.refused_by.as_ref().and_then(|by| by.id.as_deref()) {
            self.row("request id", format!("{id} (it stands in the server's log)"));
        }
        let name = close_codes::name(frame.code);
        title(what, &format!("close code {} ({name})", frame.code), closed.cause().map_or("", Cause::code))
    }

    fn failed(&mut self, error: &Error, what: &str) -> String {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text.push_str(": ");
                text.push_str(&inner_text);
            }
            source = inner.source();
        }
        self.row("why", text);
        title(what, error.code(), "")
    }

    fn cause(&mut self, cause: Cause) {
        self.row("why", cause.summary());
    }

    /// Our own servers say what to do in the same breath; it gets a row of its own.
    fn said(&mut self, said: &str, cause: Option<Cause>) {
        let said = cause.map_or_else(|| said.to_owned(), |cause| said.replace(cause.remedy(), ""));
        let known = cause.is_some_and(|cause| said.trim() == cause.summary() || said.trim() == cause.title());
        if !said.trim().is_empty() && !known {
            self.row("the server said", said.trim());
        }
    }

    fn remedy(&mut self, cause: Option<Cause>) {
        if let Some(cause) = cause {
            self.row("what to do", cause.remedy());
        }
    }

    /// What follows from an error, whichever it is.
    fn advice(&mut self, error: &Error) {
        if let Some(flags) = flags(error) {
            self.row("with this program", flags);
        }
        if error.do_new_credentials_help() {
            self.row("new credentials", "may help: a fresh one of the same kind");
        } else if is_permission(error) {
            self.row("new credentials", "do not help, unless they permit more");
        }
        let again = match (error.retry_after(), error.is_worth_retrying()) {
            (Some(after), _) => format!("not before {} from now", seconds(after)),
            (None, true) => "may succeed later, without a change here".to_owned(),
            (None, false) => "is of no use without a change".to_owned(),
        };
        self.row("trying again", again);
        let who = match error.responsible() {
            Responsible::Client => "this side: the address, the request or the credentials",
            Responsible::Server => "whoever runs the server",
            Responsible::Proxy => "whoever runs the proxy in between",
            Responsible::Network => "the network in between",
        };
        self.row("whose turn it is", who);
    }
}

fn title(what: &str, status: &str, code: &str) -> String {
    let status = status.trim();
    if code.is_empty() { format!("{what}: {status}") } else { format!("{what}: {status}, {code}") }
}

/// What an answer without a cause may mean.
fn unexplained(refused: &Refused) -> &'static str {
    match refused.status {
        200..=299 => {
            "this address serves ordinary HTTP: the path is wrong, or a proxy in between does not pass WebSockets on"
        }
        400 => "something in the request is not accepted, and the answer does not tell what",
        401 => "credentials are wanted, or were not accepted",
        403 => {
            "it is forbidden, and the answer does not tell why: often the credentials (many frameworks answer 403 to whatever they close before accepting), the Origin, or the address"
        }
        404 => "there is nothing at this path",
        405 | 426 | 501 => "this path does not speak WebSocket",
        407 => "a proxy in between wants credentials",
        429 => "too many attempts or connections",
        502 => "a proxy in between does not reach the server behind it",
        503 => "the server is down for the moment, or has too much to do",
        504 => "the server behind a proxy did not answer in time",
        500.. => "the server failed",
        _ => "the answer does not tell",
    }
}

/// The flags that may help.
fn flags(error: &Error) -> Option<&'static str> {
    Some(match error.code() {
        "credentials-missing" | "unauthorized-unexplained" => {
            "--token-file FILE or WS_TOKEN for a token, --basic USER:PASSWORD, --header 'Cookie: …'"
        }
        "origin-missing" | "origin-denied" => "--origin https://… sends another Origin",
        "subprotocol-unsupported" => "--subprotocol NAME offers one",
        "connect-timeout" | "tls-timeout" => "--timeout 60s waits longer",
        _ => return None,
    })
}

/// Whether somebody known was not permitted.
fn is_permission(error: &Error) -> bool {
    match error {
        Error::Connect(ConnectError::Refused(refused)) => refused.cause().is_some_and(|cause| {
            matches!(cause, Cause::ScopeInsufficient | Cause::RoleMissing | Cause::PolicyDenied)
        }),
        Error::Connect(ConnectError::Closed(closed)) | Error::Closed(closed) => {
            closed.frame.as_ref().is_some_and(|frame| frame.code == 3003)
        }
        _ => false,
    }
}

fn challenge(challenge: &Challenge) -> String {
    let parameters: Vec<String> =
        challenge.params().map(|(name, value)| format!("{name} {value:?}")).collect();
    if parameters.is_empty() {
        challenge.scheme().to_owned()
    } else {
        format!("{} ({})", challenge.scheme(), parameters.join(", "))
    }
}

/// The words of a body that is no problem document: of a page its title, of anything else its beginning.
fn words(body: &str) -> Option<String> {
    let body = body.trim();
    let lower = body.to_ascii_lowercase();
    let words = if lower.starts_with('<') {
        let begin = lower.find("<title>")? + "<title>".len();
        let length = lower.get(begin..)?.find('<')?;
        body.get(begin..begin + length)?
    } else {
        body
    };
    let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(SAID).collect();
    if short.is_empty() {
        None
    } else {
        Some(if short.len() < words.len() { format!("{short} …") } else { short })
    }
}

fn seconds(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match seconds {
        0..=120 => format!("{seconds} s"),
        121..=7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
