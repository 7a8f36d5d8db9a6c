//! What was decided, and what to do about it: a block of lines for people.

use std::time::Duration;

use ws_core::message::CloseCode;
use ws_core::net;
use ws_core::refusal::{Cause, Challenge};

use super::style::{Style, Tone, wrap};
use super::{close_codes, heads};
use crate::refused::{Printable, places};
use crate::{
    Closed, ConnectError, Error, NextStep, ProxyError, RedirectError, Refused, Responsible, TlsError,
};

/// The column of what is told, behind its label.
const COLUMN: usize = 20;
/// The whole block, without a line feed at its end.
pub(super) fn report(error: &Error, style: Style, width: usize) -> String {
    let mut block = Block { rows: Vec::new() };
    let title = match error {
        Error::Connect(connect) => block.not_connected(connect),
        Error::Closed(closed) => block.closed(closed, "closed"),
        Error::Restore(restore) => block.failed(restore, "the connection was given up", error.code()),
        // Its own text says who may have cut it off; elsewhere the library names methods, in place of flags.
        Error::Broken(net::Error::Lost | net::Error::PingTimeout | net::Error::WriteTimeout) => {
            block.failed(error, "the connection broke", error.code())
        }
        Error::Broken(broken) => block.failed(broken, "the connection broke", error.code()),
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

    fn not_connected(&mut self, error: &ConnectError) -> String {
        match error {
            ConnectError::Refused(refused) => self.refused(refused),
            ConnectError::Closed(closed) => self.closed(closed, "refused"),
            ConnectError::Redirect(RedirectError::Elsewhere { chain, source }) => {
                let chain: Vec<String> = chain.iter().map(heads::address).collect();
                let chain = format!(
                    "{}; no credentials were sent to the last, which is another origin",
                    chain.join(" -> ")
                );
                self.row("redirected", chain);
                self.not_connected(source)
            }
            ConnectError::Redirected(redirected) => {
                let location = heads::resource(&redirected.location);
                self.row(
                    "why",
                    format!("the server points to {location}, and redirections are not followed"),
                );
                title("not connected", &redirected.status.to_string(), error.code())
            }
            error => self.failed(error, "not connected", error.code()),
        }
    }

    fn refused(&mut self, refused: &Refused) -> String {
        if let Some(cause) = refused.cause() {
            self.cause(cause);
        } else if refused.by_application() {
            self.row("why", "the server does not disclose it; its log does");
        } else {
            self.row("why", refused.advice());
        }
        let problem = refused.problem.as_ref();
        let by = match (&refused.refused_by, refused.fields().get_str("Server")) {
            (Some(by), _) => by.name.clone(),
            (None, _) if refused.by_application() => "the WebSocket server".to_owned(),
            (None, Some(server)) => format!("something that calls itself {server:?}"),
            (None, None) => "something that does not say who it is".to_owned(),
        };
        self.row("refused by", by);
        if let Some(said) = refused.said() {
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
        self.credentials(refused);
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

    fn failed(&mut self, error: &dyn std::error::Error, what: &str, code: &str) -> String {
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
        title(what, code, "")
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

    /// What this side sent, where the answer may be about that.
    fn credentials(&mut self, refused: &Refused) {
        if matches!(refused.status, 401 | 403) {
            let sent = places(&refused.sent).unwrap_or_else(|| "none".to_owned());
            let note = refused.overlooked().map_or("", |_| "; this server wants them elsewhere");
            self.row("credentials sent", format!("{sent}{note}"));
        }
        if refused.cause().is_none() && refused.next_step() == NextStep::FindOut {
            self.row("what to do", refused.next_step().to_string());
        }
    }

    /// What follows from an error, whichever it is.
    fn advice(&mut self, error: &Error) {
        if let Some(flags) = flags(error) {
            self.row("with this program", flags);
        }
        if error.do_new_credentials_help() {
            self.row("new credentials", "may help: a fresh one of the same kind");
        } else if lacks_permission(error) {
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

/// The flags that may help.
fn flags(error: &Error) -> Option<&'static str> {
    let has_sent = refusal(error).is_some_and(|refused| !refused.sent.is_empty());
    Some(match error.code() {
        "credentials-missing" if has_sent => {
            "--token-in header, query:NAME, cookie:NAME, subprotocol or first-message: another place for the token; \
             --basic USER:PASSWORD; --header 'Cookie: …'"
        }
        "unauthorized-unexplained" if has_sent => {
            "--token-file FILE, --token-command COMMAND or WS_TOKEN for another token, --token-in PLACE for another place; \
             --basic USER:PASSWORD; --header 'Cookie: …'"
        }
        "credentials-missing" | "unauthorized-unexplained" => {
            "--token-file FILE, --token-command COMMAND or WS_TOKEN for a token; --basic USER:PASSWORD; --header 'Cookie: …'"
        }
        "forbidden-unexplained" if has_sent => {
            "--token-file FILE or --token-command COMMAND for a token that permits more, --token-in PLACE for another place; \
             --origin https://… sends an Origin"
        }
        "forbidden-unexplained" => {
            "--token-file FILE, --token-command COMMAND or WS_TOKEN for a token; --basic USER:PASSWORD; --header 'Cookie: …'; \
             --origin https://… sends an Origin"
        }
        "certificate-untrusted" if is_self_signed(error) => {
            "--ca FILE, with the server's own certificate, trusts it"
        }
        "credentials-in-clear" => {
            "--allow-credentials-in-clear sends them all the same: only over a network that you trust"
        }
        "certificate-untrusted" => {
            "--ca FILE trusts an authority: the one that issued the server's certificate, whose own does not do here"
        }
        "client-certificate-required" | "client-certificate-rejected" => "--cert FILE --key FILE",
        "proxy-authentication-required" => "--proxy http://USER:PASSWORD@HOST:PORT",
        "redirected" => "--follow-redirects goes there, without credentials if it is another server",
        "origin-missing" | "origin-denied" => "--origin https://… sends another Origin",
        "subprotocol-unsupported" => "--subprotocol NAME offers one",
        _ if too_big(error) => "--max-message BYTES takes larger ones",
        _ if was_open(error) && error.is_worth_retrying() => "--reconnect comes back by itself",
        "connect-timeout" | "tls-timeout" => "--timeout 60s waits longer",
        _ => return None,
    })
}

/// The refusal in it, though it came after a redirection.
fn refusal(error: &Error) -> Option<&Refused> {
    match innermost(error)? {
        ConnectError::Refused(refused) => Some(refused),
        _ => None,
    }
}

fn is_self_signed(error: &Error) -> bool {
    match innermost(error) {
        Some(ConnectError::Tls(error)) => matches!(error, TlsError::SelfSigned),
        Some(ConnectError::Proxy(ProxyError::Tls { source, .. })) => matches!(source, TlsError::SelfSigned),
        _ => false,
    }
}

/// What went wrong at the last address.
fn innermost(error: &Error) -> Option<&ConnectError> {
    let Error::Connect(error) = error else { return None };
    let mut error = error;
    while let ConnectError::Redirect(RedirectError::Elsewhere { source, .. }) = error {
        error = source;
    }
    Some(error)
}

fn too_big(error: &Error) -> bool {
    matches!(error, Error::Broken(broken) if broken.close_code() == Some(CloseCode::MESSAGE_TOO_BIG))
}

fn was_open(error: &Error) -> bool {
    matches!(error, Error::Broken(_) | Error::Closed(_))
}

/// Whether it is known who this is, and not enough.
fn lacks_permission(error: &Error) -> bool {
    let cause = error.cause();
    let code = match error {
        Error::Connect(ConnectError::Closed(closed)) | Error::Closed(closed) => closed.frame.as_ref(),
        _ => None,
    };
    matches!(cause, Some(Cause::ScopeInsufficient | Cause::RoleMissing | Cause::PolicyDenied))
        || cause.is_none() && code.is_some_and(|frame| frame.code == 3003)
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
