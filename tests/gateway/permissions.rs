//! Whether somebody may: origins, scopes, policies, and who decides from outside.

use serde_json::json;
use tests::wire::handshake;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::gateway::{BEARER, Folder, Gateway, bearer, refusal, route};

fn cause(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn origins() {
    let config = format!(
        "{}{}{}",
        route(
            "/listed",
            "authenticate = [\"none\"]\norigins = [\"https://app.example.com\", \"https://*.example.org\"]"
        ),
        route("/required", "authenticate = [\"none\"]\norigins = [\"*\"]\norigin_required = true"),
        route("/same", "authenticate = [\"none\"]"),
    );
    let gateway = Gateway::start("origins", &config);
    for (path, origin, expected) in [
        ("/listed", "https://app.example.com", cause(101, "")),
        ("/listed", "https://a.b.example.org", cause(101, "")),
        ("/listed", "https://example.org", cause(403, "origin-denied")),
        ("/listed", "http://app.example.com", cause(403, "origin-denied")),
        ("/listed", "app.example.com", cause(400, "origin-malformed")),
        ("/required", "https://anybody.example", cause(101, "")),
        ("/same", "http://chat.example", cause(101, "")),
        ("/same", "http://evil.example", cause(403, "origin-denied")),
    ] {
        assert_eq!(
            gateway.refusal(path, &format!("Origin: {origin}\r\n")).await,
            expected,
            "{path} {origin}"
        );
    }
    assert_eq!(gateway.refusal("/required", "").await, cause(403, "origin-missing"));
}

#[tokio::test]
async fn subprotocols_and_what_is_hidden() {
    let config = format!(
        "{BEARER}{}{}",
        route(
            "/chat",
            "authenticate = [\"none\"]\nsubprotocols = [\"chat.v2\", \"chat.v1\"]\nsubprotocol_required = true"
        ),
        route("/secret", "authenticate = [\"bearer\"]\nroles = [\"admin\"]\nhide = true"),
    );
    let gateway = Gateway::start("subprotocols", &config);
    let offer = |names: &str| format!("Sec-WebSocket-Protocol: {names}\r\n");
    assert_eq!(gateway.refusal("/chat", "").await, cause(400, "subprotocol-unsupported"));
    assert_eq!(gateway.refusal("/chat", &offer("chat.v3")).await, cause(400, "subprotocol-unsupported"));
    let answer = gateway.ask("/chat", &offer("chat.v1, chat.v2")).await;
    assert_eq!(answer.field("Sec-WebSocket-Protocol"), Some("chat.v2"));
    assert_eq!(gateway.refusal("/secret", "").await, cause(401, "credentials-missing"));
    let hidden = gateway.ask("/secret", &bearer(&json!({}))).await;
    assert_eq!(refusal(&hidden), cause(404, "route-not-found"));
    gateway.logs("resource-hidden").await;
}

#[tokio::test]
async fn cedar_policies() {
    let folder = Folder::new("cedar");
    folder.write(
        "p.cedar",
        "@id(\"members\") permit (principal, action, resource) when { principal.roles.contains(\"member\") };\n\
         @id(\"no-lobby\") forbid (principal, action, resource == Path::\"/rooms/lobby\");\n",
    );
    folder.write("e.json", "[]");
    let config = format!(
        "{BEARER}[cedar]\npolicy_file = \"p.cedar\"\nentities_file = \"e.json\"\n{}",
        route("/rooms/{room}", "authenticate = [\"bearer\"]\nauthorize = [\"cedar\"]")
    );
    let gateway = Gateway::start_in(folder, &config);
    let member = bearer(&json!({ "roles": ["member"] }));
    assert_eq!(gateway.ask("/rooms/1", &member).await.head.status(), 101);
    assert_eq!(gateway.refusal("/rooms/lobby", &member).await, cause(403, "policy-denied"));
    assert_eq!(gateway.refusal("/rooms/1", &bearer(&json!({}))).await, cause(403, "policy-denied"));
    gateway.logs("no-lobby").await;
}

/// Who decides from outside is asked, and its answers count for as long as the file says.
#[tokio::test]
async fn a_remote_decision() {
    let decider = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = decider.local_addr().unwrap();
    let (questions, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let deciding = tokio::spawn(async move {
        // Whatever it talks about ends with it.
        let mut talks = tokio::task::JoinSet::new();
        loop {
            let (mut stream, _) = decider.accept().await.unwrap();
            let questions = questions.clone();
            talks.spawn(async move {
                let mut bytes = vec![0; 8192];
                while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                    let question = String::from_utf8_lossy(&bytes[..read]).into_owned();
                    let status = if question.contains("bob") { "403 Forbidden" } else { "204 No Content" };
                    let _ = questions.send(question);
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                    let answer = answer.replace("204 No Content\r\nContent-Length: 0", "204 No Content");
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let config = format!(
        "{BEARER}[remote]\nurl = \"http://{address}/authorize\"\ntimeout = \"2s\"\ncache = \"1h\"\n{}",
        route("/{*path}", "authenticate = [\"bearer\"]\nauthorize = [\"remote\"]")
    );
    let gateway = Gateway::start("remote", &config);
    assert_eq!(gateway.ask("/a", &bearer(&json!({ "sub": "ann" }))).await.head.status(), 101);
    assert_eq!(gateway.refusal("/a", &bearer(&json!({ "sub": "bob" }))).await, cause(403, "policy-denied"));
    let question = asked.recv().await.unwrap();
    assert!(question.starts_with("GET /authorize HTTP/1.1\r\n") && !question.contains("eyJ"), "{question}");
    assert!(asked.recv().await.is_some());
    deciding.abort();
    assert!(deciding.await.is_err());
    // What was answered is remembered, what was not cannot be had.
    assert_eq!(gateway.ask("/a", &bearer(&json!({ "sub": "ann" }))).await.head.status(), 101);
    let mut other = gateway.connect().await;
    let answer = other.ask(handshake("/a", &bearer(&json!({ "sub": "eve" })))).await;
    assert_eq!(refusal(&answer), cause(503, "authorization-unavailable"));
    assert!(answer.field("Retry-After").is_some());
}
