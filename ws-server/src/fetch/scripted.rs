//! An HTTP server for tests that answers as its script says, in HTTP or not.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

use super::Endpoint;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
    /// Which connection it came by, counted from 0.
    pub(crate) connection: usize,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status with a body; the connection is kept.
    Answer(u16, String),
    /// These very bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// These very bytes, then nothing until the other side gives up.
    Started(Vec<u8>),
    /// Nothing at all, for as long.
    Silence,
}

/// A server that ends with this value.
pub(crate) struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepting: AbortHandle,
}

impl Scripted {
    pub(crate) async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), script).await
    }

    /// Where another was before, for example.
    pub(crate) async fn start_at(
        address: SocketAddr,
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&asked), Arc::new(script)));
        Self { address, asked, accepting: accepting.abort_handle() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn endpoint(&self, path: &str) -> Endpoint {
        self.url(path).parse().unwrap()
    }

    /// Everything that was asked until now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

async fn accept(listener: TcpListener, asked: Arc<Mutex<Vec<Asked>>>, script: Arc<Script>) {
    // The set ends its tasks when it is dropped.
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        connections.spawn(serve(stream, number, Arc::clone(&asked), Arc::clone(&script)));
    }
}

async fn serve(mut stream: TcpStream, connection: usize, asked: Arc<Mutex<Vec<Asked>>>, script: Arc<Script>) {
    while let Some(request) = read(&mut stream, connection).await {
        asked.lock().unwrap().push(request.clone());
        match script(&request) {
            Reply::Answer(status, body) => {
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Started(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.read(&mut [0]).await;
                return;
            }
            Reply::Silence => {
                let _ = stream.read(&mut [0]).await;
                return;
            }
        }
    }
}

async fn read(stream: &mut TcpStream, connection: usize) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").map(|value| value.parse().unwrap())
            });
            let mut body = bytes.split_off(end + 4);
            let read = body.len();
            body.resize(length.unwrap_or(read), 0);
            stream.read_exact(&mut body[read..]).await.ok()?;
            return Some(Asked { head, body: String::from_utf8(body).unwrap(), connection });
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
