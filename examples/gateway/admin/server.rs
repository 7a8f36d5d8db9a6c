//! A small HTTP server of its own: operators reach it when the gateway is full.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::Pages;

/// Connections at a time: operators and their machines are few.
const CONNECTIONS: usize = 64;

/// For the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long to wait where nothing can be accepted, for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// A listener for the admin pages.
pub(crate) struct Admin {
    listener: TcpListener,
}

impl Admin {
    /// Listens on `HOST:PORT`.
    pub(crate) async fn bind(address: &str) -> std::io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await? })
    }

    pub(crate) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves for ever.
    pub(crate) async fn serve(self, pages: Pages) {
        let (pages, places) = (Arc::new(pages), Arc::new(Semaphore::new(CONNECTIONS)));
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let pages = Arc::clone(&pages);
                    tokio::spawn(async move {
                        talk(stream, &pages).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin pages cannot accept a connection");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

async fn talk(stream: TcpStream, pages: &Pages) {
    let answer = |request: Request<Incoming>| async move {
        Ok::<Response<Full<Bytes>>, Infallible>(pages.answer(request).await)
    };
    let talking = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    if let Err(error) = talking.await {
        tracing::debug!(%error, "a connection to the admin pages ended");
    }
}
