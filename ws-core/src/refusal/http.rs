use std::borrow::Cow;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::text::{to_field_value, to_token, whole_seconds};
use super::{Cause, Challenge, Disclosure, FieldValue, Presentation, Problem, Refusal, RefusedBy};

/// A refusal before the upgrade: an HTTP response.
///
/// Every field holds printable ASCII only, whatever the refusal was made of. A server with a clock
/// adds a `Date` (RFC 9110 6.6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRefusal {
    /// The status.
    pub status: u16,
    /// The header fields in the order of sending.
    pub fields: Vec<(&'static str, String)>,
    /// The body, `application/problem+json`.
    pub body: Bytes,
}

impl HttpRefusal {
    /// The first field of that name, in any case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The phrase that goes with the status (RFC 9110 15).
    pub const fn reason_phrase(&self) -> &'static str {
        reason_phrase(self.status)
    }

    /// Whether the connection has to be closed after this answer.
    pub fn closes(&self) -> bool {
        self.field("Connection").is_some_and(|options| {
            options.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"))
        })
    }

    /// Has the connection closed after this answer (RFC 9112 9.6): the rest of what came cannot be
    /// trusted to be a request.
    pub fn close(&mut self) {
        if self.closes() {
            return;
        }
        match self.fields.iter_mut().find(|(name, _)| *name == "Connection") {
            Some((_, options)) => options.push_str(", close"),
            None => self.fields.push(("Connection", "close".to_owned())),
        }
    }

    /// Writes the whole response.
    pub fn encode(&self, out: &mut BytesMut) {
        self.encode_head(out);
        out.put_slice(&self.body);
    }

    /// Writes the response without its body, as the answer to a HEAD request (RFC 9110 9.3.2).
    pub fn encode_head(&self, out: &mut BytesMut) {
        let phrase = reason_phrase(self.status);
        out.put_slice(format!("HTTP/1.1 {:03} {phrase}\r\n", self.status).as_bytes());
        for (name, value) in &self.fields {
            // The fields are open to the caller, hence cleaned once more: no CR, LF or NUL gets out.
            for part in [name, ": ", &to_field_value(value), "\r\n"] {
                out.put_slice(part.as_bytes());
            }
        }
        out.put_slice(b"\r\n");
    }
}

/// What a 429 or a 503 says where no waiting time is known.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_secs(5);

impl Refusal {
    /// The HTTP response for this refusal; `None` where the cause is never answered over HTTP (a
    /// broken PROXY protocol header, or what only happens after the upgrade).
    ///
    /// The answer carries what its status demands even where the refusal does not have it: a 401
    /// without a challenge gets one for `Bearer`, a 429 or 503 asks for five seconds. A hidden
    /// resource is told byte for byte as a route that does not exist, and a 404 never shows a detail.
    pub fn to_http(&self, presentation: &Presentation<'_>) -> Option<HttpRefusal> {
        let status = self.cause.status()?;
        let told = self.disclosed();
        let body = told.problem(status, presentation);
        let request_id = to_token(presentation.request_id);
        let code = (presentation.disclosure != Disclosure::Minimal).then(|| told.cause.code().to_owned());
        let refused_by = RefusedBy { name: presentation.name.to_owned(), code, id: Some(request_id.clone()) };
        let mut fields = vec![
            ("Content-Type", Problem::MEDIA_TYPE.to_owned()),
            ("Content-Length", body.len().to_string()),
            ("Cache-Control", "no-store".to_owned()),
            ("X-Request-Id", request_id),
            (RefusedBy::FIELD, refused_by.to_string()),
        ];
        for (name, value) in told.cause.required_fields() {
            match value {
                FieldValue::Fixed(value) => fields.push((name, (*value).to_owned())),
                FieldValue::Challenges => {
                    fields.extend(told.demands(presentation).map(|challenge| (*name, challenge.to_string())));
                }
                FieldValue::Seconds => {
                    fields.push((name, whole_seconds(told.retry_after.unwrap_or(DEFAULT_WAIT)).to_string()));
                }
            }
        }
        Some(HttpRefusal { status, fields, body })
    }

    /// The refusal that a stranger is told. What does not exist and what is hidden look alike, so
    /// neither shows anything of this occurrence.
    fn disclosed(&self) -> Cow<'_, Self> {
        match self.cause.disclosed() {
            Cause::RouteNotFound => Cow::Owned(Self::new(Cause::RouteNotFound)),
            _ if self.cause.is_temporary() && self.retry_after.is_none() => {
                Cow::Owned(self.clone().retry_after(DEFAULT_WAIT))
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// The challenges of all accepted schemes, with what RFC 6750 3 has a Bearer challenge say.
    fn demands(&self, presentation: &Presentation<'_>) -> impl Iterator<Item = Challenge> {
        let missing = self.challenges.is_empty().then(|| Challenge::bearer(presentation.name));
        let describe = presentation.disclosure != Disclosure::Minimal;
        missing.into_iter().chain(self.challenges.iter().cloned()).map(move |mut challenge| {
            // RFC 6750 3.1: a request without credentials is told no error.
            if let Some(error) = self.cause.oauth_error().filter(|_| challenge.is("Bearer")) {
                challenge.set("error", error);
                if describe {
                    challenge.set("error_description", self.cause.title());
                }
                if let Some(scope) = &self.required_scope {
                    challenge.set("scope", &scope_value(scope));
                }
            }
            challenge
        })
    }
}

/// RFC 6750 3: a scope has no quotes, no backslashes and no control characters.
fn scope_value(scope: &str) -> String {
    to_field_value(scope).replace(['"', '\\'], "?")
}

/// RFC 9110 15: the usual phrase for each status that the catalogue has.
pub(super) const fn reason_phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Refused",
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
