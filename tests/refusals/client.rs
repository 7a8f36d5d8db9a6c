//! What our own client makes of the refusals: who has refused, why, and what to do, however it is delivered.

use ws_client::{Client, ConnectError, Responsible};
use ws_core::refusal::{Cause, Disclosure, TraceStep};
use ws_server::Delivery;

use crate::setup::Setup;
use tests::wire::Running;

async fn refused(delivery: Delivery, disclosure: Disclosure) -> ConnectError {
    let running =
        Running::start(|server| Setup::default().build(server).delivery(delivery).disclosure(disclosure))
            .await;
    let client =
        Client::builder(format!("ws://{}/chat", running.address)).unwrap().subprotocols(["chat"]).unwrap();
    client.connect().await.unwrap_err()
}

#[tokio::test]
async fn the_client_knows_that_the_application_has_refused_and_why() {
    for disclosure in [Disclosure::Full, Disclosure::Standard, Disclosure::Minimal] {
        let told = (disclosure != Disclosure::Minimal).then_some(Cause::CredentialsMissing);
        for delivery in [Delivery::Http, Delivery::CloseFrame] {
            let error = refused(delivery, disclosure).await;
            assert_eq!((error.cause(), error.is_worth_retrying()), (told, false), "{error:?}");
            assert_eq!(error.responsible(), Responsible::Client, "{error:?}");
            match error {
                ConnectError::Refused(refused) if delivery == Delivery::Http => {
                    assert!(refused.by_application());
                    let trace = refused.problem.map(|problem| problem.trace).unwrap_or_default();
                    let last = trace.last().and_then(TraceStep::cause);
                    let full = disclosure == Disclosure::Full;
                    assert_eq!(last, full.then_some(Cause::CredentialsMissing));
                }
                ConnectError::Closed(closed) if delivery == Delivery::CloseFrame => {
                    assert!(closed.by_application());
                    assert_eq!(closed.frame.map(|frame| frame.code), Some(3000));
                    assert_eq!(closed.refused_by.and_then(|by| by.id).map(|id| id.len()), Some(24));
                }
                other => panic!("{delivery:?}: {other:?}"),
            }
        }
    }
}
