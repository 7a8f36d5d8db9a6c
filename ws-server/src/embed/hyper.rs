//! Requests and answers of hyper 1.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use ws_core::head::{HeadError, HeadLimits, HeadReader, RequestHead, Version};
use ws_core::net::{SocketConfig, WebSocket};
use ws_core::refusal::{Cause, Refusal};

use super::embedded::Met;
use super::{Connection, Embedded};
use crate::deadline::after;
use crate::listener::Place;
use crate::server::{Answer, Farewell, Upgrade};
use crate::session::{Busy, Opening};

impl Embedded {
    /// Answers a request that hyper has read. One that is let in becomes a session in a task of its own, as soon as hyper
    /// has sent the 101: serve the connection [with upgrades](hyper::server::conn::http1::Connection::with_upgrades).
    ///
    /// The body of the request is not looked at; one that is announced refuses a handshake.
    ///
    /// ```no_run
    /// use std::convert::Infallible;
    /// use hyper::{server::conn::http1, service::service_fn};
    /// use hyper_util::rt::TokioIo;
    /// use ws_server::embed::Connection;
    /// use ws_server::{Route, Server, Session};
    ///
    /// async fn chat(_session: Session) { /* … */ }
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let sockets = Server::builder().route("/chat", Route::new(chat)).embed()?;
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
    /// loop {
    ///     let (stream, peer) = listener.accept().await?;
    ///     let sockets = sockets.clone();
    ///     let service = service_fn(move |request| {
    ///         let (sockets, connection) = (sockets.clone(), Connection::new(peer));
    ///         async move { Ok::<_, Infallible>(sockets.respond(request, &connection).await) }
    ///     });
    ///     tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
    /// }
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// A request whose future is dropped was neither answered nor let in.
    ///
    /// # Panics
    /// Outside a tokio runtime with time.
    pub async fn respond<B>(&self, request: Request<B>, connection: &Connection) -> Response<Full<Bytes>> {
        let (mut parts, _) = request.into_parts();
        let target = parts.uri.to_string();
        let head = read(&parts.method, &target, parts.version, &parts.headers, self.head_limits());
        let met = match head {
            Ok(head) => self.meet(head, connection, |_| None).await,
            Err(error) => self.refuse_head(&error, connection),
        };
        match met {
            Met::Answered(answer) => respond_with(answer),
            Met::Refused { farewell, place } => match parts.extensions.remove::<OnUpgrade>() {
                Some(on_upgrade) => self.part(farewell, on_upgrade, place),
                None => self.cannot_upgrade(connection),
            },
            Met::Admitted { mut upgrade, place, busy } => {
                let Some(on_upgrade) = parts.extensions.remove::<OnUpgrade>() else {
                    return self.cannot_upgrade(connection);
                };
                let handler = upgrade.take_handler();
                self.open(upgrade, on_upgrade, place, busy, move |opening| {
                    if let Some(handler) = handler {
                        opening.start(&handler);
                    }
                })
            }
        }
    }

    /// The refusal of a handshake that the embedding program cannot complete.
    pub(super) fn cannot_upgrade(&self, connection: &Connection) -> Response<Full<Bytes>> {
        let refusal = Refusal::new(Cause::InternalError)
            .detail("the connection cannot be upgraded: serve it over HTTP/1.1 and with upgrades");
        match self.refuse(refusal, connection) {
            Met::Answered(answer) => respond_with(answer),
            Met::Refused { .. } | Met::Admitted { .. } => respond_with(None),
        }
    }

    /// The 101; behind it the refusal follows in a Close frame.
    pub(super) fn part(
        &self,
        farewell: Box<Farewell>,
        on_upgrade: OnUpgrade,
        place: Option<Place>,
    ) -> Response<Full<Bytes>> {
        let answer = switching(&farewell.answer);
        let deadline = after(self.current.load().limits.handshake_timeout);
        tokio::spawn(async move {
            if let Ok(Ok(upgraded)) = tokio::time::timeout_at(deadline, on_upgrade).await {
                farewell.say(|config| connect(upgraded, config)).await;
            }
            drop(place);
        });
        answer
    }

    /// The 101; behind it the session begins, in a task of its own.
    pub(super) fn open(
        &self,
        upgrade: Box<Upgrade>,
        on_upgrade: OnUpgrade,
        place: Place,
        busy: Busy,
        start: impl FnOnce(Opening) + Send + 'static,
    ) -> Response<Full<Bytes>> {
        let answer = switching(&upgrade.answer);
        let deadline = after(self.current.load().limits.handshake_timeout);
        tokio::spawn(async move {
            match tokio::time::timeout_at(deadline, on_upgrade).await {
                Ok(Ok(upgraded)) => {
                    let connect = |config| connect(upgraded, config);
                    start(upgrade.opening(connect, place, busy));
                }
                // The peer left before the answer reached it.
                Ok(Err(error)) => tracing::debug!(%error, "an accepted connection ended before it began"),
                Err(_) => tracing::debug!("the answer to an accepted handshake was not taken in time"),
            }
        });
        answer
    }
}

/// A head from hyper's parts, held to our own limits and syntax.
pub(super) fn read(
    method: &http::Method,
    target: &str,
    version: http::Version,
    fields: &HeaderMap,
    limits: HeadLimits,
) -> Result<RequestHead, HeadError> {
    let version = match version {
        http::Version::HTTP_11 => Version::HTTP_11,
        http::Version::HTTP_10 => Version::HTTP_10,
        http::Version::HTTP_09 => Version { major: 0, minor: 9 },
        http::Version::HTTP_2 => Version { major: 2, minor: 0 },
        _ => Version { major: 3, minor: 0 },
    };
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    RequestHead::from_parts_within(limits, method.as_str(), target, version, fields)
}

/// An answer in hyper's words.
pub(super) fn respond_with(answer: Option<Answer>) -> Response<Full<Bytes>> {
    // Nothing can be left unanswered over hyper: the least that can be said, and the end.
    let answer = answer.unwrap_or_else(|| {
        let mut answer = Answer::new(400, "Bad Request", Vec::new(), Bytes::new());
        answer.close();
        answer
    });
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let own = answer.head.fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    for (name, value) in own.chain(answer.head.foreign) {
        // Our own fields are printable ASCII with names that are tokens; what else cannot stand in a header is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The 101 as our own listener would write it, in hyper's words.
fn switching(written: &[u8]) -> Response<Full<Bytes>> {
    let head = HeadReader::new(HeadLimits::default()).read_response(&mut BytesMut::from(written));
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    for (name, value) in head.iter().flatten().flat_map(|head| head.fields().iter()) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The socket behind hyper: TCP itself where that is what is below.
fn connect(upgraded: Upgraded, config: Arc<SocketConfig>) -> WebSocket {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => WebSocket::from_tcp(parts.io.into_inner(), config, parts.read_buf.into()),
        Err(upgraded) => WebSocket::from_stream(TokioIo::new(upgraded), config, BytesMut::new()),
    }
}
