use std::fmt;

use thiserror::Error;

use super::text::{field_char, is_token};

/// How to authenticate: one challenge of a `WWW-Authenticate` field (RFC 9110 11.6.1).
///
/// What is put in can never break out of its quotes, let alone out of the field: quotes and
/// backslashes are escaped, control characters become spaces, and characters outside ASCII `?`.
///
/// ```
/// use ws_core::refusal::Challenge;
///
/// let challenge = Challenge::bearer("chat").param("error", "invalid_token")?;
/// assert_eq!(challenge.to_string(), r#"Bearer realm="chat", error="invalid_token""#);
///
/// let parsed = Challenge::parse_list(r#"Bearer realm="chat", error="invalid_token", Basic realm="x""#)?;
/// assert_eq!(parsed.len(), 2);
/// assert_eq!(parsed[0], challenge);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Challenge {
    pub(super) scheme: String,
    pub(super) token68: Option<String>,
    pub(super) params: Vec<(String, String)>,
}

/// A scheme or a parameter's name is not a token (RFC 9110 5.6.2).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a token")]
pub struct InvalidToken(String);

impl Challenge {
    /// A challenge of any scheme.
    ///
    /// # Errors
    /// The scheme is not a token.
    pub fn new(scheme: &str, realm: &str) -> Result<Self, InvalidToken> {
        if is_token(scheme) { Ok(Self::known(scheme, realm)) } else { Err(InvalidToken(scheme.to_owned())) }
    }

    /// `Bearer` (RFC 6750 3).
    pub fn bearer(realm: &str) -> Self {
        Self::known("Bearer", realm)
    }

    /// `Basic` (RFC 7617 2).
    pub fn basic(realm: &str) -> Self {
        Self::known("Basic", realm)
    }

    /// `ApiKey`, a scheme without a registered name: a key in a field of its own.
    pub fn api_key(realm: &str) -> Self {
        Self::known("ApiKey", realm)
    }

    /// `Cookie`, a scheme without a registered name: a session cookie.
    pub fn cookie(realm: &str) -> Self {
        Self::known("Cookie", realm)
    }

    /// `Ticket`, a scheme without a registered name: a ticket for one connection.
    pub fn ticket(realm: &str) -> Self {
        Self::known("Ticket", realm)
    }

    /// Adds a parameter, or replaces the one of that name: a name occurs once (RFC 9110 11.2).
    ///
    /// # Errors
    /// The name is not a token.
    pub fn param(mut self, name: &str, value: &str) -> Result<Self, InvalidToken> {
        if !is_token(name) {
            return Err(InvalidToken(name.to_owned()));
        }
        self.set(name, value);
        Ok(self)
    }

    /// The scheme as written; compare it with [`str::eq_ignore_ascii_case`].
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether the scheme has this name, in any case (RFC 9110 11.1).
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The `realm`, unquoted.
    pub fn realm(&self) -> Option<&str> {
        self.get("realm")
    }

    /// The `error` of a Bearer challenge (RFC 6750 3).
    pub fn error(&self) -> Option<&str> {
        self.get("error")
    }

    /// The `scope` of a Bearer challenge (RFC 6750 3).
    pub fn scope(&self) -> Option<&str> {
        self.get("scope")
    }

    /// The value of a parameter, unquoted; names have no case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All parameters in their order, unquoted.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What stands in place of parameters in schemes such as `Negotiate` (RFC 9110 11.2).
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }

    fn known(scheme: &str, realm: &str) -> Self {
        Self {
            scheme: scheme.to_owned(),
            token68: None,
            params: vec![("realm".to_owned(), realm.to_owned())],
        }
    }

    /// `param` for names that are known to be tokens.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        match self.params.iter_mut().find(|(given, _)| given.eq_ignore_ascii_case(name)) {
            Some((_, old)) => value.clone_into(old),
            None => self.params.push((name.to_owned(), value.to_owned())),
        }
    }
}

/// Equal in meaning: schemes and names of parameters have no case.
impl PartialEq for Challenge {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.scheme)
            && self.token68 == other.token68
            && self.params.len() == other.params.len()
            && self.params().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Eq for Challenge {}

/// The challenge as it stands in the field.
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        if let Some(token68) = &self.token68 {
            write!(f, " {token68}")?;
        }
        for (position, (name, value)) in self.params.iter().enumerate() {
            let separator = if position == 0 { " " } else { ", " };
            write!(f, "{separator}{name}=\"")?;
            for c in value.chars().map(field_char) {
                // RFC 9110 5.6.4: quoted-pair, for exactly these two.
                if matches!(c, '"' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            f.write_str("\"")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 9110 5.6.4: quotes and backslashes are escaped; nothing else gets through.
    #[test]
    fn a_value_cannot_break_out() {
        let challenge = Challenge::bearer("a\", error=\"x\\\r\nSet-Cookie: y\0");
        assert_eq!(challenge.to_string(), r#"Bearer realm="a\", error=\"x\\  Set-Cookie: y ""#);
    }

    #[test]
    fn names_are_tokens_and_occur_once() {
        assert_eq!(Challenge::new("Bea rer", "x"), Err(InvalidToken("Bea rer".to_owned())));
        assert_eq!(Challenge::new("", "x"), Err(InvalidToken(String::new())));
        assert!(Challenge::bearer("x").param("a\r\n", "y").is_err());
        let twice = Challenge::bearer("x").param("Realm", "y").unwrap();
        assert_eq!(twice.to_string(), r#"Bearer realm="y""#);
    }

    #[test]
    fn schemes_are_told_by_name() {
        let schemes: Vec<String> =
            [Challenge::basic, Challenge::api_key, Challenge::cookie, Challenge::ticket]
                .map(|new| new("r").to_string())
                .into();
        assert_eq!(
            schemes,
            [r#"Basic realm="r""#, r#"ApiKey realm="r""#, r#"Cookie realm="r""#, r#"Ticket realm="r""#]
        );
    }

    proptest! {
        /// What is sent is one challenge of printable ASCII, whatever was put in.
        #[test]
        fn any_value_comes_back_as_one_challenge(realm in any::<String>(), value in any::<String>()) {
            let challenge = Challenge::bearer(&realm).param("note", &value).unwrap();
            let sent = challenge.to_string();
            prop_assert!(sent.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let parsed = Challenge::parse_list(&sent).unwrap();
            prop_assert_eq!(parsed.len(), 1);
            let clean = |text: &str| text.chars().map(field_char).collect::<String>();
            prop_assert_eq!(parsed[0].realm().map(str::to_owned), Some(clean(&realm)));
            prop_assert_eq!(parsed[0].get("note").map(str::to_owned), Some(clean(&value)));
        }
    }
}
