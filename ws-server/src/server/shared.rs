//! What all connections of a server share.

use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::BytesMut;
use ws_core::refusal::{Cause, Disclosure, HttpRefusal, Presentation, Refusal};

use super::limits::ServerLimits;
use super::page::Page;
use super::report::RefusalReport;
use super::respond::imf_fixdate;
use super::routes::Routes;
use super::table::Table;
use crate::gate::{Gate, Trace};
use crate::listener::Places;
use crate::session::{Drain, RequestId, Start};

/// What is called for each refusal.
pub(super) type OnRefusal = Box<dyn Fn(&RefusalReport<'_>) + Send + Sync>;

/// A server, without its sockets.
pub(super) struct Shared {
    pub(super) gate: Gate,
    pub(super) routes: Arc<Routes>,
    pub(super) pages: Table<Page>,
    pub(super) places: Arc<Places>,
    pub(super) drain: Arc<Drain>,
    pub(super) limits: ServerLimits,
    pub(super) name: String,
    pub(super) documentation: String,
    pub(super) disclosure: Disclosure,
    pub(super) dry_run: bool,
    pub(super) on_refusal: Option<OnRefusal>,
}

/// What is known of a request that is refused.
#[derive(Clone, Copy)]
pub(super) struct Refused<'a> {
    pub(super) peer: SocketAddr,
    pub(super) request_id: RequestId,
    pub(super) method: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) trace: &'a Trace,
    pub(super) dry_run: bool,
}

impl Shared {
    /// The handler of the route with this number.
    pub(super) fn handler(&self, route: usize) -> Option<&dyn Start> {
        Some(&*self.routes.get(route)?.handler)
    }

    /// Reports a refusal, once, and makes the answer to it. `None`: this cause is not answered.
    pub(super) fn refuse(&self, refusal: Refusal, about: &Refused<'_>) -> Option<HttpRefusal> {
        let refusal = self.with_retry_after(refusal);
        let Refused { peer, request_id, method, path, trace, dry_run } = *about;
        let report = RefusalReport {
            cause: refusal.cause,
            detail: &refusal.detail,
            status: refusal.cause.status(),
            peer,
            method,
            path,
            request_id,
            trace,
            dry_run,
        };
        report.trace();
        if let Some(on_refusal) = &self.on_refusal {
            // A bug in there must not end the accept loop, or leave the caller without an answer.
            if catch_unwind(AssertUnwindSafe(|| on_refusal(&report))).is_err() {
                tracing::error!(target: "ws_server::refusal", request_id = %request_id, "on_refusal panicked");
            }
        }
        let mut answer = refusal.to_http(&Presentation {
            disclosure: self.disclosure,
            name: &self.name,
            request_id: request_id.text().as_str(),
            documentation: &self.documentation,
        })?;
        answer.fields.push(("Date", imf_fixdate(SystemTime::now())));
        Some(answer)
    }

    /// The answer to somebody for whom there is not even time to read the head.
    pub(super) fn turn_away(&self, peer: SocketAddr, cause: Cause) -> BytesMut {
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
        let mut out = BytesMut::new();
        if let Some(mut answer) = self.refuse(refusal, &about) {
            answer.close();
            answer.encode(&mut out);
        }
        out
    }

    fn with_retry_after(&self, refusal: Refusal) -> Refusal {
        match (refusal.cause, refusal.retry_after) {
            (Cause::ServerDraining, None) => refusal.retry_after(self.drain.retry_after()),
            (Cause::ServerFull | Cause::AddressQuotaExceeded, None) => {
                refusal.retry_after(self.limits.retry_after)
            }
            _ => refusal,
        }
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
