//! Two sockets and nothing between them.

use bytes::BytesMut;
use ws_core::connection::Role;
use ws_core::net::{SocketConfig, WebSocket};

use super::link::Link;

/// An open connection, its client's side and its server's, without a handshake.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ws_core::net::Error> {
/// let (mut client, mut server) = ws_client::memory::pair();
/// client.send("hello").await?;
/// assert_eq!(server.recv().await?.as_ref().and_then(|message| message.as_text()), Some("hello"));
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn pair() -> (WebSocket, WebSocket) {
    let (client, server, _) = pair_with(SocketConfig::new(Role::Client), SocketConfig::new(Role::Server));
    (client, server)
}

/// As [`pair`], with the limits and timers of the client and of the server, whose roles are set here, and with what
/// connects them, for cutting it.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn pair_with(client: SocketConfig, server: SocketConfig) -> (WebSocket, WebSocket, Link) {
    let (ours, theirs, link) = Link::open();
    let client = SocketConfig { role: Role::Client, ..client };
    let server = SocketConfig { role: Role::Server, ..server };
    (
        WebSocket::from_stream(ours, client, BytesMut::new()),
        WebSocket::from_stream(theirs, server, BytesMut::new()),
        link,
    )
}
