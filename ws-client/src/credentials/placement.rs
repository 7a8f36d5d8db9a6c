//! Where a token stands.

/// Where the tokens of a provider go.
///
/// ```
/// use ws_client::Client;
/// use ws_client::credentials::{Credentials, Placement, StaticToken, Token};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let credentials = Credentials::new(StaticToken::new(Token::new("abc")));
/// let client = Client::builder("wss://chat.example/rooms")?
///     .credentials(credentials)
///     .credentials_in(Placement::Query("access_token".into()))?
///     .build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// `Authorization: Bearer TOKEN` (RFC 6750 2.1), where every server looks first.
    #[default]
    Header,
    /// A parameter of the query with this name, after those of the URL (RFC 6750 2.3 calls it `access_token`). It ends up in
    /// the logs of servers and proxies, so that this is for tokens that do not live long.
    Query(String),
    /// A cookie with this name, beside those that are set otherwise.
    Cookie(String),
    /// The pair `bearer, TOKEN` after the subprotocols that are offered, as browsers have to send it. A server that selects
    /// none of these may select `bearer`, and then [`Answer::subprotocol`](crate::Answer) is `None`. Only for tokens
    /// without the characters `/` and `=`, which no subprotocol has (RFC 6455 4.1).
    Subprotocol,
    /// The first message, `{"type":"authenticate","token":"TOKEN"}`. A connection is open when the server has answered it
    /// with `{"type":"authenticated"}`; it has [`Timeouts::handshake`](crate::Timeouts::handshake) for that. A server of
    /// this framework does so on routes that take a token in this way.
    FirstMessage,
}
