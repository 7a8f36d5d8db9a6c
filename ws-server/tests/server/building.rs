//! What the builder accepts, and where the server runs.

use ws_core::message::Message;
use ws_server::{BindError, BuildError, PageError, Route, RouteError, Server};

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
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let running = Running::start(|server| server).await;
    let again = Server::builder().listen(running.address).bind().await.unwrap_err();
    assert!(
        matches!(again, BuildError::Bind(BindError::AddressInUse { address }) if address == running.address)
    );
    assert_eq!(again.to_string(), format!("the address {} is in use", running.address));
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
