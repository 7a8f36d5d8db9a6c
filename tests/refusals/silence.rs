//! No secret of the suite is in anything that the suite could read.

use std::collections::BTreeSet;

use crate::{catalogue, credentials, ends, kinds, secrets};

#[tokio::test]
async fn no_secret_is_in_a_log_a_trace_a_metric_or_an_answer() {
    secrets::listen();
    catalogue::run().await;
    ends::run().await;
    credentials::check().await;
    kinds::check().await;
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
    if let Some((secret, line)) = secrets::found(&told, &secrets) {
        panic!("{secret:?} is in: {line}");
    }
}

/// A search that finds nothing proves nothing, unless it would find something.
#[test]
fn a_secret_that_is_told_is_found_in_each_of_its_forms() {
    let secret = secrets::keep("a-planted.secret-that-somebody-might-have-written.into-a-line-of-the-log");
    let secrets: BTreeSet<String> = secrets::all();
    for told in [
        secret.clone(),
        format!("Authorization: Bearer {secret}"),
        "YS1wbGFudGVkLnNlY3JldC10aGF0LXNvbWVib2R5LW1pZ2h0LWhhdmUtd3JpdHRlbi5pbnRvLWEtbGluZS1vZi10aGUtbG9n"
            .into(),
        secret.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat(),
        "the token secret-that-somebody-mig… is no good".into(),
    ] {
        let lines = format!("before\n{told}\nafter");
        assert_eq!(secrets::found(&lines, &secrets).map(|(_, line)| line), Some(&*told));
    }
    assert_eq!(secrets::found("the token is no good", &secrets), None);
}
