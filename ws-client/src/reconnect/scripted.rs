//! What the tests share: a client on a network in memory, whose server does what the test says, under a paused clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::WebSocket;

use super::{ReconnectConfig, Reconnecting, State};
use crate::memory::{Incoming, Listener, Network, network};
use crate::{Builder, Client, Error};

pub(super) const SECOND: Duration = Duration::from_secs(1);
/// Longer than anything that is waited for here; under a paused clock it costs nothing.
pub(super) const LONG: Duration = Duration::from_secs(3600);

pub(super) fn builder(network: &Network) -> Builder {
    Client::builder("ws://rooms.test/lobby").expect("valid").connector(network.clone())
}

pub(super) fn started(config: ReconnectConfig) -> (Reconnecting, Network, Listener) {
    let (network, listener) = network();
    (builder(&network).build().reconnecting(config), network, listener)
}

pub(super) async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(LONG, what).await.expect("it comes within an hour")
}

pub(super) async fn incoming(listener: &mut Listener) -> Incoming {
    within(listener.accept()).await.expect("a client comes")
}

pub(super) async fn accept(listener: &mut Listener) -> WebSocket {
    incoming(listener).await.accept().await.expect("a handshake")
}

pub(super) async fn state(states: &mut watch::Receiver<State>, wanted: impl FnMut(&State) -> bool) -> State {
    within(states.wait_for(wanted)).await.expect("the task lives").clone()
}

pub(super) async fn text(socket: &mut WebSocket) -> String {
    let message = within(socket.recv()).await.expect("open").expect("a message");
    message.as_text().expect("text").to_owned()
}

/// The last words of a client that has stopped.
pub(super) async fn stopped(client: &mut Reconnecting) -> Arc<Error> {
    within(client.recv()).await.expect_err("it has stopped")
}

pub(super) fn frame(code: u16, reason: &str) -> CloseFrame {
    CloseFrame::new(CloseCode::new(code).expect("it may be sent"), reason)
}

pub(super) async fn open(client: &Reconnecting) {
    state(&mut client.state(), State::is_open).await;
}
