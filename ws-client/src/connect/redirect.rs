//! Redirections (RFC 9110 15.4), followed where the caller asks for it.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;
use url::Url;
use ws_core::net::WebSocket;

use super::dial::Stream;
use super::timeouts::Budget;
use super::{UrlError, WsUrl};
use crate::client::{Answer, Client};
use crate::error::ConnectError;
use crate::observe::Watch;
use crate::request::Request;

/// Why a redirection did not lead to a connection. `chain` has the addresses that were asked, the first one first.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// More redirections came than the caller allows.
    #[error(
        "more than {limit} redirections came ({}): allow more, or connect to the last address",
        Chain(chain)
    )]
    TooMany {
        /// The addresses asked.
        chain: Vec<WsUrl>,
        /// How many are followed.
        limit: usize,
    },
    /// The redirections lead back to an address that was asked before.
    #[error("the server redirects in a circle ({}): its operator has to correct that", Chain(chain))]
    Loop {
        /// The addresses asked; the last one stands there twice.
        chain: Vec<WsUrl>,
    },
    /// What the answer points to is not the address of a WebSocket server.
    #[error("the server redirects to what is no WebSocket address ({}): {source}", Chain(chain))]
    Invalid {
        /// The addresses asked.
        chain: Vec<WsUrl>,
        /// What is wrong with the next one.
        source: UrlError,
    },
    /// The redirection leads from `wss://` to `ws://`, where everyone on the way can read and write.
    #[error("the server redirects from wss:// to ws:// ({}): that is not followed", Chain(chain))]
    Insecure {
        /// The addresses asked, and the one that was not.
        chain: Vec<WsUrl>,
    },
    /// There is no connection to another origin (scheme, host, port), to which no credentials were sent.
    #[error("redirected ({}), without credentials since it is another origin: {source}", Chain(chain))]
    Elsewhere {
        /// The addresses asked.
        chain: Vec<WsUrl>,
        /// What went wrong at the last of them.
        source: Box<ConnectError>,
    },
}

impl Client {
    /// Attempts at one address after the other, as the servers redirect, within one budget; at most as many as the
    /// caller allows. A stream of the caller's leads to one server only: its redirection is an error.
    pub(crate) async fn following(
        &self,
        url: &WsUrl,
        request: &Request,
        budget: Budget,
        watch: &Watch<'_>,
        stream: Option<Stream>,
    ) -> Result<(WebSocket, Answer), ConnectError> {
        if self.redirects == 0 || stream.is_some() {
            return self.attempt(url, request, budget, watch, stream).await;
        }
        let mut trail = Trail { before: Vec::new(), here: url.clone(), bare: false };
        let mut request = Cow::Borrowed(request);
        loop {
            let redirected = match self.attempt(&trail.here, &request, budget, watch, None).await {
                Err(ConnectError::Redirected(redirected)) if is_followed(redirected.status) => redirected,
                Err(source) if trail.bare => {
                    return Err(
                        RedirectError::Elsewhere { chain: trail.chain(), source: Box::new(source) }.into()
                    );
                }
                result => return result,
            };
            trail = trail.follow(&redirected.location, self.redirects, request.token_in_query())?;
            if trail.bare && request.has_credentials() {
                request = Cow::Owned(request.without_credentials());
            }
        }
    }
}

/// Where the redirections have led so far.
struct Trail {
    /// The addresses that have redirected.
    before: Vec<WsUrl>,
    here: WsUrl,
    /// Whether they have left the first origin: what is left out then stays out, wherever they lead.
    bare: bool,
}

impl Trail {
    /// One step further, if it may be taken. `said` is the parameter of the query that is a token: many servers repeat in
    /// `Location` the query that they were asked with, so that it would go along to whoever comes next.
    fn follow(mut self, location: &str, limit: usize, said: Option<&str>) -> Result<Self, RedirectError> {
        if self.before.len() >= limit {
            return Err(RedirectError::TooMany { chain: self.chain(), limit });
        }
        let next = match target(&self.here, location) {
            Ok(next) => match said {
                Some(said) => next.without_parameter(said),
                None => next,
            },
            Err(source) => return Err(RedirectError::Invalid { chain: self.chain(), source }),
        };
        let insecure = self.here.is_secure() && !next.is_secure();
        let again = next == self.here || self.before.contains(&next);
        self.bare |= !next.same_origin(&self.here);
        self.before.push(std::mem::replace(&mut self.here, next));
        if insecure {
            Err(RedirectError::Insecure { chain: self.chain() })
        } else if again {
            Err(RedirectError::Loop { chain: self.chain() })
        } else {
            Ok(self)
        }
    }

    fn chain(self) -> Vec<WsUrl> {
        let mut chain = self.before;
        chain.push(self.here);
        chain
    }
}

// RFC 9110 15.4: 300 leaves a choice, 304 and 305 lead nowhere.
fn is_followed(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// RFC 9110 10.2.2: the address that `location` means, seen from `here`; its fragment means nothing to us.
fn target(here: &WsUrl, location: &str) -> Result<WsUrl, UrlError> {
    let base = format!("{}://{}{}", here.scheme(), here.host_field(), here.resource());
    let invalid = |reason| UrlError::Host { reason };
    let mut target = Url::parse(&base).and_then(|base| base.join(location)).map_err(invalid)?;
    target.set_fragment(None);
    let text = String::from(target);
    // HTTP's own schemes: the request that was redirected was one of HTTP.
    match text.split_once("://") {
        Some(("http", rest)) => WsUrl::parse(&format!("ws://{rest}")),
        Some(("https", rest)) => WsUrl::parse(&format!("wss://{rest}")),
        _ => WsUrl::parse(&text),
    }
}

/// The addresses without their queries, which may hold credentials.
struct Chain<'a>(&'a [WsUrl]);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().map(|url| format!("{url:?}")).collect();
        f.write_str(&shown.join(" -> "))
    }
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;

    #[test]
    fn to_another_scheme() {
        let url = |text: &str| WsUrl::parse(text).expect("valid");
        let follow = |from: &str, to: &str| {
            Trail { before: Vec::new(), here: url(from), bare: false }.follow(to, 5, None)
        };
        for (from, to) in [("wss://a/", "http://a/"), ("wss://a/", "ws://b/")] {
            let error = follow(from, to).err().expect("insecure");
            assert!(matches!(&error, RedirectError::Insecure { chain } if chain.len() == 2), "{error:?}");
        }
        let trail = follow("ws://a/", "https://a/").expect("followed");
        assert!(trail.here == url("wss://a/") && trail.bare);
    }
}
