//! Why there is no TLS connection.

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::version::TlsVersion;

/// Why the TLS handshake failed: each way in which a certificate is wrong by its name.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// What listens there does not speak TLS.
    #[error("this port does not speak TLS: write ws:// in place of wss://, or connect to the port with TLS")]
    NotTls,
    /// The server's certificate has expired.
    #[error(
        "the server's certificate ({subject}) has expired{}: its operator has to renew it (or this machine's clock is wrong)",
        on(*not_after)
    )]
    Expired {
        /// The end of its validity.
        not_after: Option<SystemTime>,
        /// The name in the certificate; it may be that of an authority in the chain.
        subject: String,
    },
    /// The server's certificate is not valid yet.
    #[error(
        "the server's certificate ({subject}) is not valid yet{}: check this machine's clock, then ask the server's operator",
        since(*not_before)
    )]
    NotYetValid {
        /// The beginning of its validity.
        not_before: Option<SystemTime>,
        /// The name in the certificate; it may be that of an authority in the chain.
        subject: String,
    },
    /// The server's certificate is for other names.
    #[error("the server's certificate is {}", mismatch(name, presented))]
    NameMismatch {
        /// The name connected to.
        name: String,
        /// The names in the certificate, the first sixteen of them; empty where it has none, and no name leads to it.
        presented: Vec<String>,
    },
    /// The certificate is signed by itself, and not among the roots.
    #[error("the server's certificate is signed by nobody but itself: add it as a root if you trust it")]
    SelfSigned,
    /// The certificate comes from an authority that is not among the roots, or the chain to one is incomplete.
    #[error(
        "no root that is trusted has issued the server's certificate ({issuer}): add the authority as a root, or have the server send its intermediate certificates"
    )]
    UnknownIssuer {
        /// The issuer named in the last certificate of the chain that the server sent.
        issuer: String,
    },
    /// The certificate has been revoked.
    #[error("the server's certificate has been revoked: its operator has to replace it")]
    Revoked,
    /// The revocation list does not say whether the certificate is revoked, or has itself expired.
    #[error("whether the server's certificate is revoked cannot be told: {reason}")]
    RevocationUnknown {
        /// What is missing.
        reason: String,
    },
    /// The chain is valid, but the server's key is none of those pinned.
    #[error(
        "the server's key ({found}) is not one of those pinned: the server has a new key (update the pins), or somebody is in between"
    )]
    PinMismatch {
        /// The pin of the server's key: SHA-256 of its `SubjectPublicKeyInfo`, in base64.
        found: String,
    },
    /// The certificate is faulty in another way: its form, its signature, its purpose.
    #[error("the server's certificate is not valid: {reason}")]
    CertificateInvalid {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no version of TLS that both sides speak; this client speaks 1.2 and 1.3.
    #[error("the server does not speak TLS {oldest} or newer: its operator has to update it")]
    VersionUnsupported {
        /// The oldest version that would do.
        oldest: TlsVersion,
    },
    /// There is no cipher suite, group or signature scheme that both sides speak.
    #[error("the server and this client have no way of encryption in common: {reason}")]
    NothingInCommon {
        /// What is missing.
        reason: String,
    },
    /// The host cannot be asked for in TLS: a label of it is too long, or has characters that no name has.
    #[error("{name} cannot be the name of a certificate: check the host")]
    NameInvalid {
        /// The host.
        name: String,
    },
    /// The server does not know the name that it was asked for (RFC 6066 3).
    #[error("the server has no certificate for the name {name}: check the host")]
    NameUnknown {
        /// The name sent.
        name: String,
    },
    /// The server lets nobody in without a client certificate, and none was sent.
    #[error("the server wants a client certificate: configure one")]
    ClientCertificateRequired,
    /// The server does not accept the client certificate.
    #[error("the server does not accept this client's certificate: {alert}")]
    ClientCertificateRejected {
        /// What the server's alert says (RFC 8446 6.2).
        alert: String,
    },
    /// The server broke the handshake off with another alert.
    #[error("the server broke the TLS handshake off: {alert}")]
    Alert {
        /// What the alert says (RFC 8446 6.2).
        alert: String,
    },
    /// The handshake was not done in time.
    #[error("the TLS handshake was not done within {after:?}: does this port speak TLS?")]
    TimedOut {
        /// The time it was given.
        after: Duration,
    },
    /// The connection ended within the handshake.
    #[error(
        "the connection was closed in the TLS handshake: does this port speak TLS, does it let this address in?"
    )]
    Closed,
    /// The connection broke within the handshake.
    #[error("the connection broke in the TLS handshake ({0}): connect again")]
    Io(#[source] io::Error),
    /// The system has no root certificates that can be read, and the caller gave none.
    #[error(
        "there are no root certificates ({reason}): install the package ca-certificates, or give your own"
    )]
    NoRoots {
        /// Why there are none.
        reason: String,
    },
    /// The other side broke the rules of TLS.
    #[error("the server broke the rules of TLS, which its operator has to mend: {0}")]
    Protocol(#[source] Box<dyn StdError + Send + Sync>),
    /// TLS failed on this side: there is no randomness, or no time of day.
    #[error("TLS failed on this side: {0}")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

// RFC 9525 6.3, 6.4: only what stands in subjectAltName counts.
fn mismatch(name: &str, presented: &[String]) -> String {
    if presented.is_empty() {
        return format!(
            "for no name at all (a common name does not count): its operator has to issue it anew, with {name} as \
             subjectAltName"
        );
    }
    format!("not for {name} but for {}: connect by a name that it has", presented.join(", "))
}

fn on(time: Option<SystemTime>) -> String {
    date(time).map_or_else(String::new, |date| format!(" on {date}"))
}

fn since(time: Option<SystemTime>) -> String {
    date(time).map_or_else(String::new, |date| format!(", but from {date} on"))
}

/// As HTTP writes it, where it has a year of four digits.
fn date(time: Option<SystemTime>) -> Option<String> {
    const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);
    let time = time.filter(|time| time.duration_since(UNIX_EPOCH).is_ok_and(|since| since < YEAR_10000))?;
    Some(httpdate::fmt_http_date(time))
}
