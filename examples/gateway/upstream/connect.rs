//! The handshake with a server behind, before ours is answered.

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use ws_client::{Answer, Builder, Client, ConnectError};
use ws_core::connection::Limits;
use ws_core::deflate::DeflateConfig;
use ws_core::net::WebSocket;
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::BoxFuture;
use ws_server::prepare::{Admission, Prepare, Prepared, Unprepared};

use super::error::UpstreamError;
use super::fields::{self, Credentials};
use super::resource::{has_dot_segment, resource};
use super::target::{Target, Timeouts};
use super::tls::Trust;

/// A server behind, and what a route says about it.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) target: Target,
    pub(crate) timeouts: Timeouts,
    pub(crate) trust: Trust,
    pub(crate) credentials: Credentials,
    pub(crate) forward_credentials: bool,
    pub(crate) pass_refusals: bool,
    /// The subprotocols that the route allows, and whether one of them is required.
    pub(crate) subprotocols: Vec<String>,
    pub(crate) subprotocol_required: bool,
    /// Offered on this leg.
    pub(crate) compression: Option<DeflateConfig>,
    /// What the server may send.
    pub(crate) limits: Limits,
}

/// The leg to a server behind, ready for messages. A dry run has none: it ends before the server is asked.
pub(crate) type Legs = Option<WebSocket>;

impl Prepare for Upstream {
    type Value = Legs;

    fn prepare<'a>(
        &'a self,
        admission: &'a Admission<'a>,
    ) -> BoxFuture<'a, Result<Prepared<Legs>, Unprepared>> {
        Box::pin(async move {
            if has_dot_segment(admission.request.head().path()) {
                let detail = "the path has dot segments, by which the server behind may mean another path";
                return Err(Refusal::new(Cause::RouteNotFound).detail(detail).into());
            }
            if admission.request.is_dry_run() {
                self.reach().await.map_err(|error| error.into_unprepared(false))?;
                return Ok(Prepared::new(None));
            }
            let (socket, selected) =
                self.open(admission).await.map_err(|error| error.into_unprepared(self.pass_refusals))?;
            let subprotocol = match selected {
                Some(selected) => Some(selected),
                // What stands in for a subprotocol of the route, because the client needs one (`bearer`).
                None => admission
                    .subprotocol
                    .filter(|stand_in| self.subprotocols.iter().all(|ours| ours != stand_in))
                    .map(str::to_owned),
            };
            Ok(Prepared::new(Some(socket)).select(subprotocol))
        })
    }
}

impl Upstream {
    /// Opens a connection for this client; with the subprotocol that the server has selected.
    pub(crate) async fn open(
        &self,
        admission: &Admission<'_>,
    ) -> Result<(WebSocket, Option<String>), UpstreamError> {
        let client = self.client(admission).map_err(UpstreamError::Handshake)?;
        let (socket, Answer { subprotocol, .. }) = match self.reach().await? {
            Reached::Plain(stream) => client.connect_over_tcp(stream).await,
            Reached::Secure(stream) => client.connect_over(stream).await,
        }
        .map_err(UpstreamError::Handshake)?;
        let agreed = admission.subprotocol.filter(|name| self.subprotocols.iter().any(|ours| ours == name));
        let needed = self.subprotocol_required || admission.answered && agreed.is_some();
        match &subprotocol {
            None if needed => return Err(UpstreamError::SubprotocolMissing),
            // A server that answers with the token itself would have us tell it to everybody on the way.
            Some(name) if !self.may_select(name) => return Err(UpstreamError::SubprotocolSecret),
            _ => {}
        }
        Ok((socket, subprotocol))
    }

    fn may_select(&self, name: &String) -> bool {
        self.subprotocols.contains(name) || self.credentials.subprotocol == Some(&**name)
    }

    fn client(&self, admission: &Admission<'_>) -> Result<Client, ConnectError> {
        let credentials = if self.forward_credentials { Credentials::NONE } else { &self.credentials };
        let head = admission.request.head();
        let asked = resource(head, self.target.path(), &credentials.parameters);
        let offered = admission.request.subprotocols();
        // The client's order: its preference is the server's to weigh (RFC 6455 4.2.2), as long as it was not answered.
        let open = |offer: &&String| !admission.answered || admission.subprotocol == Some(&***offer);
        let allowed = offered.iter().filter(|offer| self.subprotocols.contains(offer)).filter(open).cloned();
        let pair = if self.forward_credentials { self.credentials.pair(offered) } else { &[] };
        let mut client: Builder = self
            .target
            .client()
            .resource(asked)
            .subprotocols(allowed.chain(pair.iter().cloned()))?
            .limits(self.limits)
            .timeouts(ws_client::Timeouts {
                handshake: self.timeouts.handshake,
                body: self.timeouts.handshake,
                total: self.timeouts.handshake.saturating_mul(2),
                ..ws_client::Timeouts::default()
            });
        if let Some(compression) = &self.compression {
            client = client.compression(compression.clone());
        }
        Ok(fields::add(client, admission, credentials, self.forward_credentials)?.build())
    }

    /// A connection on which nothing was said yet.
    async fn reach(&self) -> Result<Reached, UpstreamError> {
        let limit = self.timeouts.connect;
        let reaching = async {
            let address = (self.target.host(), self.target.port());
            let stream = TcpStream::connect(address).await.map_err(UpstreamError::Unreachable)?;
            stream.set_nodelay(true).map_err(UpstreamError::Unreachable)?;
            if !self.target.is_secure() {
                return Ok(Reached::Plain(stream));
            }
            let name = self.target.server_name().ok_or(UpstreamError::Name)?;
            let stream = self.trust.connector().connect(name, stream).await.map_err(UpstreamError::Tls)?;
            Ok(Reached::Secure(Box::new(stream)))
        };
        timeout(limit, reaching).await.map_err(|_| UpstreamError::ConnectTimeout(limit))?
    }
}

enum Reached {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}
