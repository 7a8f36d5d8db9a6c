//! A handshake that was accepted only to be refused in a Close frame.

use std::fmt;
use std::time::Duration;

use ws_core::message::CloseFrame;
use ws_core::refusal::{Cause, CloseRefusal, RefusedBy};

use super::answer::Printable;
use super::responsible::{Responsible, is_worth_retrying, responsible};

/// The server accepted the handshake and closed the connection at once, with the reason in the Close frame: so do servers
/// that tell browsers why, for browsers hide from pages what an HTTP answer says.
///
/// A connection that was open for a while may be closed for a cause as well: [`of`](Self::of) reads that frame.
///
/// ```
/// use ws_client::Closed;
/// use ws_core::message::{CloseCode, CloseFrame};
/// use ws_core::refusal::Cause;
///
/// let frame = CloseFrame::new(CloseCode::UNAUTHORIZED, "token-expired: The token has expired");
/// assert_eq!(Closed::of(&frame).cause(), Some(Cause::TokenExpired));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// The close code and the reason; `None` where the connection ended without a Close frame.
    pub frame: Option<CloseRefusal>,
    /// Who refused, where a `Refused-By` field of the 101 tells it.
    pub refused_by: Option<RefusedBy>,
}

impl Closed {
    /// What a Close frame says.
    pub fn of(frame: &CloseFrame) -> Self {
        Self { frame: Some(read(frame)), refused_by: None }
    }

    pub(crate) fn new(frame: Option<&CloseFrame>, refused_by: Option<RefusedBy>) -> Self {
        Self { frame: frame.map(read), refused_by }
    }

    /// The cause in the catalogue of refusals, where the reason tells one that is known.
    pub fn cause(&self) -> Option<Cause> {
        self.frame.as_ref()?.cause()
    }

    /// Whether the WebSocket server itself refused: it says so in the 101, or the reason tells a cause of the catalogue
    /// with its close code. If not, it may be a proxy that closed the connection.
    pub fn by_application(&self) -> bool {
        self.refused_by.is_some() || self.cause().is_some()
    }

    /// When to come back, where the reason says so; at most a year away.
    pub fn retry_after(&self) -> Option<Duration> {
        Some(self.frame.as_ref()?.retry_after()?.min(super::retry_after::LONGEST))
    }

    /// Who has to change something.
    pub fn responsible(&self) -> Responsible {
        match self.frame.as_ref().map(|frame| frame.code) {
            Some(_) if self.cause().is_some() => responsible(self.cause(), 0),
            // IANA WebSocket Close Code registry: Unauthorized and Forbidden; RFC 6455 7.4.1: what this side did.
            Some(3000 | 3003 | 1002 | 1003 | 1007..=1010) => Responsible::Client,
            // IANA registry: Timeout, of a connection that said nothing.
            Some(3008) => Responsible::Network,
            _ => Responsible::Server,
        }
    }

    /// Whether the very same request may be let in later, without any change on this side; if so, not before
    /// [`retry_after`](Self::retry_after).
    pub fn is_worth_retrying(&self) -> bool {
        match self.frame.as_ref().map(|frame| frame.code) {
            Some(_) if self.cause().is_some() => is_worth_retrying(self.cause(), 0),
            // RFC 6455 7.4.1, IANA registry: going away, an unexpected condition, a restart, try again later, bad gateway.
            Some(code) => matches!(code, 1001 | 1011..=1014 | 3008),
            None => true,
        }
    }

    /// What the one who was refused can do, where the cause is known.
    pub fn remedy(&self) -> Option<&'static str> {
        self.cause().map(Cause::remedy)
    }
}

/// The close code and the reason in one line without control characters, then what to do.
impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(frame) = &self.frame else {
            return f.write_str("the server refused after the handshake, and closed without saying why");
        };
        write!(f, "the connection was closed with {}", frame.code)?;
        if !frame.reason.is_empty() {
            write!(f, ", {}", Printable(&frame.reason))?;
        }
        match (self.remedy(), explained(frame.code)) {
            (Some(remedy), _) => write!(f, ". {remedy}"),
            (None, Some(explained)) => write!(f, ": {explained}"),
            (None, None) => Ok(()),
        }
    }
}

/// What a close code means where the reason names no cause (RFC 6455 7.4, IANA WebSocket Close Code registry).
fn explained(code: u16) -> Option<&'static str> {
    Some(match code {
        1000 => "the server has ended the conversation, and nothing is wrong",
        1001 => "the server goes away, connect again",
        1002 => "the server says that this side broke the protocol, one of the two programs has it wrong",
        1003 => "the server does not take this kind of message, text or binary, send the other",
        1005 => "the server gives no reason, its log may",
        1007 => "the server says that a message was not what its type says, such as text that is no UTF-8",
        1008 => "it is against the server's policy, and its log knows what",
        1009 => "a message was too big for the server, send smaller ones",
        1010 => "the server wants an extension, such as compression, offer it",
        1011 => "the server failed, connect again later, its log tells the operator why",
        1012 => "the server restarts, connect again",
        1013 => "the server is overloaded, connect again later",
        1014 => "a gateway answers, and the server behind it does not, connect again later",
        3000 => "the credentials are missing or not good any more, get fresh ones",
        3003 => "it is not permitted, ask who runs the server for the permission",
        3008 => "the server waited too long for this side, connect again",
        4000..=4999 => "a code of this application's own, its documentation says what it means",
        _ => return None,
    })
}

fn read(frame: &CloseFrame) -> CloseRefusal {
    CloseRefusal { code: frame.code.get(), reason: frame.reason.to_string() }
}

#[cfg(test)]
mod tests {
    use ws_core::message::CloseCode;

    use super::*;

    fn closed(code: u16, reason: &str) -> Closed {
        Closed::of(&CloseFrame::new(CloseCode::new(code).unwrap(), reason))
    }

    #[test]
    fn a_cause_of_the_catalogue_is_the_applications() {
        let expired = closed(3000, "token-expired: The token has expired");
        assert_eq!(
            (expired.cause(), expired.responsible()),
            (Some(Cause::TokenExpired), Responsible::Client)
        );
        assert!(expired.by_application() && !expired.is_worth_retrying());
        assert_eq!(
            expired.to_string(),
            format!(
                "the connection was closed with 3000, token-expired: The token has expired. {}",
                Cause::TokenExpired.remedy()
            )
        );
        let full = closed(1013, "server-full: retry after 5 s");
        assert_eq!(
            (full.retry_after(), full.responsible()),
            (Some(Duration::from_secs(5)), Responsible::Server)
        );
        assert!(full.is_worth_retrying());
    }

    #[test]
    fn without_a_cause_the_code_tells_who() {
        for (code, who, retry) in [
            (3000, Responsible::Client, false),
            (1008, Responsible::Client, false),
            (1011, Responsible::Server, true),
            (1013, Responsible::Server, true),
            (4000, Responsible::Server, false),
        ] {
            let closed = closed(code, "because");
            assert!(!closed.by_application() && closed.remedy().is_none());
            assert_eq!((closed.responsible(), closed.is_worth_retrying()), (who, retry), "{code}");
        }
    }

    #[test]
    fn a_minimal_refusal_is_the_applications_where_the_answer_says_so() {
        let refused_by = RefusedBy::parse("rooms; id=42").ok();
        let frame = CloseFrame::new(CloseCode::FORBIDDEN, "");
        assert!(Closed::new(Some(&frame), refused_by.clone()).by_application());
        let silent = Closed::new(None, refused_by);
        assert!(silent.by_application() && silent.is_worth_retrying());
        assert!(silent.to_string().contains("without saying why"));
    }

    /// The text ends up in logs and on terminals (CWE-117, CWE-150).
    #[test]
    fn what_a_stranger_says_cannot_forge_a_line() {
        let text = closed(4000, "a\nERROR forged\u{1b}[2J\u{202e}").to_string();
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    }
}
