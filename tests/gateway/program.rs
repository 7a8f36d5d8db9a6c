//! How the program starts and ends.

use std::net::TcpListener;
use std::process::{Command, Output};

use ws_core::message::Message;

use crate::gateway::{BEARER, Folder, Gateway, PATIENCE, SECRET, program, route};

const OPEN: &str = "authenticate = [\"none\"]";

/// Runs the program to its end.
fn run(folder: &Folder, config: &str, flags: &[&str]) -> (Option<i32>, String, String) {
    let path = folder.write("gateway.toml", config);
    let Output { status, stdout, stderr } =
        Command::new(program()).arg("--config").arg(path).args(flags).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn check_reads_all_files_and_says_everything_that_is_wrong() {
    let folder = Folder::new("check");
    folder.write("hs256.key", SECRET);
    let right = Gateway::with_listen(&format!("{BEARER}{}", route("/", "authenticate = [\"bearer\"]")));
    let (code, out, err) = run(&folder, &right, &["--check"]);
    assert_eq!((code, out.lines().count(), &*err), (Some(0), 1, ""), "{out}");

    folder.write("short.key", "too short\n");
    folder.write("keys.toml", "[[key]]\nname = \"a\"\nsha256 = \"ABC\"\nrole = []\n");
    folder.write("bad.cedar", "permit (principal, action, resource)\nnonsense");
    folder.write("users", "ann:$apr1$x$y\n");
    folder.write("jwks.json", "{\"keys\":[]}");
    let wrong = Gateway::with_listen(
        "served_host = []\n[limits]\nidle_timeout = 60\n[bearer]\nsecret_file = \"short.key\"\n\
         algorithms = [\"HS256\"]\n[[route]]\npath = \"/\"\nupstream = \"echo\"\nauthenticate = [\"none\"]\n",
    );
    let (code, out, err) = run(&folder, &wrong, &["--check"]);
    assert_eq!((code, &*out, err.lines().count()), (Some(2), "", 2), "{err}");
    assert!(err.contains("gateway.toml:2: served_host: no such key; did you mean `served_hosts`?"), "{err}");

    let files = Gateway::with_listen(
        "[bearer]\nsecret_file = \"short.key\"\nalgorithms = [\"HS256\"]\n[api_key]\nkeys_file = \"keys.toml\"\n\
         [cedar]\npolicy_file = \"bad.cedar\"\n[basic]\nhtpasswd_file = \"users\"\n[cookie]\nsecret_file = \"none.key\"\n\
         [tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n[upstream]\nca_file = \"short.key\"\n\
         [[route]]\npath = \"rooms\"\nupstream = \"echo\"\nauthenticate = [\"none\"]\n",
    );
    let (code, _, err) = run(&folder, &files, &["--check"]);
    assert_eq!(code, Some(2));
    let base = format!("{}/", folder.path("").display()).replace("//", "/");
    let said: Vec<String> = err.lines().map(|line| line.replace(&base, "")).collect();
    for expected in [
        "error: gateway.toml:3: bearer.secret_file: short.key: the secret has 9 bytes, HS256 needs 32 (RFC 7518 3.2); \
         make a longer one, `openssl rand -out FILE 64`",
        "error: keys.toml:3: key.sha256: is not the SHA-256 of a key; write 64 lower-case hexadecimal digits \
         (`printf %s KEY | sha256sum`)",
        "error: keys.toml:4: key.role: no such key; did you mean `roles`?",
        "error: gateway.toml:10: basic.htpasswd_file: users: line 1: MD5 ($apr1$) is too weak; make the hash again with: \
         htpasswd -B FILE USER",
        "error: gateway.toml:12: cookie.secret_file: none.key cannot be read: No such file or directory (os error 2); \
         correct the path, or let this user read the file",
        "error: gateway.toml:14: tls.certificate: cannot read cert.pem: No such file or directory (os error 2); check the \
         path, and that the server's user may read the file",
        "error: gateway.toml:17: upstream.ca_file: short.key: has no certificate; write those of the authorities, in PEM",
        "error: gateway.toml:19: route.path: the route \"rooms\" does not begin with '/'; correct it",
    ] {
        assert!(said.iter().any(|line| line == expected), "{expected}\nis not in\n{}", said.join("\n"));
    }
    assert!(
        said.iter().any(|line| line.contains("cedar.policy_file") && line.contains("bad.cedar:2")),
        "{err}"
    );
    assert_eq!(said.len(), 9, "{}", said.join("\n"));
    for secret in ["too short", "apr1$x", "ABC"] {
        assert!(!err.contains(secret), "{secret} in {err}");
    }
}

#[test]
fn what_cannot_start_says_why_and_ends_with_2() {
    let folder = Folder::new("start");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let config = format!("listen = \"{address}\"\n{}", route("/", OPEN));
    let (code, out, err) = run(&folder, &config, &[]);
    assert_eq!((code, &*out), (Some(2), ""));
    assert!(err.contains("gateway.toml:1: listen: ") && err.contains(&address.to_string()), "{err}");
    let (code, _, err) = run(&folder, &config, &["--chekc"]);
    assert!(code == Some(2) && err.contains("--check"), "{err}");
    let (code, _, err) = run(&folder, "", &[]);
    assert!(code == Some(2) && err.contains("listen: is missing"), "{err}");
}

#[tokio::test]
async fn a_graceful_end_is_0() {
    let mut gateway = Gateway::start("end", &route("/", OPEN));
    assert_eq!(gateway.process.printed(), format!("listening on {}\n", gateway.url));
    assert!(gateway.url.starts_with("ws://127.0.0.1:") && !gateway.url.contains(":0/"));
    let mut socket = gateway.open("/", None).await;
    socket.send("hello").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("hello")));
    let ending = tokio::task::spawn_blocking(move || (gateway.process.terminate(PATIENCE), gateway));
    assert_eq!(socket.recv().await.unwrap(), None);
    let frame = socket.close_frame().unwrap();
    assert_eq!(frame.code.get(), 1001);
    assert!(frame.reason.starts_with("server-draining: retry after "), "{}", frame.reason);
    let (status, _gateway) = ending.await.unwrap();
    assert_eq!(status.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_session_that_does_not_end_is_cut_off_after_the_drain_timeout() {
    let config = format!("[limits]\ndrain_timeout = \"300ms\"\n{}", route("/", OPEN));
    let mut gateway = Gateway::start("drain", &config);
    let mut deaf = gateway.connect().await;
    assert_eq!(deaf.ask(tests::wire::handshake("/", "")).await.head.status(), 101);
    let ended = tokio::task::spawn_blocking(move || gateway.process.terminate(PATIENCE)).await.unwrap();
    assert_eq!(ended.unwrap().code(), Some(0));
}
