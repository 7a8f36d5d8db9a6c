//! One server three times: behind our own listener, over hyper, and as a guard and a service in axum.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tests::wire::{Running, echo};
use tokio::net::TcpListener;
use ws_core::refusal::Disclosure;
use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
use ws_server::authenticate::{AuthenticationError, HandshakeContext, Identity};
use ws_server::authorize::AuthorizationError;
use ws_server::embed::axum::{Guard, Guarded};
use ws_server::embed::{Connection, Embedded};
use ws_server::{Route, Server, ServerBuilder, ServerHandle};

/// The secret of all tokens.
pub(crate) const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";

/// The three, with the same settings, and how each is shut down.
pub(crate) struct Servers {
    pub(crate) all: [(&'static str, SocketAddr); 3],
    pub(crate) handles: Vec<ServerHandle>,
}

/// What all routes are, but for their handlers.
const PATHS: [&str; 10] = [
    "/open",
    "/guarded",
    "/scoped",
    "/roles",
    "/policy",
    "/hidden",
    "/strict",
    "/authentication-down",
    "/authorization-down",
    "/panics",
];

fn rules(path: &str, route: Route) -> Route {
    let key = Signer::hs256(SECRET).expect("long enough").verifying_key();
    let bearer = Bearer::new("chat", Verifier::new(key).audience("chat"));
    let deny = |_: &HandshakeContext<'_>, _: &Identity| {
        ready(Err(AuthorizationError::PolicyDenied { rule: "never".into() }))
    };
    let no_answer = |_: &HandshakeContext<'_>, _: &Identity| {
        ready(Err(AuthorizationError::Unavailable { retry_after: Some(Duration::from_secs(3)) }))
    };
    let slow = |_: &HandshakeContext<'_>| pending::<Result<Identity, AuthenticationError>>();
    let broken = |_: &HandshakeContext<'_>| -> std::future::Ready<Result<Identity, AuthenticationError>> {
        panic!("a bug, on purpose")
    };
    match path {
        "/guarded" => route.authenticate(bearer),
        "/scoped" => route.authenticate(bearer).scopes(["chat:write"]),
        "/roles" => route.authenticate(bearer).roles(["staff"]),
        "/policy" => route.authorize(deny),
        "/hidden" => route.authenticate(bearer).authorize(deny).hide(),
        "/strict" => route.subprotocols(["chat.v2"]).require_subprotocol(),
        "/authentication-down" => route.authenticate(slow),
        "/authorization-down" => route.authorize(no_answer),
        "/panics" => route.authenticate(broken),
        _ => route,
    }
}

pub(crate) async fn start(
    settings: impl Fn(ServerBuilder) -> ServerBuilder,
    disclosure: Disclosure,
) -> Servers {
    let settings = |server: ServerBuilder| {
        settings(
            server.disclosure(disclosure).dry_run(true).authentication_timeout(Duration::from_millis(100)),
        )
    };
    let routed = |server: ServerBuilder| {
        PATHS.iter().fold(settings(server), |server, path| server.route(*path, rules(path, Route::new(echo))))
    };
    let running = Running::start(routed).await;
    let embedded = routed(Server::builder()).embed().expect("valid settings");
    let (app, guards) = axum_router(settings, routed(Server::builder()).embed().expect("valid settings"));
    let mut handles = vec![running.handle.clone(), embedded.handle()];
    handles.extend(guards);
    let all = [
        ("our own listener", running.address),
        ("hyper", over_hyper(embedded).await),
        ("axum", in_axum(app).await),
    ];
    Servers { all, handles }
}

async fn over_hyper(embedded: Embedded) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let embedded = embedded.clone();
            let service = service_fn(move |request| {
                let (embedded, connection) = (embedded.clone(), Connection::new(peer));
                async move { Ok::<_, Infallible>(embedded.respond(request, &connection).await) }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection.with_upgrades());
        }
    });
    address
}

/// A guard for each path; everything else goes to the service.
fn axum_router(
    settings: impl Fn(ServerBuilder) -> ServerBuilder,
    rest: Embedded,
) -> (Router, Vec<ServerHandle>) {
    async fn chat(guarded: Guarded) -> Response {
        guarded.on_upgrade(echo)
    }
    let mut handles = vec![rest.handle()];
    let mut router = Router::new();
    for path in PATHS {
        let guard: Guard =
            settings(Server::builder()).guard(rules(path, Route::embedded())).expect("valid settings");
        handles.push(guard.handle());
        router = router.merge(Router::new().route(path, any(chat)).with_state(guard));
    }
    (router.fallback_service(rest), handles)
}

async fn in_axum(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}
