//! Servers that do as they are told, byte by byte.

use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use ws_client::{Client, ConnectError, Error, Timeouts};
use ws_core::handshake::accept_value;
use ws_core::net::WebSocket;

/// How long the client waits for an answer here.
pub(crate) const SOON: Duration = Duration::from_millis(300);

/// The head of an answer that is as it should be, but for its last empty line.
pub(crate) const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
     Sec-WebSocket-Accept: {accept}\r\n";

/// Serves one connection: reads the request, and then does as `script` says with the stream and the accept value.
pub(crate) async fn serve<F>(script: impl FnOnce(TcpStream, String) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await.unwrap() == 0 {
                return;
            }
        }
        let request = String::from_utf8(request).unwrap();
        let key = request.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let accept = String::from_utf8(accept_value(key.unwrap()).to_vec()).unwrap();
        script(stream, accept).await;
    });
    address
}

/// A server that answers with these bytes, `{accept}` replaced, and closes when the client has gone.
pub(crate) async fn answering(answer: impl Into<String>) -> SocketAddr {
    let answer = answer.into();
    serve(move |mut stream, accept| async move {
        let _ = stream.write_all(answer.replace("{accept}", &accept).as_bytes()).await;
        let _ = stream.shutdown().await;
        linger(stream).await;
    })
    .await
}

/// A server that accepts, sends these bytes, and then does as `then` says.
pub(crate) async fn accepting<F>(
    frames: impl Into<Vec<u8>>,
    then: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let frames = frames.into();
    serve(move |mut stream, accept| async move {
        let head = format!("{}\r\n", ACCEPTED.replace("{accept}", &accept));
        stream.write_all(&[head.as_bytes(), &frames].concat()).await.unwrap();
        then(stream).await;
    })
    .await
}

/// Reads until the client has gone.
pub(crate) async fn linger(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
}

/// Keeps the connection, and neither reads nor writes.
pub(crate) async fn ignore(stream: TcpStream) {
    let _open = stream;
    std::future::pending::<()>().await;
}

/// Ends its side, and waits for the client to end its own.
pub(crate) async fn farewell(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    linger(stream).await;
}

/// Ends it without a word.
pub(crate) fn leave(stream: TcpStream) -> Ready<()> {
    drop(stream);
    ready(())
}

/// Ends it with a reset.
pub(crate) fn reset(stream: TcpStream) -> Ready<()> {
    stream.set_zero_linger().unwrap();
    drop(stream);
    ready(())
}

/// A client that is in a hurry.
pub(crate) fn client(address: SocketAddr) -> Client {
    hurried(&format!("ws://{address}/"))
}

/// The same, to any URL.
pub(crate) fn hurried(url: &str) -> Client {
    let timeouts = Timeouts { handshake: SOON, body: SOON, tcp: SOON, ..Timeouts::default() };
    Client::builder(url).unwrap().timeouts(timeouts).build()
}

/// Why this client cannot connect.
pub(crate) async fn refused(client: &Client) -> ConnectError {
    match client.connect().await {
        Err(error) => error,
        Ok(_) => panic!("it connects: {client:?}"),
    }
}

/// How a connection ends that comes about.
pub(crate) async fn ended(client: &Client) -> Error {
    match client.connect().await {
        Err(error) => error.into(),
        Ok(socket) => end(socket).await,
    }
}

/// How this connection ends; whatever comes before is taken.
pub(crate) async fn end(mut socket: WebSocket) -> Error {
    let end = async {
        loop {
            match socket.recv().await {
                Ok(Some(_)) => {}
                Ok(None) => return Error::closed(socket.close_frame().expect("the peer has closed")),
                Err(error) => return Error::Broken(error),
            }
        }
    };
    tokio::time::timeout(tests::wire::PATIENCE, end).await.expect("it ends")
}
