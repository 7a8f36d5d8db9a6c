use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::TlsAcceptor;

use super::{
    CertificateError, Endpoint, FetchConfig, FetchError, Fetched, Fetcher,
    scripted::{Reply, Scripted},
};

const LIMIT: Duration = Duration::from_millis(300);

fn fetcher() -> Fetcher {
    Fetcher::new(FetchConfig::new().time_limit(Duration::from_secs(10)).body_limit(1000))
}

async fn get(reply: Reply) -> Result<(u16, usize), FetchError> {
    let server = Scripted::start(move |_| reply.clone()).await;
    let fetched = fetcher().get(&server.endpoint("/"), HeaderMap::new()).await?;
    Ok((fetched.status.as_u16(), fetched.body.len()))
}

#[tokio::test]
async fn gets_and_posts_by_one_connection() {
    let server = Scripted::start(|asked| Reply::Answer(200, asked.body.clone())).await;
    let fetcher = fetcher();
    let mut headers = HeaderMap::new();
    headers.insert("x-one", HeaderValue::from_static("1"));
    let got = fetcher.get(&server.endpoint("/a?b=c"), headers).await.unwrap();
    assert_eq!((got.status.as_u16(), &got.body[..]), (200, &b""[..]));
    assert_eq!(got.headers["content-length"], "0");
    let form = [("token", "a&b=c d"), ("é", "")];
    let posted = fetcher.post_form(&server.endpoint("/"), &form, HeaderMap::new()).await.unwrap();
    assert_eq!(posted.body, "token=a%26b%3Dc+d&%C3%A9=");

    let asked = server.asked();
    assert!(asked[0].head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{}", asked[0].head);
    assert!(asked[0].head.contains("x-one: 1") && asked[0].head.contains("accept: application/json"));
    assert!(asked[1].head.starts_with("POST / HTTP/1.1\r\n"), "{}", asked[1].head);
    assert!(asked[1].head.contains("content-type: application/x-www-form-urlencoded"));
    assert_eq!((asked[0].connection, asked[1].connection), (0, 0));
}

// A redirect would carry credentials to whoever it names.
#[tokio::test]
async fn follows_no_redirect() {
    let server = Scripted::start(|_| {
        Reply::Raw(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".to_vec())
    })
    .await;
    let got = fetcher().get(&server.endpoint("/"), HeaderMap::new()).await.unwrap();
    assert_eq!(got.status.as_u16(), 302);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn bodies_are_read_up_to_the_limit() {
    assert_eq!(get(Reply::Answer(500, "x".repeat(1000))).await, Ok((500, 1000)));
    assert_eq!(get(Reply::Answer(200, "x".repeat(1001))).await, Err(FetchError::TooLarge { limit: 1000 }));
    let chunked = |count| {
        let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..count {
            answer.extend_from_slice(b"1\r\nx\r\n");
        }
        answer.extend_from_slice(b"0\r\n\r\n");
        Reply::Raw(answer)
    };
    assert_eq!(get(chunked(1000)).await, Ok((200, 1000)));
    assert_eq!(get(chunked(1001)).await, Err(FetchError::TooLarge { limit: 1000 }));
}

#[tokio::test]
async fn what_is_not_an_answer_is_broken() {
    let endless_head = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 100_000]].concat();
    for answer in [
        &b""[..],
        b"\0\0\0\0\0\0\0\0",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        &endless_head,
    ] {
        let text = String::from_utf8_lossy(&answer[..answer.len().min(60)]).into_owned();
        assert_eq!(get(Reply::Raw(answer.to_vec())).await, Err(FetchError::Broken), "{text}");
    }
}

#[tokio::test]
async fn waits_no_longer_than_the_limit() {
    let fetcher = Fetcher::new(FetchConfig::new().time_limit(LIMIT));
    let late = Err(FetchError::Timeout { limit: LIMIT });
    let server = Scripted::start(|_| Reply::Silence).await;
    let status = |got: Result<Fetched, FetchError>| got.map(|got| got.status.as_u16());
    assert_eq!(status(fetcher.get(&server.endpoint("/"), HeaderMap::new()).await), late);
    // A head, and a body that never comes.
    let server =
        Scripted::start(|_| Reply::Started(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec())).await;
    assert_eq!(status(fetcher.get(&server.endpoint("/"), HeaderMap::new()).await), late);
    // Somebody who accepts, and says nothing to TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: Endpoint = format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap();
    assert_eq!(status(fetcher.get(&endpoint, HeaderMap::new()).await), late);
}

#[tokio::test]
async fn tells_the_stages_apart() {
    let fetcher = fetcher();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let error = async |url: &str| fetcher.get(&url.parse().unwrap(), HeaderMap::new()).await.unwrap_err();
    assert_eq!(error(&closed).await, FetchError::Connect(io::ErrorKind::ConnectionRefused));
    // RFC 6761 6.4: nothing is found under `invalid`.
    assert_eq!(error("http://nowhere.invalid/").await, FetchError::Dns);
    assert_eq!(error("https://nowhere.invalid/").await, FetchError::Dns);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let error = error(&format!("https://{plain}/")).await;
    assert!(matches!(error, FetchError::Tls(rustls::Error::InvalidMessage(_))), "{error:?}");
}

#[tokio::test]
async fn trusts_whom_it_is_told_to() {
    let (pem, address) = tls_server().await;
    let endpoint: Endpoint = format!("https://localhost:{}/", address.port()).parse().unwrap();
    let stranger = fetcher().get(&endpoint, HeaderMap::new()).await.unwrap_err();
    let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    assert_eq!(stranger, FetchError::Tls(unknown));
    let fetcher = Fetcher::new(FetchConfig::new().trust_pem(pem.as_bytes()).unwrap());
    assert_eq!(fetcher.get(&endpoint, HeaderMap::new()).await.unwrap().body, "hello");
    // The certificate is for `localhost`, and not for the address.
    let endpoint: Endpoint = format!("https://{address}/").parse().unwrap();
    let error = fetcher.get(&endpoint, HeaderMap::new()).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls(rustls::Error::InvalidCertificate(_))), "{error:?}");
}

#[test]
fn authorities_have_to_be_some() {
    let error = |pem: &str| FetchConfig::new().trust_pem(pem.as_bytes()).unwrap_err();
    assert_eq!(error(""), CertificateError::NoCertificate);
    assert_eq!(
        error("-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBLIC KEY-----\n"),
        CertificateError::NoCertificate
    );
    assert_eq!(error("-----BEGIN CERTIFICATE-----\nAAEC\n"), CertificateError::NotPem);
    let error = error("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n");
    assert!(matches!(error, CertificateError::NotAnAuthority { number: 1, .. }), "{error:?}");
}

/// A server over TLS that says hello to everybody, and its certificate.
async fn tls_server() -> (String, SocketAddr) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let hello = service_fn(async |_: Request<Incoming>| {
                Ok::<_, Infallible>(Response::new("hello".to_owned()))
            });
            let _ =
                http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), hello).await;
        }
    });
    (own.cert.pem(), address)
}
