//! A network in memory, for the tests of programs that use this crate: no ports, no sockets, and a server that does
//! what the test says.
//!
//! A [`Network`] is the [`Connector`](crate::Connector) of any number of clients; its [`Listener`] gives each handshake
//! to the test, which accepts, refuses or breaks it. Connections can be [cut](Network::cut), the whole network can fall
//! [silent](Network::silence) or [refuse](Network::refuse) new ones. For what needs no handshake at all there is
//! [`pair`].
//!
//! Timers work as everywhere: under tokio's paused clock a timeout of minutes passes in no time.
//!
//! ```
//! use ws_client::{Client, Error, memory};
//! use ws_core::refusal::Cause;
//!
//! /// What is tested: it reads the news, and connects once more when the connection is lost.
//! async fn news(client: Client) -> Result<Vec<String>, Error> {
//!     let mut news = Vec::new();
//!     let mut lost = 0;
//!     loop {
//!         let mut socket = client.connect().await?;
//!         loop {
//!             match socket.recv().await {
//!                 Ok(Some(message)) => news.extend(message.as_text().map(str::to_owned)),
//!                 Ok(None) => return Ok(news),
//!                 Err(error) if lost == 1 => return Err(error.into()),
//!                 Err(_) => break,
//!             }
//!         }
//!         lost += 1;
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let (network, mut listener) = memory::network();
//!     let client = Client::builder("ws://news.test/today")?.connector(network.clone()).build();
//!     let reader = tokio::spawn(news(client.clone()));
//!
//!     let incoming = listener.accept().await.ok_or("no client")?;
//!     assert_eq!(incoming.head().path(), "/today");
//!     let mut first = incoming.accept().await?;
//!     first.send("rain").await?;
//!     first.flush().await?;
//!     // What was sent arrives before the connection is lost.
//!     network.cut();
//!
//!     let mut second = listener.accept().await.ok_or("it did not come back")?.accept().await?;
//!     second.send("sun").await?;
//!     second.close(None).await?;
//!     assert_eq!(reader.await??, ["rain", "sun"]);
//!
//!     // And one that is not let in.
//!     let reader = tokio::spawn(news(client));
//!     listener.accept().await.ok_or("no client")?.refuse(Cause::CredentialsMissing).await?;
//!     let error = reader.await?.expect_err("refused");
//!     assert_eq!(error.cause(), Some(Cause::CredentialsMissing));
//!     Ok(())
//! }
//! ```

mod incoming;
mod link;
#[cfg(test)]
mod memory_tests;
mod network;
mod pair;

pub use incoming::{Incoming, IncomingError};
pub use link::Link;
pub use network::{Listener, Network, network};
pub use pair::{pair, pair_with};
