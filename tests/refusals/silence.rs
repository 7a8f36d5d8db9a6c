//! No secret of the suite is in anything that the suite could read.

use crate::{catalogue, credentials, secrets};

#[tokio::test]
async fn no_secret_is_in_a_log_a_trace_a_metric_or_an_answer() {
    secrets::listen();
    catalogue::run().await;
    credentials::check().await;
    let (told, secrets) = (secrets::all_told(), secrets::all());
    assert!(secrets.len() > 40, "{}", secrets.len());
    // What was told is really there: each kind of it has left its mark.
    for mark in [
        "ws_server::refusal: refused",
        "ws_server::handshake: accepted",
        " authentication=token-expired:",
        "us{the token expired",
        r#""check":"authentication","outcome":"refused""#,
        "RefusalReport {",
        "AcceptReport {",
        "ws_handshakes_refused_total{cause=\"token-expired\",status=\"401\"} 1",
        "application/problem+json",
        "token-expired: The token has expired",
    ] {
        assert!(told.contains(mark), "{mark:?} is nowhere to be seen");
    }
    for secret in secrets {
        if let Some(at) = told.find(&secret) {
            let line = told[..at].lines().count();
            panic!(
                "{secret:?} is in line {line}: {}",
                told.lines().nth(line.saturating_sub(1)).unwrap_or_default()
            );
        }
    }
}
