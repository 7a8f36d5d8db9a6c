//! Tests of the gate as a whole, in memory.

mod compared;
mod foreign_code;
mod identities;
mod order;
mod refusals;
mod rehearsal;
mod several;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use ws_core::{
    head::{RequestHead, Version},
    refusal::Cause,
};

use super::{Accepted, Checked, Facts, Gate, GateConfig, Policy, RouteMatch};
use crate::authenticate::bearer::{Bearer, Signer, Source, Verifier};

const NOW: u64 = 1_764_000_000;

fn facts() -> Facts {
    Facts::new(([192, 0, 2, 1], 4711).into(), UNIX_EPOCH + Duration::from_secs(NOW))
}

/// A handshake that passes, to be damaged.
#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    target: String,
    version: Version,
    fields: Vec<(&'static str, String)>,
}

impl Request {
    fn new() -> Self {
        let fields = [
            ("Host", "example.com"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Origin", "http://example.com"),
        ];
        Self {
            method: "GET",
            target: "/chat".to_owned(),
            version: Version::HTTP_11,
            fields: fields.map(|(name, value)| (name, value.to_owned())).into(),
        }
    }

    fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    fn target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(given, _)| *given != name);
        self
    }

    /// One more line.
    fn and(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The only line of this name.
    fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        self.without(name).and(name, value)
    }

    fn bearer(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }

    fn head(&self) -> RequestHead {
        RequestHead::from_parts(self.method, &self.target, self.version, self.fields.iter().cloned()).unwrap()
    }
}

/// `/chat` has this policy; there is nothing else.
fn gate(policy: Policy) -> Gate {
    configured(GateConfig::default(), policy)
}

fn configured(config: GateConfig, policy: Policy) -> Gate {
    let policy = Arc::new(policy);
    Gate::new(config, move |path: &str| (path == "/chat").then(|| RouteMatch::new(7, Arc::clone(&policy))))
}

async fn ask(policy: Policy, request: &Request) -> Checked {
    gate(policy).check(&request.head(), &facts()).await
}

async fn accepted(policy: Policy, request: &Request) -> Accepted {
    ask(policy, request).await.decision.unwrap()
}

async fn cause(policy: Policy, request: &Request) -> Cause {
    ask(policy, request).await.decision.unwrap_err().cause
}

fn signer() -> Signer {
    Signer::hs256(b"thirty-two bytes, at the least..").unwrap()
}

fn bearer() -> Bearer {
    let verifier = Verifier::new(signer().verifying_key()).issuer("https://id.example").audience("chat");
    let query = Source::Query("token".to_owned());
    let cookie = Source::Cookie("session".to_owned());
    Bearer::new("chat", verifier).sources([Source::Header, query, cookie, Source::Subprotocol])
}

/// A token that `bearer()` accepts, with some claims replaced; `null` removes one.
fn token(changes: Value) -> String {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "chat", "sub": "ann", "exp": NOW + 60, "scope": "chat:read",
        "roles": ["member"],
    });
    let (Some(claims), Value::Object(changes)) = (claims.as_object_mut(), changes) else { unreachable!() };
    for (name, value) in changes {
        claims.insert(name, value);
    }
    claims.retain(|_, value| !value.is_null());
    signer().sign(claims).unwrap()
}

fn good() -> String {
    token(json!({}))
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}
