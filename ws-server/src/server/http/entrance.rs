//! What comes before the first request: a header of the PROXY protocol, and TLS.

use std::net::SocketAddr;

use ws_core::refusal::{Cause, Refusal};

use super::conversation::{Conversation, Security};
use super::wire::NoProxyHeader;
use crate::listener::{Door, ProxyProtocol};
#[cfg(feature = "tls")]
use crate::printable::Printable;

impl Conversation {
    /// Talks with whoever has come in by this door, until the connection ends or its session has begun.
    ///
    /// Where neither a PROXY header nor TLS comes first, [`run`](Self::run) does the same and needs less room.
    pub(in crate::server) async fn enter(mut self, door: Door) {
        if self.shared.proxy_protocol != ProxyProtocol::Off {
            match Box::pin(self.proxied(&door)).await {
                Some(next) => self = next,
                None => return,
            }
        }
        #[cfg(feature = "tls")]
        if let Some(port) = &door.tls {
            match Box::pin(self.encrypted(port)).await {
                Some(next) => self = next,
                None => return,
            }
        }
        self.run().await;
    }

    /// Reads the header that a trusted proxy has to send first. `None`: the connection is over.
    async fn proxied(mut self, door: &Door) -> Option<Self> {
        let invalid = |detail: String| Refusal::new(Cause::ProxyHeaderInvalid).detail(detail);
        if !self.shared.proxies.trusts(self.peer.ip()) {
            self.refuse(invalid(format!("{} is not a trusted proxy", self.peer.ip().to_canonical())));
            return None;
        }
        let header = match self.wire.proxy_header(self.shared.proxy_protocol, self.deadline).await {
            Ok(header) => header,
            Err(NoProxyHeader::Gone) => return None,
            Err(NoProxyHeader::Invalid(error)) => {
                self.refuse(invalid(error.to_string()));
                return None;
            }
            Err(NoProxyHeader::Incomplete) => {
                self.refuse(invalid("the PROXY header did not come whole, or not in time".to_owned()));
                return None;
            }
        };
        if header.secure == Some(true) {
            self.security = Security::Encrypted(None);
        }
        if let Some(source) = header.source {
            self.peer = SocketAddr::new(source.ip().to_canonical(), source.port());
            if self.place.assign(self.counted()).is_err() {
                let answer = self.shared.turn_away(self.peer, Cause::AddressQuotaExceeded, door);
                if let Some(answer) = answer {
                    let _ = self.wire.send([&answer, &[]], self.shared.limits.handshake_timeout).await;
                }
                return None;
            }
        }
        self.unnamed = header.source.is_none();
        Some(self)
    }

    /// Does the TLS handshake. `None`: the connection is over.
    #[cfg(feature = "tls")]
    async fn encrypted(mut self, port: &crate::listener::TlsPort) -> Option<Self> {
        use super::conversation::{TLS_HANDSHAKE, Waited};
        use super::wire::Wire;
        use crate::listener::{Stream, accept};

        let failed = |peer: SocketAddr, error: &dyn std::fmt::Display| {
            tracing::info!(target: "ws_server::tls", %peer, error = %Printable(&error.to_string()), "no TLS handshake");
        };
        match self.wait(self.deadline).await {
            Waited::Request(_) => {}
            Waited::Late => {
                failed(self.peer, &"nothing came in time");
                return None;
            }
            Waited::Over => return None,
        }
        if self.wire.first_byte() != Some(TLS_HANDSHAKE) {
            // Told over HTTP, when it is known to be HTTP.
            self.security = Security::Missing;
            return Some(self);
        }
        let Self { current, shared, peer, unnamed, place, wire, deadline, .. } = self;
        let (Stream::Tcp(stream), read) = wire.into_parts() else { return None };
        match tokio::time::timeout_at(deadline, accept(port.config(), stream, read)).await {
            Ok(Ok((stream, certificate))) => {
                let wire = Wire::new(Stream::Tls(stream), bytes::BytesMut::new());
                Some(Self {
                    current,
                    shared,
                    peer,
                    unnamed,
                    place,
                    wire,
                    security: Security::Encrypted(certificate),
                    deadline,
                })
            }
            Ok(Err((error, stream))) => {
                failed(peer, &error);
                // The alert has to arrive: what the client has sent meanwhile must not reset the connection.
                Wire::new(Stream::Tcp(stream), bytes::BytesMut::new()).linger().await;
                None
            }
            Err(_) => {
                failed(peer, &"it was not done in time");
                None
            }
        }
    }
}
