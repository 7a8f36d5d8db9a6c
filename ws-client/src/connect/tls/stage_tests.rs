use std::time::SystemTime;

use rcgen::{IsCa, SerialNumber, date_time_ymd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::testing::{
    Authority, NAME, Pair, WITHIN, accept, builder, meet, params, refused, secure, to, trusting,
};
use super::{TlsError, TlsVersion};
use crate::builder::Builder;

/// What a server that speaks no TLS comes to.
async fn answered(bytes: &[u8]) -> TlsError {
    let (ours, mut theirs) = duplex(64 * 1024);
    let answer = async {
        let mut hello = [0; 5];
        theirs.read_exact(&mut hello).await.expect("a ClientHello");
        // RFC 8446 5.1: a handshake record.
        assert_eq!((hello[0], hello[1]), (22, 3));
        theirs.write_all(bytes).await.expect("sent");
        drop(theirs);
    };
    let client = builder().dangerously_skip_certificate_verification().expect("alone").build();
    tokio::join!(secure(&client, ours), answer).0.expect_err("no TLS")
}

#[tokio::test]
async fn the_name_of_the_url_is_asked_for_and_http_spoken() {
    let authority = Authority::new("an authority");
    let (ours, theirs) = duplex(64 * 1024);
    let client = trusting(&authority).build();
    let (client, server) =
        tokio::join!(secure(&client, ours), accept(authority.issue(NAME).server(), theirs));
    let (client, server) = (client.expect("secured").into_inner(), server.expect("accepted"));
    assert_eq!(server.get_ref().1.server_name(), Some(NAME));
    // RFC 7301 3.1
    assert_eq!(server.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(client.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
}

// RFC 6066 3: an address is no HostName.
#[tokio::test]
async fn an_address_is_verified_but_not_asked_for() {
    let authority = Authority::new("an authority");
    for (url, address, other) in
        [("wss://127.0.0.1/", "127.0.0.1", "127.0.0.2"), ("wss://[::1]/", "::1", "::2")]
    {
        let client = to(url).tls_root_certificates(authority.pem()).expect("a root").build();
        let (ours, theirs) = duplex(64 * 1024);
        let (client_side, server) =
            tokio::join!(secure(&client, ours), accept(authority.issue(address).server(), theirs));
        client_side.expect("secured");
        assert_eq!(server.expect("accepted").get_ref().1.server_name(), None);
        match meet(&client, authority.issue(other).server()).await.expect_err("another address") {
            TlsError::NameMismatch { name, presented } => {
                assert_eq!((name.as_str(), presented), (address, vec![other.to_owned()]));
            }
            error => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn certificates_out_of_their_time_say_when_it_is() {
    let authority = Authority::new("an authority");
    let mut old = params(&[NAME]);
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let error = refused(trusting(&authority), &authority.sign(&old)).await;
    let TlsError::Expired { not_after: Some(not_after), .. } = &error else { panic!("{error:?}") };
    assert_eq!(*not_after, SystemTime::from(date_time_ymd(2002, 1, 1)));
    assert!(
        error.to_string().contains("(CN=rooms.example) has expired on Tue, 01 Jan 2002 00:00:00 GMT"),
        "{error}"
    );

    let mut early = params(&[NAME]);
    (early.not_before, early.not_after) = (date_time_ymd(3000, 1, 1), date_time_ymd(3001, 1, 1));
    let error = refused(trusting(&authority), &authority.sign(&early)).await;
    let TlsError::NotYetValid { not_before: Some(not_before), .. } = &error else { panic!("{error:?}") };
    assert_eq!(*not_before, SystemTime::from(date_time_ymd(3000, 1, 1)));
    assert!(error.to_string().contains("not valid yet, but from Wed, 01 Jan 3000"), "{error}");
}

#[tokio::test]
async fn an_authority_on_the_way_that_has_expired_is_told_by_its_name() {
    let root = Authority::new("a root");
    let old = root.intermediate_until("an old authority", 2002);
    let mut pair = old.issue(NAME);
    pair.chain.push(old.certificate().der().clone());
    let error = refused(trusting(&root), &pair).await;
    assert!(
        matches!(&error, TlsError::Expired { subject, .. } if subject == "CN=an old authority"),
        "{error:?}"
    );
}

#[tokio::test]
async fn another_name_is_told_with_those_that_would_do() {
    let authority = Authority::new("an authority");
    let error =
        refused(trusting(&authority), &authority.sign(&params(&["a.example", "*.b.example", "10.0.0.1"])))
            .await;
    let text = error.to_string();
    assert!(text.contains("not for rooms.example but for a.example, *.b.example, 10.0.0.1:"), "{text}");

    let many: Vec<_> = (0..40).map(|nth| format!("n{nth}.example")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let error = refused(trusting(&authority), &authority.sign(&params(&many))).await;
    let TlsError::NameMismatch { presented, .. } = error else { panic!("{error:?}") };
    assert_eq!((presented.len(), presented.last().map(String::as_str)), (17, Some("24 more")));

    let mut nameless = params(&[]);
    nameless.distinguished_name.push(rcgen::DnType::CommonName, NAME);
    let error = refused(trusting(&authority), &authority.sign(&nameless)).await;
    let text = error.to_string();
    assert!(text.contains("no name at all (a common name does not count)"), "{text}");
    assert!(text.contains("issue it anew, with rooms.example as subjectAltName"), "{text}");
    assert_eq!(crate::ConnectError::from(error).responsible(), crate::Responsible::Server);
}

#[tokio::test]
async fn one_that_is_signed_by_itself_is_told_from_one_of_a_stranger() {
    let (known, stranger) = (Authority::new("known"), Authority::new("stranger"));
    assert!(matches!(refused(trusting(&known), &Pair::own(&params(&[NAME]))).await, TlsError::SelfSigned));
    // As `openssl req -x509` makes it.
    let mut authority = params(&[NAME]);
    authority.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    assert!(matches!(refused(trusting(&known), &Pair::own(&authority)).await, TlsError::SelfSigned));

    let error = refused(trusting(&known), &stranger.issue(NAME)).await;
    assert!(matches!(&error, TlsError::UnknownIssuer { issuer } if issuer == "CN=stranger"), "{error:?}");
    // RFC 8446 4.4.2: the root may come with the chain.
    let mut pair = stranger.issue(NAME);
    pair.chain.push(stranger.certificate().der().clone());
    let error = refused(trusting(&known), &pair).await;
    assert!(matches!(&error, TlsError::UnknownIssuer { issuer } if issuer == "CN=stranger"), "{error:?}");

    let intermediate = known.intermediate("in between");
    let mut pair = intermediate.issue(NAME);
    let error = refused(trusting(&known), &pair).await;
    assert!(matches!(&error, TlsError::UnknownIssuer { issuer } if issuer == "CN=in between"), "{error:?}");
    pair.chain.push(intermediate.certificate().der().clone());
    meet(&trusting(&known).build(), pair.server()).await.expect("the chain is complete");
}

#[tokio::test]
async fn a_certificate_can_be_trusted_by_itself() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa, IsCa::Ca(rcgen::BasicConstraints::Unconstrained)] {
        let mut own = params(&[NAME]);
        own.is_ca = is_ca;
        let pair = Pair::own(&own);
        let trusting = |builder: Builder| builder.tls_root_certificates(pair.pem()).expect("a root").build();
        meet(&trusting(builder()), pair.server()).await.expect("trusted");
        let error =
            meet(&trusting(to("wss://other.example/")), pair.server()).await.expect_err("another name");
        assert!(
            matches!(&error, TlsError::NameMismatch { presented, .. } if presented == &[NAME]),
            "{error:?}"
        );

        (own.not_before, own.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        let old = Pair::own(&own);
        let error = refused(builder().tls_root_certificates(old.pem()).expect("a root"), &old).await;
        assert!(matches!(error, TlsError::Expired { not_after: Some(_), .. }), "{error:?}");
        (own.not_before, own.not_after) = (date_time_ymd(3000, 1, 1), date_time_ymd(3001, 1, 1));
        let early = Pair::own(&own);
        let error = refused(builder().tls_root_certificates(early.pem()).expect("a root"), &early).await;
        assert!(matches!(error, TlsError::NotYetValid { not_before: Some(_), .. }), "{error:?}");
    }
}

#[tokio::test]
async fn every_certificate_will_do_only_where_that_was_said() {
    let pair = Pair::own(&params(&["other.example"]));
    let blind = builder().dangerously_skip_certificate_verification().expect("alone");
    meet(&blind.build(), pair.server()).await.expect("nothing is verified");
    assert!(matches!(refused(builder(), &pair).await, TlsError::NoRoots { .. }));
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_from_what_closes() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 ready\r\n",
        b"hi",
        b"\x16\x01\x00\x00\x00\x00",
    ] {
        let error = answered(answer).await;
        assert!(matches!(error, TlsError::NotTls), "{answer:?}: {error:?}");
    }
    assert!(matches!(answered(b"").await, TlsError::Closed));
    // A record that is cut off, and one that is nonsense.
    assert!(matches!(answered(b"\x16\x03\x03\x00\x10").await, TlsError::Closed));
    assert!(matches!(answered(b"\x16\x03\x03\x00\x04\xff\x00\x00\x00").await, TlsError::Protocol(_)));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_given_up() {
    let authority = Authority::new("an authority");
    let client = trusting(&authority).build();
    let (ours, mut theirs) = duplex(64 * 1024);
    assert!(matches!(secure(&client, ours).await, Err(TlsError::TimedOut { after: WITHIN })));
    drop(theirs);
    // Too little for a record, but enough to see that it is none.
    let (ours, new) = duplex(64 * 1024);
    theirs = new;
    theirs.write_all(b"hi").await.expect("sent");
    assert!(matches!(secure(&client, ours).await, Err(TlsError::NotTls)));
}

// RFC 8446 6.2
#[tokio::test]
async fn alerts_are_told_by_what_they_mean() {
    let alert = |number: u8| [21, 3, 3, 0, 2, 2, number];
    assert!(matches!(answered(&alert(70)).await, TlsError::VersionUnsupported { oldest: TlsVersion::Tls12 }));
    assert!(matches!(answered(&alert(40)).await, TlsError::NothingInCommon { .. }));
    assert!(matches!(answered(&alert(112)).await, TlsError::NameUnknown { name } if name == NAME));
    let error = answered(&alert(80)).await;
    assert_eq!(error.to_string(), "the server broke the TLS handshake off: internal_error (80)");
}

// RFC 5280 5
#[tokio::test]
async fn revoked_certificates_are_refused() {
    let authority = Authority::new("an authority");
    let with_serial = |serial: u64| {
        let mut params = params(&[NAME]);
        params.serial_number = Some(SerialNumber::from(serial));
        authority.sign(&params)
    };
    let listing = |list: &str| trusting(&authority).tls_revocation_lists(list).expect("a list");
    let list = authority.revoke(&[7], 2999);
    assert!(matches!(refused(listing(&list), &with_serial(7)).await, TlsError::Revoked));
    meet(&listing(&list).build(), with_serial(8).server()).await.expect("not on the list");

    // One that has expired, and one of another authority.
    let expired = authority.revoke(&[7], 2021);
    let foreign = Authority::new("another authority").revoke(&[8], 2999);
    for list in [&expired, &foreign] {
        let error = refused(listing(list), &with_serial(8)).await;
        assert!(matches!(error, TlsError::RevocationUnknown { .. }), "{error:?}");
        let lenient = listing(list).tls_allow_unknown_revocation().expect("alone").build();
        meet(&lenient, with_serial(8).server()).await.expect("allowed");
    }
    let lenient = listing(&expired).tls_allow_unknown_revocation().expect("alone");
    assert!(matches!(refused(lenient, &with_serial(7)).await, TlsError::Revoked));
}

#[tokio::test]
async fn authorities_in_between_are_looked_up_too_unless_told_otherwise() {
    let root = Authority::new("a root");
    let between = root.intermediate("in between");
    let mut pair = between.issue(NAME);
    pair.chain.push(between.certificate().der().clone());
    let listing = || trusting(&root).tls_revocation_lists(between.revoke(&[], 2999)).expect("a list");
    assert!(matches!(refused(listing(), &pair).await, TlsError::RevocationUnknown { .. }));
    let own = listing().tls_revocation_of_server_only().expect("alone").build();
    meet(&own, pair.server()).await.expect("its own authority has a list");
    let both = listing().tls_revocation_lists(root.revoke(&[], 2999)).expect("a list").build();
    meet(&both, pair.server()).await.expect("both have lists");
}
