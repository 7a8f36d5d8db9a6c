use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    Action, Authorization, AuthorizationError, Authorizer,
    logic::{All, Fold},
};
use crate::{
    authenticate::{BoxFuture, HandshakeContext, Identity},
    deadline::after,
    guard::{Guarded, guarded},
};

/// Asks all of these authorizers whether `who` may do this in a connection that runs: none may say no, and one has to
/// say yes. Together they have `limit`.
///
/// # Errors
/// The first no; [`AuthorizationError::Unavailable`] and [`AuthorizationError::Internal`] where one of them is slow or
/// panics, and none says no; [`AuthorizationError::Undecided`], a `policy-denied`, where nobody says anything.
///
/// # Cancel safety
/// The questions are dropped with the future.
///
/// # Panics
/// Outside a tokio runtime whose time is enabled, if there is somebody to ask.
pub async fn decide_action(
    authorizers: &[Arc<dyn Authorizer>],
    action: &Action<'_>,
    who: &Identity,
    limit: Duration,
) -> Authorization {
    decide(authorizers, limit, |authorizer| authorizer.authorize_action(action, who)).await
}

/// The same question about a handshake.
pub(crate) async fn decide_handshake(
    authorizers: &[Arc<dyn Authorizer>],
    request: &HandshakeContext<'_>,
    who: &Identity,
    limit: Duration,
) -> Authorization {
    decide(authorizers, limit, |authorizer| authorizer.authorize(request, who)).await
}

async fn decide<'a>(
    authorizers: &'a [Arc<dyn Authorizer>],
    limit: Duration,
    ask: impl Fn(&'a dyn Authorizer) -> BoxFuture<'a, Authorization>,
) -> Authorization {
    let deadline = after(limit);
    let mut all = All::default();
    for authorizer in authorizers {
        // Those who come after a slow one are still asked: at once they may have an answer.
        let left = deadline.saturating_duration_since(Instant::now());
        let answer = match guarded(left, || ask(&**authorizer)).await {
            Guarded::Done(answer) => answer,
            Guarded::Panicked => Err(AuthorizationError::Internal),
            Guarded::TooSlow => Err(AuthorizationError::Unavailable { retry_after: None }),
        };
        if all.add(answer).is_break() {
            break;
        }
    }
    all.finish()
}
