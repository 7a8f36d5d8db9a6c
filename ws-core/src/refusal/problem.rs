use std::fmt::{Display, Write as _};

use bytes::Bytes;
use serde_json::Value;
use thiserror::Error;

use super::http::reason_phrase;
use super::text::whole_seconds;
use super::{Cause, Disclosure, Presentation, Refusal, TraceStep};

/// The body of a refusal, as a client reads it (RFC 9457).
///
/// ```
/// use ws_core::refusal::{Cause, Problem};
///
/// let problem = Problem::parse(br#"{"status": 401, "code": "token-expired", "new": [1]}"#)?;
/// assert_eq!(problem.cause(), Some(Cause::TokenExpired));
/// assert_eq!(problem.problem_type, "about:blank");
/// # Ok::<(), ws_core::refusal::ProblemError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// `type`, the address of a page about it; `about:blank` where it is absent (RFC 9457 3.1.1).
    pub problem_type: String,
    /// `title`.
    pub title: Option<String>,
    /// `status`.
    pub status: Option<u16>,
    /// `detail`.
    pub detail: Option<String>,
    /// `code`, the cause's.
    pub code: Option<String>,
    /// `request_id`, under which the server's log knows the request.
    pub request_id: Option<String>,
    /// `retry_after` in seconds.
    pub retry_after: Option<u64>,
    /// `required_scope`, one scope or several with spaces between them.
    pub required_scope: Option<String>,
    /// `supported`, what would be accepted.
    pub supported: Vec<String>,
    /// `trace`, the checks that were made, in their order; servers tell it in development only.
    pub trace: Vec<TraceStep>,
}

/// Why a body is no problem document.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// The body is not JSON.
    #[error("the body is not JSON")]
    NotJson(#[from] serde_json::Error),
    /// The body is JSON, but not an object.
    #[error("the body is not a JSON object")]
    NotAnObject,
}

impl Problem {
    /// The media type of such a body (RFC 9457 6.1).
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// Reads a body; the caller limits its size.
    ///
    /// # Errors
    /// The body is not a JSON object. A member of another type than expected is taken for absent
    /// (RFC 9457 3.1).
    pub fn parse(body: &[u8]) -> Result<Self, ProblemError> {
        let Value::Object(members) = serde_json::from_slice(body)? else {
            return Err(ProblemError::NotAnObject);
        };
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| members.get(name).and_then(Value::as_u64);
        let supported = members.get("supported").and_then(Value::as_array);
        let trace = members.get("trace").and_then(Value::as_array);
        Ok(Self {
            problem_type: text("type").unwrap_or_else(|| "about:blank".to_owned()),
            title: text("title"),
            status: number("status").and_then(|status| u16::try_from(status).ok()),
            detail: text("detail"),
            code: text("code"),
            request_id: text("request_id"),
            retry_after: number("retry_after"),
            required_scope: text("required_scope"),
            trace: trace.into_iter().flatten().filter_map(TraceStep::parse).collect(),
            supported: supported.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    /// The cause, where the code is told and known.
    pub fn cause(&self) -> Option<Cause> {
        self.code.as_deref().and_then(Cause::from_code)
    }
}

impl Refusal {
    /// The body of an HTTP refusal whose cause and status are those that are told.
    pub(super) fn problem(&self, status: u16, presentation: &Presentation<'_>) -> Bytes {
        let mut body = Object::default();
        if presentation.disclosure == Disclosure::Minimal {
            // RFC 9457 4.2.1: about:blank adds nothing to the status, and its title is the status's.
            body.member("type", "about:blank");
            body.member("title", reason_phrase(status));
            body.member("status", status);
            return body.finish().into();
        }
        body.member("type", format!("{}#{}", presentation.documentation, self.cause));
        body.member("title", self.cause.title());
        body.member("status", status);
        body.member("detail", self.explanation(presentation.disclosure));
        body.member("code", self.cause.code());
        body.member("request_id", presentation.request_id);
        if let Some(wait) = self.retry_after {
            body.member("retry_after", whole_seconds(wait));
        }
        if let Some(scope) = &self.required_scope {
            body.member("required_scope", scope.as_str());
        }
        if !self.supported.is_empty() {
            body.member("supported", self.supported.clone());
        }
        // A 404 is the same for what is hidden and what is not there, and so are the checks that it tells: none.
        if presentation.disclosure == Disclosure::Full && status != 404 && !presentation.trace.is_empty() {
            body.list("trace", presentation.trace.iter().map(TraceStep::to_json));
        }
        body.finish().into()
    }

    /// What happened, what would be accepted, and what to do about it.
    fn explanation(&self, disclosure: Disclosure) -> String {
        let mut text = self.told(disclosure, self.cause.summary()).to_owned();
        if !text.ends_with(['.', '!', '?']) {
            text.push('.');
        }
        if let Some(scope) = &self.required_scope {
            text.extend([" Required: ", scope, "."]);
        }
        if !self.supported.is_empty() {
            text.extend([" Supported: ", &self.supported.join(", "), "."]);
        }
        text.extend([" ", self.cause.remedy()]);
        text
    }
}

/// A JSON object whose members stand in the order in which they were added.
#[derive(Default)]
pub(super) struct Object(String);

impl Object {
    /// Adds a member whose name needs no escaping.
    pub(super) fn member(&mut self, name: &str, value: impl Into<Value>) {
        let value: Value = value.into();
        self.add(name, &value);
    }

    /// Adds a list of what is JSON already.
    fn list(&mut self, name: &str, elements: impl Iterator<Item = String>) {
        let elements: Vec<_> = elements.collect();
        self.add(name, &format_args!("[{}]", elements.join(",")));
    }

    fn add(&mut self, name: &str, json: &dyn Display) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        // Writing to a string cannot fail.
        let _ = write!(self.0, "\"{name}\":{json}");
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(disclosure: Disclosure) -> Presentation<'static> {
        Presentation { disclosure, ..Presentation::new("0f3b", "https://docs.example/refusals") }
    }

    #[test]
    fn members_are_those_of_the_catalogue() {
        let refusal = Refusal::new(Cause::SubprotocolUnsupported)
            .detail("none of chat.v0")
            .supported(["chat.v2", "chat.v1"])
            .required_scope("chat:read")
            .retry_after(Duration::from_millis(1));
        let body = refusal.problem(400, &at(Disclosure::Standard));
        let expected = concat!(
            r#"{"type":"https://docs.example/refusals#subprotocol-unsupported","#,
            r#""title":"No offered subprotocol is supported","status":400,"#,
            r#""detail":"This address requires a subprotocol, and none of those offered is spoken here. "#,
            r#"Required: chat:read. Supported: chat.v2, chat.v1. Offer one of the supported subprotocols.","#,
            r#""code":"subprotocol-unsupported","request_id":"0f3b","retry_after":1,"#,
            r#""required_scope":"chat:read","supported":["chat.v2","chat.v1"]}"#
        );
        assert_eq!(body, expected);
        let problem = Problem::parse(&body).unwrap();
        assert_eq!(problem.cause(), Some(Cause::SubprotocolUnsupported));
        assert_eq!(problem.supported, ["chat.v2", "chat.v1"]);
        assert_eq!((problem.retry_after, problem.status), (Some(1), Some(400)));
        let full = Problem::parse(&refusal.problem(400, &at(Disclosure::Full))).unwrap();
        assert!(full.detail.unwrap().starts_with("none of chat.v0. "));
    }

    #[test]
    fn minimal_says_nothing_but_the_status() {
        let expected = r#"{"type":"about:blank","title":"Unauthorized","status":401}"#;
        for cause in [Cause::TokenExpired, Cause::CredentialsMissing, Cause::TicketSpent] {
            let refusal = Refusal::new(cause).public_detail("a secret").required_scope("s").supported(["x"]);
            assert_eq!(refusal.problem(401, &at(Disclosure::Minimal)), expected);
        }
    }

    /// Nobody but a developer sees the checks, and nobody at all those of a 404.
    #[test]
    fn the_trace_is_told_at_full_alone() {
        let mut refused = TraceStep::new("origin", "refused");
        refused.cause = Some("origin-denied".to_owned());
        refused.compared = Some("\"https://evil\" against 2 allowed".to_owned());
        refused.nanoseconds = Some(812);
        let trace = [TraceStep::new("host", "passed"), refused];
        let told = |cause, status, disclosure| {
            let body = Refusal::new(cause).problem(status, &Presentation { trace: &trace, ..at(disclosure) });
            (Problem::parse(&body).unwrap().trace, body)
        };
        let (read, body) = told(Cause::OriginDenied, 403, Disclosure::Full);
        assert_eq!(read, trace);
        assert_eq!(read[1].cause(), Some(Cause::OriginDenied));
        let member = concat!(
            r#","trace":[{"check":"host","outcome":"passed"},{"check":"origin","outcome":"refused","#,
            r#""cause":"origin-denied","nanoseconds":812,"compared":"\"https://evil\" against 2 allowed"}]}"#
        );
        assert!(body.ends_with(member.as_bytes()), "{body:?}");
        for (cause, status, disclosure) in [
            (Cause::OriginDenied, 403, Disclosure::Standard),
            (Cause::OriginDenied, 403, Disclosure::Minimal),
            (Cause::RouteNotFound, 404, Disclosure::Full),
        ] {
            let (read, body) = told(cause, status, disclosure);
            assert!(read.is_empty() && !body.windows(5).any(|word| word == b"trace"), "{body:?}");
        }
    }

    /// RFC 9457 3.1: a member whose value has another type is ignored.
    #[test]
    fn members_of_other_types_are_ignored() {
        let body =
            br#"{"type":1,"title":[],"status":"401","retry_after":-1,"supported":["a",2],"code":null,"trace":[1,{"check":"a"}]}"#;
        let expected =
            Problem { problem_type: "about:blank".into(), supported: vec!["a".into()], ..Problem::default() };
        assert_eq!(Problem::parse(body).unwrap(), expected);
        assert_eq!(Problem::parse(br#"{"status":65937}"#).unwrap().status, None);
    }

    #[test]
    fn other_bodies_are_no_problems() {
        assert!(matches!(Problem::parse(b"[1]"), Err(ProblemError::NotAnObject)));
        for body in [&b""[..], b"<html>", b"{", b"{}x", b"\xff"] {
            assert!(matches!(Problem::parse(body), Err(ProblemError::NotJson(_))));
        }
        let deep = vec![b'['; 100_000];
        assert!(matches!(Problem::parse(&deep), Err(ProblemError::NotJson(_))));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_back(
            detail in ".+",
            id in any::<String>(),
            scope in any::<Option<String>>(),
            supported in proptest::collection::vec(any::<String>(), 0..4),
        ) {
            let mut refusal = Refusal::new(Cause::ScopeInsufficient);
            refusal = refusal.detail(detail.clone()).supported(supported.clone());
            refusal.required_scope.clone_from(&scope);
            let presentation = Presentation { request_id: &id, ..at(Disclosure::Full) };
            let problem = Problem::parse(&refusal.problem(403, &presentation)).unwrap();
            prop_assert!(problem.detail.unwrap().starts_with(&detail));
            prop_assert_eq!(problem.request_id, Some(id));
            prop_assert_eq!(problem.required_scope, scope);
            prop_assert_eq!(problem.supported, supported);
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in any::<Vec<u8>>()) {
            let _ = Problem::parse(&body);
        }
    }
}
