use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ws_core::refusal::Cause;

use super::{Admission, Preparing};
use crate::session::{HandlerError, Running, Session, Start};

/// Gets ready what a route needs when the client has said in its first message who it is, since nobody can prepare for a
/// stranger. The 101 is out by then, so that whatever is missing ends the session; the subprotocol stays as it is.
pub(crate) struct Late {
    pub(crate) prepare: Arc<dyn Preparing>,
    pub(crate) limit: Duration,
}

impl Start for Late {
    fn start(&self, session: Session) -> Pin<Box<dyn Running>> {
        Box::pin(run(Arc::clone(&self.prepare), self.limit, session))
    }
}

async fn run(prepare: Arc<dyn Preparing>, limit: Duration, session: Session) -> Result<(), HandlerError> {
    let info = Arc::clone(&session.info);
    let request = info.request().ok_or(Cause::InternalError);
    let request = request.map_err(ws_core::refusal::Refusal::from)?;
    let identity = info.identity();
    let (subprotocol, request_id) = (info.subprotocol(), info.request_id());
    let admission = Admission { request, identity: &identity, subprotocol, answered: true, request_id };
    let ready = prepare.ready(limit, &admission).await.map_err(|unprepared| unprepared.refusal().clone())?;
    let mut handler = ready.handler.start(session);
    poll_fn(|cx| handler.as_mut().poll_outcome(cx)).await
}
