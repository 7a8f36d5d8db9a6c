//! The parts of a request that the caller chooses.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::form_urlencoded::Serializer;
use ws_core::handshake::{self, ClientHandshake};
use ws_core::head::{InvalidField, OutgoingFields};
use zeroize::Zeroizing;

use super::RequestError;
use super::grammar::{fault_of_cookie, fault_of_token, is_credential, is_origin, reserved};
use crate::connect::WsUrl;
use crate::credentials::{CredentialsError, Placement, Token};
use crate::error::ConnectError;
use crate::refused::SentCredential;

/// The subprotocol that a token follows.
pub(crate) const BEARER: &str = "bearer";

/// The parts of a request that the caller chooses.
#[derive(Clone, Default)]
pub(crate) struct Request {
    headers: Vec<Header>,
    /// The names of the cookies that were set as such.
    cookies: Vec<String>,
    origin: Option<String>,
    subprotocols: Vec<String>,
    /// More of the query, encoded.
    query: Option<Zeroizing<String>>,
    /// The token that it carries, where a provider gave it.
    token: Option<Arc<Token>>,
    /// The token is said in the first message.
    introduces: bool,
    pub(crate) subprotocol_required: bool,
}

/// A header field; its value is wiped from memory with it.
#[derive(Clone)]
struct Header {
    name: String,
    value: Zeroizing<String>,
    /// It says who the caller is.
    secret: bool,
}

impl Request {
    pub(crate) fn header(&mut self, name: &str, value: &str) -> Result<(), RequestError> {
        self.push(name, value, is_credential(name))
    }

    pub(crate) fn secret_header(&mut self, name: &str, value: &str) -> Result<(), RequestError> {
        self.push(name, value, true)
    }

    pub(crate) fn bearer_token(&mut self, token: &str) -> Result<(), RequestError> {
        match fault_of_token(token) {
            None => self.header("Authorization", &Zeroizing::new(format!("Bearer {token}"))),
            Some(position) => Err(RequestError::BearerToken { position }),
        }
    }

    // RFC 7617 2: user-pass = user-id ":" password, without control characters.
    pub(crate) fn basic_auth(&mut self, user: &str, password: &str) -> Result<(), RequestError> {
        if user.contains(':') {
            return Err(RequestError::BasicUser);
        }
        if let Some(byte) = user.bytes().chain(password.bytes()).find(u8::is_ascii_control) {
            return Err(RequestError::BasicControl { byte });
        }
        self.header("Authorization", &basic(user, password))
    }

    pub(crate) fn cookie(&mut self, name: &str, value: &str) -> Result<(), RequestError> {
        if OutgoingFields::new().push(name, "").is_err() {
            return Err(RequestError::CookieName { name: name.to_owned() });
        }
        if let Some(position) = fault_of_cookie(value) {
            return Err(RequestError::CookieValue { name: name.to_owned(), position });
        }
        self.cookies.push(name.to_owned());
        // RFC 6265 5.4: all cookies are in one field.
        let known = self.headers.iter_mut().find(|header| header.name.eq_ignore_ascii_case("Cookie"));
        if let Some(Header { value: known, .. }) = known {
            *known = Zeroizing::new(format!("{}; {name}={value}", known.as_str()));
            return Ok(());
        }
        self.header("Cookie", &Zeroizing::new(format!("{name}={value}")))
    }

    pub(crate) fn origin(&mut self, origin: &str) -> Result<(), RequestError> {
        if !is_origin(origin) {
            return Err(RequestError::Origin);
        }
        self.origin = Some(origin.to_owned());
        Ok(())
    }

    pub(crate) fn subprotocol(&mut self, name: String) -> Result<(), RequestError> {
        let number = self.subprotocols.len() + 1;
        if OutgoingFields::new().push(&name, "").is_err() {
            return Err(RequestError::SubprotocolName { number });
        }
        if self.subprotocols.contains(&name) {
            return Err(RequestError::SubprotocolRepeated { number });
        }
        self.subprotocols.push(name);
        Ok(())
    }

    /// Adds the token of a provider.
    pub(crate) fn token(&mut self, token: &Arc<Token>, placement: &Placement) -> Result<(), ConnectError> {
        let text = token.text();
        match placement {
            Placement::Header => self.bearer_token(text)?,
            Placement::Cookie(name) => self.cookie(name, text)?,
            Placement::FirstMessage => self.introduces = true,
            Placement::Query(name) => {
                let room = 3 * (name.len() + text.len()) + 1;
                let mut query = Serializer::new(String::with_capacity(room));
                self.query = Some(Zeroizing::new(query.append_pair(name, text).finish()));
            }
            Placement::Subprotocol => {
                if OutgoingFields::new().push(text, "").is_err() {
                    return Err(CredentialsError::NoSubprotocol.into());
                }
                self.subprotocol(BEARER.to_owned())?;
                self.subprotocol(text.to_owned())?;
            }
        }
        self.token = Some(Arc::clone(token));
        Ok(())
    }

    /// The token of a provider that it carries.
    pub(crate) fn carries(&self) -> Option<&Arc<Token>> {
        self.token.as_ref()
    }

    /// The parameter of the query that is a token, as it is sent.
    pub(crate) fn token_in_query(&self) -> Option<&str> {
        self.query.as_ref().map(|query| query.as_str())
    }

    /// The token that is said in the first message.
    pub(crate) fn introduction(&self) -> Option<&Arc<Token>> {
        self.token.as_ref().filter(|_| self.introduces)
    }

    /// Whether anything in it says who the caller is.
    pub(crate) fn has_credentials(&self) -> bool {
        self.token.is_some()
            || self.headers.iter().any(|header| header.secret)
            || self.token_among_subprotocols().is_some()
    }

    /// Where the credentials in it stand; those in the URL, too.
    pub(crate) fn credentials(&self, url: &WsUrl) -> Vec<SentCredential> {
        let mut found: Vec<SentCredential> =
            self.cookies.iter().cloned().map(SentCredential::Cookie).collect();
        let is_field = |header: &&Header| {
            header.secret && (found.is_empty() || !header.name.eq_ignore_ascii_case("Cookie"))
        };
        let fields: Vec<_> = self.headers.iter().filter(is_field).map(Header::credential).collect();
        found.extend(fields);
        let resource = self.resource(url);
        let query = resource.split_once('?').map_or("", |(_, query)| query);
        let own = self.query.as_ref().and_then(|query| query.split_once('=')).map(|(name, _)| name);
        for (name, _) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let place = SentCredential::Query(name.to_owned());
            if (Some(name) == own || is_credential(name)) && !found.contains(&place) {
                found.push(place);
            }
        }
        if self.token_among_subprotocols().is_some_and(|at| at + 1 < self.subprotocols.len()) {
            found.push(SentCredential::Subprotocol);
        }
        if self.introduction().is_some() {
            found.push(SentCredential::FirstMessage);
        }
        found
    }

    /// The same for somebody who must not learn who the caller is.
    pub(crate) fn without_credentials(&self) -> Self {
        let mut bare =
            Self { query: None, token: None, introduces: false, cookies: Vec::new(), ..self.clone() };
        bare.headers.retain(|header| !header.secret);
        if let Some(start) = bare.token_among_subprotocols() {
            bare.subprotocols.drain(start..bare.subprotocols.len().min(start + 2));
        }
        bare
    }

    /// The handshake for `url`, with a fresh key.
    pub(crate) fn handshake(
        &self,
        url: &WsUrl,
        extensions: Option<&str>,
    ) -> Result<ClientHandshake, RequestError> {
        let build = || -> Result<ClientHandshake, handshake::RequestError> {
            let resource = self.resource(url);
            let mut handshake =
                ClientHandshake::new(&url.host_field(), &resource)?.subprotocols(&self.subprotocols)?;
            handshake = handshake.require_subprotocol(self.subprotocol_required);
            if let Some(origin) = &self.origin {
                handshake = handshake.origin(origin)?;
            }
            if let Some(extensions) = extensions {
                handshake = handshake.extensions(extensions)?;
            }
            let add =
                |handshake: ClientHandshake, header: &Header| handshake.field(&header.name, &header.value);
            self.headers.iter().try_fold(handshake, add)
        };
        build().map_err(RequestError::Handshake)
    }

    /// What is asked for: the URL's path and query, and what a token adds to that.
    fn resource(&self, url: &WsUrl) -> Zeroizing<String> {
        let mut resource = Zeroizing::new(url.resource().to_owned());
        if let Some(query) = &self.query {
            let separator = if resource.contains('?') { '&' } else { '?' };
            resource = Zeroizing::new(format!("{}{separator}{}", resource.as_str(), query.as_str()));
        }
        resource
    }

    fn push(&mut self, name: &str, value: &str, secret: bool) -> Result<(), RequestError> {
        let named = |name: &str| name.to_owned();
        if let Some(instead) = reserved(name) {
            return Err(RequestError::HeaderReserved { name: named(name), instead });
        }
        OutgoingFields::new().push(name, value).map_err(|error| match error {
            InvalidField::Value(byte) => RequestError::HeaderValue { name: named(name), byte },
            _ => RequestError::HeaderName { name: named(name) },
        })?;
        // RFC 9110 5.3, 11.6.2: credentials are one value, and two of them are none.
        let repeated = self.headers.iter().any(|other| other.name.eq_ignore_ascii_case(name));
        if repeated && name.eq_ignore_ascii_case("Authorization") {
            return Err(RequestError::HeaderRepeated { name: named(name) });
        }
        self.headers.push(Header { name: named(name), value: Zeroizing::new(value.to_owned()), secret });
        Ok(())
    }

    /// Where the pair `bearer, TOKEN` begins, by which some servers take a token from browsers.
    fn token_among_subprotocols(&self) -> Option<usize> {
        self.subprotocols.iter().position(|name| name == BEARER)
    }
}

impl Header {
    /// What kind of credential it is.
    fn credential(&self) -> SentCredential {
        let scheme = self.value.split_once(' ').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref().filter(|_| self.name.eq_ignore_ascii_case("Authorization")) {
            Some("bearer") => SentCredential::Bearer,
            Some("basic") => SentCredential::Basic,
            _ => SentCredential::Field(self.name.clone()),
        }
    }
}

/// The names of the headers alone: their values, and subprotocols, may be credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|header| header.name.as_str()).collect();
        f.debug_struct("Request")
            .field("headers", &names)
            .field("origin", &self.origin)
            .field("subprotocols", &self.subprotocols.len())
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// RFC 7617 2: the value of a field with Basic credentials.
pub(crate) fn basic(user: &str, password: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
    Zeroizing::new(format!("Basic {}", encoded.as_str()))
}
