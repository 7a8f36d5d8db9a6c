//! The credentials that went along with a request that was refused: where they stood, never what they were.

use std::borrow::Cow;
use std::fmt;

use super::answer::Printable;
use super::unexplained::Wanted;

/// Where a credential stood in the request that was refused. A server that says no more than "unauthorized" may have found
/// none, or not have accepted the one that it found; which of the two it can be is known on this side alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SentCredential {
    /// The field `Authorization` with the scheme `Bearer` (RFC 6750 2.1).
    Bearer,
    /// The field `Authorization` with the scheme `Basic` (RFC 7617).
    Basic,
    /// The header field with this name: `Authorization` with another scheme, a `Cookie` that was set as a field, or one by
    /// whose name a credential is expected in it, such as `X-Api-Key`.
    Field(String),
    /// The cookie with this name.
    Cookie(String),
    /// The parameter of the query with this name.
    Query(String),
    /// The subprotocol after `bearer`.
    Subprotocol,
    /// The first message, which is sent once the handshake has been accepted: the refusal came before it.
    FirstMessage,
}

impl fmt::Display for SentCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer => f.write_str("in the field Authorization, as a Bearer token"),
            Self::Basic => f.write_str("in the field Authorization, as Basic"),
            Self::Field(name) => write!(f, "in the field {}", Printable(name)),
            Self::Cookie(name) => write!(f, "in the cookie {}", Printable(name)),
            Self::Query(name) => write!(f, "in the parameter {} of the query", Printable(name)),
            Self::Subprotocol => f.write_str("among the subprotocols"),
            Self::FirstMessage => f.write_str("for the first message, which was not sent yet"),
        }
    }
}

/// All places, in words; `None` where there is none.
pub(crate) fn places(sent: &[SentCredential]) -> Option<String> {
    let places: Vec<String> = sent.iter().map(ToString::to_string).collect();
    (!places.is_empty()).then(|| places.join(", and "))
}

/// What to do about a 401 that names no cause, where these were sent.
pub(super) fn unauthorized(wanted: Wanted, sent: &[SentCredential]) -> Cow<'static, str> {
    let Some(places) = places(sent) else {
        return match wanted {
            Wanted::Bearer => "the server wants a token, and none was sent: send one (Authorization: Bearer)",
            Wanted::Basic => {
                "the server wants a user name and a password, and none were sent: send them (Authorization: Basic)"
            }
            Wanted::Credentials => "the server wants credentials, and none were sent: send them",
        }
        .into();
    };
    if sent == [SentCredential::FirstMessage] {
        return "the server wants credentials in the handshake, and the token was kept for the first message: send it in \
                another place"
            .into();
    }
    match wanted {
        Wanted::Bearer if sent.contains(&SentCredential::Bearer) => {
            "the token that was sent was not accepted: send one that is valid, and meant for this server".into()
        }
        Wanted::Basic if sent.contains(&SentCredential::Basic) => {
            "the user name and the password that were sent were not accepted: send those that this server knows".into()
        }
        Wanted::Bearer => elsewhere(&places, "a token in Authorization: Bearer"),
        Wanted::Basic => elsewhere(&places, "a user name and a password in Authorization: Basic"),
        Wanted::Credentials => format!(
            "the credentials that were sent ({places}) were not accepted: send others, or in the place where this server \
             looks for them"
        )
        .into(),
    }
}

fn elsewhere(places: &str, wanted: &str) -> Cow<'static, str> {
    format!("credentials were sent {places}, and not accepted: this server wants {wanted}").into()
}

/// What to do about a 403 that names no cause, where these were sent. `silent`: the server says nothing in words of its own.
pub(super) fn forbidden(silent: bool, sent: &[SentCredential]) -> Cow<'static, str> {
    match (silent, places(sent)) {
        (true, None) => "the server does not say why: no credentials were sent, and it may want some; else it may be the path, \
                         the origin or the address; its log knows"
            .into(),
        (true, Some(places)) => format!(
            "the server does not say why: the credentials that were sent ({places}) may not be accepted, or lack the \
             permission; else it may be the path, the origin or the address; its log knows"
        )
        .into(),
        (false, None) => {
            "it is not permitted, and no credentials were sent: send some, or ask who runs the server".into()
        }
        (false, Some(_)) => {
            "it is not permitted, or not with the credentials that were sent: ask who runs the server".into()
        }
    }
}

/// What to add where the server says that it has found no credentials, and some were sent.
pub(super) fn overlooked(sent: &[SentCredential]) -> Option<String> {
    let places = places(sent)?;
    if sent == [SentCredential::FirstMessage] {
        return Some(
            "The token was kept for the first message; this server wants it in the handshake.".to_owned(),
        );
    }
    Some(format!("They were sent {places}; this server wants them elsewhere."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_is_told_from_what_was_not_accepted() {
        let none = |wanted| unauthorized(wanted, &[]);
        assert!(none(Wanted::Bearer).contains("none was sent"));
        assert!(none(Wanted::Basic).contains("none were sent"));
        assert!(none(Wanted::Credentials).contains("none were sent"));
        let cookie = SentCredential::Cookie("sid".to_owned());
        for (wanted, sent, words) in [
            (Wanted::Bearer, SentCredential::Bearer, "the token that was sent was not accepted"),
            (
                Wanted::Basic,
                SentCredential::Basic,
                "the user name and the password that were sent were not accepted",
            ),
            (Wanted::Bearer, SentCredential::Basic, "this server wants a token in Authorization: Bearer"),
            (Wanted::Bearer, cookie.clone(), "sent in the cookie sid, and not accepted"),
            (Wanted::Basic, SentCredential::Bearer, "this server wants a user name and a password"),
            (Wanted::Credentials, cookie, "(in the cookie sid) were not accepted"),
            (Wanted::Bearer, SentCredential::FirstMessage, "kept for the first message"),
        ] {
            let text = unauthorized(wanted, &[sent]);
            assert!(text.contains(words) && !text.contains("none w"), "{text}");
        }
    }

    #[test]
    fn a_403_tells_whether_credentials_went_along() {
        let sent =
            [SentCredential::Field("X-Api-Key".to_owned()), SentCredential::Query("ticket".to_owned())];
        assert!(forbidden(true, &[]).contains("no credentials were sent"));
        assert!(forbidden(false, &[]).contains("no credentials were sent"));
        let text = forbidden(true, &sent);
        assert!(text.contains("in the field X-Api-Key, and in the parameter ticket of the query"), "{text}");
        assert!(forbidden(false, &sent).contains("credentials that were sent"));
    }

    #[test]
    fn names_cannot_steer_a_terminal() {
        let text = SentCredential::Query("a\u{1b}[2J".to_owned()).to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
    }

    #[test]
    fn what_a_server_overlooked() {
        assert_eq!(overlooked(&[]), None);
        let text = overlooked(&[SentCredential::Cookie("sid".to_owned())]).expect("sent");
        assert_eq!(text, "They were sent in the cookie sid; this server wants them elsewhere.");
        assert!(overlooked(&[SentCredential::FirstMessage]).expect("kept").contains("in the handshake"));
    }
}
