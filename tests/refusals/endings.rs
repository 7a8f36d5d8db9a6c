//! The ways in which an open connection is ended.

use serde_json::{Value, json};
use ws_core::refusal::{Cause, Refusal};
use ws_server::ServerHandle;
use ws_server::authenticate::Revocation;
use ws_server::authenticate::bearer::Signer;

use crate::ask::Ask;
use crate::secrets::{self, keep, now};

/// One way.
pub(crate) struct Ending {
    pub(crate) cause: Cause,
    /// The occasion, in words.
    pub(crate) when: &'static str,
    pub(crate) path: &'static str,
    /// What is different about the handshake.
    pub(crate) ask: fn(&mut Ask),
    /// What the client says first.
    pub(crate) messages: Box<dyn Fn() -> Vec<String>>,
    /// What happens then.
    pub(crate) then: Box<dyn Fn(&ServerHandle)>,
    /// Whether the server says that it will be back at once.
    pub(crate) restarts: bool,
    /// Whether the server soon gives up who says nothing.
    pub(crate) silent: bool,
}

impl Ending {
    fn new(cause: Cause, when: &'static str, path: &'static str) -> Self {
        let (messages, then) = (Box::new(Vec::new), Box::new(|_: &ServerHandle| ()));
        Self { cause, when, path, ask: |_| {}, messages, then, restarts: false, silent: false }
    }

    fn ask(self, ask: fn(&mut Ask)) -> Self {
        Self { ask, ..self }
    }

    fn says(self, message: impl Fn() -> String + 'static) -> Self {
        Self { messages: Box::new(move || vec![message()]), ..self }
    }

    fn then(self, then: impl Fn(&ServerHandle) + 'static) -> Self {
        Self { then: Box::new(then), ..self }
    }
}

/// At least one for each cause that has a close code.
pub(crate) fn all() -> Vec<Ending> {
    let mut all = first_messages();
    all.extend(sessions());
    // The application, or the server itself, ends a session for any of them: a permission that is withdrawn, say.
    all.extend(Cause::ALL.iter().filter(|cause| cause.close_code().is_some()).map(|&cause| {
        let end = move |handle: &ServerHandle| {
            let sessions = handle.sessions().of_subject("ann");
            assert!(sessions.iter().all(|session| session.close(Refusal::new(cause))) && sessions.len() == 1);
        };
        Ending::new(cause, "ended through its handle", "/chat").then(end)
    }));
    all
}

/// What ends sessions of its own accord.
fn sessions() -> Vec<Ending> {
    let revoke =
        |revocation: fn() -> Revocation| move |handle: &ServerHandle| handle.revoke(revocation()).unwrap();
    let obeys = |cause: Cause, when| Ending::new(cause, when, "/obeys").says(move || cause.code().to_owned());
    let restart = |handle: &ServerHandle| {
        let refusal = || Refusal::new(Cause::ServerDraining).restarting();
        assert!(handle.sessions().of_subject("ann").iter().all(|session| session.close(refusal())));
    };
    vec![
        Ending::new(Cause::TokenExpired, "the token runs out", "/chat")
            .ask(|ask| ask.claim("exp", json!(now() + 1))),
        Ending::new(Cause::TokenRevoked, "the token is revoked", "/chat")
            .then(revoke(|| Revocation::credential("token-of-ann"))),
        Ending::new(Cause::TokenRevoked, "the subject is revoked", "/chat")
            .then(revoke(|| Revocation::subject("ann"))),
        Ending {
            messages: Box::new(|| vec!["one".into(), "too many".into()]),
            ..Ending::new(Cause::MessageRateExceeded, "too many messages", "/rate")
        },
        Ending { silent: true, ..Ending::new(Cause::IdleTimeout, "no pong comes", "/chat") },
        Ending::new(Cause::SlowConsumer, "nothing is read", "/floods"),
        obeys(Cause::UpstreamDown, "the handler ends with it"),
        obeys(Cause::UpstreamTimeout, "the handler ends with it"),
        Ending::new(Cause::InternalError, "the handler fails", "/obeys").says(|| "fail".into()),
        Ending::new(Cause::InternalError, "the handler panics", "/obeys").says(|| "panic".into()),
        Ending::new(Cause::ServerDraining, "the server shuts down", "/chat").then(ServerHandle::shutdown),
        Ending {
            restarts: true,
            ..Ending::new(Cause::ServerDraining, "the server restarts", "/chat").then(restart)
        },
    ]
}

/// Clients that say in their first message who they are, and are not let in.
fn first_messages() -> Vec<Ending> {
    let says = |cause, message: fn() -> String| {
        Ending::new(cause, "the first message", "/first-message").says(message)
    };
    let claims = |cause, changes: fn() -> Value| {
        Ending::new(cause, "the first message", "/first-message")
            .says(move || authenticate(&secrets::token(&changes())))
    };
    vec![
        Ending::new(Cause::AuthenticationTimeout, "no first message", "/first-message"),
        says(Cause::CredentialsMissing, || "hello".into()),
        says(Cause::CredentialsMalformed, || r#"{"type":"authenticate"}"#.into()),
        says(Cause::TokenMalformed, || authenticate(&keep("what-is-this-supposed-to-be"))),
        says(Cause::TokenKeyUnknown, || {
            let stranger = Signer::hs256(secrets::SECRET.as_bytes()).unwrap().with_id("1999");
            authenticate(&keep(stranger.sign(&json!({ "sub": "ann", "exp": now() + 600 })).unwrap()))
        }),
        says(Cause::TokenSignatureInvalid, || {
            let good = secrets::token(&json!({}));
            let (content, signature) = good.rsplit_once('.').unwrap();
            authenticate(&keep(format!("{content}.{}", signature.chars().rev().collect::<String>())))
        }),
        claims(Cause::TokenExpired, || json!({ "exp": now() - 5 })),
        claims(Cause::TokenNotYetValid, || json!({ "nbf": now() + 500 })),
        claims(Cause::TokenIssuerWrong, || json!({ "iss": "https://other.example" })),
        claims(Cause::TokenAudienceWrong, || json!({ "aud": "mail" })),
        claims(Cause::TokenClaimMissing, || json!({ "exp": null })),
        claims(Cause::ScopeInsufficient, || json!({ "scope": "chat:write" })),
        claims(Cause::RoleMissing, || json!({ "roles": ["guest"] })),
        claims(Cause::PolicyDenied, || json!({ "sub": "bob" })),
    ]
}

fn authenticate(token: &str) -> String {
    json!({ "type": "authenticate", "token": token }).to_string()
}
