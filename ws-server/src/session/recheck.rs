use std::sync::Arc;

use tokio::task::JoinSet;
use ws_core::refusal::{Cause, Refusal};

use super::judge::Judge;
use super::{SessionHandle, SessionInfo, Sessions};
use crate::gate::Gate;

/// How many sessions are asked about at once.
const AT_ONCE: usize = 32;

/// What came of asking again whether those who are here may be here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rechecked {
    /// Sessions whose routes demand something.
    pub asked: usize,
    /// Those that were ended, since it is no more granted.
    pub ended: usize,
    /// Those that go on although nobody could say whether it is.
    pub undecided: usize,
}

#[derive(Clone, Copy)]
enum Outcome {
    Granted,
    Ended,
    Undecided,
}

impl Sessions {
    /// Asks again, for every session, what the route asks at the handshake: its scopes, its roles and its authorizers, about
    /// the request as it came then and the identity as it is now. Whoever is denied is ended (3003): call it when
    /// permissions were withdrawn, and after a [`reload`](crate::ServerHandle::reload) that withdraws some, since it is the
    /// settings of now that are asked, unless they do not have the route any more. A session whose authorizers cannot be
    /// asked goes on, and so does one that began when its route had none and needed none of its handshake kept.
    ///
    /// # Cancel safety
    /// Sessions that were denied before the future is dropped are ended, the others go on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn recheck(&self) -> Rechecked {
        let (mut rechecked, mut asking) = (Rechecked::default(), JoinSet::new());
        for session in self.iter() {
            let SessionHandle(session) = session;
            let Some(judge) = session.judge().filter(|judge| judge.policy.demands_permission()) else {
                continue;
            };
            if !session.control.is_open() {
                continue;
            }
            rechecked.asked += 1;
            if asking.len() >= AT_ONCE
                && let Some(outcome) = asking.join_next().await
            {
                rechecked.add(outcome.unwrap_or(Outcome::Undecided));
            }
            asking.spawn(ask(session, judge));
        }
        while let Some(outcome) = asking.join_next().await {
            rechecked.add(outcome.unwrap_or(Outcome::Undecided));
        }
        rechecked
    }
}

impl Rechecked {
    const fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Granted => {}
            Outcome::Ended => self.ended += 1,
            Outcome::Undecided => self.undecided += 1,
        }
    }
}

async fn ask(session: Arc<SessionInfo>, Judge { gate, policy }: Judge) -> Outcome {
    let who = session.identity();
    let decided = match session.request() {
        Some(request) => gate.check_permission(&policy, &request, &who).await,
        None => Gate::check_demands(&policy, &who),
    };
    match decided {
        Ok(()) if session.petition.is_none() && !policy.authorizers().is_empty() => Outcome::Undecided,
        Ok(()) => Outcome::Granted,
        Err(Refusal { cause: Cause::AuthorizationUnavailable | Cause::InternalError, .. }) => {
            Outcome::Undecided
        }
        Err(refusal) => {
            SessionHandle(Arc::clone(&session)).close(refusal);
            Outcome::Ended
        }
    }
}
