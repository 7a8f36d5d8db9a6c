//! What is said, and with which code it ends, where there is no connection or it ends for a cause.

use std::process::Stdio;

use tests::certificates::{Authority, Files};
use tests::wire::echo;
use tokio::net::TcpListener;
use ws_core::refusal::Cause;
use ws_server::{Route, Server, TlsFiles};

use crate::program::{feed, neutral, program, ws};
use crate::servers::{EVIL, ours, raw, token, url};

#[tokio::test]
async fn a_refusal_of_our_server_tells_what_was_decided() {
    let server = ours().await;
    let ran = ws([url(&server, "/guarded").as_str()], "").await;
    ran.is(1, "");
    assert_eq!(
        ran.stderr.lines().next(),
        Some("refused: 401 Unauthorized, credentials-missing"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.row("refused by").as_deref(), Some("rooms"));
    assert_eq!(ran.row("what to do").as_deref(), Some(Cause::CredentialsMissing.remedy()));
    assert_eq!(ran.row("it accepts").as_deref(), Some("Bearer (realm \"rooms\")"));
    assert!(ran.row("with this program").unwrap().contains("--token"), "{}", ran.stderr);
    assert!(ran.row("request id").unwrap().ends_with("(it stands in the server's log)"), "{}", ran.stderr);
    assert!(ran.row("whose turn it is").unwrap().starts_with("this side"), "{}", ran.stderr);

    let elsewhere = ["--token", &token(600), "--token-in", "cookie:sid", &url(&server, "/guarded")];
    let ran = ws(elsewhere, "").await;
    assert_eq!(
        ran.row("credentials sent").as_deref(),
        Some("in the cookie sid; this server wants them elsewhere"),
        "{}",
        ran.stderr
    );

    let ran = ws(["--token", &token(-60), &url(&server, "/guarded")], "").await;
    assert_eq!(ran.stderr.lines().next(), Some("refused: 401 Unauthorized, token-expired"), "{}", ran.stderr);
    assert!(ran.row("new credentials").unwrap().starts_with("may help"), "{}", ran.stderr);

    let ran = ws(["--token", &token(3600), &url(&server, "/staff")], "").await;
    assert_eq!(
        ran.stderr.lines().next(),
        Some("refused: 403 Forbidden, scope-insufficient"),
        "{}",
        ran.stderr
    );
    assert!(ran.row("new credentials").unwrap().starts_with("do not help"), "{}", ran.stderr);
    assert!(ran.row("it accepts").unwrap().contains("scope \"chat:staff\""), "{}", ran.stderr);

    let ran = ws([url(&server, "/nowhere").as_str()], "").await;
    assert_eq!(ran.stderr.lines().next(), Some("refused: 404 Not Found, route-not-found"), "{}", ran.stderr);
}

#[tokio::test]
async fn close_codes_are_explained_by_name() {
    let server = ours().await;
    for (code, title) in [
        ("1011", "closed: close code 1011 (Internal Error)"),
        ("1008", "closed: close code 1008 (Policy Violation)"),
        ("3000", "closed: close code 3000 (Unauthorized)"),
        ("4321", "closed: close code 4321 (a code of this application's own)"),
    ] {
        let ran = ws([url(&server, "/closes").as_str()], format!("{code}\n")).await;
        ran.is(1, "");
        assert!(ran.stderr.lines().any(|line| line == title), "{}", ran.stderr);
        assert_eq!(ran.row("the server said").as_deref(), Some("as you like"), "{}", ran.stderr);
    }
    ws([url(&server, "/closes").as_str()], "1000\n").await.is(0, "");
    let ran = ws([url(&server, "/closes").as_str()], "1012\n").await;
    assert_eq!(ran.row("with this program").as_deref(), Some("--reconnect comes back by itself"));
    let ran = ws(["--max-message", "4", &url(&server, "/")], "too long\n").await;
    ran.is(1, "");
    assert_eq!(ran.row("with this program").as_deref(), Some("--max-message BYTES takes larger ones"));
}

#[tokio::test]
async fn what_answers_instead_of_a_websocket_server() {
    let page = "HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Type: text/html\r\n\r\n<title>Down for repair</title>";
    for (answer, title) in [
        (page, "refused: 502 Bad Gateway, upstream-down"),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://id.example/login?state=1\r\n\r\n",
            "not connected: 302, redirected",
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", "refused: 200 OK, not-a-websocket-endpoint"),
        ("SSH-2.0-OpenSSH_9.6\r\n", "not connected: no-http-answer"),
        ("", "not connected: no-http-answer"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
            "not connected: accept-key-wrong",
        ),
    ] {
        let (address, _) = raw(answer).await;
        let ran = ws([format!("ws://{address}/").as_str()], "").await;
        ran.is(1, "");
        assert_eq!(ran.stderr.lines().next(), Some(title), "{}", ran.stderr);
        assert!(ran.row("why").is_some() && ran.row("whose turn it is").is_some(), "{}", ran.stderr);
    }
    let (address, _) = raw(page).await;
    let ran = ws([format!("ws://{address}/").as_str()], "").await;
    assert_eq!(ran.row("refused by").as_deref(), Some("something that calls itself \"nginx\""));
    assert_eq!(ran.row("the server said").as_deref(), Some("Down for repair"));
}

/// node's `ws` and FastAPI, as their guides have it.
#[tokio::test]
async fn an_answer_without_reasons_is_read_with_what_was_sent() {
    let bearer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n\r\n";
    let bare = "HTTP/1.1 403 Forbidden\r\n\r\n";
    for (answer, flags, why) in [
        (bearer, &[][..], "the server wants a token, and none was sent"),
        (bearer, &["--token", "bad"], "the token that was sent was not accepted"),
        (bearer, &["--basic", "a:b"], "this server wants a token in Authorization: Bearer"),
        (bare, &[], "no credentials were sent, and it may want some"),
        (bare, &["--token", "bad"], "may not be accepted, or lack the permission"),
    ] {
        let (address, _) = raw(answer).await;
        let url = format!("ws://{address}/");
        let ran = ws(flags.iter().copied().chain([url.as_str()]), "").await;
        ran.is(1, "");
        assert!(ran.row("why").unwrap().contains(why), "{flags:?}: {}", ran.stderr);
        assert!(ran.row("with this program").unwrap().contains("--token-file"), "{}", ran.stderr);
        let sent = ran.row("credentials sent").unwrap();
        assert_eq!(sent == "none", flags.is_empty(), "{}", ran.stderr);
    }
    // node, uvicorn and `openssl s_server` close so where they want TLS.
    let (address, _) = raw("").await;
    let ran = ws([format!("ws://{address}/").as_str()], "").await;
    assert!(ran.row("why").unwrap().contains("then write wss://"), "{}", ran.stderr);
}

/// CWE-117, CWE-150.
#[tokio::test]
async fn an_answer_cannot_steer_the_terminal() {
    let answer = format!(
        "HTTP/1.1 403 {EVIL}\r\nServer: {EVIL}\r\nContent-Type: text/plain\r\n\
         WWW-Authenticate: Bearer realm=\"a\", error_description=\"{EVIL}\"\r\n\r\n{EVIL}"
    );
    let answer = answer.replace('\x1b', "\u{9b}").replace('\x07', "\u{85}");
    let (address, _) = raw(answer).await;
    let ran = ws(["-v", format!("ws://{address}/").as_str()], "").await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        !ran.stderr.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'),
        "{:?}",
        ran.stderr
    );
}

#[tokio::test]
async fn network_and_tls_have_their_codes_and_fixes() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let ran = ws([format!("ws://{free}/").as_str()], "").await;
    ran.is(1, "");
    assert_eq!(ran.stderr.lines().next(), Some("not connected: port-closed"), "{}", ran.stderr);

    let plain = ours().await;
    let ran = ws([format!("wss://{}/", plain.address).as_str()], "").await;
    assert_eq!(ran.stderr.lines().next(), Some("not connected: tls-on-plain-port"), "{}", ran.stderr);

    let (files, authority) = (Files::new().unwrap(), Authority::new("an authority"));
    let (certificate, key) = files.write_pair("own", &authority.issue("localhost"));
    let server = Server::builder().listen_tls("127.0.0.1:0", TlsFiles::new(&certificate, &key));
    let server = server.route("/", Route::new(echo)).bind().await.unwrap();
    let port = server.local_addr().port();
    tokio::spawn(server.serve());
    let address = format!("wss://localhost:{port}/");
    let resolve = ["--resolve", "localhost:127.0.0.1"];
    let ran = ws(resolve.into_iter().chain([address.as_str()]), "").await;
    ran.is(1, "");
    assert_eq!(ran.stderr.lines().next(), Some("not connected: certificate-untrusted"), "{}", ran.stderr);
    assert!(ran.row("with this program").unwrap().contains("--ca"), "{}", ran.stderr);

    let ca = files.write("ca.pem", authority.pem());
    let ca = ["--ca", ca.to_str().unwrap()];
    ws(resolve.into_iter().chain(ca).chain([address.as_str()]), "hi\n").await.is(0, "hi\n");
    let insecure = ws(resolve.into_iter().chain(["--insecure", address.as_str()]), "hi\n").await;
    insecure.is(0, "hi\n");
    assert!(
        insecure.stderr.contains("--insecure: the server's certificate is not verified"),
        "{}",
        insecure.stderr
    );
    let wrong = format!("wss://127.0.0.1:{port}/");
    let ran = ws(ca.into_iter().chain([wrong.as_str()]), "").await;
    assert_eq!(ran.stderr.lines().next(), Some("not connected: certificate-name-mismatch"), "{}", ran.stderr);
}

#[tokio::test]
async fn bad_usage_names_the_flag_and_the_fix() {
    for (args, words) in [
        (&["localhost:9001"][..], "ws://"),
        (&["http://a.example"], "write ws:// in its place"),
        (&["ws://a.example", "--header", "X"], "--header: write it as 'Name: value'"),
        (&["ws://a.example", "--header", "Origin: a"], "use --origin"),
        (&["ws://a.example", "--timeout", "soon"], "such as 500ms, 5s, 2m or 1h"),
        (&["ws://a.example", "--ca", "/nowhere/ca.pem"], "--ca: cannot read /nowhere/ca.pem"),
        (&["ws://a.example", "--tokn", "x"], "--token"),
        (&["ws://ann:b@a.example"], "--basic USER:PASSWORD"),
        (&["ws://a.example", "--ping", "5s"], "such as --ping=5s"),
        (&["--ping", "abc"], "such as --ping=5s"),
        (&["ws://a.example", "--json", "--binary"], "cannot be used with"),
        (&["ws://192.0.2.1", "--token", "abc"], "--allow-credentials-in-clear"),
        (&[], "<URL>"),
    ] {
        let ran = ws(args.iter().copied(), "").await;
        ran.is(2, "");
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
    let mut command = neutral(program());
    command.arg("ws://a.example").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ran = feed(command.spawn().unwrap(), b"").await;
    ran.is(2, "");
    assert!(ran.stderr.contains("tip: to connect to an address: ws connect ws://"), "{}", ran.stderr);
}
