//! Peers in other languages: scripts beside this file, run by the runtimes that are installed for them.

use std::process::Command;

use tests::process::{Running, target, workspace};
use tests::runtimes::{self, Unavailable};
use tests::suites;

use crate::peers::ours::{self, Answering, Compression};
use crate::talk::{LIMIT, converse, take_leave};

/// A script that speaks as talk.rs does, and how to run it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Foreign {
    /// Python's `websockets`.
    Python,
    /// Node's `ws`.
    Node,
}

impl Foreign {
    /// Our server with its client, our client with its server, each with every compression.
    pub(crate) async fn talk(self) {
        if !suites::asked_for(self.name(), "interop") {
            return;
        }
        match self.command() {
            Err(why) => suites::skip(self.name(), format_args!("it cannot be had: {why}")),
            Ok(_) => {
                for compression in Compression::ALL {
                    self.client_with_our_server(compression).await;
                    self.server_with_our_client(compression).await;
                }
            }
        }
    }

    async fn client_with_our_server(self, compression: Compression) {
        let mut server = Answering::start(compression).await;
        let mut command = self.command().expect("it was there a moment ago");
        command.args(["client", &server.url]);
        let mut client = Running::start(flag(&mut command, compression), &self.log("client", compression))
            .expect("it starts");
        let (status, client) = tokio::task::spawn_blocking(move || (client.wait(LIMIT), client))
            .await
            .expect("waiting does not panic");
        let status = status.expect("an end in time");
        assert!(
            status.success(),
            "{self:?}'s client, compression {compression:?}: {status}: {}",
            client.tail()
        );
        tokio::time::timeout(LIMIT, server.answered_two()).await.expect("both connections ended well");
    }

    async fn server_with_our_client(self, compression: Compression) {
        let mut command = self.command().expect("it was there a moment ago");
        command.arg("server");
        let (mut server, url) =
            Running::start_server(flag(&mut command, compression), &self.log("server", compression), LIMIT)
                .expect("it starts");
        let talking = async {
            converse(&mut ours::connect(&url, compression).await).await;
            take_leave(&mut ours::connect(&url, compression).await).await;
        };
        tokio::time::timeout(LIMIT, talking).await.expect("in time");
        // It ends at once when it hears something wrong; what it heard last was the closing handshake.
        let still_there = ours::connect(&url, compression).await;
        assert!(server.is_running(), "{self:?}'s server, compression {compression:?}: {}", server.tail());
        drop(still_there);
    }

    fn command(self) -> Result<Command, Unavailable> {
        let scripts = workspace().join("tests/interop");
        Ok(match self {
            Self::Python => {
                let mut command = Command::new(runtimes::python_websockets()?);
                command.arg(scripts.join("peer.py"));
                command
            }
            Self::Node => {
                let (node, installed) = runtimes::node_ws()?;
                let mut command = Command::new(node);
                command.arg(scripts.join("peer.js")).env("WS_MODULE", installed.join("node_modules/ws"));
                command
            }
        })
    }

    fn log(self, part: &str, compression: Compression) -> std::path::PathBuf {
        target().join("tmp").join(format!("interop-{self:?}-{part}-{compression:?}.log").to_lowercase())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Python => "interoperation with Python's websockets",
            Self::Node => "interoperation with node's ws",
        }
    }
}

fn flag(command: &mut Command, compression: Compression) -> &mut Command {
    if compression != Compression::Off {
        command.arg("--deflate");
    }
    command
}
