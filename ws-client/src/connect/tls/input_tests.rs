use std::fs;
use std::path::PathBuf;

use rustls::pki_types::CertificateDer;

use super::certificate::Facts;
use super::pin::Pin;
use super::testing::{Authority, NAME, Pair, builder, refused};
use super::{TlsConfigError, TlsInput};
use crate::builder::Builder;

/// What is wrong with something, as the text of an error.
fn told<T>(result: Result<T, TlsConfigError>) -> String {
    result.map(|_| ()).expect_err("it is wrong").to_string()
}

fn pair() -> (String, String) {
    let pair = Authority::new("clients").issue("ann");
    (pair.pem(), pair.key.serialize_pem())
}

#[test]
fn roots_that_are_none_are_told_apart() {
    let roots = |bytes: &[u8]| builder().tls_root_certificates(bytes);
    let good = Authority::new("good").pem();
    assert!(roots(good.as_bytes()).is_ok());
    assert!(roots(Authority::new("good").certificate().der()).is_ok());
    for nothing in ["", "no certificate", &pair().1] {
        assert!(matches!(roots(nothing.as_bytes()), Err(TlsConfigError::NoCertificate { .. })), "{nothing}");
    }
    let cut = &good[..good.len() / 2];
    assert!(matches!(roots(cut.as_bytes()), Err(TlsConfigError::Pem { input: TlsInput::Bytes })));
    let broken = format!("{good}-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n");
    assert!(matches!(roots(broken.as_bytes()), Err(TlsConfigError::Certificate { nth: 2, .. })));
    assert!(matches!(roots(b"\x30\x03abc"), Err(TlsConfigError::Certificate { nth: 1, .. })));
}

#[test]
fn keys_that_will_not_do_are_told_apart() {
    let (certificate, key) = pair();
    let identity = |certificate: &str, key: &str| builder().tls_client_certificate(certificate, key);
    assert!(identity(&certificate, &key).is_ok());
    // As curl takes it: both in one.
    let both = format!("{certificate}{key}");
    assert!(identity(&both, &both).is_ok());
    assert!(matches!(identity(&key, &key), Err(TlsConfigError::NoCertificate { .. })));
    assert!(matches!(identity(&certificate, &certificate), Err(TlsConfigError::NoKey { .. })));
    assert!(matches!(identity(&certificate, &pair().1), Err(TlsConfigError::KeyMismatch { .. })));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert!(matches!(identity(&certificate, encrypted), Err(TlsConfigError::KeyEncrypted { .. })));
    let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAAA\n-----END RSA PRIVATE KEY-----\n";
    assert!(matches!(identity(&certificate, older), Err(TlsConfigError::KeyEncrypted { .. })));
    let damaged = "-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n";
    assert!(matches!(identity(&certificate, damaged), Err(TlsConfigError::Key { .. })));
    assert!(matches!(identity(&certificate, &key[..key.len() / 2]), Err(TlsConfigError::Pem { .. })));
    let broken = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(identity(broken, &key), Err(TlsConfigError::Certificate { nth: 1, .. })));
}

#[test]
fn lists_and_pins_and_names_that_are_none_are_told() {
    let lists = |bytes: &[u8]| builder().tls_revocation_lists(bytes);
    let list = Authority::new("an authority").revoke(&[1], 2999);
    assert!(lists(list.as_bytes()).is_ok());
    assert!(matches!(lists(b""), Err(TlsConfigError::NoRevocationList { .. })));
    assert!(matches!(lists(&list.as_bytes()[..list.len() / 2]), Err(TlsConfigError::Pem { .. })));
    assert!(matches!(lists(b"\x30\x00"), Err(TlsConfigError::RevocationList { nth: 1, .. })));

    for pin in [
        "",
        "sha256//",
        "AAAA",
        &"A".repeat(44),
        "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        &format!("{}=", "A".repeat(44)),
    ] {
        assert!(matches!(builder().tls_pinned_key(pin), Err(TlsConfigError::Pin)), "{pin}");
    }
    assert!(builder().tls_pinned_key(&format!(" sha256//{} ", Pair::other_pin())).is_ok());

    for name in ["", "a b", "-a.example", "[::1]", "a..b", "*.example"] {
        assert!(matches!(builder().tls_server_name(name), Err(TlsConfigError::ServerName { .. })), "{name}");
    }
    assert!(builder().tls_server_name("::1").is_ok());
}

#[test]
fn the_file_that_is_wrong_is_named() {
    let directory = Directory::new();
    let (certificate, key) = pair();
    let (certificate, key) = (directory.write("own.pem", &certificate), directory.write("own.key", &key));
    let nowhere = directory.0.join("nowhere.pem");
    assert!(builder().tls_root_certificates_file(&certificate).is_ok());
    assert!(builder().tls_client_certificate_files(&certificate, &key).is_ok());
    let text = told(builder().tls_root_certificates_file(&nowhere));
    assert!(text.contains("nowhere.pem: check the path"), "{text}");
    let text = told(builder().tls_client_certificate_files(&certificate, &certificate));
    assert!(text.contains("own.pem holds no private key"), "{text}");
    let other = directory.write("other.key", &pair().1);
    let text = told(builder().tls_client_certificate_files(&certificate, &other));
    assert!(
        text.contains("other.key does not belong to the first certificate in") && text.contains("own.pem"),
        "{text}"
    );
    let text = told(builder().tls_revocation_lists_file(&key));
    assert!(text.contains("own.key holds no revocation list"), "{text}");
}

#[test]
fn no_key_is_shown() {
    let (certificate, key) = pair();
    let client = builder().tls_client_certificate(&certificate, &key).expect("a pair").build();
    let shown = format!("{client:?} {client:#?}");
    assert!(shown.contains("identity: true"), "{shown}");
    for line in key.lines().filter(|line| !line.starts_with('-')) {
        assert!(!shown.contains(line), "{shown}");
    }
}

/// What strangers write in their certificates reaches no terminal as it is, and no log at any length.
#[tokio::test]
async fn names_in_certificates_are_printable_and_bounded() {
    let authority = Authority::new(&format!("evil\u{1b}[2J\n\u{202e}{}", "x".repeat(10_000)));
    let strangers: Builder = builder().tls_root_certificates(Authority::new("known").pem()).expect("a root");
    let text = refused(strangers, &authority.issue(NAME)).await.to_string();
    assert!(text.contains(r"evil\u{1b}[2J\n\u{202e}xxx"), "{text}");
    assert!(text.len() < 600 && !text.contains(char::is_control), "{text}");
}

/// A server can send anything in the place of a certificate: nothing of it stops the program.
#[test]
fn no_certificate_is_too_strange_to_be_looked_at() {
    let pair = Authority::new("an authority").issue(NAME);
    let good = pair.chain.first().expect("a certificate").to_vec();
    assert!(Facts::of(&good.clone().into()).is_some() && Pin::of(&good.clone().into()).is_some());
    for at in 0..good.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut strange = good.clone();
            strange[at] ^= change;
            let strange = CertificateDer::from(strange);
            if let Some(facts) = Facts::of(&strange) {
                let shown = format!("{} {} {:?}", facts.subject, facts.issuer, facts.names);
                assert!(!shown.contains(char::is_control), "{shown:?}");
            }
            let _ = Pin::of(&strange);
        }
        let _ = (Facts::of(&good[..at].into()), Pin::of(&good[..at].into()));
    }
}

struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("ws-client-tls-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
