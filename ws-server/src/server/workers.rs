//! Threads of the server's own, each with a runtime and a share of the connections for itself.

use std::net::TcpListener;
use std::time::Duration;
use std::{io, thread};

use tokio::runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::bound::serve_here;
use super::current::Current;
use super::error::ServeError;
use crate::listener::Door;

/// Runs `threads` threads with one socket of each address each, until the shutdown is over. Where an address has fewer
/// sockets than there are threads, they share them.
pub(super) async fn serve(
    current: &Current,
    listeners: Vec<(Door, Vec<TcpListener>)>,
    threads: usize,
) -> Result<(), ServeError> {
    let (sender, mut ended) = mpsc::channel(threads.max(1));
    // Whoever drops this future ends the threads too.
    let _shutdown = ShutdownOnDrop(current.clone());
    for nth in 0..threads {
        let (current, sender, listeners) = (current.clone(), sender.clone(), share(&listeners, nth)?);
        thread::Builder::new().name(format!("ws-server-{nth}")).spawn(move || {
            let result = run(&current, listeners);
            // Nobody listens any more where serve() was dropped.
            let _ = sender.blocking_send(result);
        })?;
    }
    // From here on the threads alone hold the sockets, and close them when they end.
    drop((sender, listeners));
    for _ in 0..threads {
        tokio::select! {
            biased;
            // A thread that panics drops its sender without a word.
            result = ended.recv() => result.ok_or(ServeError::ThreadPanicked)??,
            () = overdue(current) => return Err(ServeError::ThreadBlocked),
        }
    }
    Ok(())
}

/// What a thread gets after the drain timeout to come to its end.
const GRACE: Duration = Duration::from_secs(1);

/// Completes when every thread should have ended.
async fn overdue(current: &Current) {
    current.drain().begun().await;
    sleep_until(current.drain().deadline().unwrap_or_else(Instant::now) + GRACE).await;
}

fn run(current: &Current, listeners: Vec<(Door, TcpListener)>) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve_here(current, listeners))
}

/// The sockets of the thread with this number.
fn share(listeners: &[(Door, Vec<TcpListener>)], nth: usize) -> io::Result<Vec<(Door, TcpListener)>> {
    let of_address = |(door, sockets): &(Door, Vec<TcpListener>)| {
        let socket = sockets.get(nth % sockets.len().max(1))?.try_clone();
        Some(socket.map(|socket| (door.clone(), socket)))
    };
    listeners.iter().filter_map(of_address).collect()
}

struct ShutdownOnDrop(Current);

impl Drop for ShutdownOnDrop {
    fn drop(&mut self) {
        self.0.shut_down();
    }
}
