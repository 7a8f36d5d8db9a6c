use std::fmt;

use super::Cause;

/// One row of the catalogue.
pub(super) struct Row {
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) summary: &'static str,
    pub(super) remedy: &'static str,
    pub(super) section: &'static str,
    pub(super) answer: Answer,
}

/// The value that a required field of an HTTP refusal takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldValue {
    /// Always this text.
    Fixed(&'static str),
    /// One challenge for each scheme that is accepted here (RFC 9110 11.6.1).
    Challenges,
    /// The number of seconds after which to come back (RFC 9110 10.2.3).
    Seconds,
}

impl Cause {
    /// The stable identifier in kebab-case, `token-expired` for example.
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// The cause that has this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.code() == code)
    }

    /// A few words for a person; the same for every occurrence (RFC 9457 3.1.3).
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// A sentence or two on what is wrong; the same for every occurrence.
    pub const fn summary(self) -> &'static str {
        self.row().summary
    }

    /// What the one who was refused can do about it.
    pub const fn remedy(self) -> &'static str {
        self.row().remedy
    }

    /// Where the rule stands: an RFC and its section, or the name of another specification.
    pub const fn section(self) -> &'static str {
        self.row().section
    }

    /// The HTTP status before the upgrade; `None` where nothing is answered over HTTP.
    pub const fn status(self) -> Option<u16> {
        self.row().answer.status
    }

    /// The close code after the upgrade; `None` where the cause is never told in a close frame.
    pub const fn close_code(self) -> Option<u16> {
        self.row().answer.close_code
    }

    /// Whether the HTTP connection has to be closed after the answer (or instead of one).
    pub const fn closes(self) -> bool {
        self.row().answer.closes
    }

    /// The `error` of a Bearer challenge (RFC 6750 3.1).
    pub const fn oauth_error(self) -> Option<&'static str> {
        self.row().answer.oauth_error
    }

    /// The header fields without which the HTTP answer would be wrong, in the order of sending.
    pub const fn required_fields(self) -> &'static [(&'static str, FieldValue)] {
        self.row().answer.fields
    }

    /// Whether the same request may succeed later: both answers then say when to come back.
    pub const fn is_temporary(self) -> bool {
        matches!(self.row().answer.status, Some(429 | 503))
    }

    /// The cause that a stranger is told: a hidden resource is one that does not exist.
    #[must_use]
    pub const fn disclosed(self) -> Self {
        match self {
            Self::ResourceHidden => Self::RouteNotFound,
            other => other,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What a cause is answered with, built in the table.
pub(super) struct Answer {
    status: Option<u16>,
    close_code: Option<u16>,
    closes: bool,
    oauth_error: Option<&'static str>,
    fields: &'static [(&'static str, FieldValue)],
}

impl Answer {
    /// Neither an HTTP answer nor a close frame: the connection ends without a word.
    pub(super) const SILENCE: Self =
        Self { status: None, close_code: None, closes: true, oauth_error: None, fields: &[] };

    pub(super) const fn http(status: u16) -> Self {
        Self { status: Some(status), close_code: None, closes: false, oauth_error: None, fields: &[] }
    }

    /// A close frame only: the cause does not exist before the upgrade.
    pub(super) const fn frame(close_code: u16) -> Self {
        Self { close_code: Some(close_code), closes: false, ..Self::SILENCE }
    }

    /// The close code for the same cause after the upgrade.
    pub(super) const fn or_frame(self, close_code: u16) -> Self {
        Self { close_code: Some(close_code), ..self }
    }

    pub(super) const fn closing(self) -> Self {
        Self { closes: true, fields: &[("Connection", FieldValue::Fixed("close"))], ..self }
    }

    pub(super) const fn challenging(self) -> Self {
        Self { fields: &[("WWW-Authenticate", FieldValue::Challenges)], ..self }
    }

    pub(super) const fn bearer_error(self, error: &'static str) -> Self {
        Self { oauth_error: Some(error), ..self.challenging() }
    }

    pub(super) const fn come_back(self) -> Self {
        Self { fields: &[("Retry-After", FieldValue::Seconds)], ..self }
    }

    pub(super) const fn come_back_elsewhere(self) -> Self {
        Self {
            closes: true,
            fields: &[("Retry-After", FieldValue::Seconds), ("Connection", FieldValue::Fixed("close"))],
            ..self
        }
    }

    pub(super) const fn fields(self, fields: &'static [(&'static str, FieldValue)]) -> Self {
        Self { fields, ..self }
    }
}

/// RFC 9110 15.5.22, 7.8: a 426 names the protocol, and `Upgrade` is listed in `Connection`.
/// RFC 6455 4.4: the versions that are spoken here.
pub(super) const UPGRADE: &[(&str, FieldValue)] = &[
    ("Upgrade", FieldValue::Fixed("websocket")),
    ("Connection", FieldValue::Fixed("Upgrade")),
    ("Sec-WebSocket-Version", FieldValue::Fixed("13")),
];
/// RFC 6455 4.4: the versions that are spoken here.
pub(super) const VERSION: &[(&str, FieldValue)] = &[("Sec-WebSocket-Version", FieldValue::Fixed("13"))];
/// RFC 9110 15.5.6: a 405 lists the methods that are allowed.
pub(super) const ALLOW: &[(&str, FieldValue)] = &[("Allow", FieldValue::Fixed("GET"))];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_kebab_case_and_belong_to_one_cause() {
        let mut seen = HashSet::new();
        for cause in Cause::ALL {
            let code = cause.code();
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
            assert!(seen.insert(code), "{code} twice");
            assert_eq!(Cause::from_code(code), Some(*cause));
            assert_eq!(format!("{cause:?}"), camel_case(code));
        }
        assert_eq!(Cause::from_code("no-such-code"), None);
        assert_eq!(Cause::from_code(""), None);
    }

    /// The rules that hold for whole groups of statuses.
    #[test]
    fn each_status_has_the_fields_that_the_rfcs_demand() {
        for cause in Cause::ALL {
            let has = |name| cause.required_fields().iter().any(|(field, _)| *field == name);
            match cause.status() {
                // RFC 9110 15.5.2: a 401 carries WWW-Authenticate.
                Some(401) => assert!(has("WWW-Authenticate"), "{cause}"),
                // RFC 9110 15.5.6: a 405 carries Allow.
                Some(405) => assert!(has("Allow"), "{cause}"),
                // RFC 9110 15.5.22: a 426 carries Upgrade, and 7.8 wants it named in Connection.
                Some(426) => assert!(has("Upgrade") && has("Connection"), "{cause}"),
                Some(429 | 503) => assert!(has("Retry-After") && cause.is_temporary(), "{cause}"),
                Some(status) => assert!((400..600).contains(&status), "{cause}"),
                None => assert!(cause.required_fields().is_empty(), "{cause}"),
            }
            let says_close = cause.required_fields().contains(&("Connection", FieldValue::Fixed("close")));
            assert_eq!(says_close, cause.closes() && cause.status().is_some(), "{cause}");
            assert!(cause.oauth_error().is_none() || has("WWW-Authenticate"), "{cause}");
        }
    }

    #[test]
    fn words_are_fit_for_every_place_where_they_are_shown() {
        for cause in Cause::ALL {
            // RFC 6750 3: error_description has neither quotes nor backslashes, and is ASCII.
            let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
            assert!(cause.title().chars().all(allowed), "{cause}");
            assert!(!cause.title().ends_with('.') && cause.title().len() < 60, "{cause}");
            for text in [cause.summary(), cause.remedy()] {
                assert!(text.ends_with('.') && text.is_ascii(), "{cause}: {text}");
            }
            // RFC 6455 5.5: a close reason has at most 123 bytes.
            assert!(cause.code().len() + 2 + cause.title().len() <= 123, "{cause}");
        }
    }

    #[test]
    fn only_a_hidden_resource_is_told_as_something_else() {
        for cause in Cause::ALL {
            assert_eq!(cause.disclosed() == *cause, *cause != Cause::ResourceHidden);
        }
        assert_eq!(Cause::ResourceHidden.disclosed(), Cause::RouteNotFound);
    }

    fn camel_case(code: &str) -> String {
        code.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
    }
}
