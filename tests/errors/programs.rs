//! Other programs: where they listen, and the files that they read.

use std::fmt;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::process::{Running, target};
use tokio::net;

const LIMIT: Duration = Duration::from_secs(30);

/// Why a program does not run.
pub(crate) struct Missing(String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Missing {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// An address at which nobody listens, for a program that has to be told. No other program of this machine's takes ports
/// of this address, so that it stays free.
pub(crate) fn address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.9.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Starts the program, and waits until it listens at all these addresses.
pub(crate) fn start(
    program: &str,
    arguments: &[&str],
    directory: &Path,
    addresses: &[SocketAddr],
) -> Result<Running, Missing> {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    let log = target().join("tmp").join(format!("errors-{name}.log"));
    // Debian's are where only root looks.
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("env");
    command.arg(format!("PATH={path}")).arg(program).args(arguments).current_dir(directory);
    let mut running = Running::start(&mut command, &log)?;
    let begun = Instant::now();
    for address in addresses {
        while TcpStream::connect(address).is_err() {
            if !running.is_running() || begun.elapsed() > LIMIT {
                return Err(Missing(format!("{program} does not start: {}", running.tail())));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    Ok(running)
}

/// A server that does the same with each connection.
pub(crate) async fn repeating<F>(script: impl Fn(net::TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}
