use ws_core::head::{HeadError, HeadLimits, RequestHead};
use ws_core::refusal::Refusal;

use super::Connection;
use crate::gate::{RouteMatch, Trace};
use crate::listener::{Entry, Place};
use crate::server::{
    Answer, Arrival, Current, Farewell, Refused, Reply, Request, ServerHandle, Shared, Upgrade, explain_head,
    refuse, respond,
};
use crate::session::{Busy, RequestId};

/// A server without listeners: its routes and pages, for a program that reads requests by itself.
///
/// Made by [`ServerBuilder::embed`](crate::ServerBuilder::embed). Clones are the same server. With the feature `hyper` it
/// answers requests of hyper; with the feature `axum` a single route guards a handler of axum, see
/// [`axum`](crate::embed).
///
/// A connection counts from its request on, rather than from accept: the embedding program has accepted it.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub(super) current: Current,
}

/// What became of a request.
pub(super) enum Met {
    /// It is answered. `None`: the connection is to end without an answer.
    Answered(Option<Answer>),
    /// It is refused in a Close frame; the place is given back after it.
    Refused { farewell: Box<Farewell>, place: Option<Place> },
    /// It is let in, with what the session gives back at its end.
    Admitted { upgrade: Box<Upgrade>, place: Place, busy: Busy },
}

impl Embedded {
    pub(crate) const fn new(current: Current) -> Self {
        Self { current }
    }

    /// Whether there is a route or a page at this path: what is neither may be the embedding program's.
    pub fn has(&self, path: &str) -> bool {
        self.current.load().has(path)
    }

    /// A handle to look at the sessions, and to end them with the program.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(self.current.clone())
    }

    /// The limits that a head is read with.
    pub(super) fn head_limits(&self) -> HeadLimits {
        self.current.load().limits.head
    }

    /// Answers what was no head, by our rules.
    pub(super) fn refuse_head(&self, error: &HeadError, connection: &Connection) -> Met {
        self.refuse(explain_head(error), connection)
    }

    /// Answers what never came to be a request that could be decided on.
    pub(super) fn refuse(&self, refusal: Refusal, connection: &Connection) -> Met {
        let trace = Trace::default();
        let about = Refused {
            peer: connection.peer,
            request_id: RequestId::new(),
            method: None,
            path: None,
            trace: &trace,
            dry_run: false,
        };
        Met::Answered(
            self.current.load().refuse(refusal, &about).map(|refusal| Answer::refusal(refusal, false)),
        )
    }

    /// Decides on a request; `route` says what the embedding program's router has found, if that is who looks.
    pub(super) async fn meet(
        &self,
        head: RequestHead,
        connection: &Connection,
        route: impl FnOnce(&Shared) -> Option<RouteMatch>,
    ) -> Met {
        let shared = &*self.current.load();
        let busy = shared.drain.busy();
        let Connection { peer, secure, certificate } = connection.clone();
        let mut arrival = Arrival::new(peer, secure, certificate);
        if let Err(refusal) = shared.look_behind_proxies(&mut arrival, &head) {
            let request = Request::new(head, shared.facts(arrival, None));
            return Met::Answered(refuse(shared, &request, refusal, &Trace::default()));
        }
        let (place, crowded) = match shared.places.enter(Some(arrival.peer.ip())) {
            Entry::Admitted(mut place) => {
                let crowded = place.claim().err();
                (Some(place), crowded)
            }
            Entry::TurnedAway(crowded) => (None, Some(crowded)),
        };
        let mut request = Request::new(head, shared.facts(arrival, crowded));
        request.route = route(shared);
        match (respond(shared, &request).await, place) {
            (Reply::Answer(answer), _) => Met::Answered(answer),
            (Reply::Farewell(farewell), place) => Met::Refused { farewell, place },
            (Reply::Upgrade(upgrade), Some(place)) => Met::Admitted { upgrade, place, busy },
            // Who was turned away was not let in: the gate was told that there is no room.
            (Reply::Upgrade(_), None) => Met::Answered(None),
        }
    }
}
