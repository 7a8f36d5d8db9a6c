//! A server with any faults at once, and what it says.

use std::sync::{Arc, Mutex};

use tests::wire::{Answer, Peer, Running, echo};
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::bearer::{Bearer, Verifier};
use ws_server::authenticate::{HandshakeContext, Identity, Revocation};
use ws_server::authorize::AuthorizationError;
use ws_server::gate::{AddressPolicy, Check, Outcome};
use ws_server::prepare::{Admission, Prepared, Unprepared};
use ws_server::{Route, Server, ServerBuilder, ServerLimits, Session};

use super::fault::Fault;
use super::request::{STOLEN, Way, request, signer};

/// A server where Ann is connected already, by what is then one connection too many and one attempt too many.
pub(super) struct World {
    running: Running,
    reports: Reports,
    _ann: Peer,
}

/// What the operator was told of a refusal.
#[derive(Clone, Debug)]
pub(super) struct Told {
    request_id: String,
    pub(super) cause: Cause,
    pub(super) checks: Vec<Check>,
    /// Those that refused.
    pub(super) refused: Vec<Check>,
}

type Reports = Arc<Mutex<Vec<Told>>>;

impl World {
    /// With these faults, as far as they are the server's.
    pub(super) async fn with(faults: &[Fault]) -> Self {
        let reports = Reports::default();
        let running = Running::start(|server| settings(server, faults, &reports)).await;
        let mut ann = running.connect().await;
        let answer = ann.ask(request(&[], Way::Handshake)).await;
        assert_eq!(answer.head.status(), 101, "{faults:?}: {answer:?}");
        running.handle.revoke(Revocation::credential(STOLEN)).unwrap();
        if faults.contains(&Fault::Address) {
            let denied = AddressPolicy::new().deny(["127.0.0.1"]).unwrap();
            let settings = settings(Server::builder(), faults, &reports).addresses(denied);
            running.handle.reload(settings).unwrap();
        }
        // Ann does not close, and so the server stays.
        if faults.contains(&Fault::Draining) {
            running.handle.shutdown();
        }
        Self { running, reports, _ann: ann }
    }

    /// Asks on a connection of its own.
    pub(super) async fn ask(&self, request: &str) -> (Answer, Option<Told>) {
        let answer = self.running.connect().await.ask(request).await;
        let id = answer.field("X-Request-Id").unwrap_or_default();
        let told = self.reports.lock().unwrap().iter().find(|told| told.request_id == id).cloned();
        (answer, told)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.running.serving.abort();
    }
}

fn settings(server: ServerBuilder, faults: &[Fault], reports: &Reports) -> ServerBuilder {
    let has = |fault| faults.contains(&fault);
    let limit = |fault, otherwise| if has(fault) { 1 } else { otherwise };
    let mut limits = ServerLimits::default();
    limits.connections = limit(Fault::Connections, limits.connections);
    limits.connections_per_address = limit(Fault::ConnectionsPerAddress, limits.connections_per_address);
    limits.connections_per_principal = limit(Fault::PrincipalQuota, limits.connections_per_principal);
    let attempts = if has(Fault::Attempts) { "1/24h" } else { "100/1s" };
    let reports = Arc::clone(reports);
    server
        .limits(limits)
        .attempts_per_address(Some(attempts.parse().unwrap()))
        .served_hosts(["chat.example"])
        .dry_run(true)
        .route("/chat", chat())
        .on_refusal(move |report| {
            let steps = report.trace.steps();
            let refused = steps.iter().filter(|step| matches!(step.outcome, Outcome::Refused(_)));
            let told = Told {
                request_id: report.request_id.to_string(),
                cause: report.cause,
                checks: steps.iter().map(|step| step.check).collect(),
                refused: refused.map(|step| step.check).collect(),
            };
            reports.lock().unwrap().push(told);
        })
}

fn chat() -> Route {
    let permit = |request: &HandshakeContext<'_>, _: &Identity| {
        let denied = request.head().fields().contains("X-Policy");
        let rule = || AuthorizationError::PolicyDenied { rule: "office-hours".into() };
        std::future::ready(if denied { Err(rule()) } else { Ok(()) })
    };
    let prepare = |admission: &Admission<'_>| {
        let down = admission.request.head().fields().contains("X-Upstream");
        let refusal = || Unprepared::from(Refusal::new(Cause::UpstreamDown));
        std::future::ready(if down { Err(refusal()) } else { Ok(Prepared::new(())) })
    };
    let verifier = Verifier::new(signer().verifying_key()).audience("chat");
    Route::prepared(prepare, |session: Session, ()| echo(session))
        .authenticate(Bearer::new("chat", verifier))
        .scopes(["chat:read"])
        .roles(["member"])
        .authorize(permit)
        .subprotocols(["chat"])
        .require_subprotocol()
}
