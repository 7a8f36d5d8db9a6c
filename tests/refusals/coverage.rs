//! No row of the catalogue is forgotten.

use std::collections::BTreeSet;

use ws_core::refusal::Cause;

/// Causes that have an HTTP status and that the server does not give yet, each with the reason. The list only shrinks.
const NOT_YET: &[(&str, &str)] = &[
    ("forwarded-invalid", "no proxy is trusted"),
    ("tls-on-plain-port", "the client speaks no TLS"),
    ("plain-http-on-tls-port", "there is no TLS listener"),
    ("address-denied", "there are no address lists"),
    ("rate-limited", "attempts are not counted"),
    ("upstream-down", "there is no gateway"),
    ("upstream-refused", "there is no gateway"),
    ("upstream-timeout", "there is no gateway"),
];

#[tokio::test]
async fn every_cause_is_given_or_listed() {
    let mut seen = crate::head::check().await;
    seen.extend(crate::upgrade::check().await);
    seen.extend(crate::server::check().await);
    seen.extend(crate::permissions::check().await);
    seen.extend(crate::credentials::check().await);
    let seen: BTreeSet<&str> = seen.into_iter().map(Cause::code).collect();
    let listed: BTreeSet<&str> = NOT_YET.iter().map(|(code, _)| *code).collect();
    let with_status = Cause::ALL.iter().filter(|cause| cause.status().is_some()).map(|cause| cause.code());
    let expected: BTreeSet<&str> = with_status.collect();
    assert_eq!(seen.intersection(&listed).collect::<Vec<_>>(), Vec::<&&str>::new(), "given and listed");
    assert_eq!(seen.union(&listed).copied().collect::<BTreeSet<_>>(), expected);
}
