//! The examples that the browser talks to.

use std::process::Command;
use std::time::Duration;

use tests::process::{Running, example, target};

/// Builds an example and starts it on a free port; gives the `HOST:PORT` that it listens on as well.
pub(crate) fn start(example_name: &str, test: &str, flags: &[&str]) -> (Running, String) {
    let program = example(example_name).expect("the example builds");
    let log = target().join("tmp").join(format!("browser-{test}-{example_name}.log"));
    let mut command = Command::new(program);
    command.args(["--listen", "127.0.0.1:0"]).args(flags);
    let (server, url) =
        Running::start_server(&mut command, &log, Duration::from_secs(30)).expect("the example listens");
    let address = url.split("://").nth(1).expect("a URL").trim_end_matches('/').to_owned();
    (server, address)
}

/// Ends a server as an operator does.
pub(crate) fn stop(mut server: Running) {
    let status = server.terminate(Duration::from_secs(20)).expect("it ends");
    assert!(status.success(), "{status}: {}", server.tail());
}
