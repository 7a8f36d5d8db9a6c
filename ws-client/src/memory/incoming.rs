//! A handshake that has arrived, and what a test makes of it.

use std::fmt::Write as _;
use std::io;

use bytes::BytesMut;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ws_core::connection::Role;
use ws_core::deflate::{DeflateAnswer, DeflateConfig};
use ws_core::handshake::{AnswerError, HandshakeError, UpgradeRequest, UpgradeResponse};
use ws_core::head::{HeadError, HeadLimits, HeadReader, RequestHead};
use ws_core::net::{SocketConfig, WebSocket};
use ws_core::refusal::{Presentation, Refusal};

use super::link::{End, Link};
use crate::connect::WsUrl;

/// Why a handshake could not be answered as the test wanted it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IncomingError {
    /// The client is gone.
    #[error("the client has gone away")]
    Io(#[from] io::Error),
    /// The request is not HTTP: it was written by something else than this crate.
    #[error("the request is not valid HTTP")]
    Head(#[from] HeadError),
    /// The request is no handshake (RFC 6455 4.2.1).
    #[error("the request is not a valid handshake")]
    Handshake(#[from] HandshakeError),
    /// The answer would hold what the client has not offered.
    #[error("the answer cannot be given to this request")]
    Answer(#[from] AnswerError),
    /// The cause is never told over HTTP.
    #[error("{0} is never told in an HTTP answer: accept, and close with it")]
    NotHttp(ws_core::refusal::Cause),
}

/// A connection whose request is not all there yet.
#[derive(Debug)]
pub(super) struct Arriving {
    url: WsUrl,
    stream: End,
    buffer: BytesMut,
    reader: HeadReader,
}

impl Arriving {
    pub(super) fn new(url: WsUrl, stream: End) -> Self {
        Self { url, stream, buffer: BytesMut::new(), reader: HeadReader::new(HeadLimits::default()) }
    }

    /// Cancel safe: it can be called again.
    pub(super) async fn read(&mut self) -> Result<RequestHead, IncomingError> {
        loop {
            if let Some(head) = self.reader.read_request(&mut self.buffer)? {
                return Ok(head);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    pub(super) fn arrived(self, head: RequestHead) -> Incoming {
        Incoming {
            url: self.url,
            head,
            stream: self.stream,
            leftover: self.buffer,
            subprotocol: None,
            fields: Vec::new(),
            compression: None,
            config: SocketConfig::new(Role::Server),
        }
    }
}

/// A handshake that waits for its answer. Dropped, the connection ends without one.
#[derive(Debug)]
pub struct Incoming {
    url: WsUrl,
    head: RequestHead,
    stream: End,
    leftover: BytesMut,
    subprotocol: Option<String>,
    fields: Vec<(String, String)>,
    compression: Option<DeflateConfig>,
    config: SocketConfig,
}

impl Incoming {
    /// The URL that the client connects to.
    pub fn url(&self) -> &WsUrl {
        &self.url
    }

    /// The request: its path, its query, its header fields.
    pub fn head(&self) -> &RequestHead {
        &self.head
    }

    /// The connection, for cutting it or letting it fall silent.
    pub fn link(&self) -> Link {
        self.stream.link().clone()
    }

    /// Will select this subprotocol; one that was not offered is an error of [`accept`](Self::accept).
    #[must_use]
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocol = Some(name.into());
        self
    }

    /// Will add this header field to whatever is answered.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Will accept compression where it was offered (RFC 7692).
    #[must_use]
    pub fn compression(mut self, config: DeflateConfig) -> Self {
        self.compression = Some(config);
        self
    }

    /// The server's limits and timers; those of [`SocketConfig::new`] by default. Its role and compression are set here.
    #[must_use]
    pub fn config(mut self, config: SocketConfig) -> Self {
        self.config = config;
        self
    }

    /// Accepts (RFC 6455 4.2.2): gives the server's side of the connection.
    ///
    /// # Errors
    ///
    /// The request is no handshake, what was to be answered is not possible, or the client is gone.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed.
    pub async fn accept(mut self) -> Result<WebSocket, IncomingError> {
        let request = UpgradeRequest::from_head(&self.head)?;
        let mut response = UpgradeResponse::new(&request);
        if let Some(subprotocol) = &self.subprotocol {
            response.subprotocol(subprotocol)?;
        }
        for (name, value) in &self.fields {
            response.field(name, value)?;
        }
        self.config.role = Role::Server;
        self.config.deflate = None;
        if let Some(ours) = self.compression
            && let Some(DeflateAnswer { params, header }) = ours.negotiate(&request.extensions)
        {
            response.extensions(&header)?;
            self.config.deflate = Some((params, ours));
        }
        let mut out = BytesMut::new();
        response.encode(&mut out);
        self.stream.write_all(&out).await?;
        Ok(WebSocket::from_stream(self.stream, self.config, self.leftover))
    }

    /// Refuses as a server of this framework would, for a [`Cause`](ws_core::refusal::Cause) or with more about the
    /// occurrence, such as when to come back.
    ///
    /// # Errors
    ///
    /// The cause has no HTTP status, or the client is gone.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed, perhaps within the answer.
    pub async fn refuse(self, refusal: impl Into<Refusal>) -> Result<(), IncomingError> {
        let refusal = refusal.into();
        let presentation = Presentation::new("memory", "https://ws.test/refusals");
        let answer = refusal.to_http(&presentation).ok_or(IncomingError::NotHttp(refusal.cause))?;
        let mut out = BytesMut::new();
        answer.encode(&mut out);
        // The further fields stand behind the status line, which is the first.
        let status_line = out.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let rest = out.split_off(status_line);
        out.extend_from_slice(self.further_fields().as_bytes());
        out.extend_from_slice(&rest);
        self.raw(&out).await
    }

    /// Answers with any status, the further [`field`](Self::field)s and a body, whose length is added.
    ///
    /// # Errors
    ///
    /// The client is gone.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed, perhaps within the answer.
    pub async fn respond(self, status: u16, body: impl AsRef<[u8]>) -> Result<(), IncomingError> {
        let body = body.as_ref();
        let fields = self.further_fields();
        let mut out =
            format!("HTTP/1.1 {status:03} \r\n{fields}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        out.extend_from_slice(body);
        self.raw(&out).await
    }

    /// Answers with these bytes, whatever they are, and ends the connection.
    ///
    /// # Errors
    ///
    /// The client is gone.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed, perhaps within the bytes.
    pub async fn raw(mut self, bytes: &[u8]) -> Result<(), IncomingError> {
        self.stream.write_all(bytes).await?;
        self.stream.shutdown().await?;
        Ok(())
    }

    fn further_fields(&self) -> String {
        self.fields.iter().fold(String::new(), |mut lines, (name, value)| {
            // Writing to a string cannot fail.
            let _ = write!(lines, "{name}: {value}\r\n");
            lines
        })
    }
}
