//! Whom to trust, and who to be, and the configuration of rustls that follows.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};

use super::config_error::TlsConfigError;
use super::error::TlsError;
use super::pin::Pin;
use super::roots;
use super::verifier::Verifier;
use super::version::TlsVersion;
use super::witness::Identity;

/// What the caller says of TLS.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) no_platform_roots: bool,
    pub(crate) identity: Option<Arc<CertifiedKey>>,
    pub(crate) revocation: Revocation,
    pub(crate) pins: Vec<Pin>,
    pub(crate) server_name: Option<ServerName<'static>>,
    pub(crate) skip_verification: bool,
    pub(crate) oldest: TlsVersion,
    /// A configuration of the caller's, in place of all but the server's name.
    pub(crate) own: Option<Arc<ClientConfig>>,
    /// The last method that has said something which `own` would have to say.
    pub(crate) touched: Option<&'static str>,
}

/// What is known of revoked certificates.
#[derive(Clone, Default)]
pub(crate) struct Revocation {
    pub(crate) lists: Vec<CertificateRevocationListDer<'static>>,
    pub(crate) unknown_allowed: bool,
    pub(crate) of_server_only: bool,
}

impl Settings {
    /// Remembers that `setting` is made, which a configuration of the caller's excludes.
    pub(crate) fn touch(&mut self, setting: &'static str) -> Result<(), TlsConfigError> {
        if self.own.is_some() {
            return Err(TlsConfigError::BesideOwnConfig { setting });
        }
        self.touched = Some(setting);
        Ok(())
    }

    /// Uses a configuration of the caller's.
    pub(crate) fn replace(&mut self, own: Arc<ClientConfig>) -> Result<(), TlsConfigError> {
        if let Some(setting) = self.touched {
            return Err(TlsConfigError::BesideOwnConfig { setting });
        }
        self.own = Some(own);
        Ok(())
    }

    /// Takes out what is for the URL's own server: the client's certificate, and the name asked for.
    pub(super) fn forget_identity(&mut self) {
        (self.identity, self.server_name) = (None, None);
        if let Some(own) = &mut self.own {
            Arc::make_mut(own).client_auth_cert_resolver = Arc::new(Identity(None));
        }
    }

    /// Cancel safe.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(own) = &self.own {
            return Ok(with_alpn(Arc::clone(own)));
        }
        let provider = provider();
        let chain = if self.skip_verification { None } else { Some(self.chain(&provider).await?) };
        let trusted = if self.revocation.lists.is_empty() { self.roots.clone() } else { Vec::new() };
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Arc::new(Verifier { chain, trusted, pins: self.pins.clone(), algorithms });
        let versions: &[_] = match self.oldest {
            TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
            TlsVersion::Tls13 => &[&rustls::version::TLS13],
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| TlsError::Failed(error.into()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(Identity(self.identity.clone())));
        Ok(with_alpn(Arc::new(config)))
    }

    async fn chain(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
        let mut builder =
            WebPkiServerVerifier::builder_with_provider(self.store().await?, Arc::clone(provider))
                .with_crls(self.revocation.lists.iter().cloned());
        if self.revocation.of_server_only {
            builder = builder.only_check_end_entity_revocation();
        }
        builder = if self.revocation.unknown_allowed {
            builder.allow_unknown_revocation_status()
        } else {
            builder.enforce_revocation_expiration()
        };
        builder.build().map_err(|error| TlsError::Failed(error.into()))
    }

    /// The roots of the machine, and the caller's.
    async fn store(&self) -> Result<Arc<RootCertStore>, TlsError> {
        let platform = if self.no_platform_roots {
            Err("none was given, and those of the machine are not trusted".to_owned())
        } else {
            roots::platform().await
        };
        let mut store = match platform {
            Ok(platform) if self.roots.is_empty() => return Ok(platform),
            Err(reason) if self.roots.is_empty() => return Err(TlsError::NoRoots { reason }),
            Ok(platform) => Arc::unwrap_or_clone(platform),
            Err(_) => RootCertStore::empty(),
        };
        // Each of them was added to a store before.
        store.add_parsable_certificates(self.roots.iter().cloned());
        Ok(Arc::new(store))
    }
}

/// RFC 7301: what is spoken over TLS here is HTTP/1.1, whatever a configuration says.
fn with_alpn(mut config: Arc<ClientConfig>) -> Arc<ClientConfig> {
    const HTTP: &[u8] = b"http/1.1";
    if config.alpn_protocols != [HTTP] {
        Arc::make_mut(&mut config).alpn_protocols = vec![HTTP.to_vec()];
    }
    config
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Without keys.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("roots", &self.roots.len())
            .field("no_platform_roots", &self.no_platform_roots)
            .field("identity", &self.identity.is_some())
            .field("revocation_lists", &self.revocation.lists.len())
            .field("pins", &self.pins)
            .field("server_name", &self.server_name)
            .field("skip_verification", &self.skip_verification)
            .field("oldest", &self.oldest)
            .field("own", &self.own.is_some())
            .finish_non_exhaustive()
    }
}
