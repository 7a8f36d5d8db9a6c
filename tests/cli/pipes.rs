//! Scripts: lines from a pipe, messages to a pipe.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tests::wire::PATIENCE;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use crate::program::{Ran, connect, feed, neutral, program, signal, ws};
use crate::servers::{EVIL, ours, url};

#[tokio::test]
async fn lines_go_out_and_messages_come_back_with_nothing_around_them() {
    let server = ours().await;
    let ran = ws([url(&server, "/").as_str()], "hello\n\n/ping\r\n  two  \nlast").await;
    ran.is(0, "hello\n\n/ping\n  two  \nlast\n");
    let said: Vec<&str> = ran.stderr.lines().collect();
    let connected = format!("connected to {}", url(&server, "/"));
    assert_eq!(said, [connected.as_str(), "closed with 1000 (Normal Closure)"]);
    let quiet = ws(["-q", "--subprotocol", "chat.v2", &url(&server, "/")], "x").await;
    quiet.is(0, "x\n");
    assert_eq!(quiet.stderr, "");
    let offered = ws(["--subprotocol", "chat.v2", "--compression", &url(&server, "/")], "x").await;
    assert!(offered.stderr.contains(", subprotocol chat.v2"), "{}", offered.stderr);
}

#[tokio::test]
async fn a_pipe_gets_what_comes_byte_by_byte() {
    let server = ours().await;
    let ran = ws([url(&server, "/evil").as_str()], "x").await;
    ran.is(1, &format!("{EVIL}\n"));
    let row = ran.row("the server said").expect("the reason");
    assert!(row.ends_with("evil") && !row.contains(|c: char| c.is_control() || c == '\u{202e}'), "{row:?}");
}

#[tokio::test]
async fn json_in_and_out() {
    let server = ours().await;
    let input = "{\"b\": 1.0, \"a\": [1, 2]}\n{bad}\n\n  12345678901234567890 \n";
    let ran = ws(["--json", &url(&server, "/")], input).await;
    ran.is(2, "{\"b\":1.0,\"a\":[1,2]}\n12345678901234567890\n");
    assert!(ran.stderr.contains("line 2: not sent, it is no JSON: "), "{}", ran.stderr);
    let ran = ws(["--json", &url(&server, "/chatty")], "").await;
    ran.is(0, "unasked\n");
    assert!(ran.stderr.contains("the server sent what is no JSON"), "{}", ran.stderr);
}

#[tokio::test]
async fn binary_in_and_out() {
    let server = ours().await;
    ws(["--binary=hex", &url(&server, "/")], "00 FF\n0a").await.is(0, "00ff\n0a\n");
    ws(["--binary=base64", &url(&server, "/")], "AP8=\n").await.is(0, "AP8=\n");
    ws(["--binary", &url(&server, "/")], "abc\n").await.is(0, "abc\n");
    let wrong = ws(["--binary=hex", &url(&server, "/")], "zz\n").await;
    wrong.is(2, "");
    assert!(wrong.stderr.contains("line 1: not sent: not hex"), "{}", wrong.stderr);
    let text = ws([url(&server, "/").as_str()], b"\xff\n").await;
    text.is(2, "");
    assert!(text.stderr.contains("line 1: not sent: it is not UTF-8"), "{}", text.stderr);
}

/// The server stops reading while its answers are not taken: whoever only writes first, and reads then, would stand still
/// for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn much_goes_through() {
    let server = ours().await;
    let input: String =
        (0..50_000).flat_map(|number| [number.to_string(), "x".repeat(60), "\n".to_owned()]).collect();
    ws(["-q", &url(&server, "/")], &input).await.is(0, &input);
}

#[tokio::test]
async fn answers_are_waited_for_at_the_end_of_input() {
    let server = ours().await;
    ws(["--wait", "3s", &url(&server, "/slow")], "a\nb\n").await.is(0, "a\nb\n");
    // It is the server that closes.
    let ran = ws(["--wait", "forever", &url(&server, "/closes")], "1000\n").await;
    ran.is(0, "");
    assert!(ran.stderr.ends_with("closed with 1000 (Normal Closure): as you like\n"), "{}", ran.stderr);
}

#[tokio::test]
async fn pings_are_told_on_stderr() {
    let server = ours().await;
    let ran = ws(["--ping=20ms", "--wait", "300ms", &url(&server, "/")], "a\n").await;
    ran.is(0, "a\n");
    assert!(
        ran.stderr.contains("\npong 1 after ") && ran.stderr.contains("\npong 2 after "),
        "{}",
        ran.stderr
    );
}

/// Nobody reads any more, as behind `head -1`.
#[tokio::test]
async fn a_closed_stdout_ends_it_quietly() {
    let server = ours().await;
    let mut child = connect([url(&server, "/").as_str()]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"first\n").await.unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    timeout(PATIENCE, stdout.read_line(&mut line)).await.unwrap().unwrap();
    assert_eq!(line, "first\n");
    drop(stdout);
    stdin.write_all(b"second\n").await.unwrap();
    let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn nothing_panics_without_stdout_and_stderr() {
    let server = ours().await;
    let address = url(&server, "/");
    let closed = ["127.0.0.1:1", server.address.to_string().as_str()].map(|host| format!("ws://{host}/"));
    let commands = [
        (format!("connect {address} >&- 2>&-"), 0),
        (format!("connect {} >&- 2>&-", closed[0]), 1),
        (format!("connect -v {address} 2>&-"), 0),
        ("--help >&-".to_owned(), 0),
        ("connect >&- 2>&-".to_owned(), 2),
        (format!("connect {address} </dev/null >/dev/full 2>/dev/full"), 0),
        // What came is lost there, unlike behind `head -1`.
        (format!("connect {address} >/dev/full"), 1),
    ];
    for (command, code) in commands {
        let script = format!("exec \"$0\" {command}");
        let mut shell = neutral("sh".as_ref());
        shell.args(["-c", &script]).arg(program());
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = feed(shell.spawn().unwrap(), b"hello\n").await;
        assert_eq!(ran.code, Some(code), "{command}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{command}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn ctrl_c_closes_and_a_second_one_does_not_wait() {
    let server = ours().await;
    let mut child = connect(["-v", &url(&server, "/")]).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    until_connected(&mut child).await;
    signal(&child, "-INT");
    assert_eq!(ended(child).await.code, Some(0));
    drop(stdin);

    // This one would answer a Close frame after five seconds, by giving up.
    let mut child = connect(["-v", &url(&server, "/deaf")]).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    until_connected(&mut child).await;
    let begun = Instant::now();
    signal(&child, "-INT");
    let mut said = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    let closing = timeout(PATIENCE, said.next_line()).await.unwrap().unwrap().unwrap();
    assert!(closing.starts_with("closing; Ctrl-C again"), "{closing}");
    signal(&child, "-INT");
    assert_eq!(ended(child).await.code, Some(130));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(stdin);
}

/// Nobody reads the output, and nobody closes it either: SIGTERM ends it all the same.
#[tokio::test]
async fn who_is_told_to_end_waits_for_nobody() {
    let server = ours().await;
    let mut child = connect([url(&server, "/floods").as_str()]).spawn().unwrap();
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    until_connected(&mut child).await;
    signal(&child, "-TERM");
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap();
    assert_eq!(status.code(), Some(130));
    drop((stdin, stdout));
}

#[tokio::test]
async fn a_close_frame_that_nobody_answers_is_told() {
    let server = ours().await;
    let ran = ws(["--wait", "0s", &url(&server, "/deaf")], "").await;
    ran.is(1, "");
    assert!(ran.stderr.contains("the close frame was not answered"), "{}", ran.stderr);
}

async fn until_connected(child: &mut tokio::process::Child) {
    let mut said = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    loop {
        let line = timeout(PATIENCE, said.next_line()).await.unwrap().unwrap().expect("it connects");
        if line.starts_with("connected to ") {
            return;
        }
    }
}

async fn ended(child: tokio::process::Child) -> Ran {
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
