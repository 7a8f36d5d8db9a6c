//! Certificates in files: new ones, broken ones, and what is told of them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use ws_server::{BuildError, Route, Server, TlsError, TlsFiles};

use super::setup::{Authority, Files, client, connect, der, over, serve, until_shown};
use crate::events::Events;
use crate::support::{PATIENCE, echo};

/// Once, and after a second look: before that somebody may be in the middle of writing them.
#[tokio::test]
async fn broken_new_files_are_told_to_the_operator() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let (certificate, key) = files.pair("own", &old);
    let events = Events::default();
    let _guard = events.listen();
    let running = serve(TlsFiles::new(&certificate, &key), |builder| builder).await;
    let told = async || {
        let waiting = async {
            loop {
                if let Some(event) = events.of(&["ws_server::tls"]).pop() {
                    return event;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("an event in time")
    };
    fs::write(&certificate, &new.certificate).unwrap();
    let broken = told().await;
    assert_eq!(broken["message"], "new certificates cannot be used; the old ones stay in use");
    assert!(broken["error"].contains("own.key does not belong to the first certificate in"), "{broken:?}");
    // It is not repeated: what is told next is the end of it.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    fs::write(&key, &new.key).unwrap();
    assert_eq!(told().await["message"], "new certificates are in use");
    let config = client(&authority, None);
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&new));

    // So is a client that cannot be spoken with.
    let strangers = client(&Authority::named("another one"), None);
    let stream = TcpStream::connect(running.address).await.unwrap();
    let from = stream.local_addr().unwrap().to_string();
    assert!(over(&strangers, stream, "localhost").await.is_err());
    let failed = told().await;
    assert_eq!((&*failed["message"], &failed["peer"]), ("no TLS handshake", &from));
    assert!(failed["error"].contains("UnknownCA"), "{failed:?}");
}

#[tokio::test]
async fn certificates_change_under_open_connections() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let (certificate, key) = files.pair("own", &old);
    let running =
        serve(TlsFiles::new(&certificate, &key), |builder| builder.route("/echo", Route::new(echo))).await;
    let config = client(&authority, None);
    let mut open = Vec::new();
    for _ in 0..10 {
        let connection = connect(&config, running.address, "localhost").await.unwrap();
        assert_eq!(connection.shown(), der(&old));
        open.push(connection.open("/echo").await);
    }
    // One file after the other, as it happens: in between they do not belong together.
    fs::write(&certificate, &new.certificate).unwrap();
    let error = running.handle.reload_tls().await.unwrap_err();
    assert!(matches!(&error, TlsError::KeyMismatch { key: file, .. } if *file == key), "{error}");
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&old));
    fs::write(&key, &new.key).unwrap();
    until_shown(&config, running.address, &der(&new)).await;
    // Broken: the last good one stays.
    fs::write(&certificate, "no certificate").unwrap();
    let error = running.handle.reload_tls().await.unwrap_err();
    assert!(matches!(&error, TlsError::NoCertificate { file } if *file == certificate), "{error}");
    fs::remove_file(&key).unwrap();
    assert!(
        matches!(running.handle.reload_tls().await, Err(TlsError::Unreadable { file, .. }) if file == key)
    );
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&new));
    files.pair("own", &old);
    running.handle.reload_tls().await.unwrap();
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&old));
    for (nth, socket) in open.iter_mut().enumerate() {
        socket.send(format!("still {nth}")).await.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap().as_text().unwrap(), format!("still {nth}"));
    }
}

/// New settings may name other files; connections stay.
#[tokio::test]
async fn new_settings_may_speak_tls_with_other_files() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let first = files.pair("first", &old);
    let second = files.pair("second", &new);
    let running =
        serve(TlsFiles::new(&first.0, &first.1), |builder| builder.route("/echo", Route::new(echo))).await;
    let config = client(&authority, None);
    let mut socket = connect(&config, running.address, "localhost").await.unwrap().open("/echo").await;
    let settings = |certificate: &Path, key: &Path| {
        let files = TlsFiles::new(certificate, key);
        Server::builder().listen_tls("127.0.0.1:0", files).route("/echo", Route::new(echo))
    };
    let error = running.handle.reload(settings(&first.0, &second.1)).unwrap_err();
    assert!(matches!(error, BuildError::Tls(TlsError::KeyMismatch { .. })), "{error}");
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&old));
    running.handle.reload(settings(&second.0, &second.1)).unwrap();
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&new));
    // From now on the new files are looked at.
    files.pair("second", &old);
    until_shown(&config, running.address, &der(&old)).await;
    socket.send("still here").await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap().as_text().unwrap(), "still here");
}

#[tokio::test]
async fn each_fault_of_a_file_is_named_with_the_file() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let other = files.pair("other", &authority.issue("localhost", |_| {}));
    let text = files.write("text.pem", "hello");
    let cut = files.write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let junk = files.write("junk.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let junk_key = files.write("junk.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let locked = files.write(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let missing = files.0.join("missing.pem");
    let own = || TlsFiles::new(&certificate, &key);
    for (tls, words, file) in [
        (TlsFiles::new(&missing, &key), "cannot read", &missing),
        (TlsFiles::new(&certificate, &missing), "cannot read", &missing),
        (TlsFiles::new(&text, &key), "holds no certificate", &text),
        (TlsFiles::new(&cut, &key), "is not valid PEM", &cut),
        (TlsFiles::new(&junk, &key), "is not valid X.509", &junk),
        (TlsFiles::new(&certificate, &certificate), "holds no private key", &certificate),
        (TlsFiles::new(&key, &key), "holds no certificate", &key),
        (TlsFiles::new(&certificate, &junk_key), "cannot be used", &junk_key),
        (TlsFiles::new(&certificate, &locked), "is encrypted", &locked),
        (TlsFiles::new(&certificate, &other.1), "does not belong to the first certificate", &other.1),
        (own().client_ca(&text), "holds no certificate", &text),
        (own().client_ca(&junk), "is not valid X.509", &junk),
        (own().server_name("a.example", &other.0, &key), "does not belong", &key),
    ] {
        let error = Server::builder().listen_tls("127.0.0.1:0", tls).bind().await.unwrap_err();
        assert!(matches!(error, BuildError::Tls(_)));
        let told = error.to_string();
        assert!(told.contains(words) && told.contains(&file.display().to_string()), "{told}");
    }
    for name in ["a b", "", "*", "*.", "127.0.0.1:80"] {
        let tls = own().server_name(name, &certificate, &key);
        let error = Server::builder().listen_tls("127.0.0.1:0", tls).bind().await.unwrap_err();
        assert!(matches!(error, BuildError::Tls(TlsError::ServerName { .. })), "{name}: {error}");
    }
    let twice =
        own().server_name("a.example", &certificate, &key).server_name("A.example", &certificate, &key);
    let error = Server::builder().listen_tls("127.0.0.1:0", twice).bind().await.unwrap_err();
    assert!(matches!(error, BuildError::Tls(TlsError::ServerNameRepeated { .. })), "{error}");
}

/// It is served all the same: the clients say what is wrong with it.
#[tokio::test]
async fn an_expired_certificate_is_no_fault_of_the_files() {
    let (files, authority) = (Files::new(), Authority::new());
    let expired = authority.issue("localhost", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let (certificate, key) = files.pair("own", &expired);
    let running = serve(TlsFiles::new(certificate, key), |builder| builder).await;
    let refused = connect(&client(&authority, None), running.address, "localhost").await.map(|_| ());
    assert!(refused.unwrap_err().to_string().contains("expired"));
}
