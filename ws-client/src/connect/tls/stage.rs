//! The stage of TLS: a stream in, a stream out on which nobody can listen.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::bounded;
use super::config_error::TlsConfigError;
use super::error::TlsError;
use super::explain::{self, Scene};
use super::settings::Settings;
use super::version::TlsVersion;
use super::wire::Wire;
use super::witness::{Asked, Witness};
use crate::connect::dial::Stream;
use crate::connect::{HandshakeError, Host, WsUrl};
use crate::error::ConnectError;

/// Whom to trust, and who to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    settings: Arc<Settings>,
    /// Made when it is needed first, and the same ever after: sessions are resumed with it.
    config: Arc<OnceCell<Arc<ClientConfig>>>,
}

/// A stream over TLS, on which the handshake of WebSocket is still to be done.
#[derive(Debug)]
pub(crate) struct Secured {
    stream: TlsStream<Wire>,
    name: String,
    oldest: TlsVersion,
    asked: Asked,
}

impl Tls {
    /// Makes a setting.
    pub(crate) fn set<T>(
        &mut self,
        set: impl FnOnce(&mut Settings) -> Result<T, TlsConfigError>,
    ) -> Result<T, TlsConfigError> {
        self.config = Arc::default();
        set(Arc::make_mut(&mut self.settings))
    }

    /// For another origin: without what the client shows of itself, and by that origin's own name.
    pub(crate) fn elsewhere(&self) -> Self {
        let mut settings = Settings::clone(&self.settings);
        settings.forget_identity();
        Self { settings: Arc::new(settings), config: Arc::default() }
    }

    /// For a proxy: the same authorities, without what is meant for servers alone: who the client is, the server's name,
    /// pins, and leave to verify nothing.
    #[cfg(feature = "proxy")]
    pub(crate) fn of_proxy(&self) -> Self {
        let mut settings = Settings::clone(&self.settings);
        settings.forget_identity();
        settings.pins.clear();
        settings.skip_verification = false;
        Self { settings: Arc::new(settings), config: Arc::default() }
    }

    /// Does the TLS handshake over `stream`. Cancel safe: the stream is closed.
    pub(crate) async fn secure(
        &self,
        stream: Stream,
        url: &WsUrl,
        within: Duration,
    ) -> Result<Box<Secured>, TlsError> {
        let server = self.server_name(url.host())?;
        let name = server.to_str().into_owned();
        let oldest = self.settings.oldest;
        let handshake = async {
            let config = self.config.get_or_try_init(|| self.settings.config()).await?;
            let connector = TlsConnector::from(Arc::clone(config));
            Ok(connector.connect(server, Wire::new(stream)).await)
        };
        // The state of a handshake is large, and short-lived: futures that connect need not have room for it.
        let (ended, mut witness) = Box::pin(Witness::of(timeout(within, handshake))).await;
        if self.settings.own.as_ref().is_some_and(|own| own.client_auth_cert_resolver.has_certs()) {
            witness.asked = Asked::Sent;
        }
        let asked = witness.asked;
        let scene = Scene { name: &name, oldest, asked };
        match ended {
            Ok(Ok(Ok(stream))) => Ok(Box::new(Secured { stream, name, oldest, asked })),
            Ok(Ok(Err(error))) => Err(explain::broken(error, &scene, &witness)),
            Ok(Err(error)) => Err(error),
            Err(_) if witness.is_not_tls() => Err(TlsError::NotTls),
            Err(_) => Err(TlsError::TimedOut { after: within }),
        }
    }

    /// RFC 6066 3: the name asked for, and verified; an IP address is verified only.
    fn server_name(&self, host: &Host) -> Result<ServerName<'static>, TlsError> {
        if let Some(name) = &self.settings.server_name {
            return Ok(name.clone());
        }
        match host {
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| TlsError::NameInvalid { name: bounded(name) })
            }
            Host::V4(address) => Ok(IpAddr::from(*address).into()),
            Host::V6(address) => Ok(IpAddr::from(*address).into()),
        }
    }
}

impl Secured {
    /// For the handshake.
    pub(crate) fn stream(&mut self) -> &mut TlsStream<Wire> {
        &mut self.stream
    }

    /// For what comes after the handshake.
    pub(crate) fn into_inner(mut self) -> TlsStream<Wire> {
        self.stream.get_mut().0.opened();
        self.stream
    }

    /// RFC 8446 4.4.2.4: in TLS 1.3 the client is done before the server has looked at its certificate, so that a
    /// refusal of it comes in place of the answer to the handshake.
    pub(crate) fn explain(&self, error: ConnectError) -> ConnectError {
        let ConnectError::Handshake(HandshakeError::Read(io) | HandshakeError::Write(io)) = &error else {
            return error;
        };
        let scene = Scene { name: &self.name, oldest: self.oldest, asked: self.asked };
        match explain::by_rustls(io) {
            Some(said) => explain::said_by_rustls(said, &scene, &Witness::default()).into(),
            None => error,
        }
    }
}

/// What was agreed on, such as `TLSv1_3 with TLS13_AES_256_GCM_SHA384, a new session`.
impl fmt::Display for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.stream.get_ref().1;
        if let (Some(version), Some(suite)) = (session.protocol_version(), session.negotiated_cipher_suite())
        {
            write!(f, "{version:?} with {:?}, ", suite.suite())?;
        }
        let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        f.write_str(if resumed { "a resumed session" } else { "a new session" })
    }
}
