//! Networks and systems that are broken in ways in which this machine is not: a process of its own, in namespaces of its
//! own (`unshare`), breaks them for itself.

use std::fs::{self, Permissions};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tests::certificates::Files;
use tests::suites;
use ws_client::{Client, NextStep, Timeouts};

use crate::proxies::through;
use crate::raw::{SOON, hurried, refused};
use crate::row::{AGAIN, Peer, Row, Table};

/// Set where this program is that process.
const INSIDE: &str = "WS_ERRORS_INSIDE";

const SUITE: &str = "networks that are broken on purpose";

/// Runs the processes, and takes over what they have found.
pub(crate) async fn rows(table: &mut Table) {
    let network = unshare("network", &["--map-root-user", "--net", "--mount"]).await;
    let nobody = unshare("nobody", &["--map-user=65534"]).await;
    match (network, nobody) {
        (Ok(network), Ok(nobody)) => table.take(Peer::Network, [network, nobody].concat()),
        (Err(why), _) | (_, Err(why)) => suites::skip(SUITE, why),
    }
}

/// Runs this program again in other namespaces, and with few file descriptors.
async fn unshare(task: &str, options: &[&str]) -> Result<Vec<Row>, String> {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 200; exec unshare \"$@\"", "sh"]).args(options);
    command.arg(std::env::current_exe().unwrap()).args(["--exact", "namespace::inside", "--nocapture"]);
    command.env(INSIDE, task).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    if !said.contains("inside") {
        return Err(failed.into_owned());
    }
    assert!(output.status.success(), "{said}{failed}");
    Ok(said.lines().filter_map(Row::from_line).collect())
}

/// What runs within; in any other run of the tests there is nothing to do.
#[tokio::test]
async fn inside() {
    let Ok(task) = std::env::var(INSIDE) else { return };
    println!("inside");
    let mut table = Table::default();
    match task.as_str() {
        "network" => network(&mut table).await,
        _ => nobody(&mut table).await,
    }
    for row in table.right() {
        println!("{}", row.line());
    }
}

/// Somebody who may not enter a directory; root may enter each.
async fn nobody(table: &mut Table) {
    let files = Files::new().unwrap();
    let closed = files.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o0)).unwrap();
    let client = Client::builder("ws://rooms/").unwrap().unix_socket(closed.join("rooms.sock")).build();
    let expected = ("connect-not-permitted", NextStep::Correct);
    table.add(Peer::Network, "a Unix socket in a directory that is closed", expected, refused(&client).await);
}

async fn network(table: &mut Table) {
    shell("ip link set lo up");
    // RFC 5737: addresses of documentation.
    let unreachable = refused(&hurried("ws://192.0.2.1/")).await;
    table.add(Peer::Network, "a network without a route", ("host-unreachable", AGAIN), unreachable);
    shell("ip route add prohibit 198.51.100.0/24");
    let prohibited = refused(&hurried("ws://198.51.100.1/")).await;
    let expected = ("connect-not-permitted", NextStep::Correct);
    table.add(Peer::Network, "a route that the system prohibits", expected, prohibited);
    let files = Files::new().unwrap();
    let resolver = files.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    shell(&format!("mount --bind {} /etc/resolv.conf", resolver.display()));
    let failed = refused(&Client::builder("ws://rooms.example/").unwrap().build()).await;
    table.add(Peer::Network, "a name server that is down", ("dns-failed", AGAIN), failed);
    let server = NameServer::start();
    let unknown = refused(&hurried("ws://no-such-host.invalid/")).await;
    table.add(Peer::Network, "a name that does not exist", ("dns-not-found", NextStep::Correct), unknown);
    let proxy = refused(&through("http://no-such-proxy.invalid:3128")).await;
    let what = "a proxy whose name does not exist";
    table.add(Peer::Network, what, ("proxy-failed", NextStep::Correct), proxy);
    drop(server);
    let _mute = UdpSocket::bind("127.0.0.1:53").unwrap();
    let timeouts = Timeouts { dns: SOON, ..Timeouts::default() };
    let patient = Client::builder("ws://rooms.example/").unwrap().timeouts(timeouts).build();
    table.add(
        Peer::Network,
        "a name server that does not answer",
        ("dns-failed", AGAIN),
        refused(&patient).await,
    );
    // Nothing below this can open a file.
    let failed = ("connect-failed", AGAIN);
    let tcp = hurried("ws://192.0.2.1/");
    let unix = Client::builder("ws://rooms/").unwrap().unix_socket("/rooms.sock").build();
    let mut open = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        open.push(file);
    }
    let (tcp, unix) = (refused(&tcp).await, refused(&unix).await);
    drop(open);
    table.add(Peer::Network, "no file descriptor is left", ("connect-exhausted", AGAIN), tcp);
    table.add(Peer::Network, "no file descriptor is left for a Unix socket", failed, unix);
}

fn shell(command: &str) {
    let status = Command::new("sh").args(["-ec", command]).status().unwrap();
    assert!(status.success(), "{command}: {status}");
}

/// A name server that knows no name.
struct NameServer {
    ends: Arc<AtomicBool>,
    answering: Option<JoinHandle<()>>,
}

impl NameServer {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let answering = std::thread::spawn(move || {
            let mut query = [0; 512];
            while !ended.load(Ordering::SeqCst) {
                let Ok((length @ 12.., from)) = socket.recv_from(&mut query) else { continue };
                // RFC 1035 4.1.1: a response, recursion desired and available, and no such name.
                query[2..4].copy_from_slice(&[0x81, 0x83]);
                let _ = socket.send_to(&query[..length], from);
            }
        });
        Self { ends, answering: Some(answering) }
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = self.answering.take().map(JoinHandle::join);
    }
}
