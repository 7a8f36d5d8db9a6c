//! Clients with certificates of their own.

use std::sync::{Arc, Mutex};

use tokio::io::AsyncReadExt as _;
use ws_core::refusal::Cause;
use ws_server::authenticate::{CertificateName, ClientCertificates};
use ws_server::{Route, Session, TlsFiles};

use super::setup::{Authority, Files, client, connect, serve};
use crate::support::{echo, handshake};

/// Tells its peer who it is.
async fn who(mut session: Session) -> Result<(), ws_core::net::Error> {
    let identity = session.identity();
    let told = format!("{:?} {:?}", identity.subject(), identity.roles());
    session.send(told).await?;
    while session.recv().await?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn clients_are_known_by_their_certificates() {
    let (files, authority, strangers) = (Files::new(), Authority::new(), Authority::named("another one"));
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let tls = TlsFiles::new(certificate, key).client_ca(files.write("ca.pem", authority.pem()));
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = serve(tls, |builder| {
        let reported = Arc::clone(&reported);
        let known = ClientCertificates::new().named_by(CertificateName::Dns).map(|certificate, identity| {
            (identity.subject() != Some("mallory.example"))
                .then(|| identity.with_roles([certificate.common_name.clone().unwrap_or_default()]))
        });
        builder
            .route("/who", Route::new(who).authenticate(known))
            .route("/open", Route::new(echo))
            .on_refusal(move |report| reported.lock().unwrap().push((report.cause, report.detail.to_owned())))
    })
    .await;
    let ann = authority.issue("ann.example", |_| {});
    let mut socket = connect(&client(&authority, Some(&ann)), running.address, "localhost")
        .await
        .unwrap()
        .open("/who")
        .await;
    let told = socket.recv().await.unwrap().unwrap();
    assert_eq!(told.as_text().unwrap(), r#"Some("ann.example") ["ann.example"]"#);

    // Without a certificate TLS is done, and the gate asks.
    let nobody = client(&authority, None);
    let mut anonymous = connect(&nobody, running.address, "localhost").await.unwrap();
    let answer = anonymous.ask(&handshake("/who")).await;
    assert_eq!((answer.status(), answer.field("WWW-Authenticate")), (403, None));
    assert!(answer.body.contains("\"code\":\"client-certificate-required\""), "{}", answer.body);
    assert_eq!(anonymous.ask(&handshake("/open")).await.status(), 101);

    let mallory = authority.issue("mallory.example", |_| {});
    let mut rejected =
        connect(&client(&authority, Some(&mallory)), running.address, "localhost").await.unwrap();
    let answer = rejected.ask(&handshake("/who")).await;
    assert_eq!(answer.status(), 403);
    assert!(answer.body.contains("\"code\":\"client-certificate-rejected\""), "{}", answer.body);
    let details: Vec<_> = reported.lock().unwrap().drain(..).collect();
    assert_eq!(details[0], (Cause::ClientCertificateRequired, "a client certificate is required".to_owned()));
    assert_eq!(
        details[1],
        (
            Cause::ClientCertificateRejected,
            "the holder of the client certificate is not known here".to_owned()
        )
    );

    // What nobody trusted has issued, or has expired, ends in an alert, and nothing is said over HTTP.
    let expired =
        authority.issue("late.example", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    for (own, alert) in
        [(strangers.issue("eve.example", |_| {}), "UnknownCA"), (expired, "CertificateExpired")]
    {
        let failed = async {
            let mut connection =
                connect(&client(&authority, Some(&own)), running.address, "localhost").await?;
            let mut answer = Vec::new();
            // With TLS 1.3 the client is done before the server has looked at the certificate.
            connection.stream.read_to_end(&mut answer).await.map(|_| panic!("{answer:?}"))
        };
        let error: std::io::Error = failed.await.unwrap_err();
        assert!(error.to_string().contains(alert), "{error}");
    }
    assert!(reported.lock().unwrap().is_empty());
}
