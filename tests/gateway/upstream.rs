//! What passes between a client and the server behind.

use serde_json::json;
use tests::wire::handshake;
use tokio::time::timeout;
use ws_client::Client;
use ws_core::deflate::DeflateConfig;
use ws_core::head::RequestHead;
use ws_core::message::{CloseCode, CloseFrame, Message};

use crate::gateway::{BEARER, Gateway, PATIENCE, bearer, token};
use crate::upstream_server::{Script, Upstream};

/// A route to a server.
fn to(upstream: &Upstream, path: &str, rules: &str) -> String {
    format!("[[route]]\npath = \"{path}\"\nupstream = \"ws://{}\"\n{rules}\n", upstream.address)
}

fn fields(head: &RequestHead, name: &str) -> Vec<String> {
    head.fields().get_all(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

const OPEN: &str = "authenticate = [\"none\"]";

#[tokio::test]
async fn what_the_server_behind_is_told() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let config = format!(
        "[api_key]\nkeys_file = \"keys.toml\"\n{BEARER}from = [\"header\", \"query:token\", \"cookie:jwt\"]\n{}{}",
        to(
            &upstream,
            "/rooms/{room}",
            "authenticate = [\"bearer\"]\nsubprotocols = [\"chat.v2\", \"chat.v1\"]"
        ),
        to(&upstream, "/trusted", "authenticate = [\"bearer\"]\nforward_credentials = true"),
    );
    let folder = crate::gateway::Folder::new("told");
    folder.write("keys.toml", "");
    let gateway = Gateway::start_in(folder, &config);
    let token = token(&json!({ "sub": "ann", "roles": ["member", "a,b"], "scope": "chat:read chat:write" }));
    let sent = "Sec-WebSocket-Protocol: other, chat.v1, chat.v2\r\nX-Trace: 7\r\nCookie: a=b; jwt=x; c=d\r\n\
        X-Auth-Subject: admin\r\nx_auth_roles: admin\r\nX-AUTH-SCOPES: all\r\nForwarded: for=6.6.6.6\r\n\
        X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil.example\r\nX-Real-IP: 6.6.6.6\r\nX-Api-Key: k\r\n\
        Proxy-Authorization: Basic x\r\nOrigin: http://chat.example\r\n";
    let asked = handshake(&format!("/rooms/caf%C3%A9?a=1&token={token}&b=%20"), sent);
    let mut client = gateway.connect().await;
    let answer = client.ask(asked).await;
    assert_eq!(answer.head.status(), 101, "{}", String::from_utf8_lossy(&answer.body));
    // Theirs is selected, whatever we would have preferred.
    assert_eq!(answer.field("Sec-WebSocket-Protocol"), Some("chat.v2"));
    let (head, _socket) = upstream.arrival().await;
    assert_eq!(head.target(), "/rooms/caf%C3%A9?a=1&b=%20");
    let local = client.stream.local_addr().unwrap().ip().to_string();
    for (name, expected) in [
        ("Host", &*upstream.address.to_string()),
        ("Sec-WebSocket-Protocol", "chat.v1, chat.v2"),
        ("X-Trace", "7"),
        ("Cookie", "a=b; c=d"),
        ("Origin", "http://chat.example"),
        ("X-Auth-Subject", "ann"),
        ("X-Auth-Roles", "member,a%2Cb"),
        ("X-Auth-Scopes", "chat:read chat:write"),
        ("Forwarded", &format!("for={local};host=\"chat.example\";proto=http")),
        ("X-Forwarded-For", &local),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", "chat.example"),
    ] {
        assert_eq!(fields(&head, name), [expected], "{name}");
    }
    for name in ["Authorization", "x_auth_roles", "X-Real-IP", "X-Api-Key", "Proxy-Authorization"] {
        assert!(fields(&head, name).is_empty(), "{name}");
    }

    let answer =
        client_of(&gateway).await.ask(handshake("/trusted?token=t", &bearer(&json!({ "sub": "ann" })))).await;
    assert_eq!(answer.head.status(), 400, "a token in two places");
    let fields_sent =
        format!("{}X-Api-Key: k\r\nX-Auth-Subject: admin\r\n", bearer(&json!({ "sub": "ann" })));
    assert_eq!(
        client_of(&gateway).await.ask(handshake("/trusted?a=1", &fields_sent)).await.head.status(),
        101
    );
    let (head, _socket) = upstream.arrival().await;
    assert_eq!(head.target(), "/trusted?a=1");
    assert!(fields(&head, "Authorization")[0].starts_with("Bearer "));
    assert_eq!(
        (fields(&head, "X-Api-Key").len(), fields(&head, "X-Auth-Subject")),
        (1, vec!["ann".to_owned()])
    );
}

async fn client_of(gateway: &Gateway) -> tests::wire::Peer {
    gateway.connect().await
}

/// CWE-22: a path that the server behind could read as another one is not passed on.
#[tokio::test]
async fn paths_that_mean_another_place_are_not_found() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let gateway = Gateway::start("dots", &to(&upstream, "/pub/{*path}", OPEN));
    for path in ["/pub/../admin", "/pub/%2e%2e/admin", "/pub/a/..%2fadmin", "/pub/.."] {
        assert_eq!(gateway.refusal(path, "").await, (404, "route-not-found".to_owned()), "{path}");
    }
    assert!(upstream.is_alone());
    assert_eq!(gateway.ask("/pub/a..b/...", "").await.head.status(), 101);
    assert_eq!(upstream.arrival().await.0.path(), "/pub/a..b/...");
}

/// Behind a trusted proxy the client is whom the proxy names, and so are its scheme and its host.
#[tokio::test]
async fn what_a_trusted_proxy_says_is_passed_on() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let config = format!("trusted_proxies = [\"127.0.0.0/8\"]\n{}", to(&upstream, "/", OPEN));
    let gateway = Gateway::start("trusted", &config);
    let forwarded = "Forwarded: for=6.6.6.6, for=\"[2001:db8::7]:4711\";proto=https;host=public.example\r\n";
    assert_eq!(gateway.ask("/", forwarded).await.head.status(), 101);
    let (head, _socket) = upstream.arrival().await;
    for (name, expected) in [
        ("Forwarded", "for=\"[2001:db8::7]\";host=\"public.example\";proto=https"),
        ("X-Forwarded-For", "2001:db8::7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "public.example"),
    ] {
        assert_eq!(fields(&head, name), [expected], "{name}");
    }
}

/// Credentials in a pair of subprotocols are forwarded as such, and never otherwise.
#[tokio::test]
async fn a_pair_of_subprotocols() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let rules = "authenticate = [\"bearer\"]\nsubprotocols = [\"chat\"]\n";
    let config = format!(
        "{BEARER}from = [\"subprotocol\"]\n{}{}",
        to(&upstream, "/kept", rules),
        to(&upstream, "/forwarded", &format!("{rules}forward_credentials = true"))
    );
    let gateway = Gateway::start("pair", &config);
    let token = token(&json!({}));
    let offer = format!("Sec-WebSocket-Protocol: chat, bearer, {token}\r\n");
    let answer = gateway.ask("/kept", &offer).await;
    assert_eq!(answer.field("Sec-WebSocket-Protocol"), Some("chat"));
    assert_eq!(fields(&upstream.arrival().await.0, "Sec-WebSocket-Protocol"), ["chat"]);
    let pair_alone = format!("Sec-WebSocket-Protocol: bearer, {token}\r\n");
    let answer = gateway.ask("/kept", &pair_alone).await;
    assert_eq!(answer.field("Sec-WebSocket-Protocol"), Some("bearer"));
    assert!(fields(&upstream.arrival().await.0, "Sec-WebSocket-Protocol").is_empty());
    // This server selects the last one that is offered, which is the token: that is not answered to the client.
    let refused = gateway.refusal("/forwarded", &offer).await;
    assert_eq!(
        fields(&upstream.arrival().await.0, "Sec-WebSocket-Protocol"),
        [format!("chat, bearer, {token}")]
    );
    assert_eq!(refused, (502, "upstream-refused".to_owned()));
}

#[tokio::test]
async fn nobody_is_let_in_whom_the_checks_refuse() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let gateway =
        Gateway::start("refused", &format!("{BEARER}{}", to(&upstream, "/", "authenticate = [\"bearer\"]")));
    assert_eq!(gateway.refusal("/", "").await, (401, "credentials-missing".to_owned()));
    assert!(upstream.is_alone(), "the server behind was never asked");
}

#[tokio::test]
async fn messages_and_close_codes_pass_both_ways() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let gateway = Gateway::start("pump", &to(&upstream, "/", OPEN));
    let mut client = gateway.open("/", None).await;
    let mut server = upstream.socket().await;
    for size in [0, 1, 125, 126, 70_000, 900_000] {
        let text = "x".repeat(size);
        client.send(text.clone()).await.unwrap();
        assert_eq!(server.recv().await.unwrap(), Some(Message::text(text)));
        let bytes = vec![7; size];
        server.send(bytes.clone()).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some(Message::binary(bytes)));
    }
    let frame = |code, reason: &'static str| CloseFrame::new(CloseCode::new(code).unwrap(), reason);
    let closing = tokio::spawn(async move { client.close(frame(4001, "from the client")).await });
    assert_eq!(server.recv().await.unwrap(), None);
    assert_eq!(server.close_frame(), Some(&frame(4001, "from the client")));
    closing.await.unwrap().unwrap();

    let mut client = gateway.open("/", None).await;
    let mut server = upstream.socket().await;
    server.send("last words").await.unwrap();
    let closing = tokio::spawn(async move { server.close(frame(4002, "from the server")).await });
    assert_eq!(client.recv().await.unwrap(), Some(Message::text("last words")));
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(client.close_frame(), Some(&frame(4002, "from the server")));
    closing.await.unwrap().unwrap();

    // A Close frame without a code stays one.
    let mut client = gateway.open("/", None).await;
    let mut server = upstream.socket().await;
    let closing = tokio::spawn(async move { server.close(None).await });
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(client.close_frame(), None);
    closing.await.unwrap().unwrap();

    // A client that is gone: the server behind learns it.
    let client = gateway.open("/", None).await;
    let mut server = upstream.socket().await;
    drop(client);
    assert_eq!(timeout(PATIENCE, server.recv()).await.unwrap().unwrap(), None);
    assert_eq!(server.close_frame().unwrap().code.get(), 1001);
}

#[tokio::test]
async fn each_leg_agrees_on_compression_by_itself() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let config = ["both", "client", "upstream", "off"]
        .map(|legs| to(&upstream, &format!("/{legs}"), &format!("{OPEN}\ncompression = \"{legs}\"")));
    let gateway = Gateway::start("compression", &config.concat());
    for (legs, at_client, behind) in
        [("both", true, true), ("client", true, false), ("upstream", false, true), ("off", false, false)]
    {
        let url = format!("ws://{}/{legs}", gateway.address);
        let client = Client::builder(url).unwrap().compression(DeflateConfig::default()).build();
        let (mut client, answer) = client.connect_with_answer().await.unwrap();
        let (head, server) = upstream.arrival().await;
        assert_eq!(answer.compression.is_some(), at_client, "{legs}");
        assert_eq!(head.fields().contains("Sec-WebSocket-Extensions"), behind, "{legs}");
        let text = "compressible ".repeat(1000);
        client.send(text.clone()).await.unwrap();
        assert_eq!(server.unwrap().recv().await.unwrap(), Some(Message::text(text)));
    }
}

/// A side that reads nothing holds the other one up, instead of filling the gateway's memory.
#[tokio::test]
async fn back_pressure() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let gateway = Gateway::start("back-pressure", &to(&upstream, "/", OPEN));
    let mut client = gateway.open("/", None).await;
    let mut server = upstream.socket().await;
    let message = vec![1_u8; 500_000];
    let mut sent = 0_usize;
    // 200 MB are more than all buffers on the way hold.
    let flood = async {
        while sent < 400 {
            client.send(message.clone()).await.unwrap();
            client.flush().await.unwrap();
            sent += 1;
        }
    };
    assert!(timeout(std::time::Duration::from_secs(3), flood).await.is_err(), "nothing held it up");
    assert!(sent < 100, "{sent} messages of 500 kB are on the way");
    let mut received = 0;
    let draining = async {
        while received < sent {
            assert!(server.recv().await.unwrap().is_some());
            received += 1;
        }
    };
    timeout(PATIENCE, draining).await.unwrap();
}

/// The upstream's URL may name a path, which is asked for whatever the client asks for.
#[tokio::test]
async fn a_path_of_its_own() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let config = to(&upstream, "/rooms/{room}", OPEN)
        .replace(&upstream.address.to_string(), &format!("{}/ws", upstream.address));
    let gateway = Gateway::start("path", &config);
    assert_eq!(gateway.ask("/rooms/7?a=1", "").await.head.status(), 101);
    assert_eq!(upstream.arrival().await.0.target(), "/ws?a=1");
}
