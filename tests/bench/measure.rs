//! What is measured of one server.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tests::measured::Server;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::load::{Client, Frames};

/// Server CPU for one message, in microseconds, with `connections` each keeping its messages in flight.
pub(crate) async fn echo(
    server: &Server,
    connections: usize,
    frames: Frames,
    window: Duration,
) -> io::Result<f64> {
    let (frames, count) = (Rc::new(frames), Rc::new(Cell::new(0)));
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let client = Client::open(server.address).await?;
        clients.spawn_local(client.echo(Rc::clone(&frames), Rc::clone(&count)));
    }
    sleep(window / 4).await;
    let (messages, cpu) = (count.get(), server.cpu()?);
    sleep(window).await;
    let (messages, cpu) = (count.get() - messages, server.cpu()? - cpu);
    if let Some(ended) = clients.try_join_next() {
        ended??;
    }
    if messages == 0 {
        return Err(io::Error::other("no message came back"));
    }
    Ok(ratio(cpu, messages) / 1000.0)
}

/// Server CPU for one connection, in microseconds: accept, handshake, one message, the end.
pub(crate) async fn handshake(server: &Server, handshakes: usize) -> io::Result<f64> {
    const AT_ONCE: usize = 16;
    let frames = Rc::new(Frames::new(16, 1, true));
    let cpu = server.cpu()?;
    let mut clients = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (address, frames) = (server.address, Rc::clone(&frames));
        clients.spawn_local(async move {
            for _ in 0..handshakes / AT_ONCE {
                Client::open(address).await?.echo_once(&frames).await?;
            }
            Ok::<_, io::Error>(())
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    // The server has still to see the last ones go.
    sleep(Duration::from_millis(50)).await;
    Ok(ratio(server.cpu()? - cpu, (handshakes / AT_ONCE * AT_ONCE) as u64) / 1000.0)
}

/// Memory of one idle connection in bytes: fresh from its handshake, and after one small message.
pub(crate) async fn idle(server: &Server, connections: usize) -> io::Result<(f64, f64)> {
    let frames = Frames::new(125, 1, true);
    // What the first connections bring into being is not the others' cost.
    let mut clients = Vec::with_capacity(connections + 64);
    for _ in 0..64 {
        let mut client = Client::open(server.address).await?;
        client.echo_once(&frames).await?;
        clients.push(client);
    }
    let before = server.resident()?;
    for _ in 0..connections {
        clients.push(Client::open(server.address).await?);
    }
    let fresh = server.resident()?;
    for client in &mut clients[64..] {
        client.echo_once(&frames).await?;
    }
    let used = server.resident()?;
    let each = |after: u64| ratio(after.saturating_sub(before), connections as u64);
    Ok((each(fresh), each(used)))
}

#[expect(clippy::cast_precision_loss, reason = "a measurement has no 52 bits of precision")]
fn ratio(sum: u64, count: u64) -> f64 {
    sum as f64 / count as f64
}
