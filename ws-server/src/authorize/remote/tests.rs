use std::time::{Duration, SystemTime};

use ws_core::head::{RequestHead, Version};

use super::*;
use crate::{
    authenticate::{HandshakeContext, Identity, Scheme},
    authorize::{Action, Authorization, AuthorizationError, Authorizer, Permit},
    fetch::{
        FetchConfig,
        scripted::{Asked, Reply, Scripted},
    },
};

fn answer(status: u16) -> Reply {
    Reply::Answer(status, String::new())
}

fn remote(server: &Scripted) -> Remote {
    Remote::new(server.endpoint("/authorize?key=1"), FetchConfig::new().time_limit(Duration::from_secs(10)))
}

fn ann() -> Identity {
    Identity::new(Scheme::Bearer)
        .with_subject("ann")
        .with_issuer("https://id.example")
        .with_roles(["member", "a,admin"])
        .with_scopes(["chat:read", "chat:write"])
}

async fn connect(remote: &Remote, target: &str, who: &Identity) -> Authorization {
    let fields =
        [("Host", "chat.example"), ("Origin", "https://app.example"), ("Authorization", "Bearer s3cret")];
    let head = RequestHead::from_parts("GET", target, Version::HTTP_11, fields).unwrap();
    let request = HandshakeContext::new(&head, ([192, 0, 2, 1], 4711).into(), SystemTime::UNIX_EPOCH)
        .with_route("/rooms/{room}");
    remote.authorize(&request, who).await
}

/// The fields of a question, without those of every request.
fn fields(asked: &Asked) -> Vec<&str> {
    let mut fields: Vec<_> = asked.head.lines().skip(1).filter(|line| line.starts_with("x-")).collect();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn the_question_is_who_and_where_and_no_credential() {
    let server = Scripted::start(|_| answer(204)).await;
    let remote = remote(&server);
    assert_eq!(connect(&remote, "/rooms/7?token=s3cret&a=1", &ann()).await, Ok(Permit::by("remote")));
    let asked = server.asked();
    assert!(asked[0].head.starts_with("GET /authorize?key=1 HTTP/1.1\r\n"));
    assert!(!asked[0].head.contains("s3cret"), "{}", asked[0].head);
    assert_eq!(
        fields(&asked[0]),
        [
            "x-auth-action: connect",
            "x-auth-issuer: https://id.example",
            "x-auth-roles: member,a%2Cadmin",
            "x-auth-scheme: bearer",
            "x-auth-scopes: chat:read chat:write",
            "x-auth-subject: ann",
            "x-forwarded-for: 192.0.2.1",
            "x-forwarded-proto: http",
            "x-original-host: chat.example",
            "x-original-method: GET",
            "x-original-route: /rooms/{room}",
            "x-original-uri: /rooms/7",
        ]
    );
    let shown = remote.query_except(["token"]).forward("Origin").unwrap().post();
    connect(&shown, "/rooms/7?token=s3cret&a=1", &Identity::anonymous()).await.unwrap();
    let asked = server.asked();
    let head = &asked[1].head;
    assert!(
        head.starts_with("POST /authorize?key=1 ") && head.contains("origin: https://app.example"),
        "{head}"
    );
    assert!(head.contains("x-original-uri: /rooms/7?a=1\r\n") && !head.contains("s3cret"), "{head}");
    assert!(head.contains("x-auth-scheme: anonymous") && !head.contains("x-auth-subject"), "{head}");
}

#[tokio::test]
async fn each_status_has_its_meaning() {
    let denied = Err(AuthorizationError::PolicyDenied { rule: "remote".into() });
    let down = Err(AuthorizationError::Unavailable { retry_after: None });
    for (status, expected) in [
        (200, Ok(Permit::by("remote"))),
        (204, Ok(Permit::by("remote"))),
        (299, Ok(Permit::by("remote"))),
        (401, denied.clone()),
        (403, denied),
        (301, down.clone()),
        (400, down.clone()),
        (404, down.clone()),
        (429, down.clone()),
        (500, down.clone()),
        (503, down),
    ] {
        let server = Scripted::start(move |_| answer(status)).await;
        assert_eq!(connect(&remote(&server), "/", &ann()).await, expected, "{status}");
    }
}

#[tokio::test]
async fn an_answer_may_name_its_rule_and_when_to_come_back() {
    let ask = async |head: String| {
        let server = Scripted::start(move |_| {
            Reply::Raw(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").into())
        })
        .await;
        connect(&remote(&server), "/", &ann()).await
    };
    assert_eq!(ask("200 OK\r\nX-Auth-Rule: own-room".into()).await, Ok(Permit::by("own-room")));
    let denied = |rule: &'static str| Err(AuthorizationError::PolicyDenied { rule: rule.into() });
    assert_eq!(ask("403 No\r\nX-Auth-Rule: banned".into()).await, denied("banned"));
    for unfit in ["", "é", &"x".repeat(101)] {
        assert_eq!(ask(format!("403 No\r\nX-Auth-Rule: {unfit}")).await, denied("remote"));
    }
    let later =
        |seconds| Err(AuthorizationError::Unavailable { retry_after: Some(Duration::from_secs(seconds)) });
    assert_eq!(ask("503 Down\r\nRetry-After: 7".into()).await, later(7));
    assert_eq!(ask("503 Down\r\nRetry-After: 99999999".into()).await, later(3600));
    let unknown = Err(AuthorizationError::Unavailable { retry_after: None });
    assert_eq!(ask("503 Down\r\nRetry-After: soon".into()).await, unknown);
}

#[tokio::test]
async fn whoever_does_not_answer_is_unavailable() {
    let down = Err(AuthorizationError::Unavailable { retry_after: None });
    let silent = Scripted::start(|_| Reply::Silence).await;
    let hasty = FetchConfig::new().time_limit(Duration::from_millis(50));
    assert_eq!(connect(&Remote::new(silent.endpoint("/"), hasty), "/", &ann()).await, down);
    let garbage = Scripted::start(|_| Reply::Raw(b"no\r\n".to_vec())).await;
    assert_eq!(connect(&remote(&garbage), "/", &ann()).await, down);
    // Whoever has gone, and comes back where it was.
    let server = Scripted::start(|_| answer(200)).await;
    let (address, remote) = (server.address(), remote(&server).cache(Duration::from_secs(60), 10));
    drop(server);
    // The end of the listener is another task's work.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(connect(&remote, "/", &ann()).await, down);
    let _server = Scripted::start_at(address, |_| answer(403)).await;
    assert!(connect(&remote, "/", &ann()).await.unwrap_err().is_denial(), "an outage is not kept");
}

#[tokio::test]
async fn the_same_question_is_put_once() {
    let server = Scripted::start(|asked| answer(if asked.head.contains("bob") { 403 } else { 200 })).await;
    let remote = remote(&server).cache(Duration::from_secs(60), 10);
    let bob = Identity::new(Scheme::Bearer).with_subject("bob");
    for _ in 0..3 {
        assert!(connect(&remote, "/a", &ann()).await.is_ok());
        assert!(connect(&remote, "/a", &bob).await.is_err());
    }
    assert_eq!(server.asked().len(), 2, "a no is kept as well");
    // Whatever differs makes another question.
    assert!(connect(&remote, "/b", &ann()).await.is_ok());
    assert!(connect(&remote, "/a", &ann().with_roles(["member"])).await.is_ok());
    assert_eq!(server.asked().len(), 4);
    let forgetful = Remote::new(server.endpoint("/"), FetchConfig::new());
    for _ in 0..2 {
        assert!(connect(&forgetful, "/a", &ann()).await.is_ok());
    }
    assert_eq!(server.asked().len(), 6);
}

#[tokio::test]
async fn actions_are_asked_about_where_that_is_wanted() {
    let server = Scripted::start(|_| answer(200)).await;
    let action = Action::new("message:delete", "message/1 7", SystemTime::UNIX_EPOCH)
        .with_path("/rooms/7")
        .with_peer(([192, 0, 2, 1], 4711).into());
    let silent = remote(&server);
    assert_eq!(silent.authorize_action(&action, &ann()).await, Err(AuthorizationError::Undecided));
    let remote = silent.actions();
    assert_eq!(remote.authorize_action(&action, &ann()).await, Ok(Permit::by("remote")));
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    let fields = fields(&asked[0]);
    for field in
        ["x-auth-action: message:delete", "x-auth-resource: message/1%207", "x-original-uri: /rooms/7"]
    {
        assert!(fields.contains(&field), "{fields:?}");
    }
}

#[tokio::test]
async fn what_clients_send_is_never_taken_for_ours() {
    let server = Scripted::start(|_| answer(200)).await;
    for (name, reserved) in [
        ("X-Auth-Subject", true),
        ("x-original-uri", true),
        ("X-Forwarded-For", true),
        ("Host", true),
        ("Connection", true),
        ("a b", false),
        ("", false),
    ] {
        match remote(&server).forward(name).unwrap_err() {
            RemoteError::Reserved { .. } => assert!(reserved, "{name}"),
            RemoteError::Name { .. } => assert!(!reserved, "{name}"),
        }
    }
}
