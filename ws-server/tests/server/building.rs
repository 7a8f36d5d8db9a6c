//! What the builder accepts, and where the server runs.

use std::time::Duration;

use ws_core::message::Message;
use ws_server::authenticate::{HandshakeContext, Identity};
use ws_server::{BindError, BuildError, PageError, Route, RouteError, Server, ServerLimits};

use crate::support::{Client, PATIENCE, Running, echo};

#[tokio::test]
async fn each_fault_is_told_by_its_type() {
    let builder = || Server::builder().listen("127.0.0.1:0");
    let no_address = Server::builder().bind().await.unwrap_err();
    assert!(matches!(no_address, BuildError::Bind(BindError::NoAddress)));
    let route = builder().route("rooms", Route::new(echo)).bind().await.unwrap_err();
    assert!(matches!(route, BuildError::Route(RouteError::NoLeadingSlash { path }) if path == "rooms"));
    let conflict = builder().route("/{a}", Route::new(echo)).route("/{b}", Route::new(echo)).bind().await;
    assert!(matches!(conflict, Err(BuildError::Route(RouteError::Conflict { .. }))));
    let page = builder().page("/", "text/html\n", "").bind().await.unwrap_err();
    assert!(matches!(page, BuildError::Page(PageError::ContentType { .. })));
    let name = builder().name("my server").bind().await.unwrap_err();
    assert!(matches!(name, BuildError::Name { name } if name == "my server"));
    let documentation = builder().documentation("a b").bind().await.unwrap_err();
    assert!(matches!(documentation, BuildError::Documentation { .. }));
    // Each of these would refuse everybody, or never be selected, without a word.
    for host in ["https://chat.example", "chat.example/", "", "*.example"] {
        let error = builder().served_hosts([host]).bind().await.unwrap_err();
        assert!(matches!(error, BuildError::ServedHost { host: named } if named == host), "{host}");
    }
    for subprotocol in ["chat v2", "chat/2", ""] {
        let route = Route::new(echo).subprotocols(["chat.v1", subprotocol]);
        let error = builder().route("/", route).bind().await.unwrap_err();
        assert!(matches!(error, BuildError::Subprotocol { subprotocol: named, .. } if named == subprotocol));
    }
    let none = builder().route("/", Route::new(echo).require_subprotocol()).bind().await.unwrap_err();
    assert!(matches!(none, BuildError::SubprotocolMissing { path } if path == "/"));
    for route in [Route::new(echo).roles(["staff"]), Route::new(echo).scopes(["chat"])] {
        let error = builder().route("/", route).bind().await.unwrap_err();
        assert!(matches!(error, BuildError::Unauthenticated { path } if path == "/"));
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let running = Running::start(|server| server).await;
    let again = Server::builder().listen(running.address).bind().await.unwrap_err();
    assert!(
        matches!(again, BuildError::Bind(BindError::AddressInUse { address }) if address == running.address)
    );
    assert!(again.to_string().starts_with(&format!("the address {} is in use", running.address)));
}

/// Times that are never over.
#[tokio::test]
async fn endless_times_are_no_overflow() {
    let endless = Duration::MAX;
    let limits = ServerLimits {
        handshake_timeout: endless,
        drain_timeout: endless,
        restart_window: endless,
        ..ServerLimits::default()
    };
    let running = Running::start(|server| {
        let anybody = |_: &HandshakeContext<'_>| std::future::ready(Ok(Identity::anonymous()));
        let nothing_against = |_: &HandshakeContext<'_>, _: &Identity| std::future::ready(Ok(()));
        server
            .limits(limits)
            .keepalive(endless, endless)
            .close_timeout(endless)
            .write_timeout(endless)
            .authentication_timeout(endless)
            .authorization_timeout(endless)
            .route("/", Route::new(echo).authenticate(anybody).authorize(nothing_against))
    })
    .await;
    round_trip(running.connect().await).await;
    let mut last = running.open("/").await;
    running.handle.shutdown();
    assert_eq!(tokio::time::timeout(PATIENCE, last.recv()).await.unwrap().unwrap(), None);
    tokio::time::timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn several_addresses_are_served() {
    let server = Server::builder().listen("127.0.0.1:0").listen("127.0.0.1:0").route("/", Route::new(echo));
    let server = server.bind().await.unwrap();
    let addresses = server.local_addrs().to_vec();
    assert_eq!(addresses.len(), 2);
    tokio::spawn(server.serve());
    for address in addresses {
        round_trip(Client::to(address).await).await;
    }
}

async fn round_trip(client: Client) {
    let mut socket = client.upgrade("/").await.unwrap();
    socket.send("hello").await.unwrap();
    let back = tokio::time::timeout(PATIENCE, socket.recv()).await.unwrap().unwrap();
    assert_eq!(back, Some(Message::text("hello")));
    socket.close(None).await.unwrap();
}

#[test]
fn it_runs_on_every_runtime() {
    let current_thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let two_workers =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for runtime in [current_thread, two_workers] {
        runtime.block_on(async {
            let running = Running::start(|server| server.route("/", Route::new(echo))).await;
            for _ in 0..20 {
                round_trip(running.connect().await).await;
            }
            running.handle.shutdown();
            tokio::time::timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
        });
    }
}

#[tokio::test]
async fn it_runs_on_threads_of_its_own() {
    async fn thread_name(mut session: ws_server::Session) -> Result<(), ws_core::net::Error> {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        session.send(name).await
    }
    let running = Running::start(|server| server.threads(2).route("/", Route::new(thread_name))).await;
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let mut socket = running.open("/").await;
        if let Some(Message::Text(name)) = socket.recv().await.unwrap() {
            names.insert(name.to_string());
        }
    }
    assert!(names.iter().all(|name| name.starts_with("ws-server-")), "{names:?}");
    if cfg!(target_os = "linux") {
        assert_eq!(names.len(), 2, "the kernel spreads the connections");
    }
    running.handle.shutdown();
    tokio::time::timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
}
