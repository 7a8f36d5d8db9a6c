//! What the catalogue says that a client and an operator must be told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::wire::Answer;
use ws_core::refusal::{Cause, Challenge, CloseRefusal, Disclosure, FieldValue, RefusedBy};

use crate::scene::{Outcome, Report, Told};
use crate::setup::Way;

/// Bodies of refusals at [`Disclosure::Minimal`], by status: there is one for each.
pub(crate) type MinimalBodies = BTreeMap<u16, Vec<u8>>;

/// Compares everything.
pub(crate) fn check(
    cause: Cause,
    disclosure: Disclosure,
    way: Way,
    in_frame: bool,
    outcome: &Outcome,
    minimal: &mut MinimalBodies,
) {
    let at = format!("{cause} {disclosure:?} {way:?}: {outcome:#?}");
    // Each refusal is reported once, with the true cause, and counted once.
    let [report] = &outcome.reports[..] else { panic!("one report, not {}: {at}", outcome.reports.len()) };
    assert_eq!((report.cause, outcome.counted), (cause, 1), "{at}");
    match &outcome.told {
        Told::Nothing => {
            assert_eq!((cause.status(), report.status, report.close_code), (None, None, None), "{at}");
        }
        Told::Http(answer) => {
            assert!(!in_frame, "{at}");
            assert_eq!((report.status, report.close_code), (cause.status(), None), "{at}");
            http(cause, disclosure, answer, report, &at);
            body(cause, disclosure, answer, &at);
            if disclosure == Disclosure::Minimal {
                let same = minimal.entry(answer.head.status()).or_insert_with(|| answer.body.clone());
                assert_eq!(*same, answer.body, "the same body for every cause of one status: {at}");
            }
        }
        Told::Frame(answer, code, reason) => {
            assert!(in_frame, "{at}");
            assert_eq!((report.status, report.close_code), (None, cause.close_code()), "{at}");
            assert_eq!(answer.field("X-Request-Id"), Some(&*report.id), "{at}");
            frame(cause, disclosure, *code, reason, &at);
        }
    }
}

/// Status and fields.
fn http(cause: Cause, disclosure: Disclosure, answer: &Answer, report: &Report, at: &str) {
    assert_eq!(Some(answer.head.status()), cause.status(), "{at}");
    for (name, value) in [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")] {
        assert_eq!(answer.field(name), Some(value), "{at}");
    }
    assert_eq!(answer.field("Content-Length"), Some(&*answer.body.len().to_string()), "{at}");
    assert_eq!(answer.field("X-Request-Id"), Some(&*report.id), "{at}");
    let told = (disclosure != Disclosure::Minimal).then(|| cause.disclosed().code().to_owned());
    let refused_by = RefusedBy { name: "ws-server".to_owned(), code: told, id: Some(report.id.clone()) };
    assert_eq!(answer.field(RefusedBy::FIELD), Some(&*refused_by.to_string()), "{at}");
    let all = |name: &str| {
        let fields = answer.fields().into_iter();
        fields
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
    };
    let required: BTreeSet<_> = cause.required_fields().iter().map(|(name, _)| *name).collect();
    for (name, value) in cause.required_fields() {
        match value {
            FieldValue::Fixed(value) => {
                let listed = all(name).join(", ");
                assert!(listed.split(", ").any(|element| element == *value), "{name}: {value} in {at}");
            }
            FieldValue::Seconds => assert!(all(name)[0].parse::<u64>().unwrap() >= 1, "{at}"),
            FieldValue::Challenges => challenges(cause, &all(name), at),
            other => panic!("{other:?} is not known here"),
        }
    }
    for name in ["WWW-Authenticate", "Retry-After", "Allow", "Upgrade", "Sec-WebSocket-Version"] {
        assert_eq!(all(name).is_empty(), !required.contains(name), "{name} in {at}");
    }
}

/// RFC 9110 11.6.1: one challenge for each scheme; RFC 6750 3.1: the one of `Bearer` says what is wrong.
fn challenges(cause: Cause, fields: &[String], at: &str) {
    let read = fields.iter().flat_map(|field| Challenge::parse_list(field).unwrap());
    let challenges: Vec<_> = read.collect();
    assert!(!challenges.is_empty(), "{at}");
    for challenge in challenges {
        assert!(challenge.realm().is_some(), "{at}");
        let error = cause.oauth_error().filter(|_| challenge.is("Bearer"));
        assert_eq!(challenge.get("error"), error, "{at}");
        let scope = error == Some("insufficient_scope");
        assert_eq!(challenge.get("scope"), scope.then_some("chat:read"), "{at}");
    }
}

/// The members of the body (RFC 9457 3).
fn body(cause: Cause, disclosure: Disclosure, answer: &Answer, at: &str) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let members: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(body["status"].as_u64(), cause.status().map(u64::from), "{at}");
    if disclosure == Disclosure::Minimal {
        assert_eq!(members, BTreeSet::from(["status", "title", "type"]), "{at}");
        return;
    }
    let told = cause.disclosed();
    let mut expected = BTreeSet::from(["code", "detail", "request_id", "status", "title", "type"]);
    if told.is_temporary() {
        expected.insert("retry_after");
        assert_eq!(body["retry_after"].to_string(), answer.field("Retry-After").unwrap(), "{at}");
    }
    if told == Cause::ScopeInsufficient {
        expected.insert("required_scope");
    }
    if told == Cause::SubprotocolUnsupported {
        expected.insert("supported");
    }
    // What was no request was not checked either, and a 404 tells nothing that could differ.
    let trace = body.get("trace").and_then(Value::as_array);
    if trace.is_some() {
        assert_eq!((disclosure, cause.status() == Some(404)), (Disclosure::Full, false), "{at}");
        expected.insert("trace");
        let last = trace.and_then(|steps| steps.last()).unwrap();
        assert_eq!((&last["outcome"], &last["cause"]), (&"refused".into(), &cause.code().into()), "{at}");
    }
    assert_eq!(members, expected, "{at}");
    assert_eq!(body["code"], told.code(), "{at}");
    assert_eq!(body["title"], told.title(), "{at}");
    assert_eq!(body["type"], format!("REFUSALS.md#{told}"), "{at}");
    assert_eq!(body["request_id"].as_str(), answer.field("X-Request-Id"), "{at}");
    assert!(body["detail"].as_str().unwrap().ends_with(told.remedy()), "{at}");
}

/// The close code and the reason.
fn frame(cause: Cause, disclosure: Disclosure, code: u16, reason: &str, at: &str) {
    assert_eq!(Some(code), cause.close_code(), "{at}");
    assert!(reason.len() <= 123, "{at}");
    let closed = CloseRefusal { code, reason: reason.to_owned() };
    let told = (disclosure != Disclosure::Minimal).then_some(cause);
    assert_eq!(closed.cause(), told, "{at}");
    assert_eq!(closed.retry_after().is_some(), cause.is_temporary(), "{at}");
    if disclosure == Disclosure::Minimal {
        assert!(cause.is_temporary() || reason.is_empty(), "{at}");
    } else {
        assert!(!closed.detail().is_empty(), "{at}");
    }
}
