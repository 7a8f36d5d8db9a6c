//! What the operator learns of a handshake: always everything.

use std::fmt;
use std::net::SocketAddr;

use crate::authenticate::Identity;
use crate::printable::Printable;
use ws_core::refusal::Cause;

use crate::gate::Trace;
use crate::session::{RequestId, SessionInfo};

/// One refused request, or one session that was ended by policy, whole: the caller may have been told less.
///
/// Its `Display` is one line for a log. Neither holds a secret: the query of the request, where some clients put
/// credentials, is left out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RefusalReport<'a> {
    /// Why, even where the caller was told of another cause.
    pub cause: Cause,
    /// What exactly happened; may be empty.
    pub detail: &'a str,
    /// The HTTP status of the answer; `None` where it was told in a Close frame, or the connection was closed without a
    /// word.
    pub status: Option<u16>,
    /// The close code, where it was told in a Close frame.
    pub close_code: Option<u16>,
    /// Where the connection comes from.
    pub peer: SocketAddr,
    /// The method, if the head was read.
    pub method: Option<&'a str>,
    /// The path without the query, as it was sent, if the head was read.
    pub path: Option<&'a str>,
    /// The identifier that the answer carries too.
    pub request_id: RequestId,
    /// The checks that were passed, and the one that was not; none where a session was ended.
    pub trace: &'a Trace,
    /// Whether this was a dry run: nobody was turned away, somebody asked what would happen.
    pub dry_run: bool,
}

/// One handshake that is let in.
///
/// Its `Display` is one line for a log, without secrets: the query of the request is left out.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AcceptReport<'a> {
    /// Where it leads, and what was agreed.
    pub session: &'a SessionInfo,
    /// Who it is.
    pub identity: &'a Identity,
    /// The checks that were passed.
    pub trace: &'a Trace,
}

impl fmt::Display for AcceptReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, identity, .. } = self;
        write!(f, "101 GET {} from {}", session.path(), session.peer())?;
        match identity.subject() {
            Some(subject) => write!(f, " as {:?} ({})", subject, identity.scheme().name())?,
            None => write!(f, " ({})", identity.scheme().name())?,
        }
        write!(f, " [{}]", session.request_id())
    }
}

impl fmt::Debug for AcceptReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptReport")
            .field("session", self.session)
            .field("trace", self.trace)
            .finish_non_exhaustive()
    }
}

impl AcceptReport<'_> {
    /// One event for each handshake, in the target `ws_server::handshake`.
    pub(super) fn trace(&self) {
        let Self { session, identity, trace } = *self;
        tracing::info!(
            target: "ws_server::handshake",
            request_id = %session.request_id(),
            route = session.route(),
            path = session.path(),
            peer = %session.peer(),
            scheme = identity.scheme().name(),
            subject = identity.subject().map(|subject| tracing::field::display(Printable(subject))),
            subprotocol = session.subprotocol(),
            checks = %format_args!("{trace:#}"),
            duration_us = micros(trace),
            "accepted"
        );
    }
}

fn micros(trace: &Trace) -> u64 {
    u64::try_from(trace.duration().as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Display for RefusalReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status.or(self.close_code) {
            Some(number) => write!(f, "{number} {}", self.cause)?,
            None => write!(f, "--- {}", self.cause)?,
        }
        if let (Some(method), Some(path)) = (self.method, self.path) {
            // A head is ASCII without control characters, so it cannot forge a line.
            write!(f, " {method} {path}")?;
        }
        write!(f, " from {}", self.peer)?;
        if self.dry_run {
            f.write_str(" (dry run)")?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", Printable(self.detail))?;
        }
        write!(f, " [{}]", self.request_id)
    }
}

impl RefusalReport<'_> {
    /// One event for each refusal, in the target `ws_server::refusal`.
    pub(super) fn trace(&self) {
        tracing::info!(
            target: "ws_server::refusal",
            cause = self.cause.code(),
            detail = %Printable(self.detail),
            status = self.status,
            close_code = self.close_code,
            peer = %self.peer,
            method = self.method,
            path = self.path,
            request_id = %self.request_id,
            checks = %format_args!("{:#}", self.trace),
            duration_us = micros(self.trace),
            dry_run = self.dry_run,
            "refused"
        );
    }
}
