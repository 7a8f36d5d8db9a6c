//! Files that change while the program runs.

use serde_json::json;
use ws_core::message::Message;

use crate::gateway::{BEARER, Folder, Gateway, SECRET, bearer, route, wait_until};

const OPEN: &str = "authenticate = [\"none\"]";

/// Asks until the answer is this one.
async fn becomes(gateway: &Gateway, path: &str, fields: &str, expected: u16) {
    let mut last = 0;
    for _ in 0..500 {
        last = gateway.ask(path, fields).await.head.status();
        if last == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{path} is {last}, not {expected}: {}", gateway.log());
}

#[tokio::test]
async fn a_new_configuration_takes_over_and_drops_nobody() {
    let limits = "[limits]\nattempts_per_address = \"10000/1s\"\n";
    let gateway = Gateway::start("reload", &format!("{limits}{}", route("/old", OPEN)));
    let mut session = gateway.open("/old", None).await;
    assert_eq!(gateway.ask("/new", "").await.head.status(), 404);
    gateway.folder.write("gateway.toml", Gateway::with_listen(&format!("{limits}{}", route("/new", OPEN))));
    becomes(&gateway, "/new", "", 101).await;
    assert_eq!(gateway.ask("/old", "").await.head.status(), 404);
    session.send("still here").await.unwrap();
    assert_eq!(session.recv().await.unwrap(), Some(Message::text("still here")));
    gateway.logs("the new configuration holds from now on").await;
}

#[tokio::test]
async fn a_broken_file_keeps_the_old_settings_and_says_so() {
    let limits = "[limits]\nattempts_per_address = \"10000/1s\"\n";
    let config = format!("{limits}{BEARER}{}", route("/", "authenticate = [\"bearer\"]"));
    let gateway = Gateway::start("broken", &config);
    let good = bearer(&json!({}));
    let broken = Gateway::with_listen(&config).replace("authenticate", "authentikate");
    gateway.folder.write("gateway.toml", broken);
    gateway.logs("gateway.toml:12: route.authentikate: no such key; did you mean `authenticate`?").await;
    gateway.logs("everything stays as it was").await;
    assert_eq!(gateway.ask("/", &good).await.head.status(), 101);
    // So does a file that the configuration names.
    gateway.folder.write("gateway.toml", Gateway::with_listen(&config));
    gateway.logs("the new configuration holds from now on").await;
    gateway.folder.write("hs256.key", "short");
    gateway.logs("the secret has 5 bytes").await;
    assert_eq!(gateway.ask("/", &good).await.head.status(), 101);
    gateway.folder.write("hs256.key", [SECRET, b", another one"].concat());
    becomes(&gateway, "/", &good, 401).await;
    gateway.folder.write("hs256.key", SECRET);
    becomes(&gateway, "/", &good, 101).await;
}

#[tokio::test]
async fn what_only_a_restart_changes_is_told() {
    let gateway = Gateway::start("fixed", &route("/", OPEN));
    let config = Gateway::with_listen(&route("/", OPEN)).replace("127.0.0.1:0", "127.0.0.2:0");
    gateway.folder.write("gateway.toml", config);
    gateway.logs("this key holds after a restart").await;
    assert_eq!(gateway.ask("/", "").await.head.status(), 101);
}

/// What is spent stays spent, whatever takes over.
#[tokio::test]
async fn a_ticket_is_good_once_over_all_configurations() {
    let folder = Folder::new("tickets");
    let secret = b"ticket secret, long enough";
    folder.write("ticket.key", secret);
    let config = |path: &str| {
        format!("[ticket]\nsecret_file = \"ticket.key\"\n{}", route(path, "authenticate = [\"ticket\"]"))
    };
    let gateway = Gateway::start_in(folder, &config("/a"));
    let claims = json!({ "sub": "ann", "jti": "1", "exp": crate::gateway::now() + 25 });
    let ticket = ws_server::authenticate::signed::SecretKeys::new(secret).unwrap().sign(&claims).unwrap();
    assert_eq!(gateway.ask(&format!("/a?ticket={ticket}"), "").await.head.status(), 101);
    gateway.folder.write("gateway.toml", Gateway::with_listen(&config("/b")));
    gateway.logs("the new configuration holds from now on").await;
    let refused = gateway.refusal(&format!("/b?ticket={ticket}"), "").await;
    assert_eq!(refused, (401, "ticket-spent".to_owned()));
    let log = gateway.log();
    wait_until("the ticket is not logged", || !log.contains(&ticket)).await;
}
