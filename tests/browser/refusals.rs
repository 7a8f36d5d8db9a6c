//! Every credential that does not open a door, and what the page says about it.

use serde_json::json;
use ws_core::refusal::Cause;

use crate::chromium::Chromium;
use crate::devtools::Window;
use crate::server;

struct Case {
    credential: &'static str,
    room: &'static str,
    name: &'static str,
    cause: Cause,
    /// The check that fails, as the page calls it.
    check: &'static str,
    /// What the page offers as the way out, and who it leads in as.
    way_out: (&'static str, Option<&'static str>),
}

const MEMBER: (&str, Option<&str>) = ("Join as member", Some("You are Ada, member."));

const CASES: &[Case] = &[
    Case {
        credential: "missing",
        room: "lobby",
        name: "Ada",
        cause: Cause::CredentialsMissing,
        check: "Token",
        way_out: MEMBER,
    },
    Case {
        credential: "expired",
        room: "lobby",
        name: "Ada",
        cause: Cause::TokenExpired,
        check: "Token",
        way_out: MEMBER,
    },
    Case {
        credential: "other-audience",
        room: "lobby",
        name: "Ada",
        cause: Cause::TokenAudienceWrong,
        check: "Token",
        way_out: MEMBER,
    },
    Case {
        credential: "tampered",
        room: "lobby",
        name: "Ada",
        cause: Cause::TokenSignatureInvalid,
        check: "Token",
        way_out: MEMBER,
    },
    Case {
        credential: "unsigned",
        room: "lobby",
        name: "Ada",
        cause: Cause::TokenAlgorithmDenied,
        check: "Token",
        way_out: MEMBER,
    },
    Case {
        credential: "narrow",
        room: "lobby",
        name: "Ada",
        cause: Cause::ScopeInsufficient,
        check: "Scope",
        way_out: MEMBER,
    },
    Case {
        credential: "member",
        room: "staff",
        name: "Ada",
        cause: Cause::RoleMissing,
        check: "Role",
        way_out: ("Join as staff", Some("You are Ada, staff.")),
    },
    Case {
        credential: "guest",
        room: "staff",
        name: "Ada",
        cause: Cause::RoleMissing,
        check: "Role",
        way_out: ("Join as staff", Some("You are Ada, staff.")),
    },
    Case {
        credential: "member",
        room: "attic",
        name: "Ada",
        cause: Cause::RouteNotFound,
        check: "Room",
        way_out: ("Go to the lobby", Some("You are Ada, member.")),
    },
    Case {
        credential: "member",
        room: "lobby",
        name: "a name that is much too long",
        cause: Cause::PolicyDenied,
        check: "Rules",
        way_out: ("Change the name", None),
    },
];

#[tokio::test]
async fn each_refusal_is_explained_and_has_a_way_out() {
    let Some(chromium) = Chromium::start("refusals").await else { return };
    let (server, address) = server::start("guarded_chat", "refusals", &[]);
    let window = chromium.open(&format!("http://{address}/")).await;
    for case in CASES {
        explained(&window, case).await;
    }

    // The operator has seen each of them too: as a handshake, and as the question why.
    let printed = server.printed();
    for case in CASES {
        let cause = case.cause;
        let line = format!("refused: {} {cause} GET /rooms/{} ", cause.status().unwrap_or(0), case.room);
        let lines: Vec<_> = printed.lines().filter(|printed| printed.starts_with(&line)).collect();
        assert!(lines.iter().any(|line| !line.contains("(dry run)")), "{line:?} in {printed}");
        assert!(lines.iter().any(|line| line.contains("(dry run)")), "{line:?} in {printed}");
    }
    server::stop(server);
    chromium.end().await;
}

async fn explained(window: &Window, case: &Case) {
    let Case { credential, room, name, cause, check, way_out } = case;
    window.click(&format!("[name=credential][value={credential}]")).await;
    window.click(&format!("[name=room][value={room}]")).await;
    window.evaluate(&format!("document.querySelector('#name').value = {}", json!(name))).await;
    window.click("#join").await;
    window
        .until(&format!(
            "!document.querySelector('#refusal').hidden && document.querySelector('#code').textContent === {}",
            json!(cause.code())
        ))
        .await;

    let status = cause.status().unwrap_or(0).to_string();
    assert_eq!(window.text("#title").await, cause.title(), "{cause}");
    assert_eq!(window.text("#status").await.split(' ').next(), Some(&*status), "{cause}");
    let failed = window.text("#refusal .gate .refused").await;
    assert_eq!(failed.strip_suffix("refused"), Some(*check), "{cause}");
    let raw = window.text("#answer").await;
    for part in [&*format!("HTTP/1.1 {status} "), &format!("\"code\": \"{cause}\""), "refused-by: ws-server"]
    {
        assert!(raw.contains(part), "{part} in {raw}");
    }

    assert_eq!(window.text("#way-out").await, way_out.0, "{cause}");
    window.click("#way-out").await;
    if let Some(identity) = way_out.1 {
        window
            .until(&format!("document.querySelector('#identity').textContent.trim() === {}", json!(identity)))
            .await;
        window.click("#leave").await;
        window.until("!document.querySelector('#idle').hidden").await;
    }
}
