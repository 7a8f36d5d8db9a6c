//! Each way to say who somebody is: what lets in, and the answer to whatever does not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use ws_core::refusal::Disclosure;
use ws_server::authenticate::AnyOf;
use ws_server::authenticate::api_key::{ApiKey, ApiKeyEntry, ApiKeys};
use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
use ws_server::authenticate::cookie::Cookie;
use ws_server::authenticate::signed::SecretKeys;
use ws_server::authenticate::ticket::{Grant, Ticket, TicketIssuer};
use ws_server::{Route, ServerBuilder, Session};

use crate::support::{Answer, Running, handshake};

const API_KEY: &str = "k-1-which-is-secret";
const BY_KEY: &str = r#"ApiKey realm="chat", header="X-Api-Key", parameter="key""#;
const BY_COOKIE: &str = r#"Cookie realm="chat", name="session""#;
const BY_TICKET: &str = r#"Ticket realm="chat", parameter="ticket""#;
const BY_TOKEN: &str = r#"Bearer realm="chat""#;

/// A request and the answer to it: status, code, challenges.
type Case<'a> = (String, String, u16, &'a str, &'a [&'a str]);

fn secret(name: &str) -> SecretKeys {
    SecretKeys::new(format!("a secret of enough bytes for {name}").as_bytes()).unwrap()
}

fn signer(issuer: u8) -> Signer {
    Signer::hs256(&[issuer; 32]).unwrap().with_id(issuer.to_string())
}

fn bearer(issuer: u8) -> Bearer {
    Bearer::new("chat", Verifier::new(signer(issuer).verifying_key()))
}

fn by_key() -> ApiKey {
    let entry = ApiKeyEntry::plain("probe", API_KEY).unwrap();
    ApiKey::new("chat", ApiKeys::new([entry]).unwrap()).query("key")
}

fn by_cookie() -> Cookie {
    Cookie::new("chat", "session", secret("cookies"))
}

fn by_ticket() -> Ticket {
    Ticket::new("chat", "ticket", secret("tickets"))
}

fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

fn session(claims: &Value) -> String {
    format!("Cookie: session={}\r\n", secret("cookies").sign(claims).unwrap())
}

fn token(issuer: u8, expires: i64) -> String {
    let token = signer(issuer).sign(&json!({ "sub": "ann", "exp": seconds_from_now(expires) })).unwrap();
    format!("Authorization: Bearer {token}\r\n")
}

/// The address of `path` with a ticket that was issued so long ago.
fn with_ticket(path: &str, grant: &Grant, ago: u64) -> String {
    let issued = SystemTime::now() - Duration::from_secs(ago);
    let ticket = TicketIssuer::new(secret("tickets")).issue(grant, issued).unwrap();
    format!("{path}?ticket={ticket}")
}

fn ann() -> Grant {
    Grant::to("ann")
}

/// Says who it is.
async fn hello(mut session: Session) -> Result<(), ws_core::net::Error> {
    let who = session.identity();
    let text = format!("{} {}", who.scheme().name(), who.subject().unwrap_or_default());
    session.send(text).await
}

async fn start(disclosure: Disclosure) -> Running {
    let either = AnyOf::new().or(bearer(1)).or(bearer(2));
    let routes = |server: ServerBuilder| {
        server
            .route("/key", Route::new(hello).authenticate(by_key()))
            .route("/cookie", Route::new(hello).authenticate(by_cookie()))
            .route("/ticket", Route::new(hello).authenticate(by_ticket()))
            .route("/full", Route::new(hello).authenticate(by_ticket().capacity(0)))
            .route("/either", Route::new(hello).authenticate(either))
            .route(
                "/several",
                Route::new(hello).authenticate(by_cookie()).authenticate(bearer(1)).authenticate(by_key()),
            )
    };
    Running::start(|server| routes(server.disclosure(disclosure).dry_run(true))).await
}

fn request(target: &str, fields: &str) -> String {
    handshake(target).replacen("\r\n\r\n", &format!("\r\n{fields}\r\n"), 1)
}

fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["code"].as_str().unwrap().to_owned()
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let challenges = answer.head.fields().get_all("WWW-Authenticate");
    challenges.map(|challenge| str::from_utf8(challenge).unwrap()).collect()
}

async fn check(running: &Running, (target, fields, status, expected, told): Case<'_>) {
    let answer = running.connect().await.ask(&request(&target, &fields)).await;
    assert_eq!((answer.status(), code(&answer).as_str()), (status, expected), "{target} {fields}");
    assert_eq!(challenges(&answer), told, "{target} {fields}");
    assert_eq!(answer.field("Retry-After").is_some(), status == 503);
    // Whatever was sent in place of a secret does not come back, at no level.
    let sent = fields.split([' ', '=', ';', '\r', '\n']).chain(target.split(['=', '&']));
    for secret in sent.filter(|text| text.len() > 12 && !text.ends_with(':')) {
        let head = format!("{:?}", answer.head);
        assert!(!answer.body.contains(secret) && !head.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn api_keys() {
    for disclosure in [Disclosure::Standard, Disclosure::Full] {
        let running = start(disclosure).await;
        let key = |key: &str| format!("X-Api-Key: {key}\r\n");
        let path = || "/key".to_owned();
        let cases: [Case<'_>; 7] = [
            (path(), String::new(), 401, "credentials-missing", &[BY_KEY]),
            (path(), key("k-2-which-nobody-knows"), 401, "credentials-rejected", &[BY_KEY]),
            (
                "/key?key=k-2-which-nobody-knows".to_owned(),
                String::new(),
                401,
                "credentials-rejected",
                &[BY_KEY],
            ),
            (path(), key(""), 400, "credentials-malformed", &[BY_KEY]),
            (path(), key(API_KEY).repeat(2), 400, "credentials-malformed", &[BY_KEY]),
            (format!("/key?key={API_KEY}"), key(API_KEY), 400, "credentials-malformed", &[BY_KEY]),
            (format!("/key?key={API_KEY}&key="), String::new(), 400, "credentials-malformed", &[BY_KEY]),
        ];
        for case in cases {
            check(&running, case).await;
        }
        let accepted = running.connect().await.ask(&request("/key", &key(API_KEY))).await;
        assert_eq!(accepted.status(), 101);
        assert_eq!(greeting(&running, &format!("/key?key={API_KEY}")).await, "api-key probe");
    }
}

#[tokio::test]
async fn cookies() {
    for disclosure in [Disclosure::Standard, Disclosure::Full] {
        let running = start(disclosure).await;
        let path = || "/cookie".to_owned();
        let good = session(&json!({ "sub": "ann", "exp": seconds_from_now(60) }));
        let tampered = good.replace("session=e", "session=f");
        let cases: [Case<'_>; 7] = [
            (path(), String::new(), 401, "credentials-missing", &[BY_COOKIE]),
            (
                path(),
                session(&json!({ "exp": seconds_from_now(-1) })),
                401,
                "credentials-rejected",
                &[BY_COOKIE],
            ),
            (
                path(),
                session(&json!({ "nbf": seconds_from_now(60) })),
                401,
                "credentials-rejected",
                &[BY_COOKIE],
            ),
            (path(), session(&json!({ "exp": "never" })), 401, "credentials-rejected", &[BY_COOKIE]),
            (path(), tampered, 401, "credentials-rejected", &[BY_COOKIE]),
            (path(), "Cookie: session=\r\n".to_owned(), 401, "credentials-rejected", &[BY_COOKIE]),
            (path(), good.repeat(2), 400, "credentials-malformed", &[BY_COOKIE]),
        ];
        for case in cases {
            check(&running, case).await;
        }
        let accepted = running.connect().await.ask(&request("/cookie", &good)).await;
        assert_eq!(accepted.status(), 101);
    }
}

#[tokio::test]
async fn tickets() {
    for disclosure in [Disclosure::Standard, Disclosure::Full] {
        let running = start(disclosure).await;
        let nothing = String::new;
        let spent = with_ticket("/ticket", &ann(), 0);
        assert_eq!(greeting(&running, &spent).await, "ticket ann");
        let elsewhere = with_ticket("/ticket", &ann().path("/full"), 0);
        let away = with_ticket("/ticket", &ann().address([192, 0, 2, 1].into()), 0);
        let twice = format!("{spent}&ticket=x");
        let cases: [Case<'_>; 8] = [
            ("/ticket".to_owned(), nothing(), 401, "credentials-missing", &[BY_TICKET]),
            (spent.clone(), nothing(), 401, "ticket-spent", &[BY_TICKET]),
            (with_ticket("/ticket", &ann(), 31), nothing(), 401, "ticket-expired", &[BY_TICKET]),
            (spent.replace("ticket=e", "ticket=f"), nothing(), 401, "credentials-rejected", &[BY_TICKET]),
            (elsewhere, nothing(), 401, "credentials-rejected", &[BY_TICKET]),
            (away, nothing(), 401, "credentials-rejected", &[BY_TICKET]),
            (twice, nothing(), 400, "credentials-malformed", &[BY_TICKET]),
            (with_ticket("/full", &ann(), 0), nothing(), 503, "authentication-unavailable", &[]),
        ];
        for case in cases {
            check(&running, case).await;
        }
        let here = ann().path("/ticket").address([127, 0, 0, 1].into());
        assert_eq!(greeting(&running, &with_ticket("/ticket", &here, 0)).await, "ticket ann");
    }
}

#[tokio::test]
async fn a_dry_run_spends_no_ticket() {
    let running = start(Disclosure::Standard).await;
    let target = with_ticket("/ticket", &ann(), 0);
    let rehearsal = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/problem+json\r\n\
         Sec-Fetch-Site: same-origin\r\n\r\n"
    );
    for _ in 0..2 {
        assert_eq!(running.connect().await.ask(&rehearsal).await.status(), 200);
    }
    assert_eq!(greeting(&running, &target).await, "ticket ann");
    let after = running.connect().await.ask(&rehearsal).await;
    assert_eq!((after.status(), code(&after).as_str()), (401, "ticket-spent"));
}

/// Two connections with the same ticket at once: one is let in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_lets_in_one_of_many() {
    let running = start(Disclosure::Standard).await;
    for _ in 0..10 {
        let target = with_ticket("/ticket", &ann(), 0);
        let (mut first, mut second) = (running.connect().await, running.connect().await);
        let request = request(&target, "");
        let both = tokio::join!(first.ask(&request), second.ask(&request));
        let mut statuses = [both.0.status(), both.1.status()];
        statuses.sort_unstable();
        assert_eq!(statuses, [101, 401]);
    }
}

#[tokio::test]
async fn either_of_two_issuers() {
    const DESCRIBED: &str = r#"Bearer realm="chat", error="invalid_token", error_description="#;
    let running = start(Disclosure::Standard).await;
    let told = |title: &str| format!("{DESCRIBED}\"{title}\"");
    let (expired, unknown) = (told("The token has expired"), told("The token's key is not known"));
    let cases: [Case<'_>; 4] = [
        ("/either".to_owned(), String::new(), 401, "credentials-missing", &[BY_TOKEN]),
        ("/either".to_owned(), token(1, -1), 401, "token-expired", &[&expired]),
        ("/either".to_owned(), token(2, -1), 401, "token-expired", &[&expired]),
        ("/either".to_owned(), token(3, 60), 401, "token-key-unknown", &[&unknown]),
    ];
    for case in cases {
        check(&running, case).await;
    }
    for issuer in [1, 2] {
        let accepted = running.connect().await.ask(&request("/either", &token(issuer, 60))).await;
        assert_eq!(accepted.status(), 101);
    }
}

/// The first credentials that somebody has chosen to send decide, in the route's order, and a cookie after them.
#[tokio::test]
async fn several_ways_on_one_route() {
    let running = start(Disclosure::Standard).await;
    let good_cookie = session(&json!({ "sub": "ann" }));
    let bad_cookie = "Cookie: session=x\r\n".to_owned();
    let (good_token, bad_token) = (token(1, 60), "Authorization: Bearer x\r\n".to_owned());
    let (good_key, bad_key) = (format!("X-Api-Key: {API_KEY}\r\n"), "X-Api-Key: x\r\n".to_owned());
    let basic = "Authorization: Basic YTpi\r\n".to_owned();
    for (fields, expected) in [
        (vec![&good_cookie], None),
        (vec![&bad_cookie, &good_token], None),
        (vec![&bad_cookie, &good_key], None),
        (vec![&good_token, &bad_key], None),
        (vec![&basic, &good_key], None),
        (vec![], Some("credentials-missing")),
        (vec![&bad_cookie], Some("credentials-rejected")),
        (vec![&good_cookie, &bad_token], Some("token-malformed")),
        (vec![&good_cookie, &bad_key], Some("credentials-rejected")),
        (vec![&bad_token, &good_key], Some("token-malformed")),
        (vec![&basic], Some("scheme-unsupported")),
    ] {
        let fields: String = fields.into_iter().map(String::as_str).collect();
        let answer = running.connect().await.ask(&request("/several", &fields)).await;
        let Some(expected) = expected else {
            assert_eq!(answer.status(), 101, "{fields}");
            continue;
        };
        assert_eq!((answer.status(), code(&answer).as_str()), (401, expected), "{fields}");
        let schemes: Vec<&str> =
            challenges(&answer).iter().map(|challenge| challenge.split_once(' ').unwrap().0).collect();
        assert_eq!(schemes, ["Cookie", "Bearer", "ApiKey"]);
    }
}

#[cfg(feature = "passwords")]
#[tokio::test]
async fn passwords() {
    use ws_server::authenticate::basic::{Basic, Htpasswd};

    const BY_PASSWORD: &str = r#"Basic realm="chat", charset="UTF-8""#;
    let users = Htpasswd::parse(b"ann:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
    let by = Basic::new("chat", users);
    let handle = by.clone();
    let running = Running::start(|server| server.route("/basic", Route::new(hello).authenticate(by))).await;
    let field = |value: &str| format!("Authorization: {value}\r\n");
    let path = || "/basic".to_owned();
    let cases: [Case<'_>; 7] = [
        (path(), String::new(), 401, "credentials-missing", &[BY_PASSWORD]),
        (path(), field("Bearer x"), 401, "scheme-unsupported", &[BY_PASSWORD]),
        // ann:wrong, bob:U*U
        (path(), field("Basic YW5uOndyb25n"), 401, "credentials-rejected", &[BY_PASSWORD]),
        (path(), field("Basic Ym9iOlUqVQ=="), 401, "credentials-rejected", &[BY_PASSWORD]),
        (path(), field("Basic *"), 400, "credentials-malformed", &[BY_PASSWORD]),
        (path(), field("Basic YW5u"), 400, "credentials-malformed", &[BY_PASSWORD]),
        (path(), field("Basic YW5uOlUqVQ==").repeat(2), 400, "credentials-malformed", &[BY_PASSWORD]),
    ];
    for case in cases {
        check(&running, case).await;
    }
    let good = request("/basic", &field("Basic YW5uOlUqVQ=="));
    assert_eq!(running.connect().await.ask(&good).await.status(), 101);
    handle.replace(Htpasswd::default());
    let gone = running.connect().await.ask(&good).await;
    assert_eq!((gone.status(), code(&gone).as_str()), (401, "credentials-rejected"));
}

/// The first message of a connection that is let in.
async fn greeting(running: &Running, path: &str) -> String {
    let mut socket = running.open(path).await;
    socket.recv().await.unwrap().expect("a greeting").as_text().unwrap().to_owned()
}
