//! The pages for operators.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tests::wire::{Answer, Peer};
use tokio::time::timeout;
use ws_core::net::WebSocket;

use crate::gateway::{BEARER, Folder, Gateway, PATIENCE, bearer, now, route, token, wait_until};

/// The address that the program has printed.
fn admin(gateway: &Gateway) -> SocketAddr {
    let printed = gateway.process.printed();
    let line = printed.lines().find_map(|line| line.strip_prefix("admin on http://")).expect("an address");
    line.trim_end_matches('/').parse().unwrap()
}

async fn start(name: &str, more: &str) -> (Gateway, SocketAddr) {
    let config = format!(
        "admin_listen = \"127.0.0.1:0\"\n{BEARER}{}{more}",
        route("/rooms/{room}", "authenticate = [\"bearer\"]")
    );
    let gateway = Gateway::start(name, &config);
    wait_until("the address of the admin pages", || gateway.process.printed().contains("admin on ")).await;
    let address = admin(&gateway);
    (gateway, address)
}

async fn get(address: SocketAddr, path: &str) -> Answer {
    Peer::to(address).await.ask(format!("GET {path} HTTP/1.1\r\nHost: admin\r\n\r\n")).await
}

async fn post(address: SocketAddr, body: &str, fields: &str) -> (u16, Value) {
    let length = body.len();
    let request =
        format!("POST /revoke HTTP/1.1\r\nHost: admin\r\nContent-Length: {length}\r\n{fields}\r\n{body}");
    let answer = Peer::to(address).await.ask(request).await;
    (answer.head.status(), serde_json::from_slice(&answer.body).unwrap_or_default())
}

const JSON: &str = "Content-Type: application/json; charset=utf-8\r\n";

async fn code(socket: &mut WebSocket) -> u16 {
    assert_eq!(timeout(PATIENCE, socket.recv()).await.expect("it ends").unwrap(), None);
    socket.close_frame().unwrap().code.get()
}

#[tokio::test]
async fn what_there_is_to_see() {
    let (gateway, address) = start("see", "").await;
    let before = now();
    let _socket = gateway.open("/rooms/7", Some(&token(&json!({})))).await;
    assert_eq!(gateway.refusal("/rooms/7", "").await.0, 401);
    let health = get(address, "/healthz").await;
    assert_eq!(health.head.status(), 200);
    let metrics = get(address, "/metrics").await;
    assert!(metrics.field("Content-Type").unwrap().starts_with("text/plain; version=0.0.4"));
    let metrics = String::from_utf8(metrics.body).unwrap();
    let line = |part: &str| metrics.lines().find(|line| line.contains(part) && !line.starts_with('#'));
    assert!(line("\"credentials-missing\"").is_some_and(|line| line.ends_with(" 1")), "{metrics}");
    let list: Value = serde_json::from_slice(&get(address, "/connections").await.body).unwrap();
    let [session] = list.as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!((&session["subject"], &session["route"]), (&json!("ann"), &json!("/rooms/{room}")));
    assert!(session["address"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!((before..=now()).contains(&session["since"].as_u64().unwrap()), "{session}");
    assert!(gateway.log().contains(session["id"].as_str().unwrap()), "the id is that of the log");

    let nothing = get(address, "/").await;
    assert_eq!(
        (nothing.head.status(), nothing.field("Content-Type")),
        (404, Some("application/problem+json"))
    );
    let wrong = get(address, "/revoke").await;
    assert_eq!((wrong.head.status(), wrong.field("Allow")), (405, Some("POST")));
    // A page in an operator's browser.
    let page = "GET /connections HTTP/1.1\r\nHost: admin\r\nOrigin: http://evil.example\r\n\r\n";
    assert_eq!(Peer::to(address).await.ask(page).await.head.status(), 403);
    // Clients of the gateway do not get there.
    assert_eq!(gateway.refusal("/metrics", "").await, (404, "route-not-found".to_owned()));
}

#[tokio::test]
async fn what_is_revoked_is_gone_and_does_not_come_back() {
    let (gateway, address) = start("revoke", "").await;
    let open = async |claims: Value| gateway.open("/rooms/1", Some(&token(&claims))).await;
    let mut by_credential = open(json!({ "sub": "ann", "jti": "1" })).await;
    let mut by_subject = open(json!({ "sub": "bob", "jti": "2" })).await;
    let mut by_session = open(json!({ "sub": "cat", "jti": "3" })).await;
    let mut stays = open(json!({ "sub": "dan", "jti": "4" })).await;
    assert_eq!(post(address, r#"{"credential":"1"}"#, JSON).await, (200, json!({ "closing": 1 })));
    assert_eq!(code(&mut by_credential).await, 3000);
    assert_eq!(post(address, r#"{"subject":"bob"}"#, JSON).await, (200, json!({ "closing": 1 })));
    assert_eq!(code(&mut by_subject).await, 3000);
    let list: Value = serde_json::from_slice(&get(address, "/connections").await.body).unwrap();
    let of_cat = list.as_array().unwrap().iter().find(|session| session["subject"] == "cat").unwrap();
    let wish = json!({ "session": of_cat["id"] }).to_string();
    assert_eq!(post(address, &wish, JSON).await, (200, json!({ "closing": 1 })));
    assert_eq!(code(&mut by_session).await, 3000);

    let revoked = (401, "token-revoked".to_owned());
    assert_eq!(gateway.refusal("/rooms/1", &bearer(&json!({ "sub": "ann", "jti": "1" }))).await, revoked);
    assert_eq!(gateway.refusal("/rooms/1", &bearer(&json!({ "sub": "bob", "jti": "9" }))).await, revoked);
    let _ = open(json!({ "sub": "ann", "jti": "9" })).await;
    let _ = open(json!({ "sub": "cat", "jti": "3" })).await;
    // Over a reload, too.
    let config = std::fs::read_to_string(gateway.folder.path("gateway.toml")).unwrap();
    gateway.folder.write("gateway.toml", format!("{config}\n"));
    gateway.logs("the new configuration holds from now on").await;
    assert_eq!(gateway.refusal("/rooms/1", &bearer(&json!({ "sub": "ann", "jti": "1" }))).await, revoked);
    stays.send("still here").await.unwrap();
    assert!(stays.recv().await.unwrap().is_some());

    for (body, fields, status) in [
        (r#"{"credential":"1"}"#, "", 415),
        (r#"{"credential":"1"}"#, "Content-Type: text/plain\r\n", 415),
        ("", JSON, 400),
        ("[]", JSON, 400),
        (r#"{"credential":"1","subject":"bob"}"#, JSON, 400),
        (r#"{"user":"bob"}"#, JSON, 400),
        (r#"{"session":"x"}"#, JSON, 400),
        (r#"{"session":"000000000000000000000000"}"#, JSON, 404),
    ] {
        assert_eq!(post(address, body, fields).await.0, status, "{body} {fields}");
    }
    let long = format!(r#"{{"credential":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(post(address, &long, JSON).await.0, 400);
}

#[tokio::test]
async fn an_address_that_is_taken() {
    let (_gateway, address) = start("taken", "").await;
    let folder = Folder::new("taken-too");
    let config = format!("admin_listen = \"{address}\"\n{}", route("/", "authenticate = [\"none\"]"));
    let path = folder.write("gateway.toml", Gateway::with_listen(&config));
    let program = std::process::Command::new(crate::gateway::program()).arg("--config").arg(path).output();
    let output = program.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]));
    assert!(error.contains("gateway.toml:2: admin_listen: "), "{error}");
}
