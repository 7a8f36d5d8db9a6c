//! The client and its builder.

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

use crate::connect::handshake::{AnswerLimits, Opened, open};
use crate::connect::timeouts::Budget;
use crate::connect::{HandshakeError, Timeouts, UrlError, WsUrl, dns, tcp};
use crate::error::ConnectError;
use crate::refused::Closed;
use crate::request::{Request, RequestError};

/// Bytes of a refusal's body that are kept; a problem document has a few hundred.
const BODY: usize = 64 * 1024;

/// Connects to a `ws://` URL with the defaults of [`Client::builder`].
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
    url: WsUrl,
    request: Request,
    compression: Option<DeflateConfig>,
    limits: Limits,
    head_limits: HeadLimits,
    timeouts: Timeouts,
    /// When a silent server is pinged, and how long it may then stay silent.
    keepalive: Option<(Duration, Duration)>,
}

impl Client {
    /// Begins with a URL, `ws://HOST[:PORT][/PATH][?QUERY]`.
    ///
    /// # Errors
    ///
    /// The URL is not the address of a WebSocket server, or needs what is not built in.
    pub fn builder(url: impl AsRef<str>) -> Result<Builder, UrlError> {
        Ok(Builder(Self {
            url: WsUrl::parse(url.as_ref())?,
            request: Request::default(),
            compression: None,
            limits: Limits::default(),
            head_limits: HeadLimits::default(),
            timeouts: Timeouts::default(),
            keepalive: Some((Duration::from_secs(20), Duration::from_secs(20))),
        }))
    }

    /// The address.
    pub fn url(&self) -> &WsUrl {
        &self.url
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
        let addresses = dns::resolve(&self.url, budget.stage(self.timeouts.dns)).await?;
        let mut stream = tcp::connect(&addresses, budget.stage(self.timeouts.tcp)).await?;
        let (opened, answer) = self.handshake(&mut stream, budget).await?;
        let config = self.socket_config(&answer);
        self.admitted(WebSocket::from_tcp(stream, config, opened), answer, budget).await
    }

    /// Does the handshake over a stream that is already there, such as a TLS connection or a pipe. The URL's
    /// host is only named in the request.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), without those of name resolution and TCP.
    ///
    /// # Cancel safety
    ///
    /// As [`connect`](Self::connect); the stream is closed.
    pub async fn connect_over(
        &self,
        mut stream: impl Transport,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        let budget = Budget::new(self.timeouts.total);
        let (opened, answer) = self.handshake(&mut stream, budget).await?;
        let config = self.socket_config(&answer);
        self.admitted(WebSocket::from_stream(stream, config, opened), answer, budget).await
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
    pub async fn connect_over_tcp(&self, mut stream: TcpStream) -> Result<(WebSocket, Answer), ConnectError> {
        let (opened, answer) = self.handshake(&mut stream, Budget::new(self.timeouts.total)).await?;
        let config = self.socket_config(&answer);
        Ok((WebSocket::from_tcp(stream, config, opened), answer))
    }

    async fn handshake(
        &self,
        stream: &mut impl Transport,
        budget: Budget,
    ) -> Result<(BytesMut, Answer), ConnectError> {
        let offer = self.compression.as_ref().map(DeflateConfig::offer);
        let handshake = self.request.handshake(&self.url, offer.as_deref())?;
        let limits = AnswerLimits { budget, timeouts: self.timeouts, head: self.head_limits, body: BODY };
        let Opened { accepted, head, leftover } = open(stream, &handshake, limits).await?;
        let compression = self.agreed(&accepted)?;
        Ok((leftover, Answer { head, subprotocol: accepted.subprotocol, compression }))
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
        config
    }
}

/// What the server answered to a handshake that it accepted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The status line and the header fields.
    pub head: ResponseHead,
    /// The subprotocol that the server selected among those offered.
    pub subprotocol: Option<String>,
    /// The parameters of permessage-deflate, where it was offered and accepted.
    pub compression: Option<DeflateParams>,
}

/// Collects what a [`Client`] needs to know.
///
/// Setters that take text from outside fail at once, with an error that names the fix.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it connects or builds"]
pub struct Builder(Client);

impl Builder {
    /// Adds a header field, such as `Cookie` or `Authorization`; several fields of one name are sent in order.
    ///
    /// # Errors
    ///
    /// The name or the value cannot stand in a header, or the header is one that the client sets itself
    /// (`Host`, `Upgrade`, `Connection`, `Origin`, `Sec-WebSocket-*` and those of a body).
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        self.0.request.header(name, value)?;
        Ok(self)
    }

    /// Asks for this path, with a query if it has one, instead of the URL's. It goes out byte by byte as it is given,
    /// while a URL's dot segments and unusual characters are rewritten when it is read: what a gateway passes on must
    /// mean to the server behind it what it meant to the gateway.
    ///
    /// A resource that does not begin with a slash, or has characters that no target has, is an error of
    /// [`Client::connect`].
    pub fn resource(mut self, path_and_query: impl Into<String>) -> Self {
        self.0.url = self.0.url.at(path_and_query.into());
        self
    }

    /// Sends `Authorization: Bearer TOKEN` (RFC 6750 2.1). Over `ws://` everyone on the way can read it.
    ///
    /// # Errors
    ///
    /// The token has a character that no token has, or `Authorization` is already set.
    pub fn bearer_token(mut self, token: &str) -> Result<Self, RequestError> {
        self.0.request.bearer_token(token)?;
        Ok(self)
    }

    /// Sends `Origin` (RFC 6454 7), for servers that expect a browser.
    ///
    /// # Errors
    ///
    /// It is not `scheme://host[:port]` as browsers write it, nor `null`.
    pub fn origin(mut self, origin: &str) -> Result<Self, RequestError> {
        self.0.request.origin(origin)?;
        Ok(self)
    }

    /// Offers subprotocols, the preferred one first; the server may select one or none (RFC 6455 1.9).
    ///
    /// # Errors
    ///
    /// One is not a token, or is offered twice.
    pub fn subprotocols(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, RequestError> {
        names.into_iter().try_for_each(|name| self.0.request.subprotocol(name.into()))?;
        Ok(self)
    }

    /// Offers compression (permessage-deflate, RFC 7692); the server may decline. Off by default: it costs
    /// CPU and memory, and compressing secrets beside text from outside can leak them.
    pub fn compression(mut self, config: DeflateConfig) -> Self {
        self.0.compression = Some(config);
        self
    }

    /// What the server may ask of us once the connection is open: sizes of frames and messages.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// How large the head of the server's answer may be.
    pub fn head_limits(mut self, limits: HeadLimits) -> Self {
        self.0.head_limits = limits;
        self
    }

    /// How long connecting may take in all; 30 s by default.
    pub fn timeout(mut self, total: Duration) -> Self {
        self.0.timeouts.total = total;
        self
    }

    /// How long each stage of connecting may take, and all together.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.0.timeouts = timeouts;
        self
    }

    /// When a silent server is pinged, and how long it may then stay silent; 20 s each by default.
    pub fn keepalive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.0.keepalive = Some((interval, timeout));
        self
    }

    /// Never pings: a server that is gone is noticed only when something is sent.
    pub fn no_keepalive(mut self) -> Self {
        self.0.keepalive = None;
        self
    }

    /// The client, for connecting more than once.
    pub fn build(self) -> Client {
        self.0
    }

    /// Connects: [`Client::connect`].
    ///
    /// # Errors
    ///
    /// As [`Client::connect`].
    ///
    /// # Cancel safety
    ///
    /// As [`Client::connect`].
    pub async fn connect(self) -> Result<WebSocket, ConnectError> {
        self.0.connect().await
    }
}
