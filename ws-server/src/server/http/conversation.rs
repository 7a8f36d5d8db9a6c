//! Requests in, answers out, until the connection ends or one of the requests is let in.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use ws_core::head::RequestHead;
use ws_core::refusal::{Cause, HttpRefusal, Refusal};

use super::wire::{NoHead, Wire};
use crate::authenticate::ClientCertificate;
use crate::deadline::after;
use crate::gate::Trace;
use crate::listener::{Place, Stream};
use crate::server::current::Current;
use crate::server::respond::{
    Answer, Farewell, Reply, Request, Upgrade, Wish, explain_head, refuse, respond,
};
use crate::server::shared::{Arrival, Refused, Shared};
use crate::session::{Busy, RequestId};

/// Bytes of the first frames that are taken in while the gate decides.
const EARLY_BYTES: usize = 16 * 1024;

/// RFC 8446 5.1: the type of the record that TLS begins with. No request line begins with it.
pub(super) const TLS_HANDSHAKE: u8 = 0x16;

/// A connection that nobody has let in yet.
pub(in crate::server) struct Conversation {
    pub(super) current: Current,
    /// The settings that the request under way is decided by.
    pub(super) shared: Arc<Shared>,
    /// The other end, or whom a header of the PROXY protocol names.
    pub(super) peer: SocketAddr,
    /// Whether a header of the PROXY protocol named nobody: what requests say of their client is the client's own word
    /// then, though a trusted proxy has passed it on.
    pub(super) unnamed: bool,
    pub(super) place: Place,
    pub(super) wire: Wire,
    pub(super) security: Security,
    /// When the first head has to be there.
    pub(super) deadline: Instant,
}

/// How the connection is protected.
#[derive(Debug)]
pub(super) enum Security {
    /// Not at all, and nobody said that it would be.
    Plain,
    /// By TLS from here to the client, or to a proxy that says that its client's connection is.
    Encrypted(Option<ClientCertificate>),
    /// Not at all, though this port speaks TLS.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "no port does"))]
    Missing,
}

/// What a silent connection comes to.
pub(super) enum Waited {
    /// A request begins.
    Request(Busy),
    /// Nothing came in time.
    Late,
    /// The peer is gone, or the server is about to be.
    Over,
}

/// What becomes of the connection after a request.
enum Next {
    /// Another request may follow.
    Kept,
    /// The answer was the last one.
    Closed,
    /// The peer is gone, or does not take the answer.
    Gone,
    /// The request is refused in a Close frame.
    Farewell(Box<Farewell>),
    /// The request is let in.
    Upgraded(Box<Upgrade>),
}

impl Conversation {
    pub(in crate::server) fn new(
        current: Current,
        shared: Arc<Shared>,
        stream: TcpStream,
        peer: SocketAddr,
        place: Place,
    ) -> Self {
        let deadline = after(shared.limits.handshake_timeout);
        let wire = Wire::new(Stream::Tcp(stream), BytesMut::new());
        let security = Security::Plain;
        Self { current, shared, peer, unnamed: false, place, wire, security, deadline }
    }

    /// Talks until the connection ends, or until its session has begun in a task of its own: what a handshake needs is
    /// freed before a handler runs.
    pub(in crate::server) async fn run(mut self) {
        let last = self.shared.limits.requests.max(1);
        for nth in 1..=last {
            let limits = self.shared.limits;
            let deadline = if nth == 1 { self.deadline } else { after(limits.handshake_timeout) };
            let busy = match self.wait(deadline).await {
                Waited::Request(busy) => busy,
                // A kept connection that falls silent is closed without a word: an answer would be taken for the one
                // to a request that is just under way.
                Waited::Late if nth > 1 => return,
                Waited::Late => return self.end(Refusal::new(Cause::HandshakeTimeout)).await,
                Waited::Over => return,
            };
            self.shared = self.current.load();
            if self.wire.first_byte() == Some(TLS_HANDSHAKE) {
                return self.end(Refusal::new(Cause::TlsOnPlainPort)).await;
            }
            let next = match self.wire.head(self.shared.limits.head, deadline).await {
                Ok(head) => self.request(head, nth == last).await,
                Err(NoHead::Gone) => return,
                Err(NoHead::Invalid(error)) => return self.end(explain_head(&error)).await,
                Err(NoHead::Late(bytes)) => {
                    let detail = format!("{bytes} bytes of a head came in time, but not its end");
                    return self.end(Refusal::new(Cause::HandshakeTimeout).detail(detail)).await;
                }
            };
            match next {
                Next::Kept => {
                    drop(busy);
                    let _ = self.place.assign(self.counted());
                }
                Next::Closed => {
                    drop(busy);
                    return self.wire.linger().await;
                }
                Next::Gone => return,
                Next::Farewell(farewell) => {
                    drop(busy);
                    return self.part(*farewell).await;
                }
                Next::Upgraded(upgrade) => return self.upgrade(*upgrade, busy).await,
            }
        }
    }

    /// Waits for the first byte of a request.
    pub(super) async fn wait(&mut self, deadline: Instant) -> Waited {
        let drain = &self.shared.drain;
        // A connection that is accepted during the shutdown may still ask, and is told.
        let told = drain.has_begun();
        let deadline = drain.deadline().map_or(deadline, |end| end.min(deadline));
        tokio::select! {
            biased;
            came = self.wire.first_bytes() => match came {
                Ok(true) => Waited::Request(drain.busy()),
                Ok(false) | Err(_) => Waited::Over,
            },
            // Nothing was asked, so nothing is owed.
            () = drain.begun(), if !told => Waited::Over,
            () = sleep_until(deadline) => Waited::Late,
        }
    }

    /// Answers what was no request, and ends the connection.
    async fn end(mut self, refusal: Refusal) {
        let Some(refusal) = self.refuse(refusal) else { return };
        let mut answer = Answer::refusal(refusal, false);
        answer.close();
        if matches!(self.answer(&answer).await, Next::Closed) {
            self.wire.linger().await;
        }
    }

    /// Reports the refusal of what was no request.
    pub(super) fn refuse(&self, refusal: Refusal) -> Option<HttpRefusal> {
        let (peer, request_id, trace) = (self.peer, RequestId::new(), Trace::default());
        let about = Refused { peer, request_id, method: None, path: None, trace: &trace, dry_run: false };
        self.shared.refuse(refusal, &about)
    }

    async fn request(&mut self, head: RequestHead, last: bool) -> Next {
        let shared = Arc::clone(&self.shared);
        let mut arrival = self.arrival();
        let seen = match self.security {
            Security::Missing => Err(Refusal::new(Cause::PlainHttpOnTlsPort)),
            _ if self.unnamed => Ok(()),
            _ => shared.look_behind_proxies(&mut arrival, &head),
        };
        // Too many of them is the gate's to say.
        let _ = self.place.assign(Some(arrival.peer.ip()));
        let mut request = Request::new(head, shared.facts(arrival, self.place.claim().err()));
        request.closes |= last;
        if let Err(refusal) = seen {
            return match refuse(&shared, &request, refusal, &Trace::default()) {
                Some(answer) => self.answer(&answer).await,
                None => Next::Closed,
            };
        }
        let reply = tokio::select! {
            biased;
            reply = respond(&shared, &request) => reply,
            // Whoever leaves while the gate decides gets no answer, and gives its place back.
            () = self.wire.gone(EARLY_BYTES) => return Next::Gone,
        };
        match reply {
            Reply::Upgrade(upgrade) => Next::Upgraded(upgrade),
            Reply::Farewell(farewell) => Next::Farewell(farewell),
            Reply::Answer(None) => Next::Closed,
            Reply::Answer(Some(mut answer)) => {
                // What follows the head of an upgrade is the first frames to one and a request to another: refused, it
                // is never read as the latter.
                if request.wish == Wish::Upgrade && self.wire.has_bytes() {
                    answer.close();
                }
                self.answer(&answer).await
            }
        }
    }

    async fn answer(&mut self, answer: &Answer) -> Next {
        let head = answer.head.encode();
        match self.wire.send([&head, &answer.body], self.shared.limits.handshake_timeout).await {
            Ok(()) if answer.closes() => Next::Closed,
            Ok(()) => Next::Kept,
            Err(_) => Next::Gone,
        }
    }

    /// Refuses in a Close frame; the connection has its place until it has ended.
    async fn part(mut self, farewell: Farewell) {
        let time = self.shared.limits.handshake_timeout;
        if self.wire.send([&farewell.answer, &[]], time).await.is_ok() {
            let (stream, leftover) = self.wire.into_parts();
            farewell.say(|config| stream.into_socket(config, leftover)).await;
        }
    }

    async fn upgrade(mut self, upgrade: Upgrade, busy: Busy) {
        let time = self.shared.limits.handshake_timeout;
        if self.wire.send([&upgrade.answer, &[]], time).await.is_ok() {
            let (stream, leftover) = self.wire.into_parts();
            let connect = |config| stream.into_socket(config, leftover);
            upgrade.start(connect, self.place, busy);
        }
    }

    fn arrival(&self) -> Arrival {
        match &self.security {
            Security::Encrypted(certificate) => Arrival::new(self.peer, true, certificate.clone()),
            Security::Plain | Security::Missing => Arrival::new(self.peer, false, None),
        }
    }

    /// Whose connection it is between two requests: a proxy's is nobody's.
    pub(super) fn counted(&self) -> Option<IpAddr> {
        let peer = self.peer.ip();
        (!self.shared.proxies.trusts(peer)).then_some(peer)
    }
}
