//! Key sets by address, and of OpenID providers.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{error::KeysError, origin::Origin};
use crate::{
    authenticate::{
        BoxFuture,
        bearer::{Algorithm, JwkSet},
        json,
    },
    fetch::{Endpoint, EndpointError, FetchConfig, Fetcher},
};

/// A JWK Set at an address.
pub(super) struct SetAddress {
    fetcher: Fetcher,
    endpoint: Endpoint,
}

/// An OpenID provider, whose metadata name the address of its JWK Set (OpenID Connect Discovery 1.0).
pub(super) struct Provider {
    fetcher: Fetcher,
    issuer: String,
    metadata: Endpoint,
}

impl SetAddress {
    pub(super) fn new(endpoint: Endpoint, config: FetchConfig) -> Self {
        Self { fetcher: Fetcher::new(config), endpoint }
    }
}

impl Provider {
    pub(super) fn new(issuer: String, metadata: Endpoint, config: FetchConfig) -> Self {
        Self { fetcher: Fetcher::new(config), issuer, metadata }
    }
}

/// Where the metadata of an issuer are (OpenID Connect Discovery 4).
pub(super) fn metadata_address(issuer: &str) -> Result<Endpoint, EndpointError> {
    // OpenID Connect Discovery 3: an issuer has neither, and what is added here would become a part of it.
    if issuer.contains('?') {
        return Err(EndpointError::Query);
    }
    if issuer.contains('#') {
        return Err(EndpointError::Fragment);
    }
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer)).parse()
}

impl Origin for SetAddress {
    fn load<'a>(&'a self, allowed: &'a [Algorithm]) -> BoxFuture<'a, Result<JwkSet, KeysError>> {
        Box::pin(fetch_set(&self.fetcher, &self.endpoint, allowed))
    }
}

impl Origin for Provider {
    fn load<'a>(&'a self, allowed: &'a [Algorithm]) -> BoxFuture<'a, Result<JwkSet, KeysError>> {
        Box::pin(async move {
            let metadata = fetch(&self.fetcher, &self.metadata, "provider's metadata").await?;
            let endpoint = jwks_uri(&metadata, &self.issuer, self.metadata.is_secure())?;
            fetch_set(&self.fetcher, &endpoint, allowed).await
        })
    }
}

/// The address of the keys, if these are the metadata of `issuer`.
pub(super) fn jwks_uri(metadata: &[u8], issuer: &str, secure: bool) -> Result<Endpoint, KeysError> {
    let metadata = json::parse_object(metadata).map_err(KeysError::MetadataJson)?;
    let member =
        |name| metadata.get(name).and_then(|value| value.as_str()).ok_or(KeysError::MetadataMember(name));
    // OpenID Connect Discovery 4.3: the issuer must be exactly the one that was asked.
    if member("issuer")? != issuer {
        return Err(KeysError::IssuerMismatch);
    }
    let endpoint: Endpoint = member("jwks_uri")?.parse().map_err(KeysError::JwksUri)?;
    // OpenID Connect Discovery 3: it must use https, of which plain issuers are the exception, for tests.
    if secure && !endpoint.is_secure() {
        return Err(KeysError::JwksUriInsecure);
    }
    Ok(endpoint)
}

async fn fetch_set(
    fetcher: &Fetcher,
    endpoint: &Endpoint,
    allowed: &[Algorithm],
) -> Result<JwkSet, KeysError> {
    let body = fetch(fetcher, endpoint, "key set").await?;
    Ok(JwkSet::parse(&body, allowed)?)
}

async fn fetch(fetcher: &Fetcher, endpoint: &Endpoint, what: &'static str) -> Result<Bytes, KeysError> {
    let answer =
        fetcher.get(endpoint, HeaderMap::new()).await.map_err(|error| KeysError::Fetch { what, error })?;
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        status => Err(KeysError::Status { what, status: status.as_u16() }),
    }
}

impl fmt::Display for SetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoint.fmt(f)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.issuer)
    }
}
