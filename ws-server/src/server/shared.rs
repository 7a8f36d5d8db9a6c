//! What all connections of a server share.

use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::BytesMut;
use ws_core::head::RequestHead;
use ws_core::refusal::{Cause, Disclosure, HttpRefusal, Presentation, Refusal};

use super::delivery::Delivery;
use super::limits::ServerLimits;
use super::page::Page;
use super::report::{AcceptReport, RefusalReport};
use super::respond::imf_fixdate;
use super::routes::Routes;
use super::table::Table;
use crate::authenticate::ClientCertificate;
use crate::gate::{Facts, Gate, Policy, Routes as _, Trace};
use crate::listener::{Crowded, Door, Places, ProxyProtocol, TrustedProxies};
use crate::operate::Counters;
use crate::session::{Drain, Host, RequestId, SessionInfo, Settings};

/// What is called for each refusal.
pub(crate) type OnRefusal = Arc<dyn Fn(&RefusalReport<'_>) + Send + Sync>;

/// What is called for each handshake that is let in.
pub(crate) type OnAccept = Box<dyn Fn(&AcceptReport<'_>) + Send + Sync>;

/// A server, without its sockets.
pub(crate) struct Shared {
    pub(crate) gate: Arc<Gate>,
    pub(crate) routes: Arc<Routes>,
    pub(super) pages: Table<Page>,
    pub(crate) places: Arc<Places>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) proxy_protocol: ProxyProtocol,
    /// What is spoken on each of the addresses to listen on.
    pub(crate) doors: Vec<Door>,
    pub(crate) drain: Arc<Drain>,
    /// What its sessions know of it.
    pub(crate) host: Arc<Host>,
    pub(crate) limits: ServerLimits,
    pub(crate) name: String,
    pub(crate) documentation: String,
    pub(crate) disclosure: Disclosure,
    pub(crate) dry_run: bool,
    pub(super) delivery: Delivery,
    pub(crate) on_accept: Option<OnAccept>,
    pub(crate) on_refusal: Option<OnRefusal>,
    pub(crate) counters: Arc<Counters>,
}

/// What is known of a request that is refused.
#[derive(Clone, Copy)]
pub(crate) struct Refused<'a> {
    pub(crate) peer: SocketAddr,
    pub(crate) request_id: RequestId,
    pub(crate) method: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) trace: &'a Trace,
    pub(crate) dry_run: bool,
}

/// How somebody is told of a refusal.
#[derive(Clone, Copy)]
pub(super) enum Told {
    /// By a response with this status; `None`: the connection ends without one.
    OverHttp(Option<u16>),
    /// In a Close frame with this code.
    InFrame(u16),
}

/// How a request came here.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    pub(crate) secure: bool,
    pub(crate) certificate: Option<ClientCertificate>,
    /// The host that a trusted proxy was asked for.
    pub(crate) host: Option<Box<str>>,
}

impl Arrival {
    pub(crate) const fn new(peer: SocketAddr, secure: bool, certificate: Option<ClientCertificate>) -> Self {
        Self { peer, secure, certificate, host: None }
    }
}

impl Shared {
    /// What the gate has to know of a request that arrives now.
    pub(crate) fn facts(&self, arrival: Arrival, crowded: Option<Crowded>) -> Facts {
        let mut facts = Facts::new(arrival.peer, SystemTime::now());
        facts.secure = arrival.secure;
        facts.certificate = arrival.certificate;
        facts.host = arrival.host;
        facts.draining = self.drain.has_begun();
        facts.crowd_limit = crowded.map(|crowded| match crowded {
            Crowded::Address => self.limits.connections_per_address,
            Crowded::Server => self.limits.connections,
        });
        facts.crowded = crowded.map(Into::into);
        facts
    }

    /// Who sent the request, where a trusted proxy has passed it on.
    pub(crate) fn look_behind_proxies(
        &self,
        arrival: &mut Arrival,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let found = self.proxies.client(arrival.peer, arrival.secure, head);
        let client = found.map_err(|error| Refusal::new(error.cause()).detail(error.to_string()))?;
        // Whom a proxy speaks for is not the one that its certificate names.
        if self.proxies.trusts(arrival.peer.ip()) && TrustedProxies::names_client(head) {
            arrival.certificate = None;
        }
        (arrival.peer, arrival.secure, arrival.host) = (client.address, client.secure, client.host);
        Ok(())
    }

    /// Whether there is a route or a page at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.routes.find(path).is_some() || self.pages.find(path).is_some()
    }

    /// Reports a handshake that is let in, once.
    pub(super) fn accept(&self, report: &AcceptReport<'_>) {
        self.counters.count_accepted(report.trace.duration());
        report.trace();
        if let Some(on_accept) = &self.on_accept {
            call("on_accept", report.session.request_id(), || on_accept(report));
        }
    }

    /// Reports a refusal, once, and makes the answer to it. `None`: this cause is not answered.
    pub(crate) fn refuse(&self, refusal: Refusal, about: &Refused<'_>) -> Option<HttpRefusal> {
        let refusal = self.with_retry_after(refusal);
        self.report(&refusal, about, Told::OverHttp(refusal.cause.status()));
        let full = self.disclosure == Disclosure::Full;
        let trace: Vec<_> = about.trace.steps().iter().filter(|_| full).map(Into::into).collect();
        let mut answer = refusal.to_http(&Presentation {
            disclosure: self.disclosure,
            name: &self.name,
            request_id: about.request_id.text().as_str(),
            documentation: &self.documentation,
            trace: &trace,
        })?;
        answer.fields.push(("Date", imf_fixdate(SystemTime::now())));
        Some(answer)
    }

    /// Reports a refusal, once.
    pub(super) fn report(&self, refusal: &Refusal, about: &Refused<'_>, told: Told) {
        let Refused { peer, request_id, method, path, trace, dry_run } = *about;
        // Where it is off, the same request is a plain one.
        let dry_run = dry_run && self.dry_run;
        let (status, close_code) = match told {
            Told::OverHttp(status) => (status, None),
            Told::InFrame(code) => (None, Some(code)),
        };
        let report = RefusalReport {
            cause: refusal.cause,
            detail: &refusal.detail,
            status,
            close_code,
            peer,
            method,
            path,
            request_id,
            trace,
            dry_run,
        };
        if dry_run {
            self.counters.count_dry_run();
        } else {
            self.counters.count_refused(refusal.cause, trace.duration());
        }
        report.trace();
        if let Some(on_refusal) = &self.on_refusal {
            call("on_refusal", request_id, || on_refusal(&report));
        }
    }

    /// The answer to somebody for whom there is not even time to read the head. `None`: for the TLS handshake, without
    /// which nothing could be read, there is none either.
    pub(crate) fn turn_away(&self, peer: SocketAddr, cause: Cause, door: &Door) -> Option<BytesMut> {
        let trace = Trace::default();
        let about = Refused {
            peer,
            request_id: RequestId::new(),
            method: None,
            path: None,
            trace: &trace,
            dry_run: false,
        };
        let refusal = Refusal::new(cause).detail("turned away before the request was read");
        if door.is_tls() {
            self.report(&refusal, &about, Told::OverHttp(None));
            return None;
        }
        let mut answer = self.refuse(refusal, &about)?;
        answer.close();
        let mut out = BytesMut::new();
        answer.encode(&mut out);
        Some(out)
    }

    /// Says when to come back, where that is for the server as a whole to say.
    pub(super) fn with_retry_after(&self, refusal: Refusal) -> Refusal {
        match (refusal.cause, refusal.retry_after) {
            (Cause::ServerDraining, None) => refusal.retry_after(self.drain.retry_after()),
            (Cause::ServerFull | Cause::AddressQuotaExceeded | Cause::PrincipalQuotaExceeded, None) => {
                refusal.retry_after(self.limits.retry_after)
            }
            _ => refusal,
        }
    }
}

/// Reports that a session is ended by policy.
pub(super) fn report_end(session: &SessionInfo, refusal: &Refusal, on_refusal: Option<&OnRefusal>) {
    let report = RefusalReport {
        cause: refusal.cause,
        detail: &refusal.detail,
        status: None,
        close_code: refusal.cause.close_code(),
        peer: session.peer(),
        method: Some("GET"),
        path: Some(session.path()),
        request_id: session.request_id(),
        trace: &Trace::default(),
        dry_run: false,
    };
    report.trace();
    if let Some(on_refusal) = on_refusal {
        call("on_refusal", report.request_id, || on_refusal(&report));
    }
}

/// Calls a hook. A bug in there must not end the accept loop, or leave the caller without an answer.
fn call(hook: &str, request_id: RequestId, call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!(target: "ws_server::handshake", request_id = %request_id, "{hook} panicked");
    }
}

impl Settings for Shared {
    fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    fn policy(&self, route: &str) -> Option<&Arc<Policy>> {
        self.routes.policy(route)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
