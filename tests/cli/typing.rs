//! Somebody types.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tests::certificates::Files;
use tests::wire::Running;

use crate::program::program;
use crate::servers::{EVIL, ours, url};
use crate::terminal::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

fn connect(server: &Running, path: &str, flags: &[&str]) -> Option<Terminal> {
    let url = url(server, path);
    let mut command = vec![program().to_str().unwrap(), "connect", url.as_str()];
    command.extend(flags);
    Terminal::run(&command, &[("NO_COLOR", "1")])
}

#[tokio::test]
async fn what_is_typed_goes_out_and_what_comes_is_told_apart() {
    let server = ours().await;
    let Some(mut terminal) = connect(&server, "/chatty", &[]) else { return };
    terminal.shows("connected to ").await;
    terminal.shows("/help lists commands").await;
    terminal.shows("< unasked").await;
    terminal.types("hello\r").await;
    terminal.shows("< hello").await;
    terminal.shows("< binary, 3 bytes\r\n  00000000  00 01 41 ").await;
    terminal.types("//help\r").await;
    terminal.shows("< /help").await;
    terminal.types(CTRL_D).await;
    terminal.shows("closed with 1000 (Normal Closure)").await;
    assert_eq!(terminal.ends().await, 0);
}

/// What comes while a line is being typed does not destroy it.
#[tokio::test]
async fn a_line_that_is_being_typed_survives_what_comes() {
    let server = ours().await;
    let Some(mut terminal) = connect(&server, "/slow", &[]) else { return };
    terminal.shows("/help lists commands").await;
    terminal.types("first\r").await;
    terminal.types("half of").await;
    terminal.shows("half of").await;
    terminal.shows("< first").await;
    // The line is drawn again below.
    terminal.shows("> half of").await;
    terminal.types(" it\r").await;
    terminal.shows("< half of it").await;
    terminal.types(CTRL_C).await;
    terminal.shows("closing; Ctrl-C again").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test]
async fn commands_begin_with_a_slash() {
    let server = ours().await;
    let Some(mut terminal) = connect(&server, "/", &["--ping=1h"]) else { return };
    terminal.shows("/help lists commands").await;
    terminal.types("/help\r").await;
    terminal.shows("/close [CODE] [REASON]").await;
    terminal.types("/ping\r").await;
    terminal.shows("pong 1 after ").await;
    terminal.types("/nonsense\r").await;
    terminal.shows("/nonsense is no command").await;
    terminal.types("/close 1005\r").await;
    terminal.shows("1005 cannot be sent as a close code").await;
    terminal.types("/close 4000 so long\r").await;
    terminal.shows("closed with 4000 (a code of this application's own): so long").await;
    assert_eq!(terminal.ends().await, 0);
}

#[tokio::test]
async fn json_is_checked_and_laid_out() {
    let server = ours().await;
    let Some(mut terminal) = connect(&server, "/", &["--json"]) else { return };
    terminal.shows("/help lists commands").await;
    terminal.types("{\"a\": }\r").await;
    terminal.shows("not sent, it is no JSON: ").await;
    terminal.types("{\"a\":[1]}\r").await;
    terminal.shows("< {\r\n    \"a\": [\r\n      1\r\n    ]\r\n  }").await;
    terminal.types("/quit\r").await;
    // Whoever types has seen what was not sent.
    assert_eq!(terminal.ends().await, 0);
    assert!(!terminal.shown().contains("\x1b[34m"), "NO_COLOR is set");
}

#[tokio::test]
async fn colours_come_where_nobody_forbids_them() {
    let server = ours().await;
    let url = url(&server, "/");
    let command = [program().to_str().unwrap(), "connect", "--json", &url];
    for (flags, coloured) in [(&[][..], true), (&["--no-color"], false)] {
        let command: Vec<&str> = command.iter().chain(flags).copied().collect();
        let Some(mut terminal) = Terminal::run(&command, &[]) else { return };
        terminal.shows("/help lists commands").await;
        terminal.types("{\"a\":1}\r").await;
        terminal.shows("\"a\": 1").await;
        terminal.types(CTRL_D).await;
        assert_eq!(terminal.ends().await, 0);
        assert_eq!(terminal.shown().contains("\x1b[34m\"a\""), coloured, "{}", terminal.shown());
    }
}

/// CWE-150.
#[tokio::test]
async fn a_server_cannot_steer_the_terminal() {
    let server = ours().await;
    let Some(mut terminal) = connect(&server, "/evil", &[]) else { return };
    terminal.shows("< \\u{1b}]0;pwned\\u{7}\\u{1b}[2J\\u{9b}31m\\u{202e}evil").await;
    terminal.types("x\r").await;
    terminal.shows("closed: close code 4001").await;
    assert_eq!(terminal.ends().await, 1);
    let shown = terminal.shown();
    for part in ["\x1b]", "\x1b[2J", "\u{9b}", "\u{202e}", "\x07"] {
        assert!(!shown.contains(part), "{part:?} in {shown:?}");
    }
    assert!(EVIL.contains("\x1b]") && EVIL.contains("\x1b[2J"));
}

/// The server closes in the middle of a line: it is told at once, and the terminal is as it was before.
#[tokio::test]
async fn the_terminal_is_given_back_as_it_was() {
    let server = ours().await;
    let url = url(&server, "/slow");
    let script = format!("\"$0\" connect {url}; echo code=$?; stty -a; echo end");
    let command = ["sh", "-c", &script, program().to_str().unwrap()];
    let Some(mut terminal) = Terminal::run(&command, &[("NO_COLOR", "1")]) else { return };
    terminal.shows("/help lists commands").await;
    terminal.types("unfinished").await;
    terminal.shows("unfinished").await;
    server.handle.shutdown();
    terminal.shows("closed: close code 1001 (Going Away), server-draining").await;
    terminal.shows("trying again").await;
    terminal.shows("code=1").await;
    terminal.shows("end").await;
    assert_eq!(terminal.ends().await, 0);
    let text = terminal.text();
    let settings: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == ';').collect();
    for setting in ["icanon", "echo", "isig", "icrnl"] {
        assert!(settings.contains(&setting), "{setting} in {text}");
    }
    let (on, off) = (terminal.shown().rfind("\x1b[?2004h"), terminal.shown().rfind("\x1b[?2004l"));
    assert!(off > on, "pasting is as it was");
}

#[tokio::test]
async fn a_second_ctrl_c_does_not_wait() {
    let server = ours().await;
    let Some(mut terminal) = connect(&server, "/deaf", &[]) else { return };
    terminal.shows("/help lists commands").await;
    terminal.types(CTRL_C).await;
    terminal.shows("closing; Ctrl-C again").await;
    terminal.types(CTRL_C).await;
    assert_eq!(terminal.ends().await, 130);
}

#[tokio::test]
async fn the_history_is_kept_for_its_owner_alone() {
    let server = ours().await;
    let state = Files::new().unwrap();
    let file = state.path().join("ws").join("history");
    let url = url(&server, "/");
    for (flags, lines) in [(&["--no-history"][..], None), (&[], Some("kept"))] {
        let mut command = vec![program().to_str().unwrap(), "connect", url.as_str()];
        command.extend(flags);
        let environment = [("NO_COLOR", "1"), ("XDG_STATE_HOME", state.path().to_str().unwrap())];
        let Some(mut terminal) = Terminal::run(&command, &environment) else { return };
        terminal.shows("/help lists commands").await;
        for line in [" hidden", "{\"type\":\"authenticate\",\"token\":\"hunter2\"}", "kept"] {
            terminal.types(&format!("{line}\r")).await;
            terminal.shows(&format!("< {line}")).await;
        }
        terminal.types(CTRL_D).await;
        assert_eq!(terminal.ends().await, 0);
        assert_eq!(file.exists(), lines.is_some());
    }
    let history = fs::read_to_string(&file).unwrap();
    assert!(
        history.contains("kept") && !history.contains("hunter2") && !history.contains("hidden"),
        "{history}"
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // The arrow fetches the line of the last time.
    let environment = [("NO_COLOR", "1"), ("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let command = [program().to_str().unwrap(), "connect", url.as_str()];
    let Some(mut terminal) = Terminal::run(&command, &environment) else { return };
    terminal.shows("/help lists commands").await;
    terminal.types("\x1b[A\r").await;
    terminal.shows("< kept").await;
    terminal.types(CTRL_D).await;
    assert_eq!(terminal.ends().await, 0);
}
