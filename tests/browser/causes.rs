//! Servers that refuse for every cause that a page can meet.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tests::wire::{Running, echo};
use ws_core::refusal::{Cause, Disclosure};
use ws_server::authenticate::bearer::TokenError;
use ws_server::authenticate::{
    AuthenticationError, CertificateFault, CredentialsFault, HandshakeContext, Identity, Scheme,
};
use ws_server::authorize::AuthorizationError;
use ws_server::gate::{AddressPolicy, OriginPolicy};
use ws_server::{Delivery, Rate, Route, ServerBuilder, ServerLimits};

/// An address that refuses, and why.
pub(crate) struct Refusing {
    pub(crate) url: String,
    pub(crate) cause: Cause,
    /// What the page learns, where that is not the cause itself.
    pub(crate) told: &'static str,
    /// The page that asks, where it is to be of the same origin: what does not exist is told to no other.
    pub(crate) page: Option<String>,
    _server: Arc<Running>,
}

/// The page that connects and shows why that failed.
pub(crate) fn with_page(server: ServerBuilder) -> ServerBuilder {
    let (page, why) = (include_str!("why.html"), include_str!("../../examples/why.js"));
    server.page("/", "text/html; charset=utf-8", page).page("/why.js", "text/javascript", why)
}

/// Who asks, for all that is decided after it.
fn known(_: &HandshakeContext<'_>) -> impl Future<Output = Result<Identity, AuthenticationError>> + use<> {
    ready(Ok(Identity::new(Scheme::Custom("test".into())).with_subject("ann")))
}

fn unauthenticated() -> Vec<AuthenticationError> {
    use AuthenticationError as E;
    let tokens = [
        TokenError::Parts,
        TokenError::AlgorithmNone,
        TokenError::KeyUnknown,
        TokenError::SignatureWrong,
        TokenError::Expired { ago: Duration::from_secs(5) },
        TokenError::NotYetValid { wait: Duration::from_secs(5) },
        TokenError::IssuerWrong,
        TokenError::AudienceWrong,
        TokenError::ClaimMissing("sub".into()),
        TokenError::Revoked,
    ];
    let others = [
        E::CredentialsMissing,
        E::CredentialsMalformed(CredentialsFault::TwoPlaces),
        E::SchemeUnsupported,
        E::CredentialsRejected,
        E::TicketSpent,
        E::TicketExpired,
        E::ClientCertificateRequired,
        E::ClientCertificateRejected(CertificateFault::UnknownHolder),
        E::Unavailable { retry_after: Some(Duration::from_secs(7)) },
        E::Internal,
    ];
    tokens.into_iter().map(E::Token).chain(others).collect()
}

fn unauthorized() -> Vec<AuthorizationError> {
    use AuthorizationError as E;
    vec![
        E::ScopeInsufficient { required: vec!["chat:write".into()] },
        E::RoleMissing { role: "staff".into() },
        E::PolicyDenied { rule: "quiet hours".into() },
        E::ResourceHidden { rule: "not yours".into() },
        E::Unavailable { retry_after: Some(Duration::from_secs(7)) },
    ]
}

/// All of them, for pages of this origin.
pub(crate) async fn all(delivery: Delivery, origin: &str) -> Vec<Refusing> {
    let mut found = by_route(delivery, origin).await;
    let no_room = ServerLimits { connections: 0, ..ServerLimits::default() };
    let no_place = ServerLimits { connections_per_address: 0, ..ServerLimits::default() };
    let alone = |server: ServerBuilder| server.route("/", Route::new(echo).origins(origins(origin)));
    let settings =
        |server: ServerBuilder| server.dry_run(true).delivery(delivery).disclosure(Disclosure::Full);
    found
        .push(one(Cause::ServerFull, Running::start(|server| alone(settings(server)).limits(no_room)).await));
    found.push(one(
        Cause::AddressQuotaExceeded,
        Running::start(|server| alone(settings(server)).limits(no_place)).await,
    ));
    let deny = AddressPolicy::new().deny(["127.0.0.0/8"]).expect("a network");
    found.push(one(
        Cause::AddressDenied,
        Running::start(|server| alone(settings(server)).addresses(deny)).await,
    ));
    let seldom: Rate = "1/1h".parse().expect("a rate");
    let rated = Running::start(|server| alone(settings(server)).attempts_per_address(seldom)).await;
    // The one attempt that there is.
    rated.connect().await.ask(tests::wire::handshake("/", "")).await;
    found.push(one(Cause::RateLimited, rated));
    let limits = ServerLimits { drain_timeout: Duration::from_secs(600), ..ServerLimits::default() };
    // A handler that does not end keeps the server from ending.
    let stays = Route::new(|_session| std::future::pending::<()>());
    let draining =
        Running::start(|server| alone(settings(server)).limits(limits).route("/stays", stays)).await;
    let mut inside = draining.connect().await;
    inside.ask(tests::wire::handshake("/stays", "")).await;
    tokio::spawn(async move { while inside.more().await.is_ok_and(|read| read > 0) {} });
    draining.handle.shutdown();
    found.push(one(Cause::ServerDraining, draining));
    let elsewhere = Running::start(|server| {
        let origins = origins("https://elsewhere.example");
        settings(server).route("/", Route::new(echo).origins(origins))
    });
    // A foreign page learns no more than that it may not read the answer.
    found.push(Refusing { told: "unreadable", ..one(Cause::OriginDenied, elsewhere.await) });
    let another = Running::start(|server| alone(settings(server)).served_hosts(["chat.example"])).await;
    found.push(one(Cause::HostNotServed, another));
    found
}

async fn by_route(delivery: Delivery, origin: &str) -> Vec<Refusing> {
    let (unauthenticated, unauthorized) = (unauthenticated(), unauthorized());
    let running = Running::start(|server| {
        let mut server = with_page(server).dry_run(true).delivery(delivery).disclosure(Disclosure::Full);
        let guarded = || Route::new(echo).origins(origins(origin));
        for (nth, error) in unauthenticated.iter().cloned().enumerate() {
            let fail = move |_: &HandshakeContext<'_>| ready(Err(error.clone()));
            server = server.route(format!("/authentication/{nth}"), guarded().authenticate(fail));
        }
        for (nth, error) in unauthorized.iter().cloned().enumerate() {
            let deny = move |_: &HandshakeContext<'_>, _: &Identity| ready(Err::<(), _>(error.clone()));
            server =
                server.route(format!("/authorization/{nth}"), guarded().authenticate(known).authorize(deny));
        }
        server
    });
    let running = Arc::new(running.await);
    let at = |path: &str| format!("ws://{}{path}", running.address);
    let server = || Arc::clone(&running);
    let refusing = |path: String, cause: Cause| Refusing {
        url: at(&path),
        cause,
        told: cause.disclosed().code(),
        page: (cause.status() == Some(404)).then(|| format!("http://{}/", running.address)),
        _server: server(),
    };
    let unknown = unauthenticated
        .iter()
        .enumerate()
        .map(|(nth, error)| (format!("/authentication/{nth}"), error.cause()));
    let denied =
        unauthorized.iter().enumerate().map(|(nth, error)| (format!("/authorization/{nth}"), error.cause()));
    unknown
        .chain(denied)
        .chain([("/nowhere".to_owned(), Cause::RouteNotFound)])
        .map(|(path, cause)| refusing(path, cause))
        .collect()
}

fn one(cause: Cause, running: Running) -> Refusing {
    let url = format!("ws://{}/", running.address);
    Refusing { url, cause, told: cause.code(), page: None, _server: Arc::new(running) }
}

fn origins(origin: &str) -> OriginPolicy {
    OriginPolicy::list([origin]).expect("an origin")
}
