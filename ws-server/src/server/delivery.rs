//! How a refused handshake is told: over HTTP, or in a Close frame.

/// How refusals of handshakes are delivered.
///
/// A browser hides from a page why a handshake was refused over HTTP: all that the page sees is the close code 1006. It can
/// make a [dry run](crate::ServerBuilder::dry_run), or be told in a Close frame: the handshake is accepted and closed at
/// once, with the close code and the reason of the cause, and without any application data in between.
///
/// A foreign origin is told over HTTP whatever is set here, for its pages are to learn nothing. So is what is no proper
/// handshake, and every cause that has no close code in the catalogue.
///
/// ```
/// use ws_server::{Delivery, Server};
///
/// let server = Server::builder().delivery(Delivery::Auto);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// As an HTTP response, which every client, proxy and log understands.
    #[default]
    Http,
    /// In a Close frame.
    CloseFrame,
    /// In a Close frame to browsers, which are known by an `Origin` that is allowed, over HTTP to everybody else.
    Auto,
}
