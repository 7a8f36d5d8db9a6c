//! What happens to sessions: they end with their credential, are renewed, revoked, counted.

use serde_json::{Value, json};
use tokio::time::timeout;
use ws_core::message::Message;
use ws_core::net::WebSocket;

use crate::gateway::{BEARER, Folder, Gateway, PATIENCE, bearer, now, route, token};
use crate::upstream_server::{Script, Upstream};

/// The code and the reason that the session ends with.
async fn ending(socket: &mut WebSocket) -> (u16, String) {
    let ended = async { while socket.recv().await.unwrap().is_some() {} };
    timeout(PATIENCE, ended).await.expect("the session ends");
    let frame = socket.close_frame().expect("a Close frame with a code");
    (frame.code.get(), frame.reason.to_string())
}

fn authenticate(token: &str) -> String {
    json!({ "type": "authenticate", "token": token }).to_string()
}

async fn answer(socket: &mut WebSocket) -> Value {
    let message = timeout(PATIENCE, socket.recv()).await.unwrap().unwrap().expect("an answer");
    serde_json::from_str(message.as_text().expect("a text")).unwrap()
}

#[tokio::test]
async fn a_session_ends_with_its_token_unless_it_is_renewed() {
    let config = format!(
        "{BEARER}{}{}",
        route("/off", "authenticate = [\"bearer\"]"),
        route("/renew", "authenticate = [\"bearer\"]\nrenewal = \"message\""),
    );
    let gateway = Gateway::start("expiry", &config);
    let until = now() + 3;
    let short = token(&json!({ "exp": until }));
    let mut off = gateway.open("/off", Some(&short)).await;
    let mut renewed = gateway.open("/renew", Some(&short)).await;
    renewed.send(authenticate(&token(&json!({})))).await.unwrap();
    let said = answer(&mut renewed).await;
    assert_eq!(said["type"], "authenticated");
    assert!(said["expires"].as_u64().unwrap() > until, "{said}");
    // Elsewhere such a message is the application's.
    let message = authenticate("x");
    off.send(message.clone()).await.unwrap();
    assert_eq!(off.recv().await.unwrap(), Some(Message::text(message)));
    let (code, reason) = ending(&mut off).await;
    assert_eq!((code, reason.starts_with("token-expired")), (3000, true), "{reason}");
    assert!(now() >= until, "not before its time");
    renewed.send("still here").await.unwrap();
    assert_eq!(renewed.recv().await.unwrap(), Some(Message::text("still here")));
    // Somebody else's token is no renewal.
    renewed.send(authenticate(&token(&json!({ "sub": "bob" })))).await.unwrap();
    assert_eq!(ending(&mut renewed).await.0, 3000);
}

/// The server behind is asked when the token has come, and not before.
#[tokio::test]
async fn a_first_message() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let config = format!(
        "{BEARER}from = [\"header\", \"first-message\"]\n{}[[route]]\npath = \"/behind\"\nupstream = \"ws://{}\"\n\
         authenticate = [\"bearer\"]\nscopes = [\"chat:read\"]\nsubprotocols = [\"b\", \"a\"]\n\
         [[route]]\npath = \"/down\"\nupstream = \"ws://127.0.0.1:1\"\nauthenticate = [\"bearer\"]\n",
        route("/echo", "authenticate = [\"bearer\"]"),
        upstream.address
    );
    let gateway = Gateway::start("first-message", &config);
    let good = token(&json!({ "scope": "chat:read" }));
    let mut socket = gateway.open("/echo", None).await;
    socket.send(authenticate(&good)).await.unwrap();
    assert_eq!(answer(&mut socket).await["type"], "authenticated");
    socket.send("hello").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("hello")));

    let mut socket = gateway.open("/echo", None).await;
    socket.send("hello").await.unwrap();
    assert_eq!(ending(&mut socket).await.0, 3000, "nobody talks before they have said who they are");

    let client = ws_client::Client::builder(format!("ws://{}/behind?a=1", gateway.address)).unwrap();
    let client = client.subprotocols(["a", "b"]).unwrap().build();
    let (mut socket, accepted) = client.connect_with_answer().await.unwrap();
    assert_eq!(accepted.subprotocol.as_deref(), Some("b"));
    assert!(upstream.is_alone(), "the server behind was asked for a stranger");
    socket.send(authenticate(&good)).await.unwrap();
    assert_eq!(answer(&mut socket).await["type"], "authenticated");
    let (head, behind) = upstream.arrival().await;
    assert_eq!(head.target(), "/behind?a=1");
    assert_eq!(head.fields().get_str("X-Auth-Subject"), Some("ann"));
    assert_eq!(head.fields().get_str("Sec-WebSocket-Protocol"), Some("b"), "the one that was answered");
    let mut behind = behind.unwrap();
    socket.send("hello").await.unwrap();
    assert_eq!(behind.recv().await.unwrap(), Some(Message::text("hello")));

    for (path, sent, code) in [
        ("/behind", token(&json!({})), 3003),
        ("/behind", "x.y.z".to_owned(), 3000),
        ("/down", good.clone(), 1014),
    ] {
        let mut socket = gateway.open(path, None).await;
        socket.send(authenticate(&sent)).await.unwrap();
        let (told, reason) = ending(&mut socket).await;
        assert_eq!(told, code, "{path} {reason}");
    }
    assert!(upstream.is_alone());
    let limits = "[limits]\nhandshake_timeout = \"300ms\"\n";
    let gateway = Gateway::start("first-message-late", &format!("{limits}{config}"));
    let mut silent = gateway.open("/echo", None).await;
    let (code, reason) = ending(&mut silent).await;
    assert_eq!((code, reason.starts_with("authentication-timeout")), (3008, true), "{reason}");
}

#[tokio::test]
async fn a_file_of_revoked_tokens() {
    let folder = Folder::new("revoked");
    folder.write("revoked.txt", "# nobody yet\n");
    let config =
        format!("{BEARER}revoked_file = \"revoked.txt\"\n{}", route("/", "authenticate = [\"bearer\"]"));
    let gateway = Gateway::start_in(folder, &config);
    let stolen = token(&json!({ "jti": "1" }));
    let mut socket = gateway.open("/", Some(&stolen)).await;
    let mut other = gateway.open("/", Some(&token(&json!({ "jti": "2" })))).await;
    gateway.folder.write("revoked.txt", "1\n");
    let (code, reason) = ending(&mut socket).await;
    assert_eq!((code, reason.starts_with("token-revoked")), (3000, true), "{reason}");
    let refused = gateway.refusal("/", &bearer(&json!({ "jti": "1" }))).await;
    assert_eq!(refused, (401, "token-revoked".to_owned()));
    other.send("still here").await.unwrap();
    assert_eq!(other.recv().await.unwrap(), Some(Message::text("still here")));
    // A reload that has nothing to do with it changes nothing about it.
    let text = Gateway::with_listen(&format!("{config}{}", route("/more", "authenticate = [\"bearer\"]")));
    gateway.folder.write("gateway.toml", text);
    gateway.logs("the new configuration holds from now on").await;
    let refused = gateway.refusal("/more", &bearer(&json!({ "jti": "1" }))).await;
    assert_eq!(refused, (401, "token-revoked".to_owned()));
}

#[tokio::test]
async fn how_many_connections_a_principal_has_and_how_much_a_connection_sends() {
    let config = format!(
        "[limits]\nconnections_per_principal = 1\nmessages_per_connection = \"2/1h\"\n{BEARER}{}",
        route("/", "authenticate = [\"bearer\"]")
    );
    let gateway = Gateway::start("quotas", &config);
    let mut ann = gateway.open("/", Some(&token(&json!({})))).await;
    let refused = gateway.refusal("/", &bearer(&json!({}))).await;
    assert_eq!(refused, (429, "principal-quota-exceeded".to_owned()));
    let _bob = gateway.open("/", Some(&token(&json!({ "sub": "bob" })))).await;
    for _ in 0..3 {
        ann.send("x").await.unwrap();
    }
    let (code, reason) = ending(&mut ann).await;
    assert_eq!((code, reason.starts_with("message-rate-exceeded")), (1008, true), "{reason}");
    // The place is given back, over a reload too.
    gateway.folder.write("gateway.toml", Gateway::with_listen(&config.replace("2/1h", "3/1h")));
    gateway.logs("the new configuration holds from now on").await;
    let _ann = gateway.open("/", Some(&token(&json!({})))).await;
    let refused = gateway.refusal("/", &bearer(&json!({ "sub": "bob" }))).await;
    assert_eq!(refused, (429, "principal-quota-exceeded".to_owned()), "bob is still here");
}
