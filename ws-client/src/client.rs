//! The client: from an address to an open connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::timeout;
use ws_core::connection::{Limits, Role};
use ws_core::deflate::{DeflateConfig, DeflateParams};
use ws_core::handshake::Accepted;
use ws_core::head::{HeadLimits, ResponseHead};
use ws_core::net::{SocketConfig, Transport, WebSocket};
use ws_core::refusal::RefusedBy;

use crate::builder::Builder;
use crate::connect::dial::{Dial, Stream};
use crate::connect::handshake::{AnswerLimits, Opened, open};
use crate::connect::timeouts::Budget;
#[cfg(feature = "tls")]
use crate::connect::tls::Tls;
use crate::connect::{HandshakeError, Timeouts, UrlError, WsUrl};
use crate::credentials::{Presented, Token};
use crate::error::ConnectError;
use crate::metrics::Metrics;
use crate::observe::{Observer, Observers, Stage, Watch};
use crate::refused::Closed;
use crate::request::Request;

/// Bytes of a refusal's body that are kept; a problem document has a few hundred.
const BODY: usize = 64 * 1024;

/// Connects to a `ws://` or `wss://` URL with the defaults of [`Client::builder`].
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut socket = ws_client::connect("ws://127.0.0.1:9001/rooms/lobby").await?;
/// socket.send("hello").await?;
/// while let Some(message) = socket.recv().await? {
///     println!("{message:?}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`Client::connect`].
///
/// # Cancel safety
///
/// As [`Client::connect`].
pub async fn connect(url: impl AsRef<str>) -> Result<WebSocket, ConnectError> {
    Client::builder(url)?.connect().await
}

/// Where to connect, and how: it can connect any number of times, each time with a fresh handshake.
///
/// ```no_run
/// use std::time::Duration;
/// use ws_client::{Client, ConnectError};
/// use ws_core::deflate::DeflateConfig;
///
/// # async fn example() -> Result<(), ConnectError> {
/// let client = Client::builder("ws://127.0.0.1:9001/rooms/lobby")?
///     .bearer_token("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")?
///     .header("User-Agent", "rooms/1.0")?
///     .subprotocols(["chat.v2", "chat.v1"])?
///     .compression(DeflateConfig::default())
///     .timeout(Duration::from_secs(10))
///     .build();
/// let (mut socket, answer) = client.connect_with_answer().await?;
/// println!("{:?}", answer.subprotocol);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) url: WsUrl,
    pub(crate) request: Request,
    pub(crate) dial: Dial,
    #[cfg(feature = "tls")]
    pub(crate) tls: Tls,
    /// How many redirections are followed.
    pub(crate) redirects: usize,
    pub(crate) identity: Presented,
    pub(crate) compression: Option<DeflateConfig>,
    pub(crate) limits: Limits,
    pub(crate) head_limits: HeadLimits,
    pub(crate) timeouts: Timeouts,
    /// When a silent server is pinged, and how long it may then stay silent.
    pub(crate) keepalive: Option<(Duration, Duration)>,
    /// Who is told how attempts go.
    pub(crate) observers: Observers,
    /// How long a server may take no data, and how long it may not answer a Close frame; as the socket's where not set.
    pub(crate) write_timeout: Option<Duration>,
    pub(crate) close_timeout: Option<Duration>,
}

impl Client {
    /// Begins with a URL, `ws://HOST[:PORT][/PATH][?QUERY]` or `wss://…`.
    ///
    /// # Errors
    ///
    /// The URL is not the address of a WebSocket server, or needs what is not built in.
    pub fn builder(url: impl AsRef<str>) -> Result<Builder, UrlError> {
        Ok(Builder::new(Self {
            url: WsUrl::parse(url.as_ref())?,
            request: Request::default(),
            dial: Dial::default(),
            #[cfg(feature = "tls")]
            tls: Tls::default(),
            redirects: 0,
            identity: Presented::default(),
            compression: None,
            limits: Limits::default(),
            head_limits: HeadLimits::default(),
            timeouts: Timeouts::default(),
            keepalive: Some((Duration::from_secs(20), Duration::from_secs(20))),
            observers: Observers::default(),
            write_timeout: None,
            close_timeout: None,
        }))
    }

    /// The address.
    pub fn url(&self) -> &WsUrl {
        &self.url
    }

    /// What this client and its clones have done so far.
    pub fn metrics(&self) -> &Metrics {
        &self.observers.metrics
    }

    /// The same client, whose attempts `observer` is told of, too.
    #[must_use]
    pub fn observed_by(&self, observer: impl Observer) -> Self {
        let mut client = self.clone();
        client.observers.others.push(Arc::new(observer));
        client
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] tells the stage that failed, and what to do. It comes at the latest when
    /// [`Timeouts::total`] is over.
    ///
    /// # Cancel safety
    ///
    /// A dropped attempt leaves nothing behind, but the server may have accepted it already.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O and time enabled.
    pub async fn connect(&self) -> Result<WebSocket, ConnectError> {
        Ok(self.connect_with_answer().await?.0)
    }

    /// Connects, and tells what the server answered: the subprotocol that it selected, and its header fields.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with_answer(&self) -> Result<(WebSocket, Answer), ConnectError> {
        let budget = Budget::new(self.timeouts.total);
        let watch = self.observers.watch(&self.url);
        // In a box: all stages together are large, and whoever connects holds this future in one of their own.
        Box::pin(watch.whole(self.with_credentials(&self.url, budget, &watch, None))).await
    }

    /// Does the handshake over a stream that is already there, such as a pipe; nothing is put between, TLS neither. The
    /// URL's host is only named in the request.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), without those of name resolution, TCP, proxies and TLS.
    ///
    /// # Cancel safety
    ///
    /// As [`connect`](Self::connect); the stream is closed.
    pub async fn connect_over(&self, stream: impl Transport) -> Result<(WebSocket, Answer), ConnectError> {
        let budget = Budget::new(self.timeouts.total);
        let watch = self.observers.watch(&self.url);
        let stream = Some(Stream::Other(Box::new(stream)));
        watch.whole(self.with_credentials(&self.url, budget, &watch, stream)).await
    }

    /// As [`connect_over`](Self::connect_over), for a TCP connection, which needs no box. Nagle's algorithm should be
    /// off.
    ///
    /// # Errors
    ///
    /// As [`connect_over`](Self::connect_over).
    ///
    /// # Cancel safety
    ///
    /// As [`connect_over`](Self::connect_over).
    pub async fn connect_over_tcp(&self, stream: TcpStream) -> Result<(WebSocket, Answer), ConnectError> {
        let budget = Budget::new(self.timeouts.total);
        let watch = self.observers.watch(&self.url);
        let stream = Some(Stream::Tcp(stream));
        watch.whole(self.with_credentials(&self.url, budget, &watch, stream)).await
    }

    /// One attempt at one address: a stream, TLS, the handshake.
    pub(crate) async fn attempt(
        &self,
        url: &WsUrl,
        request: &Request,
        budget: Budget,
        watch: &Watch<'_>,
        stream: Option<Stream>,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let stream = if let Some(stream) = stream {
            stream
        } else {
            if request.has_credentials() {
                self.dial.check_credentials(url)?;
            }
            let stream = self.stream_to(url, budget, watch).await?;
            #[cfg(feature = "tls")]
            let stream = if url.is_secure() {
                // Whatever it was redirected to gets no client certificate.
                let elsewhere = (!url.same_origin(&self.url)).then(|| self.tls.elsewhere());
                let tls = elsewhere.as_ref().unwrap_or(&self.tls);
                let secured = tls.secure(stream, url, budget.stage(self.timeouts.tls));
                Stream::Tls(watch.stage(Stage::Tls, secured, ToString::to_string).await?)
            } else {
                stream
            };
            stream
        };
        let opened = self.open(stream, url, request, budget);
        watch.stage(Stage::Http, opened, |(_, answer)| answer.to_string()).await
    }

    /// The handshake over a stream to the server.
    async fn open(
        &self,
        stream: Stream,
        url: &WsUrl,
        request: &Request,
        budget: Budget,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let (socket, answer) = match stream {
            Stream::Tcp(mut stream) => {
                let (leftover, answer) = self.handshake(&mut stream, url, request, budget).await?;
                (WebSocket::from_tcp(stream, self.socket_config(&answer), leftover), answer)
            }
            Stream::Other(mut stream) => {
                let (leftover, answer) = self.handshake(&mut stream, url, request, budget).await?;
                (WebSocket::from_stream(stream, self.socket_config(&answer), leftover), answer)
            }
            #[cfg(feature = "tls")]
            Stream::Tls(mut stream) => {
                let answered = self.handshake(stream.stream(), url, request, budget).await;
                let (leftover, answer) = answered.map_err(|error| stream.explain(error))?;
                (WebSocket::from_stream(stream.into_inner(), self.socket_config(&answer), leftover), answer)
            }
        };
        let (socket, answer) = self.admitted(socket, answer, budget).await?;
        self.introduced(socket, answer, request, budget).await
    }

    /// A server that refuses in a Close frame says so in the 101: the frame is awaited then.
    async fn admitted(
        &self,
        mut socket: WebSocket,
        answer: Answer,
        budget: Budget,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let refused_by = answer.head.fields().get_str(RefusedBy::FIELD);
        let Some(refused_by) = refused_by.and_then(|value| RefusedBy::parse(value).ok()) else {
            return Ok((socket, answer));
        };
        // However it ends, and if a message comes instead: who has refused lets nobody in.
        let _ = timeout(budget.stage(self.timeouts.handshake), socket.recv()).await;
        Err(ConnectError::Closed(Box::new(Closed::new(socket.close_frame(), Some(refused_by)))))
    }

    async fn handshake(
        &self,
        stream: &mut impl Transport,
        url: &WsUrl,
        request: &Request,
        budget: Budget,
    ) -> Result<(BytesMut, Answer), ConnectError> {
        let offer = self.compression.as_ref().map(DeflateConfig::offer);
        let handshake = request.handshake(url, offer.as_deref())?;
        let limits = AnswerLimits { budget, timeouts: self.timeouts, head: self.head_limits, body: BODY };
        let opened = open(stream, &handshake, limits).await.map_err(|error| match error {
            ConnectError::Refused(refused) => {
                ConnectError::Refused(Box::new(refused.of(request.credentials(url))))
            }
            error => error,
        });
        let Opened { accepted, head, leftover } = opened?;
        let compression = self.agreed(&accepted)?;
        Ok((
            leftover,
            Answer { url: url.clone(), head, subprotocol: accepted.subprotocol, compression, token: None },
        ))
    }

    /// RFC 7692 5.1: what the server's answer makes of our offer.
    fn agreed(&self, accepted: &Accepted) -> Result<Option<DeflateParams>, HandshakeError> {
        match (&self.compression, accepted.extensions.first()) {
            (Some(config), Some(answer)) => {
                config.accept(answer).map(Some).map_err(HandshakeError::Compression)
            }
            // The handshake has made sure that nothing was accepted that was not offered.
            _ => Ok(None),
        }
    }

    fn socket_config(&self, answer: &Answer) -> SocketConfig {
        let mut config = SocketConfig::new(Role::Client);
        config.limits = self.limits;
        config.deflate = answer.compression.zip(self.compression.clone());
        config.ping_interval = self.keepalive.map(|(interval, _)| interval);
        if let Some((_, timeout)) = self.keepalive {
            config.pong_timeout = timeout;
        }
        config.guard = Some(Arc::new(self.observers.metrics.opened()));
        config.write_timeout = self.write_timeout.unwrap_or(config.write_timeout);
        config.close_timeout = self.close_timeout.unwrap_or(config.close_timeout);
        config
    }
}

/// What the server answered to a handshake that it accepted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The address that accepted: another than the client's where it was redirected.
    pub url: WsUrl,
    /// The status line and the header fields.
    pub head: ResponseHead,
    /// The subprotocol that the server selected among those offered.
    pub subprotocol: Option<String>,
    /// The parameters of permessage-deflate, where it was offered and accepted.
    pub compression: Option<DeflateParams>,
    /// The token that opened it, where it came from [`Credentials`](crate::credentials::Credentials).
    pub(crate) token: Option<Arc<Token>>,
}

/// The status, and what was agreed.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.head.status())?;
        if let Some(subprotocol) = &self.subprotocol {
            write!(f, ", subprotocol {subprotocol}")?;
        }
        f.write_str(if self.compression.is_some() { ", compression" } else { "" })
    }
}
