//! Who connects to whom, and whether it can be done.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use ws_core::net::Transport;

use super::incoming::{Arriving, Incoming};
use super::link::{End, Link, WeakLink};
use crate::connect::{ConnectFuture, Connector, WsUrl};

/// Connections that may wait for [`Listener::accept`], as in a kernel's queue.
const BACKLOG: usize = 128;

/// A network in memory with one server on it, which has every name and every port.
///
/// The [`Network`] is for [`Builder::connector`](crate::Builder::connector), the [`Listener`] for the test.
pub fn network() -> (Network, Listener) {
    let (to_listener, incoming) = mpsc::channel(BACKLOG);
    let (state, _) = watch::channel(State::Good);
    (
        Network { to_listener, shared: Arc::new(Shared { state, links: Mutex::default() }) },
        Listener { incoming, arriving: None },
    )
}

/// What clients connect through. Clones are the same network.
#[derive(Clone, Debug)]
pub struct Network {
    to_listener: mpsc::Sender<(WsUrl, End)>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: watch::Sender<State>,
    links: Mutex<Vec<WeakLink>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    Silent,
    Refusing(io::ErrorKind),
}

impl Network {
    /// Every connection that there is is lost ([`Link::cut`]); new ones can be made.
    pub fn cut(&self) {
        self.each(Link::cut);
    }

    /// Nothing arrives any more, on connections that there are ([`Link::silence`]) and on the way to a new one: those who
    /// connect wait until their timeout.
    pub fn silence(&self) {
        self.shared.state.send_replace(State::Silent);
        self.each(Link::silence);
    }

    /// New connections fail with this error, such as [`io::ErrorKind::ConnectionRefused`]; those that there are go on.
    pub fn refuse(&self, kind: io::ErrorKind) {
        self.shared.state.send_replace(State::Refusing(kind));
    }

    /// Ends silence and refusal: connections can be made again, and those that were silent go on.
    pub fn restore(&self) {
        self.shared.state.send_replace(State::Good);
        self.each(Link::restore);
    }

    /// How many connections there are: those of which one end is in use at least.
    pub fn connections(&self) -> usize {
        let mut count = 0;
        self.each(|_| count += 1);
        count
    }

    /// Does this to each connection, and forgets those that are over.
    fn each(&self, mut act: impl FnMut(&Link)) {
        self.links().retain(|link| link.upgrade().inspect(|link| act(link)).is_some());
    }

    async fn dial(&self, url: &WsUrl) -> io::Result<Box<dyn Transport>> {
        let mut state = self.shared.state.subscribe();
        // The sender is in `self`, so the wait ends with a state.
        let state = state.wait_for(|state| *state != State::Silent).await.map(|state| *state);
        if let Ok(State::Refusing(kind)) = state {
            return Err(kind.into());
        }
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let place = self.to_listener.reserve().await.map_err(|_| refused())?;
        let (client, server, link) = Link::open();
        {
            let mut links = self.links();
            links.retain(|link| link.upgrade().is_some());
            links.push(link.downgrade());
        }
        place.send((url.clone(), server));
        Ok(Box::new(client))
    }

    fn links(&self) -> std::sync::MutexGuard<'_, Vec<WeakLink>> {
        self.shared.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connector for Network {
    fn connect<'a>(&'a self, url: &'a WsUrl) -> ConnectFuture<'a> {
        Box::pin(self.dial(url))
    }
}

/// Where connections arrive. When it is dropped, new ones are refused.
#[derive(Debug)]
pub struct Listener {
    incoming: mpsc::Receiver<(WsUrl, End)>,
    /// The connection whose request is being read.
    arriving: Option<Arriving>,
}

impl Listener {
    /// The next handshake, as soon as its request is there; `None` when nobody is left who could connect. Connections
    /// that end before their request is there are passed over.
    ///
    /// # Cancel safety
    ///
    /// No handshake is lost when the future is dropped.
    pub async fn accept(&mut self) -> Option<Incoming> {
        loop {
            let arriving = match &mut self.arriving {
                Some(arriving) => arriving,
                none => {
                    let (url, stream) = self.incoming.recv().await?;
                    none.insert(Arriving::new(url, stream))
                }
            };
            let read = arriving.read().await;
            if let (Some(arriving), Ok(head)) = (self.arriving.take(), read) {
                return Some(arriving.arrived(head));
            }
        }
    }
}
