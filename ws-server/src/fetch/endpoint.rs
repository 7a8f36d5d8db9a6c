use std::{fmt, str::FromStr};

use http::Uri;
use thiserror::Error;
use url::Url;

/// An address that is fetched: `http` or `https`, with a host.
///
/// What follows the path is not shown: a query may be a secret.
///
/// ```
/// use ws_server::fetch::{Endpoint, EndpointError};
///
/// let endpoint: Endpoint = "https://id.example/jwks?tenant=7".parse()?;
/// assert_eq!(endpoint.to_string(), "https://id.example/jwks");
/// assert_eq!("ftp://id.example/".parse::<Endpoint>(), Err(EndpointError::Scheme));
/// # Ok::<(), EndpointError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    uri: Uri,
    secure: bool,
}

/// Why a text is no address to fetch from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not an absolute URL.
    #[error("the address is not an absolute URL")]
    Syntax,
    /// Neither `http` nor `https`.
    #[error("the address is neither http nor https")]
    Scheme,
    /// A user or a password before the host: they would end up in logs.
    #[error("the address has a user or a password; give credentials by themselves")]
    Credentials,
    /// A query, in the place of an issuer, which has none.
    #[error("the address has a query, which an issuer cannot have")]
    Query,
    /// A fragment, which is never sent.
    #[error("the address has a fragment, which is never sent")]
    Fragment,
}

impl Endpoint {
    /// Whether it is fetched over TLS.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text).map_err(|_| EndpointError::Syntax)?;
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(EndpointError::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        let uri = url.as_str().parse().map_err(|_| EndpointError::Syntax)?;
        Ok(Self { uri, secure })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{authority}{}", self.uri.path())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_no_query() {
        let endpoint: Endpoint = "http://127.0.0.1:8080/a/b?key=s3cret".parse().unwrap();
        assert_eq!(
            format!("{endpoint} {endpoint:?}"),
            "http://127.0.0.1:8080/a/b Endpoint(http://127.0.0.1:8080/a/b)"
        );
        assert!(!endpoint.is_secure());
        assert_eq!(endpoint.uri().path_and_query().unwrap(), "/a/b?key=s3cret");
        assert_eq!("HTTPS://ID.example".parse::<Endpoint>().unwrap().to_string(), "https://id.example/");
        assert!("https://[::1]:8443/x".parse::<Endpoint>().unwrap().is_secure());
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, error) in [
            ("", EndpointError::Syntax),
            ("/jwks", EndpointError::Syntax),
            ("id.example/jwks", EndpointError::Syntax),
            ("http://", EndpointError::Syntax),
            ("http://a b/", EndpointError::Syntax),
            ("ws://id.example/", EndpointError::Scheme),
            ("file:///etc/passwd", EndpointError::Scheme),
            ("http://u@id.example/", EndpointError::Credentials),
            ("http://:p@id.example/", EndpointError::Credentials),
            ("http://id.example/#x", EndpointError::Fragment),
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(error), "{text}");
        }
    }
}
