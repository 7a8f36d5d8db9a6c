/// How a client may present a fresh credential while it is connected.
///
/// ```
/// use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
/// use ws_server::{Renewal, Route, Session};
///
/// async fn chat(_session: Session) { /* … */ }
///
/// let key = Signer::hs256(b"thirty-two bytes, at the least..")?.verifying_key();
/// let bearer = Bearer::new("chat", Verifier::new(key).audience("chat"));
/// let route = Route::new(chat).authenticate(bearer).renewal(Renewal::Message);
/// # Ok::<(), ws_server::authenticate::bearer::KeyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renewal {
    /// Not at all: the session ends with the credential that it began with, unless the application
    /// [renews](crate::SessionHandle::renew) it. The default.
    #[default]
    Off,
    /// In a text message `{"type":"authenticate","token":"TOKEN"}` with a token that any authenticator of the route takes,
    /// wherever it takes it otherwise. The token has to be of the same issuer and subject, and what the route demands is
    /// checked again. The answer is `{"type":"authenticated","expires":SECONDS}`, or the end of the session with the cause;
    /// where nobody can say now what the token is worth, it is `{"type":"unavailable","code":"CAUSE","retry_after":SECONDS}`,
    /// and the session goes on as it was.
    ///
    /// The handler never sees such a message, even if it has split its socket: it is taken out where messages are
    /// received. So somebody has to receive. One that is longer than 16 KiB, or that writes the word `authenticate` with
    /// escapes, is the application's.
    Message,
}
