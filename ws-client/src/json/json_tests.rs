//! Typed messages over a connection in memory.

use std::collections::HashMap;
use std::error::Error as _;

use futures_util::{SinkExt, StreamExt, TryStreamExt};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use ws_core::connection::{Limits, Role};
use ws_core::message::Message;
use ws_core::net::{self, SocketConfig, WebSocket};

use super::*;
use crate::reconnect::ReconnectConfig;
use crate::{Client, memory};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Order {
    Move { x: i32, y: i32 },
    Stop,
}

type Orders = Json<WebSocket, Order, Order>;

fn orders() -> (Orders, WebSocket) {
    let (client, server) = memory::pair();
    (Json::new(client), server)
}

/// What comes of this message.
async fn received(
    message: impl Into<Message>,
    binary: Binary,
) -> Result<Option<Order>, JsonError<net::Error>> {
    let (orders, mut server) = orders();
    server.send(message.into()).await.expect("open");
    drop(server);
    orders.binary(binary).recv().await
}

async fn fault(text: &str) -> String {
    received(text, Binary::Refuse).await.expect_err(text).to_string()
}

#[tokio::test]
async fn values_go_both_ways() {
    let (client, server) = memory::pair();
    let (mut here, mut there): (Orders, Orders) = (Json::new(client), Json::new(server));
    here.send(&Order::Move { x: 1, y: -2 }).await.expect("open");
    assert_eq!(there.recv().await.expect("valid"), Some(Order::Move { x: 1, y: -2 }));
    there.send(&Order::Stop).await.expect("open");
    let text = here.get_mut().recv().await.expect("open").expect("a message");
    assert_eq!(text.as_text(), Some(r#"{"type":"stop"}"#));
}

#[tokio::test]
async fn adapters_of_streams_and_sinks_work() {
    let (client, server) = memory::pair();
    let sent: Vec<Order> = (0..100).map(|x| Order::Move { x, y: x }).collect();
    let talk = async {
        // `send_all`, `split` and a closing handshake.
        let (mut sink, mut stream) = Orders::new(client).split();
        sink.send_all(&mut futures_util::stream::iter(sent.clone()).map(Ok)).await.expect("open");
        let closing = async { assert!(stream.next().await.is_none()) };
        tokio::join!(closing, async { sink.close().await.expect("open") });
    };
    let received = async { Orders::new(server).try_collect::<Vec<_>>().await.expect("valid") };
    assert_eq!(tokio::join!(talk, received).1, sent);
}

#[tokio::test]
async fn what_is_no_json_is_told_with_its_place() {
    let text = fault("{\"type\": \"move\",\n \"x\": 1 \"y\": 2}").await;
    assert_eq!(
        text,
        "the message is not JSON: expected `,` or `}` at line 2, column 9, in {\"type\": \"move\",\\n \"x\": 1 \"y\": 2}"
    );
    assert!(fault(r#"{"type":"#).await.contains("EOF while parsing a value at line 1, column 8"));
    assert!(fault("").await.contains("at line 1, column 0, in "));
}

#[tokio::test]
async fn what_has_another_form_is_told_apart() {
    let error = received(r#"{"type":"move","x":1,"y":"two"}"#, Binary::Refuse).await.expect_err("a string");
    let JsonError::Mismatch(fault) = error else { panic!("{error:?}") };
    assert!(fault.reason.contains("invalid type: string \"two\", expected i32"), "{fault:?}");
    assert!(matches!(received("[1]", Binary::Refuse).await, Err(JsonError::Mismatch(_))));
}

#[tokio::test]
async fn binary_messages_are_refused_read_or_skipped() {
    let stop = || Message::binary(&br#"{"type":"stop"}"#[..]);
    let error = received(stop(), Binary::Refuse).await.expect_err("refused");
    assert!(matches!(error, JsonError::NotText { bytes: 15 }), "{error:?}");
    assert_eq!(received(stop(), Binary::Read).await.expect("valid"), Some(Order::Stop));
    assert!(matches!(received(Message::binary(&b"\xff"[..]), Binary::Read).await, Err(JsonError::Syntax(_))));
    assert_eq!(received(stop(), Binary::Skip).await.expect("nothing comes"), None);
}

#[tokio::test]
async fn the_message_after_a_bad_one_is_read() {
    let (mut orders, mut server) = orders();
    for message in ["?", r#"{"type":"turn"}"#, r#"{"type":"stop"}"#] {
        server.send(message).await.expect("open");
    }
    assert!(matches!(orders.recv().await, Err(JsonError::Syntax(_))));
    assert!(matches!(orders.recv().await, Err(JsonError::Mismatch(_))));
    assert_eq!(orders.recv().await.expect("valid"), Some(Order::Stop));
}

#[tokio::test]
async fn a_value_without_a_form_in_json_is_not_sent() {
    let (mut client, mut server) = memory::pair();
    let nameless = HashMap::from([((1, 2), "a key that is no string")]);
    let error = send_json(&mut client, &nameless).await.expect_err("not writable");
    assert!(matches!(error, JsonError::Unwritable(_)) && error.source().is_some(), "{error:?}");
    send_json(&mut client, "next").await.expect("the connection is as good as before");
    assert_eq!(recv_json::<_, String>(&mut server).await.expect("valid").as_deref(), Some("next"));
}

#[tokio::test]
async fn the_limits_are_the_connections() {
    let mut config = SocketConfig::new(Role::Client);
    config.limits = Limits { message: 64, ..Limits::default() };
    let (mut client, mut server, _) = memory::pair_with(config, SocketConfig::new(Role::Server));
    send_json(&mut server, &"x".repeat(62)).await.expect("open");
    send_json(&mut server, &"x".repeat(63)).await.expect("open");
    assert!(recv_json::<_, String>(&mut client).await.expect("64 bytes").is_some());
    let error = recv_json::<_, String>(&mut client).await.expect_err("65 bytes");
    assert!(matches!(error, JsonError::Socket(net::Error::Protocol(_))), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_has_typed_messages_too() {
    let (network, mut listener) = memory::network();
    let client = Client::builder("ws://rooms.test/").expect("valid").connector(network.clone()).build();
    let mut orders: Json<_, Order, Order> = Json::new(client.reconnecting(ReconnectConfig::default()));
    for _ in 0..2 {
        let accepted = listener.accept().await.expect("it connects, and comes back").accept().await;
        let mut server = accepted.expect("a client");
        orders.send(&Order::Stop).await.expect("queued");
        let text = server.recv().await.expect("open").expect("a message");
        server.send(text).await.expect("open");
        assert_eq!(orders.recv().await.expect("valid"), Some(Order::Stop));
        network.cut();
    }
    // What went wrong for good is the connection's error.
    network.refuse(std::io::ErrorKind::PermissionDenied);
    let error = orders.recv().await.expect_err("it has stopped");
    assert!(matches!(error, JsonError::Socket(_)), "{error:?}");
}

#[tokio::test]
async fn depth_does_not_end_the_program() {
    assert!(fault(&"[".repeat(100_000)).await.len() < 1_000);
    let deep = format!("{{\"type\":\"move\",\"z\":{}", "[".repeat(100_000));
    assert!(fault(&deep).await.contains("recursion limit"));
}

proptest! {
    /// CWE-117, CWE-150: what a stranger says reaches logs and terminals.
    #[test]
    fn no_message_makes_an_error_long_or_unprintable(text in "\\PC{0,80}[\\x00-\\x1f\u{80}-\u{9f}\u{202e}é\"{},:]{0,80}\\PC{0,3}") {
        let quoted = serde_json::json!({ "type": text }).to_string();
        for text in [&text, &quoted] {
            if let Err(error) = plain::read::<Order, net::Error>(&Message::text(text.clone())) {
                let shown = error.to_string();
                prop_assert!(shown.len() < 2_000, "{}", shown.len());
                prop_assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{:?}", shown);
            }
        }
    }
}
