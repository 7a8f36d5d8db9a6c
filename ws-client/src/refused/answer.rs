//! A refusal as this client understands it.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use ws_core::head::{Fields, ResponseHead};
use ws_core::refusal::{Cause, Challenge, Problem, RefusedBy};

use super::responsible::{Responsible, is_worth_retrying, responsible};
use super::said::{cut, said};
use super::sent::{SentCredential, overlooked};
use super::unexplained::{Meaning, meaning};
use super::{Body, retry_after};

/// The longest detail of a problem document that is passed on, in characters.
const DETAIL: usize = 600;

/// The server, or something in front of it, answered the handshake with another status than 101.
///
/// What it says in words of its own is in [`problem`](Self::problem) and [`challenges`](Self::challenges);
/// what follows from that is told by the methods.
///
/// ```no_run
/// use ws_client::ConnectError;
/// use ws_core::refusal::Cause;
///
/// # async fn example() {
/// match ws_client::connect("ws://127.0.0.1:9001/rooms/lobby").await {
///     Err(ConnectError::Refused(refused)) if refused.cause() == Some(Cause::TokenExpired) => {
///         println!("a fresh token is needed");
///     }
///     Err(ConnectError::Refused(refused)) if refused.is_worth_retrying() => {
///         println!("again in {:?}", refused.retry_after.unwrap_or_default());
///     }
///     Err(error) => println!("{error}"),
///     Ok(_) => println!("connected"),
/// }
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Refused {
    /// The HTTP status, 200 to 999.
    pub status: u16,
    /// The reason phrase, which may be empty; bytes that are no UTF-8 are replaced.
    pub reason: String,
    /// The status line and the header fields as they came.
    pub head: ResponseHead,
    /// The body, as much of it as was taken.
    pub body: Body,
    /// The body's meaning, where it is a problem document (RFC 9457).
    pub problem: Option<Problem>,
    /// The challenges of all `WWW-Authenticate` fields that follow the grammar (RFC 9110 11.6.1).
    pub challenges: Vec<Challenge>,
    /// Who refused, where a `Refused-By` field tells it.
    pub refused_by: Option<RefusedBy>,
    /// When to come back, at most a year away: from `Retry-After` (RFC 9110 10.2.3), else from the problem.
    pub retry_after: Option<Duration>,
    /// Where credentials stood in the request that was refused; empty where it had none. Among the parameters of the URL's
    /// query and the header fields, those count by whose names a credential is expected in them.
    pub sent: Vec<SentCredential>,
}

impl Refused {
    pub(crate) fn new(head: ResponseHead, body: Body) -> Self {
        let fields = head.fields();
        let problem = body_as_problem(fields, &body);
        let challenges = fields
            .get_all("WWW-Authenticate")
            .filter_map(|value| Challenge::parse_list(std::str::from_utf8(value).ok()?).ok())
            .flatten()
            .collect();
        let retry_after = fields
            .get_str("Retry-After")
            .and_then(|value| retry_after::parse(value, SystemTime::now()))
            .or_else(|| retry_after::parse(&problem.as_ref()?.retry_after?.to_string(), SystemTime::now()));
        Self {
            status: head.status(),
            reason: String::from_utf8_lossy(head.reason()).into_owned(),
            refused_by: fields.get_str(RefusedBy::FIELD).and_then(|value| RefusedBy::parse(value).ok()),
            retry_after,
            challenges,
            problem,
            body,
            head,
            sent: Vec::new(),
        }
    }

    /// The refusal of a request that had these credentials.
    pub(crate) fn of(mut self, sent: Vec<SentCredential>) -> Self {
        self.sent = sent;
        self
    }

    /// The header fields of the answer.
    pub fn fields(&self) -> &Fields {
        self.head.fields()
    }

    /// The cause in the catalogue of refusals, where the answer tells one that is known.
    pub fn cause(&self) -> Option<Cause> {
        let by_field = self.refused_by.as_ref().and_then(RefusedBy::cause);
        by_field.or_else(|| self.problem.as_ref().and_then(Problem::cause))
    }

    /// Whether the WebSocket server itself refused. If not, a proxy, a CDN or a server that does not know
    /// the catalogue did.
    pub fn by_application(&self) -> bool {
        self.refused_by.is_some() || self.problem.as_ref().is_some_and(|problem| problem.cause().is_some())
    }

    /// Who has to change something.
    pub fn responsible(&self) -> Responsible {
        responsible(self.likely_cause(), self.status)
    }

    /// Whether the very same request may be let in later, without any change on this side; if so, not
    /// before [`retry_after`](Self::retry_after).
    pub fn is_worth_retrying(&self) -> bool {
        is_worth_retrying(self.likely_cause(), self.status)
    }

    /// What the one who was refused can do, where the cause is known.
    pub fn remedy(&self) -> Option<&'static str> {
        self.cause().map(Cause::remedy)
    }

    /// What the body says in words of its own, where it does so in a widely used form: the detail of a problem document,
    /// a line of plain text, the title of a page, a message in JSON. It is a stranger's text, cut to 160 characters, the
    /// detail to 600.
    pub fn said(&self) -> Option<String> {
        match &self.problem {
            // A title may be no more than that of the status.
            Some(problem) => {
                let title =
                    || problem.title.as_ref().filter(|title| !title.eq_ignore_ascii_case(&self.reason));
                problem.detail.as_ref().or_else(title).map(|words| cut(words, DETAIL))
            }
            None => said(&self.head, &self.body),
        }
    }

    /// What the answer means where it names no cause.
    pub(crate) fn meaning(&self) -> Meaning {
        // Some servers say in the reason what is wrong.
        let said = match (self.said(), self.status) {
            (Some(said), _) => Some(said),
            (None, 400) => Some(self.reason.clone()),
            (None, _) => None,
        };
        meaning(self.status, self.fields(), &self.challenges, said.as_deref())
    }

    /// What to do about it where it names no cause.
    pub(crate) fn advice(&self) -> Cow<'static, str> {
        self.meaning().advice(&self.sent)
    }

    /// What is to be added to what the server says: that credentials were sent that it has not found.
    pub(crate) fn overlooked(&self) -> Option<String> {
        if self.cause() == Some(Cause::CredentialsMissing) { overlooked(&self.sent) } else { None }
    }

    /// The cause that the answer names, else the only one that its status and words allow.
    pub(crate) fn likely_cause(&self) -> Option<Cause> {
        self.cause().or_else(|| self.meaning().cause())
    }
}

/// The status, then the cause and what the server says about it, in one line without control characters.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the handshake was refused with {}", self.status)?;
        if !self.reason.is_empty() {
            write!(f, " {}", Printable(&self.reason))?;
        }
        let said = self.said();
        let said = said.as_deref();
        if let Some(cause) = self.cause() {
            write!(f, ", {cause}: {}", Printable(said.unwrap_or(cause.summary())))?;
            // Our own servers say in the detail what to do; others that use the code may not.
            if !said.is_some_and(|said| said.contains(cause.remedy())) {
                write!(f, " {}", cause.remedy())?;
            }
            return self.overlooked().map_or(Ok(()), |note| write!(f, " {note}"));
        }
        if let Some(said) = said {
            write!(f, ", \"{}\"", Printable(said))?;
        }
        // RFC 6750 3: these parameters tell what the token lacks.
        for challenge in self.challenges.iter().filter(|challenge| challenge.is("Bearer")) {
            if let Some(description) = challenge.get("error_description").filter(|text| Some(*text) != said) {
                write!(f, ", \"{}\"", Printable(description))?;
            }
            if let Some(scope) = challenge.scope() {
                write!(f, ", scope \"{}\"", Printable(scope))?;
            }
        }
        if self.by_application() && said.is_none() && self.status == 403 {
            return f.write_str(": the server does not disclose why; its log does");
        }
        write!(f, ": {}", self.advice())?;
        self.retry_after.map_or(Ok(()), |wait| write!(f, " ({} s at the earliest)", wait.as_secs()))
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("status", &self.status)
            .field("cause", &self.cause().map(Cause::code))
            .field("problem", &self.problem)
            .field("challenges", &self.challenges)
            .field("refused_by", &self.refused_by)
            .field("retry_after", &self.retry_after)
            .field("sent", &self.sent)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A stranger's words, without what could begin a line in a log, or steer a terminal.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            // Invisible ones, ends of lines and paragraphs, and those that turn the direction of text.
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => write!(f, "{}", c.escape_unicode()),
            c if c.is_control() => write!(f, "{}", c.escape_debug()),
            c => write!(f, "{c}"),
        })
    }
}

// RFC 9457 3: the media type tells a problem document; a part of one is none.
fn body_as_problem(fields: &Fields, body: &Body) -> Option<Problem> {
    let media_type = fields.get_str("Content-Type")?.split(';').next()?.trim();
    if !media_type.eq_ignore_ascii_case(Problem::MEDIA_TYPE) || !body.is_complete() {
        return None;
    }
    Problem::parse(body.bytes()).ok()
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use ws_core::head::{HeadLimits, HeadReader};

    use super::*;
    use crate::refused::{Framing, read};

    async fn refused(head: &str, body: &str) -> Refused {
        let mut buffer = BytesMut::from(format!("HTTP/1.1 {head}\r\n\r\n").as_str());
        let mut reader = HeadReader::new(HeadLimits::default());
        let head = reader.read_response(&mut buffer).expect("valid").expect("whole");
        let mut stream = body.as_bytes();
        let body =
            read(&mut stream, BytesMut::new(), Framing::UntilClose, 1000, Duration::from_secs(1)).await;
        Refused::new(head, body)
    }

    /// Whatever is behind it: a terminal, a log, somebody who reads.
    #[test]
    fn nothing_invisible_is_printed() {
        let turning = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}";
        let invisible =
            "\u{ad}\u{180e}\u{200b}\u{2028}\u{2060}\u{206f}\u{feff}\u{fff9}\u{e0001}\u{e0061}\u{e007f}";
        let steering = "\u{0}\u{7}\u{1b}[2J\r\n\t\u{7f}\u{9b}\u{85}";
        for c in [turning, invisible, steering].concat().chars().filter(|c| !c.is_ascii_graphic()) {
            let shown = Printable(c.encode_utf8(&mut [0; 4])).to_string();
            assert!(
                shown.starts_with('\\') && shown.bytes().all(|byte| byte.is_ascii_graphic()),
                "{shown:?}"
            );
        }
        let kept = "é 日本 עברית \u{1f600} e\u{301}";
        assert_eq!(Printable(kept).to_string(), kept);
    }

    #[tokio::test]
    async fn an_endless_detail_is_cut() {
        let body = format!(r#"{{"detail":"{}"}}"#, "é".repeat(400));
        let head = "403 Forbidden\r\nContent-Type: application/problem+json";
        assert_eq!(refused(head, &body).await.said(), Some("é".repeat(400)));
        let body = format!(r#"{{"detail":"{}"}}"#, "x".repeat(900));
        assert_eq!(refused(head, &body).await.said(), Some(format!("{}…", "x".repeat(DETAIL))));
    }

    const EXPIRED: &str = "401 Unauthorized\r\nContent-Type: application/problem+json; charset=utf-8\r\n\
         WWW-Authenticate: Bearer realm=\"a, b\", error=\"invalid_token\", Basic realm=\"c\"\r\n\
         WWW-Authenticate: Ticket realm=\"d\"\r\n\
         Refused-By: rooms; code=token-expired; id=42";
    const PROBLEM: &str = r#"{"status":401,"code":"token-expired","detail":"It ended.","retry_after":7}"#;

    #[tokio::test]
    async fn everything_that_was_said_is_there() {
        let refused = refused(EXPIRED, PROBLEM).await;
        assert_eq!((refused.status, refused.reason.as_str()), (401, "Unauthorized"));
        assert_eq!(refused.cause(), Some(Cause::TokenExpired));
        assert!(refused.by_application());
        assert_eq!(refused.problem.as_ref().and_then(|problem| problem.detail.as_deref()), Some("It ended."));
        let schemes: Vec<&str> = refused.challenges.iter().map(Challenge::scheme).collect();
        assert_eq!(schemes, ["Bearer", "Basic", "Ticket"]);
        assert_eq!(refused.refused_by.as_ref().and_then(|by| by.id.as_deref()), Some("42"));
        assert_eq!(refused.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(refused.responsible(), Responsible::Client);
        assert!(!refused.is_worth_retrying());
        let text = refused.to_string();
        assert!(text.contains("401 Unauthorized, token-expired: It ended."), "{text}");
        assert!(text.contains(Cause::TokenExpired.remedy()), "{text}");
    }

    #[tokio::test]
    async fn the_field_says_more_than_the_problem_and_the_problem_more_than_nothing() {
        let both = refused(&EXPIRED.replace("token-expired", "token-revoked"), PROBLEM).await;
        assert_eq!(both.cause(), Some(Cause::TokenRevoked));
        let problem_alone = refused(&EXPIRED.replace("Refused-By", "X"), PROBLEM).await;
        assert_eq!(problem_alone.cause(), Some(Cause::TokenExpired));
        assert!(problem_alone.by_application());
    }

    #[tokio::test]
    async fn a_body_that_is_no_problem_document_is_not_read_as_one() {
        for head in [EXPIRED.replace("problem+json", "json"), EXPIRED.replace("Content-Type", "X")] {
            assert!(refused(&head, PROBLEM).await.problem.is_none());
        }
        let cut = refused(EXPIRED, &PROBLEM[..20]).await;
        assert!(cut.problem.is_none());
        assert_eq!(cut.body.bytes(), &PROBLEM.as_bytes()[..20]);
    }

    #[tokio::test]
    async fn a_minimal_refusal_is_the_applications_without_a_cause() {
        let minimal = refused("403 Forbidden\r\nRefused-By: rooms; id=42", "").await;
        assert_eq!(minimal.cause(), None);
        assert!(minimal.by_application());
        assert!(minimal.to_string().contains("does not disclose"), "{minimal}");
    }

    #[tokio::test]
    async fn an_answer_of_something_in_between() {
        let proxy = refused("503 Service Unavailable\r\nRetry-After: 3", "<html>").await;
        assert!(!proxy.by_application());
        assert_eq!(proxy.retry_after, Some(Duration::from_secs(3)));
        assert!(proxy.is_worth_retrying());
        assert_eq!(proxy.responsible(), Responsible::Server);
        assert!(proxy.to_string().contains("takes nobody now"), "{proxy}");
        assert!(proxy.to_string().ends_with("(3 s at the earliest)"), "{proxy}");
    }

    /// The text ends up in logs and on terminals (CWE-117, CWE-150).
    #[tokio::test]
    async fn what_a_stranger_says_cannot_forge_a_line_or_steer_a_terminal() {
        let problem = r#"{"detail":"a\nERROR forged\u001b[2J\u009b1m\u202e","title":"b\rc"}"#;
        for problem in [problem, &problem.replace("detail", "x")] {
            let head = "403 For\u{9b}bidden\r\nContent-Type: application/problem+json";
            let text = refused(head, problem).await.to_string();
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
        }
        let text =
            refused("403 No\r\nContent-Type: application/problem+json", r#"{"detail":"Grüße, \"Ann\"'s"}"#);
        assert!(text.await.to_string().contains(", \"Grüße, \"Ann\"'s\": "));
    }

    #[tokio::test]
    async fn what_does_not_parse_is_absent() {
        let odd = refused(
            "401 \r\nWWW-Authenticate: Bearer realm=\"a\r\nWWW-Authenticate: Basic\r\nRefused-By: a b\r\nRetry-After: x",
            "",
        )
        .await;
        assert_eq!(odd.challenges.len(), 1);
        assert!(odd.refused_by.is_none() && odd.retry_after.is_none());
    }
}
