use std::io;
use std::sync::Arc;

use rcgen::date_time_ymd;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, HandshakeKind, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc;
use ws_core::net::Transport;

use super::testing::{Authority, NAME, Pair, accept, builder, meet, params, refused, secure, to, trusting};
use super::{TlsConfigError, TlsError, TlsVersion};
use crate::builder::Builder;
use crate::connect::HandshakeError;
use crate::{Client, ConnectError, ConnectFuture, Connector, WsUrl};

/// A client certificate is asked for by a server that speaks up to this version: what comes of connecting.
async fn demanded(client: Builder, server: ServerConfig) -> Result<(), ConnectError> {
    let client = client.build();
    let (ours, theirs) = duplex(64 * 1024);
    let connecting = async {
        let mut secured = secure(&client, ours).await?;
        let mut byte = [0];
        // What the handshake of WebSocket does.
        secured.stream().write_all(b"GET").await.expect("sent, or at least not read");
        match secured.stream().read_exact(&mut byte).await {
            Ok(_) => Ok(()),
            Err(error) => Err(secured.explain(HandshakeError::Read(error).into())),
        }
    };
    let serving = async {
        if let Ok(mut stream) = accept(server, theirs).await {
            stream.write_all(b"H").await.expect("sent");
            stream.flush().await.expect("sent");
        }
    };
    tokio::join!(connecting, serving).0
}

// RFC 8446 4.4.2.4, RFC 5246 7.4.6
#[tokio::test]
async fn a_client_certificate_that_is_demanded_is_asked_for_by_its_name() {
    let (authority, clients) = (Authority::new("an authority"), Authority::new("clients"));
    let with = |pair: &Pair| {
        let key = pair.key.serialize_pem();
        trusting(&authority).tls_client_certificate(pair.pem(), key).expect("a pair")
    };
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = || authority.issue(NAME).server_demanding(&clients, version);
        let error = demanded(trusting(&authority), server()).await.expect_err("none");
        assert!(
            matches!(error, ConnectError::Tls(TlsError::ClientCertificateRequired)),
            "{version:?}: {error:?}"
        );

        demanded(with(&clients.issue("ann")), server()).await.expect("a good one");

        let error = demanded(with(&authority.issue("eve")), server()).await.expect_err("a stranger's");
        let ConnectError::Tls(TlsError::ClientCertificateRejected { alert }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(alert, "unknown_ca (48)", "{version:?}");

        let mut old = params(&["old"]);
        (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        let error = demanded(with(&clients.sign(&old)), server()).await.expect_err("an old one");
        let ConnectError::Tls(TlsError::ClientCertificateRejected { alert }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(alert, "certificate_expired (45)", "{version:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_a_kind_that_the_server_does_not_take_is_not_called_missing() {
    let (authority, clients) = (Authority::new("an authority"), Authority::new("clients"));
    // Ed25519, where the server takes ECDSA alone.
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    let pair = clients.sign_key(&params(&["ann"]), key);
    let client =
        trusting(&authority).tls_client_certificate(pair.pem(), pair.key.serialize_pem()).expect("a pair");
    let server = authority.issue(NAME).server_of_ecdsa_demanding(&clients);
    let error = demanded(client, server).await.expect_err("not sent");
    let ConnectError::Tls(TlsError::NothingInCommon { reason }) = &error else { panic!("{error:?}") };
    assert!(reason.contains("key of the client certificate"), "{reason}");
}

/// Each connection is a pipe, whose other end a test takes.
struct Pipes(mpsc::Sender<(String, DuplexStream)>);

impl Connector for Pipes {
    fn connect<'a>(&'a self, url: &'a WsUrl) -> ConnectFuture<'a> {
        Box::pin(async move {
            let (ours, theirs) = duplex(64 * 1024);
            self.0.send((url.host().to_string(), theirs)).await.map_err(io::Error::other)?;
            Ok(Box::new(ours) as Box<dyn Transport>)
        })
    }
}

/// The certificate is a credential: it goes where the caller has sent it, and the name asked for belongs to that server.
#[tokio::test]
async fn who_is_redirected_to_another_origin_shows_no_certificate_there() {
    let (authority, clients) = (Authority::new("an authority"), Authority::new("clients"));
    let own = clients.issue("ann");
    let mut config = own_config(&authority);
    let key = rustls::crypto::ring::sign::any_supported_type(&own.key()).expect("a key");
    let certified = CertifiedKey::new(own.chain.clone(), key);
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
    let builders = [
        trusting(&authority).tls_client_certificate(own.pem(), own.key.serialize_pem()).expect("a pair"),
        Client::builder(format!("wss://{NAME}/")).expect("a URL").tls_config(config).expect("alone"),
    ];
    for builder in builders {
        let (pipes, mut incoming) = mpsc::channel(1);
        let client = builder.tls_server_name("inner.example").expect("a name");
        let client = client.connector(Pipes(pipes)).follow_redirects(1).build();
        let serving = async {
            let (host, stream) = incoming.recv().await.expect("a connection");
            let server = authority.issue("inner.example").server_asking(&clients);
            let mut first = accept(server, stream).await.expect("accepted");
            assert_eq!((host.as_str(), first.get_ref().1.server_name()), (NAME, Some("inner.example")));
            assert!(first.get_ref().1.peer_certificates().is_some(), "it is for this server");
            let answer = b"HTTP/1.1 307 There\r\nLocation: wss://other.example/\r\nContent-Length: 0\r\n\r\n";
            first.write_all(answer).await.expect("sent");
            first.flush().await.expect("sent");

            let (host, stream) = incoming.recv().await.expect("a connection");
            let second = accept(authority.issue("other.example").server_asking(&clients), stream).await;
            let second = second.expect("accepted");
            assert_eq!(
                (host.as_str(), second.get_ref().1.server_name()),
                ("other.example", Some("other.example"))
            );
            assert!(second.get_ref().1.peer_certificates().is_none(), "it is not for this one");
        };
        let (connected, ()) = tokio::join!(client.connect(), serving);
        connected.expect_err("the second one says nothing");
    }
}

#[tokio::test]
async fn only_a_server_with_a_pinned_key_will_do() {
    let authority = Authority::new("an authority");
    let (first, second) = (authority.issue(NAME), authority.issue(NAME));
    let TlsError::PinMismatch { found } = refused(pinning(&authority, &Pair::other_pin()), &first).await
    else {
        panic!("another key is refused")
    };
    for pin in [found.clone(), format!("sha256//{found}")] {
        meet(&pinning(&authority, &pin).build(), first.server())
            .await
            .expect("the pin told is the right one");
        assert!(matches!(refused(pinning(&authority, &pin), &second).await, TlsError::PinMismatch { .. }));
    }
    // One of several; and the rest is verified as ever.
    let both = pinning(&authority, &found).tls_pinned_key(&Pair::other_pin()).expect("a pin");
    meet(&both.build(), first.server()).await.expect("one of two");
    let stranger = builder().tls_root_certificates(Authority::new("another").pem()).expect("a root");
    let error = refused(stranger.tls_pinned_key(&found).expect("a pin"), &first).await;
    assert!(matches!(error, TlsError::UnknownIssuer { .. }), "{error:?}");
    // Without verification the pin is all there is.
    let blind = |pin: &str| {
        let blind = builder().dangerously_skip_certificate_verification().expect("alone");
        blind.tls_pinned_key(pin).expect("a pin")
    };
    meet(&blind(&found).build(), first.server()).await.expect("the pinned key");
    assert!(matches!(refused(blind(&found), &second).await, TlsError::PinMismatch { .. }));
    // A certificate that comes along proves nothing.
    let mut smuggling = authority.issue(NAME);
    smuggling.chain.push(first.chain[0].clone());
    assert!(matches!(refused(pinning(&authority, &found), &smuggling).await, TlsError::PinMismatch { .. }));
}

fn pinning(authority: &Authority, pin: &str) -> Builder {
    trusting(authority).tls_pinned_key(pin).expect("a pin")
}

// RFC 8446 2.2, RFC 5077
#[tokio::test]
async fn sessions_are_resumed_by_clones_of_a_client_and_by_no_other() {
    let authority = Authority::new("an authority");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = authority.issue(NAME).server_of(version);
        let client = trusting(&authority).build();
        assert_eq!(kind(&client, &server).await, HandshakeKind::Full);
        assert_eq!(kind(&client.clone(), &server).await, HandshakeKind::Resumed, "{version:?}");
        assert_eq!(kind(&trusting(&authority).build(), &server).await, HandshakeKind::Full);
        // What is changed later is another client, and verifies by itself.
        let before = trusting(&authority);
        assert_eq!(kind(&before.clone().build(), &server).await, HandshakeKind::Full);
        let after = before.tls_pinned_key(&Pair::other_pin()).expect("a pin").build();
        assert!(matches!(meet(&after, server).await, Err(TlsError::PinMismatch { .. })));
    }
}

/// How a session began, after a byte in each direction, which bring tickets along.
async fn kind(client: &Client, server: &ServerConfig) -> HandshakeKind {
    let (ours, theirs) = duplex(64 * 1024);
    let connecting = async {
        let mut stream = secure(client, ours).await.expect("secured").into_inner();
        stream.write_all(b"?").await.expect("sent");
        stream.read_u8().await.expect("answered");
        stream.get_ref().1.handshake_kind().expect("the handshake is done")
    };
    let serving = async {
        let mut stream = accept(server.clone(), theirs).await.expect("accepted");
        stream.read_u8().await.expect("asked");
        stream.write_all(b"!").await.expect("sent");
        stream.flush().await.expect("sent");
        stream
    };
    tokio::join!(connecting, serving).0
}

#[tokio::test]
async fn another_name_can_be_asked_for_and_verified() {
    let authority = Authority::new("an authority");
    let client = |name: &str| trusting(&authority).tls_server_name(name).expect("a name").build();
    let (ours, theirs) = duplex(64 * 1024);
    let there = client("inner.example");
    let (secured, server) =
        tokio::join!(secure(&there, ours), accept(authority.issue("inner.example").server(), theirs));
    secured.expect("that name is verified");
    assert_eq!(server.expect("accepted").get_ref().1.server_name(), Some("inner.example"));
    let error =
        meet(&there, authority.issue(NAME).server()).await.expect_err("the URL's name does not count");
    assert!(matches!(&error, TlsError::NameMismatch { name, .. } if name == "inner.example"), "{error:?}");
    meet(&client("10.0.0.1"), authority.issue("10.0.0.1").server()).await.expect("an address");
    let long = to(&format!("wss://{}.example/", "a".repeat(64))).build();
    let error = meet(&long, authority.issue(NAME).server()).await.expect_err("no name has a label of 64");
    assert!(matches!(error, TlsError::NameInvalid { .. }), "{error:?}");
}

#[tokio::test]
async fn the_oldest_version_is_the_callers_choice() {
    let authority = Authority::new("an authority");
    let server = || authority.issue(NAME).server_of(&rustls::version::TLS12);
    meet(&trusting(&authority).build(), server()).await.expect("1.2 is still safe");
    let newer = trusting(&authority).tls_min_version(TlsVersion::Tls13).expect("alone").build();
    let error = meet(&newer, server()).await.expect_err("too old");
    assert!(matches!(error, TlsError::VersionUnsupported { oldest: TlsVersion::Tls13 }), "{error:?}");
    assert!(error.to_string().contains("TLS 1.3 or newer"), "{error}");
}

fn own_config(authority: &Authority) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate().der().clone()).expect("a root");
    let builder = ClientConfig::builder_with_provider(super::settings::provider());
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    builder.with_root_certificates(roots).with_no_client_auth()
}

#[tokio::test]
async fn a_configuration_of_rustls_takes_the_place_of_all_settings_but_the_name() {
    let authority = Authority::new("an authority");
    let mut config = own_config(&authority);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let client = || Client::builder(format!("wss://{NAME}/")).expect("a URL");
    let client_of = |config: &Arc<ClientConfig>| client().tls_config(Arc::clone(config)).expect("alone");
    let config = Arc::new(config);
    let (ours, theirs) = duplex(64 * 1024);
    let inner = client_of(&config).tls_server_name("inner.example").expect("a name").build();
    let (secured, server) =
        tokio::join!(secure(&inner, ours), accept(authority.issue("inner.example").server(), theirs));
    secured.expect("secured");
    assert_eq!(server.expect("accepted").get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let error = refused(client_of(&config), &Authority::new("another").issue(NAME)).await;
    assert!(matches!(error, TlsError::UnknownIssuer { .. }), "{error:?}");
    let error = refused(client_of(&config), &authority.issue("other.example")).await;
    assert!(
        matches!(&error, TlsError::NameMismatch { presented, .. } if presented == &["other.example"]),
        "{error:?}"
    );

    let beside = |result: Result<Builder, TlsConfigError>, method: &str| {
        assert!(
            matches!(result, Err(TlsConfigError::BesideOwnConfig { setting }) if setting == method),
            "{method}"
        );
    };
    beside(builder().tls_config(Arc::clone(&config)), "tls_no_platform_roots");
    let pin = Pair::other_pin();
    beside(client_of(&config).tls_root_certificates(authority.pem()), "tls_root_certificates");
    beside(client_of(&config).tls_pinned_key(&pin), "tls_pinned_key");
    beside(client_of(&config).tls_min_version(TlsVersion::Tls13), "tls_min_version");
    beside(client_of(&config).tls_revocation_lists(authority.revoke(&[], 2999)), "tls_revocation_lists");
    beside(
        client_of(&config).dangerously_skip_certificate_verification(),
        "dangerously_skip_certificate_verification",
    );
}
