//! Whom to trust, and who to be, in TLS.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::Builder;
use crate::connect::tls::{Input, Pin, Settings, identity, revocation_lists, roots};
use crate::connect::{TlsConfigError, TlsVersion};

/// TLS for `wss://`: what is not said here is as browsers do it. The roots of the machine are trusted, and TLS 1.2 and
/// 1.3 spoken.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut socket = ws_client::Client::builder("wss://rooms.internal/lobby")?
///     .tls_root_certificates_file("authority.pem")?
///     .tls_client_certificate_files("client.pem", "client.key")?
///     .connect()
///     .await?;
/// socket.send("hello").await?;
/// # Ok(())
/// # }
/// ```
impl Builder {
    /// Trusts these authorities too: certificates in PEM, or one in DER. A server's own certificate can be among them,
    /// where it is self-signed.
    ///
    /// # Errors
    ///
    /// There is none, or one is not valid; or there is a [`tls_config`](Self::tls_config).
    pub fn tls_root_certificates(self, pem_or_der: impl AsRef<[u8]>) -> Result<Self, TlsConfigError> {
        self.roots(&Input::bytes(pem_or_der.as_ref()))
    }

    /// As [`tls_root_certificates`](Self::tls_root_certificates), from a file, which is read at once. It blocks.
    ///
    /// # Errors
    ///
    /// As [`tls_root_certificates`](Self::tls_root_certificates), and the file cannot be read.
    pub fn tls_root_certificates_file(self, file: impl AsRef<Path>) -> Result<Self, TlsConfigError> {
        self.roots(&Input::file(file.as_ref())?)
    }

    /// Trusts none of the machine's authorities, but only those of
    /// [`tls_root_certificates`](Self::tls_root_certificates).
    ///
    /// # Errors
    ///
    /// There is a [`tls_config`](Self::tls_config).
    pub fn tls_no_platform_roots(self) -> Result<Self, TlsConfigError> {
        self.tls("tls_no_platform_roots", |settings| settings.no_platform_roots = true)
    }

    /// Shows this certificate to servers that ask for one (mutual TLS): PEM, its own first, then those that it was
    /// issued by; and its key, in PEM as well. Both may stand in one text. Other origins, where the server redirects
    /// to one, never see it.
    ///
    /// # Errors
    ///
    /// One of them is missing or not valid, the key is encrypted, or belongs to another certificate; or there is a
    /// [`tls_config`](Self::tls_config).
    pub fn tls_client_certificate(
        self,
        certificate: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsConfigError> {
        self.identity(&Input::bytes(certificate.as_ref()), &Input::bytes(key.as_ref()))
    }

    /// As [`tls_client_certificate`](Self::tls_client_certificate), from files, which are read at once. It blocks.
    ///
    /// # Errors
    ///
    /// As [`tls_client_certificate`](Self::tls_client_certificate), and a file cannot be read.
    pub fn tls_client_certificate_files(
        self,
        certificate: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, TlsConfigError> {
        self.identity(&Input::file(certificate.as_ref())?, &Input::file(key.as_ref())?)
    }

    /// Refuses certificates that are on these revocation lists (RFC 5280 5): PEM, or one in DER.
    ///
    /// Once there is a list, every certificate of a chain has to be covered by one that is still valid; see
    /// [`tls_revocation_of_server_only`](Self::tls_revocation_of_server_only) and
    /// [`tls_allow_unknown_revocation`](Self::tls_allow_unknown_revocation).
    ///
    /// # Errors
    ///
    /// There is none, or one cannot be used; or there is a [`tls_config`](Self::tls_config).
    pub fn tls_revocation_lists(self, pem_or_der: impl AsRef<[u8]>) -> Result<Self, TlsConfigError> {
        self.revocation_lists(&Input::bytes(pem_or_der.as_ref()))
    }

    /// As [`tls_revocation_lists`](Self::tls_revocation_lists), from a file, which is read at once. It blocks.
    ///
    /// # Errors
    ///
    /// As [`tls_revocation_lists`](Self::tls_revocation_lists), and the file cannot be read.
    pub fn tls_revocation_lists_file(self, file: impl AsRef<Path>) -> Result<Self, TlsConfigError> {
        self.revocation_lists(&Input::file(file.as_ref())?)
    }

    /// Looks only the server's own certificate up in the revocation lists, not those of the authorities between it and
    /// the root.
    ///
    /// # Errors
    ///
    /// There is a [`tls_config`](Self::tls_config).
    pub fn tls_revocation_of_server_only(self) -> Result<Self, TlsConfigError> {
        self.tls("tls_revocation_of_server_only", |settings| settings.revocation.of_server_only = true)
    }

    /// Lets certificates pass that no revocation list covers, and believes lists that have expired.
    ///
    /// # Errors
    ///
    /// There is a [`tls_config`](Self::tls_config).
    pub fn tls_allow_unknown_revocation(self) -> Result<Self, TlsConfigError> {
        self.tls("tls_allow_unknown_revocation", |settings| settings.revocation.unknown_allowed = true)
    }

    /// Takes only a server with this key, beside everything else that its certificate has to be: the SHA-256 of the
    /// certificate's `SubjectPublicKeyInfo` in base64, with curl's `sha256//` before it or without. Of several pins one
    /// has to match; give one for the key that comes next as well.
    ///
    /// It is compared with the key of the server itself: to take only certificates of one authority, give that as a
    /// root, and no other.
    ///
    /// # Errors
    ///
    /// It is no such hash; or there is a [`tls_config`](Self::tls_config).
    pub fn tls_pinned_key(self, pin: &str) -> Result<Self, TlsConfigError> {
        let pin = Pin::parse(pin)?;
        self.tls("tls_pinned_key", |settings| settings.pins.push(pin))
    }

    /// Asks for the certificate of this name, and verifies it, whatever host the URL has: for a server that is reached
    /// by an address or a name of its own inside a network. The request still names the URL's host, and of another
    /// origin, where the server redirects to one, its own name is verified.
    ///
    /// # Errors
    ///
    /// It is neither a DNS name nor an IP address.
    pub fn tls_server_name(mut self, name: &str) -> Result<Self, TlsConfigError> {
        let parsed = ServerName::try_from(name.to_owned());
        let parsed = parsed.map_err(|_| TlsConfigError::ServerName { name: name.to_owned() })?;
        self.0.tls.set(|settings| {
            settings.server_name = Some(parsed);
            Ok(())
        })?;
        Ok(self)
    }

    /// The oldest version of TLS that is spoken; 1.2 by default.
    ///
    /// # Errors
    ///
    /// There is a [`tls_config`](Self::tls_config).
    pub fn tls_min_version(self, oldest: TlsVersion) -> Result<Self, TlsConfigError> {
        self.tls("tls_min_version", |settings| settings.oldest = oldest)
    }

    /// Takes every certificate, whoever it is from: **everybody on the way can read and change what is sent**,
    /// credentials included. For development; better is
    /// [`tls_root_certificates`](Self::tls_root_certificates) with the server's self-signed certificate. Keys that are
    /// [pinned](Self::tls_pinned_key) are still demanded.
    ///
    /// # Errors
    ///
    /// There is a [`tls_config`](Self::tls_config).
    pub fn dangerously_skip_certificate_verification(self) -> Result<Self, TlsConfigError> {
        self.tls("dangerously_skip_certificate_verification", |settings| settings.skip_verification = true)
    }

    /// Speaks TLS by a configuration of rustls. Everything but [`tls_server_name`](Self::tls_server_name) has to be
    /// set there; the application protocol (ALPN) is always `http/1.1`.
    ///
    /// Of a certificate that its verifier refuses, errors can tell less.
    ///
    /// # Errors
    ///
    /// Another setting of TLS was made: one of the two would not have an effect.
    pub fn tls_config(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, TlsConfigError> {
        let config = config.into();
        self.0.tls.set(|settings| settings.replace(config))?;
        Ok(self)
    }

    fn roots(self, input: &Input<'_>) -> Result<Self, TlsConfigError> {
        let roots = roots(input)?;
        self.tls("tls_root_certificates", |settings| settings.roots.extend(roots))
    }

    fn identity(self, certificate: &Input<'_>, key: &Input<'_>) -> Result<Self, TlsConfigError> {
        let identity = identity(certificate, key)?;
        self.tls("tls_client_certificate", |settings| settings.identity = Some(identity))
    }

    fn revocation_lists(self, input: &Input<'_>) -> Result<Self, TlsConfigError> {
        let lists = revocation_lists(input)?;
        self.tls("tls_revocation_lists", |settings| settings.revocation.lists.extend(lists))
    }

    fn tls(mut self, setting: &'static str, set: impl FnOnce(&mut Settings)) -> Result<Self, TlsConfigError> {
        self.0.tls.set(|settings| {
            settings.touch(setting)?;
            set(settings);
            Ok(())
        })?;
        Ok(self)
    }
}
