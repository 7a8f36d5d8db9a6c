//! Who may: origins, scopes, roles, rules.

use serde_json::json;

use crate::fault::{Fault, Stage};

pub(crate) const FAULTS: &[Fault] = &[
    Fault::of_request("origin-denied", Stage::Origin, &["origin"], |ask| {
        ask.origins = vec!["https://evil.example"];
    }),
    Fault::of_request("origin-denied", Stage::Origin, &["origin"], |ask| ask.origins = vec!["null"]),
    Fault::of_server("origin-missing", Stage::Origin, &["origin"], |setup| setup.origin_required = true),
    Fault::of_request("origin-malformed", Stage::Origin, &["origin"], |ask| {
        ask.origins = vec!["http://chat.example", "http://chat.example"];
    }),
    Fault::of_request("origin-malformed", Stage::Origin, &["origin"], |ask| {
        ask.origins = vec!["http://chat.example/path"];
    }),
    Fault::of_request("scope-insufficient", Stage::Scopes, &["scope"], |ask| {
        ask.claim("scope", json!("chat:write"));
    }),
    Fault::of_request("role-missing", Stage::Roles, &["roles"], |ask| ask.claim("roles", json!(["guest"]))),
    Fault::of_request("policy-denied", Stage::Policy, &["rule"], |ask| ask.add("X-Rule", "denies")),
    Fault::of_request("resource-hidden", Stage::Policy, &["rule"], |ask| ask.add("X-Rule", "hides")),
    Fault::of_request("authorization-unavailable", Stage::Policy, &["rule"], |ask| {
        ask.add("X-Rule", "is-down");
    }),
];
