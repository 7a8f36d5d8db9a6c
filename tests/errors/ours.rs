//! Refusals of our own server: each comes back by its name. All of them are in the suite `refusals`.

use std::future::ready;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::wire::{Running, echo};
use ws_client::{Builder, Client, NextStep};
use ws_core::refusal::{Cause, Disclosure, Refusal};
use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
use ws_server::authenticate::{AuthenticationError, HandshakeContext, Identity};
use ws_server::authorize::AuthorizationError;
use ws_server::gate::OriginPolicy;
use ws_server::prepare::{Admission, Prepared, Unprepared};
use ws_server::{Delivery, Route, ServerBuilder, ServerLimits, Session};

use crate::raw::refused;
use crate::row::{AGAIN, Peer, SERVER, Table, WHEN_TOLD};

const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A token of Ann's, with some of its claims replaced; `null` removes.
pub(crate) fn token(changes: &Value) -> String {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "chat", "sub": "ann", "jti": "token-of-ann", "exp": now() + 600,
        "scope": "chat:read", "roles": ["member"],
    });
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
    Signer::hs256(SECRET).unwrap().sign(&claims).unwrap()
}

pub(crate) fn bearer() -> Bearer {
    let verifier = Verifier::new(Signer::hs256(SECRET).unwrap().verifying_key());
    let verifier = verifier.issuer("https://id.example").audience("chat");
    Bearer::new("chat", verifier)
}

/// A client with this token.
pub(crate) fn with_token(running: &Running, path: &str, changes: &Value) -> Builder {
    to(running, path).bearer_token(&token(changes)).unwrap()
}

pub(crate) fn to(running: &Running, path: &str) -> Builder {
    Client::builder(format!("ws://{}{path}", running.address)).unwrap()
}

fn build(server: ServerBuilder) -> ServerBuilder {
    let rule = |_: &HandshakeContext<'_>, who: &Identity| {
        let denied = who.subject() == Some("bob");
        ready(if denied { Err(AuthorizationError::PolicyDenied { rule: "not-bob".into() }) } else { Ok(()) })
    };
    let down = |_: &HandshakeContext<'_>| {
        let retry_after = Some(Duration::from_secs(2));
        ready(Err::<Identity, _>(AuthenticationError::Unavailable { retry_after }))
    };
    let own_origins = || Route::new(echo).origins(OriginPolicy::list(["https://app.example.com"]).unwrap());
    server
        .route("/open", own_origins())
        .route("/browsers", Route::new(echo).origins(OriginPolicy::same_origin().required()))
        .route("/chat.v2", Route::new(echo).subprotocols(["chat.v2"]).require_subprotocol())
        .route(
            "/guarded",
            Route::new(echo).authenticate(bearer()).scopes(["chat:read"]).roles(["member"]).authorize(rule),
        )
        .route("/down", Route::new(echo).authenticate(down))
        .route("/upstream", Route::prepared(prepare, |session: Session, ()| async { echo(session).await }))
}

/// A gateway whose server is down, refuses, or fails.
fn prepare(
    admission: &Admission<'_>,
) -> impl Future<Output = Result<Prepared<()>, Unprepared>> + Send + use<> {
    let cause = Cause::from_code(admission.request.head().fields().get_str("X-Cause").unwrap_or_default());
    ready(Err(Refusal::new(cause.unwrap()).into()))
}

pub(crate) async fn rows(table: &mut Table) {
    let running = Running::start(build).await;
    requests(table, &running).await;
    tokens(table, &running).await;
    deliveries(table).await;
    capacity(table).await;
}

async fn requests(table: &mut Table, running: &Running) {
    let mut add = |what, expected, error| table.add(Peer::Ours, what, expected, error);
    let at = |path| to(running, path);
    add(
        "a path that no route has",
        ("route-not-found", NextStep::Correct),
        refused(&at("/nowhere").build()).await,
    );
    let foreign = at("/open").origin("https://evil.example").unwrap().build();
    add("a foreign origin", ("origin-denied", NextStep::AskPermission), refused(&foreign).await);
    let none = at("/browsers").build();
    add("no origin, where one is required", ("origin-missing", NextStep::Correct), refused(&none).await);
    let other = at("/chat.v2").subprotocols(["chat.v3"]).unwrap().build();
    add(
        "a subprotocol that the route does not have",
        ("subprotocol-unsupported", NextStep::Correct),
        refused(&other).await,
    );
    let long = at("/open").header("X-Long", &"a".repeat(9000)).unwrap().build();
    add("a header of 9,000 bytes", ("head-too-large", NextStep::Correct), refused(&long).await);
    let long = at("/open").resource(format!("/{}", "a".repeat(5000))).build();
    add("a path of 5,000 bytes", ("target-too-long", NextStep::Correct), refused(&long).await);
    for (cause, next) in [
        (Cause::UpstreamDown, AGAIN),
        (Cause::UpstreamRefused, SERVER),
        (Cause::UpstreamTimeout, AGAIN),
        (Cause::InternalError, AGAIN),
    ] {
        let client = at("/upstream").header("X-Cause", cause.code()).unwrap().build();
        add(cause.code(), (cause.code(), next), refused(&client).await);
    }
}

async fn tokens(table: &mut Table, running: &Running) {
    let mut add = |what, expected, error| table.add(Peer::Ours, what, expected, error);
    let guarded = |changes: Value| with_token(running, "/guarded", &changes).build();
    let renew = |code| (code, NextStep::RenewCredentials);
    let cookie = to(running, "/guarded").cookie("sid", &token(&json!({}))).unwrap();
    let what = "a token in a cookie, where the route does not look";
    add(what, ("credentials-missing", NextStep::Authenticate), refused(&cookie.build()).await);
    let permission = |code| (code, NextStep::AskPermission);
    add(
        "no credentials",
        ("credentials-missing", NextStep::Authenticate),
        refused(&to(running, "/guarded").build()).await,
    );
    let basic = to(running, "/guarded").basic_auth("ann", "secret").unwrap().build();
    add(
        "a password, where a token is wanted",
        ("scheme-unsupported", NextStep::Authenticate),
        refused(&basic).await,
    );
    let garbage = to(running, "/guarded").bearer_token("garbage").unwrap().build();
    add("a token that is none", renew("token-malformed"), refused(&garbage).await);
    let good = token(&json!({}));
    let forged =
        format!("{}.{}", good.rsplit_once('.').unwrap().0, "c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmE");
    let forged = to(running, "/guarded").bearer_token(&forged).unwrap().build();
    add("a token with a wrong signature", renew("token-signature-invalid"), refused(&forged).await);
    add("an expired token", renew("token-expired"), refused(&guarded(json!({ "exp": now() - 100 }))).await);
    let early = guarded(json!({ "nbf": now() + 500 }));
    add("a token of tomorrow", ("token-not-yet-valid", AGAIN), refused(&early).await);
    let issuer = guarded(json!({ "iss": "https://other.example" }));
    add("a token of another issuer", ("token-issuer-wrong", NextStep::Authenticate), refused(&issuer).await);
    let audience = guarded(json!({ "aud": "mail" }));
    add(
        "a token for another service",
        ("token-audience-wrong", NextStep::Authenticate),
        refused(&audience).await,
    );
    let scope = guarded(json!({ "scope": "chat:write" }));
    add("a token without the scope", permission("scope-insufficient"), refused(&scope).await);
    add("nobody of that role", permission("role-missing"), refused(&guarded(json!({ "roles": [] }))).await);
    let bob = guarded(json!({ "sub": "bob" }));
    add("a policy that says no", permission("policy-denied"), refused(&bob).await);
    let down = to(running, "/down").build();
    add("an identity provider that is down", ("authentication-unavailable", WHEN_TOLD), refused(&down).await);
}

/// The same refusal in its other forms.
async fn deliveries(table: &mut Table) {
    let expired = |running: &Running| with_token(running, "/guarded", &json!({ "exp": now() - 100 })).build();
    let frame = Running::start(|server| build(server).delivery(Delivery::CloseFrame)).await;
    let what = "an expired token, told in a Close frame";
    table.add(
        Peer::Ours,
        what,
        ("token-expired", NextStep::RenewCredentials),
        refused(&expired(&frame)).await,
    );
    let minimal = Running::start(|server| build(server).disclosure(Disclosure::Minimal)).await;
    let what = "an expired token, at the disclosure `Minimal`";
    let expected = ("unauthorized-unexplained", NextStep::RenewCredentials);
    table.add(Peer::Ours, what, expected, refused(&expired(&minimal)).await);
    let both = |server| build(server).delivery(Delivery::CloseFrame).disclosure(Disclosure::Minimal);
    let both = Running::start(both).await;
    let what = "an expired token, in a Close frame, at the disclosure `Minimal`";
    table.add(
        Peer::Ours,
        what,
        ("closed-at-once", NextStep::RenewCredentials),
        refused(&expired(&both)).await,
    );
}

async fn capacity(table: &mut Table) {
    let mut add = |what, expected, error| table.add(Peer::Ours, what, expected, error);
    let limited = async |limits: ServerLimits| Running::start(|server| build(server).limits(limits)).await;
    let few = |connections| ServerLimits { connections, ..ServerLimits::default() };
    let full = limited(few(1)).await;
    let _there = to(&full, "/open").build().connect().await.unwrap();
    add("a server that is full", ("server-full", WHEN_TOLD), refused(&to(&full, "/open").build()).await);
    let crowded = limited(ServerLimits { connections_per_address: 1, ..ServerLimits::default() }).await;
    let _there = to(&crowded, "/open").build().connect().await.unwrap();
    let error = refused(&to(&crowded, "/open").build()).await;
    add("too many connections of one address", ("address-quota-exceeded", WHEN_TOLD), error);
    let greedy = limited(ServerLimits { connections_per_principal: 1, ..ServerLimits::default() }).await;
    let ann = with_token(&greedy, "/guarded", &json!({})).build();
    let _there = ann.connect().await.unwrap();
    add("too many connections of one person", ("principal-quota-exceeded", WHEN_TOLD), refused(&ann).await);
    let limited =
        Running::start(|server| build(server).attempts_per_address(Some("1/1h".parse().unwrap()))).await;
    let client = to(&limited, "/open").build();
    let _there = client.connect().await.unwrap();
    add("too many attempts", ("rate-limited", WHEN_TOLD), refused(&client).await);
    let draining = Running::start(build).await;
    let _there = to(&draining, "/open").build().connect().await.unwrap();
    draining.handle.shutdown();
    add(
        "a server that shuts down",
        ("server-draining", WHEN_TOLD),
        refused(&to(&draining, "/open").build()).await,
    );
}
