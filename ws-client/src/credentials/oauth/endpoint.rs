//! The token endpoint of an authorization server (RFC 6749 3.2), and who asks it.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, Scope, TokenUrl};
use rustls::pki_types::CertificateDer;
use thiserror::Error;
use tokio::sync::OnceCell;
use url::Url;
use zeroize::Zeroizing;

use super::http::{Http, HttpError};
use super::{ClientCredentials, RefreshToken};
use crate::TlsConfigError;
use crate::connect::Host;
use crate::connect::private::is_loopback;
use crate::connect::tls::{Input, roots};

/// The token endpoint of an authorization server (RFC 6749 3.2), and the client that asks it: this program, by the name
/// under which it is registered there.
///
/// A request has 10 s, an answer at most 64 KiB; redirections are not followed. What the server says is checked by its
/// certificate alone: it is `https://`, but for this machine.
///
/// ```
/// use ws_client::credentials::Credentials;
/// use ws_client::credentials::oauth::TokenEndpoint;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = TokenEndpoint::new("https://id.example/oauth/token", "chat-robot")?
///     .client_secret("its secret")
///     .scopes(["chat:read", "chat:write"])
///     .parameter("audience", "https://chat.example");
/// let credentials = Credentials::new(endpoint.client_credentials());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenEndpoint {
    url: Url,
    client_id: String,
    secret: Option<Zeroizing<String>>,
    in_body: bool,
    scopes: Vec<String>,
    parameters: Vec<(String, Zeroizing<String>)>,
    roots: Vec<CertificateDer<'static>>,
    timeout: Duration,
    http: OnceCell<Http>,
}

/// Why an address is none of a token endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenEndpointError {
    /// It is not an absolute URL of `https`, or `http`.
    #[error("the address of the token endpoint is not an absolute URL: write https://HOST/PATH")]
    Url,
    /// It has a user or a password, which would end up in logs.
    #[error("the address of the token endpoint has a user or a password: give the client's secret by itself")]
    UserInfo,
    /// It has a fragment (RFC 6749 3.2).
    #[error("the address of the token endpoint has a fragment, which is never sent: remove it")]
    Fragment,
    /// Secrets would go over the network in clear (RFC 6749 3.2: TLS is required).
    #[error(
        "the token endpoint at {host} is plain http://, where everyone on the way can read secrets and tokens: \
         use https://, or allow it by name"
    )]
    InClear {
        /// Its host.
        host: String,
    },
}

pub(super) type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

impl TokenEndpoint {
    /// The endpoint at `url`, for the client of this name (RFC 6749 2.2).
    ///
    /// # Errors
    ///
    /// The address is not one of `https://`, nor of `http://` on this machine.
    pub fn new(url: &str, client_id: impl Into<String>) -> Result<Self, TokenEndpointError> {
        let endpoint = Self::new_in_clear(url, client_id)?;
        if endpoint.url.scheme() == "https" || endpoint.is_local() {
            return Ok(endpoint);
        }
        Err(TokenEndpointError::InClear { host: endpoint.url.host_str().unwrap_or_default().to_owned() })
    }

    /// As [`new`](Self::new), also over `http://` to other machines: everyone on the way can read the client's secret and
    /// the tokens. For networks of one's own.
    ///
    /// # Errors
    ///
    /// The address is none of `https://` or `http://`.
    pub fn new_in_clear(url: &str, client_id: impl Into<String>) -> Result<Self, TokenEndpointError> {
        let url = Url::parse(url).map_err(|_| TokenEndpointError::Url)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(TokenEndpointError::Url);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TokenEndpointError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(TokenEndpointError::Fragment);
        }
        Ok(Self {
            url,
            client_id: client_id.into(),
            secret: None,
            in_body: false,
            scopes: Vec::new(),
            parameters: Vec::new(),
            roots: Vec::new(),
            timeout: Duration::from_secs(10),
            http: OnceCell::new(),
        })
    }

    /// The client's password (RFC 6749 2.3.1), sent as Basic credentials (`client_secret_basic`).
    #[must_use]
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(Zeroizing::new(secret.into()));
        self
    }

    /// Sends the client's password in the body (`client_secret_post`), for servers that do not take it otherwise.
    #[must_use]
    pub fn client_secret_post(mut self) -> Self {
        self.in_body = true;
        self
    }

    /// Asks for these scopes (RFC 6749 3.3) too; without any, for those that the server gives by default.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds a parameter to the request, such as `audience`, or `resource` (RFC 8707).
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), Zeroizing::new(value.into())));
        self
    }

    /// Trusts these authorities, PEM or DER, beside those of this machine.
    ///
    /// # Errors
    ///
    /// There is no certificate in it, or one that cannot be trusted.
    pub fn root_certificates(mut self, pem_or_der: impl AsRef<[u8]>) -> Result<Self, TlsConfigError> {
        self.roots.extend(roots(&Input::bytes(pem_or_der.as_ref()))?);
        Ok(self)
    }

    /// How long a request may take in all; 10 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Tokens for the client itself (RFC 6749 4.4).
    pub fn client_credentials(self) -> ClientCredentials {
        ClientCredentials::new(self)
    }

    /// Tokens for somebody who has let this client act for them (RFC 6749 6): that is what `refresh_token` says.
    pub fn refresh_token(self, refresh_token: impl Into<String>) -> RefreshToken {
        RefreshToken::new(self, refresh_token.into())
    }

    pub(super) fn client(&self) -> Client {
        let auth = if self.in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        let client = BasicClient::new(ClientId::new(self.client_id.clone())).set_auth_type(auth);
        match &self.secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.to_string())),
            None => client,
        }
        .set_token_uri(TokenUrl::from_url(self.url.clone()))
    }

    pub(super) fn requested_scopes(&self) -> impl Iterator<Item = Scope> {
        self.scopes.iter().cloned().map(Scope::new)
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What asks; made when it is needed first.
    pub(super) async fn http(&self) -> Result<&Http, HttpError> {
        let secure = self.url.scheme() == "https";
        self.http.get_or_try_init(|| Http::new(secure, &self.roots, self.timeout)).await
    }

    fn is_local(&self) -> bool {
        self.url.host().is_some_and(|host| {
            is_loopback(&match host {
                url::Host::Domain(name) => Host::Name(name.to_owned()),
                url::Host::Ipv4(address) => Host::V4(address),
                url::Host::Ipv6(address) => Host::V6(address),
            })
        })
    }
}

/// The address without its query, which may be a secret.
impl fmt::Display for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }
}

/// Without secrets.
impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("url", &format_args!("{self}"))
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
