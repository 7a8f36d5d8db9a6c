use std::fmt;

use thiserror::Error;

use super::Cause;
use super::text::{is_token, to_token};

/// The field `Refused-By`: who made an answer, so that a client can tell it from one that a proxy or
/// a content network in between has made.
///
/// ```
/// use ws_core::refusal::{Cause, RefusedBy};
///
/// let refused_by = RefusedBy::parse("ws-server; code=token-expired; id=7f3a")?;
/// assert_eq!(refused_by.name, "ws-server");
/// assert_eq!(refused_by.cause(), Some(Cause::TokenExpired));
/// assert_eq!(refused_by.to_string(), "ws-server; code=token-expired; id=7f3a");
/// # Ok::<(), ws_core::refusal::RefusedByError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedBy {
    /// The configured name of the server.
    pub name: String,
    /// The code of the cause; absent where the server discloses as little as it can.
    pub code: Option<String>,
    /// The identifier under which the server's log knows the request.
    pub id: Option<String>,
}

/// Why a `Refused-By` field is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RefusedByError {
    /// The name is not a token.
    #[error("the name in Refused-By is not a token")]
    Name,
    /// A parameter is not `name=value` with two tokens.
    #[error("a parameter of Refused-By is not a pair of tokens")]
    Parameter,
    /// `code` or `id` occurs twice.
    #[error("a parameter of Refused-By is repeated")]
    Repeated,
}

impl RefusedBy {
    /// The name of the field.
    pub const FIELD: &'static str = "Refused-By";

    /// Reads the field's value; parameters other than `code` and `id` are ignored.
    ///
    /// # Errors
    /// The value has another form.
    pub fn parse(value: &str) -> Result<Self, RefusedByError> {
        let mut parts = value.split(';').map(|part| part.trim_matches([' ', '\t']));
        let name = parts.next().filter(|name| is_token(name)).ok_or(RefusedByError::Name)?;
        let mut refused_by = Self { name: name.to_owned(), code: None, id: None };
        for part in parts {
            let (name, value) = part
                .split_once('=')
                .filter(|(name, value)| is_token(name) && is_token(value))
                .ok_or(RefusedByError::Parameter)?;
            let place = match name.to_ascii_lowercase().as_str() {
                "code" => &mut refused_by.code,
                "id" => &mut refused_by.id,
                _ => continue,
            };
            if place.replace(value.to_owned()).is_some() {
                return Err(RefusedByError::Repeated);
            }
        }
        Ok(refused_by)
    }

    /// The cause, where the code is told and known.
    pub fn cause(&self) -> Option<Cause> {
        self.code.as_deref().and_then(Cause::from_code)
    }
}

/// The field's value; whatever is not a token is made one, so that it cannot break the field.
impl fmt::Display for RefusedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_token(&self.name))?;
        for (name, value) in [("code", &self.code), ("id", &self.id)] {
            if let Some(value) = value {
                write!(f, "; {name}={}", to_token(value))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_it_can_and_says_what_it_cannot() {
        let minimal = RefusedBy::parse("edge; id=1").unwrap();
        assert_eq!((minimal.cause(), minimal.id.as_deref()), (None, Some("1")));
        let newer = RefusedBy::parse("edge;code=not-yet-known;later=1;ID=2").unwrap();
        assert_eq!((newer.cause(), newer.id.as_deref()), (None, Some("2")));
        for (value, error) in [
            ("", RefusedByError::Name),
            ("a b; id=1", RefusedByError::Name),
            ("a; id", RefusedByError::Parameter),
            ("a;", RefusedByError::Parameter),
            ("a; id=\"1\"", RefusedByError::Parameter),
            ("a; id=1; id=2", RefusedByError::Repeated),
        ] {
            assert_eq!(RefusedBy::parse(value), Err(error), "{value}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_back(
            name in any::<String>(),
            code in any::<Option<String>>(),
            id in any::<Option<String>>(),
        ) {
            let sent = RefusedBy { name, code, id }.to_string();
            prop_assert_eq!(RefusedBy::parse(&sent).unwrap().to_string(), sent);
        }
    }
}
