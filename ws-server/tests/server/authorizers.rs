//! What somebody may, decided over a real connection: rules, combinators, Cedar policies, and a remote decision.

use serde_json::Value;
use ws_server::authenticate::{self, AuthenticationError, Identity, Scheme};
use ws_server::authorize::{AnyOf, Authorizer, Not, Roles, Rules};
use ws_server::{Route, ServerBuilder};

use crate::support::{Answer, Running, echo, handshake};

/// Believes what `X-User` says: `NAME` or `NAME/ROLE`.
fn by_word() -> impl authenticate::Authenticator {
    authenticate::from_fn(|request| {
        let user = request.head().fields().get_str("X-User").map(str::to_owned);
        async move {
            let user = user.ok_or(AuthenticationError::CredentialsMissing)?;
            let (name, role) = user.split_once('/').unwrap_or((&user, "member"));
            Ok(Identity::new(Scheme::Custom("word".into())).with_subject(name).with_roles([role]))
        }
    })
}

async fn start(authorizer: impl Authorizer) -> Running {
    Running::start(|server| guarded(server, authorizer)).await
}

fn guarded(server: ServerBuilder, authorizer: impl Authorizer) -> ServerBuilder {
    let route = Route::new(echo).authenticate(by_word()).authorize(authorizer);
    server.disclosure(ws_core::refusal::Disclosure::Standard).route("/rooms/{room}", route)
}

async fn ask(running: &Running, room: &str, user: &str) -> Answer {
    let request =
        handshake(&format!("/rooms/{room}")).replace("\r\n\r\n", &format!("\r\nX-User: {user}\r\n\r\n"));
    let mut client = running.connect().await;
    client.send(request).await;
    client.answer(false).await
}

/// Status, code and detail, without the advice that every refusal ends with.
async fn refused(running: &Running, room: &str, user: &str) -> (u16, String, String) {
    let answer = ask(running, room, user).await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let detail = text("detail");
    let (detail, _) = detail.split_once(". ").unwrap_or((&detail, ""));
    (answer.status(), text("code"), detail.to_owned())
}

fn policy_denied(rule: &str) -> (u16, String, String) {
    (403, "policy-denied".to_owned(), format!("denied by the rule {rule:?}"))
}

#[tokio::test]
async fn the_rule_that_decides_is_told() {
    let rules = Rules::new()
        .allow("own-room", |request, who| request.param("room") == who.subject())
        .deny("banned", |_, who| who.has_role("banned"));
    let running = start(rules).await;
    assert_eq!(ask(&running, "ann", "ann").await.status(), 101);
    assert_eq!(refused(&running, "ann", "bob").await, policy_denied("own-room"));
    assert_eq!(refused(&running, "ann", "ann/banned").await, policy_denied("banned"));
}

#[tokio::test]
async fn one_of_several_is_enough_and_not_is_its_opposite() {
    let owner = Rules::new().allow("own-room", |request, who| request.param("room") == who.subject());
    let running = start(AnyOf::new().or(Roles::all(["admin"])).or(owner)).await;
    assert_eq!(ask(&running, "ann", "ann").await.status(), 101);
    assert_eq!(ask(&running, "ann", "bob/admin").await.status(), 101);
    let (status, code, _) = refused(&running, "ann", "bob").await;
    assert_eq!((status, &*code), (403, "role-missing"), "the more informative of the two");

    let running = start(Not::new("suspended", Roles::all(["suspended"]))).await;
    assert_eq!(ask(&running, "ann", "ann").await.status(), 101);
    assert_eq!(refused(&running, "ann", "ann/suspended").await, policy_denied("suspended"));
}

#[cfg(feature = "cedar")]
#[tokio::test]
async fn cedar_policies_decide_and_are_replaced_while_it_runs() {
    use ws_server::authorize::cedar::{Cedar, CedarPolicies, CedarSource};

    let policies = |text: &str| CedarPolicies::new(&CedarSource::new(text));
    let first = r#"
        @id("own-room")
        permit(principal is User, action == Action::"connect", resource in Route::"/rooms/{room}")
        when { resource == Path::"/rooms/ann" && principal == User::"ann" };
        @id("banned")
        forbid(principal in Role::"banned", action, resource);
        "#;
    let cedar = Cedar::new(policies(first).unwrap());
    let running = start(cedar.clone()).await;
    assert_eq!(ask(&running, "ann", "ann").await.status(), 101);
    assert_eq!(refused(&running, "bob", "ann").await, policy_denied("no Cedar policy permits"));
    assert_eq!(refused(&running, "ann", "ann/banned").await, policy_denied("banned"));
    policies("permit(principal, action resource);").unwrap_err();
    assert_eq!(ask(&running, "ann", "ann").await.status(), 101, "what is broken replaces nothing");
    cedar.replace(policies(r#"@id("closed") forbid(principal, action, resource);"#).unwrap());
    assert_eq!(refused(&running, "ann", "ann").await, policy_denied("closed"));
    cedar.replace(policies("permit(principal, action, resource) when { context.path > 1 };").unwrap());
    let (status, code, _) = refused(&running, "ann", "ann").await;
    assert_eq!((status, &*code), (500, "internal-error"));
}

#[cfg(feature = "cedar")]
#[tokio::test]
async fn cedar_policies_decide_about_actions() {
    use ws_core::connection::Role;
    use ws_core::message::Message;
    use ws_core::net::{SocketConfig, WebSocket};
    use ws_server::Session;
    use ws_server::authorize::cedar::{Cedar, CedarPolicies, CedarSource};

    async fn obey(mut session: Session) -> Result<(), ws_core::net::Error> {
        while let Some(message) = session.recv().await? {
            let (action, resource) = message.as_text().and_then(|text| text.split_once(' ')).unwrap();
            let answer = match session.authorize(action, resource).await {
                Ok(()) => "done".to_owned(),
                Err(error) => error.to_string(),
            };
            session.send(answer).await?;
        }
        Ok(())
    }
    let text = r#"
        permit(principal, action in [Action::"connect", Action::"speak"], resource == Path::"/rooms/ann");
        @id("own-message") permit(principal, action == Action::"delete", resource == Message::"ann-1")
        when { principal == User::"ann" };
        @id("pinned") forbid(principal, action == Action::"delete", resource == Message::"pinned");
        "#;
    let cedar = Cedar::new(CedarPolicies::new(&CedarSource::new(text)).unwrap());
    let running = Running::start(|server| {
        server.route("/rooms/{room}", Route::new(obey).authenticate(by_word()).authorize(cedar))
    })
    .await;
    let request = handshake("/rooms/ann").replace("\r\n\r\n", "\r\nX-User: ann\r\n\r\n");
    let mut client = running.connect().await;
    client.send(request).await;
    assert_eq!(client.answer(true).await.status(), 101);
    let mut socket = WebSocket::from_tcp(client.stream, SocketConfig::new(Role::Client), client.buffer);
    for (says, answer) in [
        ("speak ", "done"),
        ("delete Message/ann-1", "done"),
        ("delete Message/ben-1", "denied by the rule \"no Cedar policy permits\""),
        ("delete Message/pinned", "denied by the rule \"pinned\""),
        ("fly ", "denied by the rule \"no Cedar policy permits\""),
    ] {
        socket.send(says).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(Message::text(answer)), "{says}");
    }
}

#[cfg(feature = "remote")]
#[tokio::test]
async fn somebody_else_decides() {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use ws_server::authorize::remote::Remote;
    use ws_server::fetch::FetchConfig;

    // Lets in ann, refuses bob, is broken for carol and silent for all others.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/authorize", listener.local_addr().unwrap());
    let deciding = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut question = Vec::new();
                while !question.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut question).await.unwrap() == 0 {
                        return;
                    }
                }
                let question = String::from_utf8(question).unwrap();
                let status = match () {
                    () if question.contains("x-auth-subject: ann\r\n") => "204 No Content",
                    () if question.contains("x-auth-subject: bob\r\n") => {
                        "403 Forbidden\r\nX-Auth-Rule: own-room"
                    }
                    () if question.contains("x-auth-subject: carol\r\n") => "500 Oops\r\nRetry-After: 7",
                    () => return std::future::pending().await,
                };
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    let config = FetchConfig::new().time_limit(Duration::from_millis(200));
    let running =
        start(Remote::new(endpoint.parse().unwrap(), config).cache(Duration::from_secs(60), 100)).await;
    for _ in 0..2 {
        assert_eq!(ask(&running, "ann", "ann").await.status(), 101);
        assert_eq!(refused(&running, "ann", "bob").await, policy_denied("own-room"));
    }
    for (user, wait) in [("carol", Some("7")), ("dora", None)] {
        let answer = ask(&running, "ann", user).await;
        assert_eq!((answer.status(), answer.field("Retry-After").is_some()), (503, true), "{user}");
        assert!(answer.body.contains("authorization-unavailable"), "{}", answer.body);
        if let Some(wait) = wait {
            assert_eq!(answer.field("Retry-After"), Some(wait));
        }
    }
    deciding.abort();
    assert!(deciding.await.unwrap_err().is_cancelled());
    assert_eq!(ask(&running, "ann", "ann").await.status(), 101, "for as long as the answer is kept");
    assert_eq!(ask(&running, "other", "ann").await.status(), 503);
}
