//! Conversations over connections in memory.

use std::time::SystemTime;

use serde_json::{Value, json};
use ws_core::net::WebSocket;
use ws_server::Server;
use ws_server::authenticate::{HandshakeContext, Scheme};
use ws_server::embed::InMemory;

use super::*;
use crate::rooms::ROOMS;

const ROOM: &str = "announcements";

fn room() -> Arc<Room> {
    let rules = ROOMS.iter().find(|rules| rules.id == ROOM).expect("it is there");
    Arc::new(Room::new(rules))
}

fn member() -> Identity {
    Identity::new(Scheme::Bearer).with_roles(["member"]).with_scopes(["chat:read", "chat:write"])
}

/// A client in the room.
async fn join(room: &Arc<Room>, name: &str, who: Identity) -> WebSocket {
    let known = move |_: &HandshakeContext<'_>| std::future::ready(Ok(who.clone()));
    let server = Server::builder().route("/", route(Arc::clone(room)).authenticate(known));
    let server = InMemory::new(server.embed().expect("a good route"));
    let verdict = server.handshake(&format!("/?name={name}")).send().await;
    verdict.into_socket().expect("it is let in")
}

async fn hear(socket: &mut WebSocket) -> Value {
    let message = socket.recv().await.expect("no error").expect("a message");
    serde_json::from_str(message.as_text().expect("text")).expect("JSON")
}

async fn say(socket: &mut WebSocket, text: &str) {
    socket.send(json!({ "type": "say", "text": text }).to_string()).await.expect("it is sent");
}

/// Reads to the end; the code and the reason that it ends with.
async fn closed(socket: &mut WebSocket) -> (u16, String) {
    while let Ok(Some(_)) = socket.recv().await {}
    let frame = socket.close_frame().expect("a reason to end");
    (frame.code.get(), frame.reason.to_string())
}

#[tokio::test]
async fn two_come_talk_and_go() {
    let room = room();
    let mut ada = join(&room, "Ada", member()).await;
    let welcome = hear(&mut ada).await;
    assert_eq!(welcome["people"], json!([{ "id": 1, "name": "Ada", "role": "member" }]));
    assert_eq!((&welcome["type"], &welcome["may_write"]), (&json!("welcome"), &json!(true)));

    let mut grace = join(&room, "Grace", Identity::anonymous().with_scopes(["chat:read"])).await;
    let welcome = hear(&mut grace).await;
    assert_eq!(welcome["people"].as_array().map(Vec::len), Some(2));
    assert_eq!((&welcome["may_write"], &welcome["role"]), (&json!(false), &json!("guest")));
    assert_eq!(hear(&mut ada).await, json!({ "type": "joined", "id": 2, "name": "Grace", "role": "guest" }));

    say(&mut ada, "hello").await;
    for socket in [&mut ada, &mut grace] {
        let heard = hear(socket).await;
        assert_eq!((&heard["type"], &heard["text"]), (&json!("message"), &json!("hello")));
    }
    say(&mut grace, "me too").await;
    let refused = hear(&mut grace).await;
    assert_eq!((&refused["code"], &refused["text"]), (&json!("scope-insufficient"), &json!("me too")));

    grace.close(None).await.expect("it closes");
    assert_eq!(hear(&mut ada).await["type"], "left", "and the refused text was for Grace alone");
}

#[tokio::test]
async fn what_is_no_message_is_explained_or_closed() {
    let mut ada = join(&room(), "Ada", member()).await;
    hear(&mut ada).await;
    ada.send("hello").await.expect("it is sent");
    let answer = hear(&mut ada).await;
    assert_eq!((&answer["type"], &answer["code"]), (&json!("invalid"), &json!("message-malformed")));
    ada.send(Message::binary(vec![0])).await.expect("it is sent");
    assert_eq!(closed(&mut ada).await.0, 1003);
}

#[tokio::test]
async fn who_takes_nothing_is_a_slow_consumer() {
    let room = room();
    let mut slow = join(&room, "Slow", member()).await;
    hear(&mut slow).await;
    // More than is on its way at once, whatever one may say at once.
    for talker in ["Ada", "Grace"] {
        let mut socket = join(&room, talker, member()).await;
        for _ in 0..BURST {
            say(&mut socket, &"x".repeat(events::TEXT_LIMIT)).await;
            while hear(&mut socket).await["type"] != "message" {}
        }
    }
    tokio::time::sleep(PATIENCE * 2).await;
    let (code, reason) = closed(&mut slow).await;
    assert_eq!(code, 1008);
    assert!(reason.starts_with("slow-consumer"), "{reason}");
}

#[tokio::test]
async fn who_says_too_much_at_once_is_closed() {
    let mut ada = join(&room(), "Ada", member()).await;
    for _ in 0..=BURST {
        say(&mut ada, "x").await;
    }
    let (code, reason) = closed(&mut ada).await;
    assert_eq!(code, 1008);
    assert!(reason.starts_with("message-rate-exceeded"), "{reason}");
}

#[tokio::test]
async fn a_credential_that_runs_out_ends_the_conversation() {
    let soon = SystemTime::now() + Duration::from_millis(50);
    let mut ada = join(&room(), "Ada", member().with_expiry(soon)).await;
    hear(&mut ada).await;
    let (code, reason) = closed(&mut ada).await;
    assert_eq!(code, 3000);
    assert!(reason.starts_with("token-expired"), "{reason}");
}
