//! Every other kind of credential, good and bad, for what the server tells of them.

use tests::wire::{Running, echo, handshake};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use ws_core::refusal::Disclosure;
use ws_server::authenticate::Introspection;
use ws_server::authenticate::api_key::{ApiKey, ApiKeyEntry, ApiKeys};
use ws_server::authenticate::basic::{Basic, Htpasswd};
use ws_server::{Delivery, Route};

use crate::secrets::{self, keep, keep_all};

const PASSWORD: &str = "the password that ann alone knows";
const WRONG_PASSWORD: &str = "a password that nobody has at all";
const KEY: &str = "key-in-a-query-that-lets-ann-in";
const WRONG_KEY: &str = "key-in-a-query-that-nobody-knows";
const OPAQUE: &str = "opaque-token-that-the-issuer-knows";
const WRONG_OPAQUE: &str = "opaque-token-that-nobody-ever-issued";
const CLIENT_SECRET: &str = "what-this-server-shows-to-the-issuer";

/// Brings each of them to a server that tells as much, in that way.
pub(crate) async fn check() {
    secrets::listen();
    keep_all(&[PASSWORD, WRONG_PASSWORD, KEY, WRONG_KEY, OPAQUE, WRONG_OPAQUE, CLIENT_SECRET]);
    let users = format!("ann:{}", keep(bcrypt::hash(PASSWORD, 4).unwrap()));
    let issuer = issuer().await;
    for (disclosure, delivery) in [Disclosure::Full, Disclosure::Standard, Disclosure::Minimal]
        .into_iter()
        .zip([Delivery::Http, Delivery::CloseFrame, Delivery::Http])
    {
        let basic = Basic::new("chat", Htpasswd::parse(users.as_bytes()).unwrap());
        let keys = ApiKeys::new([ApiKeyEntry::plain("probe", KEY).unwrap()]).unwrap();
        let by_key = ApiKey::new("chat", keys).query("key");
        let opaque = Introspection::new("chat", &issuer).unwrap().client("ws", CLIENT_SECRET).unwrap();
        let running = Running::start(|server| {
            server
                .disclosure(disclosure)
                .delivery(delivery)
                .on_refusal(secrets::reported)
                .on_accept(secrets::accepted)
                .route("/basic", Route::new(echo).authenticate(basic))
                .route("/key", Route::new(echo).authenticate(by_key))
                .route("/opaque", Route::new(echo).authenticate(opaque))
        })
        .await;
        let basic = |password: &str| {
            let credentials = keep(secrets::base64(&format!("ann:{password}")));
            handshake("/basic", &format!("Authorization: Basic {credentials}\r\n"))
        };
        let opaque = |token: &str| handshake("/opaque", &format!("Authorization: Bearer {token}\r\n"));
        let key = |key: &str| handshake(&format!("/key?key={key}"), "");
        for (good, bad) in [
            (basic(PASSWORD), basic(WRONG_PASSWORD)),
            (key(KEY), key(WRONG_KEY)),
            (opaque(OPAQUE), opaque(WRONG_OPAQUE)),
        ] {
            let accepted = running.connect().await.ask(&good).await;
            assert_eq!(accepted.head.status(), 101, "{good}\n{accepted:?}");
            secrets::answered(&accepted);
            let mut peer = running.connect().await;
            let refused = peer.ask(&bad).await;
            secrets::answered(&refused);
            if delivery == Delivery::CloseFrame {
                // The Close frame behind the 101.
                assert_ne!(peer.more().await.unwrap(), 0);
                secrets::told(String::from_utf8_lossy(&peer.buffer));
            } else {
                assert_eq!(refused.head.status(), 401, "{bad}\n{refused:?}");
            }
        }
        secrets::told(running.handle.metrics());
        secrets::told(format_args!("{:?} {:?}", running.handle, running.handle.sessions()));
    }
}

/// Whoever issued the opaque tokens (RFC 7662): it knows one of them.
async fn issuer() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = Vec::new();
                while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
                    let text = String::from_utf8_lossy(&request);
                    if !text.ends_with("token_type_hint=access_token") {
                        continue;
                    }
                    let active = text.contains(&format!("token={OPAQUE}"));
                    let body = format!(r#"{{"active":{active},"sub":"ann","exp":9999999999}}"#);
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                    return;
                }
            });
        }
    });
    format!("http://{address}/introspect")
}
