use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{TokenEndpoint, TokenEndpointError};
use crate::credentials::{CredentialsError, Token, TokenProvider};

const TOKEN: &str = r#"{"access_token":"abc","token_type":"bearer","expires_in":60}"#;

/// An authorization server that gives these answers, each over a connection of its own, and keeps the requests.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answers: impl IntoIterator<Item = String>) -> Self {
        Self::over(answers, "http", None).await
    }

    async fn over(answers: impl IntoIterator<Item = String>, scheme: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("{scheme}://localhost:{}/token", listener.local_addr().expect("bound").port());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (answers, seen): (Vec<_>, _) = (answers.into_iter().collect(), Arc::clone(&requests));
        tokio::spawn(async move {
            for answer in answers {
                let (stream, _) = listener.accept().await.expect("a client");
                let request = match &tls {
                    None => serve(stream, &answer).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => serve(stream, &answer).await,
                        Err(_) => continue,
                    },
                };
                seen.lock().expect("whole").push(request);
            }
        });
        Self { url, requests }
    }

    fn endpoint(&self) -> TokenEndpoint {
        TokenEndpoint::new(&self.url, "app").expect("local")
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("whole").clone()
    }
}

/// Reads one request, and answers it.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> String {
    let mut request = String::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.expect("open");
        request.push_str(std::str::from_utf8(&buffer[..read]).expect("text"));
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().expect("a number"))
            });
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
    }
    // Whoever has read enough may be gone.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    request
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}

async fn error(given: String) -> CredentialsError {
    let server = Server::start([given]).await;
    server.endpoint().client_credentials().token().await.expect_err("no token")
}

// RFC 6749 4.4.2, 2.3.1.
#[tokio::test]
async fn a_client_asks_by_its_own_credentials() {
    let server = Server::start([answer("200 OK", TOKEN)]).await;
    let provider = server
        .endpoint()
        .client_secret("a+b %c")
        .scopes(["chat:read", "chat:write"])
        .parameter("audience", "https://chat.example")
        .client_credentials();
    let begun = SystemTime::now();
    let token = provider.token().await.expect("a token");
    assert_eq!(token.text(), "abc");
    let expires = token.expires_at().expect("told");
    assert!(expires >= begun + Duration::from_secs(60) && expires < begun + Duration::from_secs(70));
    let [request] = server.requests().try_into().expect("one request");
    assert!(request.starts_with("POST /token HTTP/1.1\r\n"), "{request}");
    // "app:a%2Bb+%25c"
    assert!(request.contains("authorization: Basic YXBwOmElMkJiKyUyNWM=\r\n"), "{request}");
    let (_, body) = request.split_once("\r\n\r\n").expect("a body");
    let expected =
        "grant_type=client_credentials&scope=chat%3Aread+chat%3Awrite&audience=https%3A%2F%2Fchat.example";
    assert_eq!(body, expected);
}

// RFC 6749 2.3.1: "including the client credentials in the request-body".
#[tokio::test]
async fn its_secret_may_stand_in_the_body() {
    let server = Server::start([answer("200 OK", TOKEN), answer("200 OK", TOKEN)]).await;
    let post = server.endpoint().client_secret("s").client_secret_post().client_credentials();
    post.token().await.expect("a token");
    server.endpoint().client_credentials().token().await.expect("a token");
    let [post, public] = server.requests().try_into().expect("two requests");
    assert!(post.ends_with("grant_type=client_credentials&client_id=app&client_secret=s"), "{post}");
    assert!(public.ends_with("grant_type=client_credentials&client_id=app"), "{public}");
    assert!(!post.contains("authorization") && !public.contains("authorization"));
}

// RFC 6749 6.
#[tokio::test]
async fn a_refresh_token_that_is_replaced_is_used_and_told() {
    let rotated = TOKEN.replace('}', r#","refresh_token":"second"}"#);
    let same = TOKEN.replace('}', r#","refresh_token":"second"}"#);
    let answers = [answer("200 OK", &rotated), answer("200 OK", TOKEN), answer("200 OK", &same)];
    let server = Server::start(answers).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&told);
    let provider = server.endpoint().refresh_token("first");
    let provider = provider.on_rotation(move |token| keep.lock().expect("whole").push(token.to_owned()));
    for _ in 0..3 {
        assert_eq!(provider.token().await.expect("a token").text(), "abc");
    }
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.contains("refresh_token=second")).collect();
    assert_eq!(sent, [false, true, true]);
    assert!(server.requests()[0].ends_with("grant_type=refresh_token&refresh_token=first&client_id=app"));
    assert_eq!(*told.lock().expect("whole"), ["second"]);
    let text = format!("{provider:?}");
    assert!(!text.contains("first") && !text.contains("second"), "{text}");
}

// RFC 6749 5.2.
#[tokio::test]
async fn a_refusal_is_told_in_the_servers_words() {
    let body = r#"{"error":"invalid_grant","error_description":"it was \u001b[2Jrevoked"}"#;
    let refused = error(answer("400 Bad Request", body)).await;
    assert!(
        matches!(&refused, CredentialsError::Denied { error, .. } if error == "invalid_grant"),
        "{refused}"
    );
    let text = refused.to_string();
    assert!(text.contains("revoked") && !text.contains('\u{1b}'), "{text:?}");
    for code in ["invalid_client", "unauthorized_client", "invalid_scope", "invalid_target"] {
        let refused = error(answer("401 Unauthorized", &format!(r#"{{"error":"{code}"}}"#))).await;
        assert!(matches!(&refused, CredentialsError::Denied { error, .. } if error == code), "{refused}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_answer_now_is_asked_later() {
    let wait = |error: CredentialsError| match error {
        CredentialsError::Unavailable { retry_after, .. } => retry_after,
        other => panic!("{other}"),
    };
    // RFC 9110 10.2.3.
    let busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(wait(error(busy.to_owned()).await), Some(Duration::from_secs(7)));
    // RFC 6585 4.
    let limited = answer("429 Too Many Requests\r\nRetry-After: 2", r#"{"error":"slow_down"}"#);
    assert_eq!(wait(error(limited).await), Some(Duration::from_secs(2)));
    assert_eq!(wait(error(answer("500 Internal Server Error", "")).await), None);
    let body = r#"{"error":"temporarily_unavailable"}"#;
    assert_eq!(wait(error(answer("400 Bad Request", body)).await), None);
    assert_eq!(wait(error(String::new()).await), None);
    // Nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
    let endpoint = TokenEndpoint::new(&format!("http://127.0.0.1:{port}/"), "app").expect("local");
    let refused = endpoint.client_credentials().token().await.expect_err("no server");
    assert!(refused.to_string().contains("refused"), "{refused}");
    assert_eq!(wait(refused), None);
}

#[tokio::test]
async fn what_is_no_token_endpoint_is_told() {
    let page = "<html>hunter2</html>";
    let html = format!("Content-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let long = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(70_000));
    for (given, reason) in [
        (format!("HTTP/1.1 404 Not Found\r\n{html}"), "404 Not Found"),
        (format!("HTTP/1.1 200 OK\r\n{html}"), "200 OK"),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n".into(),
            "redirects (302",
        ),
        (answer("200 OK", &long), "more than 65536 bytes"),
        (answer("200 OK", r#"{"access_token":7,"token_type":"bearer"}"#), "access_token"),
        (answer("200 OK", "hunter2"), "RFC 6749 5"),
        (answer("200 OK", &TOKEN.replace("bearer", "mac")), "not Bearer"),
    ] {
        let error = error(given).await;
        assert!(matches!(error, CredentialsError::NotATokenEndpoint { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(reason) && text.contains("/token") && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_has_its_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let endpoint = TokenEndpoint::new(&url, "app").expect("local").timeout(Duration::from_millis(200));
    let begun = Instant::now();
    let error = endpoint.client_credentials().token().await.expect_err("silence");
    assert!(error.to_string().contains("within 200ms"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

// RFC 6749 3.2: TLS; the certificate is verified.
#[tokio::test]
async fn over_tls_with_an_authority_of_ones_own() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let chain = vec![key.cert.der().clone()];
    let secret = PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()).into();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .expect("a certificate and its key");
    let tls = TlsAcceptor::from(Arc::new(config));
    let ok = || answer("200 OK", TOKEN);
    let server = Server::over([ok(), ok()], "https", Some(tls)).await;
    let strange = server.endpoint().client_credentials().token().await.expect_err("nobody knows it");
    assert!(matches!(strange, CredentialsError::Unavailable { .. }), "{strange:?}");
    assert!(server.requests().is_empty(), "nothing was said");
    let known = server.endpoint().root_certificates(key.cert.pem()).expect("a certificate");
    let token: Result<Token, _> = known.client_credentials().token().await;
    assert_eq!(token.expect("a token").text(), "abc");
}

#[test]
fn an_address_is_secure_or_local() {
    let new = |url: &str| TokenEndpoint::new(url, "app").map(|endpoint| endpoint.to_string());
    assert_eq!(new("https://id.example/token?tenant=secret"), Ok("https://id.example/token".into()));
    assert!(
        new("http://127.0.0.1:1/").is_ok()
            && new("http://[::1]/").is_ok()
            && new("http://localhost/").is_ok()
    );
    let in_clear = TokenEndpointError::InClear { host: "id.example".into() };
    assert_eq!(new("http://id.example/token"), Err(in_clear));
    assert!(TokenEndpoint::new_in_clear("http://id.example/token", "app").is_ok());
    assert_eq!(new("ftp://id.example/"), Err(TokenEndpointError::Url));
    assert_eq!(new("id.example/token"), Err(TokenEndpointError::Url));
    assert_eq!(new("https://a:b@id.example/"), Err(TokenEndpointError::UserInfo));
    assert_eq!(new("https://id.example/#a"), Err(TokenEndpointError::Fragment));
    let endpoint = TokenEndpoint::new("https://id.example/", "app").expect("secure").client_secret("hunter2");
    assert!(!format!("{endpoint:?}").contains("hunter2"));
}

/// RFC 6761 6.3: no name server is asked where these names lead, since secrets go there in clear.
#[tokio::test]
async fn names_of_this_machine_are_not_looked_up() {
    let server = Server::start([answer("200 OK", TOKEN)]).await;
    let url = server.url.replace("localhost", "login.localhost");
    let endpoint = TokenEndpoint::new(&url, "app").expect("local");
    let token = endpoint.client_credentials().token().await.expect("it is reached");
    assert_eq!(token.text(), "abc");
}
