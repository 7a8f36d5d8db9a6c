//! Who the caller is, and where that is said.

use std::fs;

use tests::certificates::Files;

use crate::program::{connect, feed, ws};
use crate::servers::{ours, token, url};

#[tokio::test]
async fn a_token_leads_in_wherever_it_stands() {
    let server = ours().await;
    let token = token(3600);
    for (path, place) in [("/guarded", "header"), ("/ticket", "query:ticket"), ("/first", "first-message")] {
        ws(["--token", &token, "--token-in", place, &url(&server, path)], "in\n").await.is(0, "in\n");
    }
}

#[tokio::test]
async fn a_token_leads_in_wherever_it_comes_from() {
    let server = ours().await;
    let (files, guarded) = (Files::new().unwrap(), url(&server, "/guarded"));
    let file = files.write("token", format!("{}\n", token(3600)));
    let file = file.to_str().unwrap();
    ws(["--token-file", file, &guarded], "in\n").await.is(0, "in\n");
    ws(["--token-command", &format!("cat '{file}'"), &guarded], "in\n").await.is(0, "in\n");
    for (variable, value, code) in [("WS_TOKEN", token(3600), 0), ("WS_BASIC", "ann:secret".to_owned(), 1)] {
        let mut command = connect([guarded.as_str()]);
        command.env(variable, value);
        let ran = feed(command.spawn().unwrap(), b"in\n").await;
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    }
    // What is given for this run goes before what is there for all.
    let mut command = connect(["--token-file", file, &guarded]);
    command.env("WS_TOKEN", "nonsense");
    feed(command.spawn().unwrap(), b"in\n").await.is(0, "in\n");
}

#[tokio::test]
async fn a_command_is_asked_again_for_a_token_that_is_not_accepted() {
    let server = ours().await;
    let files = Files::new().unwrap();
    let good = token(3600);
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    let tokens = files.write("tokens", format!("{forged}\n{good}\n"));
    // The first line, which it takes away.
    let command = format!("head -n1 '{0}'; sed -i 1d '{0}'", tokens.display());
    ws(["--token-command", &command, &url(&server, "/guarded")], "in\n").await.is(0, "in\n");
    assert_eq!(fs::read_to_string(&tokens).unwrap(), "");
}

#[tokio::test]
async fn a_token_that_cannot_be_had_is_told() {
    let server = ours().await;
    let guarded = url(&server, "/guarded");
    let ran = ws(["--token-file", "/nowhere/token", &guarded], "").await;
    ran.is(2, "");
    assert!(
        ran.row("why").unwrap().contains("the token file /nowhere/token cannot be read"),
        "{}",
        ran.stderr
    );
    let ran = ws(["--token-command", "echo no luck >&2; exit 3", &guarded], "").await;
    ran.is(1, "");
    assert_eq!(ran.stderr.lines().next(), Some("not connected: credentials-unavailable"), "{}", ran.stderr);
    assert!(ran.row("why").unwrap().contains("no luck"), "{}", ran.stderr);
    let ran = ws(["--token-command", "false", &guarded], "").await;
    assert!(ran.row("why").unwrap().contains("the command \"false\" gave no token"), "{}", ran.stderr);
}
